"""Duplicate practices on a real database: only what the viewer may see is compared."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.storage.database import Database
from contracts.rpc import practices
from contracts.rpc.practices import GetManyRequest, InsertRequest
from contracts.shapes import Beneficiary, Instalment, Viewer
from services.practices.usecases import duplicate_search, insertion

MARIO = "RSSMRA85T10A562S"
ANNA = Beneficiary(full_name="Anna Rossi", course="Pianoforte", school="Tastiere", contribution_type="Retta annuale")
CITIZEN_ID = UUID(int=7)


@pytest.fixture
def insert(database: Database, viewer: Callable[..., Viewer], now: datetime) -> Callable[..., UUID]:
    """Insert a fee of 50 euro for Anna, anonymously, from a browser."""
    keys = iter(range(1_000))

    def made(visitor_id: str, **changes: Any) -> UUID:
        request: dict[str, Any] = {
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
        return insertion.insert(database, InsertRequest(**(request | changes)), now).id

    return made


def duplicates(database: Database, viewer: Viewer, *practice_ids: UUID) -> dict[UUID, Sequence[UUID]]:
    request = GetManyRequest(viewer=viewer, practice_ids=practice_ids)
    reply = duplicate_search.duplicates(database, request)
    assert practices.DUPLICATES.reply.validate(practices.DUPLICATES.reply.dump(reply)) == {}
    return {found.practice_id: found.equal_ids for found in reply.equals}


def test_a_debtor_is_told_of_duplicates_newest_first_and_of_no_others(database, viewer, put):
    mario = viewer(citizen_id=CITIZEN_ID, fiscal_code=MARIO)
    first, second, third = (put(f"TARI-{number}").id for number in range(3))
    put("TARI-9", amount_cents=1)
    put("TARI-8", fiscal_code="VRDLCU99L14A662K", full_name="Lucia Verdi")
    assert duplicates(database, mario, first, third) == {first: [third, second], third: [second, first]}


def test_the_instalments_of_a_plan_are_no_duplicates(database, viewer, put):
    mario = viewer(citizen_id=CITIZEN_ID, fiscal_code=MARIO)
    plan = [put(f"RETTA-{number}", instalment=Instalment(number=number, total=2)).id for number in (1, 2)]
    assert duplicates(database, mario, *plan) == {}


def test_who_inserts_anonymously_is_told_only_of_what_this_browser_holds(database, viewer, insert):
    mine, again, strangers = insert("a-browser"), insert("a-browser"), insert("another-browser")
    browser = viewer(visitor_id="a-browser", granted_practice_ids=[mine, again], identified_practice_ids=[mine, again])
    assert duplicates(database, browser, mine) == {mine: [again]}
    assert duplicates(database, browser, strangers) == {}


def test_what_the_viewer_may_not_see_is_not_compared(database, viewer, put):
    first, second = put("TARI-1").id, put("TARI-2").id
    stranger = viewer(visitor_id="a-browser")
    assert duplicates(database, stranger, first, second) == {}
    holder = viewer(visitor_id="a-browser", granted_practice_ids=[first])
    assert duplicates(database, holder, first) == {}
    both = viewer(visitor_id="a-browser", granted_practice_ids=[first, second])
    assert duplicates(database, both, first) == {first: [second]}
