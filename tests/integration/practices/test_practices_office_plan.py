"""A plan of instalments that an operator types in: all of it or nothing, once, known as one, and audited."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from chassis.storage.database import Database
from contracts.actors import Actor
from contracts.errors import Refused
from contracts.rpc.audit import AuditRequest
from contracts.rpc.office import FoundPractices, OfficePlanRequest, PlannedInstalment
from contracts.rpc.practices import PlanRequest, Practice
from contracts.shapes import Viewer
from services.practices.usecases import office_plan, office_work, queries

MARIA = Actor(kind="operator", id="00000000-0000-0000-0000-00000000000a")
DAYS = (date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28))
Insert = Callable[..., FoundPractices]


@pytest.fixture(name="insert")
def _insert(database: Database, now: datetime) -> Insert:
    def insert(*amounts: int, days: tuple[date, ...] = DAYS, **changes: Any) -> FoundPractices:
        instalments = [
            PlannedInstalment(amount_cents=cents, due_date=day) for cents, day in zip(amounts, days, strict=False)
        ]
        values: dict[str, Any] = {
            "idempotency_key": "piano-00000001",
            "entity_code": "PM108",
            "actor": MARIA,
            "service_code": "TARI",
            "fiscal_code": "RSSMRA85T10A562S",
            "full_name": "Rossi Mario",
            "description": "TARI 2026 a rate",
            "external_id": "TARI-2026-77",
            "instalments": instalments,
        }
        return office_plan.insert_plan(database, OfficePlanRequest(**{**values, **changes}), now)

    return insert


def refused(attempt: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        attempt()
    return refusal.value.code.value


def test_a_plan_is_made_of_instalments_that_are_known_as_one(
    insert: Insert, database: Database, now: datetime, emitted: Callable[[], list[tuple[str, int]]]
) -> None:
    made = insert(3_334, 3_333, 3_333).practices
    assert [one.external_id for one in made] == ["TARI-2026-77-1", "TARI-2026-77-2", "TARI-2026-77-3"]
    assert [(one.amount_cents, one.due_date) for one in made] == list(zip((3_334, 3_333, 3_333), DAYS, strict=True))
    assert [(one.instalment.number, one.instalment.total) for one in made if one.instalment] == [(1, 3), (2, 3), (3, 3)]
    assert len({one.notice_number for one in made}) == 3
    assert emitted() == [("PracticeCreated.v1", 1)] * 3
    viewer = Viewer(visitor_id="x", granted_practice_ids=[made[1].id], identified_practice_ids=[made[1].id])
    plan = queries.plan(database, PlanRequest(viewer=viewer, practice_id=made[1].id), now)
    assert [one.id for one in plan.practices] == [one.id for one in made]
    audit = office_work.audit(database, AuditRequest(entity_code="PM108")).entries
    assert [(one.operation, one.subject) for one in reversed(audit)] == [
        ("practices.insert", str(one.id)) for one in made
    ]


def test_sent_twice_it_is_made_once(insert: Insert, emitted: Callable[[], list[tuple[str, int]]]) -> None:
    first, second = insert(100, 200), insert(100, 200)
    assert [one.id for one in first.practices] == [one.id for one in second.practices]
    assert len(emitted()) == 2
    assert refused(lambda: insert(100, 201)) == "idempotency_conflict"


def test_without_a_reference_of_the_entitys_it_gets_one(insert: Insert) -> None:
    made = insert(100, 200, external_id=None).practices
    assert [one.external_id for one in made] == [f"UFFICIO-{made[0].notice_number}-{number}" for number in (1, 2)]


def test_what_cannot_be_so_leaves_nothing(
    insert: Insert, put: Callable[..., Practice], emitted: Callable[[], list[tuple[str, int]]]
) -> None:
    put("TARI-2026-77-2")
    assert refused(lambda: insert(100, 200)) == "duplicate_reference"
    assert refused(lambda: insert(100, 0, external_id="A")) == "amount_out_of_range"
    backwards = (DAYS[1], DAYS[0])
    assert refused(lambda: insert(100, 200, days=backwards, external_id="A")) == "invalid_date"
    assert refused(lambda: insert(100, 200, days=(DAYS[0], DAYS[0]), external_id="A")) == "invalid_date"
    assert refused(lambda: insert(100, 200, service_codes=["MENSA"], external_id="A")) == "unknown_service"
    assert refused(lambda: insert(100, 200, external_id="A" * 69)) == "invalid_request"
    assert len(emitted()) == 1
