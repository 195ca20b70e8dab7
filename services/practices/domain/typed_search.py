"""What somebody in an office typed to find a practice: which kinds of thing it may be."""

import re
from dataclasses import dataclass
from itertools import permutations
from typing import Final

from contracts.codes import FiscalCode
from contracts.errors import Refused
from contracts.rpc.office import FIND_NAME_MIN
from services.practices.domain.typed_notice import notice_number_in

_PERMUTED_WORDS_MAX: Final = 3
_NAME_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-])*")
_LETTERS: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class TypedSearch:
    """What a text may mean: `reference` always, the others where it looks so.

    `name_beginnings`: in small letters, in each order of the words, since some write the surname first. `name_words`:
    each word by itself, for names of which somebody knows a middle one.
    """

    reference: str
    fiscal_code: str | None = None
    notice_number: str | None = None
    name_beginnings: tuple[str, ...] = ()
    name_words: tuple[str, ...] = ()


def read_search(text: str) -> TypedSearch:
    """Read what was typed; blank or unprintable text means nothing (`reference` is empty)."""
    reference = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    fiscal_code = _fiscal_code(reference)
    beginnings = () if fiscal_code else _name_beginnings(reference)
    return TypedSearch(
        reference=reference,
        fiscal_code=fiscal_code,
        notice_number=_notice_number(reference),
        name_beginnings=beginnings,
        name_words=tuple(_LETTERS.findall(reference.lower())) if beginnings else (),
    )


def _fiscal_code(text: str) -> str | None:
    try:
        return FiscalCode.typed(text)
    except Refused:
        return None


def _notice_number(text: str) -> str | None:
    try:
        return notice_number_in(text)
    except Refused:
        return None


def _name_beginnings(text: str) -> tuple[str, ...]:
    words = text.lower().split()
    if len(text) < FIND_NAME_MIN or not all(_NAME_WORD.fullmatch(word) for word in words):
        return ()
    if len(words) > _PERMUTED_WORDS_MAX:
        return (" ".join(words),)
    return tuple(dict.fromkeys(" ".join(order) for order in permutations(words)))
