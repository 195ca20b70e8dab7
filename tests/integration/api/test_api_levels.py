"""An entity that wants a higher SPID level: enforced by the practice where the address names no entity."""

from dataclasses import replace

import pytest
from falcon.testing import Result, TestClient

from contracts.error_details import SpidLevelTooLow
from contracts.errors import ErrorCode, Refused
from contracts.rpc import cart, identity, notices, payments
from gateway.api import examples
from gateway.api.json_values import JsonObject
from tests.integration.api.fake_services import CITIZEN_TOKEN, FakeServices

PRACTICE = f"/api/v1/practices/{examples.PRACTICE_ID}"
CHECKOUT = f"/api/v1/checkouts/{examples.CHECKOUT['id']}"
CITIZEN = {"session": CITIZEN_TOKEN}
KEY = {"Idempotency-Key": "3f0c1a52-0001"}
WANTED = SpidLevelTooLow(entity_code="PM108", spid_level=2, spid_level_wanted=3)


@pytest.fixture(autouse=True)
def strict_entity(services: FakeServices) -> None:
    """PM108 wants level 3; the session was made at 2. The citizen's own cart and checkouts are the citizen's alone."""
    session = services.answers[identity.SESSION.name]

    def at_level(request: identity.SessionRequest) -> JsonObject:
        if request.entity_code == "PM108":
            raise Refused(ErrorCode.SPID_LEVEL_TOO_LOW, WANTED)
        return session(request)

    def checkout(request: payments.CheckoutRequest | payments.StartCheckoutRequest) -> JsonObject:
        if request.payer_ref not in owners:
            raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
        return {**examples.CHECKOUT, "payer_ref": request.payer_ref}

    def start(request: payments.StartCheckoutRequest) -> JsonObject:
        owners.add(request.payer_ref)
        return checkout(request)

    owners = {f"citizen:{examples.ME['id']}"}
    services.answers[identity.SESSION.name] = at_level
    services.answers[payments.START_CHECKOUT.name] = start
    services.answers[payments.CHECKOUT.name] = checkout


def check_too_weak(result: Result) -> None:
    assert result.status_code == 401, result.text
    assert result.headers["Content-Type"] == "application/problem+json"
    assert result.json["code"] == ErrorCode.SPID_LEVEL_TOO_LOW
    assert result.json["params"] == {
        "entity_code": "PM108",
        "spid_level": 2,
        "spid_level_wanted": 3,
        "login": "/spid/login?entity=PM108",
    }
    assert 'error="insufficient_user_authentication"' in result.headers["WWW-Authenticate"]


@pytest.mark.parametrize("address", [PRACTICE, f"{PRACTICE}/notice", f"{PRACTICE}/receipt", "/api/v1/cart", CHECKOUT])
def test_a_weak_session_reads_nothing_of_the_entity(client: TestClient, services: FakeServices, address: str) -> None:
    check_too_weak(client.simulate_get(address, cookies=CITIZEN))
    asked = [name for name, _ in services.calls]
    assert notices.NOTICE.name not in asked
    assert notices.RECEIPT.name not in asked


def test_a_weak_session_changes_nothing_in_the_cart_of_the_entity_and_pays_nothing(
    client: TestClient, services: FakeServices
) -> None:
    check_too_weak(client.simulate_put(f"/api/v1/cart/items/{examples.PRACTICE_ID}", cookies=CITIZEN))
    body = {"practice_ids": [examples.PRACTICE_ID]}
    check_too_weak(client.simulate_post("/api/v1/checkouts", json=body, cookies=CITIZEN, headers=KEY))
    for address in (f"/api/v1/cart/items/{examples.PRACTICE_ID}", "/api/v1/cart/items"):
        check_too_weak(client.simulate_delete(address, cookies=CITIZEN))
    asked = [name for name, _ in services.calls]
    assert {cart.ADD.name, cart.REMOVE.name, cart.CLEAR.name}.isdisjoint(asked)
    assert payments.START_CHECKOUT.name not in asked


def test_addresses_that_name_the_entity_say_the_same(client: TestClient) -> None:
    check_too_weak(client.simulate_get("/api/v1/creditors/PM108/practices", cookies=CITIZEN))


def test_what_a_visitor_may_do_a_weak_session_may_do_too_and_as_a_visitor(
    client: TestClient, services: FakeServices
) -> None:
    body = {"notice_number": "301000000000000157"}
    found = client.simulate_post("/api/v1/creditors/PM108/searches", json=body, cookies=CITIZEN)
    cookies = {**CITIZEN, "visitor": found.cookies["visitor"].value}
    assert client.simulate_get(PRACTICE, cookies=cookies).status_code == 200
    checkout = {"practice_ids": [examples.PRACTICE_ID]}
    started = client.simulate_post("/api/v1/checkouts", json=checkout, cookies=cookies, headers=KEY)
    assert started.status_code == 201
    assert services.asked(payments.START_CHECKOUT).payer_ref.startswith("visitor:")
    assert client.simulate_get(CHECKOUT, cookies=cookies).status_code == 200


def test_a_strong_session_sees_everything(client: TestClient, services: FakeServices) -> None:
    strong = services.answers[identity.SESSION.name]
    services.answers[identity.SESSION.name] = lambda request: strong(replace(request, entity_code=None))
    for address in (PRACTICE, f"{PRACTICE}/notice", f"{PRACTICE}/receipt", "/api/v1/cart", CHECKOUT):
        assert client.simulate_get(address, cookies=CITIZEN).status_code == 200, address
