"""The office's pages: logging in, the invitation, what is typed, who changed what, the audit as a file."""

import csv
import io
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote
from uuid import UUID

import pytest
import structlog.testing

from contracts.actors import Actor
from contracts.error_details import ChangedMeanwhile, SessionEnded
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import audit, identity, notices, operators
from contracts.rpc import office as office_calls
from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.gateway_browser import HOST, Browser, page_of, text_of
from tests.unit.gateway.gateway_services import FISCAL_CODE, NOW, Services, make_practice
from tests.unit.gateway.office_imports import IMPORT
from tests.unit.gateway.office_papers import JOB
from tests.unit.gateway.office_services import CARLO, INVITATION_TOKEN, INVITED, MARIA, OFFICE_TOKEN, Office

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SAME_ORIGIN = {**FORM, "Sec-Fetch-Site": "same-origin"}
PRACTICE = UUID(int=1)
PAGES = (
    "/ufficio",
    "/ufficio/PM108",
    "/ufficio/PM108/accesso",
    "/ufficio/PM108/pratiche",
    "/ufficio/PM108/inserisci",
    f"/ufficio/PM108/pratiche/{PRACTICE}",
    f"/ufficio/PM108/pratiche/{PRACTICE}/modifica",
    f"/ufficio/PM108/pratiche/{PRACTICE}/annulla",
    f"/ufficio/PM108/pratiche/{PRACTICE}/ripristina",
    "/ufficio/PM108/inserisci/piano",
    f"/ufficio/PM108/pratiche/{PRACTICE}/email",
    f"/ufficio/PM108/pratiche/{PRACTICE}/storia",
    "/ufficio/PM108/assistenza?riferimento=AB12",
    "/ufficio/PM108/ricevute",
    "/ufficio/PM108/stampa?servizio=TARI",
    f"/ufficio/PM108/stampa/{JOB}",
    "/ufficio/PM108/importa",
    f"/ufficio/PM108/importa/{IMPORT}",
    f"/ufficio/PM108/importa/{IMPORT}?esito=rifiutate",
    f"/ufficio/PM108/importa/{IMPORT}/correggi",
    f"/ufficio/PM108/importa/{IMPORT}/mancanti",
    "/ufficio/PM108/colleghi",
    "/ufficio/PM108/colleghi/invita",
    f"/ufficio/PM108/colleghi/{CARLO}",
    f"/ufficio/PM108/colleghi/{CARLO}/rimuovi",
    "/ufficio/PM108/registro",
    "/ufficio/PM108/registro?registro=persone",
    "/ufficio/PM108/registro?registro=pagamenti",
    "/ufficio/invito",
    "/ufficio/PM108/non/esiste",
)
EVERYTHING = ("ufficio", "amministratore", "revisore", "contabile")


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    services.add(make_practice(1))
    found = Office(services)
    found.become(*EVERYTHING)
    return found


@pytest.fixture(name="desk")
def _desk(browser: Browser, office: Office) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


# ---- every page


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_office_is_made_for_everybody(desk: Browser, office: Office, path: str, language: str):
    desk.language = language
    office.more_entities = {"PM200"}
    desk.get(f"/ufficio/invito/{INVITATION_TOKEN}")
    desk.submit("/ufficio/PM108/pratiche", testo=FISCAL_CODE)
    office.note("practices.amend", PRACTICE, before={"amount_cents": 100}, after={"amount_cents": 200})
    answer = desk.get(path)
    assert answer.status_code == (HTTPStatus.NOT_FOUND if path.endswith("/esiste") else HTTPStatus.OK)
    page = page_of(answer)
    assert page.get("lang") == language
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("//title")[0].text_content().strip(" –")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert not page.xpath("//*[@style] | //style | //script[not(@src)]")
    for control in page.xpath("//input[not(@type='hidden')] | //select"):
        assert page.xpath(f"//label[@for='{control.get('id')}']"), control.get("name")
    for described in page.xpath("//*[@aria-describedby or @aria-labelledby]"):
        for reference in (described.get("aria-describedby") or described.get("aria-labelledby")).split():
            assert page.xpath(f"//*[@id='{reference}']"), reference
    for form in page.xpath("//form[@method='post']"):
        assert form.xpath(".//input[@name='csrf_token']"), form.get("action")
    assert "Carrello" not in page.text_content()


