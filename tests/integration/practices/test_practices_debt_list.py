"""What an entity's own software is shown of its practices: one by its reference, a period of them in pages."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import AnnulRequest, DebtGetRequest, DebtListRequest, InsertRequest, Practice
from contracts.shapes import Beneficiary, Viewer
from services.practices.usecases import catalogue, debts, insertion, queries
from tests.integration.practices.conftest import CATALOGUE

Put = Callable[..., Practice]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def listed(database: Database, now: datetime, **asked: Any) -> list[str | None]:
    """Follow the cursor to the end, and return the references."""
    found: list[str | None] = []
    cursor = None
    while True:
        request = DebtListRequest(entity_code="PM108", cursor=cursor, **asked)
        page = queries.list_debts(database, request, now)
        assert len(page.practices) <= request.limit
        found += [practice.external_id for practice in page.practices]
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_a_debt_is_shown_by_its_reference_with_the_account_it_is_booked_under(
    database: Database, put: Put, now: datetime
) -> None:
    put("RETTA-1", service_code="RETTA", amount_cents=15_000)
    shown = queries.debt(database, DebtGetRequest(entity_code="PM108", external_id="RETTA-1"), now)
    [service] = [one for one in CATALOGUE["entities"][0]["services"] if one["code"] == "RETTA"]
    assert (shown.external_id, shown.accounting_code) == ("RETTA-1", service["accounting_code"])
    assert shown.debtor.full_name == "Rossi Mario"


@pytest.mark.parametrize(("entity", "external_id"), [("PM108", "nobody-s"), ("PM200", "TARI-1")])
def test_a_debt_of_nobody_or_of_another_entity_is_not_found(
    database: Database, put: Put, now: datetime, entity: str, external_id: str
) -> None:
    put("TARI-1")
    with pytest.raises(Refused) as refused:
        queries.debt(database, DebtGetRequest(entity_code=entity, external_id=external_id), now)
    assert refused.value.code is ErrorCode.PRACTICE_NOT_FOUND


def test_the_pages_of_a_period_hold_each_practice_once_oldest_first(
    database: Database, put: Put, now: datetime
) -> None:
    for number in range(7):
        put(f"TARI-{number}", at=now + number // 3 * HOUR)  # several of one moment
    put("OTHER", entity_code="PM200")
    assert listed(database, now, limit=2) == [f"TARI-{number}" for number in range(7)]


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(
    database: Database, put: Put, now: datetime
) -> None:
    for number in range(4):
        put(f"TARI-{number}", at=now + number * DAY)
    assert listed(database, now, since=now + DAY, until=now + 3 * DAY) == ["TARI-1", "TARI-2"]


def test_a_list_is_of_one_service_state_or_origin_where_asked(database: Database, put: Put, now: datetime) -> None:
    put("TARI-1")
    put("RETTA-1", service_code="RETTA", at=now + HOUR)
    put("TARI-2", at=now + 2 * HOUR)
    annulled = AnnulRequest(entity_code="PM108", external_id="TARI-2", reason="errore")
    debts.annul_debt(database, annulled, now + 2 * HOUR)
    student = Beneficiary(full_name="Anna Rossi", course="Piano", school="Tastiere", contribution_type="Retta")
    spontaneous = InsertRequest(
        idempotency_key="a-key-of-this-test",
        entity_code="PM108",
        service_code="CONTRIB_IT",
        viewer=Viewer(visitor_id="visitor"),
        anonymous=True,
        beneficiary=student,
        amount_cents=5_000,
    )
    with database.transaction() as tx:
        tx.session.execute(text("UPDATE catalogue_services SET allows_anonymous = true WHERE code = 'CONTRIB_IT'"))
    insertion.insert(database, spontaneous, now + 3 * HOUR)
    assert listed(database, now, service_code="RETTA") == ["RETTA-1"]
    assert listed(database, now, states=["cancelled"]) == ["TARI-2"]
    assert listed(database, now, origin="spontaneous") == [None]
    assert listed(database, now, origin="issued") == ["TARI-1", "RETTA-1", "TARI-2"]
    assert listed(database, now) == ["TARI-1", "RETTA-1", "TARI-2", None]


def test_an_entity_without_practices_has_an_empty_list_and_an_unknown_one_none(
    database: Database, now: datetime
) -> None:
    assert listed(database, now) == []
    with pytest.raises(Refused) as refused:
        queries.list_debts(database, DebtListRequest(entity_code="NOBODY"), now)
    assert refused.value.code is ErrorCode.UNKNOWN_ENTITY


@pytest.mark.parametrize("cursor", ["x", "é", "MjAyNi0xMS0yMyAx", "IDE=", "bm93IDE="])
def test_a_cursor_that_is_none_of_ours_is_refused(database: Database, now: datetime, cursor: str) -> None:
    with pytest.raises(Refused) as refused:
        queries.list_debts(database, DebtListRequest(entity_code="PM108", cursor=cursor), now)
    assert refused.value.code is ErrorCode.INVALID_REQUEST


def test_a_page_is_read_by_the_index_of_the_entity_and_not_by_going_through_the_table(
    database: Database, put: Put, now: datetime
) -> None:
    catalogue.load_catalogue(database, CATALOGUE)
    put("TARI-1")
    asked = "SELECT id FROM practices WHERE entity_code = 'PM108' AND created_at >= now() ORDER BY created_at, place"
    with database.transaction() as tx:
        tx.session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(tx.session.scalars(text(f"EXPLAIN {asked} LIMIT 100")))
    assert "ix_practices_entity" in plan
    assert "Sort" not in plan
