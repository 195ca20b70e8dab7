"""Which bases notice numbers are made of: a secret order, in which none comes twice and none tells the next.

The counter of a creditor's numbers goes up by one. What is issued is its place in a keyed permutation: a Feistel
network over a few bits more than are needed, walked on (cycle walking) until it lands among the bases that are free.
So the numbers of one key are all different without looking at those issued, and who has some cannot tell others.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from contracts.errors import Broken

BASES: Final = 10**13
_ROUNDS: Final = 8


@dataclass(frozen=True)
class BasePermutation:
    """A permutation of the bases from `first` to below `end`; those below `first` were issued in sequence.

    Everything issued stays unique only as long as `key` and `first` are the same for ever: they stand in the database,
    beside the counter.
    """

    key: bytes
    first: int
    end: int = BASES

    def at(self, index: int) -> int:
        """Return the base at a place of the counter. Raises Broken outside of the range: it has run out."""
        if not self.first <= index < self.end:
            raise Broken
        size = self.end - self.first
        place = self._step(index - self.first, size)
        while place >= size:
            place = self._step(place, size)
        return self.first + place

    def _step(self, place: int, size: int) -> int:
        """Send a number of as many bits as `size` needs to another one, each to a different one."""
        bits = ((size - 1).bit_length() + 1) // 2
        mask = (1 << bits) - 1
        left, right = place >> bits, place & mask
        for turn in range(_ROUNDS):
            digest = hashlib.blake2b(b"%s%d:%d" % (self.key, turn, right), digest_size=8).digest()
            left, right = right, left ^ (int.from_bytes(digest) & mask)
        return left << bits | right
