"""Jobs of the desk in a real browser: a plan, many notices printed, a mail, the story of a payment, late receipts."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.office_desk import Desk
from tests.integration.payments.payments_actors import receipt

pytestmark = pytest.mark.timeout(600)
PATIENCE_MS = 90_000
LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""A name has no digits."""


def debt(portal: Portal, mark: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    values = {
        "service_code": "ISCRIZIONE",
        "fiscal_code": "VRDLCU99L14A662K",
        "full_name": "Verdi Luca",
        "amount_cents": 15_000,
        "description": f"Iscrizione {mark} {number}",
        **changes,
    }
    return portal.put_debt(f"D-{mark}-{number}", **values)


def let_node_say(portal: Portal, envelope: str) -> str:
    headers = {"Content-Type": "text/xml", "SOAPAction": "paSendRTV2"}
    return requests.post(f"{portal.url}/pagopa/pa-for-node", data=envelope.encode(), headers=headers, timeout=30).text


def find(page: Page, text: str) -> None:
    page.get_by_role("link", name="Pratiche", exact=True).click()
    page.get_by_label("Che cosa hai in mano").fill(text)
    page.get_by_role("button", name="Cerca").click()


def test_a_plan_is_divided_changed_inserted_and_printed(portal: Portal, make_desk: Callable[..., Desk]) -> None:
    desk, mark = make_desk(), uuid4().hex[:6]
    page = desk.page
    desk.work_as("Ufficio")
    page.get_by_role("link", name="Inserisci una pratica").click()
    page.get_by_role("link", name="Inserisci un piano di rate").click()
    desk.look("piano di rate")
    page.get_by_label(re.compile("^Servizio")).select_option("RETTA")
    page.get_by_label(re.compile("^Codice Fiscale")).fill("VRDLCU99L14A662K")
    page.get_by_label(re.compile("^Cognome e Nome")).fill("Verdi Luca")
    page.get_by_label(re.compile("^Causale")).fill(f"Retta a rate {mark}")
    page.get_by_label(re.compile("^Importo totale")).fill("100,00")
    page.get_by_label(re.compile("^Numero di rate")).fill("3")
    page.get_by_label(re.compile("^Prima scadenza")).fill("2027-01-31")
    page.get_by_role("button", name="Calcola le rate").click()
    expect(page.get_by_label(re.compile("^Scadenza della rata 2"))).to_have_value("2027-02-28")
    page.get_by_label(re.compile("^Importo della rata 1")).fill("40,00")
    page.get_by_role("button", name="Inserisci il piano").click()
    expect(page.get_by_text("La somma delle rate non è il totale").first).to_be_visible()
    desk.look("piano di rate, da correggere", reload=False)
    page.get_by_label(re.compile("^Importo della rata 2")).fill("30,00")
    page.get_by_label(re.compile("^Importo della rata 3")).fill("30,00")
    page.get_by_role("button", name="Inserisci il piano").click()
    expect(page.get_by_text("Il piano è stato inserito")).to_be_visible()
    expect(page.get_by_text("rata 3 di 3")).to_be_visible()
    desk.look("pratica di un piano")
    notice = page.get_by_role("link", name=re.compile("Stampa tutte le rate")).get_attribute("href")
    printed = page.request.get(f"{portal.url}{notice}")
    assert (printed.status, printed.headers["content-type"]) == (200, "application/pdf")


def test_many_notices_are_printed_by_a_filter_and_one_by_one(portal: Portal, make_desk: Callable[..., Desk]) -> None:
    desk, mark = make_desk(), uuid4().hex[:6].translate(LETTERS)
    page = desk.page
    for number in (1, 2, 3):
        debt(portal, mark, number, full_name=f"{mark} Luca", due_date="2031-05-05")
    desk.work_as("Sportello")
    page.get_by_role("link", name="Stampa molti avvisi").click()
    desk.look("stampa")
    page.get_by_label(re.compile("^Servizio")).select_option("ISCRIZIONE")
    page.get_by_label("Scadenza dal").fill("2031-05-05")
    page.get_by_label("Scadenza al").fill("2031-05-05")
    page.get_by_role("button", name="Conta gli avvisi").click()
    desk.look("stampa, contati")
    page.get_by_role("button", name=re.compile(r"Stampa \d+ avvis")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stampa finita", timeout=PATIENCE_MS)
    desk.look("stampa finita")
    for link, kind in (("Un solo PDF", "application/pdf"), ("Un PDF per avviso", "application/zip")):
        href = page.get_by_role("link", name=re.compile(f"^{link}")).first.get_attribute("href")
        answer = page.request.get(f"{portal.url}{href}")
        assert (answer.status, answer.headers["content-type"]) == (200, kind)
    find(page, f"Luca {mark}")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("checkbox").nth(1).check()
    desk.look("trovate, due scelte", reload=False)
    page.get_by_role("button", name="Stampa gli avvisi delle pratiche scelte").click()
    expect(page.get_by_text("2 avvisi stampati su 2")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="Tutte le stampe").click()
    expect(page.get_by_label("Scadenza dal")).to_have_value("2031-05-05")


def test_a_search_is_sent_to_a_colleague_by_its_address(portal: Portal, make_desk: Callable[..., Desk]) -> None:
    desk, mark = make_desk(), uuid4().hex[:6]
    debt(portal, mark, full_name="Verdi Luca Maria")
    desk.work_as("Sportello")
    find(desk.page, "Maria Verdi")
    address = desk.page.url
    assert "Maria" not in address
    expect(desk.page.get_by_role("link", name=address)).to_be_visible()
    colleague = make_desk(javascript=False)
    colleague.enter_as(desk)
    colleague.page.goto(address)
    expect(colleague.page.get_by_label("Che cosa hai in mano")).to_have_value("Maria Verdi")
    expect(colleague.page.get_by_role("link", name=f"Iscrizione {mark} 1")).to_be_visible()


def test_the_story_of_a_payment_its_mail_and_a_receipt_that_was_refused(
    portal: Portal, make_desk: Callable[..., Desk]
) -> None:
    desk, mark = make_desk(), uuid4().hex[:6]
    page = desk.page
    practice = debt(portal, mark)
    number = int(practice["notice_number"][1:])
    desk.work_as("Sportello", "Contabile")
    find(page, f"D-{mark}-1")
    page.get_by_role("link", name=f"Iscrizione {mark} 1").click()
    page.get_by_role("link", name="Manda per e-mail").click()
    desk.look("manda per e-mail")
    page.get_by_label(re.compile("^E-mail")).fill(f"luca-{mark}@posta.example")
    page.get_by_role("button", name="Manda", exact=True).click()
    expect(page.get_by_text("L'e-mail è stata mandata")).to_be_visible()
    expect(page.get_by_text("Mandata per e-mail").last).to_be_visible()
    whole = receipt(number, f"RT{mark}", 15_000, None).replace("Prova", "Verdi Luca")
    assert "<outcome>KO</outcome>" in let_node_say(portal, whole.replace("150.00", "150,00"))
    page.get_by_role("link", name="Inizio").click()
    page.get_by_role("link", name="Ricevute rifiutate o mai arrivate").click()
    desk.look("ricevute")
    page.get_by_role("button", name=re.compile(f"Prendi in carico {practice['notice_number']}")).first.click()
    expect(page.get_by_text("PAA_SINTASSI_XSD").first).to_be_visible()
    desk.look("ricevuta rifiutata di nuovo", reload=False)
    page.locator("#file").set_input_files({"name": "rt.xml", "mimeType": "text/xml", "buffer": whole.encode()})
    page.get_by_role("button", name="Prendi in carico il file").click()
    expect(page.get_by_text("La ricevuta è stata presa in carico")).to_be_visible()
    page.get_by_label(re.compile("^IUR")).fill(f"IUR-{mark}")
    page.get_by_role("button", name="Chiedi la ricevuta").click()
    expect(page.get_by_text(f"IUR-{mark}")).to_be_visible()
    find(page, f"D-{mark}-1")
    page.get_by_role("link", name=f"Iscrizione {mark} 1").click()
    page.get_by_role("link", name="Tutta la storia").click()
    expect(page.get_by_text("Il pagamento è confermato")).to_be_visible()
    desk.look("storia")
    message = page.locator("details").filter(has_text=f"Ricevuta RT{mark}")
    message.locator("summary").click()
    expect(message.locator("pre")).to_contain_text("<fullName>•••</fullName>")
    desk.look("storia, un messaggio", reload=False)
    message.get_by_label(re.compile("^Perché lo leggi")).fill("Reclamo 12")
    message.get_by_role("button", name="Leggi il messaggio intero").click()
    expect(page.locator("pre")).to_contain_text("<fullName>Verdi Luca</fullName>")
    desk.look("messaggio intero", reload=False)