def test_the_home_offers_what_the_roles_allow_and_nothing_else(desk: Browser, office: Office):
    def offered() -> list[str]:
        return list(page_of(desk.get("/ufficio/PM108")).xpath("//ul[@class='portal-services']//a/@href"))

    office.become("sportello")
    desk_jobs = ["pratiche", "inserisci", "stampa", "assistenza"]
    assert offered() == [f"/ufficio/PM108/{one}" for one in desk_jobs]
    office.become("amministratore")
    assert offered() == [
        "/ufficio/PM108/colleghi",
        "/ufficio/PM108/colleghi/invita",
        "/ufficio/PM108/catalogo",
        "/ufficio/PM108/chiavi",
        "/ufficio/PM108/notifiche",
        "/ufficio/PM108/fermi",
        "/ufficio/PM108/registro",
    ]


# ---- logging in


def test_who_is_not_logged_in_is_led_to_the_offices_login_and_back(browser: Browser, office: Office):
    answer = browser.get("/ufficio/PM108/registro?registro=persone")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    back = quote("/ufficio/PM108/registro?registro=persone", safe="")
    assert answer.headers["location"] == f"/ufficio/PM108/accesso?return_to={back}"
    page = page_of(browser.get(answer.headers["location"]))
    links = page.xpath("//ul[@class='portal-providers']//a/@href")
    assert all(one.startswith(f"/ufficio/PM108/accesso?return_to={back}&idp=") for one in links)
    assert links


def test_the_login_opens_a_session_of_its_own_in_a_cookie_of_its_own(
    browser: Browser, services: Services, office: Office
):
    answer = browser.get("/ufficio/PM108/accesso?idp=sandbox&return_to=/ufficio/PM108/registro")
    assert (answer.status_code, answer.headers["location"]) == (
        HTTPStatus.FOUND,
        "http://localhost:8088/sso?SAMLRequest=x",
    )
    (asked,) = services.asked(operators.START_OFFICE_LOGIN)
    assert (asked.entity_code, asked.return_to) == ("PM108", "/ufficio/PM108/registro")
    answer = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D&RelayState=r")
    assert (answer.status_code, answer.headers["location"]) == (HTTPStatus.SEE_OTHER, "/ufficio/PM108/registro")
    assert services.asked(identity.FINISH_LOGIN) == []
    assert services.asked(operators.FINISH_OFFICE_LOGIN)[0].browser_token == asked.browser_token
    assert answer.cookies["office"].http_only
    assert answer.cookies["office"].same_site == "Lax"
    assert "session" not in browser.cookies
    again = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D&RelayState=r")
    assert again.headers["location"] == "/ufficio/PM108/registro"


def test_a_login_in_a_browser_that_has_a_session_names_it_so_that_it_ends(desk: Browser, services: Services):
    desk.get("/ufficio/PM108/accesso?idp=sandbox")
    assert services.asked(operators.START_OFFICE_LOGIN)[-1].office_token == OFFICE_TOKEN


def test_whose_oldest_session_ended_is_told_and_so_is_that_ones_browser(
    desk: Browser, services: Services, office: Office
):
    desk.get("/ufficio/PM108/accesso?idp=sandbox&return_to=/ufficio/PM108/registro")
    office.ended_sessions = 1
    answer = desk.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D&RelayState=r")
    assert answer.headers["location"].startswith("/ufficio/PM108/registro?")
    assert "l'accesso più vecchio è stato terminato" in text_of(desk.get(answer.headers["location"]))
    expired = Refused(ErrorCode.SESSION_EXPIRED, SessionEnded(reason="too_many"))
    services.failures[operators.OFFICE_SESSION.name] = expired
    told = text_of(desk.get("/ufficio/PM108/registro"))
    assert "era la più vecchia" in told
    assert "Accessi e dispositivi" not in told


