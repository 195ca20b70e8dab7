"""What settlement looks like: flows with their findings, the worklist, the bank's credits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from services.payments.domain.settlements import flow_id_in
from services.payments.models import BankCredit, SettlementFlow, SettlementRow
from services.payments.repository import settlements

_FLOW = (
    "entity_code",
    "flow_id",
    "flow_at",
    "revision",
    "regulation_id",
    "settled_on",
    "sender_id",
    "sender_name",
    "payments_count",
    "total_cents",
    "current",
    "received_at",
)


def settlement(database: Database, entity_code: str, flow_id: str) -> dict[str, Any]:
    """Return the current flow of an id. Raises Refused(SETTLEMENT_NOT_FOUND)."""
    with database.reading() as session:
        flows = settlements.current_of_entity(session, entity_code, flow_id=flow_id)
        if not flows:
            raise Refused(ErrorCode.SETTLEMENT_NOT_FOUND)
        return _show_flows(session, entity_code, flows)[0]


def settlement_list(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entity's current flows, the newest day first."""
    entity_code = request["entity_code"]
    with database.reading() as session:
        flows = settlements.current_of_entity(session, entity_code, limit=request["limit"])
        return {"settlements": _show_flows(session, entity_code, flows)}


def worklist(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a human must look at."""
    with database.reading() as session:
        found = settlements.worklist(session, request["entity_code"], request["after"], request["limit"])
        return {"items": [_show_item(row, flow) for row, flow in found]}


def put_credit(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Register a bank credit; it is matched with its flow whichever of the two comes first."""
    values = {**request, "flow_id": flow_id_in(request["remittance_text"]), "received_at": now}
    with database.transaction() as tx:
        settlements.put_credit(tx.session, values)
        entity_code, flow_id = request["entity_code"], values["flow_id"]
        flows = settlements.current_of_entity(tx.session, entity_code, flow_id=flow_id) if flow_id else []
    return {
        **{name: values[name] for name in ("reference", "booked_on", "amount_cents", "flow_id")},
        "flow_known": bool(flows),
        "reconciled": any(flow.total_cents == values["amount_cents"] for flow in flows),
    }


def _show_flows(session: Session, entity_code: str, flows: Sequence[SettlementFlow]) -> list[dict[str, Any]]:
    totals = settlements.totals(session, [flow.id for flow in flows])
    known_credits = settlements.credits_by_flow(session, entity_code, [flow.flow_id for flow in flows])
    return [_show_flow(flow, totals.get(flow.id, {}), known_credits.get(flow.flow_id, [])) for flow in flows]


def _show_flow(
    flow: SettlementFlow, totals: Mapping[str | None, tuple[int, int]], known_credits: Sequence[BankCredit]
) -> dict[str, Any]:
    credit = fitting_credit(flow, known_credits)
    named = credit or (known_credits[0] if known_credits else None)
    return {
        **{name: getattr(flow, name) for name in _FLOW},
        "pending": totals.get(None, (0, 0))[0],
        "findings": [
            {"finding": finding, "count": count, "amount_cents": amount_cents}
            for finding, (count, amount_cents) in sorted(totals.items(), key=lambda entry: str(entry[0]))
            if finding is not None
        ],
        "credit_reference": named.reference if named else None,
        "reconciled": credit is not None,
    }


def fitting_credit(flow: SettlementFlow, known_credits: Sequence[BankCredit]) -> BankCredit | None:
    """Return the credit that is the flow's: its text names it, and it is of the same amount."""
    return next((credit for credit in known_credits if credit.amount_cents == flow.total_cents), None)


def _show_item(row: SettlementRow, flow: SettlementFlow) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("id", "finding", "iuv", "iur", "amount_cents", "outcome", "paid_on")},
        "transfer": row.transfer or row.index,
        "practice_id": row.practice_id,
        "flow_id": flow.flow_id,
        "settled_on": flow.settled_on,
    }
