"""What settlement looks like: flows with their findings, the worklist, the bank's credits, the report of a day."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from chassis.database import Database
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
_HEADER: Final = (
    "riga",
    "data_regolamento",
    "flusso",
    "mittente",
    "iuv",
    "iur",
    "indice",
    "esito",
    "riscontro",
    "pratica",
    "accredito",
    "importo",
)
# A spreadsheet would take these for the beginning of a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


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


def day_report(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Write the report of a day of settlement: each transfer, each flow's total beside its credit, the totals.

    The lines `pagamento` add up to the line `totale flusso` of their flow, those to `totale giorno`.
    """
    entity_code, day = request["entity_code"], request["day"]
    with database.reading() as session:
        flows = settlements.current_of_entity(session, entity_code, day=day)
        rows = settlements.rows_of(session, [flow.id for flow in flows])
        known_credits = settlements.credits_by_flow(session, entity_code, [flow.flow_id for flow in flows])
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerows(_lines(flows, rows, known_credits))
    return {"file_name": f"riconciliazione_{entity_code}_{day:%Y-%m-%d}.csv", "csv": text.getvalue()}


def _lines(
    flows: Sequence[SettlementFlow], rows: Sequence[SettlementRow], known_credits: Mapping[str, list[BankCredit]]
) -> Iterable[list[str]]:
    total_cents = credited_cents = 0
    for flow in flows:
        of_flow = [row for row in rows if row.flow_row_id == flow.id]
        flow_cents = sum(row.amount_cents for row in of_flow)
        credit = _fitting(flow, known_credits.get(flow.flow_id, []))
        for row in of_flow:
            yield _line("pagamento", flow, row.amount_cents, row=row)
        credited = sum(known.amount_cents for known in known_credits.get(flow.flow_id, []))
        yield _line("totale flusso", flow, flow_cents, credit="riconciliato" if credit else "non riconciliato")
        yield _line("accredito bancario", flow, credited, credit=credit.reference if credit else "")
        total_cents, credited_cents = total_cents + flow_cents, credited_cents + credited
    yield ["totale giorno", *[""] * 10, _euro(total_cents)]
    yield ["totale accrediti", *[""] * 10, _euro(credited_cents)]
    yield ["differenza", *[""] * 10, _euro(total_cents - credited_cents)]


def _line(
    kind: str, flow: SettlementFlow, amount_cents: int, *, row: SettlementRow | None = None, credit: str = ""
) -> list[str]:
    found: tuple[Any, ...] = ("", "", "", "", "", "")
    if row is not None:
        found = (row.iuv, row.iur, row.index or "", row.outcome, row.finding or "da esaminare", row.practice_id or "")
    sender = flow.sender_name or flow.sender_id
    texts = [kind, flow.settled_on.isoformat(), flow.flow_id, sender, *found, credit]
    return [*(_harmless(str(value)) for value in texts), _euro(amount_cents)]


def _show_flows(session: Session, entity_code: str, flows: Sequence[SettlementFlow]) -> list[dict[str, Any]]:
    totals = settlements.totals(session, [flow.id for flow in flows])
    known_credits = settlements.credits_by_flow(session, entity_code, [flow.flow_id for flow in flows])
    return [_show_flow(flow, totals.get(flow.id, {}), known_credits.get(flow.flow_id, [])) for flow in flows]


def _show_flow(
    flow: SettlementFlow, totals: Mapping[str | None, tuple[int, int]], known_credits: Sequence[BankCredit]
) -> dict[str, Any]:
    credit = _fitting(flow, known_credits)
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


def _fitting(flow: SettlementFlow, known_credits: Sequence[BankCredit]) -> BankCredit | None:
    return next((credit for credit in known_credits if credit.amount_cents == flow.total_cents), None)


def _show_item(row: SettlementRow, flow: SettlementFlow) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("id", "finding", "iuv", "iur", "amount_cents", "outcome", "paid_on")},
        "transfer": row.transfer or row.index,
        "practice_id": row.practice_id,
        "flow_id": flow.flow_id,
        "settled_on": flow.settled_on,
    }


def _euro(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100},{abs(cents) % 100:02d}"


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
