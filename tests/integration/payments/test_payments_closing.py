"""Days of settlement on real tables: what they add up to, closed with open ends only with a note, reopened, audited."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chassis.audit import entries, verification
from contracts.actors import Actor
from contracts.codes import AmountCents
from contracts.errors import Refused
from contracts.rpc import closed_days as contract
from contracts.rpc.audit import AuditRequest
from contracts.rpc.settlement import PutCreditRequest
from services.payments import models
from services.payments.usecases import bank_credits, closed_days

ACTOR = Actor(kind="operator", id="0f0e")
DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def add_flow(database: Any, flow_id: str, *findings: str | None, day: date = DAY, **changes: Any) -> None:
    """Store a flow of rows of 12,34 euro, each found to be this."""
    values = {
        "entity_code": "PM108",
        "creditor_fiscal_code": "80012345676",
        "flow_id": flow_id,
        "flow_at": NOW,
        "revision": 0,
        "regulation_id": "TRN",
        "settled_on": day,
        "sender_id": "BESEITM1",
        "payments_count": len(findings),
        "total_cents": 1234 * len(findings),
        "adds_up": True,
        "current": True,
        "received_at": NOW,
        **changes,
    }
    with database.transaction() as tx:
        flow = models.SettlementFlow(**values)
        tx.session.add(flow)
        tx.session.flush()
        for number, finding in enumerate(findings, start=1):
            tx.session.add(
                models.SettlementRow(
                    flow_row_id=flow.id,
                    iuv=f"{number:017d}",
                    iur=f"{flow_id}-{number}",
                    index=1,
                    amount_cents=1234,
                    outcome=0,
                    paid_on=day,
                    finding=finding,
                )
            )


def add_credit(database: Any, reference: str, amount_cents: int, text: str, actor: Actor | None = None) -> None:
    request = PutCreditRequest(
        entity_code="PM108",
        reference=reference,
        booked_on=DAY,
        amount_cents=AmountCents(amount_cents),
        remittance_text=text,
        actor=actor,
    )
    bank_credits.put_credit(database, request, NOW)


def shown(database: Any, day: date = DAY) -> contract.SettlementDayDetails:
    return closed_days.day_details(database, contract.SettlementDayRequest(entity_code="PM108", day=day))


def close(database: Any, figures: contract.DayFigures, note: str | None = None) -> contract.SettlementDay:
    request = contract.CloseDayRequest(entity_code="PM108", day=DAY, actor=ACTOR, figures=figures, note=note)
    return closed_days.close(database, request, NOW)


def audited(database: Any) -> list[tuple[str, str, str | None]]:
    with database.reading() as session:
        page = entries.page(session, models.AuditEntry, AuditRequest(entity_code="PM108"))
    return [(one.operation, one.subject, one.reason) for one in reversed(page.entries)]


def test_a_day_adds_up_its_flows_rows_and_credits(database: Any) -> None:
    add_flow(database, "F-1", "reported", "reported")
    add_flow(database, "F-2", "unknown", None)
    add_flow(database, "F-3", "reported", day=DAY + timedelta(days=1))
    add_flow(database, "F-4", "reported", entity_code="PM200")
    add_credit(database, "CRO-1", 2468, "/URI/F-1")
    add_credit(database, "CRO-2", 100, "/URI/F-2")
    found = shown(database)
    assert found.day == contract.SettlementDay(
        day=DAY,
        figures=contract.DayFigures(flows_count=2, rows_count=4, total_cents=4936, credited_cents=2568),
        pending_count=1,
        worklist_count=1,
        unreconciled_count=1,
    )
    assert [(flow.flow_id, flow.reconciled) for flow in found.flows] == [("F-1", True), ("F-2", False)]
    assert [(row.flow_id, row.finding) for row in found.worklist_rows] == [("F-2", "unknown")]
    request = contract.SettlementDaysRequest(entity_code="PM108", since=DAY, until=DAY + timedelta(days=30))
    assert [one.day for one in closed_days.days(database, request).days] == [DAY + timedelta(days=1), DAY]


def test_a_period_of_a_year_is_shown_and_a_longer_one_refused(database: Any) -> None:
    until = DAY + timedelta(days=365)
    closed_days.days(database, contract.SettlementDaysRequest(entity_code="PM108", since=DAY, until=until))
    longer = contract.SettlementDaysRequest(entity_code="PM108", since=DAY, until=until + timedelta(days=1))
    with pytest.raises(Refused, match="invalid_request"):
        closed_days.days(database, longer)


def test_rows_that_a_newer_flow_withdrew_are_for_a_human_too(database: Any) -> None:
    add_flow(database, "F-1", "withdrawn", current=False)
    add_flow(database, "F-1", "reported", revision=1)
    found = shown(database)
    assert found.day.worklist_count == 1
    assert [row.finding for row in found.worklist_rows] == ["withdrawn"]
    assert found.day.figures.rows_count == 1


def test_a_day_in_order_is_closed_without_a_note_and_once(database: Any) -> None:
    add_flow(database, "F-1", "reported")
    add_credit(database, "CRO-1", 1234, "/URI/F-1")
    figures = shown(database).day.figures
    closed = close(database, figures)
    assert closed.closing == contract.Closing(closed_at=NOW, actor=ACTOR, note=None, figures=figures)
    assert close(database, figures) == closed
    assert audited(database) == [("settlement.close", "2026-11-20", None)]


@pytest.mark.parametrize("finding", ["unknown", None, "reported"])
def test_with_an_open_end_the_note_says_what_was_done_about_it(database: Any, finding: str | None) -> None:
    add_flow(database, "F-1", finding)  # in order, but without its credit
    figures = shown(database).day.figures
    for nothing in (None, ""):
        with pytest.raises(Refused, match="description_required"):
            close(database, figures, nothing)
    assert shown(database).day.closing is None
    close(database, figures, "Chiesto al PSP")
    assert audited(database) == [("settlement.close", "2026-11-20", "Chiesto al PSP")]


def test_figures_that_have_changed_since_are_not_closed(database: Any) -> None:
    add_flow(database, "F-1", "reported")
    figures = shown(database).day.figures
    add_credit(database, "CRO-1", 1234, "/URI/F-1")
    with pytest.raises(Refused, match="changed_meanwhile"):
        close(database, figures, "Visto")
    assert shown(database).day.closing is None


def test_a_closed_day_keeps_the_figures_it_was_closed_with_and_may_be_closed_anew(database: Any) -> None:
    add_flow(database, "F-1", "reported")
    add_credit(database, "CRO-1", 1234, "/URI/F-1")
    before = shown(database).day.figures
    close(database, before)
    add_flow(database, "F-2", "reported")
    day = shown(database).day
    assert day.closing is not None
    assert (day.closing.figures.total_cents, day.figures.total_cents) == (1234, 2468)
    again = close(database, day.figures, "È arrivato F-2")
    assert again.closing is not None
    assert again.closing.figures == day.figures


def test_a_closing_is_taken_back_with_a_reason(database: Any) -> None:
    def reopen(reason: str) -> contract.SettlementDay:
        request = contract.ReopenDayRequest(entity_code="PM108", day=DAY, actor=ACTOR, reason=reason)
        return closed_days.reopen(database, request, NOW)

    add_flow(database, "F-1", "reported")
    with pytest.raises(Refused, match="settlement_not_found"):
        reopen("Errore")
    close(database, shown(database).day.figures, "Visto")
    with pytest.raises(Refused, match="description_required"):
        reopen("")
    assert reopen("Errore").closing is None
    assert audited(database)[-1] == ("settlement.reopen", "2026-11-20", "Errore")
    assert all(chain.problems == () for chain in verification.verify(database))


def test_a_day_without_flows_does_not_exist_and_none_is_seen_by_another_entity(database: Any) -> None:
    add_flow(database, "F-1", "reported")
    for entity_code, day in (("PM108", DAY + timedelta(days=1)), ("PM200", DAY)):
        with pytest.raises(Refused, match="settlement_not_found"):
            closed_days.day_details(database, contract.SettlementDayRequest(entity_code=entity_code, day=day))


def test_a_credit_that_somebody_registers_or_corrects_is_audited_and_the_same_again_is_not(database: Any) -> None:
    for amount_cents in (1234, 1234, 1235):
        add_credit(database, "CRO-1", amount_cents, "/URI/F-1", ACTOR)
    with database.reading() as session:
        page = entries.page(session, models.AuditEntry, AuditRequest(entity_code="PM108"))
    told = [(one.before, one.after) for one in reversed(page.entries)]
    first = {"amount_cents": 1234, "booked_on": "2026-11-20"}
    assert told == [({}, first), (first, {**first, "amount_cents": 1235})]
