"""Where the citizen is logged in, staying so, and the students remembered for the next time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import falcon.testing
import pytest

from contracts.errors import ErrorCode, Unavailable
from contracts.message import Message
from contracts.rpc import identity
from gateway.app import create_app
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import PHONE, TOKEN, Services

STUDENT = {
    "full_name": "Bianchi Anna",
    "course": "Flauto",
    "school": "Conservatorio",
    "contribution_type": "Contributo annuale",
}
FORM = "/enti/PM108/inserimento/CONTRIB_IT"


@pytest.fixture(autouse=True)
def _logged_in(browser: Browser):
    browser.log_in()


def insert(browser: Browser):
    return browser.submit(FORM, **STUDENT, amount="25,00", key="0b3f7f0e-5f0b-4f0e-9f0e-0b3f7f0e5f0b")


def test_every_login_is_listed_with_its_level_and_this_one_is_marked(browser: Browser):
    text = text_of(browser.get("/profilo/accessi"))
    assert "Questo dispositivo" in text
    assert text.count("Livello SPID 2") == 2
    assert "Gestore di prova" in text


def test_another_login_is_ended_from_the_list(browser: Browser, services: Services):
    ended = browser.submit_and_follow("/profilo/accessi/termina", id=str(PHONE))
    assert services.asked(identity.END_SESSION) == [identity.EndSessionRequest(session_token=TOKEN, session_id=PHONE)]
    assert "L'accesso è stato terminato" in text_of(ended)


def test_an_id_that_is_none_is_refused(browser: Browser, services: Services):
    assert browser.submit("/profilo/accessi/termina", id="x").status_code == HTTPStatus.BAD_REQUEST
    assert services.asked(identity.END_SESSION) == []


def test_the_list_needs_a_login(browser: Browser):
    browser.cookies.pop("session")
    assert browser.get("/profilo/accessi").status_code != HTTPStatus.OK


def test_every_page_tells_when_the_session_ends_and_offers_to_stay_without_a_script(browser: Browser):
    page = page_of(browser.get("/enti/PM108"))
    (plain,) = page.xpath("//noscript/form[@action='/profilo/accessi/prolunga']")
    assert "la sessione finisce alle" in plain.text_content()
    assert plain.xpath(".//input[@name='return_to']/@value") == ["/enti/PM108"]
    assert page.xpath("//form[@data-session]/@hidden")
    browser.cookies.pop("session")
    assert "Resta connesso" not in browser.get("/enti/PM108").text


def test_staying_leads_back_to_the_page_and_only_to_one_of_ours(browser: Browser, services: Services):
    asked_before = services.session_asked
    answer = browser.submit("/profilo/accessi/prolunga", return_to="/enti/PM108/carrello")
    assert answer.headers["location"] == "/enti/PM108/carrello#sessione"
    assert services.session_asked > asked_before
    elsewhere = browser.submit("/profilo/accessi/prolunga", return_to="//evil.example")
    assert elsewhere.headers["location"] == "/profilo/accessi#sessione"


def test_a_script_is_told_how_long_the_session_lasts(browser: Browser):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    body = f"csrf_token={browser.token()}"
    answer = browser.request("POST", "/profilo/accessi/prolunga", headers=headers, body=body)
    assert set(answer.json) == {"seconds_left", "until"}
    forged = browser.request("POST", "/profilo/accessi/prolunga", headers=headers, body="csrf_token=x")
    assert forged.status_code == HTTPStatus.FORBIDDEN


def test_a_student_is_remembered_offered_the_next_time_and_forgotten_when_asked(browser: Browser, services: Services):
    assert insert(browser).status_code == HTTPStatus.SEE_OTHER
    (remembered,) = services.beneficiaries
    (link,) = page_of(browser.get(FORM)).xpath("//a[contains(., 'Bianchi Anna')]/@href")
    assert link == f"{FORM}?studente={remembered.id}"
    filled = page_of(browser.get(link))
    assert {name: filled.xpath(f"//input[@name='{name}']/@value")[0] for name in STUDENT} == STUDENT
    assert "Bianchi Anna" in text_of(browser.get("/profilo/privacy"))
    forgotten = browser.submit_and_follow("/profilo/studenti/dimentica", id=str(remembered.id))
    assert "non sono più ricordati" in text_of(forgotten)
    assert services.beneficiaries == []


def test_an_insertion_does_not_fail_because_the_student_cannot_be_remembered(browser: Browser, services: Services):
    services.failures[identity.REMEMBER_BENEFICIARY.name] = Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    services.failures[identity.BENEFICIARIES.name] = Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    assert browser.get(FORM).status_code == HTTPStatus.OK
    assert insert(browser).status_code == HTTPStatus.SEE_OTHER


def test_a_student_typed_without_login_is_not_remembered(browser: Browser, services: Services):
    browser.cookies.pop("session")
    fields = {**STUDENT, "amount": "25,00", "anonymous": "si", "key": "0b3f7f0e-5f0b-4f0e-9f0e-0b3f7f0e5f0b"}
    browser.submit("/enti/PM108/inserimento/CONTRIB_ST", **fields)
    assert services.asked(identity.REMEMBER_BENEFICIARY) == []


def test_sessions_of_two_requests_are_asked_for_at_the_same_time(services: Services, settings):
    """Neither waits for the other's answer: each is answered only once both have been asked."""
    both, answer = threading.Barrier(2, timeout=60), services.answers[identity.SESSION.name]

    def answer_together(request: Message) -> Message:
        both.wait()
        return answer(request)

    services.answers[identity.SESSION.name] = answer_together
    client = falcon.testing.TestClient(create_app(settings, services))
    headers = {"Cookie": f"session={TOKEN}"}
    with ThreadPoolExecutor(2) as visitors:
        asked = [
            visitors.submit(client.simulate_get, "/api/v1/creditors/PM108/practices", headers=headers) for _ in "ab"
        ]
        assert [one.result(120).status_code for one in asked] == [HTTPStatus.OK] * 2
