"""Unexpected money and refunds, as the entity's own software meets them."""

from uuid import UUID

import pytest
from falcon.testing import TestClient

from contracts.error_details import ChangedMeanwhile, RefundLimit, StepNotAllowed
from contracts.errors import ErrorCode
from contracts.rpc import money_cases
from gateway.api import money_examples
from tests.integration.api.fake_services import FakeServices

CASES = "/api/v1/creditors/PM108/money-cases"
CASE = f"{CASES}/{money_examples.CASE_ID}"
EXPORTS = "/api/v1/creditors/PM108/refund-exports"
EXPORT = f"{EXPORTS}/{money_examples.EXPORT_ID}"
ALL = {"Authorization": "Bearer all"}
READER = {"X-Api-Key": "reader"}


def test_cases_are_listed_by_state_and_the_account_is_for_keys_that_pay(
    client: TestClient, services: FakeServices
) -> None:
    page = client.simulate_get(f"{CASES}?state=open,refund_asked&limit=1", headers=READER)
    assert (page.json["items"], page.json["next_cursor"]) == ([money_examples.CASE], "42")
    assert "cursor=42" in page.headers["Link"]
    asked = services.asked(money_cases.MONEY_CASES)
    assert (list(asked.states), asked.limit, asked.show_iban) == (["open", "refund_asked"], 1, False)
    client.simulate_get(CASES, headers=ALL)
    assert services.asked(money_cases.MONEY_CASES).show_iban is True
    one = client.simulate_get(CASE, headers=READER)
    assert one.json == money_examples.CASE_REPLY
    assert services.asked(money_cases.MONEY_CASE).show_iban is False


def test_a_step_is_taken_in_the_version_read_and_named_after_the_key(
    client: TestClient, services: FakeServices
) -> None:
    result = client.simulate_post(f"{CASE}/steps", json=money_examples.STEP, headers=ALL)
    assert (result.status_code, result.json) == (200, money_examples.CASE)
    asked = services.asked(money_cases.MOVE_CASE)
    assert (asked.step, asked.version, asked.refund_cents) == ("refund", 2, 12_000)
    assert (asked.actor.kind, asked.actor.id, asked.service_codes) == ("api_key", "all", None)
    assert asked.case_id == UUID(money_examples.CASE_ID)


@pytest.mark.parametrize(
    ("code", "detail", "status", "field"),
    [
        (ErrorCode.CHANGED_MEANWHILE, ChangedMeanwhile(version=3), 409, None),
        (ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED, StepNotAllowed(state="done"), 409, None),
        (ErrorCode.SECOND_PERSON_REQUIRED, None, 403, None),
        (ErrorCode.MONEY_CASE_NOT_FOUND, None, 404, None),
        (ErrorCode.INVALID_IBAN, None, 422, "/iban"),
        (ErrorCode.NAME_REQUIRED, None, 422, "/holder"),
        (ErrorCode.REASON_REQUIRED, None, 422, "/reason"),
        (ErrorCode.REFUND_TOO_LARGE, RefundLimit(max_cents=1), 422, "/refund_cents"),
        (ErrorCode.INVALID_NOTICE_NUMBER, None, 422, "/offset_notice_number"),
    ],
)
def test_a_refusal_names_its_field(
    client: TestClient, services: FakeServices, code: ErrorCode, detail: object, status: int, field: str | None
) -> None:
    services.refuse(money_cases.MOVE_CASE, code, detail)  # type: ignore[arg-type]  # -- of any type of detail
    result = client.simulate_post(f"{CASE}/steps", json=money_examples.STEP, headers=ALL)
    assert (result.status_code, result.json["code"]) == (status, code)
    assert [one["pointer"] for one in result.json.get("errors", [])] == ([field] if field else [])


def test_refunds_are_exported_once_per_key_taken_away_and_said_to_be_paid(
    client: TestClient, services: FakeServices
) -> None:
    body = money_examples.EXPORT_BODY
    missing = client.simulate_post(EXPORTS, json=body, headers=ALL)
    assert missing.status_code == 400
    made = client.simulate_post(EXPORTS, json=body, headers={**ALL, "Idempotency-Key": "a-key-of-theirs"})
    assert (made.status_code, made.json) == (201, money_examples.EXPORT)
    asked = services.asked(money_cases.EXPORT_REFUNDS)
    assert (asked.idempotency_key, asked.account_iban) == ("a-key-of-theirs", body["account_iban"])
    assert client.simulate_get(EXPORTS, headers=ALL).json["exports"] == [money_examples.EXPORT]
    for ending, media_type, file_format in (
        ("refunds.csv", "text/csv", "csv"),
        ("pain.001.xml", "application/xml", "xml"),
    ):
        file = client.simulate_get(f"{EXPORT}/{ending}", headers=ALL)
        assert (file.text, file.headers["Content-Type"].split(";")[0]) == ("refunds", media_type)
        assert f"rimborsi.{file_format}" in file.headers["Content-Disposition"]
    paid = client.simulate_post(f"{EXPORT}/payment", headers=ALL)
    assert (paid.status_code, paid.json["open_count"]) == (200, 0)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{CASE}/steps"),
        ("GET", EXPORTS),
        ("POST", EXPORTS),
        ("GET", f"{EXPORT}/refunds.csv"),
        ("GET", f"{EXPORT}/pain.001.xml"),
        ("POST", f"{EXPORT}/payment"),
    ],
)
def test_who_may_only_read_payments_pays_nothing(
    client: TestClient, services: FakeServices, method: str, path: str
) -> None:
    result = client.simulate_request(method, path, headers=READER)
    assert (result.status_code, result.json["code"]) == (403, ErrorCode.SCOPE_MISSING)
    assert services.calls == []
