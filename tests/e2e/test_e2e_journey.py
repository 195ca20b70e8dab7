"""Search, login, registration, insertion and documents, page by page, without JavaScript."""

import io
from uuid import uuid4

import pypdfium2
import pytest
import requests
import zxingcpp
from pypdf import PdfReader

from contracts.codes import check_digits
from tests.e2e.browser import BENEFICIARY, Browser
from tests.e2e.running import ENTITY, PortalCopy

COLUMNS = {
    "Nome",
    "Servizio",
    "Causale",
    "Stato",
    "Data Pratica",
    "Data Scadenza",
    "Riferimento Pratica / IUV",
    "Importo",
}
MARIO = "RSSMRA85T10A562S"


# --- search ---


def test_the_old_link_of_the_body_leads_to_its_search(browser: Browser) -> None:
    browser.open_portal(f"/pmPortal/directSearch?codCompany={ENTITY}")
    assert browser.path == f"/enti/{ENTITY}"
    assert browser.heading == "Ricerca pratica"


def test_an_unknown_body_gets_a_page_that_says_so(browser: Browser) -> None:
    browser.open_portal("/pmPortal/directSearch?codCompany=NOBODY")
    assert browser.answer.status_code == 404
    assert "ente" in browser.text.lower()


def test_a_practice_is_found_by_notice_number_without_a_word_about_its_debtor(
    browser: Browser, portal: PortalCopy
) -> None:
    debt = portal.put_debt(f"e2e-search-{uuid4().hex[:8]}")
    browser.open_portal(f"/enti/{ENTITY}")
    spaced = " ".join(debt["notice_number"][i : i + 4] for i in range(0, 18, 4))
    browser.submit("/ricerca", notice_number=spaced)
    (row,) = browser.rows()
    assert set(row) >= COLUMNS
    assert row["Causale"].startswith(debt["service_title"]["it"])
    assert debt["description"] not in browser.text
    assert debt["external_id"] not in browser.text
    assert "25,00" in row["Importo"]
    assert "Rossi" not in row["Nome"]


@pytest.mark.parametrize("reference", ["iuv", "external_id"])
def test_a_practice_is_found_by_fiscal_code_and_reference(browser: Browser, portal: PortalCopy, reference: str) -> None:
    debt = portal.put_debt(f"e2e-search-{uuid4().hex[:8]}")
    browser.open_portal(f"/enti/{ENTITY}")
    browser.submit("/ricerca", fiscal_code=MARIO.lower(), reference=debt[reference])
    (row,) = browser.rows()
    assert row["Nome"] == "Rossi Mario"
    assert row["Stato"].startswith("Da pagare")


@pytest.mark.parametrize(
    "fields",
    [
        {"notice_number": "301000000000000135"},
        {"notice_number": "12345"},
        {"fiscal_code": "RSSMRA85T10A562X", "reference": "1"},
        {"fiscal_code": MARIO},
        {},
    ],
)
def test_what_is_typed_wrong_is_explained_and_still_there(browser: Browser, fields: dict[str, str]) -> None:
    browser.open_portal(f"/enti/{ENTITY}")
    browser.submit("/ricerca", **fields)
    assert browser.answer.status_code in (200, 400, 422)
    assert browser.page.xpath('//*[@role="alert"]')
    for name, value in fields.items():
        assert browser.form("/ricerca").fields[name] == value


def test_a_notice_nobody_issued_is_not_found(browser: Browser) -> None:
    first = "3019999999999999"
    browser.open_portal(f"/enti/{ENTITY}")
    browser.submit("/ricerca", notice_number=first + check_digits(first))
    assert not browser.rows()
    assert browser.page.xpath('//*[@role="alert"]')


# --- login ---


