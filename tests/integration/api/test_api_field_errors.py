"""An error that is about a field names it in `errors`, whoever found it, and says the rule."""

from typing import Any

import pytest
from falcon.testing import TestClient

from contracts.error_details import AmountNotAllowed, ErrorDetail, InvalidRequest, MissingFields
from contracts.errors import ErrorCode
from contracts.rpc import identity, notices, payments, practices
from gateway.api import examples
from tests.integration.api.fake_services import CITIZEN_TOKEN, FakeServices

CITIZEN = {"session": CITIZEN_TOKEN}
KEY = {"Idempotency-Key": "0b5c1f0e-1111-4222-8333-444455556666"}
ALL = {"Authorization": "Bearer all"}
ENGLISH = {"Accept-Language": "en"}
PRACTICES = "/api/v1/creditors/PM108/practices"
SEARCHES = "/api/v1/creditors/PM108/searches"


def inserted(client: TestClient, headers: dict[str, str] | None = None, **changed: Any) -> dict[str, Any]:
    """The problem of an insertion."""
    body = {**examples.INSERTION, **changed}
    result = client.simulate_post(PRACTICES, json=body, cookies=CITIZEN, headers={**KEY, **(headers or {})})
    problem: dict[str, Any] = result.json
    assert problem["status"] == result.status_code >= 400
    return problem


@pytest.mark.parametrize(
    ("rule", "italian", "english"),
    [
        ({"unit_cents": 2500}, "un multiplo di 25,00 euro", "a multiple of 25.00 euro"),
        ({"min_cents": 1050}, "almeno 10,50 euro", "at least 10.50 euro"),
        ({"max_cents": 99_999}, "al massimo di 999,99 euro", "999.99 euro at most"),
        ({"fixed_cents": 1600}, "L'unico importo ammesso", "The only amount this service takes is 16.00 euro"),
        ({"choices_cents": [500, 1050]}, "uno di questi, in euro: 5,00 · 10,50", "one of these, in euro: 5.00 · 10.50"),
    ],
)
def test_an_amount_that_a_service_does_not_take_says_the_rule(
    client: TestClient, services: FakeServices, rule: dict[str, Any], italian: str, english: str
) -> None:
    services.refuse(practices.INSERT, ErrorCode.AMOUNT_NOT_ALLOWED, AmountNotAllowed(**rule))
    for headers, said in (({}, italian), (ENGLISH, english)):
        problem = inserted(client, headers)
        assert said in problem["detail"]
        [error] = problem["errors"]
        assert (error["pointer"], error["code"]) == ("/amount_cents", "amount_not_allowed")
        assert said in error["detail"]
        assert problem["params"] == rule


def test_of_two_rules_both_are_said(client: TestClient, services: FakeServices) -> None:
    services.refuse(practices.INSERT, ErrorCode.AMOUNT_NOT_ALLOWED, AmountNotAllowed(unit_cents=2500, min_cents=5000))
    detail = inserted(client, ENGLISH)["detail"]
    assert "multiple of 25.00" in detail
    assert "at least 50.00" in detail


@pytest.mark.parametrize("amount_cents", [0, -1, 100_000_000_000])
def test_an_amount_that_pagopa_does_not_carry_keeps_its_own_code_and_names_the_field(
    client: TestClient, services: FakeServices, amount_cents: int
) -> None:
    problem = inserted(client, amount_cents=amount_cents)
    assert (problem["status"], problem["code"]) == (422, "amount_out_of_range")
    assert [error["pointer"] for error in problem["errors"]] == ["/amount_cents"]
    assert "0,01" in problem["errors"][0]["detail"]
    assert practices.INSERT.name not in [name for name, _ in services.calls]


@pytest.mark.parametrize(
    ("code", "detail", "pointer"),
    [
        (ErrorCode.UNKNOWN_SERVICE, None, "/service_code"),
        (ErrorCode.BENEFICIARY_REQUIRED, MissingFields(fields=["course"]), "/beneficiary"),
        (ErrorCode.STAMP_REQUIRED, None, "/stamp"),
        (ErrorCode.DESCRIPTION_TOO_LONG, None, "/beneficiary"),  # sent, and the causale is made of it
        (ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["stamp"]), "/stamp"),
        (
            ErrorCode.INVALID_REQUEST,
            InvalidRequest(fields={"beneficiary": {"course": ["Shorter."]}}),
            "/beneficiary/course",
        ),
    ],
)
def test_what_a_service_refuses_about_a_field_names_it(
    client: TestClient, services: FakeServices, code: ErrorCode, detail: ErrorDetail | None, pointer: str
) -> None:
    services.refuse(practices.INSERT, code, detail)
    problem = inserted(client)
    assert problem["code"] == code
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert all(error["detail"] for error in problem["errors"])


