"""What settlement looks like: flows with their findings, the worklist, the bank's credits."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc.settlement import (
    Credit,
    FindingTotal,
    PutCreditRequest,
    Settlement,
    Settlements,
    SettlementsRequest,
    Worklist,
    WorklistItem,
    WorklistRequest,
)
from services.payments.domain.settlements import flow_id_in
from services.payments.models import BankCredit, SettlementFlow, SettlementRow
from services.payments.repository import settlements


def settlement(database: Database, entity_code: str, flow_id: str) -> Settlement:
    """Return the current flow of an id. Raises Refused(SETTLEMENT_NOT_FOUND)."""
    with database.reading() as session:
        flows = settlements.current_of_entity(session, entity_code, flow_id=flow_id)
        if not flows:
            raise Refused(ErrorCode.SETTLEMENT_NOT_FOUND)
        return _settlements(session, entity_code, flows)[0]


def settlement_list(database: Database, request: SettlementsRequest) -> Settlements:
    """Return an entity's current flows, the newest day first."""
    with database.reading() as session:
        flows = settlements.current_of_entity(session, request.entity_code, limit=request.limit)
        return Settlements(settlements=_settlements(session, request.entity_code, flows))


def worklist(database: Database, request: WorklistRequest) -> Worklist:
    """Return what a human must look at."""
    with database.reading() as session:
        found = settlements.worklist(session, request.entity_code, request.after, request.limit)
        return Worklist(items=[_item(row, flow) for row, flow in found])


def put_credit(database: Database, request: PutCreditRequest, now: datetime) -> Credit:
    """Register a bank credit; it is matched with its flow whichever of the two comes first."""
    flow_id = flow_id_in(request.remittance_text)
    with database.transaction() as tx:
        settlements.save_credit(tx.session, request, flow_id, now)
        flows = settlements.current_of_entity(tx.session, request.entity_code, flow_id=flow_id) if flow_id else []
    return Credit(
        reference=request.reference,
        booked_on=request.booked_on,
        amount_cents=request.amount_cents,
        flow_id=flow_id,
        flow_known=bool(flows),
        reconciled=any(flow.total_cents == request.amount_cents for flow in flows),
    )


def fitting_credit(flow: SettlementFlow, known_credits: Sequence[BankCredit]) -> BankCredit | None:
    """Return the credit that is the flow's: its text names it, and it is of the same amount."""
    return next((credit for credit in known_credits if credit.amount_cents == flow.total_cents), None)


def _settlements(session: Session, entity_code: str, flows: Sequence[SettlementFlow]) -> list[Settlement]:
    totals = settlements.totals(session, [flow.id for flow in flows])
    known_credits = settlements.credits_by_flow(session, entity_code, [flow.flow_id for flow in flows])
    return [_settlement(flow, totals.get(flow.id, {}), known_credits.get(flow.flow_id, [])) for flow in flows]


def _settlement(
    flow: SettlementFlow, totals: Mapping[str | None, tuple[int, int]], known_credits: Sequence[BankCredit]
) -> Settlement:
    credit = fitting_credit(flow, known_credits)
    named = credit or (known_credits[0] if known_credits else None)
    return Settlement(
        entity_code=flow.entity_code,
        flow_id=flow.flow_id,
        flow_at=flow.flow_at,
        revision=flow.revision,
        regulation_id=flow.regulation_id,
        settled_on=flow.settled_on,
        sender_id=flow.sender_id,
        sender_name=flow.sender_name,
        payments_count=flow.payments_count,
        total_cents=flow.total_cents,
        current=flow.current,
        received_at=flow.received_at,
        pending=totals.get(None, (0, 0))[0],
        findings=[
            FindingTotal(finding=finding, count=count, amount_cents=amount_cents)
            for finding, (count, amount_cents) in sorted(totals.items(), key=lambda entry: str(entry[0]))
            if finding is not None
        ],
        credit_reference=named.reference if named else None,
        reconciled=credit is not None,
    )


def _item(row: SettlementRow, flow: SettlementFlow) -> WorklistItem:
    return WorklistItem(
        id=row.id,
        finding=str(row.finding),
        flow_id=flow.flow_id,
        settled_on=flow.settled_on,
        iuv=row.iuv,
        iur=row.iur,
        transfer=row.transfer or row.index,
        amount_cents=row.amount_cents,
        outcome=row.outcome,
        paid_on=row.paid_on,
        practice_id=row.practice_id,
    )