def test_two_tabs_may_log_in_to_the_office_at_once(browser: Browser, services: Services, office: Office):
    tokens = {}
    for tab in ("one", "two"):
        office.relay_state = f"&RelayState={tab}"
        browser.get("/ufficio/PM108/accesso?idp=sandbox")
        tokens[tab] = services.asked(operators.START_OFFICE_LOGIN)[-1].browser_token
    for tab in ("one", "two"):
        body = f"SAMLResponse=of-{tab}&RelayState={tab}"
        answer = browser.request("POST", "/spid/acs", headers=FORM, body=body)
        assert answer.status_code == HTTPStatus.SEE_OTHER
        assert services.asked(operators.FINISH_OFFICE_LOGIN)[-1].browser_token == tokens[tab]
    assert "login" not in browser.cookies


def test_the_forms_token_is_renewed_by_an_office_login_and_by_its_logout(browser: Browser, office: Office):
    before = browser.token()
    browser.cookies["office"] = OFFICE_TOKEN
    during = browser.token()
    assert during != before
    stale = browser.request("POST", "/ufficio/esci", headers=FORM, body=f"csrf_token={before}")
    assert stale.status_code == HTTPStatus.FORBIDDEN
    assert "office" in browser.cookies
    browser.submit("/ufficio/esci")
    assert browser.token() != during


def test_esci_leaves_nothing_of_the_office_in_the_browser_even_while_identity_is_away(
    desk: Browser, services: Services
):
    desk.submit("/ufficio/PM108/pratiche", testo=FISCAL_CODE)
    services.failures[operators.END_OFFICE_SESSION.name] = Unavailable()
    assert desk.submit("/ufficio/esci").status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert not {"office", "office-search", "invitation"} & set(desk.cookies)


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/enti/PM108", "/ufficiale"])
def test_a_return_address_outside_the_offices_is_not_taken(
    browser: Browser, services: Services, office: Office, elsewhere: str
):
    browser.get(f"/ufficio/PM108/accesso?idp=sandbox&return_to={elsewhere}")
    assert services.asked(operators.START_OFFICE_LOGIN)[0].return_to == "/ufficio/PM108"


