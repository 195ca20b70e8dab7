"""The accountant's and the administrator's jobs in a real browser: keys, webhooks, settlement, statistics, failures."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import FilePayload, expect

from tests.browser.conftest import Portal
from tests.browser.office_desk import Desk
from tests.unit.practices.test_practices_logos import png

pytestmark = pytest.mark.timeout(600)
API = "/api/v1/creditors/PM108"
CREDITOR = "80012345676"
FLOW_DAY = "2026-11-20"


@pytest.fixture(name="desk")
def _desk(make_desk: Callable[..., Desk]) -> Desk:
    desk = make_desk()
    desk.work_as("Contabile")
    return desk


def ask(portal: Portal, key: str, path: str) -> requests.Response:
    return requests.get(f"{portal.url}{path}", headers={"Authorization": f"Bearer {key}"}, timeout=10)


def test_a_key_is_made_used_renewed_and_revoked(portal: Portal, desk: Desk) -> None:
    page, name = desk.page, f"Gestionale {uuid4().hex[:6]}"
    desk.look("inizio, tutti i ruoli")
    page.get_by_role("link", name="Chiavi del gestionale").click()
    page.get_by_role("link", name="Crea una chiave").click()
    desk.look("chiave nuova")
    page.get_by_role("button", name="Crea la chiave").click()
    desk.look("chiave nuova, da correggere", reload=False)
    page.get_by_label(re.compile("^Nome del programma")).fill(name)
    page.get_by_label(re.compile("^Leggere i pagamenti arrivati")).check()
    page.get_by_role("button", name="Crea la chiave").click()
    desk.look("chiave creata", reload=False)
    first = page.locator("#chiave").inner_text()
    assert ask(portal, first, f"{API}/payments").status_code == 200
    assert ask(portal, first, f"{API}/debts").status_code == 403
    page.get_by_role("link", name="L'ho copiata: torna alle chiavi").click()
    expect(page.locator("main")).not_to_contain_text(first)
    desk.look("chiavi")
    page.get_by_role("link", name=f"Rinnova {name}").click()
    desk.look("chiave da rinnovare")
    page.get_by_role("button", name="Rinnova").click()
    second = page.locator("#chiave").inner_text()
    assert ask(portal, second, f"{API}/payments").status_code == 200
    assert ask(portal, first, f"{API}/payments").status_code == 200
    page.get_by_role("link", name="L'ho copiata: torna alle chiavi").click()
    page.get_by_role("link", name=f"Revoca {name}").click()
    desk.look("chiave da revocare")
    page.get_by_role("button", name="Revoca").click()
    expect(page.get_by_text("La chiave è stata revocata")).to_be_visible()
    page.wait_for_timeout(10_500)  # as long as a gateway takes a key as it was told last
    for key in (first, second):
        assert ask(portal, key, f"{API}/payments").status_code == 401
    desk.open("/ufficio/PM108/registro?registro=persone")
    for what in ("Chiave creata", "Chiave rinnovata", "Chiave revocata"):
        expect(page.locator(".portal-entries").get_by_text(what).first).to_be_visible()
    desk.look("registro, persone e chiavi")


def test_a_webhook_is_added_tested_looked_at_suspended_and_deleted(desk: Desk) -> None:
    page = desk.page
    page.get_by_role("link", name="Notifiche al gestionale").click()
    desk.look("notifiche, nessuna")
    page.get_by_role("link", name="Aggiungi un indirizzo").click()
    page.get_by_label(re.compile("^Indirizzo del gestionale")).fill("http://gestionale.example/")
    page.get_by_role("button", name="Aggiungi").click()
    desk.look("notifica nuova, da correggere", reload=False)
    page.get_by_label(re.compile("^Indirizzo del gestionale")).fill("https://127.0.0.1:9/portale")
    page.get_by_label("Pagamento confermato").check()
    page.get_by_role("button", name="Aggiungi").click()
    desk.look("notifica aggiunta", reload=False)
    assert page.locator("#segreto").inner_text().startswith("whsec_")
    page.get_by_role("link", name="L'ho copiato: vai alla prova").click()
    page.get_by_role("button", name="Manda una prova").click()
    expect(page.get_by_text("La prova è partita")).to_be_visible()
    # The process that sends is not among those of this copy: what it does is tested with payments.
    expect(page.get_by_text("Non ancora mandato")).to_be_visible()
    desk.look("notifica, con la prova")
    page.get_by_role("link", name="Modifica o sospendi").click()
    desk.look("notifica da cambiare")
    page.get_by_label("Sospendi").check()
    page.get_by_role("button", name="Salva le modifiche").click()
    expect(page.get_by_text("Sospesa da una persona")).to_be_visible()
    page.get_by_role("link", name="Rinnova il segreto").click()
    desk.look("segreto da rinnovare")
    page.get_by_role("button", name="Rinnova il segreto").click()
    expect(page.locator("#segreto")).to_contain_text("whsec_")
    page.get_by_role("link", name="L'ho copiato: vai alla prova").click()
    page.get_by_role("link", name="Notifiche al gestionale").click()
    desk.look("notifiche")
    page.get_by_role("link", name="https://127.0.0.1:9/portale").click()
    page.get_by_role("link", name="Elimina").click()
    desk.look("notifica da eliminare")
    page.get_by_role("button", name="Elimina").click()
    expect(page.get_by_text("L'indirizzo è stato eliminato")).to_be_visible()
    desk.open("/ufficio/PM108/registro?registro=pagamenti")
    expect(page.locator(".portal-entries").get_by_text("Notifica eliminata").first).to_be_visible()
    desk.look("registro, pagamenti e notifiche")


def flow(flow_id: str, *amounts: int) -> bytes:
    """A settlement flow of payments that the portal does not know."""
    rows = "".join(
        f"<datiSingoliPagamenti><identificativoUnivocoVersamento>{number:017d}</identificativoUnivocoVersamento>"
        f"<identificativoUnivocoRiscossione>{flow_id[-12:]}{number}</identificativoUnivocoRiscossione>"
        f"<indiceDatiSingoloPagamento>1</indiceDatiSingoloPagamento><singoloImportoPagato>{cents / 100:.2f}"
        "</singoloImportoPagato><codiceEsitoSingoloPagamento>0</codiceEsitoSingoloPagamento>"
        f"<dataEsitoSingoloPagamento>{FLOW_DAY}</dataEsitoSingoloPagamento></datiSingoliPagamenti>"
        for number, cents in enumerate(amounts, start=1)
    )
    return f"""<FlussoRiversamento xmlns="http://www.digitpa.gov.it/schemas/2011/Pagamenti/">
