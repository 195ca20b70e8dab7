"""The journey of the README, step by step, in a real browser against `./portal up`."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pypdfium2
import pytest
import requests
import zxingcpp
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Portal

OpenBrowser = Callable[..., Page]
Look = Callable[[Page, str], None]

DEBT = {
    "service_code": "RETTA",
    "full_name": "Bianchi Giulia",
    "fiscal_code": "BNCGLI82D63L049K",
    "amount_cents": 12_345,
    "description": "Retta di prova - Bianchi Anna - Flauto",
    "due_date": (date.today() + timedelta(days=30)).isoformat(),  # noqa: DTZ011 -- any day ahead will do
}


def log_in(page: Page, portal: Portal, citizen: str, *, outcome: str | None = None) -> None:
    page.goto(f"{portal.url}/enti/PM108")
    page.locator("main").get_by_role("button", name="Entra con SPID").click()
    page.locator("main").get_by_role("menuitem", name="SPID di prova 1").click()
    page.get_by_label(citizen).check()
    if outcome:
        page.get_by_label(outcome).check()
    page.get_by_role("button", name="Prosegui").click()
    page.wait_for_url(f"{portal.url}/**")  # the identity provider's page sends its answer by itself


def register(page: Page) -> None:
    """Register where this is the citizen's first visit to the copy."""
    page.wait_for_url(re.compile(r"/(profilo/registrazione|enti/)"))
    if "/registrazione" in page.url:
        page.locator("input[name=acknowledged]").check()
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url(re.compile(r"/enti/PM108/pratiche"))


def row_of(page: Page, text: str) -> Locator:
    return page.locator("tbody tr", has_text=text)


def add_to_cart(page: Page, portal: Portal, text: str) -> None:
    page.goto(f"{portal.url}/enti/PM108/pratiche")
    row = row_of(page, text).first
    row.locator("summary").click()
    row.get_by_role("button", name="Aggiungi pratica al carrello").click()


def read_qr(pdf: bytes) -> list[str]:
    page = pypdfium2.PdfDocument(pdf)[0]
    return [code.text for code in zxingcpp.read_barcodes(page.render(scale=4).to_pil())]


def fetch(page: Page, address: str) -> bytes:
    answer = page.request.get(address)
    assert answer.status == 200, answer.text()
    assert answer.headers["content-type"].startswith("application/pdf")
    return answer.body()


def test_the_link_that_the_body_printed_leads_to_the_search(
    portal: Portal, open_browser: OpenBrowser, look: Look
) -> None:
    page = open_browser()
    page.goto(f"{portal.url}/pmPortal/directSearch?codCompany=PM108")
    assert page.url == f"{portal.url}/enti/PM108"
    expect(page.get_by_role("heading", level=1)).to_have_text("Ricerca pratica")
    look(page, "ricerca")


def test_an_unknown_body_gets_a_page_that_says_so(portal: Portal, open_browser: OpenBrowser, look: Look) -> None:
    page = open_browser()
    answer = page.goto(f"{portal.url}/pmPortal/directSearch?codCompany=NESSUNO")
    assert answer is not None
    assert answer.status == 404
    look(page, "ente-sconosciuto")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_notice_is_found_paid_and_receipted_without_login(
    portal: Portal, open_browser: OpenBrowser, look: Look, width: int
) -> None:
    debt = portal.put_debt(f"JOURNEY-{width}", **DEBT)
    page = open_browser(width=width)
    page.goto(f"{portal.url}/enti/PM108")
    page.get_by_label("Codice Avviso").fill(debt["notice_number"])
    page.get_by_role("button", name="Cerca").click()
    look(page, "risultati")
    row = row_of(page, "123,45")
    assert "Giulia" not in row.inner_text()  # the number alone does not tell whose debt it is

    row.locator("summary").click()
    notice = row.get_by_role("link", name=re.compile("Stampa bollettino")).get_attribute("href")
    codes = read_qr(fetch(page, f"{portal.url}{notice}"))
    assert f"PAGOPA|002|{debt['notice_number']}|80012345676|12345" in codes

    row.get_by_role("button", name=re.compile(r"^Paga")).click()
    expect(page).to_have_url(re.compile(re.escape(portal.pagopa_url)))
    look(page, "checkout")
    page.get_by_role("button", name=re.compile(r"^Paga 123,45")).click()
    page.wait_for_url(re.compile("/esito/"))
    expect(page.get_by_role("heading", name="Pagamento riuscito")).to_be_visible(timeout=30_000)
    look(page, "esito-pagato")
    receipt = page.get_by_role("link", name=re.compile("Quietanza")).first.get_attribute("href")
    text = pypdfium2.PdfDocument(fetch(page, f"{portal.url}{receipt}"))[0].get_textpage().get_text_range()
    assert "123,45" in text
    assert debt["iuv"] in text.replace(" ", "")


