"""The second entity of the sandbox, a comune: its colours, its contacts, its amounts to choose from."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import Audit
from tests.browser.conftest import Portal
from tests.browser.test_browser_accessibility import Walk
from tests.browser.test_browser_journey import log_in, register


@pytest.fixture
def walk(portal: Portal, open_browser: Callable[..., Page], audit: Audit) -> Iterator[Walk]:
    walk = Walk(portal, open_browser(), audit)
    yield walk
    assert walk.problems() == []


def test_meals_are_topped_up_at_the_comune(
    walk: Walk, open_browser: Callable[..., Page], look: Callable[[Page, str], None]
) -> None:
    page, phone = walk.page, open_browser(width=390, locale="en-GB")
    phone.goto(f"{walk.portal.url}/enti/BORGO/inserimento")
    look(phone, "comune, telefono")
    walk.at("/enti/BORGO", "comune")
    expect(page.locator("footer")).to_contain_text("+39 06 0000 0000")
    header = page.locator(".portal-center").evaluate("one => getComputedStyle(one).backgroundColor")
    assert header == "rgb(27, 107, 58)"
    look(page, "comune")
    walk.at("/enti/BORGO/inserimento", "comune, servizi")
    walk.in_italian()
    log_in(page, walk.portal, "Giulia Bianchi")
    register(page)
    walk.at("/enti/BORGO/inserimento/MENSA", "comune, mensa")
    look(page, "comune, mensa")
    assert "Studente" not in page.locator("main").inner_text()
    walk.send("main form.portal-card", campo_alunno="Rossi Sofia", campo_cf_alunno="RSSSFO")
    walk.here("comune, mensa senza importo né scuola")
    look(page, "comune, mensa con errori")
    walk.in_italian()
    page.goto(f"{walk.portal.url}/enti/BORGO/inserimento/MENSA")
    page.get_by_label("20 pasti").check()
    page.get_by_label("Scuola").select_option("PRIMARIA")
    walk.send("main form.portal-card", campo_alunno="Rossi Sofia")
    expect(page.locator("main")).to_contain_text("90,00")
    expect(page.locator("main")).to_contain_text("Mensa scolastica - Rossi Sofia - Primaria Montessori")
    walk.here("comune, pratiche")
    look(page, "comune, pratiche")
