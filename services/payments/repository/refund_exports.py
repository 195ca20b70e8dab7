"""Files of refunds for the bank, and what stands in each."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.payments.domain.money_cases import CaseState
from services.payments.models import MoneyCase, RefundExport, RefundExportItem


def of_entity(session: Session, entity_code: str, limit: int) -> Sequence[RefundExport]:
    """Return the files of an entity, newest first."""
    statement = select(RefundExport).where(RefundExport.entity_code == entity_code)
    return session.scalars(statement.order_by(RefundExport.created_at.desc(), RefundExport.id).limit(limit)).all()


def one(session: Session, entity_code: str, export_id: UUID) -> RefundExport | None:
    """Return a file of the entity."""
    statement = select(RefundExport).where(RefundExport.id == export_id, RefundExport.entity_code == entity_code)
    return session.scalars(statement).first()


def times_exported(session: Session, case_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return in how many files these cases stood already: the bank had returned them."""
    statement = select(RefundExportItem.case_id, func.count()).where(RefundExportItem.case_id.in_(case_ids))
    rows = session.execute(statement.group_by(RefundExportItem.case_id))
    return {row.case_id: row[1] for row in rows}


def open_counts(session: Session, export_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return how many refunds of these files nobody has said to be paid or returned."""
    statement = select(MoneyCase.export_id, func.count()).where(
        MoneyCase.export_id.in_(export_ids), MoneyCase.state == CaseState.EXPORTED.value
    )
    rows = session.execute(statement.group_by(MoneyCase.export_id))
    return {export_id: count for export_id, count in rows if export_id is not None}
