"""Money that came twice, in a real browser: the payer asks for it, the accountant decides, exports and settles it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from lxml import etree
from playwright.sync_api import Page, expect

from tests.browser.accessibility import Audit
from tests.browser.conftest import SCREENSHOTS, Portal
from tests.browser.office_desk import Desk
from tests.browser.test_browser_duplicates import debt
from tests.browser.test_browser_journey import log_in, register
from tests.browser.test_browser_underpaid import reload_until
from tests.integration.payments.payments_actors import receipt

OpenBrowser = Callable[..., Page]
Look = Callable[[Page, str], None]
pytestmark = pytest.mark.timeout(600)
GIULIA = "BNCGLI82D63L049K"
ACCOUNT = "IT60 X054 2811 1010 0000 0123 456"
SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parents[1] / "unit/payments/credit_transfer.xsd"))


@pytest.fixture
def desk(portal: Portal, open_browser: OpenBrowser, audit: Audit) -> Iterator[Desk]:
    """The accountant's browser."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    made = Desk(portal, open_browser(), audit)
    yield made
    assert made.problems() == []


def let_it_be_paid(portal: Portal, practice: dict[str, Any], receipt_id: str) -> None:
    """Send a receipt of the whole amount in Giulia's name, as the node does."""
    envelope = receipt(int(practice["notice_number"][1:]), receipt_id, 7_700, None).replace("ANONIMO", GIULIA)
    headers = {"Content-Type": "text/xml", "SOAPAction": "paSendRTV2"}
    answer = requests.post(f"{portal.url}/pagopa/pa-for-node", data=envelope.encode(), headers=headers, timeout=30)
    assert "<outcome>OK</outcome>" in answer.text, answer.text


def enter_as_accountant(desk: Desk) -> None:
    """Mario is the administrator the launcher invites, if no test before was; he gives himself the role."""
    page = desk.page
    page.goto((desk.portal.home / "office-invitation.txt").read_text().strip())
    if page.get_by_role("link", name="Entra e accetta").count():
        page.get_by_role("link", name="Entra e accetta").click()
        desk.log_in("Mario Rossi")
        page.get_by_role("button", name="Accetto l'invito").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Buon lavoro, Mario")
        desk.open("/ufficio/PM108/colleghi")
    else:
        desk.open("/ufficio/PM108/colleghi")
        desk.log_in("Mario Rossi")
    page.get_by_role("link", name="Ruoli Mario Rossi").click()
    page.get_by_label("Contabile", exact=True).check()
    page.get_by_role("button", name="Salva i ruoli").click()
    expect(page.get_by_text("I ruoli sono cambiati")).to_be_visible()


def test_who_paid_twice_asks_for_the_money_and_the_accountant_gives_it_back(
    portal: Portal, open_browser: OpenBrowser, look: Look, desk: Desk
) -> None:
    practice = debt(portal, f"Retta di prova {uuid4().hex[:8]}")
    first, second = uuid4().hex, uuid4().hex
    for receipt_id in (first, second):
        let_it_be_paid(portal, practice, receipt_id)
    scripted, plain = open_browser(), open_browser(javascript=False)
    log_in(scripted, portal, "Giulia Bianchi")
    register(scripted)
    plain.context.add_cookies([{**one} for one in scripted.context.cookies()])  # type: ignore[typeddict-item]  # -- as read
    _ask(portal, plain, look, practice)
    enter_as_accountant(desk)
    _decide(desk, practice)
    _export_and_settle(desk)

    payer = open_browser(width=390)
    log_in(payer, portal, "Giulia Bianchi")
    payer.goto(f"{portal.url}/enti/PM108/pratiche/{practice['id']}")
    expect(payer.get_by_text("Il rimborso è stato pagato sul tuo conto.")).to_be_visible()
    look(payer, "rimborso-pagato")


def _ask(portal: Portal, page: Page, look: Look, practice: dict[str, Any]) -> None:
    """Say the account, a wrong one first."""
    page.goto(f"{portal.url}/enti/PM108/pratiche/{practice['id']}")
    reload_until(page, "Questa pratica è stata pagata più di una volta")
    look(page, "pagata-due-volte")
    page.get_by_role("link", name="Chiedi il rimborso").first.click()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        look(page, "rimborso")
    page.get_by_label(re.compile("^IBAN")).fill(f"{ACCOUNT[:-1]}7")
    page.get_by_role("button", name="Chiedi il rimborso").click()
    expect(page.get_by_text("Controlla questi dati")).to_be_visible()
    look(page, "rimborso-da-correggere")
    page.get_by_label(re.compile("^IBAN")).fill(ACCOUNT)
    page.get_by_role("button", name="Chiedi il rimborso").click()
    expect(page.get_by_text("Hai chiesto il rimborso")).to_be_visible()
    look(page, "rimborso-chiesto")