def test_the_first_login_asks_for_the_privacy_notice_and_then_shows_the_eight_columns(browser: Browser) -> None:
    browser.log_in("luca-verdi")
    assert browser.page.xpath('//input[@name="acknowledged"]')
    browser.register()
    assert browser.path == f"/enti/{ENTITY}/pratiche"
    assert browser.heading == "Pratiche associate"
    rows = browser.rows()
    assert rows
    assert all(set(row) >= COLUMNS for row in rows)
    assert all("Verdi" in row["Nome"] for row in rows)


@pytest.mark.parametrize("outcome", ["25", "19", "22", "23"])
def test_a_login_that_fails_at_the_provider_is_explained(browser: Browser, outcome: str) -> None:
    browser.log_in("mario-rossi", outcome)
    assert browser.heading == "Accesso non riuscito"
    assert browser.answer.status_code in (200, 403)
    browser.open_portal(f"/enti/{ENTITY}/pratiche")
    assert browser.heading == "Entra con SPID"


def test_a_login_of_too_low_a_level_is_refused(browser: Browser) -> None:
    browser.log_in("mario-rossi", "level_too_low")
    assert browser.heading == "Accesso non riuscito"


def test_a_citizen_revokes_the_consent_and_logs_out(browser: Browser) -> None:
    browser.enter("giulia-bianchi")
    browser.open_portal("/profilo/privacy")
    purposes = browser.page.xpath('//form[contains(@action, "/concedi")]//input[@name="purpose"]/@value')
    assert "email_reminders" in purposes
    browser.submit("/concedi")
    browser.open_portal("/profilo/privacy")
    form = browser.page.xpath('//form[contains(@action, "/revoca")][.//input[@value="email_reminders"]]')[0]
    browser.send(form)
    browser.submit("/revoca")
    browser.open_portal("/profilo/privacy")
    assert browser.text.count("revocato") == 1
    browser.submit("/logout")
    assert browser.session.get(f"{browser.portal.url}/api/v1/me", timeout=30).status_code == 401


def test_another_citizens_practice_cannot_be_opened(browser: Browser, portal: PortalCopy) -> None:
    debt = portal.put_debt(f"e2e-other-{uuid4().hex[:8]}")
    browser.enter("luca-verdi")
    for path in ("", "/bollettino.pdf", "/quietanza.pdf"):
        browser.open_portal(f"/enti/{ENTITY}/pratiche/{debt['id']}{path}")
        assert browser.answer.status_code == 404


# --- insertion ---


@pytest.mark.parametrize(
    ("service", "fields", "amount"),
    [
        ("BOLLO_IT", {"amount": "16,00", "description": "Imposta di bollo per diploma"}, "16,00"),
        ("BOLLO_ST", {"amount": "16", **BENEFICIARY}, "16,00"),
        ("CONTRIB_IT", {"amount": "1.250,00", **BENEFICIARY}, "1.250,00"),
        ("CONTRIB_ST", {"amount": "300.5", **BENEFICIARY}, "300,50"),
    ],
)
def test_a_practice_of_each_of_the_four_services_appears_in_the_list(
    browser: Browser, service: str, fields: dict[str, str], amount: str
) -> None:
    browser.enter("giulia-bianchi")
    browser.open_portal(f"/enti/{ENTITY}/inserimento")
    assert len(browser.links(f"/inserimento/{service}")) == 1
    browser.open_portal(f"/enti/{ENTITY}/inserimento/{service}")
    assert "Giulia" in browser.text
    browser.submit(f"/inserimento/{service}", **fields)
    assert browser.path == f"/enti/{ENTITY}/pratiche"
    newest = browser.rows()[0]
    assert amount in newest["Importo"]
    assert newest["Stato"].startswith("Da pagare")
    if "full_name" in fields:
        assert all(part in newest["Causale"] for part in BENEFICIARY.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0"},
        {"amount": "-5"},
        {"amount": "16,001"},
        {"amount": "1000000000"},
        {"amount": "molto"},
        {"description": "x" * 141},
        {"description": ""},
    ],
)
def test_an_insertion_that_cannot_be_is_explained_and_nothing_is_made(
    browser: Browser, changes: dict[str, str]
) -> None:
    browser.enter("giulia-bianchi")
    before = {row["id"] for row in browser.open_portal(f"/enti/{ENTITY}/pratiche").rows()}
    browser.open_portal(f"/enti/{ENTITY}/inserimento/BOLLO_IT")
    fields = {"amount": "16,00", "description": "Imposta di bollo", **changes}
    browser.submit("/inserimento/BOLLO_IT", **fields)
    assert browser.page.xpath('//*[@role="alert"]')
    assert browser.form("/inserimento/BOLLO_IT").fields["amount"] == fields["amount"]
    # By id: a sample debt may turn overdue or expired in between.
    assert {row["id"] for row in browser.open_portal(f"/enti/{ENTITY}/pratiche").rows()} == before


