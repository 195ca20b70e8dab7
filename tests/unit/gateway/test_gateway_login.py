"""Entra con SPID, sessions, registration, logout."""

from http import HTTPStatus
from pathlib import Path

import pytest

from contracts.error_details import LoginRefused
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import cart, identity
from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import CITIZEN_ID, TOKEN, Services

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_the_chooser_lists_the_providers_as_links_that_work_without_javascript(browser: Browser):
    answer = browser.get("/spid/login?entity=PM108&return_to=/enti/PM108/carrello")
    links = page_of(answer).xpath("//ul[@class='portal-providers']//a")
    addresses = {link.text_content().strip(): link.get("href") for link in links}  # in random order
    assert set(addresses) == {"Gestore di prova", "Altro gestore"}
    expected = "/spid/login?entity=PM108&return_to=%2Fenti%2FPM108%2Fcarrello&idp=sandbox"
    assert addresses["Gestore di prova"] == expected


def test_choosing_a_provider_binds_the_login_to_this_browser_and_redirects_with_302(
    browser: Browser, services: Services
):
    answer = browser.get("/spid/login?idp=sandbox&entity=PM108")
    assert (answer.status_code, answer.headers["location"]) == (
        HTTPStatus.FOUND,
        "http://localhost:8088/sso?SAMLRequest=x",
    )
    (asked,) = services.asked(identity.START_LOGIN)
    assert asked.return_to == "/enti/PM108/pratiche"
    assert len(asked.browser_token) >= 43
    assert answer.cookies["login"].http_only


def test_a_request_by_post_is_carried_by_a_form_that_a_button_sends_without_javascript(
    browser: Browser, services: Services
):
    services.login_fields = {"SAMLRequest": "PHg+", "RelayState": "opaque"}
    answer = browser.get("/spid/login?idp=sandbox&entity=PM108")
    assert answer.status_code == HTTPStatus.OK
    (form,) = page_of(answer).xpath("//form[@data-send-at-once]")
    assert (form.get("method"), form.get("action")) == ("post", "http://localhost:8088/sso")
    assert {one.get("name"): one.get("value") for one in form.xpath(".//input")} == services.login_fields
    (button,) = form.xpath(".//button[@type='submit']")
    assert button.text_content().strip() == "Continua"
    assert answer.headers["content-security-policy"].endswith("form-action 'self' http://localhost:8088")
    assert answer.cookies["login"].http_only
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"])
def test_a_return_address_that_leads_elsewhere_is_not_taken(browser: Browser, services: Services, elsewhere: str):
    browser.get(f"/spid/login?idp=sandbox&entity=PM108&return_to={elsewhere}")
    assert services.asked(identity.START_LOGIN)[0].return_to == "/enti/PM108/pratiche"


def test_the_answer_of_the_provider_starts_the_session_and_takes_the_cart_along(browser: Browser, services: Services):
    browser.get("/enti/PM108")
    browser.get("/spid/login?idp=sandbox&entity=PM108")
    asked = services.asked(identity.START_LOGIN)[0]
    # The provider's POST is cross-site: only the login's own cookie comes with it.
    del browser.cookies["visitor"]
    answer = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D&RelayState=r")
    assert (answer.status_code, answer.headers["location"]) == (HTTPStatus.SEE_OTHER, "/enti/PM108/pratiche")
    assert browser.cookies["session"] == TOKEN
    assert "login" not in browser.cookies
    assert services.asked(identity.FINISH_LOGIN)[0].browser_token == asked.browser_token
    ((visitor, citizen),) = services.adopted
    assert visitor.startswith("visitor:")
    assert citizen == f"citizen:{CITIZEN_ID}"


def test_an_answer_nobody_here_asked_for_goes_to_identity_as_nobodys(browser: Browser, services: Services):
    services.failures[identity.FINISH_LOGIN.name] = Refused(ErrorCode.LOGIN_REFUSED, LoginRefused(reference="R-123"))
    answer = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "R-123" in text_of(answer)
    assert [asked.browser_token for asked in services.asked(identity.FINISH_LOGIN)] == [""]
    assert "session" not in browser.cookies


