"""Counts and hashes of what a service has, made by the database: one side of a comparison (chassis/parity/).

A service says what is compared by a statement with the columns `entity_code`, `created_at`, `key` (a UUID) and `line`
(text, which says the same in both databases, and the key). Hashes of a bucket's lines are added by exclusive or: each
key has one line, so none is added twice. Both servers must hash the same way, which
PostgreSQL does in all its versions so far, on machines of one byte order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Date, FromClause, Text, and_, cast, func, or_, select, text
from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.rpc.parity import (
    Bucket,
    Buckets,
    BucketsRequest,
    Changed,
    ChangedRequest,
    Line,
    Lines,
    LinesRequest,
    ParitySpan,
    ToldAgain,
)

CHANGES_A_PAGE: Final = 1_000
_KEY_SEED: Final = 0
_LINE_SEED: Final = 1
_DIGIT_BITS: Final = 4
_DIGIT: Final = 0xF


@dataclass(frozen=True)
class LineSource:
    """What of a service's database is compared.

    `lines(events_since)` is the statement. `entity_codes` are all entities that may be in it, `oldest` is when the
    first of it was created, `rows` how many rows of a period the statement goes through. `subjects` are, by key, the
    subjects of the service's own events about it; none where the service is not the one that tells.
    """

    form: int
    lines: Callable[[datetime], FromClause]
    entity_codes: Callable[[Session], Sequence[str]]
    oldest: Callable[[Session], datetime | None]
    rows: Callable[[Session, datetime, datetime], int]
    subjects: Callable[[Session, Sequence[UUID]], Mapping[UUID, Sequence[str]]] = lambda _session, _keys: {}


@dataclass(frozen=True)
class CountedSide:
    """A service's own side: the `Side` of chassis.parity that its database is."""

    database: Database
    source: LineSource

    def rows(self, since: datetime, until: datetime) -> int:
        """Return how many rows were created in [since, until)."""
        with self.database.reading() as session:
            return self.source.rows(session, since, until)

    def buckets(self, asked: BucketsRequest) -> Buckets:
        """Return counts and hashes."""
        with self.database.transaction() as tx:
            # Compiling the statement takes longer than running it.
            tx.session.execute(text("SET LOCAL jit = off"))
            oldest = self.source.oldest(tx.session) if asked.by == "entity" else None
            return Buckets(form=self.source.form, buckets=_buckets(tx.session, self.source, asked), oldest=oldest)

    def lines(self, asked: LinesRequest) -> Lines:
        """Return what is known, key by key."""
        lines = self.source.lines(asked.events_since)
        with self.database.reading() as session:
            # What is under way is looked for first: an event that is written in between is then a difference, twice.
            under_way = self._under_way(session, asked)
            condition = lines.c.key.in_(asked.keys) if asked.keys else _in_span(session, self.source, lines, asked)
            hashed = func.hashtextextended(lines.c.line, _LINE_SEED).label("hash")
            rows = session.execute(select(lines.c.key, lines.c.entity_code, hashed).where(condition))
            told = [Line(key=row.key, entity_code=row.entity_code, hash=row.hash) for row in rows]
        return Lines(lines=told, under_way=under_way)

    def _under_way(self, session: Session, asked: LinesRequest) -> list[UUID]:
        subjects = self.source.subjects(session, asked.keys) if asked.keys else {}
        if not subjects:
            return []
        model = self.database.models.OutboxMessage
        since = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, asked.under_way_s)
        named = sorted({subject for of_key in subjects.values() for subject in of_key})
        is_recent = or_(model.relayed_at.is_(None), model.relayed_at > since)
        recent = set(session.scalars(select(model.subject).where(model.subject.in_(named), is_recent)))
        return [key for key, of_key in subjects.items() if recent.intersection(of_key)]


def _buckets(session: Session, source: LineSource, asked: BucketsRequest) -> list[Bucket]:
    lines = source.lines(asked.events_since)
    by: dict[str, ColumnElement[Any]] = {
        "entity": lines.c.entity_code,
        "day": cast(lines.c.created_at, Date),
        "part": _key_hash(lines).op(">>")(_DIGIT_BITS * asked.depth).op("&")(_DIGIT),
    }
    name = by[asked.by].label("name")
    hashed = func.bit_xor(func.hashtextextended(lines.c.line, _LINE_SEED)).label("hash")
    statement = select(lines.c.entity_code, name, func.count().label("lines"), hashed)
    statement = statement.where(_in_span(session, source, lines, asked)).group_by(lines.c.entity_code, name)
    return [
        Bucket(
            entity_code=row.entity_code,
            day=row.name if asked.by == "day" else None,
            part=row.name if asked.by == "part" else None,
            count=row.lines,
            hash=row.hash,
        )
        for row in session.execute(statement)
    ]


def _in_span(session: Session, source: LineSource, lines: FromClause, span: ParitySpan) -> ColumnElement[bool]:
    """Write which lines are of a span. All entities are named, for the index begins with the entity."""
    codes = [span.entity_code] if span.entity_code is not None else source.entity_codes(session)
    conditions = [lines.c.entity_code.in_(codes), lines.c.created_at >= span.since, lines.c.created_at < span.until]
    if span.depth:
        mask = (1 << (_DIGIT_BITS * span.depth)) - 1
        conditions.append(_key_hash(lines).op("&")(mask) == span.part)
    return and_(*conditions)


def _key_hash(lines: FromClause) -> ColumnElement[int]:
    return func.hashtextextended(cast(lines.c.key, Text), _KEY_SEED)


def changes(
    session: Session, model: Any, asked: ChangedRequest, keys_of: Callable[[str, Any], Sequence[UUID]], said: Any
) -> Changed:
    """Return a page of what the events of an outbox are about: `keys_of(subject, value of `said`)` of each."""
    behind = or_(model.created_at > asked.since, model.id > asked.after)
    statement = select(model.id, model.created_at, model.subject, said.label("said")).where(
        model.created_at >= asked.since, model.created_at < asked.until, behind
    )
    rows = session.execute(statement.order_by(model.created_at, model.id).limit(CHANGES_A_PAGE)).all()
    keys = list(dict.fromkeys(key for row in rows for key in keys_of(row.subject, row.said)))
    if len(rows) < CHANGES_A_PAGE:
        return Changed(keys=keys)
    return Changed(keys=keys, next_since=rows[-1].created_at, next_after=rows[-1].id)


def told_again(session: Session, model: Any, subjects: Sequence[str], types: Sequence[str]) -> ToldAgain:
    """Return the published events of these types about these subjects, in the order they were emitted."""
    statement = select(model.body).where(
        model.subject.in_(subjects), model.type.in_(types), model.relayed_at.is_not(None)
    )
    return ToldAgain(events=session.scalars(statement.order_by(model.id)).all())
