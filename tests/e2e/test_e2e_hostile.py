"""Input that no form sends: every answer is a refusal with a code or a harmless success, never a failure of ours."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import requests

from tests.e2e.browser import BENEFICIARY, Browser
from tests.e2e.running import ENTITY, PortalCopy

TEXTS = {
    "nul": "a\x00b",
    "lone surrogate": "\ud800",
    "control characters": "a\x01\x1b[2Jb",
    "right-to-left": "\u202eabc",
    "markup": "<script>alert(1)</script>&amp;",
    "quotes": "'; DROP TABLE practices; --",
    "spaces": "   ",
    "astral": "\U0001f600" * 30,
    "long": "x" * 20_000,
    "percent": "%00%2F..%2F",
    "template": "{{ 7 * 7 }}${7*7}",
}
NUMBERS = [-1, 0, 2**31, 2**53, 2**63, 10**30, 1.5, "1e3", True, None, [1], {"a": 1}]

texts = pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in TEXTS.items()])


def fine(answer: requests.Response) -> None:
    """A success or a problem of the caller's."""
    assert answer.status_code < 500, f"{answer.status_code} {answer.text[:500]}"
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] not in ("internal_error", "outcome_unknown")


def debt(**changes: Any) -> dict[str, Any]:
    """A good debt, changed."""
    return {
        "service_code": "TARI",
        "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario",
        "amount_cents": 2500,
        "description": "Prova",
        **changes,
    }


@texts
@pytest.mark.parametrize("field", ["service_code", "fiscal_code", "full_name", "description", "email", "due_date"])
def test_any_text_in_a_debt_is_answered(portal: PortalCopy, field: str, text: str) -> None:
    fine(portal.api("PUT", f"/creditors/{ENTITY}/debts/{uuid4().hex}", json=debt(**{field: text})))


@pytest.mark.parametrize("amount", NUMBERS, ids=str)
def test_any_amount_is_answered(portal: PortalCopy, amount: Any) -> None:
    answer = portal.api("PUT", f"/creditors/{ENTITY}/debts/{uuid4().hex}", json=debt(amount_cents=amount))
    fine(answer)
    assert (answer.status_code == 200) == (type(amount) is int and 0 < amount <= 99_999_999_999)


@texts
def test_any_text_in_an_address_is_answered(portal: PortalCopy, browser: Browser, text: str) -> None:
    # Longer request lines are refused by gunicorn before they reach us.
    part = quote(text[:1000].encode("utf-8", "surrogatepass"), safe="")
    fine(portal.api("PUT", f"/creditors/{ENTITY}/debts/{part}", json=debt()))
    fine(portal.api("DELETE", f"/creditors/{ENTITY}/debts/{part}", json={"reason": "Prova"}))
    fine(portal.api("GET", f"/creditors/{part}"))
    fine(portal.api("GET", f"/events?after={part}"))
    fine(portal.api("GET", f"/creditors/{ENTITY}/payments?from={part}"))
    fine(portal.api("GET", f"/creditors/{ENTITY}/payments?cursor={part}"))
    for path in (f"/enti/{part}", f"/enti/{ENTITY}/inserimento/{part}", f"/pmPortal/directSearch?codCompany={part}"):
        assert browser.session.get(portal.url + path, timeout=30).status_code < 500, path


@texts
def test_any_text_in_a_search_is_answered(portal: PortalCopy, browser: Browser, text: str) -> None:
    address = f"{portal.url}/api/v1/creditors/{ENTITY}/searches"
    for body in ({"notice_number": text}, {"fiscal_code": text, "reference": text}):
        fine(requests.post(address, json=body, timeout=30))
    fine(requests.post(address, json={"fiscal_code": "RSSMRA85T10A562S", "reference": text}, timeout=30))
    browser.open_portal(f"/enti/{ENTITY}")
    form = browser.form("/ricerca")
    sent = text.encode("utf-8", "surrogatepass")
    data: Any = {**dict(form.form_values()), "fiscal_code": "RSSMRA85T10A562S", "reference": sent}
    assert browser.send(form, data).answer.status_code < 500
    assert "<script>alert" not in browser.answer.text


@texts
def test_any_text_in_an_insertion_is_answered(portal: PortalCopy, browser: Browser, text: str) -> None:
    browser.enter("giulia-bianchi")
    address = f"{portal.url}/api/v1/creditors/{ENTITY}/practices"
    bodies: list[dict[str, Any]] = [
        {"service_code": "BOLLO_IT", "amount_cents": 1600, "description": text},
        {"service_code": "CONTRIB_ST", "amount_cents": 30000, "beneficiary": {**BENEFICIARY, "full_name": text}},
        {"service_code": text, "amount_cents": 1600, "description": "Prova"},
    ]
    for body in bodies:
        headers = {"Idempotency-Key": str(uuid4())}
        made = browser.session.post(address, json=body, headers=headers, timeout=30)
        fine(made)
        if made.status_code == 201:
            shown = browser.session.get(f"{portal.url}/api/v1/practices/{made.json()['id']}/notice", timeout=60)
            fine(shown)
            browser.open_portal(f"/enti/{ENTITY}/pratiche/{made.json()['id']}")
            assert browser.answer.status_code == 200
            assert "<script>alert" not in browser.answer.text


@texts
def test_any_text_in_a_debt_file_is_answered(portal: PortalCopy, text: str) -> None:
    header = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali\n"
    rows = [
        f"{uuid4().hex};TARI;RSSMRA85T10A562S;{text};;Prova;1,00;;;\n",
        f"{uuid4().hex};TARI;RSSMRA85T10A562S;Rossi Mario;;{text};1,00;;;\n",
        f"{text};TARI;RSSMRA85T10A562S;Rossi Mario;;Prova;1,00;;;\n",
        f"{uuid4().hex};TARI;RSSMRA85T10A562S;Rossi Mario;;Prova;{text};;;\n",
        f"{uuid4().hex};TARI;RSSMRA85T10A562S;Rossi Mario;;Prova;1,00;{text};{text};{text}\n",
    ]
    for content in (header + "".join(rows), text):
        data = content.encode("utf-8", "surrogatepass")
        fine(portal.api("POST", f"/creditors/{ENTITY}/imports", data=data, headers={"Content-Type": "text/csv"}))


@pytest.mark.parametrize("cookie", ["x", "a.b.c", "\u00e9", "x" * 3000])
def test_a_cookie_of_nobody_is_nobody(portal: PortalCopy, cookie: str) -> None:
    headers = {"Cookie": f"session={cookie}; visitor={cookie}".encode()}
    fine(requests.get(f"{portal.url}/api/v1/cart", headers=headers, timeout=30))
    assert requests.get(f"{portal.url}/enti/{ENTITY}", headers=headers, timeout=30).status_code == 200
