"""Every page is well made: one language, one heading, labelled fields, no inline code, no script needed."""

from typing import Any
from uuid import UUID

import pytest

from tests.unit.gateway.gateway_browser import Browser, page_of
from tests.unit.gateway.gateway_services import CITIZEN_ID, Services, make_practice

PUBLIC = (
    "/",
    "/enti/PM108",
    "/enti/PM108/risultati",
    "/enti/PM108/inserimento",
    "/enti/PM108/inserimento/CONTRIB_ST",
    "/enti/PM108/carrello",
    "/spid/login?entity=PM108",
    "/informativa-privacy",
    "/accessibilita",
    "/made/up",
)
PERSONAL = (
    "/enti/PM108/pratiche",
    "/enti/PM108/storico",
    f"/enti/PM108/pratiche/{UUID(int=1)}",
    "/enti/PM108/inserimento/BOLLO_IT",
    "/enti/PM108/inserimento/CONTRIB_IT",
    "/enti/PM108/carrello",
    f"/enti/PM108/esito/{UUID(int=7)}",
    "/profilo/privacy",
)
CASES = [(path, "visitor") for path in PUBLIC] + [(path, "citizen") for path in PERSONAL]


@pytest.fixture(name="pages")
def _pages(browser: Browser, services: Services):
    paid = make_practice(2, state="paid", payable=False, not_payable_code="practice_paid")
    services.add(make_practice(1), paid, make_practice(3, overdue=True))
    services.cart = [UUID(int=1), UUID(int=2)]
    checkout = services.make_checkout([UUID(int=1)], f"citizen:{CITIZEN_ID}", returned="ok")
    services.checkouts[UUID(int=7)] = checkout
    browser.submit("/enti/PM108/ricerca", notice_number=make_practice(1).notice_number)

    def open_page(path: str, who: str) -> Any:
        if who == "citizen":
            browser.log_in()
        return page_of(browser.get(path))

    return open_page


@pytest.mark.parametrize(("path", "who"), CASES)
def test_a_page_is_made_for_everybody(pages: Any, path: str, who: str):
    page = pages(path, who)
    assert page.get("lang") == "it"
    assert page.xpath("//title")[0].text_content().strip(" –")
    assert len(page.xpath("//h1")) == 1
    assert len(page.xpath("//main")) == 1
    (skip,) = page.xpath("//a[@href='#contenuto']")
    assert page.xpath("//*[@id='contenuto']")
    assert skip.getparent().getprevious() is None, "the skip link comes first"
    for control in page.xpath("//input[not(@type='hidden')]"):
        assert page.xpath(f"//label[@for='{control.get('id')}']"), control.get("name")
    for described in page.xpath("//*[@aria-describedby or @aria-labelledby]"):
        for reference in (described.get("aria-describedby") or described.get("aria-labelledby")).split():
            assert page.xpath(f"//*[@id='{reference}']"), reference
    for image in page.xpath("//img"):
        assert image.get("alt") is not None
    for button in page.xpath("//button | //summary | //a"):
        assert button.text_content().strip(), "everything one can press has a name"


@pytest.mark.parametrize(("path", "who"), CASES)
def test_a_page_holds_no_inline_code_and_unique_ids(pages: Any, path: str, who: str):
    page = pages(path, who)
    assert not page.xpath("//*[@style] | //style | //script[not(@src)]")
    assert not page.xpath("//@*[starts-with(name(), 'on')] | //a[starts-with(@href, 'javascript')]")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for form in page.xpath("//form[@method='post']"):
        assert form.xpath(".//input[@name='csrf_token']"), form.get("action")


def test_a_row_of_the_list_keeps_its_meaning_when_it_becomes_a_card(pages: Any):
    page = pages("/enti/PM108/pratiche", "citizen")
    assert page.xpath("//table[@role='table']")
    for cell in page.xpath("//tbody//td[not(contains(@class, 'portal-table__actions'))]"):
        assert cell.get("role") == "cell"
        assert cell.get("data-label")
    assert page.xpath("//nav//a[@aria-current='page']")[0].text_content() == "Pratiche associate"