def test_a_citizen_registers_inserts_fills_a_cart_pays_and_leaves(
    portal: Portal, open_browser: OpenBrowser, look: Look
) -> None:
    page = open_browser()
    see_the_practices_after_registering(page, portal, look)
    insert_a_contribution(page, look)
    causali = payable_causali(page)
    fill_the_cart(page, portal, look, causali)
    pay_the_cart(page, portal, look)
    add_to_cart(page, portal, causali[5])
    page.goto(f"{portal.url}/enti/PM108/carrello")
    page.get_by_role("button", name="Pulisci carrello").click()
    expect(page.locator(".portal-cart__count")).to_have_text("0")
    close_the_account_and_come_back(page, portal, look)
    open_logo_menu(page)
    page.get_by_role("button", name="Esci").click()
    page.goto(f"{portal.url}/enti/PM108/pratiche")
    expect(page.get_by_role("heading", name="Pratiche associate")).to_have_count(0)


def see_the_practices_after_registering(page: Page, portal: Portal, look: Look) -> None:
    log_in(page, portal, "Mario Rossi")
    page.wait_for_url(re.compile("/profilo/registrazione"))
    look(page, "registrazione")
    page.locator("main form button[type=submit]").first.click()
    assert "/registrazione" in page.url, "the privacy notice must be acknowledged"
    register(page)
    headers = [text.strip() for text in page.locator("thead th").all_inner_texts()][:8]
    assert headers == [
        "Nome", "Servizio", "Causale", "Stato", "Data Pratica", "Data Scadenza", "Riferimento Pratica / IUV", "Importo",
    ]  # fmt: skip
    look(page, "pratiche")


def insert_a_contribution(page: Page, look: Look) -> None:
    page.get_by_role("link", name="Inserimento spontaneo").first.click()
    expect(page.locator("main a", has_text=re.compile("studenti"))).to_have_count(4)
    look(page, "inserimento-servizi")
    page.get_by_role("link", name=re.compile("Contribuzione studentesca studenti italiani")).click()
    page.get_by_role("textbox", name="Importo").fill("10,123")
    page.get_by_role("button", name="Salva").click()
    expect(page.get_by_role("alert")).to_contain_text("due decimali")
    look(page, "inserimento-errori")
    for label, value in (
        ("Cognome e Nome", "Rossi Sofia"),
        ("Corso", "Violino"),
        ("Scuola", "Scuola media Pascoli"),
        ("Tipologia", "Contributo di prova"),
        ("Importo", "50"),
    ):
        page.get_by_role("textbox", name=label).fill(value)
    look(page, "inserimento")
    page.get_by_role("button", name="Salva").click()
    expect(row_of(page, "Contributo di prova - Rossi Sofia")).to_have_count(1)


def payable_causali(page: Page) -> list[str]:
    payable = page.locator("tbody tr", has=page.get_by_role("button", name=re.compile(r"^Paga")))
    return [payable.nth(index).locator("a").first.inner_text() for index in range(6)]


def fill_the_cart(page: Page, portal: Portal, look: Look, causali: list[str]) -> None:
    for number, causale in enumerate(causali[:5], start=1):
        add_to_cart(page, portal, causale)
        expect(page.locator(".portal-cart__count")).to_have_text(str(number))
    row = row_of(page, causali[5]).first
    row.locator("summary").click()
    expect(row).to_contain_text("Il carrello è pieno")
    page.goto(f"{portal.url}/enti/PM108/carrello")
    look(page, "carrello")
    page.get_by_role("button", name=re.compile("Rimuovi")).last.click()
    expect(page.locator(".portal-cart__count")).to_have_text("4")


