"""Debts whose amount changes with the days: which schedules are taken, from where, and what is shown of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from contracts.amounts import AmountSchedule
from contracts.codes import AmountCents, CreditorFiscalCode
from contracts.errors import ErrorCode, Refused
from services.practices.debt_file import files as debt_file
from services.practices.debt_file.columns import COLUMNS, OPTIONAL_COLUMNS, SCHEDULE_COLUMNS
from services.practices.debt_file.remedies import remedy_of
from services.practices.debt_file.rows import Row
from services.practices.domain import display, practice_status
from services.practices.domain.debt_rules import ServiceRules
from services.practices.domain.practice_status import (
    AmountDue,
    EndedCheckout,
    Ending,
    Facts,
    PracticeStatus,
    Receipt,
    payment_confirmed,
)
from services.practices.domain.states import State
from services.practices.domain.transfers import Share

DUE = date(2027, 4, 30)
SHARE = Share(
    fiscal_code=CreditorFiscalCode("01234567890"),
    company_name="Regione",
    iban="IT60X0542811101000000123456",
    category="9/0601101TS/",
    amount_cents=AmountCents(3_000),
)
PENALTY = AmountSchedule(reduced_cents=AmountCents(7_000), reduced_days=5, notified_on=date(2027, 3, 1))
REDUCED_DAY = datetime(2027, 3, 2, 12, tzinfo=UTC)
FULL_DAY = datetime(2027, 3, 20, 12, tzinfo=UTC)
AMOUNT_DUE = AmountDue(10_000, None, DUE, PENALTY)
EXAMPLES = Path(__file__).parents[3] / "sandbox" / "data" / "debts_changing_amounts.csv"
COLUMN_OF = dict(SCHEDULE_COLUMNS)
CELLS = {
    "codice_debito": "V-1",
    "servizio": "TARI",
    "codice_fiscale": "RSSMRA85T10A562S",
    "cognome_nome": "Rossi Mario",
    "causale": "Verbale",
    "importo": "100,00",
    "scadenza": "30/04/2027",
}


def read(**cells: str) -> Row:
    names = [*COLUMNS, *(name for name in OPTIONAL_COLUMNS if name in cells)]
    values = CELLS | cells
    content = "\n".join([";".join(names), ";".join(values.get(name, "") for name in names)])
    [row] = debt_file.read(content.encode(), {"TARI": ServiceRules("TARI")})
    return row


def refused_field(schedule: AmountSchedule, due_date: date | None = DUE, shares: tuple[Share, ...] = ()) -> str:
    with pytest.raises(Refused) as refusal:
        ServiceRules("TARI", shares=shares).checked_schedule(schedule, 10_000, due_date)
    assert refusal.value.code is ErrorCode.SCHEDULE_NOT_ALLOWED
    return str(refusal.value.params["field"])


def test_a_schedule_that_says_nothing_is_none() -> None:
    assert ServiceRules("TARI").checked_schedule(AmountSchedule(), 10_000, None) is None


def test_a_debt_without_a_schedule_has_its_services_where_that_fits() -> None:
    late = AmountSchedule(surcharge_cents=AmountCents(500))
    service = ServiceRules("TARI", schedule=late)
    assert service.checked_schedule(None, 10_000, DUE) == late
    assert service.checked_schedule(None, 10_000, None) is None
    assert service.checked_schedule(PENALTY, 10_000, DUE) == PENALTY


def test_the_day_that_stands_for_none_is_not_printed_either() -> None:
    far = date(2099, 12, 31)
    assert ServiceRules("TARI").checked_schedule(AmountSchedule(printed_date=far), 10_000, None) is None
    kept = ServiceRules("TARI").checked_schedule(replace(PENALTY, printed_date=far), 10_000, DUE)
    assert kept == PENALTY


@pytest.mark.parametrize(
    ("schedule", "due_date", "field"),
    [
        (replace(PENALTY, reduced_cents=AmountCents(10_000)), DUE, "reduced_cents"),
        (replace(PENALTY, reduced_days=None), DUE, "reduced_days"),
        (AmountSchedule(reduced_days=5), DUE, "reduced_days"),
        (AmountSchedule(notified_on=DUE), DUE, "notified_on"),
        (AmountSchedule(surcharge_cents=AmountCents(500)), None, "valid_until"),
        (AmountSchedule(interest_basis_points=250), None, "valid_until"),
    ],
)
def test_a_schedule_that_does_not_fit_names_its_field(
    schedule: AmountSchedule, due_date: date | None, field: str
) -> None:
    assert refused_field(schedule, due_date) == field


def test_a_reduced_amount_leaves_something_beside_other_entities_shares() -> None:
    assert refused_field(replace(PENALTY, reduced_cents=AmountCents(3_000)), shares=(SHARE,)) == "reduced_cents"
    kept = replace(PENALTY, reduced_cents=AmountCents(3_001))
    assert ServiceRules("TARI", shares=(SHARE,)).checked_schedule(kept, 10_000, DUE) == kept


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        (AmountSchedule(surcharge_cents=AmountCents(500)), "surcharge_cents"),
        (AmountSchedule(interest_basis_points=250), "interest_basis_points"),
    ],
)
def test_what_is_added_needs_a_share_of_ours_to_be_added_to(schedule: AmountSchedule, field: str) -> None:
    others = (replace(SHARE, amount_cents=AmountCents(10_000)),)
    assert refused_field(schedule, shares=others) == field


def test_a_date_of_another_century_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        ServiceRules("TARI").checked_schedule(AmountSchedule(printed_date=date(206, 3, 1)), 10_000, DUE)
    assert refusal.value.code is ErrorCode.INVALID_DATE


def test_a_debt_file_takes_the_schedule_in_columns_of_its_own() -> None:
    row = read(
        importo_ridotto="70,00",
        giorni_ridotto="5",
        data_notifica="01/03/2027",
        importo_valido_fino="31/03/2027",
        mora="€ 5,00",
        interessi_annui="2,5%",
        data_stampata="31/03/2027",
    )
    assert row.debt is not None
    assert row.debt.schedule == AmountSchedule(
        reduced_cents=AmountCents(7_000),
        reduced_days=5,
        notified_on=date(2027, 3, 1),
        valid_until=date(2027, 3, 31),
        surcharge_cents=AmountCents(500),
        interest_basis_points=250,
        printed_date=date(2027, 3, 31),
    )


def test_a_debt_file_without_these_columns_or_with_empty_ones_has_no_schedule() -> None:
    for cells in ({}, {"mora": "", "data_notifica": ""}):
        row = read(**cells)
        assert row.debt is not None
        assert row.debt.schedule is None


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"importo_ridotto": "100,00", "giorni_ridotto": "5"}, "schedule_not_allowed", "importo_ridotto"),
        ({"importo_ridotto": "70,00"}, "schedule_not_allowed", "giorni_ridotto"),
        ({"giorni_ridotto": "5"}, "schedule_not_allowed", "giorni_ridotto"),
        ({"data_notifica": "01/03/2027"}, "schedule_not_allowed", "data_notifica"),
        ({"mora": "5,00", "scadenza": ""}, "schedule_not_allowed", "importo_valido_fino"),
        ({"giorni_ridotto": "366", "importo_ridotto": "70,00"}, "invalid_request", "giorni_ridotto"),
        ({"mora": "cinque"}, "invalid_amount", "mora"),
        ({"interessi_annui": "0"}, "amount_out_of_range", "interessi_annui"),
        ({"interessi_annui": "100,01"}, "amount_out_of_range", "interessi_annui"),
        ({"interessi_annui": "poco"}, "invalid_amount", "interessi_annui"),
        ({"data_stampata": "31/02/2027"}, "invalid_date", "data_stampata"),
        ({"importo_valido_fino": "#N/D"}, "spreadsheet_value", "importo_valido_fino"),
    ],
)
def test_a_wrong_cell_of_the_schedule_is_refused_with_its_column_and_a_remedy(
    cells: dict[str, str], code: str, column: str
) -> None:
    row = read(**cells)
    assert (row.debt, row.code, row.column) == (None, code, column)
    assert remedy_of(code, column)


def test_a_column_that_nobody_knows_is_still_a_wrong_header() -> None:
    with pytest.raises(Refused) as refusal:
        debt_file.read(f"{';'.join(COLUMNS)};sconto\n".encode(), {})
    assert refusal.value.code is ErrorCode.IMPORT_WRONG_HEADER


def test_the_sandbox_has_a_debt_of_each_kind() -> None:
    services = {code: ServiceRules(code) for code in ("TARI", "RETTA")}
    schedules = [row.debt.schedule for row in debt_file.read(EXAMPLES.read_bytes(), services) if row.debt]
    assert [(s is not None and s.reduced_days, s and s.interest_basis_points) for s in schedules] == [
        (60, None),
        (None, 250),
        (None, None),
    ]
    assert schedules[2] is not None
    assert schedules[2].printed_date == date(2098, 6, 30)


def status(state: State = State.TO_PAY, **facts: Any) -> PracticeStatus:
    return PracticeStatus(state, Facts(**facts))


def test_the_amount_shown_is_that_of_today_with_its_last_day_and_what_follows() -> None:
    shown = display.amount_shown(status(), AMOUNT_DUE, REDUCED_DAY)
    assert (shown.cents, shown.until, len(shown.periods)) == (7_000, date(2027, 3, 6), 2)
    later = display.amount_shown(status(), AMOUNT_DUE, FULL_DAY)
    assert (later.cents, later.until, later.periods) == (10_000, None, ())


def test_what_was_paid_or_has_ended_shows_what_was_owed_then_for_ever() -> None:
    paid = status(State.PAID, receipts={"r": Receipt(REDUCED_DAY, 7_000)})
    cancelled = status(State.CANCELLED, cancelled=Ending(REDUCED_DAY, "annulled"))
    for one in (paid, cancelled):
        assert display.amount_shown(one, AMOUNT_DUE, FULL_DAY) == display.ShownAmount(AmountCents(7_000))


def test_a_receipt_is_compared_with_what_was_owed_when_it_was_paid() -> None:
    in_time = payment_confirmed(status(), "r", Receipt(REDUCED_DAY, 7_000), AMOUNT_DUE)
    assert in_time.state is State.PAID
    assert not practice_status.unexpected_money(in_time, AMOUNT_DUE)
    late = payment_confirmed(status(), "r", Receipt(FULL_DAY, 7_000), AMOUNT_DUE)
    assert late.state is State.UNDERPAID
    assert practice_status.missing_cents(late.facts, AMOUNT_DUE) == 3_000


def test_what_is_missing_is_told_by_the_first_payment_in_whatever_order_they_come() -> None:
    first, rest = Receipt(REDUCED_DAY, 6_000), Receipt(FULL_DAY, 1_000)
    for order in ([("a", first), ("b", rest)], [("b", rest), ("a", first)]):
        after = status()
        for receipt_id, receipt in order:
            after = payment_confirmed(after, receipt_id, receipt, AMOUNT_DUE)
        assert after.state is State.PAID, order
        assert practice_status.missing_cents(after.facts, AMOUNT_DUE) == 0


def test_who_paid_in_the_half_hour_after_the_last_reduced_day_owed_the_reduced_amount() -> None:
    midnight = datetime(2027, 3, 6, 23, tzinfo=UTC)
    ended = {UUID(int=1): EndedCheckout(midnight, "timed_out")}
    after = payment_confirmed(
        status(ended_checkouts=ended), "r", Receipt(midnight + timedelta(minutes=29), 7_000), AMOUNT_DUE
    )
    assert after.state is State.PAID
