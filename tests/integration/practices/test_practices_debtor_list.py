"""A citizen's list: narrowed, ordered, page after page, with plans as one, and what it comes to."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chassis.storage.database import Database
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import ListRequest, PaidYearRequest, Practice, PracticeList, TotalsRequest
from contracts.shapes import Beneficiary, Instalment, Viewer
from services.practices.usecases import debtor_list, paid_year
from tests.integration.practices.test_practices_debts import pay

MARIO = Viewer(fiscal_code=FiscalCode("RSSMRA85T10A562S"))
Put = Callable[..., Practice]


def listed(database: Database, now: datetime, **asked: Any) -> PracticeList:
    return debtor_list.list_practices(database, ListRequest(entity_code="PM108", viewer=MARIO, **asked), now)


def references(database: Database, now: datetime, **asked: Any) -> list[str | None]:
    """Return the references that a list shows, page after page of two."""
    found: list[str | None] = []
    cursor = None
    while True:
        page = listed(database, now, cursor=cursor, limit=2, **asked)
        found += [practice.external_id for practice in page.practices]
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.fixture(name="some")
def _some(put: Put, now: datetime) -> None:
    """Five debts, the first the oldest."""
    put("A", amount_cents=300, due_date=date(2026, 12, 1), at=datetime(2025, 12, 31, 22, 59, tzinfo=UTC))
    put("B", amount_cents=100, due_date=date(2026, 11, 30), at=datetime(2025, 12, 31, 23, tzinfo=UTC))
    put("C", amount_cents=200, due_date=None, description="Certificato di Università 100%")
    student = Beneficiary(full_name="Rossi Niccolò", course="Flauto", school="Media", contribution_type="Retta")
    more = {"service_code": "CONTRIB_IT", "beneficiary": student, "description": "Retta"}
    put("D", amount_cents=2500, due_date=date(2027, 1, 31), **more)
    put("E", amount_cents=100, due_date=date(2026, 11, 20))


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, "EDCBA"),
        ({"order": "oldest"}, "ABCDE"),
        ({"order": "due_soonest"}, "EBADC"),
        ({"order": "due_latest"}, "CDABE"),
        ({"order": "greatest"}, "DACEB"),
        ({"order": "smallest"}, "BECAD"),
        ({"order": "smallest", "states": ["to_pay", "paid"]}, "BECAD"),
        ({"order": "due_soonest", "states": ["paid"]}, ""),
        ({"service_code": "CONTRIB_IT"}, "D"),
        ({"service_code": "x\x00"}, ""),
        ({"year": 2025}, "A"),
        ({"year": 2026, "order": "greatest"}, "DCEB"),
        ({"due_from": date(2026, 11, 23), "due_until": date(2026, 12, 23)}, "BA"),
        ({"due_from": date(2026, 11, 23), "due_until": date(2026, 12, 23), "order": "due_soonest"}, "BA"),
        ({"due_until": date(2026, 11, 22)}, "E"),
        ({"due_from": date(2026, 1, 1), "order": "due_latest"}, "DABE"),
        ({"text": "universita CERT"}, "C"),
        ({"text": "100%"}, "C"),
        ({"text": "_"}, ""),
        ({"text": "niccolo"}, "D"),
        ({"text": "tari", "order": "due_soonest"}, "EBA"),
        ({"text": "tari 2027"}, ""),
    ],
)
def test_a_list_is_narrowed_and_ordered_page_after_page(
    database: Database, now: datetime, asked: dict[str, Any], shown: str
) -> None:
    assert references(database, now, **asked) == [*shown]


@pytest.mark.usefixtures("some")
def test_a_number_is_found_by_its_digits_however_they_are_grouped(database: Database, now: datetime) -> None:
    practice = listed(database, now).practices[0]
    assert references(database, now, text=practice.notice_number.grouped) == ["E"]
    assert references(database, now, text=practice.iuv) == ["E"]


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("made_by", "used_by"), [("newest", "greatest"), ("greatest", "newest"), ("greatest", "due_latest")]
)
def test_a_cursor_of_another_order_is_refused(database: Database, now: datetime, made_by: str, used_by: str) -> None:
    cursor = listed(database, now, order=made_by, limit=1).next_cursor
    with pytest.raises(Refused) as refused:
        listed(database, now, order=used_by, cursor=cursor)
    assert refused.value.code is ErrorCode.INVALID_REQUEST


@pytest.fixture(name="plan")
def _plan(put: Put) -> None:
    """A debt, a plan of five instalments whose references tell it, and one of three that the entity calls so."""
    put("A")
    for number in range(1, 6):
        instalment = Instalment(number=number, total=5)
        put(f"R-{number}", instalment=instalment, amount_cents=1000 * number, due_date=date(2026, 6 + number, 1))
    for number in range(1, 4):
        more = {"debt_position": "MENSA", "option": "rate", "instalment": Instalment(number=number, total=3)}
        put(f"M{number}", **more)
    put("M0", debt_position="MENSA", option="unica")


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize("limit", [1, 2, 20])
def test_a_plan_is_listed_once_with_all_of_its_instalments(database: Database, now: datetime, limit: int) -> None:
    shown: list[str | None] = []
    plans: dict[str | None, list[str | None]] = {}
    cursor = None
    while True:
        page = listed(database, now, with_plans=True, limit=limit, cursor=cursor)
        by_id = {practice.id: practice.external_id for practice in page.practices}
        shown += by_id.values()
        plans |= {by_id[plan.practice_id]: [one.external_id for one in plan.practices] for plan in page.plans}
        cursor = page.next_cursor
        if cursor is None:
            break
    assert shown == ["M0", "M3", "R-5", "A"]
    assert plans == {"M3": ["M1", "M2", "M3"], "R-5": ["R-1", "R-2", "R-3", "R-4", "R-5"]}


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize(
    ("asked", "leader"),
    [
        ({"order": "due_soonest", "text": "tari", "due_from": date(2026, 9, 1)}, "R-3"),
        ({"order": "smallest", "due_until": date(2026, 11, 30)}, "R-1"),
        ({"states": ["paid"]}, "R-2"),
    ],
)
def test_a_plan_stands_by_the_first_instalment_that_the_list_is_narrowed_to(
    database: Database, now: datetime, asked: dict[str, Any], leader: str
) -> None:
    pay(database, listed(database, now, text="R-2").practices[0], now)
    page = listed(database, now, with_plans=True, **asked)
    assert [practice.external_id for practice in page.practices] == [leader]
    assert [len(plan.practices) for plan in page.plans] == [5]


def test_an_instalment_whose_others_are_not_there_is_a_practice_like_any_other(
    database: Database, now: datetime, put: Put
) -> None:
    put("R-2", instalment=Instalment(number=2, total=3))
    page = listed(database, now, with_plans=True)
    assert ([one.external_id for one in page.practices], page.plans) == (["R-2"], [])


def test_what_was_looked_at_in_vain_is_said_and_gone_on_from(
    database: Database, now: datetime, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debtor_list, "LOOKED_AT_MAX", 4)
    for number in range(9):
        put(f"T{number}", description="Rara" if number == 0 else "TARI")
    pages = [listed(database, now, text="rara", limit=2)]
    while pages[-1].next_cursor:
        pages.append(listed(database, now, text="rara", limit=2, cursor=pages[-1].next_cursor))
    assert [len(page.practices) for page in pages] == [0, 0, 1]


def test_totals_are_of_what_is_owed_late_and_paid_in_the_year(database: Database, now: datetime, put: Put) -> None:
    put("LATE", amount_cents=100, due_date=date(2026, 11, 20))
    put("SOON", amount_cents=20, due_date=date(2026, 12, 20))
    pay(database, put("PAID", amount_cents=3), now)
    pay(database, put("BEFORE", amount_cents=4), now - timedelta(days=365))
    asked = TotalsRequest(entity_code="PM108", viewer=MARIO, year=2026)
    totals = debtor_list.totals(database, asked, now)
    assert (totals.unpaid.count, totals.unpaid.cents, totals.unpaid.is_whole) == (2, 120, True)
    assert (totals.overdue.count, totals.overdue.cents) == (1, 100)
    assert (totals.paid.count, totals.paid.cents, totals.paid.is_whole) == (1, 3, True)
    nobodys = debtor_list.totals(database, TotalsRequest(entity_code="PM108", viewer=Viewer(), year=2026), now)
    assert nobodys.unpaid.count == nobodys.paid.count == 0


def test_totals_of_very_many_count_the_newest_unless_all_are_asked_for(
    database: Database, now: datetime, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debtor_list, "TOTALLED_MAX", 2)
    for number in range(3):
        put(f"T{number}", amount_cents=10 ** (number + 1))
    asked = TotalsRequest(entity_code="PM108", viewer=MARIO, year=2026)
    unpaid = debtor_list.totals(database, asked, now).unpaid
    assert (unpaid.cents, unpaid.is_whole) == (1100, False)
    whole = TotalsRequest(entity_code="PM108", viewer=MARIO, year=2026, whole=True)
    unpaid = debtor_list.totals(database, whole, now).unpaid
    assert (unpaid.cents, unpaid.is_whole) == (1110, True)


def test_payments_of_a_year_are_those_that_came_in_it_page_after_page(
    database: Database, now: datetime, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paid_year, "LOOKED_AT_MAX", 2)
    put("OWED")
    for number in range(3):
        pay(database, put(f"P{number}", amount_cents=100 + number), now)
    # Half an hour after midnight in Rome is the year after.
    pay(database, put("AFTER"), datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    pay(database, put("BEFORE"), datetime(2025, 12, 31, 22, 30, tzinfo=UTC))
    amounts: list[int] = []
    cursor = None
    while True:
        request = PaidYearRequest(entity_code="PM108", viewer=MARIO, year=2026, cursor=cursor)
        page = paid_year.paid_year(database, request)
        amounts += [payment.amount_cents for payment in page.payments]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert amounts == [102, 101, 100]
    nobodys = PaidYearRequest(entity_code="PM108", viewer=Viewer(), year=2026)
    assert paid_year.paid_year(database, nobodys).payments == []
