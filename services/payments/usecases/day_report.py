"""The reconciliation report of a day of settlement: every transfer, each flow beside its bank credit, the totals."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts import spreadsheets
from contracts.rpc.settlement import Day, DayFlow, DayReport, DayRequest, DayRow
from services.payments.models import BankCredit, SettlementFlow, SettlementRow
from services.payments.repository import bank_credits, settlements
from services.payments.usecases.bank_credits import fitting_credits

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


def day(database: Database, request: DayRequest) -> Day:
    """Return what a day adds up to: rows to their flow's total, those to the day's."""
    with database.reading() as session:
        flows = _flows(session, request.entity_code, request.day)
    return Day(
        flows=flows,
        total_cents=sum(flow.total_cents for flow in flows),
        credited_cents=sum(flow.credited_cents for flow in flows),
    )


def day_csv(database: Database, request: DayRequest) -> DayReport:
    """Write the report as a file for a spreadsheet.

    The lines `pagamento` add up to the line `totale flusso` of their flow, those to `totale giorno`.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=spreadsheets.DELIMITER, lineterminator=spreadsheets.LINE_END)
    writer.writerow(_HEADER)
    writer.writerows(_lines(day(database, request)))
    file_name = f"riconciliazione_{request.entity_code}_{request.day:%Y-%m-%d}.csv"
    return DayReport(file_name=file_name, csv=text.getvalue())


def _flows(session: Session, entity_code: str, settled_on: date) -> list[DayFlow]:
    flows = settlements.current_of_entity(session, entity_code, day=settled_on)
    rows: dict[int, list[SettlementRow]] = {flow.id: [] for flow in flows}
    for row in settlements.rows_of(session, list(rows)):
        rows[row.flow_row_id].append(row)
    known_credits = bank_credits.credits_by_flow(session, entity_code, [flow.flow_id for flow in flows])
    return [_flow(flow, rows[flow.id], known_credits.get(flow.flow_id, [])) for flow in flows]


def _flow(flow: SettlementFlow, rows: Sequence[SettlementRow], known_credits: Sequence[BankCredit]) -> DayFlow:
    fitting = fitting_credits(flow, known_credits)
    return DayFlow(
        flow_id=flow.flow_id,
        settled_on=flow.settled_on,
        sender=flow.sender_name or flow.sender_id,
        regulation_id=flow.regulation_id,
        rows=[_row(row) for row in rows],
        total_cents=sum(row.amount_cents for row in rows),
        credited_cents=sum(known.amount_cents for known in known_credits),
        credit_reference=fitting[0].reference if fitting else None,
        reconciled=bool(fitting) and flow.adds_up,
    )


def _row(row: SettlementRow) -> DayRow:
    return DayRow(
        iuv=row.iuv,
        iur=row.iur,
        index=row.index,
        outcome=row.outcome,
        finding=row.finding,
        practice_id=row.practice_id,
        amount_cents=row.amount_cents,
    )


def _lines(told: Day) -> Iterable[list[str]]:
    for flow in told.flows:
        for row in flow.rows:
            named = (row.iuv, row.iur, row.index or "", row.outcome)
            found = (row.finding or "da esaminare", row.practice_id or "")
            yield _line("pagamento", flow, row.amount_cents, *named, *found)
        state = "riconciliato" if flow.reconciled else "non riconciliato"
        yield _line("totale flusso", flow, flow.total_cents, credit=state)
        yield _line("accredito bancario", flow, flow.credited_cents, credit=flow.credit_reference or "")
    yield ["totale giorno", *[""] * 10, spreadsheets.euro(told.total_cents)]
    yield ["totale accrediti", *[""] * 10, spreadsheets.euro(told.credited_cents)]
    yield ["differenza", *[""] * 10, spreadsheets.euro(told.total_cents - told.credited_cents)]


def _line(kind: str, flow: DayFlow, amount_cents: int, *found: object, credit: str = "") -> list[str]:
    texts = [kind, flow.settled_on.isoformat(), flow.flow_id, flow.sender, *(found or [""] * 6), credit]
    return [*(spreadsheets.harmless(str(value)) for value in texts), spreadsheets.euro(amount_cents)]
