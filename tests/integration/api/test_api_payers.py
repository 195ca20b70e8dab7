"""What a payer's browser or software gets from the API."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from falcon.testing import Result, TestClient

from contracts.error_details import CartFull, DuplicatePractice, DuplicatesFound
from contracts.errors import ErrorCode
from contracts.rpc import cart, identity, notices, payments, practices
from contracts.shapes import Stamp
from gateway.api import examples
from tests.integration.api.fake_services import CITIZEN_TOKEN, NEWCOMER_TOKEN, PDF, FakeServices

CITIZEN = {"session": CITIZEN_TOKEN}
NEWCOMER = {"session": NEWCOMER_TOKEN}
KEY = {"Idempotency-Key": "0b5c1f0e-1111-4222-8333-444455556666"}
PRACTICES = "/api/v1/creditors/PM108/practices"
SEARCHES = "/api/v1/creditors/PM108/searches"


def problem(result: Result, status: int, code: ErrorCode) -> dict[str, Any]:
    """The problem of an answer, which has to be this one."""
    assert result.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = result.json
    assert (result.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["title"]
    assert body["detail"]
    return body


# --- problems ---


def test_a_problem_speaks_the_language_of_the_request(client: TestClient) -> None:
    italian = problem(client.simulate_get("/api/v1/creditors/NOBODY"), 404, ErrorCode.UNKNOWN_ENTITY)
    result = client.simulate_get("/api/v1/creditors/NOBODY", headers={"Accept-Language": "en-GB, it;q=0.5"})
    english = problem(result, 404, ErrorCode.UNKNOWN_ENTITY)
    assert "ente" in italian["title"].lower() + italian["detail"].lower()
    assert english["detail"] != italian["detail"]
    assert english["instance"] == "/api/v1/creditors/NOBODY"
    assert english["type"] == "/api/docs#unknown_entity"
    assert result.headers["Cache-Control"] == "no-store"


def test_an_unknown_address_under_the_api_is_a_problem_and_not_a_page(client: TestClient) -> None:
    problem(client.simulate_get("/api/v1/nothing-here"), 404, ErrorCode.NOT_FOUND)
    problem(client.simulate_get("/api/v1/practices/not-a-uuid", cookies=CITIZEN), 404, ErrorCode.NOT_FOUND)


def test_another_method_gets_405_with_the_allowed_ones(client: TestClient) -> None:
    result = client.simulate_delete("/api/v1/cart")
    problem(result, 405, ErrorCode.INVALID_REQUEST)
    assert {"GET", "HEAD"} <= {method.strip() for method in result.headers["Allow"].split(",")}


def test_options_lists_the_methods(client: TestClient) -> None:
    result = client.simulate_options(PRACTICES)
    assert result.status_code < 300
    assert {"GET", "POST"} <= {method.strip() for method in result.headers["Allow"].split(",")}


def test_head_gives_the_headers_of_get_without_its_body(client: TestClient) -> None:
    result = client.simulate_head("/api/v1/creditors/PM108")
    assert result.status_code == 200
    assert result.headers["ETag"]
    assert result.content == b""


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"amount_cents": 100}, [("/service_code", "required")]),
        ({"service_code": "BOLLO_IT", "amount_cents": 10.5}, [("/amount_cents", "type")]),
        ({"service_code": "BOLLO_IT", "amount_cents": "100", "x": 1}, [("/amount_cents", "type"), ("/x", "unknown")]),
        (
            {"service_code": "CONTRIB_IT", "amount_cents": 100, "beneficiary": {"full_name": ""}},
            [
                ("/beneficiary/full_name", "length"),
                ("/beneficiary/course", "required"),
                ("/beneficiary/school", "required"),
                ("/beneficiary/contribution_type", "required"),
            ],
        ),
    ],
)
def test_fields_in_error_are_pointed_at(client: TestClient, body: Any, errors: list[tuple[str, str]]) -> None:
    result = client.simulate_post(PRACTICES, json=body, cookies=CITIZEN, headers=KEY)
    found = problem(result, 400, ErrorCode.INVALID_REQUEST)["errors"]
    assert sorted((error["pointer"], error["code"]) for error in found) == sorted(errors)
    assert all(error["detail"] for error in found)


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b"\xff\xfe", b"[]", b'"text"', b"null"])
def test_a_body_that_is_not_a_json_object_is_refused(client: TestClient, body: bytes) -> None:
    result = client.simulate_post(SEARCHES, body=body, headers={"Content-Type": "application/json"})
    problem(result, 400, ErrorCode.INVALID_REQUEST)


def test_a_form_sent_to_the_api_is_refused_by_its_media_type(client: TestClient) -> None:
    result = client.simulate_post(
        SEARCHES, body="notice_number=1", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    problem(result, 415, ErrorCode.INVALID_REQUEST)


def test_a_body_of_more_than_64_kib_is_refused(client: TestClient) -> None:
    body = json.dumps({"notice_number": "1" * 70_000})
    result = client.simulate_post(SEARCHES, body=body, headers={"Content-Type": "application/json"})
    problem(result, 413, ErrorCode.INVALID_REQUEST)


def test_unknown_query_parameters_are_named(client: TestClient) -> None:
    result = client.simulate_get(PRACTICES, params={"states": "paid"}, cookies=CITIZEN)
    errors = problem(result, 400, ErrorCode.INVALID_REQUEST)["errors"]
    assert [(error["parameter"], error["code"]) for error in errors] == [("states", "unknown")]


# --- forged requests ---


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_write_that_another_site_made_the_browser_send_is_refused(
    client: TestClient, services: FakeServices, headers: dict[str, str]
) -> None:
    result = client.simulate_delete("/api/v1/cart/items", cookies=CITIZEN, headers=headers)
    problem(result, 403, ErrorCode.CSRF_FAILED)
    assert services.calls == []


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://portal.localhost"}])
def test_a_write_of_our_own_pages_or_of_no_browser_is_taken(client: TestClient, headers: dict[str, str]) -> None:
    result = client.simulate_delete("/api/v1/cart/items", cookies=CITIZEN, headers=headers)
    assert result.status_code == 200


# --- catalogue ---


def test_the_catalogue_is_public_and_may_be_kept(client: TestClient) -> None:
    creditor = client.simulate_get("/api/v1/creditors/PM108")
    assert creditor.json["creditor"]["fiscal_code"] == "80012345676"
    assert "services" not in creditor.json
    assert "public" in creditor.headers["Cache-Control"]
    services = client.simulate_get("/api/v1/creditors/PM108/services")
    assert services.json["items"][0]["code"] == "CONTRIB_IT"


# --- search, list, insert ---


def test_a_visitor_may_open_what_the_search_has_found_and_nobody_else(client: TestClient) -> None:
    other = client.simulate_get(f"/api/v1/practices/{examples.PRACTICE_ID}")
    problem(other, 404, ErrorCode.PRACTICE_NOT_FOUND)

    found = client.simulate_post(SEARCHES, json={"notice_number": examples.NOTICE_NUMBER})
    assert found.json["items"][0]["id"] == examples.PRACTICE_ID
    assert found.headers["Cache-Control"] == "no-store"

    visitor = {"visitor": found.cookies["visitor"].value}
    practice = client.simulate_get(f"/api/v1/practices/{examples.PRACTICE_ID}", cookies=visitor)
    assert practice.json["notice_number"] == examples.NOTICE_NUMBER
    document = client.simulate_get(f"/api/v1/practices/{examples.PRACTICE_ID}/notice", cookies=visitor)
    assert document.content == PDF
    assert document.headers["Content-Type"] == "application/pdf"
    assert "avviso.pdf" in document.headers["Content-Disposition"]


def test_searching_too_often_is_slowed_down(client: TestClient) -> None:
    results = [client.simulate_post(SEARCHES, json={"notice_number": "1"}) for _ in range(6)]
    assert [result.status_code for result in results] == [200] * 5 + [429]
    assert results[-1].headers["Retry-After"]


def test_the_list_is_for_citizens_who_have_registered(client: TestClient) -> None:
    nobody = client.simulate_get(PRACTICES)
    problem(nobody, 401, ErrorCode.LOGIN_REQUIRED)
    assert nobody.headers["WWW-Authenticate"]
    problem(client.simulate_get(PRACTICES, cookies={"session": "old"}), 401, ErrorCode.SESSION_EXPIRED)
    problem(client.simulate_get(PRACTICES, cookies=NEWCOMER), 403, ErrorCode.CONSENT_MISSING)


def test_the_list_takes_states_and_a_cursor_and_links_to_the_next_page(
    client: TestClient, services: FakeServices
) -> None:
    result = client.simulate_get(
        PRACTICES,
        params={"state": ["to_pay", "paid,reported"], "cursor": "here", "limit": 7},
        params_csv=False,
        cookies=CITIZEN,
    )
    asked = services.asked(practices.LIST)
    assert (asked.states, asked.cursor, asked.limit) == (["to_pay", "paid", "reported"], "here", 7)
    assert asked.viewer.fiscal_code == examples.ME["fiscal_code"]
    assert result.json["next_cursor"] == "next"
    link = result.headers["Link"]
    assert "rel=next" in link.replace('"', "")
    assert "cursor=next" in link
    assert "limit=7" in link


def test_the_list_is_narrowed_and_ordered(client: TestClient, services: FakeServices) -> None:
    params = {"service_code": "TARI", "year": 2026, "due_from": "2026-12-01", "order": "due_soonest"}
    assert client.simulate_get(PRACTICES, params=params, cookies=CITIZEN).status_code == 200
    asked = services.asked(practices.LIST)
    assert (asked.service_code, asked.year, asked.order) == ("TARI", 2026, "due_soonest")
    assert (asked.due_from, asked.due_until) == (date(2026, 12, 1), None)
    assert client.simulate_get(PRACTICES, params={"order": "upwards"}, cookies=CITIZEN).status_code == 400


def test_an_insertion_takes_the_debtor_from_the_session(client: TestClient, services: FakeServices) -> None:
    result = client.simulate_post(PRACTICES, json=examples.INSERTION, cookies=CITIZEN, headers=KEY)
    assert result.status_code == 201
    assert result.headers["Location"] == f"/api/v1/practices/{examples.PRACTICE_ID}"
    asked = services.asked(practices.INSERT)
    assert asked.debtor is not None
    assert asked.debtor.fiscal_code == examples.ME["fiscal_code"]
    assert asked.debtor.full_name == "Rossi Mario"
    assert asked.idempotency_key == KEY["Idempotency-Key"]


def test_an_insertion_with_a_stamp_takes_the_hash_of_the_document(client: TestClient, services: FakeServices) -> None:
    stamp = {"document_hash": "wHpFSLCGZjIvNSXxqtGbxg7275t446DRTk5ZrsdUQ6E=", "province": "MI"}
    body = {"service_code": "CERT_MBD", "amount_cents": 2100, "description": "Domanda", "stamp": stamp}
    assert client.simulate_post(PRACTICES, json=body, cookies=CITIZEN, headers=KEY).status_code == 201
    assert services.asked(practices.INSERT).stamp == Stamp(**stamp)
    for wrong in ({"document_hash": "0123abcd"}, {"province": "Milano"}):
        result = client.simulate_post(PRACTICES, json=body | {"stamp": stamp | wrong}, cookies=CITIZEN, headers=KEY)
        errors = problem(result, 400, ErrorCode.INVALID_REQUEST)["errors"]
        assert [error["pointer"] for error in errors] == [f"/stamp/{next(iter(wrong))}"]
    services.refuse(practices.INSERT, ErrorCode.STAMP_REQUIRED)
    problem(client.simulate_post(PRACTICES, json=body, cookies=CITIZEN, headers=KEY), 422, ErrorCode.STAMP_REQUIRED)


def test_an_anonymous_insertion_needs_no_login_and_a_named_one_does(client: TestClient, services: FakeServices) -> None:
    problem(client.simulate_post(PRACTICES, json=examples.INSERTION, headers=KEY), 401, ErrorCode.LOGIN_REQUIRED)
    result = client.simulate_post(PRACTICES, json={**examples.INSERTION, "anonymous": True}, headers=KEY)
    assert result.status_code == 201
    assert services.asked(practices.INSERT).debtor is None


@pytest.mark.parametrize(("headers", "code"), [({}, "required"), ({"Idempotency-Key": "short"}, "invalid")])
def test_an_insertion_without_a_good_idempotency_key_is_refused(
    client: TestClient, headers: dict[str, str], code: str
) -> None:
    result = client.simulate_post(PRACTICES, json=examples.INSERTION, cookies=CITIZEN, headers=headers)
    errors = problem(result, 400, ErrorCode.INVALID_REQUEST)["errors"]
    assert [(error["parameter"], error["code"]) for error in errors] == [("Idempotency-Key", code)]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.AMOUNT_OUT_OF_RANGE, 422),
        (ErrorCode.DESCRIPTION_TOO_LONG, 422),
        (ErrorCode.UNKNOWN_SERVICE, 404),
        (ErrorCode.IDEMPOTENCY_CONFLICT, 409),
    ],
)
def test_what_a_service_refuses_reaches_the_caller_under_its_own_code(
    client: TestClient, services: FakeServices, code: ErrorCode, status: int
) -> None:
    services.refuse(practices.INSERT, code)
    problem(client.simulate_post(PRACTICES, json=examples.INSERTION, cookies=CITIZEN, headers=KEY), status, code)


# --- cart and checkout ---


def test_the_cart_is_filled_shown_and_emptied(client: TestClient, services: FakeServices) -> None:
    item = f"/api/v1/cart/items/{examples.PRACTICE_ID}"
    assert client.simulate_put(item, cookies=CITIZEN).json == {"count": 1}
    assert services.asked(cart.ADD).owner == f"citizen:{examples.ME['id']}"
    assert client.simulate_get("/api/v1/cart", cookies=CITIZEN).json["total_cents"] == 12000
    assert client.simulate_delete(item, cookies=CITIZEN).json == {"count": 0}
    assert client.simulate_delete("/api/v1/cart/items", cookies=CITIZEN).json == {"count": 0}


def test_the_sixth_notice_is_explained(client: TestClient, services: FakeServices) -> None:
    services.refuse(cart.ADD, ErrorCode.CART_FULL, CartFull(limit=5))
    result = client.simulate_put(f"/api/v1/cart/items/{examples.PRACTICE_ID}", cookies=CITIZEN)
    assert problem(result, 409, ErrorCode.CART_FULL)["params"] == {"limit": 5}


def test_a_checkout_sends_the_payer_to_pagopa_and_comes_back_to_our_page(
    client: TestClient, services: FakeServices
) -> None:
    body = {"practice_ids": [examples.PRACTICE_ID, examples.PRACTICE_ID]}
    result = client.simulate_post("/api/v1/checkouts", json=body, cookies=CITIZEN, headers=KEY)
    assert result.status_code == 201
    assert result.json["redirect_url"] == examples.CHECKOUT["redirect_url"]
    assert "payer_ref" not in result.json
    asked = services.asked(payments.START_CHECKOUT)
    assert asked.practice_ids == [UUID(examples.PRACTICE_ID)]
    assert asked.return_url == "http://portal.localhost/enti/PM108/esito/{checkout_id}"
    assert asked.email == examples.ME["email"]
    shown = client.simulate_get(result.headers["Location"], cookies=CITIZEN)
    assert shown.json["state"] == "open"


def test_a_duplicate_practice_is_told_and_the_payer_may_pay_anyway(client: TestClient, services: FakeServices) -> None:
    practice_id, equal_id = UUID(examples.PRACTICE_ID), uuid4()
    equals = [practices.PracticeDuplicates(practice_id=practice_id, equal_ids=[equal_id])]
    services.answers[practices.DUPLICATES.name] = lambda _: {
        "equals": [{"practice_id": str(practice_id), "equal_ids": [str(equal_id)]}]
    }
    told = {"practice_id": str(practice_id), "equal_id": str(equal_id), "standing": "paid", "until": None}
    told["since"] = "2026-11-02T09:20:00+00:00"
    opened = services.answers[payments.START_CHECKOUT.name]
    found = DuplicatePractice(
        practice_id=practice_id,
        equal_id=equal_id,
        standing="paid",
        since=datetime(2026, 11, 2, 9, 20, tzinfo=UTC),
        until=None,
    )
    services.refuse(payments.START_CHECKOUT, ErrorCode.EQUAL_PRACTICE_FOUND, DuplicatesFound(equals=[found]))
    body: dict[str, Any] = {"practice_ids": [str(practice_id)]}
    result = client.simulate_post("/api/v1/checkouts", json=body, cookies=CITIZEN, headers=KEY)
    assert problem(result, 409, ErrorCode.EQUAL_PRACTICE_FOUND)["params"] == {"equals": [told]}
    assert services.asked(payments.START_CHECKOUT).equals == equals
    services.answers[payments.START_CHECKOUT.name] = opened
    body["pay_anyway"] = True
    result = client.simulate_post("/api/v1/checkouts", json=body, cookies=CITIZEN, headers=KEY)
    assert result.status_code == 201
    assert services.asked(payments.START_CHECKOUT).pay_anyway is True


def test_the_receipt_of_one_payment_can_be_asked_for(client: TestClient, services: FakeServices) -> None:
    address = f"/api/v1/practices/{examples.PRACTICE_ID}/receipt"
    assert client.simulate_get(f"{address}?receipt_id=IUR-2", cookies=CITIZEN).status_code == 200
    assert services.asked(notices.RECEIPT).receipt_id == "IUR-2"
    assert client.simulate_get(address, cookies=CITIZEN).status_code == 200
    assert services.asked(notices.RECEIPT).receipt_id is None


@pytest.mark.parametrize(
    ("practice_ids", "status", "code"),
    [
        ([], 409, ErrorCode.CART_EMPTY),
        ([str(uuid4()) for _ in range(6)], 409, ErrorCode.CART_FULL),
        ([examples.PRACTICE_ID, str(uuid4())], 404, ErrorCode.PRACTICE_NOT_FOUND),
        (["x"], 400, ErrorCode.INVALID_REQUEST),
    ],
)
def test_a_checkout_of_nothing_of_six_or_of_another_citizens_practice_never_reaches_payments(
    client: TestClient, services: FakeServices, practice_ids: list[str], status: int, code: ErrorCode
) -> None:
    result = client.simulate_post(
        "/api/v1/checkouts", json={"practice_ids": practice_ids}, cookies=CITIZEN, headers=KEY
    )
    problem(result, status, code)
    assert payments.START_CHECKOUT.name not in [name for name, _ in services.calls]


# --- the citizen ---


def test_me_shows_who_is_logged_in_even_before_registration(client: TestClient) -> None:
    newcomer = client.simulate_get("/api/v1/me", cookies=NEWCOMER).json
    assert newcomer["registered"] is False
    assert newcomer["fiscal_code"] == examples.ME["fiscal_code"]
    assert client.simulate_get("/api/v1/me", cookies=CITIZEN).json["registered"] is True


def test_registration_needs_the_document_that_was_shown(client: TestClient, services: FakeServices) -> None:
    missing = client.simulate_post("/api/v1/me/consents", json={"purpose": "registration"}, cookies=NEWCOMER)
    errors = problem(missing, 400, ErrorCode.INVALID_REQUEST)["errors"]
    assert errors[0]["pointer"] == "/document_id"
    done = client.simulate_post("/api/v1/me/consents", json=examples.CONSENT, cookies=NEWCOMER)
    assert done.status_code == 201
    assert services.asked(identity.REGISTER).document_id == "privacy-1"


def test_an_optional_purpose_is_granted_and_revoked(client: TestClient, services: FakeServices) -> None:
    body = {"purpose": "email_reminders"}
    assert client.simulate_post("/api/v1/me/consents", json=body, cookies=CITIZEN).status_code == 201
    assert services.asked(identity.GRANT).purpose == "email_reminders"
    result = client.simulate_delete("/api/v1/me/consents/email_reminders", cookies=CITIZEN)
    assert (result.status_code, result.content) == (204, b"")
    problem(client.simulate_delete("/api/v1/me/consents/other", cookies=CITIZEN), 404, ErrorCode.NOT_FOUND)


def test_the_export_is_a_download(client: TestClient) -> None:
    result = client.simulate_get("/api/v1/me/export", cookies=CITIZEN)
    assert result.json == {"data": {"citizen": {"name": "Mario"}}}
    assert "export.json" in result.headers["Content-Disposition"]
