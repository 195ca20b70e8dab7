"""What an entity's accounting reads over the API: its debts, and debts and payments of a period as CSV."""

import csv
import io
from typing import Any

import pytest
from falcon.testing import Result, TestClient

from contracts.errors import ErrorCode, Unavailable
from contracts.rpc import payments, practices
from gateway.api import examples
from gateway.api.json_values import JsonObject
from tests.integration.api.fake_services import FakeServices

DEBTS = "/api/v1/creditors/PM108/debts"
DEBT = f"{DEBTS}/RETTA-2627-00001-5"
DEBTS_FILE = f"{DEBTS}.csv"
PAYMENTS_FILE = "/api/v1/creditors/PM108/payments.csv"
ALL = {"Authorization": "Bearer all"}
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


def code_of(result: Result) -> tuple[int, str]:
    return result.status_code, result.json["code"]


def rows_of(result: Result) -> list[dict[str, str]]:
    """A file as a spreadsheet reads it."""
    assert result.status_code == 200
    assert result.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(result.content.decode("utf-8-sig")), delimiter=";"))


def pages(key: str, example: JsonObject, *changes: list[JsonObject]) -> Any:
    """Answer a list in pages, each row the example with its changes."""

    def answer(request: Any) -> JsonObject:
        number = int(request.cursor or 0)
        following = str(number + 1) if number + 1 < len(changes) else None
        return {key: [{**example, **one} for one in changes[number]], "next_cursor": following}

    return answer


# --- debts ---


def test_a_debt_is_read_by_the_entitys_own_reference(client: TestClient, services: FakeServices) -> None:
    result = client.simulate_get(DEBT, headers=ALL)
    assert result.json == examples.BOOKED_PRACTICE | result.json
    assert result.json["accounting_code"] == examples.BOOKED_PRACTICE["accounting_code"]
    asked = services.asked(practices.DEBT)
    assert (asked.entity_code, asked.external_id) == ("PM108", "RETTA-2627-00001-5")


def test_a_debt_that_is_not_there_is_404(client: TestClient, services: FakeServices) -> None:
    services.refuse(practices.DEBT, ErrorCode.PRACTICE_NOT_FOUND)
    assert code_of(client.simulate_get(DEBT, headers=ALL)) == (404, "practice_not_found")


def test_debts_are_listed_by_period_service_state_and_origin(client: TestClient, services: FakeServices) -> None:
    services.answers[practices.LIST_DEBTS.name] = lambda _: {
        "practices": [examples.BOOKED_PRACTICE],
        "next_cursor": "next",
    }
    params = {
        "from": "2026-11-01T00:00:00+01:00",
        "to": "2026-12-01T00:00:00+01:00",
        "state": "paid,reported",
        "service_code": "RETTA",
        "origin": "issued",
        "limit": 5,
    }
    result = client.simulate_get(DEBTS, params=params, headers=ALL)
    assert [one["id"] for one in result.json["items"]] == [examples.PRACTICE_ID]
    assert "cursor=next" in result.headers["Link"]
    asked = services.asked(practices.LIST_DEBTS)
    assert asked.since is not None
    assert asked.until is not None
    assert (asked.since.isoformat(), asked.until.isoformat()) == (
        "2026-10-31T23:00:00+00:00",
        "2026-11-30T23:00:00+00:00",
    )
    assert (asked.states, asked.service_code, asked.origin, asked.limit) == (["paid", "reported"], "RETTA", "issued", 5)


@pytest.mark.parametrize("path", [DEBTS, DEBT, DEBTS_FILE])
@pytest.mark.parametrize(("key", "status"), [("reader", 403), ("other-entity", 403), ("wrong", 401)])
def test_debts_are_for_the_entity_itself_with_the_scope(
    client: TestClient, services: FakeServices, path: str, key: str, status: int
) -> None:
    assert client.simulate_get(path, headers={"X-Api-Key": key}).status_code == status
    assert services.calls == []