def test_on_https_the_cookie_is_for_this_host_alone(
    settings: Settings, services: Services, office: Office, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PUBLIC_URL", "https://pagamenti.example")
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1/32")
    browser = Browser(create_app(Settings.load(), services), scheme="https")
    browser.get("/ufficio/PM108/accesso?idp=sandbox")
    answer = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D&RelayState=r")
    cookie = answer.cookies["__Host-office"]
    assert (cookie.secure, cookie.path) == (True, "/")
    assert not cookie.domain


def test_a_stranger_is_told_whom_to_ask(browser: Browser, services: Services, office: Office):
    browser.get("/ufficio/PM108/accesso?idp=sandbox")
    services.failures[operators.FINISH_OFFICE_LOGIN.name] = Refused(ErrorCode.NOT_AN_OPERATOR)
    answer = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "Chiedi a un amministratore" in text_of(answer)
    assert "office" not in browser.cookies


def test_esci_leaves_the_office_and_not_the_citizens_pages(desk: Browser, services: Services):
    desk.log_in()
    desk.submit("/ufficio/PM108/pratiche", testo="Rossi")
    answer = desk.submit("/ufficio/esci")
    assert answer.headers["location"] == "/ufficio"
    assert services.asked(operators.END_OFFICE_SESSION)[0].office_token == OFFICE_TOKEN
    assert {"office", "office-search"} & set(desk.cookies) == set()
    assert "session" in desk.cookies


def test_an_expired_session_says_so_and_leads_back(desk: Browser, office: Office):
    office.session_live = False
    answer = desk.get("/ufficio/PM108/colleghi")
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    (link,) = page_of(answer).xpath("//main//a[contains(., 'Entra di nuovo')]/@href")
    assert link == "/ufficio/PM108/accesso?return_to=%2Fufficio%2FPM108%2Fcolleghi"


# ---- the invitation


def test_the_secret_of_an_invitation_leaves_the_address_at_once_and_never_reaches_the_log(
    browser: Browser, services: Services, office: Office
):
    with structlog.testing.capture_logs() as lines:
        answer = browser.get(f"/ufficio/invito/{INVITATION_TOKEN}")
        assert answer.headers["location"] == "/ufficio/invito"
        page = browser.get("/ufficio/invito")
    assert services.asked(operators.ACCEPT_INVITATION) == [], "programs that look through mail open links too"
    assert "Ufficio" in text_of(page)
    assert INVITATION_TOKEN not in page.text + str(lines)
    (link,) = page_of(page).xpath("//main//a[contains(., 'Entra e accetta')]/@href")
    assert link == "/ufficio/PM108/accesso?return_to=%2Fufficio%2Finvito"


def test_who_is_logged_in_accepts_with_a_button(desk: Browser, services: Services):
    desk.get(f"/ufficio/invito/{INVITATION_TOKEN}")
    assert "Sei entrato come Maria Neri." in text_of(desk.get("/ufficio/invito"))
    answer = desk.submit("/ufficio/invito/accetta")
    assert answer.headers["location"] == "/ufficio/PM108"
    (asked,) = services.asked(operators.ACCEPT_INVITATION)
    assert (asked.office_token, asked.invitation_token) == (OFFICE_TOKEN, INVITATION_TOKEN)
    assert "invitation" not in desk.cookies


@pytest.mark.parametrize("token", ["wrong", ""])
def test_an_invitation_that_is_none_says_what_to_do(browser: Browser, office: Office, token: str):
    if token:
        browser.get(f"/ufficio/invito/{token}")
    answer = browser.get("/ufficio/invito")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "chiedi un nuovo invito" in text_of(answer)


@pytest.mark.parametrize(("mailed", "title"), [(True, "Invito inviato"), (False, "Invito pronto, ma")])
def test_who_invites_sees_the_link_once_whether_the_mail_left_or_not(
    desk: Browser, services: Services, office: Office, title: str, *, mailed: bool
):
    office.mailed = mailed
    fields = {"email": "nuovo@ente.example", "fiscal_code": "BNCGLI82D63L049K", "ruolo-ufficio": "si"}
    answer = desk.submit("/ufficio/PM108/colleghi/invita", **fields, **{"servizio-ufficio-TARI": "si"})
    assert title in text_of(answer)
    assert f"http://{HOST}/ufficio/invito/{INVITATION_TOKEN}" in text_of(answer)
    (asked,) = services.asked(operators.INVITE)
    assert [(one.role, one.service_code) for one in asked.grants] == [("ufficio", "TARI")]
    (mail,) = services.asked(notices.MAIL_INVITATION)
    assert (mail.email, mail.invitation_token) == ("nuovo@ente.example", INVITATION_TOKEN)
    assert INVITATION_TOKEN not in desk.get("/ufficio/PM108/colleghi").text


def test_without_notices_the_invitation_is_made_all_the_same(desk: Browser, services: Services):
    services.failures["notices"] = Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    fields = {"email": "nuovo@ente.example", "fiscal_code": "BNCGLI82D63L049K", "ruolo-sportello": "si"}
    assert INVITATION_TOKEN in desk.submit("/ufficio/PM108/colleghi/invita", **fields).text


def test_a_wrong_invitation_comes_back_with_what_was_typed(desk: Browser, services: Services):
    answer = desk.submit("/ufficio/PM108/colleghi/invita", email="nuovo@ente.example", fiscal_code="")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Scegli almeno un ruolo." in text_of(answer)
    assert services.asked(operators.INVITE) == []
    answer = desk.submit("/ufficio/PM108/colleghi/invita", email="nuovo@ente.example", **{"ruolo-revisore": "si"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath("//input[@id='email']/@value") == ["nuovo@ente.example"]
    assert page.xpath("//input[@id='ruolo-revisore']/@checked")
    assert page.xpath("//input[@id='fiscal_code']/@aria-invalid") == ["true"]


def test_an_invitation_is_withdrawn(desk: Browser, services: Services):
    answer = desk.submit_and_follow(f"/ufficio/PM108/colleghi/inviti/{INVITED}/ritira")
    assert "L'invito è stato ritirato" in text_of(answer)
    assert services.asked(operators.WITHDRAW_INVITATION)[0].invitation_id == INVITED


# ---- colleagues


def test_the_last_administrator_is_told_why_not(desk: Browser):
    answer = desk.submit(f"/ufficio/PM108/colleghi/{MARIA}/rimuovi", version="1")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "È l'ultimo amministratore" in text_of(answer)


def test_who_changes_roles_second_sees_who_was_first_and_keeps_the_ticks(desk: Browser, office: Office):
    office.meanwhile = ChangedMeanwhile(
        version=2,
        actor_kind="operator",
        actor_id=str(CARLO),
        operation="people.change_roles",
        at=NOW,
        fields=["grants"],
    )
    answer = desk.submit(f"/ufficio/PM108/colleghi/{CARLO}", version="1", **{"ruolo-contabile": "si"})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Ruoli cambiati da Carlo Neri" in text_of(answer)
    assert "È cambiato: Ruoli." in text_of(answer)
    page = page_of(answer)
    assert page.xpath("//input[@id='ruolo-contabile']/@checked")
    assert not page.xpath("//input[@id='ruolo-ufficio']/@checked")


@pytest.mark.parametrize("version", ["", "x", "-1", "1e3", "9" * 20])
def test_a_form_without_its_version_does_nothing(desk: Browser, services: Services, version: str):
    answer = desk.submit(f"/ufficio/PM108/colleghi/{CARLO}/rimuovi", version=version)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert services.asked(operators.REMOVE_OPERATOR) == []


def test_fields_that_no_form_of_ours_has_change_nothing(desk: Browser, services: Services):
    """Mass assignment: a service that the entity has not, a role that there is not, another entity, another person."""
    forged = {
        "version": "1",
        "ruolo-contabile": "si",
        "servizio-contabile-ALTRUI": "si",
        "ruolo-superuser": "si",
        "entity_code": "PM200",
        "operator_id": str(MARIA),
        "grants": "amministratore",
    }
    desk.submit(f"/ufficio/PM108/colleghi/{CARLO}", **forged)
    (asked,) = services.asked(operators.CHANGE_ROLES)
    assert (asked.entity_code, asked.operator_id) == ("PM108", CARLO)
    assert [(one.role, one.service_code) for one in asked.grants] == [("contabile", None)]


# ---- practices


def test_what_is_looked_for_stands_in_no_address_and_no_log(desk: Browser, services: Services):
    with structlog.testing.capture_logs() as lines:
        answer = desk.submit("/ufficio/PM108/pratiche", testo=f"  {FISCAL_CODE} ")
        assert answer.headers["location"] == f"/ufficio/PM108/pratiche?ricerca={UUID(int=0x100)}"
        page = desk.get("/ufficio/PM108/pratiche")
    assert services.asked(office_calls.FIND)[0].text == FISCAL_CODE
    assert "TARI 2026; acconto 1" in text_of(page)
    assert page_of(page).xpath("//input[@id='testo']/@value") == [FISCAL_CODE]
    assert FISCAL_CODE not in str(lines)
    assert "Non abbiamo trovato nulla." in text_of(desk.submit_and_follow("/ufficio/PM108/pratiche", testo="Verdi"))


def test_a_search_has_an_address_that_a_colleague_opens(desk: Browser, services: Services, office: Office):
    address = desk.submit("/ufficio/PM108/pratiche", testo=FISCAL_CODE).headers["location"]
    desk.submit("/ufficio/PM108/pratiche", testo="Verdi")
    answer = desk.get(address)  # as it was looked for, whatever was looked for since
    assert services.asked(office_calls.FIND)[-1].text == FISCAL_CODE
    page = page_of(answer)
    assert page.xpath(f"//a[@href='http://{HOST}{address}']")
    services.answer(office_calls.FIND, lambda _: office_calls.FoundPractices(practices=[], next_cursor="x"))
    assert "cursor" not in desk.get(address).text  # nothing found has no next page
    gone = f"/ufficio/PM108/pratiche?ricerca={UUID(int=9)}"
    assert desk.get(gone).status_code == HTTPStatus.NOT_FOUND
    assert desk.get("/ufficio/PM108/pratiche?ricerca=x").status_code == HTTPStatus.BAD_REQUEST
    assert desk.submit("/ufficio/PM108/pratiche", testo=" ").headers["location"] == "/ufficio/PM108/pratiche"
    assert len(services.asked(office_calls.SAVE_SEARCH)) == 2


def test_the_services_of_the_role_go_with_each_search_and_change(desk: Browser, services: Services, office: Office):
    office.become("ufficio", service_code="TARI")
    desk.submit_and_follow("/ufficio/PM108/pratiche", testo=FISCAL_CODE)
    desk.submit(f"/ufficio/PM108/pratiche/{PRACTICE}/annulla", version="1", motivo="Errore")
    assert services.asked(office_calls.FIND)[0].service_codes == ["TARI"]
    (asked,) = services.asked(office_calls.ANNUL)
    assert asked.service_codes == ["TARI"]
    assert asked.actor == Actor(kind="operator", id=str(MARIA))


@pytest.mark.parametrize(
    ("typed", "day"),
    [("2026-12-31", "2026-12-31"), ("31/12/2026", "2026-12-31"), ("31.12.2026", "2026-12-31"), ("", None)],
)
def test_an_amendment_is_sent_as_it_was_typed(desk: Browser, services: Services, typed: str, day: str | None):
    answer = desk.submit(
        f"/ufficio/PM108/pratiche/{PRACTICE}/modifica", version="1", importo="1.234,56", scadenza=typed, motivo=""
    )
    assert answer.status_code == HTTPStatus.SEE_OTHER
    (asked,) = services.asked(office_calls.AMEND)
    assert (asked.amount_cents, asked.due_date and asked.due_date.isoformat(), asked.reason) == (123_456, day, None)
    assert "La pratica è stata modificata." in text_of(desk.get(answer.headers["location"]))


TYPED = {
    "servizio": "TARI",
    "fiscal_code": FISCAL_CODE,
    "nome": "Rossi Mario",
    "causale": "TARI 2026",
    "importo": "148,50",
    "scadenza": "31/12/2026",
    "rif": "",
}


def test_a_debt_is_typed_in_and_shown_with_its_notice_to_print(desk: Browser, services: Services):
    answer = desk.submit_and_follow("/ufficio/PM108/inserisci", key="0" * 36, **TYPED)
    assert "La pratica è stata inserita" in text_of(answer)
    assert page_of(answer).xpath("//main//a[contains(., 'Stampa l')]/@href")[0].endswith("/avviso.pdf")
    (asked,) = services.asked(office_calls.INSERT)
    assert (asked.service_code, asked.amount_cents, asked.external_id) == ("TARI", 14_850, None)
    assert (asked.idempotency_key, asked.actor.id) == ("0" * 36, str(MARIA))


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"servizio": ""}, "servizio"),
        ({"importo": "1.000"}, "importo"),
        ({"scadenza": "domani"}, "scadenza"),
        ({"rif": "TARI-2026-00001"}, "rif"),
    ],
)
def test_a_debt_that_was_typed_wrong_comes_back_with_what_was_typed(desk: Browser, changes: dict[str, str], wrong: str):
    answer = desk.submit("/ufficio/PM108/inserisci", key="0" * 36, **{**TYPED, **changes})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath(f"//*[@id='{wrong}']/@aria-invalid") == ["true"]
    assert page.xpath("//input[@name='key']/@value") == ["0" * 36]
    assert page.xpath("//input[@id='causale']/@value") == ["TARI 2026"]


