"""Pratiche associate, the page of one practice, documents, history."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from contracts.calendar import rome_day
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import identity, notices, practices
from contracts.rpc.payments import TimelineEntry
from contracts.rpc.practices import Practice
from contracts.shapes import Instalment
from tests.unit.gateway.gateway_browser import Browser, page_of, rows_of, text_of
from tests.unit.gateway.gateway_services import (
    CITIZEN_ID,
    FISCAL_CODE,
    NOW,
    SOMEBODY_ELSE,
    Services,
    make_practice,
    make_receipt,
)

COLUMNS = [
    "Nome",
    "Servizio",
    "Causale",
    "Stato",
    "Data Pratica",
    "Data Scadenza",
    "Riferimento Pratica / IUV",
    "Importo",
]


@pytest.fixture(autouse=True)
def _logged_in(browser: Browser):
    browser.log_in()


def test_the_list_has_the_eight_columns_and_per_row_paga_and_its_menu(browser: Browser, services: Services):
    practice = make_practice(1, instalment=Instalment(number=5, total=7))
    services.add(practice)
    page = page_of(browser.get("/enti/PM108/pratiche"))
    assert [head.text_content().strip() for head in page.xpath("//thead//th")][:8] == COLUMNS
    (row,) = page.xpath("//tbody/tr")
    assert [cell.get("data-label") for cell in row.xpath("./td")][:8] == COLUMNS
    assert "rata 5 di 7" in row.text_content()
    (pay,) = row.xpath(".//form[contains(@action, '/paga')]")
    assert pay.get("action") == f"/enti/PM108/pratiche/{practice.id}/paga"
    assert pay.get("method") == "post"
    menu = row.xpath(".//details//li")
    assert "Aggiungi pratica al carrello" in menu[0].text_content()
    assert menu[1].xpath(".//a")[0].get("href") == f"/enti/PM108/pratiche/{practice.id}/bollettino.pdf"


def test_the_list_is_asked_for_the_citizen_of_the_session(browser: Browser, services: Services):
    browser.get("/enti/PM108/pratiche")
    viewer = services.asked(practices.LIST)[0].viewer
    assert (viewer.citizen_id, viewer.fiscal_code) == (CITIZEN_ID, FISCAL_CODE)


def test_who_acts_for_an_organization_sees_what_it_owes_and_not_their_own(browser: Browser, services: Services):
    services.organization = identity.Organization(fiscal_code=FiscalCode("00743110157"), name="Officine Rossi S.r.l.")
    answer = browser.get("/enti/PM108/pratiche")
    viewer = services.asked(practices.LIST)[0].viewer
    assert (viewer.citizen_id, viewer.fiscal_code) == (CITIZEN_ID, "00743110157")
    assert "Rossi Mario · Officine Rossi S.r.l." in answer.text


def test_a_login_made_for_another_body_does_not_count_in_the_personal_pages_of_this_one(
    browser: Browser, services: Services
):
    services.other_bodies = {"PM108"}
    assert browser.get("/enti/PM108").status_code == HTTPStatus.OK
    answer = browser.get("/enti/PM108/pratiche")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["location"].startswith("/spid/login?entity=PM108")
    assert services.asked(practices.LIST) == []


def test_the_filter_shows_one_state_and_says_which(browser: Browser, services: Services):
    services.add(make_practice(1), make_practice(2, state="paid", payable=False, not_payable_code="practice_paid"))
    answer = browser.get("/enti/PM108/pratiche?stato=paid")
    assert [row[3] for row in rows_of(answer)] == ["Pagato"]
    (current,) = page_of(answer).xpath("//nav[contains(@class, 'portal-filter')]//a[@aria-current]")
    assert current.text_content() == "Pagato"
    assert len(rows_of(browser.get("/enti/PM108/pratiche?stato=made-up"))) == 2


def test_a_long_list_is_paged_both_ways(browser: Browser, services: Services):
    services.add(*(make_practice(number) for number in range(1, 26)))
    first = browser.get("/enti/PM108/pratiche")
    assert len(rows_of(first)) == 20
    (following,) = page_of(first).xpath("//nav[contains(@class, 'portal-paging')]//a")
    second = browser.get(following.get("href"))
    assert len(rows_of(second)) == 5
    (back,) = page_of(second).xpath("//nav[contains(@class, 'portal-paging')]//a")
    assert back.get("href") == "/enti/PM108/pratiche"


def test_an_empty_list_says_so_and_what_can_be_done(browser: Browser):
    assert "Non risultano pratiche a tuo nome" in text_of(browser.get("/enti/PM108/pratiche"))


STATES: list[tuple[dict[str, Any], list[str], list[str]]] = [
    ({}, ["Da pagare", "Nessuna ricevuta di pagamento è arrivata finora.", "Paga online adesso"], []),
    (
        {"overdue": True},
        ["oltre la scadenza", "La scadenza è passata, ma il servizio accetta ancora il pagamento."],
        [],
    ),
    (
        {"state_reason": "checkout_cancelled"},
        ["L'ultimo pagamento online è stato annullato da chi pagava"],
        ["Nessuna ricevuta di pagamento"],
    ),
    (
        {"state": "unconfirmed", "payable": False, "not_payable_code": "practice_being_paid", "state_until": NOW},
        ["Non confermato", "Al più tardi fino a", "Riprendi il pagamento"],
        ["Paga online adesso"],
    ),
    (
        {
            "state": "underpaid",
            "payable": False,
            "not_payable_code": "practice_underpaid",
            "needs_attention": True,
            "received_cents": 1000,
            "missing_cents": 600,
        },
        [
            "Pagamento parziale",
            "Importo arrivato10,00",
            "Importo che manca6,00",
            "un avviso pagoPA si paga una volta sola",
            "l'ufficio ti contatterà per la parte che manca",
            "Scarica la quietanza",
        ],
        ["Paga online adesso", "Stampa bollettino", "È arrivato un pagamento non atteso", "Nulla: conserva"],
    ),
    (
        {"state": "paid", "payable": False, "not_payable_code": "practice_paid"},
        ["Pagato", "pagoPA ci ha inviato la ricevuta del pagamento (ricevuta telematica).", "Scarica la quietanza"],
        ["Paga online adesso"],
    ),
    (
        {"state": "reported", "payable": False, "not_payable_code": "practice_paid"},
        ["Rendicontato", "flusso di rendicontazione"],
        ["Paga online adesso"],
    ),
    (
        {
            "state": "cancelled",
            "state_reason": "Emesso per errore",
            "payable": False,
            "not_payable_code": "practice_cancelled",
        },
        ["Annullato", "Motivo: Emesso per errore", "Non devi pagare nulla."],
        ["Paga online adesso"],
    ),
    (
        {"state": "expired", "payable": False, "not_payable_code": "practice_expired"},
        ["Scaduto", "il servizio non accetta pagamenti in ritardo", "Contatta l'ente"],
        ["Paga online adesso"],
    ),
    ({"needs_attention": True}, ["È arrivato un pagamento non atteso."], []),
]


@pytest.mark.parametrize(("changes", "told", "not_told"), STATES)
def test_a_practice_tells_its_state_how_we_know_and_what_to_do(
    browser: Browser, services: Services, changes: dict[str, Any], told: list[str], not_told: list[str]
):
    practice = make_practice(1, **changes)
    services.add(practice)
    text = text_of(browser.get(f"/enti/PM108/pratiche/{practice.id}"))
    assert all(sentence in text for sentence in told), text
    assert not any(sentence in text for sentence in not_told), text


def test_the_story_is_told_oldest_first_and_unknown_kinds_are_left_out(browser: Browser, services: Services):
    practice = make_practice(1, created_at=NOW - timedelta(days=9))
    services.add(practice)

    def entry(days_ago: int, kind: str, **detail: str) -> TimelineEntry:
        return TimelineEntry(at=NOW - timedelta(days=days_ago), kind=kind, source="payments", detail=detail)

    services.timeline = [
        entry(3, "CheckoutStarted.v1"),
        entry(2, "CheckoutAbandoned.v1", reason="timed_out"),
        entry(2, "SomethingOfTomorrow.v1"),
        # Judged in this order, though the second one had come a moment earlier.
        entry(0, "PaymentConfirmed"),
        entry(1, "PaymentConfirmed"),
        entry(1, "PaymentDuplicated.v1"),
        entry(0, "verified", fault="PAA_PAGAMENTO_DUPLICATO"),
    ]
    page = page_of(browser.get(f"/enti/PM108/pratiche/{practice.id}"))
    told = [item.text_content() for item in page.xpath("//ol[@class='portal-timeline']/li/strong")]
    assert told == [
        "L'ente ha emesso la pratica",
        "Il pagamento online è stato aperto",
        "Il tempo per il pagamento online è finito",
        "Il pagamento è confermato",
        "Il pagamento è confermato",
        "È arrivato un altro pagamento, non atteso",
        "Qualcuno ha provato a pagare e non ha potuto",
    ]


def test_a_payment_known_from_a_settlement_flow_does_not_claim_a_receipt(browser: Browser, services: Services):
    practice = make_practice(1, state="reported", payable=False)
    services.add(practice)
    browser.log_in()
    services.timeline = [TimelineEntry(at=NOW, kind="PaymentConfirmed.v1", source="settlement")]
    page = page_of(browser.get(f"/enti/PM108/pratiche/{practice.id}"))
    [how] = page.xpath("//ol[@class='portal-timeline']/li[2]/span")
    assert "senza ancora la ricevuta" in how.text_content()


def test_what_was_asked_for_at_a_psp_and_a_wrong_stamp_are_told_as_what_they_are(browser: Browser, services: Services):
    practice = make_practice(1, origin="spontaneous", external_id=None, state="paid", payable=False)
    services.add(practice)
    browser.log_in()
    services.timeline = [
        TimelineEntry(at=NOW, kind="demanded", source="pagopa_node", detail={"fault": None}),
        TimelineEntry(at=NOW, kind="PaymentDuplicated.v1", source="pagopa_node", detail={"reason": "wrong_stamp"}),
    ]
    page = page_of(browser.get(f"/enti/PM108/pratiche/{practice.id}"))
    told = [item.text_content() for item in page.xpath("//ol[@class='portal-timeline']/li/strong")]
    assert told[1:] == [
        "L'avviso è stato chiesto allo sportello di una banca o di un altro prestatore di servizi di pagamento",
        "La marca da bollo ricevuta non è quella richiesta",
    ]


def test_the_page_of_a_practice_opens_while_payments_is_down(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    services.failures["payments"] = Unavailable()
    answer = browser.get(f"/enti/PM108/pratiche/{practice.id}")
    assert answer.status_code == HTTPStatus.OK
    assert "La storia dei pagamenti non è disponibile in questo momento" in text_of(answer)


@pytest.mark.parametrize("practice_id", [str(uuid4()), "not-an-id"])
def test_a_practice_of_somebody_else_or_of_nobody_is_not_found(browser: Browser, services: Services, practice_id: str):
    somebody_elses = make_practice(1, debtor=SOMEBODY_ELSE)
    services.add(somebody_elses)
    for path in (f"/enti/PM108/pratiche/{practice_id}", f"/enti/PM108/pratiche/{somebody_elses.id}"):
        answer = browser.get(path)
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert "via Duomo" not in answer.text


@pytest.mark.parametrize(("name", "call"), [("bollettino", notices.NOTICE), ("quietanza", notices.RECEIPT)])
def test_documents_come_as_pdf_in_the_language_of_the_page(browser: Browser, services: Services, name: str, call: Any):
    practice = make_practice(1)
    services.add(practice)
    browser.language = "en-GB,en;q=0.9"
    answer = browser.get(f"/enti/PM108/pratiche/{practice.id}/{name}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"%PDF")
    assert services.asked(call)[0].language == "en"


def test_who_paid_twice_gets_the_receipt_of_each_payment(browser: Browser, services: Services):
    practice = make_practice(1, state="paid", payable=False, not_payable_code="practice_paid")
    services.add(practice)
    services.receipts = [make_receipt(practice, "IUR-1"), make_receipt(practice, "IUR-2", duplicate=True)]
    answer = browser.get(f"/enti/PM108/pratiche/{practice.id}")
    addresses = page_of(answer).xpath("//a[contains(@href, '?ricevuta=')]/@href")
    assert [address.partition("?ricevuta=")[2] for address in addresses] == ["IUR-1", "IUR-2"]
    assert text_of(answer).count("Pagamento ulteriore") == 1
    for address in addresses:
        assert browser.get(address).status_code == HTTPStatus.OK
    assert [asked.receipt_id for asked in services.asked(notices.RECEIPT)] == ["IUR-1", "IUR-2"]
    wrong = browser.get(f"/enti/PM108/pratiche/{practice.id}/quietanza.pdf?ricevuta={'x' * 36}")
    assert wrong.status_code == HTTPStatus.NOT_FOUND


def test_whoever_only_knows_the_notice_reads_nothing_of_its_receipts(browser: Browser, services: Services):
    short = {"state": "underpaid", "payable": False, "not_payable_code": "practice_underpaid"}
    practice = make_practice(1, masked=True, **short)
    services.add(practice)
    services.receipts = [make_receipt(practice, "IUR-1"), make_receipt(practice, "IUR-2", duplicate=True)]
    shown = text_of(browser.get(f"/enti/PM108/pratiche/{practice.id}"))
    assert "Pagamento parziale" in shown
    for word in ("IUR-1", services.receipts[0].psp_name, "Ricevuta del pagamento"):
        assert word not in shown


def test_a_receipt_that_is_not_there_yet_is_explained(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    services.failures[notices.RECEIPT.name] = Refused(ErrorCode.RECEIPT_NOT_FOUND)
    answer = browser.get(f"/enti/PM108/pratiche/{practice.id}/quietanza.pdf")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "Quietanza non ancora disponibile" in text_of(answer)


def test_the_history_holds_what_was_paid_with_its_receipt(browser: Browser, services: Services):
    paid = make_practice(2, state="paid", payable=False, not_payable_code="practice_paid")
    services.add(make_practice(1), paid)
    answer = browser.get("/enti/PM108/storico")
    assert len(rows_of(answer)) == 1
    assert page_of(answer).xpath(f"//a[@href='/enti/PM108/pratiche/{paid.id}/quietanza.pdf']")
    assert services.asked(practices.LIST)[0].states == ["paid", "reported"]


def test_the_history_tells_the_day_of_each_payment_and_shows_one_year(browser: Browser, services: Services) -> None:
    def paid(number: int, at: datetime) -> Practice:
        return make_practice(number, state="paid", payable=False, not_payable_code="practice_paid", paid_at=at)

    # Half an hour of the new year in Rome.
    new_year = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    services.add(paid(1, datetime(2025, 3, 4, 10, tzinfo=UTC)), paid(2, new_year))
    answer = browser.get("/enti/PM108/storico")
    assert [row.text_content() for row in page_of(answer).xpath("//td[@data-label='Data Pagamento']")] == [
        "04/03/2025",
        "01/01/2026",
    ]
    assert not page_of(answer).xpath("//*[contains(text(), 'Data Scadenza')]")
    years = page_of(answer).xpath("//nav[@aria-label='Filtra per anno del pagamento']//a")
    assert years[0].get("aria-current") == "true"
    this_year = rome_day(datetime.now(UTC)).year
    assert [one.text_content() for one in years[1:]] == [str(this_year - past) for past in range(10)]
    answer = browser.get("/enti/PM108/storico?anno=2025")
    (chosen,) = page_of(answer).xpath("//nav[@aria-label='Filtra per anno del pagamento']//a[@aria-current]")
    assert (chosen.text_content(), chosen.get("href")) == ("2025", "/enti/PM108/storico?anno=2025")
    assert services.asked(practices.LIST)[-1].paid_year == 2025


@pytest.mark.parametrize("year", ["1999", "3000", "venti", "", "2025.0", "٢٠٢٥"])
def test_a_year_that_is_not_offered_shows_all_years(browser: Browser, services: Services, year: str) -> None:
    services.add(make_practice(1, state="paid", payable=False, not_payable_code="practice_paid"))
    assert len(rows_of(browser.get(f"/enti/PM108/storico?anno={quote(year)}"))) == 1
    assert services.asked(practices.LIST)[-1].paid_year is None


def test_a_year_without_payments_says_so_and_leads_to_the_others(browser: Browser) -> None:
    answer = browser.get("/enti/PM108/storico?anno=2024")
    assert "Nessuna pratica pagata nel 2024." in answer.text
    assert page_of(answer).xpath("//div[@class='portal-empty']/a[@href='/enti/PM108/storico?anno=tutti']")
