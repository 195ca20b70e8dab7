"""JSON as software writes debts: one object a line (JSON Lines), or a document with a list of them.

A document of any size is read in little memory: an object at a time.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from services.practices.debt_file import table

DOCUMENT_LISTS: Final = ("paymentPositions", "inserimenti", "annullamenti")
"""The lists of pagoPA's and GovPay's documents that hold debts."""
_DOCUMENT_KEYS: Final = frozenset({*DOCUMENT_LISTS, "idTracciato", "idDominio", "responseURL"})
_FIRST_KEY: Final = re.compile(r'\s*\{\s*"([^"\\]{1,40})"\s*:')
_FIRST_KEY_CHARS: Final = 200
_BLANK: Final = " \t\r\n\ufeff"
# No object of a debt is a hundredth of this; what is longer is not held in memory.
_OBJECT_MAX_CHARS: Final = 8 * 1024 * 1024


@dataclass(frozen=True)
class JsonRecord:
    """What stands for a debt, and where: the line, or the place in a document. `content` is None where it is no JSON.

    `of_list`: of which list of a document; `head`: what the document says of all of them.
    """

    place: int
    content: object
    of_list: str = ""
    head: Mapping[str, object] | None = None
    is_line: bool = False


class _BrokenError(Exception):
    """No JSON from here on."""


def peeked(text: Iterable[str]) -> tuple[str, Iterator[str]]:
    """Return the first character that is not blank, and the text from its beginning; an empty one where there is none.

    It tells JSON from a table: no header begins with a brace or a bracket.
    """
    coming, seen = iter(text), []
    for piece in coming:
        seen.append(piece)
        if begun := piece.lstrip(_BLANK):
            return begun[0], chain(seen, coming)
    return "", iter(seen)


def read(text: Iterable[str]) -> Iterator[JsonRecord]:
    """Yield what stands for debts. What is behind a break in a document cannot be told apart, and is one record."""
    source = _Source(iter(text))
    if source.char() == "{" and source.first_key() not in _DOCUMENT_KEYS:
        yield from _lines(source)
        return
    place = 0
    try:
        for place, record in enumerate(_document(source), start=1):
            yield JsonRecord(place, record.content, record.of_list, record.head)
    except _BrokenError:
        yield JsonRecord(place + 1, None)


def _lines(source: "_Source") -> Iterator[JsonRecord]:
    for number, line in enumerate(table.lines_of(source.rest()), start=1):
        if line.strip(_BLANK):
            try:
                yield JsonRecord(number, _DECODER.decode(line.strip(_BLANK)), is_line=True)
            except (ValueError, RecursionError):
                yield JsonRecord(number, None, is_line=True)


def _document(source: "_Source") -> Iterator[JsonRecord]:
    if source.char() == "[":
        yield from _elements(source, "", {})
        return
    head: dict[str, object] = {}
    source.expect("{")
    while source.char() != "}":
        key = source.value()
        source.expect(":")
        if source.char() == "[" and key in DOCUMENT_LISTS:
            yield from _elements(source, str(key), head)
        else:
            head[str(key)] = source.value()
        if source.char() != "}":
            source.expect(",")


def _elements(source: "_Source", of_list: str, head: Mapping[str, object]) -> Iterator[JsonRecord]:
    source.expect("[")
    while source.char() != "]":
        yield JsonRecord(0, source.value(), of_list, head)
        if source.char() != "]":
            source.expect(",")
    source.expect("]")


def _no_number(_name: str) -> object:
    raise ValueError


# Decimals stay as they are written: an amount is never a float.
_DECODER: Final = json.JSONDecoder(parse_float=str, parse_constant=_no_number)


class _Source:
    """The text of a document, of which one value at a time is held."""

    def __init__(self, coming: Iterator[str]) -> None:
        self._coming = coming
        self._text = ""
        self._at = 0
        self._is_begun = False

    def char(self) -> str:
        """Return the next character that is not blank; an empty text at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def first_key(self) -> str:
        """Return the first key of an object that the text begins with."""
        while len(self._text) - self._at < _FIRST_KEY_CHARS and self._more():
            pass
        found = _FIRST_KEY.match(self._text, self._at)
        return found[1] if found else ""

    def rest(self) -> Iterator[str]:
        """Return what has not been read, from the beginning of its line."""
        return chain([self._text], self._coming)

    def expect(self, char: str) -> None:
        """Go on over a character. Raises _BrokenError where another one stands there."""
        if self.char() != char:
            raise _BrokenError
        self._at += 1
        self._is_begun = True

    def value(self) -> Any:
        """Return the value that begins here. Raises _BrokenError."""
        self.char()
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                if not self._more():
                    raise _BrokenError from None
                continue
            if end == len(self._text) and self._more():  # a number may go on
                continue
            self._at = end
            return found

    def _more(self) -> bool:
        if len(self._text) - self._at > _OBJECT_MAX_CHARS:
            return False
        piece = next(self._coming, None)
        if piece is None:
            return False
        if not self._is_begun:  # whose lines are counted is wanted from its beginning
            self._text += piece
            return True
        self._text = self._text[self._at :] + piece
        self._at = 0
        return True
