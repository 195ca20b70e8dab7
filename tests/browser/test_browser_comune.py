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


def test_meals_are_topped_up_at_the_comune(walk: Walk, look: Callable[[Page, str], None]) -> None:
    page = walk.page
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
    walk.send(
        "main form.portal-card", full_name="Rossi Sofia", course="2B", school="Primaria", contribution_type="Mensa"
    )
    walk.here("comune, mensa senza importo")
    walk.in_italian()
    page.goto(f"{walk.portal.url}/enti/BORGO/inserimento/MENSA")
    page.get_by_label("20 pasti").check()
    walk.send(
        "main form.portal-card", full_name="Rossi Sofia", course="2B", school="Primaria", contribution_type="Mensa"
    )
    expect(page.locator("main")).to_contain_text("90,00")
    walk.here("comune, pratiche")
    look(page, "comune, pratiche")
