"""The rows of the archive of notices: which are changed, who is at them, what pagoPA has taken."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Text, and_, case, cast, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.calendar import ROME
from contracts.codes import CreditorFiscalCode
from services.payments.domain.archive import Archivable, Remote
from services.payments.models import ArchiveCreditor, ArchivedNotice, CheckoutItem, Creditor, Position
from services.payments.repository import positions

LEASE: Final = timedelta(seconds=90)
_ROW: Final = ArchivedNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What pagoPA has of a position after a call. `version` is the one that was read before it.

    `amount_until`: the last day on which the amount it was told holds.
    """

    practice_id: UUID
    version: int
    remote: Remote
    digest: str | None
    due_at: datetime | None
    amount_until: date | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What has not been sent: how much, since when the oldest, and what waits for a human by its problem."""

    changed: int
    oldest_at: datetime | None
    problems: Mapping[str, int]


def note_changes(session: Session, practice_ids: Collection[UUID], now: datetime) -> None:
    """Note that positions have changed, in the transaction that changes them.

    Of a position that neither belongs into the archive nor ever did nothing is stored.
    """
    known = exists().where(_ROW.practice_id == Position.practice_id)
    iupd = func.concat(Position.creditor_fiscal_code, "-", Position.entity_code, "-", Position.iuv)
    moment = literal(now, type_=_ROW.changed_at.type)
    changed = (
        select(Position.practice_id, Position.creditor_fiscal_code, cast(iupd, Text), moment, moment, moment)
        .where(Position.practice_id.in_(practice_ids), or_(Position.archive.is_not(None), known))
        .order_by(Position.practice_id)
    )
    names = ["practice_id", "creditor_fiscal_code", "iupd", "changed_at", "last_change_at", "next_try_at"]
    statement = insert(_ROW).from_select(names, changed)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["practice_id"],
            set_={
                "version": _ROW.version + 1,
                "changed_at": func.coalesce(_ROW.changed_at, now),
                "last_change_at": now,
                "next_try_at": now,
                "attempts": 0,
                "problem": None,
            },
        )
    )


def note_change(session: Session, practice_id: UUID, now: datetime) -> None:
    """Note that a position that stands in the archive has changed."""
    session.execute(
        update(_ROW)
        .where(_ROW.practice_id == practice_id)
        .values(
            version=_ROW.version + 1,
            changed_at=func.coalesce(_ROW.changed_at, now),
            last_change_at=now,
            next_try_at=now,
            attempts=0,
            problem=None,
        )
        .execution_options(synchronize_session=False)
    )


def note_new_amounts(session: Session, now: datetime, limit: int) -> int:
    """Note as changed what another amount holds for today than the archive was told; return how many."""
    today = cast(func.timezone(ROME.key, now), Date)
    over = (
        select(_ROW.practice_id)
        .where(_ROW.amount_until < today)
        .order_by(_ROW.practice_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    noted = update(_ROW).where(_ROW.practice_id.in_(session.scalars(over).all()))
    done = session.execute(
        noted.values(
            version=_ROW.version + 1,
            changed_at=func.coalesce(_ROW.changed_at, now),
            last_change_at=now,
            next_try_at=now,
            attempts=0,
            problem=None,
            amount_until=None,
        ).execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def claim(session: Session, now: datetime, limit: int) -> Sequence[ArchivedNotice]:
    """Take changed rows, the oldest change first; nobody else gets them until the lease is over."""
    waiting = (
        select(_ROW.practice_id)
        .where(*_is_waiting(now))
        .order_by(_ROW.changed_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=_ROW)
    )
    ids = session.scalars(waiting).all()
    return _leased(session, ids, now)


def claim_for_file(
    session: Session, creditor_fiscal_code: str, remotes: Collection[Remote], now: datetime, limit: int
) -> Sequence[UUID]:
    """Take changed rows of a creditor for a bulk file: those that no single call has been tried for."""
    statement = (
        select(_ROW.practice_id)
        .where(*_is_waiting(now), *_is_for_bulk(remotes), _ROW.creditor_fiscal_code == creditor_fiscal_code)
        .order_by(_ROW.changed_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=_ROW)
    )
    return session.scalars(statement).all()


def bulk_backlog(
    session: Session, remotes: Collection[Remote], busy: Collection[str], now: datetime
) -> Mapping[str, int]:
    """Return how many rows of each creditor, but for the busy ones, a bulk file could take."""
    statement = (
        select(_ROW.creditor_fiscal_code, func.count())
        .where(_ROW.creditor_fiscal_code.not_in(busy), *_is_waiting(now), *_is_for_bulk(remotes))
        .group_by(_ROW.creditor_fiscal_code)
    )
    return {str(code): count for code, count in session.execute(statement)}


def _is_for_bulk(remotes: Collection[Remote]) -> tuple[ColumnElement[bool], ...]:
    return _ROW.remote.in_([remote.value for remote in remotes]), _ROW.attempts == 0


def _is_being_paid() -> ColumnElement[bool]:
    """Return whether pagoPA does not have it and it is being paid on our own pages: it will be paid, or free again."""
    held = exists().where(CheckoutItem.practice_id == _ROW.practice_id, CheckoutItem.holding)
    return and_(_ROW.remote == Remote.ABSENT.value, held)


def _is_waiting(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return what a row must be to be sent now."""
    stopped = exists().where(
        ArchiveCreditor.fiscal_code == _ROW.creditor_fiscal_code, ArchiveCreditor.stopped_until > now
    )
    return (
        _ROW.changed_at.is_not(None),
        _ROW.problem.is_(None),
        _ROW.file_row_id.is_(None),
        _ROW.next_try_at <= now,
        or_(_ROW.leased_until.is_(None), _ROW.leased_until < now),
        ~_is_being_paid(),
        ~stopped,
    )


