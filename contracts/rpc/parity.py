"""How a projection is compared with its source: by count and hash of buckets, then by line, then by key.

Both services hash the same line of text for each practice: payments' positions are compared with practices, practices'
states with payments. `form` is the version of that line: where the two differ, nothing is compared. Times are UTC, and
buckets are of when the practice was created.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from marshmallow.validate import Length, OneOf, Range

from contracts.call import Call
from contracts.message import Message

PARTS = 16
KEYS_MAX = 200
BUCKETED_BY = ("entity", "day", "part")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParitySpan(Message):
    """What was created in [since, until).

    `entity_code`: of this entity alone; None for all. `depth` and `part`: only the keys whose hash ends with the
    `depth` hexadecimal digits of `part`. `events_since`: what only events tell is looked at where it was created since
    then; of older practices they may be deleted.
    """

    since: datetime
    until: datetime
    events_since: datetime
    entity_code: str | None = None
    depth: Annotated[int, Range(0, 12)] = 0
    part: Annotated[int, Range(min=0)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketsRequest(ParitySpan):
    """Count and hash a span by `entity`, by UTC `day`, or by the PARTS parts of its part."""

    by: Annotated[str, OneOf(BUCKETED_BY)] = "entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket(Message):
    """How many lines there are and their hashes, each added by exclusive or; empty buckets are left out.

    `day` where it was asked by day, `part` (of `depth` + 1) where by part.
    """

    entity_code: str
    day: date | None = None
    part: int | None = None
    count: int
    hash: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets(Message):
    """`oldest`: when the first of all that is here was created, where it was asked by entity."""

    form: int
    buckets: Sequence[Bucket]
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesRequest(ParitySpan):
    """The lines of a span, or of these keys whenever they were created.

    `under_way_s`: an event relayed since so many seconds may not have arrived yet.
    """

    keys: Annotated[Sequence[UUID], Length(max=KEYS_MAX)] = field(default_factory=list)
    under_way_s: Annotated[int, Range(min=0)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Message):
    """The hash of what is known of one practice."""

    key: UUID
    entity_code: str
    hash: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines(Message):
    """`under_way`: those of the keys asked about that an event not relayed, or relayed only now, is about."""

    lines: Sequence[Line]
    under_way: Sequence[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRequest(Message):
    """Which practices events emitted in [since, until) are about; at `since` itself those behind row `after`."""

    since: datetime
    until: datetime
    after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Message):
    """A page of them, by when the events were emitted; from where to ask on, or None on the last."""

    keys: Sequence[UUID]
    next_since: datetime | None = None
    next_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TellAgainRequest(Message):
    """Ask for all published events of these types about these practices, for a projection that lacks them."""

    keys: Annotated[Sequence[UUID], Length(max=KEYS_MAX)]
    types: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAgain(Message):
    """The events as they were published, in the order they were emitted."""

    events: Sequence[Mapping[str, Any]]


PRACTICES_BUCKETS = Call("practices", "parity_buckets", BucketsRequest, Buckets, idempotent=True, timeout_s=20)
PRACTICES_LINES = Call("practices", "parity_lines", LinesRequest, Lines, idempotent=True, timeout_s=20)
PRACTICES_CHANGED = Call("practices", "parity_changed", ChangedRequest, Changed, idempotent=True, timeout_s=20)
PRACTICES_TELL_AGAIN = Call("practices", "tell_again", TellAgainRequest, ToldAgain, idempotent=True, timeout_s=20)
PAYMENTS_BUCKETS = Call("payments", "parity_buckets", BucketsRequest, Buckets, idempotent=True, timeout_s=20)
PAYMENTS_LINES = Call("payments", "parity_lines", LinesRequest, Lines, idempotent=True, timeout_s=20)
PAYMENTS_CHANGED = Call("payments", "parity_changed", ChangedRequest, Changed, idempotent=True, timeout_s=20)
PAYMENTS_TELL_AGAIN = Call("payments", "tell_again", TellAgainRequest, ToldAgain, idempotent=True, timeout_s=20)