def test_a_form_sent_twice_makes_one_practice(browser: Browser) -> None:
    browser.enter("giulia-bianchi")
    browser.open_portal(f"/enti/{ENTITY}/inserimento/BOLLO_IT")
    form = browser.form("/inserimento/BOLLO_IT")
    wanted = f"Doppio invio {uuid4().hex[:8]}"
    data = {**dict(form.form_values()), "amount": "16,00", "description": wanted}
    for _ in range(2):
        browser.send(form, data)
    rows = browser.open_portal(f"/enti/{ENTITY}/pratiche").rows()
    assert [row["Causale"] for row in rows].count(wanted) == 1


def test_a_foreign_student_inserts_and_prints_without_login(browser: Browser) -> None:
    browser.open_portal(f"/enti/{ENTITY}/inserimento/CONTRIB_ST")
    browser.submit("/inserimento/CONTRIB_ST", amount="300,00", **BENEFICIARY)
    assert browser.page.xpath('//*[@role="alert"]'), "without the tick nothing is inserted"
    browser.submit("/inserimento/CONTRIB_ST", anonymous=True, amount="300,00", **BENEFICIARY)
    assert browser.heading == "Conserva il codice avviso"
    assert "300,00" in browser.text
    browser.open(browser.links("/bollettino.pdf")[0])
    assert browser.answer.headers["Content-Type"] == "application/pdf"


def test_without_login_a_service_for_citizens_leads_to_spid(browser: Browser) -> None:
    browser.open_portal(f"/enti/{ENTITY}/inserimento/BOLLO_IT")
    assert browser.heading == "Entra con SPID"


# --- documents ---


def test_the_notice_carries_number_amount_and_a_qr_code_a_decoder_reads(browser: Browser, portal: PortalCopy) -> None:
    debt = portal.put_debt(f"e2e-notice-{uuid4().hex[:8]}", amount_cents=123456)
    browser.open_portal(f"/enti/{ENTITY}")
    browser.submit("/ricerca", notice_number=debt["notice_number"])
    content = browser.open_portal(f"/enti/{ENTITY}/pratiche/{debt['id']}/bollettino.pdf").answer.content
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert debt["notice_number"] in "".join(text.split())
    assert "1.234,56" in text
    image = pypdfium2.PdfDocument(content)[0].render(scale=3).to_pil()
    codes = {found.text for found in zxingcpp.read_barcodes(image) if "QR" in str(found.format)}
    assert f"PAGOPA|002|{debt['notice_number']}|80012345676|123456" in codes


def test_every_page_stands_without_a_script_and_without_another_host(browser: Browser) -> None:
    for path in ("", "/inserimento", "/carrello"):
        browser.open_portal(f"/enti/{ENTITY}{path}")
        sources = browser.page.xpath("//script/@src | //link[@rel='stylesheet']/@href | //img/@src")
        assert all(source.startswith(("/", "data:")) for source in sources)
        for source in sources:
            if source.startswith("/"):
                assert requests.get(browser.portal.url + source, timeout=30).status_code == 200, source
