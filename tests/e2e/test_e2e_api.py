"""The JSON API over a socket: the entity's debts, files, payments and events, and what bad input gets."""

import http.client
from contextlib import closing
from typing import Any, Final
from uuid import uuid4

import pytest
import requests
from openapi_spec_validator import validate

from tests.e2e.browser import Browser
from tests.e2e.running import ENTITY, PROJECT, PortalCopy, until

HEADER: Final = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali\n"
IMPORTS: Final = f"/creditors/{ENTITY}/imports"
CSV: Final = {"Content-Type": "text/csv; charset=utf-8"}


def send(portal: PortalCopy, content: bytes) -> requests.Response:
    """Import a file."""
    return portal.api("POST", IMPORTS, data=content, headers=CSV)


def row(reference: str, **changes: str) -> str:
    """A good line of a debt file, changed."""
    columns = {
        "codice_debito": reference,
        "servizio": "TARI",
        "codice_fiscale": "RSSMRA85T10A562S",
        "cognome_nome": "Rossi Mario",
        "email": "",
        "causale": "TARI di prova",
        "importo": "10,00",
        "scadenza": "31/12/2027",
        "rata": "",
        "rate_totali": "",
        **changes,
    }
    return ";".join(columns.values()) + "\n"


# --- documents ---


def test_the_openapi_document_of_the_running_system_is_valid(portal: PortalCopy) -> None:
    validate(requests.get(f"{portal.url}/api/v1/openapi.json", timeout=30).json())
    assert requests.get(f"{portal.url}/api/docs", timeout=30).status_code == 200


# --- imports ---


def test_the_sample_file_is_loaded_with_a_report_line_by_line(portal: PortalCopy) -> None:
    report = portal.first_import
    assert (report["accepted"], report["refused"]) == (483, 17)
    assert [row["line"] for row in report["rows"]] == list(range(2, 502))
    codes = [row["code"] for row in report["rows"] if row["outcome"] == "refused"]
    assert codes.count("invalid_fiscal_code") == 12
    shown = portal.api("GET", f"{IMPORTS}/{report['id']}").json()
    assert shown == report


def test_the_same_file_again_changes_nothing(portal: PortalCopy) -> None:
    content = (PROJECT / "sandbox" / "data" / "debts_pm108.csv").read_bytes() + b"\n"
    report = send(portal, content).json()
    assert {row["outcome"] for row in report["rows"]} == {"unchanged", "refused"}