def test_a_form_without_an_answer_is_refused_by_itself(browser: Browser, services: Services):
    answer = browser.request("POST", "/spid/acs", headers=FORM, body="RelayState=r")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert services.asked(identity.FINISH_LOGIN) == []
    assert "session" not in browser.cookies


@pytest.mark.parametrize(
    ("anomaly", "sentence", "retry"),
    [
        (19, "Hai inserito credenziali errate troppe volte.", "Riprova ad accedere"),
        (20, "non ha il livello di sicurezza richiesto (livello 3)", None),
        (21, "È passato troppo tempo durante l'accesso.", "Riprova ad accedere"),
        (22, "Non hai dato il consenso all'invio dei tuoi dati", "Riprova ad accedere"),
        (23, "è sospesa o revocata", None),
        (24, "L'accesso con SPID non è riuscito.", "Riprova ad accedere"),
        (25, "Hai annullato l'accesso.", "Riprova ad accedere"),
        (26, "è stata rilasciata, ma l'accesso non è ancora avvenuto", "Riprova ad accedere"),
        (27, "ti conosce già", "Riprova ad accedere"),
        (28, "Hai annullato la richiesta della tua identità digitale.", "Riprova ad accedere"),
        (29, "non è stata rilasciata", "Riprova ad accedere"),
        (30, "Il tipo di identità digitale usato non è adatto", "Riprova ad accedere"),
        (None, "L'accesso con SPID non è riuscito.", "Riprova ad accedere"),
    ],
)
def test_a_refused_login_says_why_and_what_to_do_with_a_4xx(
    browser: Browser, services: Services, anomaly: int | None, sentence: str, retry: str | None
):
    browser.get("/spid/login?idp=sandbox&entity=PM108")
    services.failures[identity.FINISH_LOGIN.name] = Refused(
        ErrorCode.LOGIN_REFUSED,
        LoginRefused(anomaly=anomaly, reference="R-123", entity_code="PM108", spid_level=3),
    )
    answer = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert sentence in text_of(answer)
    assert "R-123" in text_of(answer)
    assert ("Riprova ad accedere" in text_of(answer)) is (retry is not None)
    assert "login" not in browser.cookies
    assert "session" not in browser.cookies


def test_a_personal_page_without_login_leads_to_the_login_and_back(browser: Browser):
    browser.get("/enti/PM108")
    answer = browser.get("/enti/PM108/pratiche?stato=to_pay")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["location"] == (
        "/spid/login?entity=PM108&return_to=%2Fenti%2FPM108%2Fpratiche%3Fstato%3Dto_pay"
    )


def test_an_expired_session_says_so_and_shows_the_way_back(browser: Browser, services: Services):
    browser.log_in()
    services.session_live = False
    answer = browser.get("/enti/PM108/storico")
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "Sessione scaduta" in text_of(answer)
    (link,) = page_of(answer).xpath("//main//a[contains(@class, 'button-spid')]")
    assert link.get("href") == "/spid/login?entity=PM108&return_to=%2Fenti%2FPM108%2Fstorico"


def test_identity_is_asked_for_the_session_once_per_page_even_when_it_is_over(browser: Browser, services: Services):
    browser.log_in()
    browser.get("/enti/PM108/pratiche")
    assert services.session_asked == 1
    services.session_live = False
    browser.get("/enti/PM108/pratiche")
    assert services.session_asked == 2


def test_public_pages_stay_open_while_identity_is_down(browser: Browser, services: Services):
    browser.log_in()
    services.failures["identity"] = Unavailable()
    assert browser.get("/enti/PM108").status_code == HTTPStatus.OK


def test_the_first_visit_stops_at_the_registration_until_the_notice_is_acknowledged(
    browser: Browser, services: Services
):
    services.registered = False
    browser.log_in()
    answer = browser.get("/enti/PM108/pratiche")
    assert answer.headers["location"] == "/profilo/registrazione?return_to=%2Fenti%2FPM108%2Fpratiche"
    page = page_of(browser.get(answer.headers["location"]))
    assert not page.xpath("//input[@type='checkbox' and @checked]")
    assert page.xpath("//input[@id='email']")[0].get("value") == "mario.rossi@posta.example"
    refused = browser.submit("/profilo/registrazione", return_to="/enti/PM108/pratiche", document_id="informativa-1")
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert services.asked(identity.REGISTER) == []


