"""Equal practices on a real database: only what the viewer may see is compared."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.storage.database import Database
from contracts.rpc import practices
from services.practices.usecases import duplicate_search, insertion

MARIO = "RSSMRA85T10A562S"
ANNA = {"full_name": "Anna Rossi", "course": "Pianoforte", "school": "Tastiere", "contribution_type": "Retta annuale"}
CITIZEN_ID = UUID(int=7)


@pytest.fixture
def insert(database: Database, viewer: Callable[..., dict[str, Any]], now: datetime) -> Callable[..., UUID]:
    """Insert a fee of 50 euro for Anna, anonymously, from a browser."""
    keys = iter(range(1_000))

    def made(visitor_id: str, **changes: Any) -> UUID:
        request = {
            "idempotency_key": f"insert-{next(keys)}",
            "entity_code": "PM108",
            "service_code": "CONTRIB_ST",
            "viewer": viewer(visitor_id=visitor_id),
            "anonymous": True,
            "debtor": None,
            "beneficiary": ANNA,
            "amount_cents": 5000,
            "description": None,
        }
        practice_id: UUID = insertion.insert(database, request | changes, now)["id"]
        return practice_id

    return made


def equals(database: Database, viewer: dict[str, Any], *practice_ids: UUID) -> dict[UUID, list[UUID]]:
    reply = duplicate_search.equals(database, {"viewer": viewer, "practice_ids": list(practice_ids)})
    assert practices.DUPLICATES.reply.validate(practices.DUPLICATES.reply.dump(reply)) == {}
    return {found["practice_id"]: found["equal_ids"] for found in reply["equals"]}


def test_a_debtor_is_told_of_equal_debts_newest_first_and_of_no_others(database, viewer, put):
    mario = viewer(citizen_id=CITIZEN_ID, fiscal_code=MARIO)
    first, second, third = (put(f"TARI-{number}")["id"] for number in range(3))
    put("TARI-9", amount_cents=1)
    put("TARI-8", fiscal_code="VRDLCU99L14A662K", full_name="Lucia Verdi")
    assert equals(database, mario, first, third) == {first: [third, second], third: [second, first]}


def test_the_instalments_of_a_plan_are_not_equal(database, viewer, put):
    mario = viewer(citizen_id=CITIZEN_ID, fiscal_code=MARIO)
    plan = [put(f"RETTA-{number}", instalment={"number": number, "total": 2})["id"] for number in (1, 2)]
    assert equals(database, mario, *plan) == {}


def test_who_inserts_anonymously_is_told_only_of_what_this_browser_holds(database, viewer, insert):
    mine, again, strangers = insert("a-browser"), insert("a-browser"), insert("another-browser")
    browser = viewer(visitor_id="a-browser", granted_practice_ids=[mine, again], identified_practice_ids=[mine, again])
    assert equals(database, browser, mine) == {mine: [again]}
    assert equals(database, browser, strangers) == {}


def test_what_the_viewer_may_not_see_is_not_compared(database, viewer, put):
    first, second = put("TARI-1")["id"], put("TARI-2")["id"]
    stranger = viewer(visitor_id="a-browser")
    assert equals(database, stranger, first, second) == {}
    holder = viewer(visitor_id="a-browser", granted_practice_ids=[first])
    assert equals(database, holder, first) == {}
    both = viewer(visitor_id="a-browser", granted_practice_ids=[first, second])
    assert equals(database, both, first) == {first: [second]}
