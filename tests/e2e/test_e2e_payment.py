"""Paga, from the page to the receipt: the seven outcomes, the cart, and what a second click does."""

import io
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader

from tests.e2e.browser import Browser
from tests.e2e.running import ENTITY, PortalCopy, until


@pytest.fixture
def mario(browser: Browser) -> Browser:
    """Mario Rossi, logged in."""
    return browser.enter("mario-rossi")


def debt(portal: PortalCopy, **changes: Any) -> dict[str, Any]:
    """A new debt of Mario Rossi."""
    return portal.put_debt(f"e2e-pay-{uuid4().hex[:10]}", **changes)


def confirmed(portal: PortalCopy, practice_id: str) -> list[str]:
    """The receipts of the practice that were announced to the accounting."""
    return [
        event["data"]["receipt_id"]
        for event in portal.events()
        if event["type"] == "PaymentConfirmed.v1" and event["data"]["practice_id"] == practice_id
    ]


@pytest.mark.parametrize(
    ("outcome", "state", "receipts"),
    [
        ("paid", "paid", 1),
        ("refused", "to_pay", 0),
        ("abandoned", "to_pay", 0),
        ("late", "paid", 1),
        ("twice", "paid", 1),
        ("two_psps", "paid", 2),
        ("never", "to_pay", 0),
    ],
)
def test_each_outcome_at_pagopa_ends_in_the_right_state(
    mario: Browser, portal: PortalCopy, outcome: str, state: str, receipts: int
) -> None:
    practice = debt(portal)
    mario.pay(practice["id"])
    assert "ecommerce/checkout" in mario.answer.url
    mario.wait_for(practice["id"], "unconfirmed")
    mario.choose(outcome)
    assert f"/enti/{ENTITY}/esito/" in mario.path
    assert mario.answer.status_code == 200
    if outcome in ("late", "never"):
        assert mario.heading == "Stiamo aspettando la conferma"
        assert mario.state_of(practice["id"]) == "unconfirmed"
    mario.wait_for(practice["id"], state)
    until(lambda: len(confirmed(portal, practice["id"])) == receipts, what=f"{receipts} receipts")
    mario.open(mario.answer.url)
    headings = {
        "paid": "Pagamento riuscito",
        "late": "Pagamento riuscito",
        "twice": "Pagamento riuscito",
        "two_psps": "Pagamento riuscito",
        "refused": "Pagamento non riuscito",
        "abandoned": "Pagamento annullato",
        "never": "Tempo scaduto senza una ricevuta",
    }
    assert mario.heading == headings[outcome]
    rows = {row["id"]: row for row in mario.open_portal(f"/enti/{ENTITY}/pratiche").rows()}
    assert rows[practice["id"]]["Stato"].startswith("Pagato" if state == "paid" else "Da pagare")


def test_a_second_receipt_is_kept_and_flagged_for_a_human(mario: Browser, portal: PortalCopy) -> None:
    practice = debt(portal)
    mario.pay(practice["id"]).choose("two_psps")
    until(lambda: len(confirmed(portal, practice["id"])) == 2, what="two receipts")
    duplicated = [
        event["data"]
        for event in portal.events()
        if event["type"] == "PaymentDuplicated.v1" and event["data"]["practice_id"] == practice["id"]
    ]
    assert [event["reason"] for event in duplicated] == ["already_paid"]

    def needs_attention() -> bool:
        answer = mario.session.get(f"{portal.url}/api/v1/practices/{practice['id']}", timeout=30)
        return bool(answer.json()["needs_attention"])

    until(needs_attention, what="the flag")


def test_a_paid_practice_has_its_receipt_as_pdf_in_the_history_and_cannot_be_paid_again(
    mario: Browser, portal: PortalCopy
) -> None:
    practice = debt(portal, amount_cents=9950)
    mario.pay(practice["id"]).choose("paid")
    mario.wait_for(practice["id"], "paid")
    (receipt,) = until(lambda: confirmed(portal, practice["id"]), what="the receipt")

    mario.open_portal(f"/enti/{ENTITY}/storico")
    (link,) = mario.links(f"/pratiche/{practice['id']}/quietanza.pdf")
    content = mario.open(link).answer.content
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert "99,50" in text
    assert receipt in "".join(text.split())

    body = {"practice_ids": [practice["id"]]}
    headers = {"Idempotency-Key": str(uuid4())}
    again = mario.session.post(f"{portal.url}/api/v1/checkouts", json=body, headers=headers, timeout=30)
    assert (again.status_code, again.json()["code"]) == (409, "practice_paid")


def test_a_double_click_on_paga_opens_one_checkout(mario: Browser, portal: PortalCopy) -> None:
    practice = debt(portal)
    mario.open_portal(f"/enti/{ENTITY}/pratiche/{practice['id']}")
    form = mario.form(f"/pratiche/{practice['id']}/paga")
    data, at = dict(form.form_values()), mario.answer.url
    addresses = []
    for _ in range(2):
        mario.answer = mario.session.get(at, timeout=30)
        addresses.append(mario.send(form, data).answer.url)
    assert addresses[0] == addresses[1]
    assert "ecommerce/checkout" in addresses[0]


