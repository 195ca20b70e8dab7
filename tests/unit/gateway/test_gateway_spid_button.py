"""AgID's button: on every page for who is not logged in, with the list that identity validates with (spid.md 2)."""

from collections.abc import Callable
from typing import Any

import falcon
import falcon.testing
import pytest

from contracts.errors import Unavailable
from contracts.message import Message
from contracts.rpc import identity
from contracts.shapes import Empty
from gateway.identity_providers import IdentityProviders
from gateway.settings import Settings
from gateway.visit import Visit
from gateway.visitors import BrowserCookies
from tests.unit.gateway.gateway_browser import Browser, page_of
from tests.unit.gateway.gateway_services import Services

WITH_BUTTON = ["/", "/enti/PM108", "/enti/PM108/carrello", "/spid/login?entity=PM108", "/accessibilita", "/made/up"]


def buttons_of(page: Any) -> list[Any]:
    return list(page.xpath("//a[contains(@class, 'button-spid')]"))


def list_of(page: Any, button: Any) -> Any:
    (found,) = page.xpath(f"//*[@id='{button.get('spid-idp-button').removeprefix('#')}']")
    return found


@pytest.mark.parametrize("path", WITH_BUTTON)
def test_the_button_has_agids_markup_and_leads_to_a_page_without_javascript(browser: Browser, path: str):
    page = page_of(browser.get(path))
    buttons = buttons_of(page)
    assert buttons
    for button in buttons:
        assert {"italia-it-button", "button-spid"} < set(button.get("class").split())
        assert (button.get("aria-haspopup"), button.get("aria-expanded")) == ("true", "false")
        assert button.get("href").startswith("/spid/login")
        assert "idp=" not in button.get("href")
        found = list_of(page, button)
        assert button.get("aria-controls") == found.get("id")
        assert {"spid-idp-button", "spid-idp-button-tip"} < set(found.get("class").split())


def test_the_list_holds_the_providers_and_after_them_the_three_official_links(browser: Browser, services: Services):
    services.card = True
    page = page_of(browser.get("/enti/PM108"))
    for button in buttons_of(page):
        items = list_of(page, button).xpath("./ul[@role='menu']/li/a[@role='menuitem']")
        names = [item.text_content().strip() for item in items]
        assert sorted(names[:-3]) == ["Altro gestore", "Gestore di prova"]
        assert [(name, item.get("href")) for name, item in zip(names[-3:], items[-3:], strict=True)] == [
            ("Maggiori informazioni", "https://www.spid.gov.it"),
            ("Non hai SPID?", "https://www.spid.gov.it/richiedi-spid"),
            ("Serve aiuto?", "https://www.spid.gov.it/serve-aiuto"),
        ]
        chosen = {item.text_content().strip(): item.get("href") for item in items}["Gestore di prova"]
        assert chosen == "/spid/login?entity=PM108&idp=sandbox"
    assert page.xpath("//main//a[contains(@class, 'button-cie')]/@href") == ["/spid/login?entity=PM108&idp=cie"]


def test_no_provider_always_stands_first(browser: Browser):
    orders = set()
    for _ in range(64):
        page = page_of(browser.get("/enti/PM108"))
        orders.add(list_of(page, buttons_of(page)[0]).xpath("string(.//li[1]/a)"))
    assert orders == {"Gestore di prova", "Altro gestore"}


def test_the_list_of_the_login_page_leads_back_to_where_the_person_was_going(browser: Browser):
    page = page_of(browser.get("/spid/login?entity=PM108&return_to=/enti/PM108/carrello"))
    hrefs = list_of(page, buttons_of(page)[0]).xpath(".//li[contains(@class, 'spid-idp-button-link')]/a/@href")
    assert len(hrefs) == 2
    assert all("return_to=%2Fenti%2FPM108%2Fcarrello" in href for href in hrefs)


def test_who_is_logged_in_sees_no_button_and_nobody_is_asked_for_a_list(browser: Browser, services: Services):
    browser.log_in()
    assert buttons_of(page_of(browser.get("/profilo/privacy"))) == []
    assert services.asked(identity.PROVIDERS) == []


def test_without_identity_the_button_is_a_plain_link(browser: Browser, services: Services):
    services.failures["identity"] = Unavailable()
    buttons = buttons_of(page_of(browser.get("/enti/PM108")))
    assert buttons
    assert all(button.get("aria-haspopup") is None and button.get("spid-idp-button") is None for button in buttons)


@pytest.fixture
def visit(settings: Settings, services: Services) -> Visit:
    req = falcon.testing.create_req()
    req.context.correlation_id = "of-this-test"
    return Visit(req, settings, BrowserCookies(settings), services)


def names(ask: Callable[[Visit], Any], visit: Visit) -> list[str]:
    return sorted(one.key for one in ask(visit))


def test_the_list_is_at_most_a_minute_old(visit: Visit, services: Services):
    clock = [0.0]
    providers = IdentityProviders(lambda key: None, clock=lambda: clock[0])
    assert [names(providers.get, visit) for _ in range(3)] == [["altro", "sandbox"]] * 3
    assert len(services.asked(identity.PROVIDERS)) == 1
    clock[0] = 61.0
    services.card = True
    assert names(providers.get, visit) == ["altro", "cie", "sandbox"]


def test_an_identity_out_of_reach_is_asked_again_by_pages_after_ten_seconds_and_by_the_login_at_once(
    visit: Visit, services: Services
):
    clock = [0.0]
    providers = IdentityProviders(lambda key: None, clock=lambda: clock[0])
    assert names(providers.known, visit) == ["altro", "sandbox"]
    clock[0] = 61.0
    services.failures["identity"] = Unavailable()
    assert [providers.known(visit) for _ in range(3)] == [[]] * 3
    assert len(services.asked(identity.PROVIDERS)) == 2
    with pytest.raises(Unavailable):
        providers.get(visit)
    services.failures.clear()
    assert providers.known(visit) == []
    assert names(providers.get, visit) == ["altro", "sandbox"]
    clock[0] = 72.0
    assert names(providers.known, visit) == ["altro", "sandbox"]


def test_no_page_waits_while_another_one_asks_for_the_list(visit: Visit, services: Services):
    clock = [0.0]
    providers = IdentityProviders(lambda key: None, clock=lambda: clock[0])
    assert names(providers.known, visit) == ["altro", "sandbox"]
    clock[0] = 61.0
    meanwhile: list[list[str]] = []
    answer = services.answers["identity.providers"]

    def slowly(asked: Empty) -> Message:
        meanwhile.append(names(providers.known, visit))
        return answer(asked)

    services.answers["identity.providers"] = slowly
    services.card = True
    assert names(providers.known, visit) == ["altro", "cie", "sandbox"]
    assert meanwhile == [["altro", "sandbox"]]
