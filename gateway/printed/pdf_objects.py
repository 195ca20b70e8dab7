"""The objects of one PDF, read with pikepdf and written again under other numbers (ISO 32000-1 section 7.3)."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Final

import pikepdf

_MARKS: Final = {"/StructParent", "/StructParents"}
"""Keys whose value leads through the parent tree from a page or a link to its elements."""

ObjectId = tuple[int, int]
"""Number and generation of an object, as pikepdf has them."""


class ReachableObjects:
    """The indirect objects of a document that are met from somewhere on, in that order: streams, and all others."""

    def __init__(self, stops: Iterable[ObjectId]) -> None:
        self.plain: dict[ObjectId, pikepdf.Object] = {}
        self.streams: dict[ObjectId, pikepdf.Object] = {}
        self._met = set(stops)

    def reach(self, roots: Sequence[pikepdf.Object]) -> None:
        """Follow every reference from `roots`, but not beyond the stops."""
        waiting: list[Any] = list(reversed(roots))
        while waiting:
            value = waiting.pop()
            if not isinstance(value, pikepdf.Object):
                continue
            if value.is_indirect:
                if value.objgen in self._met:
                    continue
                self._met.add(value.objgen)
                kind = self.streams if isinstance(value, pikepdf.Stream) else self.plain
                kind[value.objgen] = value
            if isinstance(value, pikepdf.Array):
                waiting += reversed(list(value))
            elif isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
                waiting += [value[key] for key in sorted(value.keys(), reverse=True)]


class ObjectWriter:
    """Writes objects of one document under their new numbers; its marks in the structure count on from `first_mark`."""

    def __init__(self, numbers: Mapping[ObjectId, int], first_mark: int) -> None:
        self._numbers = numbers
        self._first_mark = first_mark

    def value(self, value: Any, *, is_top: bool = False) -> str:
        """Write a value; an indirect one as its reference, unless it is the object itself that is wanted."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, Decimal)):
            return format(value, "f") if isinstance(value, Decimal) else str(value)
        if not isinstance(value, pikepdf.Object):
            return "null"
        if value.is_indirect and not is_top:
            return f"{self._numbers[value.objgen]} 0 R"
        if isinstance(value, pikepdf.Dictionary):
            return f"<<{self.entries(value)}>>"
        if isinstance(value, pikepdf.Array):
            return f"[{' '.join(self.value(item) for item in value)}]"
        return value.unparse().decode("latin-1")

    def entries(self, holder: pikepdf.Object) -> str:
        """Write what a dictionary or a stream's dictionary holds."""
        written = []
        for key in sorted(holder.keys()):
            value: Any = holder[key]
            if key in _MARKS:
                value = int(value) + self._first_mark
            if key != "/Length" or not isinstance(holder, pikepdf.Stream):
                written.append(f"{_name(key)} {self.value(value)}")
        return "".join(written)


@cache
def _name(key: str) -> str:
    return pikepdf.Name(key).unparse().decode("latin-1")


def text_string(text: str) -> str:
    """Write words for people to read (section 7.9.2.2)."""
    return f"<FEFF{text.encode('utf-16-be').hex()}>"
