"""The fields that a service has of its own, on the form: their names, what stands beside them, what is wrong."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from contracts.codes import NAME_MAX_CHARS
from contracts.errors import ErrorCode
from contracts.extra_fields import ExtraField, ExtraKind, ExtraProblem, WrongExtraError, read_extra
from contracts.rpc.practices import CatalogueService
from gateway.messages import MESSAGES
from gateway.translations import marked as _
from gateway.translations import translate
from gateway.web.formats import filters_of

_PREFIX: Final = "campo_"
REQUIRED: Final = _("Campo obbligatorio.")
_SENTENCES: Final[Mapping[ExtraProblem, str]] = MappingProxyType(
    {
        ExtraProblem.REQUIRED: REQUIRED,
        ExtraProblem.TOO_LONG: _("È troppo lungo: accanto al campo c'è quanti caratteri può avere."),
        ExtraProblem.OTHER_SHAPE: _("Non è scritto nella forma indicata accanto al campo."),
        ExtraProblem.NOT_A_NUMBER: _("Scrivi un numero."),
        ExtraProblem.TOO_MANY_DECIMALS: _("Ha troppi decimali: accanto al campo c'è quanti ne può avere."),
        ExtraProblem.TOO_SMALL: _("È meno di quanto è ammesso: leggi accanto al campo."),
        ExtraProblem.TOO_LARGE: _("È più di quanto è ammesso: leggi accanto al campo."),
        ExtraProblem.NOT_A_DATE: _("Scrivi la data come giorno, mese e anno, per esempio 31/12/2026."),
        ExtraProblem.NOT_A_CHOICE: _("Scegli uno dei valori dell'elenco."),
        ExtraProblem.NOT_A_FISCAL_CODE: MESSAGES[ErrorCode.INVALID_FISCAL_CODE].sentence,
        ExtraProblem.NOT_A_PLATE: _("Scrivi la targa con le sue lettere e cifre, per esempio AB123CD."),
        ExtraProblem.NOT_A_METER: _("Scrivi il codice del contatore com'è sulla bolletta, lettere e cifre."),
    }
)
_HINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ExtraKind.DATE: _("Giorno, mese e anno."),
        ExtraKind.FISCAL_CODE: _("16 caratteri, oppure 11 cifre."),
        ExtraKind.PLATE: _("Per esempio AB123CD."),
    }
)
_MAX_CHARS: Final = _("Al massimo %(count)s caratteri.")
_SHAPE: Final = _("Nella forma %(shape)s: A sta per una lettera, 9 per una cifra.")
_DECIMALS: Final = _("Al massimo %(count)s decimali.")
_LEAST: Final = _("Non meno di %(limit)s.")
_MOST: Final = _("Non più di %(limit)s.")


def form_name(asked: ExtraField) -> str:
    """Return the name of a field on the form, which no other has."""
    return f"{_PREFIX}{asked.name}"


def values_of(service: CatalogueService, typed: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed that is not empty, by the names of the catalogue."""
    return {one.name: typed[form_name(one)] for one in service.extra_fields if typed[form_name(one)]}


def errors_of(service: CatalogueService, typed: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with each field, by its name on the form."""
    found = {form_name(one): _error(one, typed[form_name(one)]) for one in service.extra_fields}
    return {name: sentence for name, sentence in found.items() if sentence}


def sentence_of(problem: str) -> str:
    """Return what is said at a field that practices has refused."""
    return _SENTENCES[ExtraProblem(problem)]


def hint_of(asked: ExtraField, language: str) -> str:
    """Return what stands beside a field: the service's help, and what it takes."""
    help_text = filters_of(language)["localised"](asked.help)
    usual = translate(language, _HINTS[asked.kind]) if asked.kind in _HINTS else ""
    return " ".join(filter(None, (help_text, usual, *_rules(asked, language))))


def _error(asked: ExtraField, text: str) -> str | None:
    if not text:
        return REQUIRED if asked.required else None
    try:
        read_extra(asked, text)
    except WrongExtraError as wrong:
        return _SENTENCES[wrong.problem]
    return None


def _rules(asked: ExtraField, language: str) -> list[str]:
    """Return the limits of a field in words."""
    rules: list[str] = []
    if asked.shape is not None:
        rules.append(translate(language, _SHAPE) % {"shape": asked.shape})
    elif asked.max_chars != NAME_MAX_CHARS:
        rules.append(translate(language, _MAX_CHARS) % {"count": asked.max_chars})
    if asked.decimals:
        rules.append(translate(language, _DECIMALS) % {"count": asked.decimals})
    written = filters_of(language)["number" if asked.kind == ExtraKind.NUMBER else "iso_day"]
    for words, limit in ((_LEAST, asked.least), (_MOST, asked.most)):
        if limit is not None:
            rules.append(translate(language, words) % {"limit": written(limit)})
    return rules