def pay_the_cart(page: Page, portal: Portal, look: Look) -> None:
    page.get_by_role("button", name="Paga carrello").click()
    page.get_by_role("button", name=re.compile(r"^Paga \d")).click()
    expect(page.get_by_role("heading", name="Pagamento riuscito")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Pagato", exact=True)).to_have_count(4)
    page.goto(f"{portal.url}/enti/PM108/storico")
    expect(page.locator("tbody tr")).to_have_count(4)
    look(page, "storico")
    page.locator("tbody a").first.click()
    expect(page.locator("main")).to_contain_text("ricevuta")
    look(page, "pratica-pagata")


def close_the_account_and_come_back(page: Page, portal: Portal, look: Look) -> None:
    open_logo_menu(page)
    page.get_by_role("link", name="Privacy e consensi").click()
    look(page, "privacy")
    revoke = page.get_by_role("link", name=re.compile("Revoca"))
    revoke.or_(page.get_by_role("button", name=re.compile("Revoca"))).first.click()
    look(page, "revoca")
    page.locator("main form button[type=submit]").last.click()
    page.goto(f"{portal.url}/enti/PM108/pratiche")
    expect(page.get_by_role("heading", name="Pratiche associate")).to_have_count(0)
    log_in(page, portal, "Mario Rossi")
    page.wait_for_url(re.compile("/profilo/registrazione"))
    register(page)


def open_logo_menu(page: Page) -> None:
    page.locator("details.portal-menu summary", has_text="menu personale").click()


def test_the_whole_journey_works_on_a_phone_without_javascript(portal: Portal, open_browser: OpenBrowser) -> None:
    page = open_browser(width=390, javascript=False)
    page.goto(f"{portal.url}/spid/login?entity=PM108")
    page.get_by_role("link", name="SPID di prova 1").click()
    page.get_by_label("Luca Verdi").check()
    page.get_by_role("button", name="Prosegui").click()
    page.get_by_role("button").first.click()  # without scripts the answer is sent by hand
    register(page)
    page.goto(f"{portal.url}/enti/PM108/inserimento/BOLLO_IT")
    page.get_by_role("textbox", name="Importo").fill("16,00")
    page.get_by_role("textbox", name="Causale").fill("Bollo per il certificato di diploma")
    page.get_by_role("button", name="Salva").click()
    row = row_of(page, "Bollo per il certificato di diploma")
    row.locator("summary").click()
    row.get_by_role("button", name="Aggiungi pratica al carrello").click()
    page.goto(f"{portal.url}/enti/PM108/carrello")
    page.get_by_role("button", name="Paga carrello").click()
    page.get_by_role("button", name=re.compile(r"^Paga 16,00")).click()
    ask_until_paid(page)


def ask_until_paid(page: Page) -> None:
    """Press the waiting page's button, which needs no script, until the receipt is there."""
    page.wait_for_url(re.compile("/esito/"))
    for _ in range(120):
        page.wait_for_load_state()
        if page.locator("a[href$='quietanza.pdf']").count():
            return
        if page.locator("#aggiorna").count():
            page.locator("#aggiorna").click()
        page.wait_for_timeout(250)
    pytest.fail("the receipt never came")


@pytest.mark.parametrize(("locale", "language"), [("it-IT", "it"), ("en-GB", "en")])
def test_a_foreign_student_pays_without_login(
    portal: Portal, open_browser: OpenBrowser, look: Look, locale: str, language: str
) -> None:
    page = open_browser(locale=locale)
    page.goto(f"{portal.url}/enti/PM108/inserimento/CONTRIB_ST")
    assert page.locator("html").get_attribute("lang") == language
    page.locator("input[name=anonymous]").check()
    for name, value in (
        ("full_name", f"Müller Jürgen {language}"),
        ("course", "Pianoforte"),
        ("school", "Hochschule für Musik"),
        ("contribution_type", "Contributo annuale"),
        ("amount", "120,00"),
    ):
        page.locator(f"input[name={name}]").fill(value)
    look(page, f"anonimo-{language}")
    page.locator("main form button[type=submit]").last.click()
    look(page, f"anonimo-inserita-{language}")
    pay = page.get_by_role("button", name=re.compile(r"^(Paga|Pay)")).first
    pay.click()
    expect(page).to_have_url(re.compile(re.escape(portal.pagopa_url)))
    page.get_by_role("button", name=re.compile(r"^(Paga|Pay) .*120")).click()
    expect(page.locator("h1")).to_have_text(re.compile(r"Pagamento riuscito|Payment"), timeout=30_000)
    expect(page.locator(".portal-state--done")).to_have_count(1, timeout=30_000)


@pytest.mark.parametrize(
    ("outcome", "heading"),
    [("Pagamento rifiutato", "Pagamento non riuscito"), ("Annulla e torna", "Pagamento annullato")],
)
def test_a_payment_that_failed_can_be_tried_again(
    portal: Portal, open_browser: OpenBrowser, look: Look, outcome: str, heading: str
) -> None:
    debt = portal.put_debt(f"FAILS-{outcome[:3]}", **DEBT)
    page = open_browser()
    page.goto(f"{portal.url}/enti/PM108")
    page.get_by_label("Codice Avviso").fill(debt["notice_number"])
    page.get_by_role("button", name="Cerca").click()
    page.get_by_role("button", name=re.compile(r"^Paga")).first.click()
    page.get_by_role("button", name=re.compile(outcome)).click()
    page.wait_for_url(re.compile("/esito/"))
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    look(page, f"esito-{heading.rsplit(maxsplit=1)[-1]}")
    page.get_by_role("button", name=re.compile("Riprova")).click()
    expect(page).to_have_url(re.compile(re.escape(portal.pagopa_url)))


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("errore 25", "annullato"),
        ("errore 19", "credenziali|tentativi|password"),
        ("di livello 1", "livello di sicurezza richiesto"),
    ],
)
def test_a_login_that_failed_says_why(
    portal: Portal, open_browser: OpenBrowser, look: Look, outcome: str, words: str
) -> None:
    page = open_browser()
    log_in(page, portal, "Giulia Bianchi", outcome=outcome)
    page.wait_for_url(f"{portal.url}/spid/acs")
    expect(page.locator("main")).to_contain_text(re.compile(words, re.IGNORECASE))
    look(page, f"accesso-{outcome[-2:].strip()}")


