"""What amounts a service takes, in words: beside the field, and where one was refused."""

from typing import Final

from contracts.rpc.practices import CatalogueService
from gateway.translations import marked as _
from gateway.translations import translate
from gateway.web.formats import filters_of

_ANY: Final = _("In euro, per esempio 25,00.")
_HINT: Final = _("In euro: %(rule)s.")
_REFUSAL: Final = _("Questo servizio non accetta l'importo scritto: deve essere %(rule)s.")
_ONE_OF: Final = _("uno fra %(amounts)s")
_RULES: Final = (
    ("fixed_cents", _("esattamente %(amount)s")),
    ("unit_cents", _("un multiplo di %(amount)s")),
    ("min_cents", _("almeno %(amount)s")),
    ("max_cents", _("al massimo %(amount)s")),
)


def amount_hint(service: CatalogueService, language: str) -> str:
    """Return what stands beside the field."""
    rule = _rule(service, language)
    return translate(language, _HINT) % {"rule": rule} if rule else translate(language, _ANY)


def amount_refusal(service: CatalogueService, language: str) -> str | None:
    """Return which rule an amount broke; None where the catalogue, as far as it is known here, has none."""
    rule = _rule(service, language)
    return translate(language, _REFUSAL) % {"rule": rule} if rule else None


def _rule(service: CatalogueService, language: str) -> str:
    euro = filters_of(language)["euro"]
    if service.choices:
        amounts = ", ".join(euro(choice.cents) for choice in service.choices)
        return translate(language, _ONE_OF) % {"amounts": amounts}
    limits = [(getattr(service, name), words) for name, words in _RULES]
    if service.fixed_cents:
        limits = limits[:1]
    return ", ".join(translate(language, words) % {"amount": euro(cents)} for cents, words in limits if cents)
