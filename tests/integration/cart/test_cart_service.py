"""The cart as a running service, beside a running practices."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.messaging.rpc_client import RpcClient
from contracts.codes import AmountCents, CreditorFiscalCode, FiscalCode
from contracts.errors import ErrorCode, RpcError
from contracts.events.payments import PAYMENT_CONFIRMED, PaymentConfirmed
from contracts.rpc import cart
from contracts.rpc.cart import CartItemRequest, CartRequest, CountRequest
from contracts.rpc.practices import Practice
from contracts.shapes import Viewer

OWNER = "citizen:mario-0001"
VIEWER = Viewer(citizen_id=UUID(int=1), fiscal_code=FiscalCode("RSSMRA85T10A562S"))
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
Put = Callable[..., Practice]


def add(rpc: RpcClient, practice_id: UUID, owner: str = OWNER, viewer: Viewer = VIEWER) -> int:
    return rpc.call(cart.ADD, CartItemRequest(owner=owner, viewer=viewer, practice_id=practice_id)).count


def count(rpc: RpcClient, owner: str = OWNER) -> int:
    return rpc.call(cart.COUNT, CountRequest(owner=owner)).count


def test_a_paid_practice_leaves_every_cart_and_the_others_stay(
    put: Put,
    run_service: Callable[..., Any],
    rpc: RpcClient,
    publish_event: Callable[..., UUID],
    eventually: Callable[..., Any],
) -> None:
    practice, other = put("TARI-1"), put("TARI-2")
    run_service("practices")
    run_service("cart")
    visitor = Viewer(visitor_id="browser-0001", granted_practice_ids=[practice.id])
    assert add(rpc, practice.id) == 1
    assert add(rpc, other.id) == 2
    assert add(rpc, practice.id, "visitor:browser-0001", visitor) == 1
    data = PaymentConfirmed(
        receipt_id="R1",
        practice_id=practice.id,
        entity_code="PM108",
        creditor_fiscal_code=CreditorFiscalCode("80012345676"),
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        amount_cents=AmountCents(1_000),
        paid_at=NOW,
        psp_id="ABI12345",
        psp_name="Banca Esempio",
    )
    publish_event(PAYMENT_CONFIRMED, data, subject=str(practice.id))
    eventually(lambda: count(rpc) == 1 and count(rpc, "visitor:browser-0001") == 0)
    shown = rpc.call(cart.SHOW, CartRequest(owner=OWNER, viewer=VIEWER))
    assert [row.id for row in shown.practices] == [other.id]


def test_while_practices_is_down_nothing_is_dropped_and_the_counter_still_works(
    put: Put, run_service: Callable[..., Any], rpc: RpcClient
) -> None:
    practice_id = put("TARI-1").id
    practices = run_service("practices")
    run_service("cart")
    assert add(rpc, practice_id) == 1
    practices.stop()
    for attempt in (
        lambda: rpc.call(cart.SHOW, CartRequest(owner=OWNER, viewer=VIEWER)),
        lambda: add(rpc, practice_id),
    ):
        with pytest.raises(RpcError) as refused:
            attempt()
        assert refused.value.code is ErrorCode.SERVICE_UNAVAILABLE
    assert count(rpc) == 1
