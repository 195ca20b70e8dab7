"""What differs between a projection and its source, found in few questions: a bucket that is the same is not opened.

The tree: a span of time by entity, an entity's span by day, a day by sixteenths of the keys' hash, until a bucket has
so few lines that they are asked for one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final, Protocol
from uuid import UUID

from contracts.rpc.parity import (
    KEYS_MAX,
    Bucket,
    Buckets,
    BucketsRequest,
    Changed,
    ChangedRequest,
    Line,
    Lines,
    LinesRequest,
    ParitySpan,
)

LEAF_LINES: Final = 200
"""A bucket of no more lines is not divided any further."""
_DIGIT_BITS: Final = 4
_DEPTH_MAX: Final = 12


class Side(Protocol):
    """One of the two that are compared. What is asked of another service raises RpcError."""

    def buckets(self, asked: BucketsRequest) -> Buckets:
        """Return counts and hashes."""
        ...

    def lines(self, asked: LinesRequest) -> Lines:
        """Return what is known, key by key."""
        ...


class Own(Side, Protocol):
    """The side that is proven."""

    def rows(self, since: datetime, until: datetime) -> int:
        """Return how many rows a comparison of what was created in [since, until) would go through, at no cost."""
        ...


class Source(Side, Protocol):
    """The side that is right."""

    def changed(self, asked: ChangedRequest) -> Changed:
        """Return what events were about."""
        ...


@dataclass(frozen=True)
class Difference:
    """A key whose lines differ: the hashes of both, None where a side has none."""

    key: UUID
    entity_code: str
    own_hash: int | None
    source_hash: int | None


@dataclass(frozen=True)
class Compared:
    """What was found in a span; `whole` is False where it was broken off because that was enough."""

    differences: Sequence[Difference]
    whole: bool = True


def compare_span(own: Side, source: Side, span: BucketsRequest, at_most: int) -> Compared:
    """Return what differs in a span, or somewhat more than `at_most` of it."""
    found: list[Difference] = []
    nodes: list[BucketsRequest] = [span]
    while nodes:
        asked = nodes.pop()
        for bucket in _unequal(own.buckets(asked), source.buckets(asked)):
            if len(found) >= at_most:
                return Compared(found, whole=False)
            node = _below(asked, bucket)
            if bucket.count <= LEAF_LINES or node.depth >= _DEPTH_MAX:
                found += compare_lines(own, source, _lines_of(node))
            else:
                nodes.append(node)
    return Compared(found)


def parts_of(span: BucketsRequest, rows: int, rows_at_once: int) -> Iterator[BucketsRequest]:
    """Yield a span of so many rows in as many parts, by the keys' hash, as leave no more than that to one question."""
    depth = 0
    while rows > rows_at_once << (_DIGIT_BITS * depth):
        depth += 1
    for part in range(1 << (_DIGIT_BITS * depth)):
        yield replace(span, depth=depth, part=part)


def compare_lines(own: Side, source: Side, asked: LinesRequest) -> list[Difference]:
    """Return what differs line by line."""
    known, expected = _by_key(own.lines(asked)), _by_key(source.lines(asked))
    return list(_unequal_lines(known, expected))


def compare_keys(
    own: Side, source: Side, keys: Sequence[UUID], events_since: datetime, under_way_s: int = 0
) -> tuple[list[Difference], set[UUID]]:
    """Return what differs about these keys, and about which of them an event may be under way."""
    found: list[Difference] = []
    under_way: set[UUID] = set()
    for first in range(0, len(keys), KEYS_MAX):
        asked = LinesRequest(
            since=events_since,
            until=events_since,
            events_since=events_since,
            keys=keys[first : first + KEYS_MAX],
            under_way_s=under_way_s,
        )
        # The source first: what arrives between the two is then no difference the next time.
        told, known = source.lines(asked), own.lines(asked)
        under_way |= set(told.under_way)
        found += _unequal_lines(_by_key(known), _by_key(told))
    return found, under_way


def changed_keys(source: Source, since: datetime, until: datetime, pages_max: int) -> tuple[list[UUID], datetime]:
    """Return what events emitted in a period are about, and up to when that is known: not all in a long period."""
    keys: dict[UUID, None] = {}
    asked = ChangedRequest(since=since, until=until)
    for _ in range(pages_max):
        page = source.changed(asked)
        keys |= dict.fromkeys(page.keys)
        if page.next_since is None or page.next_after is None:
            return list(keys), until
        asked = replace(asked, since=page.next_since, after=page.next_after)
    return list(keys), asked.since


def _unequal(own: Buckets, source: Buckets) -> Iterator[Bucket]:
    """Yield a bucket for each whose count or hash differs, with the larger count of the two."""
    counted = {(one.entity_code, one.day, one.part): one for one in own.buckets}
    expected = {(one.entity_code, one.day, one.part): one for one in source.buckets}
    for name in sorted(counted.keys() | expected.keys(), key=str):
        pair = [side[name] for side in (counted, expected) if name in side]
        if len(pair) == 1 or pair[0] != pair[1]:
            yield max(pair, key=lambda one: one.count)


def _below(asked: BucketsRequest, bucket: Bucket) -> BucketsRequest:
    """Return how a bucket of an answer is opened."""
    if bucket.part is not None:
        part = asked.part | bucket.part << (_DIGIT_BITS * asked.depth)
        return replace(asked, depth=asked.depth + 1, part=part)
    if bucket.day is not None:
        midnight = datetime.combine(bucket.day, time(), UTC)
        since, until = max(asked.since, midnight), min(asked.until, midnight + timedelta(days=1))
        return replace(asked, since=since, until=until, by="part")
    return replace(asked, entity_code=bucket.entity_code, by="day")


def _lines_of(span: ParitySpan) -> LinesRequest:
    return LinesRequest(
        since=span.since,
        until=span.until,
        events_since=span.events_since,
        entity_code=span.entity_code,
        depth=span.depth,
        part=span.part,
    )


def _by_key(told: Lines) -> dict[UUID, Line]:
    return {line.key: line for line in told.lines}


def _unequal_lines(own: Mapping[UUID, Line], source: Mapping[UUID, Line]) -> Iterator[Difference]:
    for key in sorted(own.keys() | source.keys()):
        known, expected = own.get(key), source.get(key)
        if known != expected:
            entity_code = (expected or known).entity_code  # type: ignore[union-attr]  # -- one of the two is there
            yield Difference(key, entity_code, known.hash if known else None, expected.hash if expected else None)