def test_a_counter_for_one_service_offers_that_one(desk: Browser, office: Office):
    office.become("sportello", service_code="TARI")
    page = page_of(desk.get("/ufficio/PM108/inserisci"))
    assert page.xpath("//select[@id='servizio']/option/@value") == ["", "TARI"]


def test_a_notice_is_printed_whole_for_who_works_there(desk: Browser, services: Services):
    answer = desk.get(f"/ufficio/PM108/pratiche/{PRACTICE}/avviso.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    (asked,) = services.asked(notices.NOTICE)
    assert (asked.practice_id, asked.viewer.identified_practice_ids) == (PRACTICE, [PRACTICE])
    assert (asked.viewer.citizen_id, asked.viewer.fiscal_code) == (None, None)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"importo": "dieci"}, "importo"),
        ({"importo": "1.000"}, "importo"),
        ({"scadenza": "31/31/2026"}, "scadenza"),
        ({"scadenza": "domani"}, "scadenza"),
    ],
)
def test_a_wrong_amendment_comes_back_with_what_was_typed(
    desk: Browser, services: Services, changes: dict[str, str], wrong: str
):
    fields = {"version": "1", "importo": "150,00", "scadenza": "2026-12-31", "motivo": "Conguaglio", **changes}
    answer = desk.submit(f"/ufficio/PM108/pratiche/{PRACTICE}/modifica", **fields)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath(f"//input[@id='{wrong}']/@aria-invalid") == ["true"]
    assert page.xpath("//input[@id='motivo']/@value") == ["Conguaglio"]
    assert page.xpath(f"//input[@id='{wrong}']/@value") == [fields[wrong]]
    assert services.asked(office_calls.AMEND) == []


