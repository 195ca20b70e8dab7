"""What differs between two sides is found, all of it, and in few questions."""

import functools
import hashlib
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from kombu import Connection, Queue

from chassis.embedded.connection import INPROC_URL
from chassis.messaging import backlog
from chassis.parity.comparison import LEAF_LINES, changed_keys, compare_keys, compare_span, parts_of
from chassis.parity.rounds import Pace, Rounds, Sides
from contracts.rpc.parity import (
    KEYS_MAX,
    PARTS,
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

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=60)
WHOLE = BucketsRequest(since=START, until=END, events_since=START)


@functools.cache
def number_of(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)


@dataclass(frozen=True)
class Known:
    entity_code: str
    created_at: datetime
    line: str


@dataclass
class Remembered:
    """A side that has what it has in memory, by practice, and counts what it is asked."""

    known: dict[UUID, Known]
    under_way: set[UUID] = field(default_factory=set)
    asked: list[ParitySpan] = field(default_factory=list)

    def buckets(self, asked: BucketsRequest) -> Buckets:
        self.asked.append(asked)
        found: dict[tuple[str, object], list[int]] = {}
        for key, one in self._of(asked):
            name = {
                "entity": None,
                "day": one.created_at.date(),
                "part": (number_of(str(key)) >> 4 * asked.depth) & (PARTS - 1),
            }[asked.by]
            found.setdefault((one.entity_code, name), []).append(number_of(one.line))
        buckets = [
            Bucket(
                entity_code=entity_code,
                day=name if asked.by == "day" else None,  # type: ignore[arg-type]
                part=name if asked.by == "part" else None,  # type: ignore[arg-type]
                count=len(hashes),
                hash=functools.reduce(operator.xor, hashes),
            )
            for (entity_code, name), hashes in found.items()
        ]
        return Buckets(form=1, buckets=buckets)

    def lines(self, asked: LinesRequest) -> Lines:
        self.asked.append(asked)
        chosen = {key: self.known[key] for key in asked.keys if key in self.known}
        of_span = chosen if asked.keys else dict(self._of(asked))
        return Lines(
            lines=[
                Line(key=key, entity_code=one.entity_code, hash=number_of(one.line)) for key, one in of_span.items()
            ],
            under_way=[key for key in asked.keys if key in self.under_way],
        )

    def changed(self, asked: ChangedRequest) -> Changed:
        raise NotImplementedError

    def _of(self, span: ParitySpan) -> Iterator[tuple[UUID, Known]]:
        mask = (1 << 4 * span.depth) - 1
        for key, one in self.known.items():
            is_in_part = number_of(str(key)) & mask == span.part
            is_of_entity = span.entity_code in (None, one.entity_code)
            if span.since <= one.created_at < span.until and is_in_part and is_of_entity:
                yield key, one


def practices(random: Random, number: int, days: int = 60) -> dict[UUID, Known]:
    return {
        (key := UUID(int=random.getrandbits(128))): Known(
            random.choice(["PM108", "PM200"]),
            START + timedelta(days=random.randrange(days), seconds=random.randrange(86_400)),
            f"{key} is as it is",
        )
        for _ in range(number)
    }


def test_one_lost_among_many_of_one_moment_is_found_in_a_few_questions() -> None:
    random = Random(1)
    at_once = {key: replace(one, created_at=START) for key, one in practices(random, 30_000).items()}
    (lost,) = random.sample(sorted(at_once), 1)
    own, source = Remembered({key: one for key, one in at_once.items() if key != lost}), Remembered(at_once)
    compared = compare_span(own, source, WHOLE, at_most=10)
    (found,) = compared.differences
    assert (found.key, found.own_hash, found.source_hash) == (lost, None, number_of(at_once[lost].line))
    assert compared.whole
    # Entity, day, then sixteenths of 15,000 until there are 200, then lines.
    assert len(source.asked) == len(own.asked) <= 6


def test_where_nothing_differs_one_question_says_so() -> None:
    known = practices(Random(2), 5_000)
    own, source = Remembered(known), Remembered(known)
    assert compare_span(own, source, WHOLE, at_most=10).differences == []
    assert len(own.asked) == len(source.asked) == 1


@pytest.mark.parametrize("seed", range(8))
def test_all_that_differs_is_found_and_nothing_else(seed: int) -> None:
    random = Random(seed)
    known = practices(random, random.choice([1, 50, 1_000, 3_000]), days=random.choice([1, 3, 60]))
    own = dict(known)
    touched = set()
    for key in random.sample(sorted(known), random.randrange(len(known) + 1)):
        touched.add(key)
        match random.randrange(3):
            case 0:
                del own[key]
            case 1:
                own[key] = replace(own[key], line="something else")
            case _:
                own[key] = replace(own[key], entity_code="PM300")
    extra = practices(random, random.randrange(3))
    compared = compare_span(Remembered(own | extra), Remembered(known), WHOLE, at_most=10_000)
    assert {one.key for one in compared.differences} == touched | set(extra)


