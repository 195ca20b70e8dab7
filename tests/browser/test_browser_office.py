"""A day in a body's office, in a real browser: accepted, invited, found, amended, annulled, restored, looked up."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Portal
from tests.browser.office_desk import Desk

pytestmark = pytest.mark.timeout(600)
GIULIA_CODE = "BNCGLI82D63L049K"


def accept_as_administrator(desk: Desk) -> None:
    """Mario is invited by the launcher; on a copy that is used again he works there already."""
    desk.page.goto((desk.portal.home / "office-invitation.txt").read_text().strip())
    expect(desk.page).to_have_url(f"{desk.portal.url}/ufficio/invito")
    desk.look("invito")
    desk.page.get_by_role("link", name="Entra e accetta").click()
    desk.look("accesso")
    desk.log_in("Mario Rossi")
    desk.page.get_by_role("button", name="Accetto l'invito").click()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Buon lavoro, Mario")
    desk.look("inizio")


def invite_giulia(desk: Desk) -> str:
    """Invite Giulia as ufficio and revisore, by keyboard alone; return the link."""
    desk.page.get_by_role("link", name="Invita un collega").click()
    desk.look("invita")
    desk.page.get_by_label(re.compile("E-mail di lavoro")).fill("giulia@conservatorio.example")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type(GIULIA_CODE)
    desk.page.get_by_label("Ufficio", exact=True).focus()
    desk.page.keyboard.press("Space")
    desk.page.get_by_label("Revisore", exact=True).focus()
    desk.page.keyboard.press("Space")
    desk.page.get_by_role("button", name="Manda l'invito").focus()
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Invito inviato")
    desk.look("invito inviato", reload=False)
    return desk.page.locator("#collegamento").inner_text()


def test_a_day_in_the_office(portal: Portal, make_desk: Callable[..., Desk]) -> None:
    reference = f"UFFICIO-{uuid4().hex[:8]}"
    due = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011 -- any day ahead will do
    portal.put_debt(
        reference,
        service_code="RETTA",
        fiscal_code="VRDLCU99L14A662K",
        full_name="Verdi Luca",
        amount_cents=14_850,
        description="Retta di prova dell'ufficio",
        due_date=due,
    )
    administrator = make_desk()
    accept_as_administrator(administrator)
    link = invite_giulia(administrator)
    administrator.page.get_by_role("link", name="Torna ai colleghi").click()
    administrator.look("colleghi")

    giulia = make_desk(javascript=False)
    giulia.page.goto(link)
    giulia.page.get_by_role("link", name="Entra e accetta").click()
    giulia.page.locator("main").get_by_role("link", name="SPID di prova 1").click()
    giulia.page.get_by_label("Giulia Bianchi").check()
    giulia.page.get_by_role("button", name="Prosegui").click()
    if giulia.page.get_by_role("button").count() and not giulia.page.url.startswith(portal.url):
        giulia.page.locator("form button").first.click()  # without scripts the answer is sent by hand
    giulia.page.get_by_role("button", name="Accetto l'invito").click()
    expect(giulia.page.get_by_role("heading", level=1)).to_have_text("Buon lavoro, Giulia")
    _find_and_change(giulia, reference)

    administrator.page.goto(f"{portal.url}/ufficio/PM108/registro")
    expect(administrator.page.locator(".portal-entries").get_by_text("Pratica ripristinata").first).to_be_visible()
    administrator.look("registro")
    administrator.page.get_by_role("link", name="Persone").click()
    expect(administrator.page.locator(".portal-entries").get_by_text("Invito accettato").first).to_be_visible()
    _remove(administrator, giulia)


def _find_and_change(desk: Desk, reference: str) -> None:
    page = desk.page
    page.get_by_role("link", name="Pratiche", exact=True).click()
    page.get_by_label("Che cosa hai in mano").fill(reference)
    page.get_by_role("button", name="Cerca").click()
    page.get_by_role("link", name="Retta di prova dell'ufficio").click()
    page.get_by_role("link", name="Modifica importo o scadenza").click()
    page.get_by_label(re.compile("^Importo")).fill("quasi 150")
    page.get_by_role("button", name="Salva le modifiche").click()
    expect(page.get_by_text("Controlla questi dati")).to_be_visible()
    page.get_by_label(re.compile("^Importo")).fill("150,00")
    page.get_by_label("Motivo").fill("Conguaglio")
    page.get_by_role("button", name="Salva le modifiche").click()
    expect(page.get_by_text("La pratica è stata modificata.")).to_be_visible()
    page.get_by_role("link", name="Annulla la pratica").click()
    page.get_by_label(re.compile("^Motivo")).fill("Emessa per errore")
    page.get_by_role("button", name="Annulla la pratica").click()
    expect(page.get_by_text("La pratica è stata annullata.")).to_be_visible()
    page.get_by_role("link", name="Ripristina la pratica").click()
    page.get_by_label(re.compile("^Motivo")).fill("Era dovuta")
    page.get_by_role("button", name="Ripristina la pratica").click()
    expect(page.get_by_text("La pratica è di nuovo da pagare.")).to_be_visible()
    expect(page.get_by_text("Conguaglio")).to_be_visible()


def _remove(administrator: Desk, colleague: Desk) -> None:
    page = administrator.page
    page.get_by_role("link", name="Colleghi").first.click()
    page.get_by_role("link", name="Ruoli Giulia Bianchi").click()
    administrator.look("ruoli")
    page.get_by_role("link", name="Torna indietro").click()
    page.get_by_role("link", name="Rimuovi Giulia Bianchi").click()
    administrator.look("rimuovi")
    page.get_by_role("button", name="Rimuovi").click()
    expect(page.get_by_text("Il collega è stato rimosso")).to_be_visible()
    colleague.page.goto(f"{colleague.portal.url}/ufficio/PM108")
    expect(colleague.page.get_by_role("heading", level=1)).to_have_text("Sessione scaduta")


def _type_in(desk: Desk) -> None:
    """Insert a debt at the counter, correct what is wrong, and print its notice."""
    desk.open("/ufficio/PM108/inserisci")
    desk.look("inserisci")
    desk.page.get_by_label(re.compile("^Servizio")).select_option("RETTA")
    desk.page.get_by_label(re.compile("^Codice Fiscale")).fill("VRDLCU99L14A662K")
    desk.page.get_by_label(re.compile("^Cognome e Nome")).fill("Verdi Luca")
    desk.page.get_by_label(re.compile("^Causale")).fill("Retta scritta allo sportello")
    desk.page.get_by_role("button", name="Inserisci la pratica").click()
    expect(desk.page.get_by_text("Controlla questi dati")).to_be_visible()
    desk.look("inserisci, da correggere", reload=False)
    desk.page.get_by_label(re.compile("^Importo")).fill("35,00")
    desk.page.get_by_role("button", name="Inserisci la pratica").click()
    expect(desk.page.get_by_text("La pratica è stata inserita")).to_be_visible()
    notice = desk.page.get_by_role("link", name=re.compile("Stampa l'avviso")).get_attribute("href")
    printed = desk.page.request.get(f"{desk.portal.url}{notice}")
    assert (printed.status, printed.headers["content-type"]) == (200, "application/pdf")


def test_the_pages_of_a_practice_in_the_office(portal: Portal, make_desk: Callable[..., Desk]) -> None:
    """The forms, their mistakes, and what the second of two sees; after the day above, in which Mario entered."""
    reference = f"UFFICIO-{uuid4().hex[:8]}"
    practice = portal.put_debt(
        reference,
        service_code="RETTA",
        fiscal_code="VRDLCU99L14A662K",
        full_name="Verdi Luca",
        amount_cents=9_900,
        description="Retta da guardare",
    )
    desk = make_desk()
    desk.open("/ufficio/PM108/colleghi")
    desk.log_in("Mario Rossi")
    desk.page.get_by_role("link", name="Ruoli Mario Rossi").click()
    desk.page.get_by_label("Ufficio", exact=True).check()
    desk.page.get_by_role("button", name="Salva i ruoli").click()
    _type_in(desk)
    desk.open("/ufficio/PM108/pratiche")
    desk.look("cerca")
    desk.page.get_by_label("Che cosa hai in mano").fill("Luca Verdi")
    desk.page.get_by_role("button", name="Cerca").click()
    expect(desk.page.get_by_role("link", name="Retta da guardare").first).to_be_visible()
    desk.look("trovate")
    desk.page.get_by_role("link", name="Retta da guardare").first.click()
    desk.look("pratica")
    desk.page.get_by_role("link", name="Modifica importo o scadenza").click()
    desk.look("modifica")
    portal.put_debt(
        reference,
        service_code="RETTA",
        fiscal_code="VRDLCU99L14A662K",
        full_name="Verdi Luca",
        amount_cents=8_800,
        description="Retta da guardare",
    )
    desk.page.get_by_label(re.compile("^Importo")).fill("77,00")
    desk.page.get_by_role("button", name="Salva le modifiche").click()
    expect(desk.page.get_by_text("Nel frattempo è cambiato qualcosa")).to_be_visible()
    desk.look("cambiata da altri", reload=False)
    desk.open(f"/ufficio/PM108/pratiche/{practice['id']}/annulla")
    desk.look("annulla")
    desk.page.get_by_role("button", name="Annulla la pratica").click()
    desk.look("annulla senza motivo", reload=False)
    desk.page.context.clear_cookies(name="office")
    desk.page.get_by_label(re.compile("^Motivo")).fill("Quello che avevo scritto")
    desk.page.get_by_role("button", name="Annulla la pratica").click()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("La sessione è finita, quello che hai scritto no")
    desk.look("sessione persa", reload=False)
    with desk.page.context.expect_page() as opened:
        desk.page.get_by_role("link", name="Entra di nuovo, in un'altra scheda").click()
    other = Desk(portal, opened.value, desk.audit)
    other.log_in("Mario Rossi")
    desk.page.get_by_role("button", name="Continua").click()
    expect(desk.page.get_by_label(re.compile("^Motivo"))).to_have_value("Quello che avevo scritto")
    desk.page.get_by_role("button", name="Annulla la pratica").click()
    expect(desk.page.get_by_text("La pratica è stata annullata.")).to_be_visible()
    desk.open(f"/ufficio/PM108/pratiche/{practice['id']}/ripristina")
    desk.look("ripristina")
    desk.open("/ufficio/PM200")
    desk.look("di un altro ente")
