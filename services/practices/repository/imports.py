"""Debt files that were loaded, and what became of their lines."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices as messages
from services.practices.models import Import, ImportRow
from services.practices.repository.batches import batches


def lock_imports(session: Session, entity_code: str) -> None:
    """Let only one import of an entity run at a time, until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"import:{entity_code}"})


def save_import(session: Session, done: Import, rows: Iterable[messages.ImportRow]) -> None:
    """Insert an import and what became of its lines."""
    session.add(done)
    session.flush()
    for batch in batches(rows):
        session.execute(insert(ImportRow), [_columns_of(row, done.id) for row in batch])


def imported(session: Session, entity_code: str, import_id: UUID) -> tuple[Import, Sequence[ImportRow]]:
    """Return an import of the entity and its lines. Raises Refused(IMPORT_NOT_FOUND)."""
    done = session.scalars(select(Import).where(Import.id == import_id, Import.entity_code == entity_code)).first()
    if done is None:
        raise Refused(ErrorCode.IMPORT_NOT_FOUND)
    rows = session.scalars(select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.line))
    return done, rows.all()


def _columns_of(row: messages.ImportRow, import_id: UUID) -> dict[str, object]:
    return {
        "import_id": import_id,
        "line": row.line,
        "outcome": row.outcome,
        "external_id": row.external_id,
        "notice_number": row.notice_number,
        "code": row.code,
        "column_name": row.column,
    }
