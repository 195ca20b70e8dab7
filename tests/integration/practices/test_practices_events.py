"""practices as a running service: what payments tells it over RabbitMQ, in any order, more than once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Database
from contracts.codes import CreditorFiscalCode, FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.events.envelope import EventType
from contracts.events.payments import (
    CHECKOUT_ABANDONED,
    CHECKOUT_STARTED,
    PAYMENT_CONFIRMED,
    PAYMENT_DUPLICATED,
    PAYMENT_REPORTED,
    CheckoutAbandoned,
    CheckoutStarted,
    PaymentConfirmed,
    PaymentDuplicated,
    PaymentReported,
)
from contracts.rpc import practices
from contracts.rpc.practices import (
    AnnulRequest,
    DebtRequest,
    EventsRequest,
    FeedItem,
    GetManyRequest,
    Practice,
    SearchRequest,
)
from contracts.shapes import Viewer
from services.practices.models import InboxMessage

# After the practices of these tests were made, however long the suite took to get here.
NOW = datetime.now(UTC) + timedelta(hours=1)
MARIO = Viewer(citizen_id=UUID(int=1), fiscal_code=FiscalCode("RSSMRA85T10A562S"))
Publish = Callable[..., UUID]
Eventually = Callable[..., Any]
Told = tuple[EventType[Any], Any]
"""An event of payments: its type and its data."""


@pytest.fixture
def service(database: Database, run_service: Callable[..., Any]) -> Any:
    return run_service("practices")


def put(rpc: RpcClient, external_id: str, **changed: Any) -> Practice:
    request: dict[str, Any] = {
        "entity_code": "PM108",
        "external_id": external_id,
        "service_code": "RETTA",
        "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario",
        "amount_cents": 14_286,
        "description": "Retta, rata 5 di 7",
    }
    return rpc.call(practices.PUT_DEBT, DebtRequest(**(request | changed)))


def shown(rpc: RpcClient, practice_id: UUID) -> Practice:
    return rpc.call(practices.GET_MANY, GetManyRequest(viewer=MARIO, practice_ids=[practice_id])).practices[0]


def started(practice: Practice, checkout_id: UUID) -> Told:
    return CHECKOUT_STARTED, CheckoutStarted(
        checkout_id=checkout_id,
        entity_code="PM108",
        practice_ids=[practice.id],
        total_cents=practice.amount_cents,
        started_at=NOW,
        open_until=NOW + timedelta(minutes=30),
    )


def abandoned(practice: Practice, checkout_id: UUID) -> Told:
    return CHECKOUT_ABANDONED, CheckoutAbandoned(
        checkout_id=checkout_id,
        entity_code="PM108",
        practice_ids=[practice.id],
        reason="cancelled",
        at=NOW + timedelta(minutes=5),
    )


def confirmed(practice: Practice, receipt_id: str = "R1") -> Told:
    return PAYMENT_CONFIRMED, PaymentConfirmed(
        receipt_id=receipt_id,
        practice_id=practice.id,
        entity_code="PM108",
        creditor_fiscal_code=CreditorFiscalCode("80012345676"),
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        amount_cents=practice.amount_cents,
        paid_at=NOW + timedelta(minutes=10),
        psp_id="ABI12345",
        psp_name="Banca Esempio",
    )


def duplicated(practice: Practice) -> Told:
    return PAYMENT_DUPLICATED, PaymentDuplicated(
        receipt_id="R2",
        practice_id=practice.id,
        entity_code="PM108",
        notice_number=practice.notice_number,
        amount_cents=practice.amount_cents,
        first_receipt_id="R1",
        reason="already_paid",
        at=NOW,
    )


def reported(practice: Practice) -> Told:
    return PAYMENT_REPORTED, PaymentReported(
        practice_id=practice.id,
        entity_code="PM108",
        iuv=practice.iuv,
        receipt_id="R1",
        flow_id="2026-11-25ABI12345-1",
        amount_cents=practice.amount_cents,
        settled_on=NOW.date(),
    )


def test_a_practice_is_followed_from_checkout_to_settlement(
    service: Any, rpc: RpcClient, publish_event: Publish, eventually: Eventually
) -> None:
    practice = put(rpc, "RETTA-1")
    subject = str(practice.id)
    first, second = uuid4(), uuid4()
    steps = [
        (started(practice, first), "unconfirmed", "checkout_open", "practice_being_paid"),
        (abandoned(practice, first), "to_pay", "checkout_cancelled", None),
        (started(practice, second), "unconfirmed", "checkout_open", "practice_being_paid"),
        (confirmed(practice), "paid", "receipt", "practice_paid"),
        (reported(practice), "reported", "settled", "practice_paid"),
    ]
    for (event_type, data), state, reason, not_payable_code in steps:
        publish_event(event_type, data, subject=subject)
        now_shown = eventually(lambda state=state: (p := shown(rpc, practice.id)).state == state and p)
        assert (now_shown.state_reason, now_shown.not_payable_code) == (reason, not_payable_code)
        assert not now_shown.needs_attention
    assert now_shown.state_until is None


def test_any_order_of_the_same_events_each_sent_twice_ends_the_same(
    service: Any, rpc: RpcClient, database: Database, publish_event: Publish, eventually: Eventually
) -> None:
    first, second = uuid4(), uuid4()
    expected = None
    orders = list(permutations(range(4)))[::5]
    for count, order in enumerate(orders):
        practice = put(rpc, f"RETTA-{count}")
        facts = [started(practice, first), abandoned(practice, first), started(practice, second), confirmed(practice)]
        sent = []
        for place in [*order, *order]:
            event_type, data = facts[place]
            # The second time the event comes with an id of its own: only the fact in it is the same.
            sent.append(publish_event(event_type, data, subject=str(practice.id)))
        eventually(lambda sent=sent: received(database, sent))
        now_shown = shown(rpc, practice.id)
        names = ("state", "state_since", "state_until", "state_reason", "payable")
        details = {name: getattr(now_shown, name) for name in names}
        assert details["state"] == "paid"
        assert details == (expected or details)
        expected = details


def received(database: Database, event_ids: list[UUID]) -> bool:
    with database.reading() as session:
        found = session.scalars(select(InboxMessage.message_id).where(InboxMessage.message_id.in_(event_ids)))
        return len(found.all()) == len(event_ids)


def test_money_that_was_not_expected_is_flagged_and_wins(
    service: Any, rpc: RpcClient, publish_event: Publish, eventually: Eventually
) -> None:
    cancelled, twice = put(rpc, "RETTA-1"), put(rpc, "RETTA-2")
    rpc.call(practices.ANNUL_DEBT, AnnulRequest(entity_code="PM108", external_id="RETTA-1", reason="Sgravio"))
    publish_event(*confirmed(cancelled), subject=str(cancelled.id))
    publish_event(*confirmed(twice), subject=str(twice.id))
    publish_event(*duplicated(twice), subject=str(twice.id))
    for practice in (cancelled, twice):
        eventually(lambda practice=practice: shown(rpc, practice.id).needs_attention)
        assert shown(rpc, practice.id).state == "paid"


def test_a_receipt_for_a_notice_we_never_issued_changes_no_practice(
    service: Any, rpc: RpcClient, database: Database, publish_event: Publish, eventually: Eventually
) -> None:
    practice = put(rpc, "RETTA-1")
    event_type, data = confirmed(practice)
    sent = publish_event(event_type, replace(data, practice_id=None), subject="unknown")
    eventually(lambda: received(database, [sent]))
    assert shown(rpc, practice.id).state == "to_pay"


def test_an_event_about_a_practice_that_is_not_here_is_retried_and_leaves_no_trace(
    service: Any, rpc: RpcClient, database: Database, publish_event: Publish, eventually: Eventually
) -> None:
    practice = put(rpc, "RETTA-1")
    event_type, data = started(practice, uuid4())
    sent = publish_event(event_type, replace(data, practice_ids=[practice.id, uuid4()]), subject="x")
    eventually(lambda: len(service.lines("event_failed")) >= 2)
    assert not received(database, [sent])
    assert shown(rpc, practice.id).state == "to_pay"


def test_the_service_refuses_over_rpc_by_code_and_writes_no_personal_data_into_its_log(
    service: Any, rpc: RpcClient
) -> None:
    put(rpc, "RETTA-1", email="mario.rossi@posta.example")
    with pytest.raises(Refused) as refused:
        put(rpc, "RETTA-2", fiscal_code="RSSMRA85T10A562X")
    assert refused.value.code is ErrorCode.INVALID_FISCAL_CODE
    with pytest.raises(Refused) as refused:
        rpc.call(
            practices.SEARCH,
            SearchRequest(entity_code="PM108", fiscal_code="RSSMRA85T10A562S", reference="none"),
        )
    assert refused.value.code is ErrorCode.PRACTICE_NOT_FOUND
    log = service.log()
    for personal in ("RSSMRA85", "Rossi", "posta.example"):
        assert personal not in log


def test_the_feed_gives_what_was_published_from_any_position(
    database: Database, run_service: Callable[..., Any], rpc: RpcClient, eventually: Eventually
) -> None:
    run_service("practices", relay=True)
    made = [put(rpc, f"RETTA-{number}").id for number in range(5)]

    def feed(after: int = 0, limit: int = 100) -> list[FeedItem]:
        return list(rpc.call(practices.EVENTS, EventsRequest(after=after, limit=limit)).items)

    everything = eventually(lambda: (items := feed()) and len(items) == 5 and items)
    assert [item.event["subject"] for item in everything] == [str(practice_id) for practice_id in made]
    assert feed(everything[1].position, 2) == everything[2:4]
    assert feed(everything[-1].position) == []
