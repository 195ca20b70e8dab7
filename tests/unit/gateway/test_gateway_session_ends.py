"""What a person reads when a session is over, too old for what they want, or when too many payments are open."""

from http import HTTPStatus
from urllib.parse import urlencode

import pytest

from contracts.error_details import SessionEnded, TooManyRequests
from contracts.errors import ErrorCode, Refused
from contracts.rpc import identity, payments
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import Services, make_practice

PRIVACY = "/profilo/privacy"
FRESH = f"/spid/login?{urlencode({'entity': 'PM108', 'fresh': 'si', 'return_to': PRIVACY})}"


@pytest.mark.parametrize(
    ("path", "call", "fields"),
    [
        ("/profilo/privacy/revoca", identity.REVOKE, {"purpose": "registration", "conferma": "si"}),
        ("/profilo/privacy/concedi", identity.GRANT, {"purpose": "email_reminders", "email": "new@posta.example"}),
        (
            "/profilo/registrazione",
            identity.REGISTER,
            {"acknowledged": "si", "document_id": "informativa-1", "email": "new@posta.example"},
        ),
    ],
    ids=["closing the account", "changing the e-mail", "changing the e-mail while registering again"],
)
def test_what_needs_a_fresh_login_leads_to_one_and_back_with_words(
    browser: Browser, services: Services, path: str, call: object, fields: dict[str, str]
):
    browser.get("/enti/PM108")
    browser.log_in()
    services.failures[call.name] = Refused(ErrorCode.FRESH_LOGIN_REQUIRED)  # type: ignore[attr-defined]  # -- a Call
    answer = browser.submit(path, page=PRIVACY, **fields)
    assert (answer.status_code, answer.headers["location"]) == (HTTPStatus.SEE_OTHER, FRESH)
    login = browser.get(FRESH)
    assert "serve un accesso appena fatto" in text_of(login)
    providers = page_of(login).xpath("//ul[@class='portal-providers']//a/@href")
    assert providers
    assert all("fresh=si" in address and "return_to=%2Fprofilo%2Fprivacy" in address for address in providers)


def test_an_ordinary_login_says_nothing_of_a_fresh_one(browser: Browser):
    assert "appena fatto" not in text_of(browser.get("/spid/login?entity=PM108"))


@pytest.mark.parametrize(
    ("reason", "italian", "english"),
    [
        ("new_login", "in questo browser è stato fatto un altro accesso", "somebody logged in again in this browser"),
        ("too_many", "sei entrato da troppi dispositivi", "you logged in on too many devices"),
        (None, "scaduta per inattività", "ended because of inactivity"),
        ("some day another", "scaduta per inattività", "ended because of inactivity"),
    ],
)
def test_each_reason_why_a_session_ended_has_its_sentence(
    browser: Browser, services: Services, reason: str | None, italian: str, english: str
):
    browser.log_in()
    services.failures[identity.SESSION.name] = Refused(ErrorCode.SESSION_EXPIRED, SessionEnded(reason=reason))
    for language, sentence in (("it", italian), ("en", english)):
        browser.language = language
        answer = browser.get("/enti/PM108/pratiche")
        assert answer.status_code == HTTPStatus.UNAUTHORIZED
        assert sentence in text_of(answer)


def test_who_has_five_open_payments_reads_what_to_do_and_for_how_long(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    refusal = Refused(ErrorCode.TOO_MANY_REQUESTS, TooManyRequests(retry_after_s=601))
    services.failures[payments.START_CHECKOUT.name] = refusal
    answer = browser.submit(f"/enti/PM108/pratiche/{practice.id}/paga", page="/enti/PM108/pratiche")
    assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "Hai già cinque pagamenti aperti su pagoPA" in text_of(answer)
    assert "entro 11 minuti" in text_of(answer)
    assert "Hai fatto troppe richieste" not in text_of(answer)
