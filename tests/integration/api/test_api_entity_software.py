"""What an entity's own software gets from the API with its key."""

import base64
import csv
import gzip
import hashlib
import io
from typing import Any

import pytest
from falcon.testing import Result, TestClient

from contracts.errors import ErrorCode
from contracts.rpc import payments, practices
from contracts.shapes import Instalment
from gateway.api import debt_files, examples
from gateway.api.debt_files import AT_ONCE_MAX_BYTES
from gateway.api.json_values import JsonObject
from gateway.debt_file_parts import FILE_MAX_BYTES
from tests.integration.api.fake_services import FakeServices

DEBT = "/api/v1/creditors/PM108/debts/RETTA-2026-0001-5"
IMPORTS = "/api/v1/creditors/PM108/imports"
PART_BYTES = practices.IMPORT_PART_MAX_BYTES
ALL = {"Authorization": "Bearer all"}
CSV = {**ALL, "Content-Type": "text/csv; charset=utf-8"}


def problem(result: Result, status: int, code: ErrorCode) -> dict[str, Any]:
    """The problem of an answer, which has to be this one."""
    body: dict[str, Any] = result.json
    assert (result.status_code, body["code"]) == (status, code)
    return body


# --- keys ---


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"X-Api-Key": ""}, {"Authorization": "all"}]
)
def test_without_a_known_key_nothing_is_done(
    client: TestClient, services: FakeServices, headers: dict[str, str]
) -> None:
    result = client.simulate_put(DEBT, json=examples.DEBT, headers=headers)
    problem(result, 401, ErrorCode.API_KEY_INVALID)
    assert result.headers["WWW-Authenticate"].startswith("Bearer")
    assert services.calls == []


@pytest.mark.parametrize("headers", [ALL, {"X-Api-Key": "all"}, {"Authorization": "bearer all"}])
def test_a_key_is_taken_from_either_header(client: TestClient, headers: dict[str, str]) -> None:
    assert client.simulate_put(DEBT, json=examples.DEBT, headers=headers).status_code == 200


@pytest.mark.parametrize("key", ["reader", "other-entity"])
def test_a_key_without_the_scope_or_of_another_entity_is_refused(client: TestClient, key: str) -> None:
    result = client.simulate_put(DEBT, json=examples.DEBT, headers={"X-Api-Key": key})
    problem(result, 403, ErrorCode.SCOPE_MISSING)


# --- debts ---


def test_a_link_to_pay_a_debt_is_made_and_revoked(client: TestClient, services: FakeServices) -> None:
    made = client.simulate_post(f"{DEBT}/pay-links", json={"valid_days": 7}, headers=ALL)
    assert made.status_code == 201
    assert made.json["url"].endswith("/paga/t0ken")
    asked = services.asked(practices.MAKE_PAY_LINK)
    assert (asked.entity_code, asked.external_id, asked.valid_days) == ("PM108", "RETTA-2026-0001-5", 7)
    link_id = made.json["id"]
    assert client.simulate_delete(f"{DEBT}/pay-links/{link_id}", headers=ALL).json == {"count": 1}
    assert str(services.asked(practices.REVOKE_PAY_LINKS).link_id) == link_id
    assert client.simulate_delete(f"{DEBT}/pay-links", headers=ALL).json == {"count": 1}
    assert services.asked(practices.REVOKE_PAY_LINKS).link_id is None
    for days in (0, 401, "x"):
        problem(
            client.simulate_post(f"{DEBT}/pay-links", json={"valid_days": days}, headers=ALL),
            400,
            ErrorCode.INVALID_REQUEST,
        )
    denied = client.simulate_post(f"{DEBT}/pay-links", json={}, headers={"X-Api-Key": "reader"})
    problem(denied, 403, ErrorCode.SCOPE_MISSING)