def test_a_refusal_about_no_field_names_none_and_does_not_speak_of_errors(
    client: TestClient, services: FakeServices
) -> None:
    services.refuse(practices.INSERT, ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["debtor"]))
    problem = inserted(client, ENGLISH)
    assert "errors" not in problem
    assert "`errors`" not in problem["detail"]
    services.refuse(practices.INSERT, ErrorCode.IDEMPOTENCY_CONFLICT)
    assert "errors" not in inserted(client)


def test_a_cursor_that_a_service_does_not_know_is_named(client: TestClient, services: FakeServices) -> None:
    services.refuse(payments.LIST_PAYMENTS, ErrorCode.INVALID_REQUEST, InvalidRequest(field="cursor"))
    result = client.simulate_get("/api/v1/creditors/PM108/payments", params={"cursor": "x"}, headers=ALL)
    assert [(error["parameter"], error["code"]) for error in result.json["errors"]] == [("cursor", "invalid")]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_no_calendar_has_in_utc_is_refused_by_name(client: TestClient, moment: str) -> None:
    result = client.simulate_get("/api/v1/creditors/PM108/payments", params={"from": moment}, headers=ALL)
    assert result.status_code == 400
    assert [(error["parameter"], error["code"]) for error in result.json["errors"]] == [("from", "type")]


def test_reminders_without_an_address_name_the_address(client: TestClient, services: FakeServices) -> None:
    services.refuse(identity.GRANT, ErrorCode.INVALID_REQUEST, InvalidRequest(field="email"))
    body = {"purpose": "email_reminders"}
    result = client.simulate_post("/api/v1/me/consents", json=body, cookies=CITIZEN)
    assert [error["pointer"] for error in result.json["errors"]] == ["/email"]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("/fiscal_code", "required"), ("/reference", "required")]),
        ({"fiscal_code": "RSSMRA85T10A562S"}, [("/reference", "required")]),
        ({"notice_number": "301000000000000157", "reference": "x"}, [("/reference", "either")]),
        ({"notice_number": "3010\u200b00"}, [("/notice_number", "characters")]),
    ],
)
def test_a_search_goes_one_way_or_the_other(
    client: TestClient, services: FakeServices, body: dict[str, str], errors: list[tuple[str, str]]
) -> None:
    result = client.simulate_post(SEARCHES, json=body)
    assert result.status_code == 400
    assert [(error["pointer"], error["code"]) for error in result.json["errors"]] == errors
    assert services.calls == []


def test_a_notice_number_with_the_fiscal_code_it_must_belong_to_is_still_one_way(client: TestClient) -> None:
    body = {"notice_number": examples.NOTICE_NUMBER, "fiscal_code": "RSSMRA85T10A562S"}
    assert client.simulate_post(SEARCHES, json=body).status_code == 200


def test_ten_thousand_debts_are_taken_as_one_printing_job(client: TestClient, services: FakeServices) -> None:
    external_ids = [f"TARI-2026-{'è' * 50}-{number:07d}" for number in range(10_000)]
    result = client.simulate_post(
        "/api/v1/creditors/PM108/print-jobs", json={"external_ids": external_ids}, headers={**ALL, **KEY}
    )
    assert result.status_code == 202
    assert services.asked(notices.START_JOB).external_ids == external_ids


def test_an_instalment_is_one_of_its_plan(client: TestClient) -> None:
    body = {**examples.DEBT, "instalment": {"number": 8, "total": 7}}
    result = client.simulate_put("/api/v1/creditors/PM108/debts/TARI-8", json=body, headers=ALL)
    assert [(error["pointer"], error["code"]) for error in result.json["errors"]] == [("/instalment/number", "range")]


def test_the_status_is_up_while_every_part_answers_and_a_problem_else(
    client: TestClient, services: FakeServices
) -> None:
    up = client.simulate_get("/api/v1/status")
    assert (up.status_code, up.json) == (200, {"status": "up"})
    services.refuse(payments.PING, ErrorCode.SERVICE_UNAVAILABLE)
    down = client.simulate_get("/api/v1/status")
    assert (down.status_code, down.json["code"]) == (503, "service_unavailable")
    assert down.headers["Content-Type"] == "application/problem+json"
    assert down.headers["Retry-After"]