def test_registering_records_the_version_shown_and_only_the_purposes_ticked(browser: Browser, services: Services):
    services.registered = False
    browser.log_in()
    answer = browser.submit(
        "/profilo/registrazione",
        return_to="/enti/PM108/pratiche",
        document_id="informativa-1",
        acknowledged="si",
        email="m@posta.example",
        purpose_email_reminders="si",
    )
    assert answer.headers["location"] == "/enti/PM108/pratiche?messaggio=registrato"
    (asked,) = services.asked(identity.REGISTER)
    assert asked.document_id == "informativa-1"
    assert asked.purposes == ["email_reminders"]
    assert services.adopted


@pytest.mark.parametrize("email", ["nicolò@posta.example", "a@b_c.it", "o'neil@posta.example"])
def test_who_gives_an_address_that_pagopa_refuses_is_told_at_registration(
    browser: Browser, services: Services, email: str
):
    services.registered = False
    browser.log_in()
    answer = browser.submit(
        "/profilo/registrazione",
        return_to="/enti/PM108/pratiche",
        document_id="informativa-1",
        acknowledged="si",
        email=email,
    )
    assert answer.headers["location"] == "/enti/PM108/pratiche?messaggio=email-non-per-pagopa"
    (asked,) = services.asked(identity.REGISTER)
    assert asked.email == email
    assert "pagoPA però non accetta il tuo indirizzo e-mail" in text_of(browser.get(answer.headers["location"]))


def test_who_is_known_and_must_read_a_new_notice_is_told_so_and_keeps_what_was_chosen(
    browser: Browser, services: Services
):
    services.registered, services.known, services.granted = False, True, ["email_reminders"]
    browser.log_in()
    answer = browser.get("/profilo/registrazione?return_to=/enti/PM108/pratiche")
    assert page_of(answer).xpath("string(//h1)") == "L'informativa è cambiata"
    assert "avevi letto la versione 1.0" in text_of(answer)
    assert "primo accesso" not in text_of(answer)
    assert page_of(answer).xpath("//input[@type='checkbox']/@name") == ["acknowledged"]
    form = {"return_to": "/enti/PM108/pratiche", "document_id": "informativa-1", "acknowledged": "si"}
    services.agreed_document_id = "promemoria-0"  # an older text: the one in force is offered
    offered = page_of(browser.get("/profilo/registrazione")).xpath("//input[@type='checkbox']/@name")
    assert offered == ["acknowledged", "purpose_email_reminders"]
    # The reminders were granted before: they need an address still.
    refused = browser.submit("/profilo/registrazione", **form, email="")
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert services.asked(identity.REGISTER) == []
    accepted = browser.submit("/profilo/registrazione", **form, email="m@posta.example")
    assert accepted.headers["location"] == "/enti/PM108/pratiche?messaggio=presa-visione"
    assert services.asked(identity.REGISTER)[0].purposes == []


def test_a_citizen_who_has_not_registered_acts_as_a_visitor(browser: Browser, services: Services):
    services.registered = False
    browser.log_in()
    browser.get("/enti/PM108/carrello")
    (asked,) = services.asked(cart.SHOW)
    assert asked.owner.startswith("visitor:")
    assert asked.viewer.fiscal_code is None


def test_logging_out_ends_the_session_and_leaves_nothing_for_the_next_person(browser: Browser, services: Services):
    browser.log_in()
    browser.token()
    before = browser.cookies["visitor"]
    answer = browser.submit("/logout")
    assert answer.headers["location"] == "/enti/PM108?messaggio=uscita"
    assert services.asked(identity.LOGOUT) == [identity.TokenRequest(session_token=TOKEN)]
    assert "session" not in browser.cookies
    assert browser.cookies["visitor"] != before
    assert "Sei uscito dal portale." in text_of(browser.get(answer.headers["location"]))


