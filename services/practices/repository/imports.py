"""Debt files that were loaded, and what became of their lines."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from chassis.storage import bulk
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices as messages
from services.practices.models import Import, ImportRow

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


def imported(session: Session, entity_code: str, import_id: UUID) -> Import:
    """Return an import of the entity. Raises Refused(IMPORT_NOT_FOUND)."""
    found = session.scalars(select(Import).where(Import.id == import_id, Import.entity_code == entity_code)).first()
    if found is None:
        raise Refused(ErrorCode.IMPORT_NOT_FOUND)
    return found


def rows(session: Session, import_id: UUID, after_line: int, outcome: str | None, limit: int) -> Sequence[ImportRow]:
    """Return what became of lines below one, in their order, of one outcome where one is named."""
    statement = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.line > after_line)
    if outcome is not None:
        statement = statement.where(ImportRow.outcome == outcome)
    return session.scalars(statement.order_by(ImportRow.line).limit(limit)).all()
