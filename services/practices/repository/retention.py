"""What is to be forgotten of practices and files, and what is left of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, delete, select, text, tuple_, update
from sqlalchemy.orm import Session

from services.practices.models import (
    TO_FORGET,
    EntityRow,
    Import,
    ImportRow,
    Json,
    PracticeRow,
    RefusedCells,
    ServiceRow,
)

_OVER = ("done", "refused", "cancelled")
After = tuple[datetime, UUID]


def entities(session: Session) -> Sequence[EntityRow]:
    """Return every entity."""
    return session.scalars(select(EntityRow).order_by(EntityRow.code)).all()


def ended(
    session: Session, entity_code: str, before: datetime, after: After | None, limit: int
) -> Sequence[tuple[UUID, datetime]]:
    """Return practices of an entity that name somebody and ended before a moment: ids and when, the oldest first."""
    statement = select(PracticeRow.id, PracticeRow.state_since).where(
        text(TO_FORGET), PracticeRow.entity_code == entity_code, PracticeRow.state_since < before
    )
    if after is not None:
        statement = statement.where(tuple_(PracticeRow.state_since, PracticeRow.id) > after)
    rows = session.execute(statement.order_by(PracticeRow.state_since, PracticeRow.id).limit(limit))
    return [(row.id, row.state_since) for row in rows]


def locked(session: Session, practice_ids: Collection[UUID], before: datetime) -> Sequence[PracticeRow]:
    """Return those of these that still are to be forgotten, locked in the order in which everybody locks practices."""
    statement = select(PracticeRow).where(
        text(TO_FORGET), PracticeRow.id.in_(list(practice_ids)), PracticeRow.state_since < before
    )
    return session.scalars(statement.order_by(PracticeRow.id).with_for_update()).all()


def titles(session: Session, entity_code: str) -> Mapping[str, Json]:
    """Return what the services of an entity are called, withdrawn ones too, by code."""
    statement = select(ServiceRow.code, ServiceRow.title).where(ServiceRow.entity_code == entity_code)
    return {row.code: row.title for row in session.execute(statement)}


def old_files(session: Session, entity_code: str, before: datetime, limit: int) -> Sequence[UUID]:
    """Return imports of an entity that are over and were made before a moment."""
    statement = select(Import.id).where(
        Import.forgotten_at.is_(None),
        Import.entity_code == entity_code,
        Import.created_at < before,
        Import.state.in_(_OVER),
    )
    return session.scalars(statement.order_by(Import.created_at).limit(limit)).all()


def forget_rows(session: Session, import_id: UUID, limit: int) -> int:
    """Delete what became of some lines of a file, and return of how many."""
    lines = select(ImportRow.line).where(ImportRow.import_id == import_id).limit(limit)
    statement = delete(ImportRow).where(ImportRow.import_id == import_id, ImportRow.line.in_(lines))
    done: CursorResult[Any] = session.execute(statement.execution_options(synchronize_session=False))  # type: ignore[assignment]  # -- of a statement that changes rows
    return done.rowcount


def forget_file(session: Session, import_id: UUID, now: datetime) -> None:
    """Forget what a file was called and what its refused rows held; its counts stay."""
    session.execute(delete(RefusedCells).where(RefusedCells.import_id == import_id))
    session.execute(update(Import).where(Import.id == import_id).values(file_name="", forgotten_at=now))