<versioneOggetto>1.0</versioneOggetto><identificativoFlusso>{flow_id}</identificativoFlusso>
<dataOraFlusso>{FLOW_DAY}T23:40:00</dataOraFlusso>
<identificativoUnivocoRegolamento>TRN-{flow_id[-6:]}</identificativoUnivocoRegolamento>
<dataRegolamento>{FLOW_DAY}</dataRegolamento><istitutoMittente><identificativoUnivocoMittente>
<tipoIdentificativoUnivoco>B</tipoIdentificativoUnivoco>
<codiceIdentificativoUnivoco>BESEITM1</codiceIdentificativoUnivoco></identificativoUnivocoMittente>
<denominazioneMittente>Banca di prova</denominazioneMittente></istitutoMittente><istitutoRicevente>
<identificativoUnivocoRicevente><tipoIdentificativoUnivoco>G</tipoIdentificativoUnivoco>
<codiceIdentificativoUnivoco>{CREDITOR}</codiceIdentificativoUnivoco></identificativoUnivocoRicevente></istitutoRicevente>
<numeroTotalePagamenti>{len(amounts)}</numeroTotalePagamenti>
<importoTotalePagamenti>{sum(amounts) / 100:.2f}</importoTotalePagamenti>{rows}</FlussoRiversamento>""".encode()


def test_a_day_is_closed_from_its_flow_to_its_report(desk: Desk) -> None:
    page, flow_id = desk.page, f"{FLOW_DAY}BESEITM1-{uuid4().hex[:12]}"
    page.get_by_role("link", name="Riconciliazione").click()
    page.get_by_role("link", name="Carica un flusso").click()
    desk.look("carica un flusso")
    page.get_by_role("button", name="Carica il flusso").click()
    desk.look("carica un flusso, da correggere", reload=False)
    file: FilePayload = {"name": "flusso.xml", "mimeType": "application/xml", "buffer": flow(flow_id, 1200, 34)}
    page.get_by_label(re.compile("^File del flusso")).set_input_files(file)
    page.get_by_role("button", name="Carica il flusso").click()
    expect(page.get_by_text("Il flusso è stato caricato.")).to_be_visible()
    desk.look("flusso")
    desk.open("/ufficio/PM108/riconciliazione/registra-accredito")
    desk.look("accredito")
    page.get_by_label(re.compile("^Riferimento della banca")).fill(f"CRO-{flow_id[-12:]}")
    page.get_by_label(re.compile("^Data contabile")).fill("2026-11-23")
    page.get_by_label(re.compile("^Importo")).fill("12,34")
    page.get_by_role("button", name="Registra l'accredito").click()
    desk.look("accredito, da correggere", reload=False)
    page.get_by_label(re.compile("^Causale")).fill(f"/PUR/LGPE-RIVERSAMENTO/URI/{flow_id}")
    page.get_by_role("button", name="Registra l'accredito").click()
    expect(page.get_by_text("L'accredito è stato registrato.")).to_be_visible()
    desk.open("/ufficio/PM108/riconciliazione?mese=2026-11")
    desk.look("riconciliazione")
    page.get_by_role("link", name="20/11/2026").click()
    desk.look("giornata")
    for label in ("rapporto.pdf", "rapporto.csv"):
        answer = page.request.get(f"{desk.portal.url}/ufficio/PM108/riconciliazione/giorni/{FLOW_DAY}/{label}")
        assert answer.status == 200
    page.get_by_role("button", name="Chiudi la giornata").click()
    expect(page.get_by_text("Qualcosa non torna: scrivi che cosa").first).to_be_visible()
    desk.look("giornata, senza nota", reload=False)
    page.get_by_label(re.compile("^Nota")).fill("Pagamenti della contabilità di prima")
    page.get_by_role("button", name="Chiudi la giornata").click()
    expect(page.get_by_text("Chiusa da Mario Rossi")).to_be_visible()
    desk.look("giornata chiusa")
    page.get_by_role("link", name="Riapri la giornata").click()
    desk.look("giornata da riaprire")
    page.get_by_label(re.compile("^Motivo")).fill("Ne manca uno")
    page.get_by_role("button", name="Riapri la giornata").click()
    expect(page.get_by_text("La giornata è di nuovo aperta.")).to_be_visible()
    for path, state in (("da-guardare", "righe da guardare"), ("accrediti", "accrediti senza flusso")):
        desk.open(f"/ufficio/PM108/riconciliazione/{path}")
        desk.look(state)


def test_statistics_are_looked_at_and_every_number_is_opened(desk: Desk) -> None:
    page = desk.page
    page.get_by_role("link", name="Statistiche").click()
    desk.look("statistiche")
    numbers = page.locator("section td a")
    for address in [one.get_attribute("href") for one in numbers.all()]:
        desk.open(str(address))
        expect(page.locator("tbody tr").first).to_be_visible()
    desk.look("righe di una statistica")


def test_what_is_stuck_is_shown_when_nothing_is(desk: Desk) -> None:
    desk.page.get_by_role("link", name="Che cosa è fermo").click()
    expect(desk.page.get_by_text("Niente: ogni evento è stato elaborato.")).to_be_visible()
    desk.look("fermi, niente")


def test_a_service_is_added_looked_at_published_changed_and_withdrawn(desk: Desk) -> None:
    page, code = desk.page, f"MENSA_{uuid4().hex[:6]}"
    page.get_by_role("link", name="Servizi e testi").click()
    desk.look("servizi e testi")
    page.get_by_role("link", name="Aggiungi un servizio").click()
    desk.look("servizio nuovo")
    page.get_by_label(re.compile("^Codice")).fill(code)
    page.get_by_label(re.compile("^Nome, in italiano")).fill("Mensa di prova")
    page.get_by_label(re.compile("^Nome, in inglese")).fill("Trial canteen")
    page.get_by_label(re.compile("^Importo minimo")).fill("60")
    page.get_by_label(re.compile("^Importo massimo")).fill("50")
    page.get_by_role("button", name="Guarda il modulo").click()
    desk.look("servizio nuovo, da correggere", reload=False)
    page.get_by_label(re.compile("^Tassonomia di pagoPA")).fill("9/0601126IM/")
    page.get_by_role("button", name="Guarda il modulo").click()
    expect(page.get_by_text("Gli importi non vanno insieme").first).to_be_visible()
    page.get_by_label(re.compile("^Importo minimo")).fill("10")
    page.get_by_role("button", name="Guarda il modulo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Così lo vede chi paga")
    desk.look("servizio in prova", reload=False)
    page.get_by_role("button", name="Torna a modificare").click()
    expect(page.get_by_label(re.compile("^Nome, in italiano"))).to_have_value("Mensa di prova")
    page.get_by_role("button", name="Guarda il modulo").click()
    page.get_by_role("button", name="Pubblica").click()
    expect(page.get_by_text("Pubblicato: entro un minuto lo vedono tutti.")).to_be_visible()
    desk.open("/enti/PM108/inserimento")
    expect(page.get_by_text("Mensa di prova")).to_be_visible()
    desk.open(f"/ufficio/PM108/catalogo/servizi/{code}")
    desk.look("servizio da cambiare")
    desk.open(f"/ufficio/PM108/catalogo/servizi/{code}/ritira")
    desk.look("servizio da ritirare")
    page.get_by_role("button", name="Ritira").click()
    expect(page.get_by_text("Mensa di prova")).to_have_count(0)
    desk.open("/ufficio/PM108/registro")
    expect(page.locator(".portal-entries").get_by_text("Servizio ritirato").first).to_be_visible()


def test_texts_and_contacts_are_changed_and_stand_on_the_citizens_pages(desk: Desk) -> None:
    page = desk.page
    desk.open("/ufficio/PM108/catalogo/ente")
    desk.look("testi dell'ente")
    before = page.get_by_label(re.compile("^Telefono")).input_value()
    page.get_by_label(re.compile("^Telefono")).fill("chiamaci")
    page.get_by_role("button", name="Pubblica").click()
    desk.look("testi dell'ente, da correggere", reload=False)
    page.get_by_label(re.compile("^Telefono")).fill("081 555 0199")
    page.get_by_role("button", name="Pubblica").click()
    expect(page.get_by_text("Pubblicato: entro un minuto lo vedono tutti.")).to_be_visible()
    desk.open("/enti/PM108")
    expect(page.get_by_text("081 555 0199").first).to_be_visible()
    desk.open("/ufficio/PM108/catalogo/ente")
    page.get_by_label(re.compile("^Telefono")).fill(before)
    page.get_by_role("button", name="Pubblica").click()


def test_the_logo_is_changed_and_stands_on_the_citizens_pages(desk: Desk) -> None:
    page = desk.page
    desk.open("/ufficio/PM108/catalogo")
    page.get_by_role("link", name="Cambia il logo").click()
    desk.look("logo")
    drawing: FilePayload = {"name": "l.svg", "mimeType": "image/svg+xml", "buffer": b"<svg onload='alert(1)'/>"}
    page.get_by_label(re.compile("^File del logo")).set_input_files(drawing)
    page.get_by_role("button", name="Pubblica").click()
    desk.look("logo, da correggere", reload=False)
    picture: FilePayload = {"name": "l.png", "mimeType": "image/png", "buffer": png(96, 96)}
    page.get_by_label(re.compile("^File del logo")).set_input_files(picture)
    page.get_by_role("button", name="Pubblica").click()
    expect(page.get_by_text("Pubblicato: entro un minuto lo vedono tutti.")).to_be_visible()
    desk.open("/enti/PM108")
    logo = page.locator(".portal-brand__logo")
    assert "/loghi/pubblicato-" in (logo.get_attribute("src") or "")
    assert logo.evaluate("image => image.naturalWidth") == 96
