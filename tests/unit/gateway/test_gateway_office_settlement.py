"""The pages of settlement in the office: days, flows, what does not match, closing, and flows and credits by hand."""

from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

import pytest

from contracts.actors import Actor
from contracts.error_details import Unreadable
from contracts.errors import ErrorCode, Refused
from contracts.rpc import closed_days, settlement
from contracts.rpc.settlement import FINDINGS
from gateway.office.settlement_words import FINDINGS as FINDING_WORDS
from tests.unit.gateway.administration_services import DAY, FIGURES, FLOW_ID, Administration
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import Services
from tests.unit.gateway.office_services import CARLO, MARIA, OFFICE_TOKEN, Office

SETTLEMENT = "/ufficio/PM108/riconciliazione"
DAY_PAGE = f"{SETTLEMENT}/giorni/{DAY}"
FLOW_PAGE = f"{SETTLEMENT}/flussi/{quote(FLOW_ID, safe='')}"
UPLOAD = f"{SETTLEMENT}/carica-flusso"
CREDIT = f"{SETTLEMENT}/registra-accredito"
PAGES = (
    SETTLEMENT,
    DAY_PAGE,
    f"{DAY_PAGE}/riapri",
    FLOW_PAGE,
    UPLOAD,
    CREDIT,
    f"{SETTLEMENT}/da-guardare",
    f"{SETTLEMENT}/accrediti",
)
SHOWN = {"flows_count": "1", "rows_count": "3", "total_cents": "3702", "credited_cents": "3600"}
TYPED = {"riferimento": "CRO-3", "data": "20/11/2026", "importo": "1.234,50", "causale": f"/PUR/LGPE/URI/{FLOW_ID}"}


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    office = Office(services)
    office.become("contabile")
    return office


@pytest.fixture(name="books")
def _books(services: Services, office: Office) -> Administration:
    return Administration(services, office)


@pytest.fixture(name="desk")
def _desk(browser: Browser, books: Administration) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_made_for_everybody_and_no_text_of_others_becomes_code(
    desk: Browser, path: str, language: str
) -> None:
    desk.language = language
    answer = desk.get(path)
    assert answer.status_code == HTTPStatus.OK
    page = page_of(answer)
    assert page.get("lang") == language
    assert len(page.xpath("//h1")) == 1
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert not page.xpath("//*[@style] | //style | //script[not(@src)] | //main//b")
    for control in page.xpath("//main//input[not(@type='hidden')]"):
        assert page.xpath(f"//label[@for='{control.get('id')}']"), control.get("name")
    for table in page.xpath("//main//table"):
        assert table.xpath("./caption")


def test_the_days_of_a_month_add_up_and_lead_to_each(desk: Browser, services: Services) -> None:
    page = page_of(desk.get(f"{SETTLEMENT}?mese=2026-11"))
    (asked,) = services.asked(closed_days.SETTLEMENT_DAYS)
    assert (asked.since.isoformat(), asked.until.isoformat()) == ("2026-11-01", "2026-11-30")
    assert page.xpath("//tbody//a/@href") == [DAY_PAGE]
    assert "37,02" in page.xpath("string(//tfoot)")
    months = page.xpath("//nav[@aria-label='Mesi']//a/@href")
    assert months == [f"{SETTLEMENT}?mese=2026-10", f"{SETTLEMENT}?mese=2026-12"]


@pytest.mark.parametrize("month", ["", "2026-13", "x", "1999-12", "2026-11-01"])
def test_a_month_that_is_none_is_that_of_the_newest_flow(desk: Browser, services: Services, month: str) -> None:
    assert desk.get(f"{SETTLEMENT}?mese={month}").status_code == HTTPStatus.OK
    assert services.asked(closed_days.SETTLEMENT_DAYS)[0].since.isoformat() == "2026-11-01"


@pytest.mark.parametrize("day", ["2026-11-31", "x", "1999-12-31", "2026-1-1"])
def test_a_day_that_is_none_does_not_exist(desk: Browser, day: str) -> None:
    assert desk.get(f"{SETTLEMENT}/giorni/{day}").status_code == HTTPStatus.NOT_FOUND