def _leased(session: Session, practice_ids: Sequence[UUID], now: datetime) -> Sequence[ArchivedNotice]:
    if not practice_ids:
        return []
    statement = update(_ROW).where(_ROW.practice_id.in_(practice_ids)).values(leased_until=now + LEASE)
    rows = session.scalars(
        statement.returning(_ROW).execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    return sorted(rows, key=lambda row: (row.changed_at or now, row.practice_id))


def archivables(session: Session, rows: Iterable[ArchivedNotice]) -> dict[UUID, Archivable]:
    """Return the positions of rows as they are now, each with its creditor."""
    by_id = {row.practice_id: row for row in rows}
    known = positions.by_practice(session, by_id)
    creditors = {
        code: positions.creditor(session, code) for code in {one.creditor_fiscal_code for one in known.values()}
    }
    found: dict[UUID, Archivable] = {}
    for practice_id, position in known.items():
        creditor = creditors[position.creditor_fiscal_code]
        if creditor is not None:
            found[practice_id] = Archivable(
                position=position,
                archive=position.terms.archive if position.terms else None,
                creditor=creditor,
                sent_due_at=by_id[practice_id].sent_due_at,
            )
    return found


def settle(session: Session, taken: Taken) -> None:
    """Write down what pagoPA has; a change that came meanwhile stays to be sent."""
    session.execute(
        update(_ROW)
        .where(_ROW.practice_id == taken.practice_id)
        .values(
            remote=taken.remote.value,
            sent_digest=taken.digest,
            sent_due_at=taken.due_at,
            amount_until=taken.amount_until,
            changed_at=_still_changed(taken.version),
            attempts=0,
            problem=None,
            leased_until=None,
        )
        .execution_options(synchronize_session=False)
    )


def _still_changed(version: int) -> ColumnElement[datetime | None]:
    return case((_ROW.version == version, None), else_=_ROW.last_change_at)


def learn(session: Session, practice_id: UUID, remote: Remote, now: datetime) -> None:
    """Write down what pagoPA turned out to have; what to do about it is decided anew, at once."""
    session.execute(
        update(_ROW)
        .where(_ROW.practice_id == practice_id)
        .values(remote=remote.value, sent_digest=None, leased_until=None, next_try_at=now, attempts=_ROW.attempts + 1)
        .execution_options(synchronize_session=False)
    )


def put_off(session: Session, practice_id: UUID, until: datetime, *, counts: bool) -> None:
    """Let a row wait; `counts` whether this was a try of its own."""
    session.execute(
        update(_ROW)
        .where(_ROW.practice_id == practice_id)
        .values(leased_until=None, next_try_at=until, attempts=_ROW.attempts + int(counts))
        .execution_options(synchronize_session=False)
    )


def give_up(session: Session, practice_id: UUID, problem: str) -> None:
    """Leave a row to a human, until it changes."""
    session.execute(
        update(_ROW)
        .where(_ROW.practice_id == practice_id)
        .values(problem=problem, leased_until=None)
        .execution_options(synchronize_session=False)
    )


def try_again(session: Session, now: datetime) -> int:
    """Take up again what waits for a human; return how many."""
    statement = update(_ROW).where(_ROW.problem.is_not(None))
    done = session.execute(
        statement.values(problem=None, attempts=0, next_try_at=now).execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def stop_creditor(session: Session, fiscal_code: str, until: datetime) -> None:
    """Send nothing of a creditor until then."""
    statement = insert(ArchiveCreditor).values(fiscal_code=fiscal_code, stopped_until=until)
    session.execute(statement.on_conflict_do_update(index_elements=["fiscal_code"], set_={"stopped_until": until}))


def compare_all(session: Session) -> int:
    """Let every creditor be compared with the archive's list now; return how many."""
    statement = update(ArchiveCreditor).values(compared_at=None)
    done = session.execute(statement.execution_options(synchronize_session=False))
    return int(getattr(done, "rowcount", 0))


def backlog(session: Session) -> Backlog:
    """Return what has not been sent."""
    changed = select(func.count(), func.min(_ROW.changed_at)).where(
        _ROW.changed_at.is_not(None), _ROW.problem.is_(None), ~_is_being_paid()
    )
    count, oldest_at = session.execute(changed).one()
    waiting = select(_ROW.problem, func.count()).where(_ROW.problem.is_not(None)).group_by(_ROW.problem)
    return Backlog(count, oldest_at, {str(problem): number for problem, number in session.execute(waiting)})


def by_iupds(session: Session, creditor_fiscal_code: str, iupds: Collection[str]) -> dict[str, ArchivedNotice]:
    """Return rows by their id in the archive, locked."""
    hold(session, _ROW.creditor_fiscal_code == creditor_fiscal_code, _ROW.iupd.in_(iupds))
    statement = select(_ROW).where(_ROW.creditor_fiscal_code == creditor_fiscal_code, _ROW.iupd.in_(iupds))
    return {row.iupd: row for row in session.scalars(statement.execution_options(populate_existing=True))}


def hold(session: Session, *which: ColumnElement[bool]) -> None:
    """Lock rows in the order in which changes of positions are noted, so that the two cannot tangle."""
    session.execute(select(_ROW.practice_id).where(*which).order_by(_ROW.practice_id).with_for_update())


def creditors(session: Session) -> Sequence[CreditorFiscalCode]:
    """Return whose notices stand in the archive."""
    has_any = exists().where(_ROW.creditor_fiscal_code == Creditor.fiscal_code)
    return session.scalars(select(Creditor.fiscal_code).where(has_any).order_by(Creditor.fiscal_code)).all()