def test_the_scope_that_puts_debts_reads_them_and_the_one_that_reads_puts_none(
    client: TestClient, services: FakeServices
) -> None:
    assert client.simulate_get(DEBT, headers={"X-Api-Key": "debts-writer"}).status_code == 200
    assert client.simulate_get(DEBT, headers={"X-Api-Key": "debts-reader"}).status_code == 200
    refused = client.simulate_put(DEBT, json=examples.DEBT, headers={"X-Api-Key": "debts-reader"})
    assert code_of(refused) == (403, "scope_missing")


# --- files ---


def test_the_debts_of_a_period_are_a_file_a_spreadsheet_reads(client: TestClient, services: FakeServices) -> None:
    plan = {"external_id": "RETTA-1", "instalment": {"number": 5, "total": 7}, "amount_cents": 123456}
    services.answers[practices.LIST_DEBTS.name] = pages("practices", examples.BOOKED_PRACTICE, [plan, {}], [{}])
    result = client.simulate_get(DEBTS_FILE, params={"from": "2026-11-01T00:00:00Z"}, headers=ALL)
    first, *others = rows_of(result)
    assert len(others) == 2
    assert result.content.startswith(b"\xef\xbb\xbf")
    assert "debiti-PM108.csv" in result.headers["Content-Disposition"]
    assert (first["riferimento"], first["rata"], first["rate_totali"]) == ("RETTA-1", "5", "7")
    assert (first["importo"], first["conto"], first["beneficiario"]) == ("1234,56", "3.0.1.02.16", "Anna Rossi")
    assert first["creato_il"] == "2026-11-02 10:15:00"
    assert services.asked(practices.LIST_DEBTS).since is not None


