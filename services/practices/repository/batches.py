"""Cutting many rows into what one statement can carry."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

_BATCH_ROWS: Final = 1_000
_T = TypeVar("_T")


def batches(items: Iterable[_T], size: int = _BATCH_ROWS) -> Iterator[list[_T]]:
    """Cut into lists that one statement can carry."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
