"""The menu behind the pagoPA logo: privacy, consents, own data."""

from http import HTTPStatus

import pytest

from contracts.errors import Unavailable
from contracts.rpc import identity, notices
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import TOKEN, Services


@pytest.fixture(autouse=True)
def _logged_in(browser: Browser):
    browser.log_in()


def test_the_logo_menu_leads_to_privacy_and_out(browser: Browser):
    menu = page_of(browser.get("/enti/PM108")).xpath("//header//details[summary[contains(., 'pagoPA')]]")[0]
    assert menu.xpath(".//a[@href='/profilo/privacy']")
    assert menu.xpath(".//form[@action='/logout' and @method='post']")


def test_the_page_shows_documents_purposes_and_history(browser: Browser):
    text = text_of(browser.get("/profilo/privacy"))
    assert "Informativa sul trattamento dei dati personali" in text
    assert "Versione 1.0, in vigore dal 01/01/2026" in text
    assert "presa di visione" in text
    assert "Non concesso" in text


def test_a_purpose_is_granted_and_revoked_as_easily(browser: Browser, services: Services):
    granted = browser.submit_and_follow("/profilo/privacy/concedi", purpose="email_reminders", email="m@posta.example")
    assert services.asked(identity.GRANT)[0].email == "m@posta.example"
    assert "Il consenso è stato registrato." in text_of(granted)
    asked = browser.submit("/profilo/privacy/revoca", purpose="email_reminders")
    assert "Che cosa succede" in text_of(asked)
    assert services.asked(identity.REVOKE) == []
    revoked = browser.submit_and_follow("/profilo/privacy/revoca", purpose="email_reminders", conferma="si")
    assert "Il consenso è stato revocato." in text_of(revoked)
    assert services.granted == ["registration"]


def test_who_agreed_to_an_older_text_is_offered_the_one_in_force(browser: Browser, services: Services):
    services.granted.append("email_reminders")
    assert "Concedi la versione in vigore" not in text_of(browser.get("/profilo/privacy"))
    services.agreed_document_id = "promemoria-0"
    page = browser.get("/profilo/privacy")
    assert "Concedi la versione in vigore" in text_of(page)
    assert len(page_of(page).xpath("//form[@action='/profilo/privacy/revoca']")) == 2
    browser.submit("/profilo/privacy/concedi", purpose="email_reminders", email="m@posta.example")
    assert services.asked(identity.GRANT)[0].language == "it"


def test_who_cannot_be_reached_by_mail_is_told(browser: Browser, services: Services):
    services.address_refused = True
    assert "sono tornati indietro" not in text_of(browser.get("/profilo/privacy"))
    services.granted.append("email_reminders")
    assert "sono tornati indietro" in text_of(browser.get("/profilo/privacy"))
    services.failures[notices.MAILING.name] = Unavailable()
    assert "sono tornati indietro" not in text_of(browser.get("/profilo/privacy"))


def test_revoking_the_registration_tells_the_effect_then_closes_and_logs_out(browser: Browser, services: Services):
    asked = browser.submit("/profilo/privacy/revoca", purpose="registration")
    assert "Ciò che devi all'ente resta dovuto" in text_of(asked)
    assert page_of(asked).xpath("//main//form//input[@name='conferma' and @value='si']")
    answer = browser.submit("/profilo/privacy/revoca", purpose="registration", conferma="si")
    assert answer.headers["location"] == "/enti/PM108?messaggio=account-chiuso"
    assert [asked.purpose for asked in services.asked(identity.REVOKE)] == ["registration"]
    assert "session" not in browser.cookies


@pytest.mark.parametrize("email", ["", "not an address", "a@b"])
def test_reminders_need_an_address(browser: Browser, services: Services, email: str):
    answer = browser.submit("/profilo/privacy/concedi", purpose="email_reminders", email=email)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page_of(answer).xpath("//input[@id='email' and @aria-invalid='true']")[0].get("value") == email
    assert services.asked(identity.GRANT) == []


def test_an_unknown_purpose_is_refused(browser: Browser, services: Services):
    assert browser.submit("/profilo/privacy/revoca", purpose="made-up").status_code == HTTPStatus.BAD_REQUEST
    assert services.asked(identity.REVOKE) == []


def test_own_data_is_a_file_to_take_away(browser: Browser):
    answer = browser.get("/profilo/dati.json")
    assert answer.json == {"fiscal_code": "RSSMRA85T10A562S"}
    assert "attachment" in answer.headers["content-disposition"]


def test_logging_out_everywhere_ends_every_session(browser: Browser, services: Services):
    browser.submit("/logout", ovunque="si")
    assert services.asked(identity.LOGOUT_EVERYWHERE) == [identity.TokenRequest(session_token=TOKEN)]
