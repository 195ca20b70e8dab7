"""What a service accepts as an amount, in words: an error says the rule that was broken."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

_SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "fixed_cents": {
        "it": "L'unico importo ammesso da questo servizio è {euro} euro.",
        "en": "The only amount this service takes is {euro} euro.",
    },
    "unit_cents": {
        "it": "L'importo deve essere un multiplo di {euro} euro.",
        "en": "The amount must be a multiple of {euro} euro.",
    },
    "min_cents": {
        "it": "L'importo deve essere di almeno {euro} euro.",
        "en": "The amount must be at least {euro} euro.",
    },
    "max_cents": {
        "it": "L'importo può essere al massimo di {euro} euro.",
        "en": "The amount may be {euro} euro at most.",
    },
    "choices_cents": {
        "it": "L'importo deve essere uno di questi, in euro: {euro}.",
        "en": "The amount must be one of these, in euro: {euro}.",
    },
}
_DECIMAL_SIGN: Final = {"it": ",", "en": "."}


def broken_rules(params: Mapping[str, Any], language: str) -> str:
    """Return a sentence for each rule in the params of `amount_not_allowed`; empty where there is none."""
    return " ".join(
        sentences[language].format(euro=_euro(params[rule], language))
        for rule, sentences in _SENTENCES.items()
        if params.get(rule) is not None
    )


def _euro(amount_cents: int | Sequence[int], language: str) -> str:
    if not isinstance(amount_cents, int):
        return " · ".join(_euro(one, language) for one in amount_cents)
    return f"{amount_cents // 100}{_DECIMAL_SIGN[language]}{amount_cents % 100:02d}"