def test_a_debt_is_put_and_annulled_under_the_entitys_own_reference(client: TestClient, services: FakeServices) -> None:
    assert client.simulate_put(DEBT, json=examples.DEBT, headers=ALL).json["id"] == examples.PRACTICE_ID
    asked = services.asked(practices.PUT_DEBT)
    assert (asked.entity_code, asked.external_id) == ("PM108", "RETTA-2026-0001-5")
    assert asked.instalment == Instalment(number=5, total=7)
    result = client.simulate_delete(DEBT, json={"reason": "Emesso per errore"}, headers=ALL)
    assert result.status_code == 200
    assert services.asked(practices.ANNUL_DEBT).reason == "Emesso per errore"


def test_a_debt_is_not_annulled_without_a_reason(client: TestClient, services: FakeServices) -> None:
    problem(client.simulate_delete(DEBT, json={}, headers=ALL), 400, ErrorCode.INVALID_REQUEST)
    assert services.calls == []


# --- imports ---


def test_a_csv_body_is_imported_and_its_report_is_found_again(client: TestClient, services: FakeServices) -> None:
    result = client.simulate_post(IMPORTS, body=examples.IMPORT_FILE, headers=CSV)
    assert result.status_code == 201
    assert [row["outcome"] for row in result.json["rows"]] == ["created", "refused"]
    asked = services.asked(practices.IMPORT)
    assert base64.b64decode(asked.content_base64) == examples.IMPORT_FILE.encode()
    assert client.simulate_get(result.headers["Location"], headers=ALL).json == result.json


def test_the_same_file_again_is_another_import_unless_it_has_the_same_key(
    client: TestClient, services: FakeServices
) -> None:
    keys = []
    for headers in (
        CSV,
        CSV,
        {**CSV, "Idempotency-Key": "a-key-of-theirs"},
        {**CSV, "Idempotency-Key": "a-key-of-theirs"},
    ):
        assert client.simulate_post(IMPORTS, body=examples.IMPORT_FILE, headers=headers).status_code == 201
        keys.append(services.asked(practices.IMPORT).idempotency_key)
    assert len(set(keys)) == 3
    assert keys[2:] == ["a-key-of-theirs"] * 2
    assert all(len(key) >= 8 for key in keys)


@pytest.mark.parametrize("media_type", ["application/jsonl", "application/x-ndjson", "application/json"])
def test_json_is_imported_like_csv(client: TestClient, services: FakeServices, media_type: str) -> None:
    line = b'{"external_id": "TARI-1"}\n'
    assert client.simulate_post(IMPORTS, body=line, headers={**ALL, "Content-Type": media_type}).status_code == 201
    assert base64.b64decode(services.asked(practices.IMPORT).content_base64) == line