def test_the_payments_of_a_period_are_a_file_with_what_books_join_on(
    client: TestClient, services: FakeServices
) -> None:
    booked = {"external_id": "RETTA-1", "instalment": {"number": 5, "total": 7}, "duplicate": True}
    services.answers[payments.LIST_PAYMENTS.name] = pages("receipts", examples.RECEIPT, [booked], [{}], [])
    params = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z", "flagged": "true"}
    first, second = rows_of(client.simulate_get(PAYMENTS_FILE, params=params, headers={"X-Api-Key": "reader"}))
    assert (first["riferimento"], first["servizio"], first["conto"]) == ("RETTA-1", "CONTRIB_IT", "3.0.1.02.16")
    assert (first["rata"], first["beneficiario"], first["doppio"]) == ("5", "Anna Rossi", "sì")
    assert (second["riferimento"], second["rata"], second["doppio"]) == ("", "", "no")
    assert (first["importo"], first["commissione"], first["pagato_il"]) == ("120,00", "1,00", "2026-11-02 10:25:00")
    asked = services.asked(payments.LIST_PAYMENTS)
    assert asked.flagged
    assert asked.until is not None
    assert asked.until.isoformat() == "2026-12-01T00:00:00+00:00"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_file_is_taken_for_a_formula(client: TestClient, services: FakeServices, text: str) -> None:
    debtor = {**examples.PRACTICE["debtor"], "full_name": text, "fiscal_code": text}
    evil = {"external_id": text, "description": text, "debtor": debtor, "state_reason": text}
    services.answers[practices.LIST_DEBTS.name] = pages("practices", examples.BOOKED_PRACTICE, [evil])
    received = {**evil, "psp_name": text, "payment_method": text}
    del received["state_reason"]
    services.answers[payments.LIST_PAYMENTS.name] = pages("receipts", examples.RECEIPT, [received])
    for path in (DEBTS_FILE, PAYMENTS_FILE):
        content = client.simulate_get(path, headers=ALL).content.decode("utf-8-sig")
        cells = [cell for row in csv.reader(io.StringIO(content, newline=""), delimiter=";") for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert f"'{text}" in cells


def test_an_empty_period_is_a_file_with_its_header_alone(client: TestClient, services: FakeServices) -> None:
    services.answers[practices.LIST_DEBTS.name] = pages("practices", examples.BOOKED_PRACTICE, [])
    result = client.simulate_get(DEBTS_FILE, headers=ALL)
    assert rows_of(result) == []
    assert result.text.startswith("\ufeffcreato_il;avviso;")


def test_what_is_refused_at_the_first_page_is_a_problem_and_no_file(client: TestClient, services: FakeServices) -> None:
    services.refuse(practices.LIST_DEBTS, ErrorCode.UNKNOWN_ENTITY)
    assert code_of(client.simulate_get(DEBTS_FILE, headers=ALL)) == (404, "unknown_entity")


def test_a_file_is_made_a_page_at_a_time_and_breaks_off_where_a_page_cannot_be_had(
    client: TestClient, services: FakeServices
) -> None:
    def answer(request: practices.DebtListRequest) -> JsonObject:
        if request.cursor:
            raise Unavailable
        return {"practices": [examples.BOOKED_PRACTICE], "next_cursor": "next"}

    services.answers[practices.LIST_DEBTS.name] = answer
    with pytest.raises(Unavailable):  # what the server then does is to close the connection
        client.simulate_get(DEBTS_FILE, headers=ALL)


# --- the feed ---


def asked_of(services: FakeServices, call: Any) -> list[practices.EventsRequest]:
    return [request for name, request in services.calls if name == call.name]  # type: ignore[misc]  # -- of that call


def test_the_feed_asks_for_type_subject_period_and_entity(client: TestClient, services: FakeServices) -> None:
    params = {
        "type": "PaymentConfirmed.v1,PracticeCreated.v1",
        "subject": examples.PRACTICE_ID,
        "from": "2026-11-01T00:00:00Z",
        "to": "2026-12-01T00:00:00Z",
        "limit": 7,
    }
    assert client.simulate_get("/api/v1/events", params=params, headers=ALL).status_code == 200
    for call in (practices.EVENTS, payments.EVENTS):
        [asked] = asked_of(services, call)
        assert asked.types == ["PaymentConfirmed.v1", "PracticeCreated.v1"]
        assert (asked.subject, asked.entity_code, asked.limit) == (examples.PRACTICE_ID, "PM108", 7)
        assert asked.since is not None
        assert asked.until is not None
        assert (asked.since.month, asked.until.month) == (11, 12)


def test_the_feed_asks_only_who_emits_the_types(client: TestClient, services: FakeServices) -> None:
    params = {"type": "PaymentConfirmed.v1"}
    assert client.simulate_get("/api/v1/events", params=params, headers=ALL).status_code == 200
    assert (len(asked_of(services, payments.EVENTS)), asked_of(services, practices.EVENTS)) == (1, [])


@pytest.mark.parametrize(
    "params", [{"type": "NoticeIssued.v1"}, {"type": "x"}, {"from": "2026-11-01"}, {"subject": ""}]
)
def test_the_feed_refuses_what_it_does_not_have(client: TestClient, services: FakeServices, params: Any) -> None:
    assert client.simulate_get("/api/v1/events", params=params, headers=ALL).status_code == 400
    assert services.calls == []


def test_an_empty_page_of_the_feed_says_that_there_is_more_and_where_to_go_on(
    client: TestClient, services: FakeServices
) -> None:
    def answer(request: practices.EventsRequest) -> JsonObject:
        return {"items": [], "reached": min(request.after + 10, 25), "more": request.after + 10 < 25}

    services.answers[payments.EVENTS.name] = services.answers[practices.EVENTS.name] = answer
    pages, cursor, more = 0, None, True
    while more:
        params: dict[str, str] = {"after": cursor} if cursor else {}
        page = client.simulate_get("/api/v1/events", params=params, headers=ALL).json
        pages, cursor, more = pages + 1, page["next_cursor"], page["more"]
    assert pages == 3
    assert asked_of(services, payments.EVENTS)[-1].after == 20


def test_the_feed_goes_back_as_far_as_both_of_its_sources(client: TestClient, services: FakeServices) -> None:
    early, late = "2025-10-01T00:00:00+00:00", "2025-11-01T00:00:00+00:00"
    assert client.simulate_get("/api/v1/events", headers=ALL).json["complete_since"] is None
    services.answers[practices.EVENTS.name] = lambda _: {"items": [], "complete_since": early}
    services.answers[payments.EVENTS.name] = lambda _: {"items": [], "complete_since": late}
    assert client.simulate_get("/api/v1/events", headers=ALL).json["complete_since"] == late