def test_an_annulment_without_reason_asks_for_one(desk: Browser):
    answer = desk.submit(f"/ufficio/PM108/pratiche/{PRACTICE}/annulla", version="1", motivo=" ")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Scrivi il motivo" in text_of(answer)


def test_the_second_of_two_sees_who_changed_what_and_keeps_what_was_typed(desk: Browser, office: Office):
    office.meanwhile = ChangedMeanwhile(
        version=2,
        actor_kind="operator",
        actor_id=str(CARLO),
        operation="practices.amend",
        at=NOW,
        fields=["amount_cents", "due_date"],
    )
    answer = desk.submit(
        f"/ufficio/PM108/pratiche/{PRACTICE}/modifica", version="1", importo="99,00", scadenza="", motivo="Mio"
    )
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Pratica modificata da Carlo Neri" in text_of(answer)
    assert "È cambiato: Importo, Scadenza." in text_of(answer)
    assert page_of(answer).xpath("//input[@id='importo']/@value") == ["99,00"]


def test_what_was_typed_is_kept_when_the_session_is_lost(desk: Browser, services: Services, office: Office):
    path = f"/ufficio/PM108/pratiche/{PRACTICE}/annulla"
    token = desk.token()
    office.session_live = False
    lost = desk.submit(path, version="1", motivo="Un motivo lungo, scritto con cura")
    assert lost.status_code == HTTPStatus.UNAUTHORIZED
    (form,) = page_of(lost).xpath("//main//form")
    carried = {one.get("name"): one.get("value") for one in form.xpath(".//input")}
    assert form.get("action") == path
    assert (carried["version"], carried["motivo"]) == ("1", "Un motivo lungo, scritto con cura")
    # Another login meanwhile, in another tab: the page's own token is that of the session before.
    office.session_live = True
    stale = f"csrf_token={token[::-1]}&version=1&motivo=Un+motivo+lungo"
    shown = desk.request("POST", path, headers=SAME_ORIGIN, body=stale)
    assert shown.status_code == HTTPStatus.OK
    assert page_of(shown).xpath("//input[@id='motivo']/@value") == ["Un motivo lungo"]
    assert services.asked(office_calls.ANNUL) == []


