"""How far the comparison with the archive's own list has come, and what it finds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.codes import CreditorFiscalCode
from services.payments.domain.archive import Remote
from services.payments.models import ArchiveCreditor, ArchivedNotice
from services.payments.repository import archive

_ROW: Final = ArchivedNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a comparison is: the window of due dates that begins on a day, since when it is listed, the next page."""

    creditor_fiscal_code: CreditorFiscalCode
    window_from: date
    window_since: datetime
    page: int


def due_days(session: Session, creditor: str) -> tuple[date, ...]:
    """Return the days (UTC) on which something that we have sent is due, in their order."""
    day = func.date(_ROW.sent_due_at)
    statement = select(day).where(_ROW.creditor_fiscal_code == creditor, _ROW.sent_due_at.is_not(None)).distinct()
    return tuple(session.scalars(statement.order_by(day)))


def place(session: Session, creditor: str) -> ArchiveCreditor | None:
    """Return how it stands with a creditor, for this process alone; None where another is at it."""
    session.execute(insert(ArchiveCreditor).values(fiscal_code=creditor).on_conflict_do_nothing())
    statement = select(ArchiveCreditor).where(ArchiveCreditor.fiscal_code == creditor)
    return session.scalars(statement.with_for_update(skip_locked=True)).first()


def note_seen(session: Session, creditor: str, iupds: Collection[str], now: datetime) -> None:
    """Note that positions were found in the archive's list."""
    if iupds:
        statement = update(_ROW).where(_ROW.creditor_fiscal_code == creditor, _ROW.iupd.in_(iupds))
        session.execute(statement.values(seen_at=now).execution_options(synchronize_session=False))


def diverge(session: Session, creditor: str, found: dict[str, Remote], now: datetime) -> None:
    """Note that pagoPA has something else of positions than we have sent: what to do is decided anew."""
    if not found:
        return
    archive.hold(session, _ROW.creditor_fiscal_code == creditor, _ROW.iupd.in_(found))
    statement = update(_ROW).where(_ROW.creditor_fiscal_code == creditor, _ROW.iupd.in_(found))
    remote = case({iupd: remote.value for iupd, remote in found.items()}, value=_ROW.iupd)
    session.execute(
        statement.values(
            remote=remote,
            sent_digest=None,
            changed_at=func.coalesce(_ROW.changed_at, now),
            last_change_at=now,
            next_try_at=now,
            version=_ROW.version + 1,
        ).execution_options(synchronize_session=False)
    )


def missing(
    session: Session, creditor: str, due_from: datetime, due_to: datetime, since: datetime
) -> dict[str, Remote]:
    """Return the positions that should have been in the window's list and were not: pagoPA does not have them.

    One that has been sent since the window was begun may have come after its page.
    """
    statement = select(_ROW.iupd).where(
        _ROW.creditor_fiscal_code == creditor,
        _ROW.sent_due_at >= due_from,
        _ROW.sent_due_at < due_to,
        _ROW.remote.in_([Remote.OPEN.value, Remote.DRAFT.value]),
        _ROW.changed_at.is_(None),
        _ROW.last_change_at < since,
        func.coalesce(_ROW.seen_at, func.to_timestamp(0)) < since,
    )
    return dict.fromkeys(session.scalars(statement), Remote.ABSENT)