def test_each_broken_row_is_named_and_the_good_ones_are_loaded(portal: PortalCopy) -> None:
    mark = uuid4().hex[:8]
    lines = [
        row(f"{mark}-1"),
        row(f"{mark}-2", codice_fiscale="RSSMRA85T10A562X"),
        row(f"{mark}-3", importo="10,001"),
        row(f"{mark}-4", importo="0"),
        row(f"{mark}-5", causale="x" * 141),
        row(f"{mark}-6", servizio="NESSUNO"),
        row(f"{mark}-7", scadenza="31/02/2027"),
        row(f"{mark}-8").replace(";TARI;", ";TARI"),
        row(f"{mark}-1"),
    ]
    report = send(portal, (HEADER + "".join(lines)).encode()).json()
    outcomes = [(line["line"], line["outcome"], line["code"]) for line in report["rows"]]
    assert outcomes[:7] == [
        (2, "created", None),
        (3, "refused", "invalid_fiscal_code"),
        (4, "refused", "invalid_amount"),
        (5, "refused", "amount_out_of_range"),
        (6, "refused", "description_too_long"),
        (7, "refused", "unknown_service"),
        (8, "refused", "invalid_date"),
    ]
    assert outcomes[7][1] == "refused"
    assert outcomes[8] == (10, "refused", "duplicate_reference")
    assert (report["accepted"], report["refused"]) == (1, 8)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a;b;c\n1;2;3\n", "import_wrong_header"),
        ((HEADER + row("x", causale="citt\u00e0")).encode("cp850") + b"\xc3\xa0\x81", "import_not_utf8"),
        (HEADER.encode(), "import_empty"),
        (b"", "import_empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(portal: PortalCopy, content: bytes, code: str) -> None:
    answer = send(portal, content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("announced", "status", "code"),
    [(True, 413, "import_too_large"), (False, 422, "import_wrong_header")],
    ids=["with its length", "in chunks"],
)
def test_600_mb_are_refused_and_the_gateway_does_not_grow(
    portal: PortalCopy, *, announced: bool, status: int, code: str
) -> None:
    chunk, count = b"x" * 1_048_576, 600
    headers = {"X-Api-Key": portal.api_key, **CSV}
    if announced:
        headers["Content-Length"] = str(len(chunk) * count)
    with closing(http.client.HTTPConnection("localhost", portal.port, timeout=60)) as connection:
        body = (chunk for _ in range(count))
        connection.request("POST", f"/api/v1{IMPORTS}", body=body, headers=headers, encode_chunked=not announced)
        answer = connection.getresponse()
        assert answer.status == status
        assert code in answer.read().decode()
    assert portal.memory_mb("gateway") < 300


# --- debts ---


def test_a_debt_is_issued_amended_and_annulled(portal: PortalCopy) -> None:
    reference = f"e2e-debt-{uuid4().hex[:8]}"
    first = portal.put_debt(reference)
    assert portal.put_debt(reference)["id"] == first["id"]
    amended = portal.put_debt(reference, amount_cents=3000)
    assert (amended["id"], amended["notice_number"], amended["amount_cents"]) == (
        first["id"],
        first["notice_number"],
        3000,
    )
    path = f"/creditors/{ENTITY}/debts/{reference}"
    assert portal.api("DELETE", path, json={"reason": "Emesso per errore"}).json()["state"] == "cancelled"
    types = [event["type"] for event in until(lambda: _events(portal, first["id"], 3), what="three events")]
    assert types == ["PracticeCreated.v1", "PracticeAmended.v1", "PracticeCancelled.v1"]


def test_a_debt_that_is_being_paid_is_not_annulled(portal: PortalCopy, browser: Browser) -> None:
    reference = f"e2e-debt-{uuid4().hex[:8]}"
    debt = portal.put_debt(reference)
    browser.enter("mario-rossi").pay(debt["id"])
    browser.wait_for(debt["id"], "unconfirmed")
    annulled = portal.api("DELETE", f"/creditors/{ENTITY}/debts/{reference}", json={"reason": "Emesso per errore"})
    assert (annulled.status_code, annulled.json()["code"]) == (409, "practice_being_paid")
    browser.choose("abandoned")


def test_money_for_an_annulled_debt_is_taken_and_flagged(portal: PortalCopy, browser: Browser) -> None:
    reference = f"e2e-debt-{uuid4().hex[:8]}"
    debt = portal.put_debt(reference)
    portal.pay_at_counter(debt["notice_number"], outcome="late")
    annulled = portal.api("DELETE", f"/creditors/{ENTITY}/debts/{reference}", json={"reason": "Emesso per errore"})
    assert annulled.json()["state"] == "cancelled"
    browser.enter("mario-rossi")
    browser.wait_for(debt["id"], "paid")
    events = until(lambda: _events(portal, debt["id"], 4), what="four events")
    assert [event["data"]["reason"] for event in events if event["type"] == "PaymentDuplicated.v1"] == ["cancelled"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"fiscal_code": "RSSMRA85T10A562X"}, 422, "invalid_fiscal_code"),
        ({"amount_cents": 0}, 422, "amount_out_of_range"),
        ({"amount_cents": 100_000_000_000}, 422, "amount_out_of_range"),
        ({"amount_cents": 10.5}, 400, "invalid_request"),
        ({"description": "x" * 141}, 422, "description_too_long"),
        ({"service_code": "NESSUNO"}, 404, "unknown_service"),
        ({"colour": "red"}, 400, "invalid_request"),
    ],
)
def test_a_debt_that_cannot_be_is_refused_with_its_code(
    portal: PortalCopy, changes: dict[str, Any], status: int, code: str
) -> None:
    body = {
        "service_code": "TARI",
        "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario",
        "amount_cents": 2500,
        "description": "Prova",
        **changes,
    }
    answer = portal.api("PUT", f"/creditors/{ENTITY}/debts/e2e-never", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_key_opens_its_own_entity_only_and_a_wrong_one_nothing(portal: PortalCopy) -> None:
    other = portal.api("GET", "/creditors/OTHER/payments")
    assert (other.status_code, other.json()["code"]) == (403, "scope_missing")
    wrong = requests.get(f"{portal.url}/api/v1/events", headers={"X-Api-Key": "wrong"}, timeout=30)
    assert (wrong.status_code, wrong.json()["code"]) == (401, "api_key_invalid")


# --- payments and events ---


def test_a_payment_stands_in_the_payments_and_in_the_feed(portal: PortalCopy) -> None:
    debt = portal.put_debt(f"e2e-feed-{uuid4().hex[:8]}", amount_cents=4321)
    portal.pay_at_counter(debt["notice_number"])
    paid = until(lambda: _payment(portal, debt["notice_number"]), timeout_s=90, what="the payment")
    assert paid["amount_cents"] == 4321
    assert paid["debtor"]["fiscal_code"] == "RSSMRA85T10A562S"
    created, confirmed = until(lambda: _events(portal, debt["id"], 2), what="two events")
    assert created["type"] == "PracticeCreated.v1"
    assert confirmed["type"] == "PaymentConfirmed.v1"
    assert confirmed["data"]["receipt_id"] == paid["receipt_id"]


def test_the_feed_read_in_small_pages_is_the_feed_read_at_once(portal: PortalCopy) -> None:
    whole = [event["id"] for event in portal.events()]
    small: list[str] = []
    after: dict[str, str] = {}
    while len(small) < 60:
        page = portal.api("GET", "/events", params={"limit": "7", **after}).json()
        small += [event["id"] for event in page["items"]]
        after = {"after": page["next_cursor"]}
    assert small[:60] == whole[:60]
    assert len(set(whole)) == len(whole)


def _events(portal: PortalCopy, practice_id: str, count: int) -> list[dict[str, Any]]:
    found = [event for event in portal.events() if event["subject"] == practice_id]
    return found if len(found) >= count else []


def _payment(portal: PortalCopy, notice_number: str) -> dict[str, Any] | None:
    params = {"limit": "1000"}
    while True:
        page = portal.api("GET", f"/creditors/{ENTITY}/payments", params=params).json()
        for item in page["items"]:
            if item["notice_number"] == notice_number:
                found: dict[str, Any] = item
                return found
        if page["next_cursor"] is None:
            return None
        params = {"limit": "1000", "cursor": page["next_cursor"]}


# --- a payer's program ---


def test_a_citizens_program_inserts_pays_and_reads_by_the_api_alone(portal: PortalCopy, browser: Browser) -> None:
    browser.enter("giulia-bianchi")
    call, base = browser.session, f"{portal.url}/api/v1"
    me = call.get(f"{base}/me", timeout=30).json()
    assert me["registered"] is True
    body = {"service_code": "BOLLO_IT", "amount_cents": 1600, "description": "Bollo dal programma"}
    key = {"Idempotency-Key": str(uuid4())}
    made = call.post(f"{base}/creditors/{ENTITY}/practices", json=body, headers=key, timeout=30)
    again = call.post(f"{base}/creditors/{ENTITY}/practices", json=body, headers=key, timeout=30)
    assert (made.status_code, again.json()["id"]) == (201, made.json()["id"])
    other = call.post(
        f"{base}/creditors/{ENTITY}/practices", json={**body, "description": "Altro"}, headers=key, timeout=30
    )
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")

    practice_id = made.json()["id"]
    newest = call.get(f"{base}/creditors/{ENTITY}/practices", params={"limit": 1}, timeout=30)
    assert newest.json()["items"][0]["id"] == practice_id
    assert "rel=next" in newest.headers["Link"].replace('"', "")
    notice = call.get(f"{base}/practices/{practice_id}/notice", timeout=60)
    assert notice.content.startswith(b"%PDF")
    early = call.get(f"{base}/practices/{practice_id}/receipt", timeout=60)
    assert (early.status_code, early.json()["code"]) == (404, "receipt_not_found")

    checkout = call.post(
        f"{base}/checkouts",
        json={"practice_ids": [practice_id]},
        headers={"Idempotency-Key": str(uuid4())},
        timeout=30,
    ).json()
    browser.open(checkout["redirect_url"]).choose("paid")
    address = f"{base}/checkouts/{checkout['id']}"
    until(lambda: call.get(address, timeout=30).json()["state"] == "paid", what="paid")
    receipt = until(
        lambda: _ok(call.get(f"{base}/practices/{practice_id}/receipt", timeout=60)), what="the receipt's PDF"
    )
    assert receipt.content.startswith(b"%PDF")


def _ok(answer: requests.Response) -> requests.Response | None:
    return answer if answer.status_code == 200 else None
