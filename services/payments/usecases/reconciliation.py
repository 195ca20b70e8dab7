"""What settlement looks like: flows with their findings, and the worklist."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.errors import ErrorCode, ReceivedParams, Refused
from contracts.rpc.settlement import (
    FindingTotal,
    Settlement,
    Settlements,
    SettlementsRequest,
    UnreadRow,
    Worklist,
    WorklistItem,
    WorklistRequest,
)
from services.payments.models import BankCredit, SettlementFile, SettlementFlow, SettlementRow
from services.payments.repository import bank_credits, settlement_files, settlements
from services.payments.usecases.bank_credits import fitting_credits


def settlement(database: Database, entity_code: str, flow_id: str) -> Settlement:
    """Return the current flow of an id; of one whose rows are not read yet, what its head says.

    Raises Refused(SETTLEMENT_NOT_FOUND), and with why a flow that was put aside could not be read in the end.
    """
    with database.reading() as session:
        flows = settlements.current_of_entity(session, entity_code, flow_id=flow_id)
        file = settlement_files.newest(session, entity_code, flow_id)
        if file is not None and file.refused_code is None and not (flows and flows[0].flow_at >= file.flow_at):
            return _unread(file)
        if flows:
            return shown(session, entity_code, flows)[0]
    if file is None:
        raise Refused(ErrorCode.SETTLEMENT_NOT_FOUND)
    raise Refused(ErrorCode(str(file.refused_code)), ReceivedParams(dict(file.refused_params or {})))


def settlement_list(database: Database, request: SettlementsRequest) -> Settlements:
    """Return an entity's current flows, the newest day first."""
    with database.reading() as session:
        flows = settlements.current_of_entity(session, request.entity_code, limit=request.limit)
        return Settlements(settlements=shown(session, request.entity_code, flows))


def worklist(database: Database, request: WorklistRequest) -> Worklist:
    """Return what a human must look at."""
    with database.reading() as session:
        found = settlements.worklist(session, request.entity_code, request.after, request.limit)
        return Worklist(items=[worklist_item(row, flow) for row, flow in found])


def shown(session: Session, entity_code: str, flows: Sequence[SettlementFlow]) -> list[Settlement]:
    """Return flows with what became of their rows and with their credits, in the same order."""
    totals = settlements.totals(session, [flow.id for flow in flows])
    known_credits = bank_credits.credits_by_flow(session, entity_code, [flow.flow_id for flow in flows])
    return [_settlement(flow, totals.get(flow.id, {}), known_credits.get(flow.flow_id, [])) for flow in flows]


def _settlement(
    flow: SettlementFlow, totals: Mapping[str | None, tuple[int, int]], known_credits: Sequence[BankCredit]
) -> Settlement:
    fitting = fitting_credits(flow, known_credits)
    named = next(iter(fitting or known_credits), None)
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
        reconciled=bool(fitting) and flow.adds_up,
        adds_up=flow.adds_up,
        unread=[UnreadRow(position=one["position"], reason=one["reason"]) for one in flow.unread or ()],
    )


def _unread(file: SettlementFile) -> Settlement:
    return Settlement(
        entity_code=file.entity_code,
        flow_id=file.flow_id,
        flow_at=file.flow_at,
        revision=0,
        regulation_id=file.regulation_id,
        settled_on=file.settled_on,
        sender_id=file.sender_id,
        sender_name=file.sender_name,
        payments_count=file.payments_count,
        total_cents=file.total_cents,
        current=True,
        received_at=file.received_at,
        pending=file.payments_count,
        findings=[],
        reconciled=False,
    )


def worklist_item(row: SettlementRow, flow: SettlementFlow) -> WorklistItem:
    """Return a row that a human must look at."""
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
