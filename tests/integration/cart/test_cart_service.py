"""The cart as a running service, beside a running practices."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.messaging.rpc_client import RpcClient
from contracts.errors import ErrorCode, RpcError
from contracts.events.payments import PAYMENT_CONFIRMED
from contracts.rpc import cart

OWNER = "citizen:mario-0001"
VIEWER = {"citizen_id": UUID(int=1), "fiscal_code": "RSSMRA85T10A562S"}
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
Put = Callable[..., dict[str, Any]]


def add(rpc: RpcClient, practice_id: UUID, owner: str = OWNER, viewer: dict[str, Any] | None = None) -> int:
    total: int = rpc.call(cart.ADD, {"owner": owner, "viewer": viewer or VIEWER, "practice_id": practice_id})["count"]
    return total


def count(rpc: RpcClient, owner: str = OWNER) -> int:
    total: int = rpc.call(cart.COUNT, {"owner": owner})["count"]
    return total


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
    visitor = {"visitor_id": "browser-0001", "granted_practice_ids": [practice["id"]]}
    assert add(rpc, practice["id"]) == 1
    assert add(rpc, other["id"]) == 2
    assert add(rpc, practice["id"], "visitor:browser-0001", visitor) == 1
    data = {
        "receipt_id": "R1",
        "practice_id": practice["id"],
        "entity_code": "PM108",
        "creditor_fiscal_code": "80012345676",
        "notice_number": practice["notice_number"],
        "iuv": practice["iuv"],
        "amount_cents": 1_000,
        "paid_at": NOW,
        "psp_id": "ABI12345",
        "psp_name": "Banca Esempio",
    }
    publish_event(PAYMENT_CONFIRMED, data, subject=str(practice["id"]))
    eventually(lambda: count(rpc) == 1 and count(rpc, "visitor:browser-0001") == 0)
    shown = rpc.call(cart.SHOW, {"owner": OWNER, "viewer": VIEWER})
    assert [row["id"] for row in shown["practices"]] == [other["id"]]


def test_while_practices_is_down_nothing_is_dropped_and_the_counter_still_works(
    put: Put, run_service: Callable[..., Any], rpc: RpcClient
) -> None:
    practice_id = put("TARI-1")["id"]
    practices = run_service("practices")
    run_service("cart")
    assert add(rpc, practice_id) == 1
    practices.stop()
    for attempt in (
        lambda: rpc.call(cart.SHOW, {"owner": OWNER, "viewer": VIEWER}),
        lambda: add(rpc, practice_id),
    ):
        with pytest.raises(RpcError) as refused:
            attempt()
        assert refused.value.code is ErrorCode.SERVICE_UNAVAILABLE
    assert count(rpc) == 1
