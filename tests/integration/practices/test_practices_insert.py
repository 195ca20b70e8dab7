"""Inserimento spontaneo."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import InsertRequest
from contracts.shapes import Beneficiary, Subject, Viewer
from services.practices.models import IdempotencyKey, PracticeRow
from services.practices.usecases import insertion

MARIO_ID = UUID(int=1)
MARIO = Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Mario Rossi", email="m@posta.example")
SOFIA = Beneficiary(
    full_name="Sofia Rossi",
    course="Violino",
    school="Conservatorio",
    contribution_type="Contributo annuale",
)
Asked = Callable[..., InsertRequest]


@pytest.fixture
def asked(viewer: Callable[..., Viewer]) -> Asked:
    def make(**changed: Any) -> InsertRequest:
        request: dict[str, Any] = {
            "idempotency_key": "form-00000001",
            "entity_code": "PM108",
            "service_code": "BOLLO_IT",
            "viewer": viewer(citizen_id=MARIO_ID, fiscal_code=MARIO.fiscal_code),
            "anonymous": False,
            "debtor": MARIO,
            "beneficiary": None,
            "amount_cents": 1_600,
            "description": "Bollo per il certificato di iscrizione",
        }
        return InsertRequest(**{**request, **changed})

    return make


def refusal(database: Database, request: InsertRequest, now: datetime) -> ErrorCode:
    with pytest.raises(Refused) as refused:
        insertion.insert(database, request, now)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PracticeRow)) == 0
    return refused.value.code


def test_a_citizen_inserts_a_practice_that_can_be_paid_at_once(
    database: Database, now: datetime, asked: Asked, emitted: Callable[[], list[tuple[str, int]]]
) -> None:
    practice = insertion.insert(database, asked(), now)
    assert practices.INSERT.reply.validate(practices.INSERT.reply.dump(practice)) == {}
    assert (practice.state, practice.payable, practice.origin) == ("to_pay", True, "spontaneous")
    assert practice.notice_number.startswith("301")
    assert practice.debtor.full_name == "Mario Rossi"
    assert practice.external_id is None
    assert emitted() == [("PracticeCreated.v1", 1)]


def test_a_double_click_lands_on_the_same_practice_whatever_was_granted_meanwhile(
    database: Database,
    now: datetime,
    asked: Asked,
    viewer: Callable[..., Viewer],
    emitted: Callable[[], list[tuple[str, int]]],
) -> None:
    first = insertion.insert(database, asked(), now)
    again = asked(viewer=viewer(citizen_id=MARIO_ID, fiscal_code=MARIO.fiscal_code, granted_practice_ids=[first.id]))
    assert insertion.insert(database, again, now).id == first.id
    assert len(emitted()) == 1


def test_ten_sends_at_once_make_one_practice(
    database: Database, now: datetime, asked: Asked, emitted: Callable[[], list[tuple[str, int]]]
) -> None:
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda _: insertion.insert(database, asked(), now).id, range(10)))
    assert len(set(made)) == 1
    assert len(emitted()) == 1


def test_the_same_key_with_another_form_is_a_conflict_and_another_payer_may_use_it(
    database: Database, now: datetime, asked: Asked, viewer: Callable[..., Viewer]
) -> None:
    first = insertion.insert(database, asked(), now)
    with pytest.raises(Refused) as refused:
        insertion.insert(database, asked(description="Altro"), now)
    assert refused.value.code is ErrorCode.IDEMPOTENCY_CONFLICT
    luca = replace(MARIO, fiscal_code="VRDLCU99L14A662K")
    other = asked(viewer=viewer(citizen_id=UUID(int=2), fiscal_code=luca.fiscal_code), debtor=luca)
    assert insertion.insert(database, other, now).id != first.id


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"service_code": "PALESTRA"}, ErrorCode.UNKNOWN_SERVICE),
        ({"service_code": "TARI"}, ErrorCode.UNKNOWN_SERVICE),
        ({"entity_code": "PM999"}, ErrorCode.UNKNOWN_ENTITY),
        ({"amount_cents": 0}, ErrorCode.AMOUNT_OUT_OF_RANGE),
        ({"amount_cents": -1_600}, ErrorCode.AMOUNT_OUT_OF_RANGE),
        ({"amount_cents": 100_000_000_000}, ErrorCode.AMOUNT_OUT_OF_RANGE),
        ({"amount_cents": 1_601}, ErrorCode.AMOUNT_NOT_ALLOWED),
        ({"description": None}, ErrorCode.DESCRIPTION_REQUIRED),
        ({"description": "  "}, ErrorCode.DESCRIPTION_REQUIRED),
        ({"description": "x" * 141}, ErrorCode.DESCRIPTION_TOO_LONG),
        ({"description": "a\x00b"}, ErrorCode.INVALID_REQUEST),
        ({"anonymous": True, "beneficiary": SOFIA}, ErrorCode.ANONYMOUS_NOT_ALLOWED),
        ({"debtor": None}, ErrorCode.LOGIN_REQUIRED),
        ({"debtor": replace(MARIO, fiscal_code="VRDLCU99L14A662K")}, ErrorCode.INVALID_REQUEST),
        ({"service_code": "CONTRIB_IT", "amount_cents": 2_500}, ErrorCode.BENEFICIARY_REQUIRED),
        ({"service_code": "BOLLO_ST", "anonymous": True}, ErrorCode.BENEFICIARY_REQUIRED),
        (
            {"service_code": "CONTRIB_IT", "beneficiary": replace(SOFIA, school=" "), "amount_cents": 2_500},
            ErrorCode.BENEFICIARY_REQUIRED,
        ),
        (
            {"service_code": "CONTRIB_IT", "beneficiary": replace(SOFIA, school="S" * 140), "amount_cents": 2_500},
            ErrorCode.DESCRIPTION_TOO_LONG,
        ),
    ],
)
def test_bad_input_is_refused_with_its_code_and_nothing_is_stored(
    database: Database, now: datetime, asked: Asked, changed: dict[str, Any], code: ErrorCode
) -> None:
    assert refusal(database, asked(**changed), now) is code


def test_a_parent_pays_for_a_beneficiary_and_the_causale_is_composed(
    database: Database, now: datetime, asked: Asked
) -> None:
    request = asked(service_code="CONTRIB_IT", beneficiary=SOFIA, amount_cents=7_500, description="ignorata")
    practice = insertion.insert(database, request, now)
    with database.reading() as session:
        (stored,) = session.scalars(select(IdempotencyKey.request_sha256)).all()
    assert stored == "50ade1f6678ec52350b8a0254f9232b12df1431b4a39cc0a0ad9fcb68e8d5751", "as every release has it"
    assert practice.description == "Contributo annuale - Sofia Rossi - Violino - Conservatorio"
    assert practice.debtor.full_name == "Mario Rossi"
    assert practice.beneficiary == SOFIA


def test_a_foreign_student_inserts_without_login_and_is_named_after_the_beneficiary(
    database: Database, now: datetime, asked: Asked, viewer: Callable[..., Viewer]
) -> None:
    request = asked(
        service_code="BOLLO_ST",
        viewer=viewer(visitor_id="browser-0001"),
        anonymous=True,
        debtor=None,
        beneficiary=SOFIA,
        description=None,
    )
    practice = insertion.insert(database, request, now)
    assert practice.debtor.fiscal_code == "ANONIMO"
    assert practice.debtor.full_name == "Sofia Rossi"
    assert practice.payable
