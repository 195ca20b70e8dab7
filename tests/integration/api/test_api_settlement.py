"""Settlement flows, bank credits and reports, as the entity's own software meets them."""

import base64

import pytest
from falcon.testing import TestClient

from contracts.errors import ErrorCode
from contracts.rpc import notices, payments, settlement
from gateway.api import examples, settlement_examples
from gateway.flow_files import UPLOAD_MAX_BYTES
from tests.integration.api.fake_services import PDF, FakeServices

FLOWS = "/api/v1/creditors/PM108/settlements"
ALL = {"Authorization": "Bearer all"}


@pytest.mark.parametrize("media_type", ["application/xml", "text/xml; charset=utf-8", "application/zip", "text/plain"])
def test_a_flow_is_handed_over_as_it_came(client: TestClient, services: FakeServices, media_type: str) -> None:
    result = client.simulate_post(FLOWS, body=b"<any/>", headers={**ALL, "Content-Type": media_type})
    assert result.status_code == 201
    assert result.headers["Location"] == f"{FLOWS}/{settlement_examples.SETTLEMENT['flow_id']}"
    asked = services.asked(settlement.TAKE_SETTLEMENT)
    assert base64.b64decode(asked.content_base64) == b"<any/>"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"<a/>", {"X-Api-Key": "reader", "Content-Type": "text/xml"}, 403, ErrorCode.SCOPE_MISSING),
        (b"<a/>", {"Content-Type": "text/xml"}, 401, ErrorCode.API_KEY_INVALID),
        (b"", {**ALL, "Content-Type": "text/xml"}, 422, ErrorCode.IMPORT_EMPTY),
        (b"{}", {**ALL, "Content-Type": "application/json"}, 415, ErrorCode.INVALID_REQUEST),
        (b" " * (UPLOAD_MAX_BYTES + 1), {**ALL, "Content-Type": "text/xml"}, 413, ErrorCode.IMPORT_TOO_LARGE),
    ],
)
def test_what_may_not_be_uploaded_is_refused(
    client: TestClient, services: FakeServices, body: bytes, headers: dict[str, str], status: int, code: ErrorCode
) -> None:
    result = client.simulate_post(FLOWS, body=body, headers=headers)
    assert (result.status_code, result.json["code"]) == (status, code)
    assert services.calls == []


def test_flows_the_worklist_and_a_days_report_are_read(client: TestClient, services: FakeServices) -> None:
    assert client.simulate_get(FLOWS, headers=ALL).json["items"] == [settlement_examples.SETTLEMENT]
    assert client.simulate_get(f"{FLOWS}/x", headers=ALL).json == settlement_examples.SETTLEMENT
    page = client.simulate_get("/api/v1/creditors/PM108/settlement-worklist?limit=1", headers=ALL)
    assert page.json == {"items": [settlement_examples.WORKLIST_ITEM], "next_after": 42}
    assert "after=42" in page.headers["Link"]
    report = client.simulate_get("/api/v1/creditors/PM108/reconciliations/2026-11-03", headers=ALL)
    assert report.headers["Content-Type"].startswith("text/csv")
    assert "riconciliazione.csv" in report.headers["Content-Disposition"]
    printed = client.simulate_get(
        "/api/v1/creditors/PM108/reconciliations/2026-11-03/report.pdf", headers={**ALL, "Accept-Language": "en"}
    )
    assert (printed.status_code, printed.headers["Content-Type"]) == (200, "application/pdf")
    assert printed.content == PDF
    asked = services.asked(notices.DAY_REPORT)
    assert (asked.entity_code, asked.day.isoformat(), asked.language) == ("PM108", "2026-11-03", "en")
    wrong = client.simulate_get("/api/v1/creditors/PM108/reconciliations/yesterday", headers=ALL)
    assert (wrong.status_code, wrong.json["code"]) == (400, ErrorCode.INVALID_REQUEST)


def test_a_bank_credit_is_put_under_the_banks_reference(client: TestClient, services: FakeServices) -> None:
    result = client.simulate_put(
        "/api/v1/creditors/PM108/bank-credits/CRO-4711", json=settlement_examples.BANK_CREDIT, headers=ALL
    )
    assert result.json == settlement_examples.CREDIT
    assert services.asked(settlement.PUT_CREDIT).reference == "CRO-4711"


# --- what a human must look at ---


@pytest.mark.parametrize(("query", "flagged"), [("", False), ("?flagged=true", True), ("?flagged=false", False)])
def test_receipts_tell_stand_in_and_flags_and_those_to_look_at_can_be_asked_for_alone(
    client: TestClient, services: FakeServices, query: str, flagged: object
) -> None:
    result = client.simulate_get(f"/api/v1/creditors/PM108/payments{query}", headers=ALL)
    assert services.asked(payments.LIST_PAYMENTS).flagged is flagged
    assert (result.json["items"][0]["stand_in"], result.json["items"][0]["flags"]) == (False, [])


def test_bank_credits_of_no_flow_are_listed_page_by_page(client: TestClient, services: FakeServices) -> None:
    page = client.simulate_get("/api/v1/creditors/PM108/bank-credits?limit=1&after=CRO-4711", headers=ALL)
    assert page.json == {"items": [settlement_examples.UNMATCHED_CREDIT], "next_after": "CRO-4712"}
    assert services.asked(settlement.UNMATCHED_CREDITS).after == "CRO-4711"
    assert "after=CRO-4712" in page.headers["Link"]


def test_a_receipt_that_was_lost_is_taken_in_from_its_file(client: TestClient, services: FakeServices) -> None:
    headers = {**ALL, "Content-Type": "application/xml"}
    result = client.simulate_post("/api/v1/creditors/PM108/receipts", body=b"\xef\xbb\xbf<any/>", headers=headers)
    assert (result.status_code, result.json) == (200, examples.TAKEN_RECEIPT)
    asked = services.asked(payments.TAKE_RECEIPT)
    assert (asked.entity_code, asked.envelope) == ("PM108", "<any/>")
    for body, status in ((b"", 422), (b"\xff\xfe<", 400)):
        assert (
            client.simulate_post("/api/v1/creditors/PM108/receipts", body=body, headers=headers).status_code == status
        )
    reader = {"X-Api-Key": "reader", "Content-Type": "application/xml"}
    assert client.simulate_post("/api/v1/creditors/PM108/receipts", body=b"<a/>", headers=reader).status_code == 403