def test_a_day_says_what_does_not_match_and_what_to_do(desk: Browser) -> None:
    shown = text_of(desk.get(DAY_PAGE))
    assert "Qualcosa non torna" in shown
    assert "Sconosciuto" in shown
    assert "cercalo nella contabilità di prima" in shown
    assert "Differenza1,02\xa0€" in page_of(desk.get(DAY_PAGE)).xpath("string(//dl)").replace("\n", "").replace(
        "  ", ""
    )
    reports = page_of(desk.get(DAY_PAGE)).xpath("//a[contains(@href, 'rapporto')]/@href")
    assert reports == [f"{DAY_PAGE}/rapporto.pdf", f"{DAY_PAGE}/rapporto.csv"]
    for report in map(str, reports):
        assert desk.get(report).status_code == HTTPStatus.OK
    assert desk.get(str(reports[1])).content.startswith(b"\xef\xbb\xbfriga")


def test_with_open_ends_a_day_is_closed_only_with_a_note(
    desk: Browser, services: Services, books: Administration
) -> None:
    answer = desk.submit(DAY_PAGE, **SHOWN, nota=" ")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "scrivi che cosa, e che cosa hai fatto" in text_of(answer)
    answer = desk.submit_and_follow(DAY_PAGE, **SHOWN, nota="Manca 1,02: chiesto alla banca")
    asked = services.asked(closed_days.CLOSE_DAY)[-1]
    assert (asked.figures, asked.actor) == (FIGURES, Actor(kind="operator", id=str(MARIA)))
    assert books.day.closing is not None
    shown = text_of(answer)
    assert "La giornata è chiusa." in shown
    assert "Chiusa da Maria Neri" in shown
    assert "Manca 1,02" in shown
    assert not page_of(answer).xpath("//input[@name='nota']")


def test_figures_that_changed_since_they_were_shown_close_nothing_and_the_note_is_kept(
    desk: Browser, books: Administration
) -> None:
    books.day = replace(books.day, figures=replace(FIGURES, credited_cents=3702))
    answer = desk.submit(DAY_PAGE, **SHOWN, nota="Visto")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert books.day.closing is None
    page = page_of(answer)
    assert page.xpath("//input[@name='credited_cents']/@value") == ["3702"]
    assert page.xpath("//input[@name='nota']/@value") == ["Visto"]
    assert "Nel frattempo è cambiato qualcosa" in text_of(answer)


@pytest.mark.parametrize("figure", ["", "-1", "1e3", "²", "9" * 16])
def test_figures_that_no_page_of_ours_shows_are_refused(desk: Browser, services: Services, figure: str) -> None:
    answer = desk.submit(DAY_PAGE, **{**SHOWN, "total_cents": figure}, nota="x")
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert services.asked(closed_days.CLOSE_DAY) == []


def test_a_day_that_changed_after_it_was_closed_says_so_and_can_be_closed_again(
    desk: Browser, books: Administration
) -> None:
    books.close(Actor(kind="operator", id=str(CARLO)))
    books.day = replace(books.day, figures=replace(FIGURES, total_cents=4000))
    shown = desk.get(DAY_PAGE)
    assert "Cambiata dopo la chiusura" in text_of(shown)
    assert "Chiusa da Carlo Neri" in text_of(shown)
    assert "Allora i flussi erano 37,02" in text_of(shown)
    assert page_of(shown).xpath("//input[@name='nota']")


def test_a_closed_day_is_reopened_with_a_reason(desk: Browser, services: Services, books: Administration) -> None:
    books.close(Actor(kind="operator", id=str(CARLO)))
    assert page_of(desk.get(DAY_PAGE)).xpath(f"//a[@href='{DAY_PAGE}/riapri']")
    assert desk.submit(f"{DAY_PAGE}/riapri", nota="").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert services.asked(closed_days.REOPEN_DAY) == []
    desk.submit_and_follow(f"{DAY_PAGE}/riapri", nota="Manca un flusso")
    assert services.asked(closed_days.REOPEN_DAY)[0].reason == "Manca un flusso"
    assert books.day.closing is None


