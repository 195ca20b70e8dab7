"""What a login and a logout change for a browser: cookies, forms, two tabs, answers sent twice, other sites."""

from http import HTTPStatus
from urllib.parse import urlencode

import pytest

from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import identity, practices
from tests.unit.gateway.gateway_browser import HOST, Browser, text_of
from tests.unit.gateway.gateway_services import TOKEN, Services, make_practice

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def token_in(text: str) -> str:
    return text.split('name="csrf_token" value="')[1].split('"', maxsplit=1)[0]


@pytest.mark.parametrize("ending", ["/logout", "/spid/slo"])
def test_a_copy_of_the_visitors_cookie_is_worth_nothing_after_logout(browser: Browser, services: Services, ending: str):
    practice = make_practice(1)
    services.add(practice)
    browser.submit("/enti/PM108/ricerca", notice_number=practice.notice_number)
    page = f"/enti/PM108/pratiche/{practice.id}"
    assert browser.get(page).status_code == HTTPStatus.OK
    copied = dict(browser.cookies)
    browser.log_in()
    if ending == "/logout":
        browser.submit("/logout")
    else:
        browser.request("POST", "/spid/slo", headers=FORM, body="SAMLRequest=eA%3D%3D")
    browser.cookies = dict(copied)
    assert browser.get(page).status_code != HTTPStatus.OK
    browser.cookies = dict(copied)
    body = urlencode({"csrf_token": "x"})
    assert browser.request("POST", "/logout", headers=FORM, body=body).status_code == HTTPStatus.FORBIDDEN
    viewers = [asked.viewer.granted_practice_ids for asked in services.asked(practices.GET_MANY)[-1:]]
    assert viewers == [[]]


def test_the_forms_token_is_renewed_by_a_login_and_by_a_logout(browser: Browser, services: Services):
    before = browser.token()
    browser.log_in()
    during = browser.token()
    assert during != before
    stale = browser.request("POST", "/logout", headers=FORM, body=f"csrf_token={before}")
    assert stale.status_code == HTTPStatus.FORBIDDEN
    browser.submit("/logout")
    assert browser.token() not in (before, during)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://{HOST}.evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": f"http://{HOST}"},
    ],
)
def test_a_form_that_another_site_sent_is_refused_though_its_token_is_right(browser: Browser, headers: dict[str, str]):
    browser.log_in()
    body = f"csrf_token={browser.token()}"
    answer = browser.request("POST", "/logout", headers=FORM | headers, body=body)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "session" in browser.cookies
    for ours in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": f"http://{HOST}"}):
        browser.log_in()
        body = f"csrf_token={browser.token()}"
        assert browser.request("POST", "/logout", headers=FORM | ours, body=body).status_code == HTTPStatus.SEE_OTHER


def test_two_tabs_may_log_in_at_once(browser: Browser, services: Services):
    tokens = {}
    for tab in ("one", "two"):
        services.login_fields = {"SAMLRequest": "PHg+", "RelayState": tab}
        browser.get("/spid/login?idp=sandbox&entity=PM108")
        tokens[tab] = services.asked(identity.START_LOGIN)[-1].browser_token
    for tab in ("one", "two"):
        body = urlencode({"SAMLResponse": f"of-{tab}", "RelayState": tab})
        answer = browser.request("POST", "/spid/acs", headers=FORM, body=body)
        assert answer.status_code == HTTPStatus.SEE_OTHER
        assert services.asked(identity.FINISH_LOGIN)[-1].browser_token == tokens[tab]
    assert "login" not in browser.cookies


def test_an_answer_for_no_login_of_this_browser_takes_nobodys_token(browser: Browser, services: Services):
    services.login_fields = {"SAMLRequest": "PHg+", "RelayState": "mine"}
    browser.get("/spid/login?idp=sandbox&entity=PM108")
    browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=x&RelayState=of-somebody-else")
    assert services.asked(identity.FINISH_LOGIN)[-1].browser_token == ""


def test_a_browser_holds_five_logins_at_most(browser: Browser, services: Services):
    for tab in range(8):
        services.login_fields = {"SAMLRequest": "PHg+", "RelayState": f"tab-{tab}"}
        browser.get("/spid/login?idp=sandbox&entity=PM108")
    assert len(browser.cookies["login"]) < 1500
    browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=x&RelayState=tab-7")
    assert services.asked(identity.FINISH_LOGIN)[-1].browser_token
    browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=y&RelayState=tab-0")
    assert services.asked(identity.FINISH_LOGIN)[-1].browser_token == ""


def test_an_answer_sent_twice_leads_into_the_session(browser: Browser, services: Services):
    browser.get("/spid/login?idp=sandbox&entity=PM108")
    first = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D&RelayState=r")
    services.failures[identity.FINISH_LOGIN.name] = Refused(ErrorCode.LOGIN_REFUSED)
    again = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=eA%3D%3D&RelayState=r")
    assert (again.status_code, again.headers["location"]) == (HTTPStatus.SEE_OTHER, first.headers["location"])
    assert browser.cookies["session"] == TOKEN
    other = browser.request("POST", "/spid/acs", headers=FORM, body="SAMLResponse=other&RelayState=r")
    assert other.status_code == HTTPStatus.FORBIDDEN, "another answer is another login"


def test_an_answer_while_identity_is_away_can_be_sent_again(browser: Browser, services: Services):
    browser.get("/spid/login?idp=sandbox&entity=PM108")
    services.failures[identity.FINISH_LOGIN.name] = Unavailable()
    body = "SAMLResponse=eA%3D%3D&RelayState=r"
    assert browser.request("POST", "/spid/acs", headers=FORM, body=body).status_code == HTTPStatus.SERVICE_UNAVAILABLE
    services.failures.clear()
    assert browser.request("POST", "/spid/acs", headers=FORM, body=body).status_code == HTTPStatus.SEE_OTHER


def test_esci_leaves_nothing_in_the_browser_even_while_identity_is_away(browser: Browser, services: Services):
    browser.log_in()
    browser.token()
    visitor = browser.cookies["visitor"]
    services.failures[identity.LOGOUT.name] = Unavailable()
    assert browser.submit("/logout").status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "session" not in browser.cookies
    assert browser.cookies.get("visitor") != visitor


def test_what_was_typed_before_a_login_in_another_tab_is_shown_to_be_sent_again(browser: Browser, services: Services):
    token = browser.token()
    browser.log_in()
    body = urlencode({"csrf_token": token, "amount": "16,00", "description": "Bollo di prova"})
    path = "/enti/PM108/inserimento/BOLLO_IT"
    answer = browser.request("POST", path, headers=FORM | {"Sec-Fetch-Site": "same-origin"}, body=body)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "Non è ancora salvato" in text_of(answer)
    assert token_in(answer.text) == browser.token()
    assert services.asked(practices.INSERT) == []