def _decide(desk: Desk, practice: dict[str, Any]) -> None:
    page = desk.page
    page.get_by_role("link", name="Non attesi", exact=True).click()
    desk.look("non attesi")
    page.get_by_role("row").filter(has_text=practice["iuv"]).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("77,00"))
    desk.look("rimborso chiesto")
    page.get_by_label(re.compile("^Importo del rimborso")).fill("7.700,00")
    page.get_by_role("button", name="Decidi il rimborso").click()
    expect(page.get_by_text("Controlla questi dati")).to_be_visible()
    desk.look("rimborso troppo grande", reload=False)
    page.get_by_label(re.compile("^Importo del rimborso")).fill("77,00")
    page.get_by_role("button", name="Decidi il rimborso").click()
    expect(page.get_by_text("Fatto: qui sotto")).to_be_visible()
    desk.look("rimborso deciso")


def _export_and_settle(desk: Desk) -> None:
    page = desk.page
    page.get_by_role("link", name="Vai ai rimborsi da esportare").click()
    desk.look("rimborsi da esportare")
    page.get_by_label(re.compile("^IBAN del conto dell'ente")).fill(ACCOUNT)
    page.get_by_role("button", name="Esporta i rimborsi").click()
    expect(page.get_by_text("Il file dei rimborsi è pronto")).to_be_visible()
    desk.look("rimborsi esportati")
    address = page.get_by_role("link", name=re.compile("File per la banca")).first.get_attribute("href")
    answer = page.request.get(f"{desk.portal.url}{address}")
    assert answer.status == 200
    document = etree.fromstring(answer.body())
    SCHEMA.assertValid(document)
    assert document.findtext(".//{*}CdtrAcct//{*}IBAN") == ACCOUNT.replace(" ", "")
    assert document.findtext(".//{*}InstdAmt") == "77.00"
    page.get_by_role("button", name=re.compile("La banca ha pagato")).first.click()
    expect(page.get_by_text("I rimborsi del file risultano pagati.")).to_be_visible()
    desk.open("/ufficio/PM108/pagamenti-non-attesi?parte=chiusi")
    page.get_by_role("row").nth(1).get_by_role("link").click()
    expect(page.get_by_text("chi ha pagato", exact=False).first).to_be_visible()
    desk.look("rimborsato")
    desk.open("/ufficio/PM108/registro?registro=pagamenti")
    desk.look("registro dei pagamenti")


def test_the_accountant_offsets_and_closes(portal: Portal, desk: Desk) -> None:
    """A payment that counts for another practice, and one that stays; then both are opened again."""
    paid, other = (debt(portal, f"Retta di prova {uuid4().hex[:8]}") for _ in range(2))
    for _ in range(2):
        let_it_be_paid(portal, paid, uuid4().hex)
    enter_as_accountant(desk)
    page = desk.page
    desk.open("/ufficio/PM108/pagamenti-non-attesi")
    page.get_by_role("row").filter(has_text=paid["iuv"]).get_by_role("link").click()
    desk.look("da decidere")
    page.get_by_label(re.compile("^Codice Avviso")).fill(other["notice_number"])
    page.get_by_role("button", name="Compensa").click()
    expect(page.get_by_text("Controlla questi dati")).to_be_visible()
    page.locator("#motivo-compensa").fill("Per la seconda rata")
    page.get_by_role("button", name="Compensa").click()
    expect(page.get_by_text("Questo denaro vale per un'altra pratica")).to_be_visible()
    desk.look("compensato")
    page.get_by_label(re.compile("^Motivo")).fill("Era per un'altra")
    page.get_by_role("button", name="Riapri").click()
    page.locator("#motivo-chiudi").fill("Donazione")
    page.get_by_role("button", name="Chiudi senza rimborso").click()
    expect(page.get_by_text("Donazione").first).to_be_visible()
    desk.look("chiuso")