def test_refused_rows_come_as_a_file_to_correct_that_no_spreadsheet_works_out(
    client: TestClient, services: FakeServices
) -> None:
    refused = examples.IMPORT["rows"][1]
    told = {
        **refused,
        "value_shape": "=A",
        "problem": "Il codice fiscale non è corretto.",
        "remedy": "Scrivilo intero.",
    }
    cells = {"codice_debito": "R-1", "cognome_nome": '=HYPERLINK("x")', "importo": "-5,00", "causale": 'è "così"; ok'}
    pages = [
        {"columns": ["codice_debito", "cognome_nome", "importo", "causale"], "rows": rows, "next_after": after}
        for rows, after in (([{"row": told, "cells": cells}], 3), ([{"row": {**told, "line": 5}, "cells": {}}], None))
    ]
    services.answers[practices.REFUSED_ROWS.name] = lambda asked: pages[asked.after_line // 3]
    result = client.simulate_get(f"{IMPORTS}/{examples.IMPORT_ID}/refused.csv", headers=ALL)
    assert result.status_code == 200
    assert result.content.startswith(b"\xef\xbb\xbf")
    assert "righe-da-correggere" in result.headers["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(result.content.decode("utf-8-sig")), delimiter=";"))
    reason = ["codice_fiscale", "'=A", "Il codice fiscale non è corretto.", "Scrivilo intero."]
    assert lines == [
        ["riga", "colonna", "valore", "problema", "rimedio", "codice_debito", "cognome_nome", "importo", "causale"],
        ["3", *reason, "R-1", '\'=HYPERLINK("x")', "'-5,00", 'è "così"; ok'],
        ["5", *reason, "RETTA-2026-0002-5", "", "", ""],
    ]


def test_a_multipart_file_is_imported_under_its_name(client: TestClient, services: FakeServices) -> None:
    body = (
        "--limit\r\n"
        'Content-Disposition: form-data; name="file"; filename="debiti.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
        f"{examples.IMPORT_FILE}\r\n"
        "--limit--\r\n"
    )
    headers = {**ALL, "Content-Type": "multipart/form-data; boundary=limit"}
    assert client.simulate_post(IMPORTS, body=body, headers=headers).status_code == 201
    asked = services.asked(practices.IMPORT)
    assert asked.file_name == "debiti.csv"
    assert base64.b64decode(asked.content_base64) == examples.IMPORT_FILE.encode()


def test_a_multipart_body_without_a_file_or_broken_is_refused(client: TestClient) -> None:
    headers = {**ALL, "Content-Type": "multipart/form-data; boundary=limit"}
    other = '--limit\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--limit--\r\n'
    for body in (other, "--limit\r\nbroken"):
        problem(client.simulate_post(IMPORTS, body=body, headers=headers), 400, ErrorCode.INVALID_REQUEST)


def test_parts_without_a_length_are_refused_and_told_how_to_come(client: TestClient, services: FakeServices) -> None:
    headers = {**ALL, "Content-Type": "multipart/form-data; boundary=limit"}
    result = client.simulate_post(IMPORTS, body=b"--limit--", headers=headers, extras={"CONTENT_LENGTH": ""})
    assert "Content-Length" in problem(result, 411, ErrorCode.INVALID_REQUEST)["detail"]
    assert services.calls == []


def test_an_empty_file_or_another_media_type_is_refused(client: TestClient, services: FakeServices) -> None:
    problem(client.simulate_post(IMPORTS, body=b"", headers=CSV), 422, ErrorCode.IMPORT_EMPTY)
    result = client.simulate_post(IMPORTS, body=b"<a/>", headers={**ALL, "Content-Type": "application/xml"})
    problem(result, 415, ErrorCode.INVALID_REQUEST)
    assert services.calls == []


def test_a_file_of_600_mb_is_refused_by_its_length_without_being_read(client: TestClient) -> None:
    result = client.simulate_post(IMPORTS, body=b"x", headers={**CSV, "Content-Length": str(600 * 1024 * 1024)})
    assert problem(result, 413, ErrorCode.IMPORT_TOO_LARGE)["params"] == {"max_bytes": 512 * 1024 * 1024}


def test_a_file_just_over_the_cap_is_refused_and_one_at_the_cap_is_taken(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FILE_MAX_BYTES == 512 * 1024 * 1024
    monkeypatch.setattr(debt_files, "FILE_MAX_BYTES", 3 * PART_BYTES)
    over = client.simulate_post(IMPORTS, body=b"x" * (3 * PART_BYTES + 1), headers=CSV)
    problem(over, 413, ErrorCode.IMPORT_TOO_LARGE)
    assert client.simulate_post(IMPORTS, body=b"x" * 3 * PART_BYTES, headers=CSV).status_code == 202


def test_a_file_that_takes_longer_is_answered_202_with_its_jobs_address_at_once(
    client: TestClient, services: FakeServices
) -> None:
    at_once = client.simulate_post(IMPORTS, body=b"x" * AT_ONCE_MAX_BYTES, headers=CSV)
    assert (at_once.status_code, at_once.json["state"]) == (201, "done")
    services.calls.clear()
    content = b"x" * PART_BYTES + b"y" * PART_BYTES + b"z"
    job = client.simulate_post(IMPORTS, body=content, headers={**CSV, "Idempotency-Key": "a-key-of-theirs"})
    assert (job.status_code, job.json["state"], job.json["rows"]) == (202, "waiting", [])
    assert job.headers["Location"] == f"{IMPORTS}/{job.json['id']}"
    requests: list[Any] = [request for _, request in services.calls]
    *parts, queued = requests
    assert [part.number for part in parts] == [1, 2, 3]
    assert b"".join(base64.b64decode(part.content_base64) for part in parts) == content
    assert len({part.import_id for part in parts} | {queued.import_id}) == 1
    assert (queued.idempotency_key, queued.parts) == ("a-key-of-theirs", 3)
    assert queued.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (gzip.compress(examples.IMPORT_FILE.encode()), {**ALL, "Content-Type": "application/gzip"}),
        (gzip.compress(examples.IMPORT_FILE.encode()), CSV),
        (examples.IMPORT_FILE.encode(), {**CSV, "Prefer": "wait=1, Respond-Async"}),
    ],
    ids=["gzip", "gzip called csv", "respond-async"],
)
def test_a_packed_file_and_one_whose_sender_wishes_so_are_jobs_however_small(
    client: TestClient, services: FakeServices, content: bytes, headers: dict[str, str]
) -> None:
    assert client.simulate_post(IMPORTS, body=content, headers=headers).status_code == 202
    assert base64.b64decode(services.asked(practices.IMPORT_PART).content_base64) == content


def test_a_body_that_is_broken_off_is_no_file(client: TestClient, services: FakeServices) -> None:
    result = client.simulate_post(IMPORTS, body=b"x" * 400_000, headers={**CSV, "Content-Length": "500000"})
    assert result.status_code == 400
    assert not [call for call, _ in services.calls if call == practices.QUEUE_IMPORT.name]


def test_the_rows_of_a_report_come_in_pages_and_by_outcome(client: TestClient, services: FakeServices) -> None:
    one = f"{IMPORTS}/{examples.IMPORT_ID}"
    assert client.simulate_get(one, params={"after_line": 7, "limit": 9, "outcome": "refused"}, headers=ALL)
    asked = services.asked(practices.GET_IMPORT)
    assert (asked.after_line, asked.limit, asked.outcome) == (7, 9, "refused")
    problem(client.simulate_get(one, params={"outcome": "odd"}, headers=ALL), 400, ErrorCode.INVALID_REQUEST)


def test_an_import_is_cancelled_by_its_address(client: TestClient, services: FakeServices) -> None:
    result = client.simulate_delete(f"{IMPORTS}/{examples.IMPORT_ID}", headers=ALL)
    assert (result.status_code, result.json["state"]) == (200, "cancelled")
    assert str(services.asked(practices.CANCEL_IMPORT).import_id) == examples.IMPORT_ID


@pytest.mark.parametrize("code", [ErrorCode.IMPORT_NOT_UTF8, ErrorCode.IMPORT_WRONG_HEADER])
def test_what_the_service_finds_wrong_with_the_file_reaches_the_sender(
    client: TestClient, services: FakeServices, code: ErrorCode
) -> None:
    services.refuse(practices.IMPORT, code)
    problem(client.simulate_post(IMPORTS, body=b"\xff\xfe", headers=CSV), 422, code)


# --- reconciliation ---


def test_payments_are_listed_from_a_moment_on(client: TestClient, services: FakeServices) -> None:
    result = client.simulate_get(
        "/api/v1/creditors/PM108/payments",
        params={"from": "2026-11-01T00:00:00+01:00"},
        headers={"X-Api-Key": "reader"},
    )
    assert result.json["items"][0]["receipt_id"] == examples.RECEIPT["receipt_id"]
    since = services.asked(payments.LIST_PAYMENTS).since
    assert since is not None
    assert since.isoformat() == "2026-10-31T23:00:00+00:00"


def test_a_moment_without_its_zone_is_refused(client: TestClient) -> None:
    result = client.simulate_get(
        "/api/v1/creditors/PM108/payments", params={"from": "2026-11-01T00:00:00"}, headers=ALL
    )
    assert problem(result, 400, ErrorCode.INVALID_REQUEST)["errors"][0]["parameter"] == "from"


def feed(*rows: tuple[int, str, str]) -> Any:
    """A source of events: position, minute, entity."""

    def answer(request: practices.EventsRequest) -> JsonObject:
        items = [
            {
                "position": position,
                "event": {
                    "id": f"{minute}",
                    "time": f"2026-11-02T10:{minute}:00+00:00",
                    "data": {"entity_code": entity},
                },
            }
            for position, minute, entity in rows
            if position > request.after
        ]
        return {"items": items[: request.limit]}

    return answer


def read(client: TestClient, **params: Any) -> dict[str, Any]:
    """One page of the feed."""
    result = client.simulate_get("/api/v1/events", params=params, headers=ALL)
    assert result.status_code == 200
    page: dict[str, Any] = result.json
    return page


def test_the_feed_merges_both_sources_by_time_and_its_cursor_loses_and_doubles_nothing(
    client: TestClient, services: FakeServices
) -> None:
    services.answers[practices.EVENTS.name] = feed((1, "01", "PM108"), (2, "03", "PM108"), (5, "04", "PM108"))
    services.answers[payments.EVENTS.name] = feed((7, "02", "PM108"), (9, "05", "PM108"))
    seen: list[str] = []
    page = read(client, limit=2)
    while page["items"]:
        seen += [event["id"] for event in page["items"]]
        assert page["more"] == (len(seen) < 5)
        page = read(client, limit=2, after=page["next_cursor"])
    assert seen == ["01", "02", "03", "04", "05"]
    assert page["more"] is False


def test_the_feed_leaves_out_other_entities_and_still_moves_on(client: TestClient, services: FakeServices) -> None:
    services.answers[practices.EVENTS.name] = feed((1, "01", "PM200"), (2, "02", "PM200"), (3, "03", "PM108"))
    page = read(client, limit=2)
    assert page["items"] == []
    assert page["more"] is True
    assert [event["id"] for event in read(client, limit=2, after=page["next_cursor"])["items"]] == ["03"]


@pytest.mark.parametrize("after", ["x", "WzEsMl0", "WzEsMl0=x", "e30=", "WzEsLTFd", "WyIxIiwyXQ=="])
def test_a_cursor_we_did_not_make_is_refused(client: TestClient, after: str) -> None:
    result = client.simulate_get("/api/v1/events", params={"after": after}, headers=ALL)
    assert problem(result, 400, ErrorCode.INVALID_REQUEST)["errors"][0]["parameter"] == "after"


def test_a_file_is_previewed_as_a_job_and_loaded_when_that_is_asked_for(
    client: TestClient, services: FakeServices
) -> None:
    sent = client.simulate_post(f"{IMPORTS}?preview=true", body=examples.IMPORT_FILE, headers=CSV)
    assert sent.status_code == 202
    assert services.asked(practices.QUEUE_IMPORT).preview is True
    client.simulate_post(IMPORTS, body=examples.IMPORT_FILE, headers={**CSV, "Prefer": "respond-async"})
    assert services.asked(practices.QUEUE_IMPORT).preview is False
    address = f"{IMPORTS}/{examples.IMPORT_ID}/application"
    body = {"accepted_only": True, "annul_missing": True, "reason": "Non più dovuto"}
    applied = client.simulate_post(address, json=body, headers=ALL)
    assert (applied.status_code, applied.json["state"]) == (202, "loading")
    asked = services.asked(practices.APPLY_IMPORT)
    assert (asked.accepted_only, asked.annul_missing, asked.reason) == (True, True, "Non più dovuto")
    problem(client.simulate_post(address, json={"all": True}, headers=ALL), 400, ErrorCode.INVALID_REQUEST)