@pytest.mark.parametrize(
    ("state", "reason", "offered"),
    [
        ("to_pay", None, ["modifica", "annulla"]),
        ("expired", "late_not_accepted", ["modifica", "annulla"]),
        ("cancelled", "Errore", ["ripristina"]),
        ("cancelled", "other_option", []),
        ("paid", "receipt", []),
        ("unconfirmed", "checkout_open", []),
    ],
)
def test_a_practice_offers_what_can_be_done_with_it_now(
    desk: Browser, services: Services, state: str, reason: str | None, offered: list[str]
):
    services.add(make_practice(1, state=state, state_reason=reason, payable=state == "to_pay"))
    page = page_of(desk.get(f"/ufficio/PM108/pratiche/{PRACTICE}"))
    links = page.xpath("//div[@class='portal-buttons']/a/@href")
    assert [one.rpartition("/")[2] for one in links if not one.endswith((".pdf", "/email"))] == [*offered, "storia"]
    assert "other_option" not in page.text_content()


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}])
def test_what_no_page_of_ours_sent_is_refused(desk: Browser, services: Services, headers: dict[str, str]):
    path = f"/ufficio/PM108/pratiche/{PRACTICE}/annulla"
    answer = desk.request("POST", path, headers={**FORM, **headers}, body="version=1&motivo=x")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert services.asked(office_calls.ANNUL) == []


