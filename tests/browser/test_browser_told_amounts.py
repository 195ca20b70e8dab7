"""Amounts that the comune's own software says: what a payer sees of them, and a tester of the stand-ins."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.accessibility import Audit
from tests.browser.conftest import Portal
from tests.browser.test_browser_accessibility import GIULIA, Walk

Look = Callable[[Page, str], None]


@pytest.fixture
def walk(portal: Portal, open_browser: Callable[..., Page], audit: Audit) -> Iterator[Walk]:
    walk = Walk(portal, open_browser(), audit)
    yield walk
    switch(portal, mode="normal", amount_cents=15_000)
    assert walk.problems() == []


def switch(portal: Portal, **switches: Any) -> None:
    requests.post(f"{portal.pagopa_url}/sandbox/software", json=switches, timeout=30).raise_for_status()


def put(portal: Portal, service: str, reference: str) -> dict[str, Any]:
    key = json.loads((portal.home / "secrets.json").read_text())["comune_api_key"]
    content = {**GIULIA, "service_code": service, "amount_cents": 10_000, "description": "Avviso di accertamento"}
    answer = requests.put(
        f"{portal.url}/api/v1/creditors/BORGO/debts/{reference}",
        json=content,
        headers={"Authorization": f"Bearer {key}"},
        timeout=30,
    )
    assert answer.ok, answer.text
    made: dict[str, Any] = answer.json()
    return made


def find(walk: Walk, reference: str) -> None:
    """Find the debt as its debtor does without login."""
    walk.page.goto(f"{walk.portal.url}/enti/BORGO")
    walk.send(
        "form[action$='/ricerca']:has([name=fiscal_code])", fiscal_code=GIULIA["fiscal_code"], reference=reference
    )


def test_what_the_software_says_what_it_said_last_and_that_it_says_nothing(
    walk: Walk, open_browser: Callable[..., Page], look: Look
) -> None:
    page, portal, reference = walk.page, walk.portal, f"browser-{uuid4().hex[:8]}"
    made = put(portal, "IMU", reference)
    find(walk, reference)
    walk.at(f"/enti/BORGO/pratiche/{made['id']}", "importo dal gestionale")
    walk.in_italian()
    page.reload()
    expect(page.locator("main")).to_contain_text("L'importo lo dice il sistema dell'ente")
    look(page, "importo dal gestionale")

    switch(portal, mode="error")
    silent = put(portal, "IMU", f"{reference}-2")
    find(walk, f"{reference}-2")
    walk.at(f"/enti/BORGO/pratiche/{silent['id']}", "ultimo importo noto")
    walk.in_italian()
    page.reload()
    expect(page.locator("main")).to_contain_text("questo è l'importo dell'avviso. Lo puoi pagare.")
    look(page, "ultimo importo noto")

    unknown = put(portal, "INGIUNZIONI", f"{reference}-3")
    find(walk, f"{reference}-3")
    walk.at(f"/enti/BORGO/pratiche/{unknown['id']}", "importo non noto")
    walk.in_italian()
    page.reload()
    expect(page.locator("main")).to_contain_text("Adesso non sappiamo quanto si paga")
    look(page, "importo non noto")


def test_the_pages_of_the_stand_ins(walk: Walk, open_browser: Callable[..., Page], look: Look) -> None:
    made = put(walk.portal, "IMU", f"browser-{uuid4().hex[:8]}")
    page = open_browser(locale="it-IT")
    page.goto(f"{walk.portal.pagopa_url}/gestionale")
    page.get_by_label("Importo in euro").fill("123,45")
    page.get_by_role("button", name="Imposta").click()
    expect(page.get_by_label("Importo in euro")).to_have_value("123,45")
    look(page, "gestionale di prova")
    page.goto(f"{walk.portal.pagopa_url}/opzioni?avviso={made['notice_number']}")
    page.get_by_label("Ente creditore").select_option("81007654320")
    page.get_by_role("button", name="Chiedi le opzioni").click()
    expect(page.get_by_role("heading", name="Pagamento in unica soluzione: 123,45 €")).to_be_visible()
    look(page, "opzioni di prova")
    page.get_by_role("button", name="Scegli").click()
    expect(page.get_by_role("button", name="Paga 123,45 €")).to_be_visible()
