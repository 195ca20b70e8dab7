"""A debt file in a body's office, in a real browser: previewed, corrected, loaded, what is missing annulled."""

import csv
import io
import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.office_desk import Desk

pytestmark = pytest.mark.timeout(600)
PATIENCE_MS = 90_000
HEADER = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"


def row(reference: str, amount: str, name: str = "Verdi Luca") -> str:
    return f"{reference};ISCRIZIONE;VRDLCU99L14A662K;{name};;Iscrizione 2026;{amount};;;"


def choose(page: Page, name: str, *rows: str) -> None:
    content = "\r\n".join([HEADER, *rows]).encode("cp1252")
    page.locator("#file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Vedi l'anteprima").click()


def count_of(page: Page, label: str) -> str:
    fact = page.locator(".portal-counts > div").filter(has_text=label)
    return fact.locator("dd").inner_text().split()[0]


def put(portal: Portal, reference: str, amount_cents: int) -> None:
    portal.put_debt(
        reference,
        service_code="ISCRIZIONE",
        fiscal_code="VRDLCU99L14A662K",
        full_name="Verdi Luca",
        amount_cents=amount_cents,
        description="Iscrizione 2026",
    )


@pytest.mark.parametrize("javascript", [True, False])
def test_a_file_is_previewed_corrected_and_loaded(
    portal: Portal,
    make_desk: Callable[..., Desk],
    javascript: bool,  # noqa: FBT001 -- a column
) -> None:
    mark = uuid4().hex[:6]
    put(portal, f"M-{mark}-1", 15_500)
    put(portal, f"M-{mark}-9", 15_900)
    desk = make_desk()
    page = desk.page
    desk.work_as("Ufficio")
    if not javascript:
        scripted, desk = desk, make_desk(javascript=False)
        desk.enter_as(scripted)
        page = desk.page
        desk.open("/ufficio/PM108")
    page.get_by_role("link", name="Carica un file").click()
    desk.look("carica un file")
    page.locator("#file").set_input_files(
        {"name": "altro.csv", "mimeType": "text/csv", "buffer": b"nome;cognome\r\nLuca;Verdi\r\n"}
    )
    page.get_by_role("button", name="Vedi l'anteprima").click()
    expect(page.get_by_text("Mancano le colonne:")).to_be_visible()
    desk.look("file senza colonne", reload=False)
    choose(
        page,
        "iscrizioni.csv",
        row(f"M-{mark}-1", "157,50"),
        row(f"M-{mark}-2", "158,00"),
        row(f"M-{mark}-3", "otto"),
    )
    _until(page, "Anteprima pronta: decidi tu")
    assert [count_of(page, one) for one in ("Pratiche nuove", "Modificate", "Rifiutate")] == ["1", "1", "1"]
    desk.look("anteprima")
    page.locator(".portal-counts a").last.click()
    expect(page.get_by_role("cell", name=re.compile(f"M-{mark}-9"))).to_be_visible()
    desk.look("mancanti")
    page.get_by_role("link", name="Torna all'anteprima").click()
    page.get_by_label(re.compile("^Annulla anche")).check()
    page.get_by_role("button", name="Carica solo la").or_(page.get_by_role("button", name="Carica solo le")).click()
    expect(page.get_by_text("Controlla questi dati")).to_be_visible()
    page.get_by_label("Motivo dell'annullamento").fill("Non più dovuto")
    page.get_by_role("button", name=re.compile("Carica solo le 2 righe buone")).click()
    _until(page, "File caricato")
    desk.look("caricato")
    with page.expect_download() as downloaded:
        page.get_by_role("link", name=re.compile("Scarica le righe rifiutate")).click()
    text = downloaded.value.path().read_text(encoding="utf-8-sig")
    (refused,) = csv.DictReader(io.StringIO(text), delimiter=";")
    assert (refused["codice_debito"], refused["importo"]) == (f"M-{mark}-3", "otto")
    page.get_by_role("link", name="Correggi qui").click()
    desk.look("correggi")
    page.get_by_label("Importo", exact=True).fill("158,00")
    page.get_by_role("button", name="Invia le righe corrette").click()
    _until(page, "File caricato")
    assert count_of(page, "Pratiche nuove") == "1"
    page.get_by_role("link", name="Pratiche", exact=True).click()
    page.get_by_label("Che cosa hai in mano").fill(f"M-{mark}-9")
    page.get_by_role("button", name="Cerca").click()
    expect(page.get_by_role("cell", name="Annullato")).to_be_visible()


def _until(page: Page, heading: str) -> None:
    """Wait as a person would: the page goes on by itself, or by its button where there are no scripts."""
    if page.evaluate("() => matchMedia('(scripting: enabled)').matches"):
        expect(page.get_by_role("heading", level=1)).to_have_text(heading, timeout=PATIENCE_MS)
        return
    for _ in range(PATIENCE_MS // 500):
        if page.get_by_role("heading", level=1).inner_text() == heading:
            return
        page.wait_for_timeout(500)
        if page.get_by_role("button", name="Aggiorna adesso").count():
            page.get_by_role("button", name="Aggiorna adesso").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_a_preview_is_given_up_and_a_file_is_stopped_and_goes_on(
    portal: Portal, make_desk: Callable[..., Desk]
) -> None:
    desk = make_desk()
    page, mark = desk.page, uuid4().hex[:6]
    desk.work_as("Ufficio")
    page.get_by_role("link", name="Carica un file").click()
    choose(page, "iscrizioni.csv", row(f"S-{mark}-1", "157,50"))
    _until(page, "Anteprima pronta: decidi tu")
    page.get_by_role("button", name="Rinuncia al file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Caricamento annullato")
    desk.look("file annullato")
    page.get_by_role("link", name="Tutti i file").click()
    choose(page, "lungo.csv", *(row(f"S-{mark}-{number}", "157,50") for number in range(12_000)))
    page.get_by_role("button", name="Sospendi").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sospeso")
    desk.look("sospeso")
    page.get_by_role("button", name="Riprendi").click()
    _until(page, "Anteprima pronta: decidi tu")
    assert count_of(page, "Pratiche nuove") == "12000"
    page.get_by_role("button", name="Rinuncia al file").click()