def test_a_text_of_somebody_is_text_on_every_page(desk: Browser, services: Services, office: Office):
    evil = "<script>alert(1)</script>"
    services.add(make_practice(1, description=evil, external_id=evil, state="cancelled", state_reason=evil))
    office.note("practices.annul", PRACTICE, reason=evil, actor=Actor(kind="api_key", id=evil))
    desk.submit("/ufficio/PM108/pratiche", testo=evil)
    for path in PAGES:
        text = desk.get(path).text
        assert "<script>alert" not in text, path
    assert evil in text_of(desk.get(f"/ufficio/PM108/pratiche/{PRACTICE}"))


# ---- the audit


def test_the_audit_says_who_changed_what_from_what_to_what(desk: Browser, office: Office):
    office.note(
        "practices.amend",
        PRACTICE,
        before={"amount_cents": 14_850, "due_date": None},
        after={"amount_cents": 15_000, "due_date": "2026-12-31"},
        reason="Conguaglio",
    )
    office.note("practices.annul", PRACTICE, actor=Actor(kind="api_key", id="gestionale TARI"))
    text = text_of(desk.get("/ufficio/PM108/registro"))
    assert "Pratica modificata da Carlo Neri" in text
    assert "Importo 148,50\xa0€ → 150,00\xa0€".replace("\xa0", " ") in text.replace("\xa0", " ")
    assert "Scadenza nessuna → 31/12/2026" in text
    assert "Motivo: Conguaglio" in text
    assert "gestionale gestionale TARI" in text


def test_the_audit_is_paged_and_filtered_by_its_address(desk: Browser, services: Services, office: Office):
    for _ in range(60):
        office.note("practices.amend", PRACTICE)
    first = page_of(
        desk.get(f"/ufficio/PM108/registro?operazione=practices.amend&dal=2026-11-01&al=2026-11-30&persona={CARLO}")
    )
    (following,) = first.xpath("//nav[@class='portal-paging']//a[contains(., 'successiva')]/@href")
    asked = services.asked(audit.PRACTICES_AUDIT)[0]
    assert (asked.operation, asked.actor_id) == ("practices.amend", str(CARLO))
    assert asked.since == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert asked.until == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert "operazione=practices.amend" in following
    assert len(page_of(desk.get(following)).xpath("//ol[@class='portal-entries']/li")) == 10
    desk.get("/ufficio/PM108/registro?operazione=forged&dal=x&persona=1&prima_di=abc&registro=altro")
    asked = services.asked(audit.PRACTICES_AUDIT)[-1]
    assert (asked.operation, asked.since, asked.actor_id, asked.below) == (None, None, None, None)


def test_the_audit_leaves_as_a_file_that_no_spreadsheet_runs(desk: Browser, office: Office):
    for _ in range(501):
        office.note("practices.amend", PRACTICE, before={"amount_cents": 1}, after={"amount_cents": 2})
    office.note("practices.annul", PRACTICE, reason='=HYPERLINK("http://evil.example";"qui")')
    answer = desk.get("/ufficio/PM108/registro.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="registro-pratiche-PM108.csv"'
    assert answer.text.startswith("\ufeff")
    header, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";")
    assert header[:4] == ["Numero", "Quando", "Chi", "Che cosa"]
    assert len(rows) == 502
    assert rows[0][5] == '\'=HYPERLINK("http://evil.example";"qui")'
    assert rows[1][6:9] == ["Importo", "0,01\xa0€", "0,02\xa0€"]


def test_without_identity_the_audit_is_there_without_names(desk: Browser, services: Services, office: Office):
    office.note("practices.amend", PRACTICE)
    services.failures[operators.OPERATOR_NAMES.name] = Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    assert "persona non più nota" in text_of(desk.get("/ufficio/PM108/registro"))
