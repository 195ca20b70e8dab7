"""Statistics on real tables: by the day in Italy, of one entity, and every figure the sum of the rows it opens to."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.errors import Refused
from contracts.rpc import statistics as contract
from contracts.shapes import OptionPart, Subject
from services.payments import models
from services.payments.domain.books import Bookkeeping
from services.payments.domain.receipts import ReceiptDetails
from services.payments.usecases import statistics

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MADE = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
DEBTOR = Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Mario Rossi")


def add_position(database: Any, number: int, service_code: str | None = "TARI", **changes: Any) -> UUID:
    practice_id = UUID(int=number)
    values = {
        "practice_id": practice_id,
        "entity_code": "PM108",
        "creditor_fiscal_code": "80012345676",
        "notice_number": f"3010000000000{number:05d}",
        "iuv": f"010000000000{number:05d}",
        "status": "open",
        "sequence": 1,
        "terms_sequence": 1,
        "amount_cents": 1000,
        "bookkeeping": Bookkeeping(service_code=service_code) if service_code else None,
        "created_at": MADE,
        **changes,
    }
    with database.transaction() as tx:
        tx.session.add(models.Position(**values))
    return practice_id


def add_receipt(database: Any, number: int, practice_id: UUID | None, paid_at: datetime, **changes: Any) -> None:
    details = ReceiptDetails(company_name="Ente", description="x", debtor=DEBTOR, transfers=[])
    values = {
        "receipt_id": f"r-{number}",
        "creditor_fiscal_code": "80012345676",
        "owner_fiscal_code": "80012345676",
        "notice_number": f"3010000000000{number:05d}",
        "iuv": f"010000000000{number:05d}",
        "entity_code": "PM108",
        "practice_id": practice_id,
        "judgement": "expected",
        "outcome": "OK",
        "amount_cents": 1000,
        "own_share_cents": 1000,
        "paid_at": paid_at,
        "psp_id": "PSP",
        "psp_name": "Banca",
        "payment_method": "cash",
        "details": details,
        "raw_xml": "<x/>",
        "received_at": paid_at,
        "judged_at": paid_at,
        **changes,
    }
    with database.transaction() as tx:
        tx.session.add(models.Receipt(**values))


def period(database: Any, **changes: Any) -> contract.PeriodStatistics:
    asked = {"entity_code": "PM108", "since": date(2026, 1, 1), "until": date(2026, 12, 31), **changes}
    return statistics.of_period(database, contract.PeriodRequest(**asked))


def rows(database: Any, kind: str, **changes: Any) -> list[contract.StatisticRow]:
    """All pages of what a figure is made of, a row each."""
    asked = {"entity_code": "PM108", "since": date(2026, 1, 1), "until": date(2026, 12, 31), "kind": kind, **changes}
    found: list[contract.StatisticRow] = []
    after = None
    while True:
        page = statistics.rows(database, contract.RowsRequest(**asked, after=after, limit=1), NOW)
        found += page.rows
        if page.next_after is None:
            return found
        after = page.next_after


def late(database: Any, **changes: Any) -> list[tuple[str, int, int, int]]:
    found = statistics.overdue(database, contract.OverdueRequest(entity_code="PM108", **changes), NOW)
    assert found.today == date(2026, 11, 20)
    return [(one.service_code, one.days_from, one.count, one.cents) for one in found.cells]


def test_money_is_counted_by_service_month_and_channel_by_the_day_in_italy(database: Any) -> None:
    tari, bollo = add_position(database, 1), add_position(database, 2, "BOLLO")
    add_receipt(database, 1, tari, datetime(2026, 3, 31, 21, 59, tzinfo=UTC))
    add_receipt(database, 2, tari, datetime(2026, 3, 31, 22, 0, tzinfo=UTC))  # in Italy it is April
    add_receipt(database, 3, bollo, datetime(2026, 4, 2, tzinfo=UTC), checkout_id=UUID(int=9), own_share_cents=600)
    add_receipt(database, 4, None, datetime(2026, 4, 3, tzinfo=UTC), payment_method=None)
    add_receipt(database, 5, tari, datetime(2025, 12, 31, 22, 59, tzinfo=UTC))
    add_receipt(database, 6, tari, datetime(2026, 4, 3, tzinfo=UTC), judgement="no_money", own_share_cents=0)
    add_receipt(database, 7, tari, datetime(2026, 4, 3, tzinfo=UTC), entity_code="PM200")
    add_receipt(database, 8, tari, datetime(2026, 4, 3, tzinfo=UTC), judgement=None, judged_at=None)
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    found = [(one.service_code, one.month, one.channel, one.count, one.cents) for one in period(database).collected]
    assert found == [
        ("-", april, "-", 1, 1000),
        ("BOLLO", april, "portal", 1, 600),
        ("TARI", march, "cash", 1, 1000),
        ("TARI", april, "cash", 1, 1000),
    ]


def test_every_figure_is_the_sum_of_the_rows_it_opens_to(database: Any) -> None:
    for number in range(1, 13):
        practice = add_position(
            database,
            number,
            "TARI" if number % 3 else None,
            first_paid_at=MADE + timedelta(days=10 * number),
            paid_at=MADE + timedelta(days=10 * number),
            paid_receipt_id=f"r-{number}",
            received_cents=1000 + number,
        )
        paid_at = MADE + timedelta(days=10 * number)
        channel = {"checkout_id": UUID(int=number)} if number % 2 else {}
        add_receipt(database, number, practice, paid_at, own_share_cents=1000 + number, **channel)
    found = period(database)
    assert sum(one.count for one in found.collected) == 12
    for one in found.collected:
        opened = rows(database, "collected", service_code=one.service_code, month=one.month, channel=one.channel)
        assert (len(opened), sum(row.cents for row in opened)) == (one.count, one.cents)
    assert sum(one.count for one in found.days_to_pay) == 12
    for cell in found.days_to_pay:
        opened = rows(database, "days_to_pay", service_code=cell.service_code, days_from=cell.days_from)
        assert (len(opened), sum(row.cents for row in opened)) == (cell.count, cell.cents)
        assert all((row.days or 0) >= cell.days_from for row in opened)


def test_days_to_pay_are_days_in_italy_and_their_median_is_told(database: Any) -> None:
    made = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)  # in Italy half past eleven of the same day
    for number, minutes in ((1, 5), (2, 40), (3, 60 * 24 * 8)):
        paid_at = made + timedelta(minutes=minutes)
        add_position(database, number, created_at=made, first_paid_at=paid_at, paid_at=paid_at, received_cents=1000)
    found = period(database)
    assert [(one.days_from, one.count) for one in found.days_to_pay] == [(0, 1), (1, 1), (8, 1)]
    assert found.median_days == 1
    assert period(database, since=date(2027, 1, 1), until=date(2027, 1, 31)).median_days is None


def test_what_was_paid_before_it_was_counted_in_parts_counts_as_a_whole(database: Any) -> None:
    add_position(database, 1, paid_at=MADE + timedelta(days=2), paid_receipt_id="r")
    (cell,) = period(database).days_to_pay
    assert (cell.days_from, cell.count, cell.cents) == (1, 1, 1000)


def test_late_is_what_is_unpaid_wanted_and_due_before_today(database: Any) -> None:
    today = date(2026, 11, 20)
    add_position(database, 1, due_date=today - timedelta(days=1))
    add_position(database, 2, due_date=today)
    add_position(database, 3, due_date=None)
    add_position(database, 4, due_date=today - timedelta(days=40), paid_receipt_id="r", paid_at=NOW)
    add_position(database, 5, due_date=today - timedelta(days=40), status="cancelled")
    add_position(database, 6, due_date=today - timedelta(days=40), payable_until=today - timedelta(days=1))
    add_position(database, 7, due_date=today - timedelta(days=40), payable_until=today)
    add_position(database, 8, due_date=today - timedelta(days=400), entity_code="PM200")
    add_position(database, 9, "BOLLO", due_date=today - timedelta(days=366), amount_cents=77)
    assert late(database) == [("BOLLO", 366, 1, 77), ("TARI", 1, 1, 1000), ("TARI", 31, 1, 1000)]
    assert late(database, service_codes=["BOLLO"]) == [("BOLLO", 366, 1, 77)]
    assert late(database, service_codes=[]) == []
    assert [(row.days, row.due_date) for row in rows(database, "overdue", service_code="TARI")] == [
        (40, today - timedelta(days=40)),
        (1, today - timedelta(days=1)),
    ]


def test_of_a_debt_position_only_the_cheapest_way_is_late(database: Any) -> None:
    def part(option: str) -> dict[str, Any]:
        return {
            "debt_position": "D-1",
            "part": OptionPart(debt_position="D-1", option=option),
            "due_date": date(2026, 11, 1),
        }

    add_position(database, 1, amount_cents=1000, **part("single"))
    add_position(database, 2, amount_cents=600, **part("plan"))
    add_position(database, 3, amount_cents=600, **part("plan"))
    assert late(database) == [("TARI", 1, 1, 1000)]


def test_a_period_is_a_year_at_most_and_no_page_begins_with_nonsense(database: Any) -> None:
    since = date(2024, 1, 1)
    period(database, since=since, until=since + timedelta(days=365))
    for until in (since + timedelta(days=366), since - timedelta(days=1)):
        with pytest.raises(Refused, match="invalid_request"):
            period(database, since=since, until=until)
    for after in ("", "x", "2026-01-01_x", "2026-13-01_1", "_"):
        asked = contract.RowsRequest(entity_code="PM108", since=since, until=since, kind="collected", after=after)
        with pytest.raises(Refused, match="invalid_request"):
            statistics.rows(database, asked, NOW)
