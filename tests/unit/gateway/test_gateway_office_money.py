"""The office's pages of unexpected money: the worklist, a case in each state, its forms and files, and the audit."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest

from contracts.actors import Actor
from contracts.codes import NoticeNumber
from contracts.error_details import ChangedMeanwhile, RefundLimit, StepNotAllowed
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import CASE_STATES, CASE_STEPS
from contracts.rpc import audit, money_cases
from gateway.office.money_cases import FILTERS, STEPS
from gateway.office.words import OPERATIONS
from gateway.web.case_states import CASE_STATES as LOOKS
from gateway.web.case_states import TOLD_TO_PAYER, UNEXPECTED
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import NOW, Services, make_practice
from tests.unit.gateway.office_services import CARLO, CASE, EXPORT, MARIA, OFFICE_TOKEN, Office

CASES = "/ufficio/PM108/pagamenti-non-attesi"
PAGE = f"{CASES}/{CASE}"
REFUNDS = "/ufficio/PM108/rimborsi"
ACCOUNT = "IT60X0542811101000000123456"
FORMS = {
    "open": {"iban", "compensa", "chiudi"},
    "refund_asked": {"rimborsa", "iban", "compensa", "chiudi"},
    "to_confirm": {"conferma", "ritira", "iban"},
    "decided": {"ritira", "iban"},
    "exported": {"pagato", "restituito"},
    "done": {"restituito"},
    "offset": {"riapri"},
    "explained": {"riapri"},
}


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    services.add(make_practice(1))
    found = Office(services)
    found.become("contabile", "amministratore")
    return found


@pytest.fixture(name="desk")
def _desk(browser: Browser, office: Office) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


def put(office: Office, state: str, **changes: Any) -> None:
    """Let the case stand somewhere, decided by Carlo."""
    carlo = Actor(kind="operator", id=str(CARLO))
    office.case = replace(office.case, state=state, decided_by=carlo, offset_practice_id=UUID(int=1), **changes)


def test_every_state_step_and_operation_has_its_words() -> None:
    assert set(LOOKS) == set(TOLD_TO_PAYER) == set(CASE_STATES)
    assert {state for one in FILTERS.values() for state in one.states} == set(CASE_STATES)
    assert set(STEPS.values()) == set(CASE_STEPS) - {"export"}
    assert {f"money.{step}" for step in CASE_STEPS} < set(OPERATIONS)
    assert set(UNEXPECTED) == {
        "already_paid",
        "cancelled",
        "expired",
        "unknown_notice",
        "other_amount",
        "underpaid",
        "wrong_stamp",
    }


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("state", CASE_STATES)
def test_a_case_offers_what_can_be_done_in_its_state_and_nothing_else(
    desk: Browser, office: Office, state: str, language: str
) -> None:
    desk.language = language
    put(office, state)
    office.note("money.ask_refund", CASE, Actor(kind="citizen", id=str(UUID(int=9))), after={"iban": "IT60…3456"})
    page = page_of(desk.get(PAGE))
    actions = {form.get("action").rsplit("/", 1)[1] for form in page.xpath("//main//form")}
    assert actions == FORMS[state]
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for control in page.xpath("//input[not(@type='hidden')]"):
        assert page.xpath(f"//label[@for='{control.get('id')}']"), control.get("name")
    for described in page.xpath("//@aria-describedby | //@aria-labelledby"):
        assert all(page.xpath(f"//*[@id='{reference}']") for reference in described.split()), described
    assert not page.xpath("//script[not(@src)] | //@style")
    assert ACCOUNT in text_of(desk.get(PAGE))
    office.become("revisore")
    seen = page_of(desk.get(PAGE))
    assert seen.xpath("//main//form") == []
    assert ACCOUNT not in seen.text_content()
    assert "IT60…3456" in seen.text_content()


def test_who_decided_alone_is_not_offered_to_confirm(desk: Browser, office: Office) -> None:
    office.second_person = True
    put(office, "to_confirm")
    office.case = replace(office.case, decided_by=Actor(kind="operator", id=str(MARIA)))
    page = page_of(desk.get(PAGE))
    assert "Lo hai deciso tu" in page.text_content()
    assert not page.xpath("//form[contains(@action, '/conferma')]")


@pytest.mark.parametrize(
    ("word", "typed", "asked"),
    [
        ("iban", {"iban": " it60 x054 ", "intestatario": "Anna  Rossi"}, {"iban": "it60 x054", "holder": "Anna Rossi"}),
        ("rimborsa", {"importo": "1.234,50"}, {"refund_cents": 123_450}),
        ("conferma", {}, {}),
        ("ritira", {"motivo-ritira": "No"}, {"reason": "No"}),
        ("pagato", {}, {}),
        ("restituito", {"motivo-restituito": "AC04"}, {"reason": "AC04"}),
        ("compensa", {"avviso": "3010", "motivo-compensa": "Rata"}, {"offset_notice_number": "3010", "reason": "Rata"}),
        ("chiudi", {"motivo-chiudi": "Dono"}, {"reason": "Dono"}),
        ("riapri", {"motivo-riapri": "Errore", "motivo-chiudi": "altro"}, {"reason": "Errore"}),
    ],
)
def test_a_form_asks_for_its_step_in_the_version_shown(
    desk: Browser, office: Office, services: Services, word: str, typed: dict[str, str], asked: dict[str, Any]
) -> None:
    answer = desk.submit(f"{PAGE}/{word}", version="3", **typed)
    assert (answer.status_code, answer.headers["location"]) == (
        HTTPStatus.SEE_OTHER,
        f"{PAGE}?messaggio=caso-aggiornato",
    )
    [request] = services.asked(money_cases.MOVE_CASE)
    expected = money_cases.MoveCaseRequest(
        entity_code="PM108",
        case_id=CASE,
        version=3,
        actor=Actor(kind="operator", id=str(MARIA)),
        step=STEPS[word],
        **asked,
    )
    assert request == expected


@pytest.mark.parametrize(
    ("word", "state", "typed", "refusal", "field"),
    [
        ("iban", "open", {"iban": "IT00"}, Refused(ErrorCode.INVALID_IBAN), "iban"),
        ("iban", "open", {"intestatario": ""}, Refused(ErrorCode.NAME_REQUIRED), "intestatario"),
        ("rimborsa", "refund_asked", {"importo": "quasi 10"}, None, "importo"),
        (
            "rimborsa",
            "refund_asked",
            {"importo": "999"},
            Refused(ErrorCode.REFUND_TOO_LARGE, RefundLimit(max_cents=1)),
            "importo",
        ),
        ("compensa", "open", {"avviso": "3"}, Refused(ErrorCode.INVALID_NOTICE_NUMBER), "avviso"),
        ("compensa", "open", {"avviso": "3"}, Refused(ErrorCode.PRACTICE_PAID), "avviso"),
        ("chiudi", "open", {}, Refused(ErrorCode.REASON_REQUIRED), "motivo-chiudi"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    desk: Browser,
    office: Office,
    word: str,
    state: str,
    typed: dict[str, str],
    refusal: Refused | None,
    field: str,
) -> None:
    put(office, state)
    office.refusal = refusal
    answer = desk.submit(f"{PAGE}/{word}", version="3", **typed)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath(f"//div[contains(@class, 'portal-errors')]//a[@href='#{field}']")
    [control] = page.xpath(f"//input[@id='{field}']")
    assert (control.get("aria-invalid"), control.get("value")) == ("true", typed.get(field, ""))


@pytest.mark.parametrize(
    "refusal",
    [
        Refused(ErrorCode.SECOND_PERSON_REQUIRED),
        Refused(ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED, StepNotAllowed(state="done")),
    ],
)
def test_what_no_field_can_mend_is_said_over_the_page(desk: Browser, office: Office, refusal: Refused) -> None:
    office.refusal = refusal
    answer = desk.submit(f"{PAGE}/conferma", version="3")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page_of(answer).xpath("//div[contains(@class, 'portal-errors')]//li")[0].text_content().strip()


def test_the_second_of_two_is_told_who_was_faster_and_what_they_typed_stays(desk: Browser, office: Office) -> None:
    put(office, "refund_asked")
    office.meanwhile = ChangedMeanwhile(
        version=4,
        actor_kind="operator",
        actor_id=str(CARLO),
        operation="money.refund",
        at=NOW,
        fields=["case_state", "refund_cents"],
    )
    answer = desk.submit(f"{PAGE}/rimborsa", version="3", importo="77,00")
    assert answer.status_code == HTTPStatus.CONFLICT
    text = text_of(answer)
    assert "Rimborso deciso da Carlo Neri" in text
    assert "È cambiato: Stato, Rimborso." in text
    assert page_of(answer).xpath("//input[@id='importo']")[0].get("value") == "77,00"


def test_what_is_no_step_or_no_case_is_not_found(desk: Browser, office: Office) -> None:
    assert desk.submit(f"{PAGE}/esporta", version="3").status_code == HTTPStatus.NOT_FOUND
    assert desk.get(f"{CASES}/{UUID(int=1)}").status_code == HTTPStatus.NOT_FOUND
    assert desk.get(f"{REFUNDS}/{EXPORT}/rimborsi.pdf").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("part", ["", *FILTERS, "altro"])
def test_the_worklist_shows_a_part_and_counts_each(
    desk: Browser, office: Office, services: Services, part: str, language: str
) -> None:
    desk.language = language
    page = page_of(desk.get(f"{CASES}?parte={part}"))
    shown = part if part in FILTERS else "da-decidere"
    [asked] = services.asked(money_cases.MONEY_CASES)
    assert tuple(asked.states) == FILTERS[shown].states
    [chosen] = page.xpath("//nav[@class='portal-filter']//a[@aria-current='true']")
    assert chosen.get("href").endswith(f"parte={shown}")
    counts = [one.text_content().rsplit("(", 1)[1] for one in page.xpath("//nav[@class='portal-filter']//a")]
    assert counts == ["0)", "0)", "1)", "0)", "0)"]
    assert len(page.xpath("//tbody/tr")) == (1 if shown == "decisi" else 0)


def test_a_role_for_one_service_sees_and_moves_that_services_cases(
    desk: Browser, office: Office, services: Services
) -> None:
    office.become("contabile", service_code="TARI")
    desk.get(CASES)
    desk.submit(f"{PAGE}/conferma", version="3")
    assert [one.service_codes for one in services.asked(money_cases.MONEY_CASES)] == [["TARI"]]
    assert [one.service_codes for one in services.asked(money_cases.MOVE_CASE)] == [["TARI"]]


# ---- files for the bank


@pytest.mark.parametrize("language", ["it", "en"])
def test_decided_refunds_are_put_into_a_file_once_per_form(
    desk: Browser, office: Office, services: Services, language: str
) -> None:
    desk.language = language
    page = page_of(desk.get(REFUNDS))
    assert page.xpath("//input[@id='conto']")[0].get("value") == ACCOUNT
    key = page.xpath("//input[@name='key']")[0].get("value")
    for _ in range(2):
        answer = desk.submit(REFUNDS, key=key, conto=ACCOUNT, giorno="2030-01-02")
        assert answer.headers["location"] == f"{REFUNDS}?messaggio=rimborsi-esportati"
    first, second = services.asked(money_cases.EXPORT_REFUNDS)
    assert first == second
    assert (first.idempotency_key, first.pay_on.isoformat(), first.account_iban) == (key, "2030-01-02", ACCOUNT)
    assert desk.submit(f"{REFUNDS}/{EXPORT}/pagato").headers["location"] == f"{REFUNDS}?messaggio=rimborsi-pagati"
    for ending in ("csv", "xml"):
        file = desk.get(f"{REFUNDS}/{EXPORT}/rimborsi.{ending}")
        assert (file.text, file.headers["content-disposition"]) == (
            "refunds",
            f'attachment; filename="rimborsi.{ending}"',
        )


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        ({"giorno": ""}, None, "giorno"),
        ({"giorno": "domani"}, None, "giorno"),
        ({}, ErrorCode.INVALID_DATE, "giorno"),
        ({}, ErrorCode.INVALID_IBAN, "conto"),
        ({}, ErrorCode.NO_REFUNDS_TO_EXPORT, ""),
    ],
)
def test_a_file_that_cannot_be_made_is_asked_for_again(
    desk: Browser, office: Office, typed: dict[str, str], code: ErrorCode | None, field: str
) -> None:
    office.refusal = Refused(code) if code else None
    answer = desk.submit(REFUNDS, key=str(UUID(int=5)), **{"conto": "IT60", "giorno": "2030-01-02", **typed})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath("//input[@name='key']")[0].get("value") == str(UUID(int=5))
    assert page.xpath("//input[@id='conto']")[0].get("value") == "IT60"
    if field:
        assert page.xpath(f"//input[@id='{field}']")[0].get("aria-invalid") == "true"


def test_without_decided_refunds_there_is_no_form(desk: Browser, office: Office) -> None:
    put(office, "open")
    office.exports = []
    page = page_of(desk.get(REFUNDS))
    assert page.xpath("//main//form") == []
    assert "Nessun file finora." in page.text_content()


# ---- the audit


def test_the_audit_of_payments_tells_who_did_what_with_a_case(
    desk: Browser, office: Office, services: Services
) -> None:
    office.note(
        "money.refund",
        CASE,
        before={"case_state": "refund_asked", "refund_cents": None},
        after={"case_state": "decided", "refund_cents": 12_000},
    )
    office.note("money.ask_refund", CASE, Actor(kind="citizen", id=str(UUID(int=9))), after={"iban": "IT60…3456"})
    office.note("money.change_rules", CASE, Actor(kind="command", id="x"), after={"second_person": True})
    page = page_of(desk.get("/ufficio/PM108/registro?registro=pagamenti"))
    text = page.text_content()
    for told in ("Rimborso deciso da Carlo Neri", "chi ha pagato", "120,00", "Rimborso chiesto", "sì"):
        assert told in " ".join(text.split()), told
    assert len(page.xpath(f"//a[@href='{PAGE}']")) == 2
    assert services.asked(audit.PAYMENTS_AUDIT)
    only = desk.get("/ufficio/PM108/registro?registro=pagamenti&operazione=money.refund")
    assert only.status_code == HTTPStatus.OK
    assert services.asked(audit.PAYMENTS_AUDIT)[-1].operation == "money.refund"


def test_the_notice_number_of_the_example_is_one() -> None:
    office_case = NoticeNumber("301000000000000134")
    assert office_case.grouped == "3010 0000 0000 0001 34"