def test_the_search_and_the_menu_work_with_the_keyboard_alone(portal: Portal, open_browser: OpenBrowser) -> None:
    debt = portal.put_debt("KEYBOARD-1", **DEBT)
    page = open_browser()
    page.goto(f"{portal.url}/enti/PM108")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Vai al contenuto")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.id") == "notice_number":
            break
    page.keyboard.type(debt["notice_number"])
    page.keyboard.press("Enter")
    summary = row_of(page, "123,45").locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert "Aggiungi" in page.locator(":focus").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator(".portal-cart__count")).to_have_text("1")


def test_a_notice_is_paid_at_the_counter_of_a_psp(portal: Portal, open_browser: OpenBrowser, look: Look) -> None:
    debt = portal.put_debt("COUNTER-1", **DEBT)
    page = open_browser()
    page.goto(portal.pagopa_url)
    look(page, "sportello-home")
    page.get_by_role("link", name=re.compile("Sportello")).first.click()
    page.get_by_role("textbox").first.fill(f"PAGOPA|002|{debt['notice_number']}|80012345676|12345")
    page.locator("main form button").first.click()
    expect(page.locator("main")).to_contain_text("123,45")
    look(page, "sportello")
    page.get_by_role("button", name=re.compile(r"^Paga")).first.click()
    page.wait_for_load_state()
    answer = requests.post(
        f"{portal.url}/api/v1/creditors/PM108/searches", json={"notice_number": debt["notice_number"]}, timeout=10
    )
    assert answer.ok, answer.text
    page.goto(f"{portal.url}/enti/PM108")
    page.get_by_label("Codice Avviso").fill(debt["notice_number"])
    page.get_by_role("button", name="Cerca").click()
    expect(page.locator("tbody tr")).to_contain_text("Pagato")
