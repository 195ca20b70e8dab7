"""Debt files that were loaded, and what became of their lines."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select, text, tuple_
from sqlalchemy.orm import Session

from chassis.storage import bulk
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices as messages
from services.practices.models import Import, ImportRow, RefusedCells

_ROW_COLUMNS: Final = (
    "import_id",
    "line",
    "outcome",
    "external_id",
    "notice_number",
    "code",
    "column_name",
    "value_shape",
    "warning",
)


_REFUSED_COLUMNS: Final = ("import_id", "line", "cells", "created_at")


def wait_for_imports(session: Session) -> None:
    """Let this transaction wait for another import, which may be long, until the end of a statement's time."""
    session.execute(text("SET LOCAL lock_timeout = 0"))


def lock_imports(session: Session, entity_code: str) -> None:
    """Let only one import of an entity run at a time, until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"import:{entity_code}"})


def insert_rows(session: Session, import_id: UUID, rows: Iterable[messages.ImportRow]) -> None:
    """Insert what became of lines of an import."""
    values = [
        (
            import_id,
            row.line,
            row.outcome,
            row.external_id,
            row.notice_number,
            row.code,
            row.column,
            row.value_shape,
            row.warning,
        )
        for row in rows
    ]
    bulk.insert_rows(session, ImportRow.__table__, _ROW_COLUMNS, values)


def insert_refused(
    session: Session, import_id: UUID, rows: Sequence[tuple[int, Mapping[str, str]]], now: datetime
) -> None:
    """Insert what refused lines held."""
    values = [(import_id, line, cells, now) for line, cells in rows]
    bulk.insert_rows(session, RefusedCells.__table__, _REFUSED_COLUMNS, values)


def refused_rows(
    session: Session, import_id: UUID, after_line: int, limit: int
) -> Sequence[tuple[ImportRow, Mapping[str, str] | None]]:
    """Return the refused lines below one, with what they held as long as that is known."""
    statement = (
        select(ImportRow, RefusedCells.cells)
        .outerjoin(
            RefusedCells, and_(RefusedCells.import_id == ImportRow.import_id, RefusedCells.line == ImportRow.line)
        )
        .where(ImportRow.import_id == import_id, ImportRow.line > after_line, ImportRow.outcome == "refused")
    )
    found = session.execute(statement.order_by(ImportRow.line).limit(limit)).all()
    return [(row, cells) for row, cells in found]


def refused_columns(session: Session, import_id: UUID) -> set[str]:
    """Return the columns that refused lines of an import hold something under."""
    names = select(func.jsonb_object_keys(RefusedCells.cells)).where(RefusedCells.import_id == import_id)
    return set(session.scalars(names.distinct()))


def forget_refused(session: Session, before: datetime, limit: int) -> int:
    """Delete what lines held that were refused before a moment, so many of them; return how many there were."""
    found = select(RefusedCells.import_id, RefusedCells.line).where(RefusedCells.created_at < before)
    old = found.order_by(RefusedCells.created_at).limit(limit).subquery()
    here = and_(RefusedCells.import_id == old.c.import_id, RefusedCells.line == old.c.line)
    done: Any = session.execute(delete(RefusedCells).where(here).execution_options(synchronize_session=False))
    return int(done.rowcount)


def imported(session: Session, entity_code: str, import_id: UUID, services: Sequence[str] | None = None) -> Import:
    """Return an import of the entity, of these services alone where any are named. Raises Refused(IMPORT_NOT_FOUND)."""
    statement = select(Import).where(Import.id == import_id, *_conditions(entity_code, services))
    found = session.scalars(statement).first()
    if found is None:
        raise Refused(ErrorCode.IMPORT_NOT_FOUND)
    return found


def listed(
    session: Session, entity_code: str, services: Sequence[str] | None, after: UUID | None, limit: int
) -> Sequence[Import]:
    """Return imports of the entity, newest first, those older than one; without those whose parts are on their way."""
    statement = select(Import).where(*_conditions(entity_code, services), Import.state != "receiving")
    if after is not None:
        last = select(Import.created_at, Import.id).where(Import.id == after).subquery()
        statement = statement.where(tuple_(Import.created_at, Import.id) < select(last).scalar_subquery())
    newest_first = statement.order_by(Import.created_at.desc(), Import.id.desc())
    return session.scalars(newest_first.limit(limit)).all()


def _conditions(entity_code: str, services: Sequence[str] | None) -> list[ColumnElement[bool]]:
    entity = Import.entity_code == entity_code
    return [entity] if services is None else [entity, Import.allowed_services.contained_by(list(services))]


def rows(session: Session, import_id: UUID, after_line: int, outcome: str | None, limit: int) -> Sequence[ImportRow]:
    """Return what became of lines below one, in their order, of one outcome where one is named."""
    statement = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.line > after_line)
    if outcome is not None:
        statement = statement.where(ImportRow.outcome == outcome)
    return session.scalars(statement.order_by(ImportRow.line).limit(limit)).all()