def test_the_cookies_are_locked_to_the_host_on_https(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PUBLIC_URL", "https://pagamenti.example")
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.1")
    browser = Browser(create_app(Settings.load(), Services()), scheme="https")
    answer = browser.get("/spid/login?idp=sandbox&entity=PM108")
    assert answer.cookies["__Host-login"].same_site == "None"
    assert answer.cookies["__Host-login"].secure
    assert answer.cookies["__Host-visitor"].same_site == "Lax"
    assert answer.cookies["__Host-visitor"].secure
    assert answer.cookies["__Host-visitor"].http_only
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_the_single_logout_answer_is_carried_back_by_a_form_to_that_provider_only(browser: Browser, services: Services):
    browser.log_in()
    answer = browser.request("POST", "/spid/slo", headers=FORM, body="SAMLRequest=eA%3D%3D&RelayState=r")
    assert page_of(answer).xpath("//form[@action='http://localhost:8088/slo']//input[@name='SAMLResponse']")
    assert answer.headers["content-security-policy"].endswith("form-action 'self' http://localhost:8088")
    assert services.asked(identity.SLO)[0].binding == "post"
    query = "SAMLRequest=a%2Bb&RelayState=r&SigAlg=s&Signature=t"
    browser.get(f"/spid/slo?{query}")
    assert services.asked(identity.SLO)[1].query == query


def test_the_metadata_is_served_as_identity_signed_it(browser: Browser):
    answer = browser.get("/spid/metadata")
    assert answer.headers["content-type"] == "application/samlmetadata+xml"
    assert answer.text == "<EntityDescriptor/>"


def test_providers_are_shown_by_their_logo_where_its_file_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, services: Services
):
    (tmp_path / "sandbox.svg").write_text("<svg/>")
    monkeypatch.setenv("IDP_LOGOS_DIR", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests that is long as a real one")
    page = page_of(Browser(create_app(Settings.load(), services)).get("/spid/login"))
    (logo,) = page.xpath("//main//ul[contains(@class, 'portal-providers')]//img")
    assert logo.get("alt") == "Gestore di prova"
    assert logo.get("src").startswith("/static/idps/sandbox.svg?v=")
    assert "Altro gestore" in page.xpath("//main")[0].text_content()


def test_the_electronic_identity_card_has_its_own_button_and_metadata(browser: Browser, services: Services):
    services.card = True
    page = page_of(browser.get("/spid/login?entity=PM108"))
    (button,) = page.xpath("//a[contains(., 'Entra con CIE')]")
    assert button.get("href").endswith("&idp=cie")
    assert "CIE di prova" not in page.xpath("//ul[@class='portal-providers']")[0].text_content()
    assert browser.get("/cie/metadata").status_code == HTTPStatus.OK
    assert services.asked(identity.METADATA) == [identity.MetadataRequest(kind="cie")]


def test_the_official_links_stand_under_the_providers(browser: Browser):
    links = page_of(browser.get("/spid/login")).xpath("//main//a[starts-with(@href, 'https://www.spid.gov.it')]")
    assert {link.text_content(): link.get("href") for link in links} == {
        "Maggiori informazioni": "https://www.spid.gov.it",
        "Non hai SPID?": "https://www.spid.gov.it/richiedi-spid",
        "Serve aiuto?": "https://www.spid.gov.it/serve-aiuto",
    }


def test_a_session_too_weak_for_an_entity_is_no_session_there_and_one_elsewhere(browser: Browser, services: Services):
    browser.log_in()
    services.strong_entities = {"PM108"}
    answer = browser.get("/enti/PM108/pratiche?stato=paid")
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "Sei entrato con il livello 2; qui serve il livello 3." in text_of(answer)
    (link,) = page_of(answer).xpath("//main//a[contains(@class, 'button-spid')]")
    assert link.get("href") == "/spid/login?entity=PM108&return_to=%2Fenti%2FPM108%2Fpratiche%3Fstato%3Dpaid"
    assert "Mario" not in browser.get("/enti/PM108").text
    assert "Mario" in browser.get("/profilo/privacy").text


def test_a_login_tells_identity_the_session_that_it_will_end(browser: Browser, services: Services):
    browser.get("/spid/login?idp=sandbox")
    browser.log_in()
    browser.get("/spid/login?idp=sandbox&fresh=si")
    first, second = services.asked(identity.START_LOGIN)
    assert (first.session_token, first.fresh) == (None, False)
    assert (second.session_token, second.fresh) == (browser.cookies["session"], True)


def test_the_list_of_providers_carries_the_wish_for_a_fresh_login_on(browser: Browser):
    page = page_of(browser.get("/spid/login?fresh=si&return_to=/profilo/privacy"))
    links = page.xpath("//ul[@class='portal-providers']//a/@href")
    assert links
    assert all("fresh=si" in link and "return_to=%2Fprofilo%2Fprivacy" in link for link in links)
    assert "fresh" not in str(page_of(browser.get("/spid/login")).xpath("//ul[@class='portal-providers']//a/@href"))


def test_who_is_on_too_many_devices_is_told_that_the_oldest_login_ended(browser: Browser, services: Services):
    services.ended_sessions = 1
    browser.get("/spid/login?idp=sandbox&entity=PM108")
    answer = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D")
    assert answer.headers["location"].endswith("?messaggio=accesso-piu-vecchio-terminato")


def test_the_purposes_that_are_offered_lead_to_the_providers_and_on(services: Services, browser: Browser):
    services.login_purposes = ["PX", "LP"]
    page = page_of(browser.get("/spid/login?entity=PM108"))
    offered = page.xpath("//section[@aria-labelledby='organizzazione-titolo']//a/@href")
    assert [address.rpartition("=")[2] for address in offered] == ["PX", "LP"]
    chosen = page_of(browser.get(offered[0]))
    links = chosen.xpath("//ul[@class='portal-providers']//a/@href")
    assert links
    assert all("purpose=PX" in link for link in links)
    assert "Entra come cittadino" in chosen.text_content()
    browser.get(links[0])
    (asked,) = services.asked(identity.START_LOGIN)
    assert asked.purpose == "PX"


def test_a_purpose_that_spid_does_not_know_is_refused(browser: Browser, services: Services):
    assert browser.get("/spid/login?idp=sandbox&purpose=XX").status_code == HTTPStatus.BAD_REQUEST
    assert services.asked(identity.START_LOGIN) == []


def test_the_eidas_node_has_its_own_button_and_is_no_provider_of_spid(services: Services, browser: Browser):
    services.eidas = True
    page = page_of(browser.get("/spid/login?entity=PM108"))
    assert "idp=eidas" in str(page.xpath("//section[starts-with(@aria-labelledby, 'eidas-titolo')]//a/@href"))
    assert "eidas" not in str(page.xpath("//ul[@class='portal-providers']//a/@href"))


def test_an_identity_without_italian_fiscal_code_is_led_to_the_search(browser: Browser, services: Services):
    browser.get("/spid/login?idp=sandbox&entity=PM108")
    refused = LoginRefused(reference="R-1", entity_code="PM108", reason="foreign_identity")
    services.failures[identity.FINISH_LOGIN.name] = Refused(ErrorCode.LOGIN_REFUSED, refused)
    answer = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "non ha un codice fiscale italiano" in text_of(answer)
    assert "Riprova ad accedere" not in text_of(answer)
    assert page_of(answer).xpath("//a[@href='/enti/PM108']")


def test_the_metadata_of_a_body_are_asked_for_by_its_code(browser: Browser, services: Services):
    browser.get("/spid/metadata")
    browser.get("/spid/metadata?entity=PM108")
    assert [one.entity_code for one in services.asked(identity.METADATA)] == [None, "PM108"]


def test_whoever_comes_through_eidas_without_fiscal_code_goes_on_at_the_search(browser: Browser, services: Services):
    browser.get("/spid/login?idp=sandbox&entity=PM108")
    refused = LoginRefused(reference="R-1", entity_code="PM108", reason="eidas")
    services.failures[identity.FINISH_LOGIN.name] = Refused(ErrorCode.LOGIN_REFUSED, refused)
    answer = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D")
    assert answer.headers["location"] == "/enti/PM108?messaggio=senza-codice-fiscale"
    assert "session" not in browser.cookies
    assert "cerca qui la pratica con il codice avviso" in text_of(browser.get(answer.headers["location"]))