def test_a_day_with_more_than_a_question_is_good_for_is_asked_about_in_parts() -> None:
    known = practices(Random(5), 3_000, days=1)
    lost = set(sorted(known)[:50])
    own, source = Remembered({key: one for key, one in known.items() if key not in lost}), Remembered(known)
    assert list(parts_of(WHOLE, 3_000, 3_000)) == [WHOLE]
    parts = list(parts_of(WHOLE, 3_001, 3_000))
    assert [(one.depth, one.part) for one in parts] == [(1, part) for part in range(16)]
    assert len(list(parts_of(WHOLE, 3_000, 100))) == 256
    found = [one.key for part in parts for one in compare_span(own, source, part, at_most=100).differences]
    assert sorted(found) == sorted(lost)
    assert all(sum(one.count for one in source.buckets(part).buckets) < 300 for part in parts)


def test_where_much_differs_it_is_broken_off() -> None:
    known = practices(Random(3), 3_000, days=1)
    compared = compare_span(Remembered({}), Remembered(known), WHOLE, at_most=LEAF_LINES)
    assert not compared.whole
    assert LEAF_LINES <= len(compared.differences) < len(known)


def test_keys_are_asked_about_in_pages_and_with_what_is_under_way() -> None:
    known = practices(Random(4), 2 * KEYS_MAX + 1)
    keys = sorted(known)
    source = Remembered(known, under_way={keys[-1]})
    found, under_way = compare_keys(Remembered({}), source, keys, START, under_way_s=60)
    assert ([one.key for one in found], under_way) == (keys, {keys[-1]})
    assert len(source.asked) == 3


class Told:
    """A source whose events come in pages of two, many of them at one moment."""

    def __init__(self, events: list[tuple[datetime, UUID]]) -> None:
        self.events = [(at, row, key) for row, (at, key) in enumerate(events, start=1)]

    def changed(self, asked: ChangedRequest) -> Changed:
        rows = [
            one
            for one in sorted(self.events)
            if asked.since <= one[0] < asked.until and (one[0] > asked.since or one[1] > asked.after)
        ]
        page = rows[:2]
        more = len(rows) >= 2
        return Changed(
            keys=[key for _, _, key in page],
            next_since=page[-1][0] if more else None,
            next_after=page[-1][1] if more else None,
        )


def test_what_events_were_about_is_read_page_by_page_and_as_far_as_it_goes() -> None:
    keys = [UUID(int=number) for number in range(7)]
    events = [(START + timedelta(minutes=number // 3), key) for number, key in enumerate(keys)]
    source = Told([*events, (START, keys[0])])
    assert changed_keys(source, START, END, pages_max=10) == (keys, END)  # type: ignore[arg-type]
    some, until = changed_keys(source, START, END, pages_max=1)  # type: ignore[arg-type]
    assert (some, until) == (keys[:2], START)


def test_a_service_of_the_embedded_system_says_whether_it_is_behind() -> None:
    queue_name = f"evt-{uuid4()}"
    assert not backlog.is_behind(INPROC_URL, [queue_name])
    with Connection(INPROC_URL) as connection:
        connection.Producer().publish({}, routing_key=queue_name, declare=[Queue(queue_name)])
    assert backlog.is_behind(INPROC_URL, [f"evt-{uuid4()}", queue_name])
    assert len(backlog.queues_of("payments")) == 4


@dataclass
class Counting(Remembered):
    """A side that also says how many rows a period has."""

    def rows(self, since: datetime, until: datetime) -> int:
        return sum(since <= one.created_at < until for one in self.known.values())


@pytest.mark.parametrize(
    ("pace", "is_whole"),
    [
        (Pace(swept_rows=1_000, sweep_s=0), False),
        (Pace(swept_rows=1_000, sweep_s=3_600), True),
        (Pace(swept_rows=10_000, sweep_s=0), True),
    ],
)
def test_a_round_goes_on_to_look_until_rows_and_time_are_both_over(pace: Pace, *, is_whole: bool) -> None:
    known = practices(Random(6), 3_000)
    lost = max(known, key=lambda key: known[key].created_at)
    own, source = Counting({key: one for key, one in known.items() if key != lost}), Counting(known)
    rounds = Rounds("positions", pace, is_behind=lambda: False)
    found, reached, broken_off = rounds._sweep(Sides(own, source, lambda _: None), START, END, START)
    assert not broken_off
    assert (reached == END) == is_whole
    assert ([one.key for one in found] == [lost]) == is_whole
    assert own.rows(START, reached) >= 1_000


def test_a_round_looks_at_50000_rows_and_for_fifteen_seconds() -> None:
    assert (Pace().swept_rows, Pace().sweep_s) == (50_000, 15.0)