def test_somebody_else_cannot_pay_what_is_being_paid(mario: Browser, portal: PortalCopy) -> None:
    practice = debt(portal)
    mario.pay(practice["id"])
    other = Browser(portal).open_portal(f"/enti/{ENTITY}")
    other.submit("/ricerca", notice_number=practice["notice_number"])
    assert other.rows()[0]["Stato"].startswith("Non confermato")
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"practice_ids": [practice["id"]]}
    refused = other.session.post(f"{portal.url}/api/v1/checkouts", json=body, headers=headers, timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (409, "practice_being_paid")
    mario.choose("abandoned")


def test_five_practices_are_paid_together_and_the_sixth_is_explained(mario: Browser, portal: PortalCopy) -> None:
    practices = [debt(portal, amount_cents=1000 + number) for number in range(6)]
    mario.open_portal(f"/enti/{ENTITY}/carrello")
    if mario.rows():
        mario.submit("/carrello/pulisci")
    old_page = mario.open_portal(f"/enti/{ENTITY}/pratiche/{practices[5]['id']}").form("/carrello/aggiungi")
    for number, practice in enumerate(practices[:5], start=1):
        mario.open_portal(f"/enti/{ENTITY}/pratiche/{practice['id']}").submit("/carrello/aggiungi")
        assert mario.cart_count == number

    mario.open_portal(f"/enti/{ENTITY}/pratiche/{practices[5]['id']}")
    assert "Il carrello è pieno" in mario.text
    mario.send(old_page)
    assert mario.answer.status_code == 409
    assert "cinque" in mario.text

    mario.open_portal(f"/enti/{ENTITY}/carrello")
    assert mario.heading == "Riepilogo carrello"
    assert len(mario.rows()) == 5
    assert "50,10" in mario.text
    mario.submit("/carrello/paga")
    assert "50,10" in mario.text
    mario.choose("paid")
    for practice in practices[:5]:
        mario.wait_for(practice["id"], "paid")
    mario.open_portal(f"/enti/{ENTITY}/carrello")
    assert not [row for row in mario.rows() if row["Stato"].startswith("Da pagare")]


def test_a_row_is_taken_out_of_the_cart_and_the_cart_is_emptied(mario: Browser, portal: PortalCopy) -> None:
    first, second = debt(portal), debt(portal)
    mario.open_portal(f"/enti/{ENTITY}/carrello")
    if mario.rows():
        mario.submit("/carrello/pulisci")
    for practice in (first, second):
        mario.open_portal(f"/enti/{ENTITY}/pratiche/{practice['id']}").submit("/carrello/aggiungi")
    mario.open_portal(f"/enti/{ENTITY}/carrello").submit("/carrello/rimuovi")
    assert mario.cart_count == 1
    assert len(mario.open_portal(f"/enti/{ENTITY}/carrello").rows()) == 1
    mario.submit("/carrello/pulisci")
    assert mario.cart_count == 0


def test_a_visitors_cart_goes_along_when_they_log_in(browser: Browser, portal: PortalCopy) -> None:
    practice = debt(portal)
    browser.open_portal(f"/enti/{ENTITY}").submit("/ricerca", notice_number=practice["notice_number"])
    browser.open_portal(f"/enti/{ENTITY}/pratiche/{practice['id']}").submit("/carrello/aggiungi")
    assert browser.cart_count == 1
    browser.enter("mario-rossi")
    browser.open_portal(f"/enti/{ENTITY}/carrello")
    assert practice["id"] in [row["id"] for row in browser.rows()]
    browser.submit("/carrello/pulisci")


def test_a_visitor_pays_a_notice_without_login(browser: Browser, portal: PortalCopy) -> None:
    practice = debt(portal)
    browser.open_portal(f"/enti/{ENTITY}").submit("/ricerca", notice_number=practice["notice_number"])
    browser.pay(practice["id"]).choose("paid")
    browser.wait_for(practice["id"], "paid")
    assert browser.open(browser.answer.url).heading == "Pagamento riuscito"


def test_a_notice_paid_at_a_counter_is_paid_here(mario: Browser, portal: PortalCopy) -> None:
    practice = debt(portal)
    counter = Browser(portal).open(f"{portal.pagopa_url}/psp")
    counter.submit("", avviso=f"PAGOPA|002|{practice['notice_number']}|80012345676|2500")
    # Whoever types the number reads the service and the year, not the causale.
    assert practice["service_title"]["it"] in counter.text
    assert practice["description"] not in counter.text
    counter.submit("", psp="tabaccheria")
    assert counter.heading == "Pagato"
    mario.wait_for(practice["id"], "paid")


def test_a_late_school_meal_is_not_payable_and_a_late_tax_is(mario: Browser, portal: PortalCopy) -> None:
    meal = debt(portal, service_code="MENSA", due_date="2020-01-31")
    tax = debt(portal, service_code="TARI", due_date="2020-01-31")
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"practice_ids": [meal["id"]]}
    refused = mario.session.post(f"{portal.url}/api/v1/checkouts", json=body, headers=headers, timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (409, "practice_expired")
    assert "ecommerce/checkout" in mario.pay(tax["id"]).answer.url
    mario.choose("abandoned")
