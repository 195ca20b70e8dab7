"""The reconciliation report of a day of settlement: every transfer, each flow beside its bank credit, the totals."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from services.payments.models import BankCredit, SettlementFlow, SettlementRow
from services.payments.repository import settlements
from services.payments.usecases.reconciliation import fitting_credit

_ROW: Final = ("iuv", "iur", "index", "outcome", "finding", "practice_id", "amount_cents")
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


def day(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return contracts.rpc.settlement.Day: rows add up to their flow's total, those to the day's."""
    with database.reading() as session:
        flows = _flows(session, request["entity_code"], request["day"])
    return {
        "flows": flows,
        "total_cents": sum(flow["total_cents"] for flow in flows),
        "credited_cents": sum(flow["credited_cents"] for flow in flows),
    }


def day_csv(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Write the report as a file for a spreadsheet.

    The lines `pagamento` add up to the line `totale flusso` of their flow, those to `totale giorno`.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerows(_lines(day(database, request)))
    file_name = f"riconciliazione_{request['entity_code']}_{request['day']:%Y-%m-%d}.csv"
    return {"file_name": file_name, "csv": text.getvalue()}


def _flows(session: Session, entity_code: str, day: Any) -> list[dict[str, Any]]:
    flows = settlements.current_of_entity(session, entity_code, day=day)
    rows: dict[int, list[SettlementRow]] = {flow.id: [] for flow in flows}
    for row in settlements.rows_of(session, list(rows)):
        rows[row.flow_row_id].append(row)
    known_credits = settlements.credits_by_flow(session, entity_code, [flow.flow_id for flow in flows])
    return [_flow(flow, rows[flow.id], known_credits.get(flow.flow_id, [])) for flow in flows]


def _flow(flow: SettlementFlow, rows: list[SettlementRow], known_credits: list[BankCredit]) -> dict[str, Any]:
    credit = fitting_credit(flow, known_credits)
    return {
        "flow_id": flow.flow_id,
        "settled_on": flow.settled_on,
        "sender": flow.sender_name or flow.sender_id,
        "regulation_id": flow.regulation_id,
        "rows": [{name: getattr(row, name) for name in _ROW} for row in rows],
        "total_cents": sum(row.amount_cents for row in rows),
        "credited_cents": sum(known.amount_cents for known in known_credits),
        "credit_reference": credit.reference if credit else None,
        "reconciled": credit is not None,
    }


def _lines(told: Mapping[str, Any]) -> Iterable[list[str]]:
    for flow in told["flows"]:
        for row in flow["rows"]:
            named = (row["iuv"], row["iur"], row["index"] or "", row["outcome"])
            found = (row["finding"] or "da esaminare", row["practice_id"] or "")
            yield _line("pagamento", flow, row["amount_cents"], *named, *found)
        state = "riconciliato" if flow["reconciled"] else "non riconciliato"
        yield _line("totale flusso", flow, flow["total_cents"], credit=state)
        yield _line("accredito bancario", flow, flow["credited_cents"], credit=flow["credit_reference"] or "")
    total_cents, credited_cents = told["total_cents"], told["credited_cents"]
    yield ["totale giorno", *[""] * 10, _euro(total_cents)]
    yield ["totale accrediti", *[""] * 10, _euro(credited_cents)]
    yield ["differenza", *[""] * 10, _euro(total_cents - credited_cents)]


def _line(kind: str, flow: Mapping[str, Any], amount_cents: int, *found: object, credit: str = "") -> list[str]:
    texts = [kind, flow["settled_on"].isoformat(), flow["flow_id"], flow["sender"], *(found or [""] * 6), credit]
    return [*(_harmless(str(value)) for value in texts), _euro(amount_cents)]


def _euro(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100},{abs(cents) % 100:02d}"


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
