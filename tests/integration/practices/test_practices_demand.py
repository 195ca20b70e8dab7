"""What a citizen asks for at a PSP's counter: one practice per demand while it is owed, refused as the form refuses."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import PaymentConfirmed
from contracts.rpc import practices
from contracts.rpc.practices import DemandRequest, InsertRequest, Position
from contracts.shapes import Stamp
from services.practices.models import IdempotencyKey, OutboxMessage, PracticeRow
from services.practices.usecases import debts, demands, insertion, payment_events

LI_WEI = {"full_name": "Li Wei", "course": "Canto", "school": "Jazz", "contribution_type": "Iscrizione"}


def asked(**changes: Any) -> DemandRequest:
    request = {
        "creditor_fiscal_code": "80012345676",
        "service_id": "00001",
        "subject_id": "PM108",
        "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario",
        "description": "Certificato di iscrizione",
    }
    loaded: DemandRequest = practices.DEMAND.request.load(request | changes)
    return loaded


def paid(database: Database, position: Position) -> None:
    data = PaymentConfirmed(
        receipt_id=uuid4().hex,
        practice_id=position.practice_id,
        entity_code=position.creditor.code,
        creditor_fiscal_code=position.creditor.fiscal_code,
        notice_number=position.notice_number,
        iuv=position.iuv,
        amount_cents=position.amount_cents,
        paid_at=datetime.now(UTC),
        psp_id="ABI12345",
        psp_name="Banca Esempio",
    )
    with database.transaction() as tx:
        payment_events.payment_confirmed(tx, data)


def made(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(PracticeRow)) or 0


def test_a_demand_becomes_a_spontaneous_practice_with_its_event(database: Database, now: datetime) -> None:
    position = demands.demand(database, asked(), now)
    assert practices.DEMAND.reply.validate(practices.DEMAND.reply.dump(position)) == {}
    assert (position.amount_cents, position.origin) == (1_600, "spontaneous")
    assert position.debtor.fiscal_code == "RSSMRA85T10A562S"
    with database.reading() as session:
        [event] = session.scalars(sa.select(OutboxMessage)).all()
    assert (event.type, event.subject) == ("PracticeCreated.v1", str(position.practice_id))


def test_the_same_demand_gets_the_same_practice_until_it_is_paid(database: Database, now: datetime) -> None:
    first, again = (demands.demand(database, asked(), now) for _ in range(2))
    assert again == first
    paid(database, first)
    later = demands.demand(database, asked(fiscal_code="rssmra85t10a562s"), now)
    assert later.practice_id != first.practice_id
    assert demands.demand(database, asked(), now) == later
    assert made(database) == 2


@pytest.mark.parametrize(
    "changes", [{"fiscal_code": "VRDGPP13R10B293P"}, {"description": "Diploma"}, {"full_name": "Rossi Mario Luigi"}]
)
def test_another_demand_gets_another_practice(database: Database, now: datetime, changes: dict[str, Any]) -> None:
    first = demands.demand(database, asked(), now)
    assert demands.demand(database, asked(**changes), now).practice_id != first.practice_id


def test_a_demand_repeated_by_ten_nodes_at_once_is_one_practice(database: Database, now: datetime) -> None:
    with ThreadPoolExecutor(10) as nodes:
        positions = list(nodes.map(lambda _: demands.demand(database, asked(), now), range(10)))
    assert len({position.practice_id for position in positions}) == 1
    assert made(database) == 1


def test_the_causale_is_composed_from_the_beneficiary_and_the_debtor_may_be_anonymous(
    database: Database, now: datetime
) -> None:
    request = asked(service_id="00004", fiscal_code=None, full_name="Li Wei", beneficiary=LI_WEI, amount_cents=30_000)
    position = demands.demand(database, request, now)
    assert position.debtor.fiscal_code == "ANONIMO"
    assert position.description == "Iscrizione - Li Wei - Canto - Jazz"


@pytest.mark.parametrize(
    ("changes", "digest"),
    [
        ({}, "020541ce9b6a0cb3a02b462c0ccc331b0c8f98d70bad9b98313a81cafdb0ce9a"),
        (
            {
                "service_id": "00004",
                "fiscal_code": None,
                "full_name": "Li Wei",
                "beneficiary": LI_WEI,
                "amount_cents": 30_000,
                "description": None,
            },
            "afca6e50105ed01f645b06055bc4e0490f6cf0249c8820d773af9a1e5bfd2b1a",
        ),
    ],
)
def test_a_demand_is_known_by_the_digest_that_earlier_releases_stored(
    database: Database, now: datetime, changes: dict[str, Any], digest: str
) -> None:
    demands.demand(database, asked(**changes), now)
    with database.reading() as session:
        assert session.scalars(sa.select(PracticeRow.demand_digest)).all() == [digest]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"service_id": "99999"}, ErrorCode.UNKNOWN_SERVICE),
        ({"subject_id": "XXXXX"}, ErrorCode.UNKNOWN_SERVICE),
        ({"creditor_fiscal_code": "80098765433"}, ErrorCode.UNKNOWN_SERVICE),
        ({"fiscal_code": "RSSMRA85T10A562X"}, ErrorCode.INVALID_FISCAL_CODE),
        ({"fiscal_code": None}, ErrorCode.ANONYMOUS_NOT_ALLOWED),
        ({"full_name": " "}, ErrorCode.NAME_REQUIRED),
        ({"description": None}, ErrorCode.DESCRIPTION_REQUIRED),
        ({"amount_cents": 1_601}, ErrorCode.AMOUNT_NOT_ALLOWED),
        ({"service_id": "00003"}, ErrorCode.BENEFICIARY_REQUIRED),
        ({"service_id": "00003", "beneficiary": LI_WEI}, ErrorCode.INVALID_AMOUNT),
        ({"service_id": "00003", "beneficiary": LI_WEI, "amount_cents": 2_600}, ErrorCode.AMOUNT_NOT_ALLOWED),
        ({"amount_cents": 10**12}, ErrorCode.AMOUNT_OUT_OF_RANGE),
    ],
)
def test_what_the_form_would_refuse_is_refused_and_makes_nothing(
    database: Database, now: datetime, changes: dict[str, Any], code: ErrorCode
) -> None:
    with pytest.raises(Refused) as refusal:
        demands.demand(database, asked(**changes), now)
    assert refusal.value.code is code
    assert made(database) == 0


STAMP = {"document_hash": "wHpFSLCGZjIvNSXxqtGbxg7275t446DRTk5ZrsdUQ6E=", "province": "MI"}


def stamped(**changes: Any) -> InsertRequest:
    request = {
        "idempotency_key": str(uuid4()),
        "entity_code": "PM108",
        "service_code": "CERT_MBD",
        "viewer": {"citizen_id": str(uuid4()), "fiscal_code": "RSSMRA85T10A562S"},
        "debtor": {"entity_type": "F", "fiscal_code": "RSSMRA85T10A562S", "full_name": "Rossi Mario"},
        "amount_cents": 2_100,
        "description": "Certificato",
        "stamp": STAMP,
    }
    loaded: InsertRequest = practices.INSERT.request.load(request | changes)
    return loaded


def test_a_service_with_a_stamp_takes_the_documents_hash_and_says_that_it_is_paid_only_online(
    database: Database, now: datetime
) -> None:
    practice = insertion.insert(database, stamped(), now)
    assert (practice.online_only, practice.stamp) == (True, Stamp(**STAMP))
    with database.reading() as session:
        [event] = session.scalars(sa.select(OutboxMessage)).all()
    own, stamp = event.body["data"]["transfers"]
    assert (own["amount_cents"], stamp["amount_cents"]) == (500, 1_600)
    assert (stamp["stamp"], stamp["iban"]) == (STAMP, None)


def test_a_key_is_known_by_the_content_that_earlier_releases_stored(database: Database, now: datetime) -> None:
    insertion.insert(database, stamped(), now)
    with database.reading() as session:
        (stored,) = session.scalars(sa.select(IdempotencyKey.request_sha256)).all()
    assert stored == "a01f0bc7f69454a40dd69f1326bd570d18c5ebc73a96238ac6c38681570fdfa1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stamp": None}, ErrorCode.STAMP_REQUIRED),
        ({"service_code": "BOLLO_IT", "amount_cents": 1_600}, ErrorCode.INVALID_REQUEST),
    ],
)
def test_a_stamp_is_needed_where_one_is_sold_and_nowhere_else(
    database: Database, now: datetime, changes: dict[str, Any], code: ErrorCode
) -> None:
    with pytest.raises(Refused) as refusal:
        insertion.insert(database, stamped(**changes), now)
    assert refusal.value.code is code


def test_an_entity_cannot_ask_for_a_stamp_on_a_document_it_does_not_have(database: Database, now: datetime) -> None:
    request = {
        "entity_code": "PM108", "external_id": "X-1", "service_code": "CERT_MBD", "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario", "amount_cents": 2_100, "description": "Certificato",
    }  # fmt: skip
    with pytest.raises(Refused) as refusal:
        debts.put_debt(database, practices.PUT_DEBT.request.load(request), now)
    assert refusal.value.code is ErrorCode.STAMP_REQUIRED


def test_an_issued_debt_of_a_shared_service_goes_to_both_and_stays_so(database: Database, now: datetime) -> None:
    request = {
        "entity_code": "PM108", "external_id": "X-2", "service_code": "ISCRIZIONE", "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario", "amount_cents": 39_000, "description": "Iscrizione",
    }  # fmt: skip
    for _ in range(2):
        practice = debts.put_debt(database, practices.PUT_DEBT.request.load(request), now)
    assert practice.postal_slip is False, "the other entity has no postal account"
    with database.reading() as session:
        [event] = session.scalars(sa.select(OutboxMessage)).all()
    transfers = event.body["data"]["transfers"]
    assert [(part["fiscal_code"], part["amount_cents"]) for part in transfers] == [
        ("80012345676", 25_000),
        ("80098765433", 14_000),
    ]