def test_a_revisore_reads_and_has_no_form(desk: Browser, office: Office) -> None:
    office.become("revisore")
    for path in (SETTLEMENT, DAY_PAGE, FLOW_PAGE):
        page = page_of(desk.get(path))
        assert not page.xpath("//main//form | //main//a[contains(@href, 'carica') or contains(@href, 'registra')]")


# ---- flows and credits by hand


def test_a_flow_is_taken_in_the_accountants_name(desk: Browser, services: Services) -> None:
    answer = desk.upload(UPLOAD, ("flusso", "f.xml", b"<FlussoRiversamento/>"), csrf_token=desk.token())
    assert answer.headers["location"].startswith(FLOW_PAGE)
    (asked,) = services.asked(settlement.TAKE_SETTLEMENT)
    assert (asked.entity_code, asked.actor) == ("PM108", Actor(kind="operator", id=str(MARIA)))


def test_a_file_that_is_missing_too_large_or_no_flow_is_said_beside_its_field(
    desk: Browser, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(content: bytes) -> str:
        answer = desk.upload(UPLOAD, ("flusso", "f.xml", content), csrf_token=desk.token())
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        return text_of(answer)

    assert "Scegli il file del flusso." in send(b"")
    monkeypatch.setattr("gateway.flow_files.UPLOAD_MAX_BYTES", 10)
    assert "Il file è più grande di 24 MB." in send(b"x" * 11)
    assert services.asked(settlement.TAKE_SETTLEMENT) == []
    monkeypatch.undo()
    refusal = Refused(ErrorCode.SETTLEMENT_UNREADABLE, Unreadable(reason="<b>row 3"))
    services.failures[settlement.TAKE_SETTLEMENT.name] = refusal
    assert "<b>row 3" in send(b"<x/>")


def test_a_file_without_the_token_of_our_form_is_refused(desk: Browser, services: Services) -> None:
    answer = desk.upload(UPLOAD, ("flusso", "f.xml", b"<x/>"), csrf_token="forged")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert services.asked(settlement.TAKE_SETTLEMENT) == []


def test_a_credit_is_registered_and_leads_to_its_flow_or_to_those_without(desk: Browser, services: Services) -> None:
    answer = desk.submit(CREDIT, **TYPED)
    assert answer.headers["location"].startswith(FLOW_PAGE)
    (asked,) = services.asked(settlement.PUT_CREDIT)
    assert (asked.reference, asked.booked_on, asked.amount_cents) == ("CRO-3", DAY, 123450)
    assert asked.actor == Actor(kind="operator", id=str(MARIA))
    answer = desk.submit(CREDIT, **{**TYPED, "causale": "Bonifico"})
    assert answer.headers["location"].startswith(f"{SETTLEMENT}/accrediti")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("riferimento", ""),
        ("data", ""),
        ("data", "31/02/2026"),
        ("importo", ""),
        ("importo", "tanto"),
        ("causale", " "),
    ],
)
def test_a_credit_with_something_wrong_comes_back_as_typed(
    desk: Browser, services: Services, field: str, value: str
) -> None:
    answer = desk.submit(CREDIT, **{**TYPED, field: value})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath(f"//*[@id='{field}-errore']")
    others = {name: typed for name, typed in TYPED.items() if name != field}
    assert {name: page.xpath(f"//input[@name='{name}']/@value")[0] for name in others} == others
    assert services.asked(settlement.PUT_CREDIT) == []


def test_every_finding_has_its_name_and_each_for_a_human_what_to_do() -> None:
    assert set(FINDING_WORDS) == set(FINDINGS)
    assert {name for name, words in FINDING_WORDS.items() if not words.next_step} == {"reported", "recovered"}
