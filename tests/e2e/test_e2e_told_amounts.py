"""Amounts that the comune's own software says, from its stand-in to page, cart, node, archive and receipt."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.e2e.browser import Browser
from tests.e2e.running import PortalCopy, until

COMUNE = "BORGO"
COMUNE_CODE = "81007654320"
# As the catalogue of the comune has it.
HOLDS_S = 10


class Software:
    """The switches of the stand-in."""

    def __init__(self, portal: PortalCopy) -> None:
        self._url = f"{portal.pagopa_url}/sandbox/software"

    def set(self, **switches: Any) -> None:
        requests.post(self._url, json=switches, timeout=30).raise_for_status()

    @property
    def asked(self) -> int:
        found: int = requests.get(self._url, timeout=30).json()["asked"]
        return found


@pytest.fixture
def software(portal: PortalCopy) -> Iterator[Software]:
    switches = Software(portal)
    switches.set(mode="normal", amount_cents=15_000)
    yield switches
    switches.set(mode="normal", amount_cents=15_000)


def put(portal: PortalCopy, service: str) -> dict[str, Any]:
    """Issue a debt of Mario Rossi to the comune, by its own key."""
    key = json.loads((portal.home / "secrets.json").read_text())["comune_api_key"]
    reference = f"e2e-told-{uuid4().hex[:10]}"
    body = {
        "service_code": service,
        "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario",
        "amount_cents": 10_000,
        "description": f"Prova {reference}",
    }
    answer = requests.put(
        f"{portal.url}/api/v1/creditors/{COMUNE}/debts/{reference}",
        json=body,
        headers={"Authorization": f"Bearer {key}"},
        timeout=90,
    )
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def verify(portal: PortalCopy, notice_number: str) -> str:
    code = f"<qrCode><fiscalCode>{COMUNE_CODE}</fiscalCode><noticeNumber>{notice_number}</noticeNumber></qrCode>"
    return portal.node_call("paVerifyPaymentNotice", code, id_pa=COMUNE_CODE).text


def archived_cents(portal: PortalCopy, notice_number: str) -> int | None:
    listed = requests.get(f"{portal.pagopa_url}/sandbox/archive", timeout=30).json()["positions"]
    found = [one["paymentOption"][0]["amount"] for one in listed if one["paymentOption"][0]["nav"] == notice_number]
    return found[0] if found else None


def pay_at_counter(portal: PortalCopy, notice_number: str) -> requests.Response:
    wanted = {"creditor_fiscal_code": COMUNE_CODE, "notice_number": notice_number, "outcome": "paid"}
    return requests.post(f"{portal.pagopa_url}/sandbox/payments", json=wanted, timeout=60)


@pytest.fixture
def mario(browser: Browser) -> Browser:
    browser.enter("mario-rossi").open_portal(f"/enti/{COMUNE}/carrello")
    if browser.rows():
        browser.submit("/carrello/pulisci")
    return browser


def test_page_cart_notice_node_and_archive_are_told_what_the_software_says(
    mario: Browser, portal: PortalCopy, software: Software
) -> None:
    software.set(amount_cents=12_345)
    practice = put(portal, "IMU")
    asked = software.asked
    mario.open_portal(f"/enti/{COMUNE}/pratiche/{practice['id']}")
    assert "123,45" in mario.text
    assert "L'importo lo dice il sistema dell'ente" in mario.text
    mario.submit("/carrello/aggiungi").open_portal(f"/enti/{COMUNE}/carrello")
    assert "123,45" in mario.text
    assert "<amount>123.45</amount>" in verify(portal, practice["notice_number"])
    assert 1 <= software.asked - asked <= 2
    number = practice["notice_number"]
    until(lambda: archived_cents(portal, number) == 12_345, what="the amount in the archive")


def test_an_amount_that_changes_while_a_cart_is_open_is_shown_before_it_is_paid(
    mario: Browser, portal: PortalCopy, software: Software
) -> None:
    practice = put(portal, "INGIUNZIONI")
    mario.open_portal(f"/enti/{COMUNE}/pratiche/{practice['id']}").submit("/carrello/aggiungi")
    form = mario.open_portal(f"/enti/{COMUNE}/carrello").form("/carrello/paga")
    assert "150,00" in mario.text
    software.set(amount_cents=16_000)
    time.sleep(HOLDS_S + 1)  # the answer of before is over then: as long as the catalogue says
    mario.send(form)
    assert (mario.answer.status_code, mario.heading) == (409, "L'importo è cambiato")
    mario.submit("/carrello/paga")
    assert "160,00" in mario.text
    mario.choose("paid")
    [paid] = until(lambda: portal.receipts_of(practice["notice_number"]), what="the receipt")
    assert paid["amount_cents"] == 16_000


@pytest.mark.parametrize("mode", ["slow", "error", "unknown"])
def test_while_the_software_does_not_answer_nobody_pays_what_is_not_known(
    mario: Browser, portal: PortalCopy, software: Software, mode: str
) -> None:
    practice = put(portal, "INGIUNZIONI")
    software.set(mode=mode)
    began = time.monotonic()
    assert "PAA_SYSTEM_ERROR" in verify(portal, practice["notice_number"])
    assert time.monotonic() - began < 30
    mario.open_portal(f"/enti/{COMUNE}/pratiche/{practice['id']}")
    assert "Adesso non sappiamo quanto si paga" in mario.text
    assert pay_at_counter(portal, practice["notice_number"]).status_code == 409
    software.set(mode="normal")
    until(
        lambda: "<amount>150.00</amount>" in verify(portal, practice["notice_number"]),
        what="the amount once the software answers",
    )


def test_the_last_known_amount_is_paid_where_the_catalogue_says_so(portal: PortalCopy, software: Software) -> None:
    practice = put(portal, "IMU")
    assert "<amount>150.00</amount>" in verify(portal, practice["notice_number"])
    software.set(mode="error", amount_cents=99_900)
    time.sleep(HOLDS_S + 1)  # the answer of before is over then: as long as the catalogue says
    assert "<amount>150.00</amount>" in verify(portal, practice["notice_number"])
    assert len(pay_at_counter(portal, practice["notice_number"]).json()["receipt_ids"]) == 1


def test_of_which_nothing_is_due_nobody_pays_anything(mario: Browser, portal: PortalCopy, software: Software) -> None:
    practice = put(portal, "IMU")
    software.set(mode="nothing_due")
    assert "PAA_PAGAMENTO_ANNULLATO" in verify(portal, practice["notice_number"])
    mario.open_portal(f"/enti/{COMUNE}/pratiche/{practice['id']}")
    assert "non c'è nulla da pagare" in mario.text
    software.set(mode="normal")
