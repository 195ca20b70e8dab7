"""On a telephone: short rows with amount and Paga first, targets a finger hits, mistakes in red."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Portal
from tests.browser.test_browser_journey import DEBT, log_in, register

OpenBrowser = Callable[..., Page]
Look = Callable[[Page, str], None]
ROW_MAX_PX = 200
TARGET_MIN_PX = 24
# Links in the flow of a sentence are excepted, as in WCAG 2.5.8; so is what is off the screen until it has focus.
_SMALL_TARGETS = """(least) => [...document.querySelectorAll("a, button, summary, input:not([type=hidden]), select")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".skiplinks"))
  .filter((one) => {
    const words = [...one.parentElement.childNodes].some((near) => near.nodeType === 3 && near.textContent.trim());
    return !(getComputedStyle(one).display === "inline" && words);
  })
  .map((one) => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
  .filter(([, box]) => box.height && (box.height < least || box.width < least))
  .map(([html, box]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${html}`)"""


@pytest.fixture(scope="module")
def reference(portal: Portal) -> str:
    """The entity's own reference of a practice with long texts, late and in instalments."""
    reference = f"RETTA-2026/{uuid4().hex[:8].upper()}-ISTITUTO-COMPRENSIVO"
    changes: dict[str, Any] = {
        "fiscal_code": "VRDLCU99L14A662K",
        "full_name": "Verdi Luca Maria Giovanni Battista",
        "description": "Retta di frequenza del secondo quadrimestre - Verdi Anna Maria - Flauto traverso, propedeutico",
        "due_date": "2026-01-31",
        "amount_cents": 123_456,
    }
    portal.put_debt(reference.replace("/", "-"), **DEBT | changes)
    return reference.replace("/", "-")


def open_list(portal: Portal, page: Page) -> None:
    log_in(page, portal, "Luca Verdi")
    register(page)
    page.goto(f"{portal.url}/enti/PM108/pratiche")


@pytest.mark.parametrize("width", [360, 390])
def test_a_row_is_at_most_200_px_high_with_amount_and_paga_first(
    portal: Portal, open_browser: OpenBrowser, look: Look, reference: str, width: int
) -> None:
    page = open_browser(width=width)
    open_list(portal, page)
    look(page, "telefono-pratiche")
    rows = page.locator("tbody tr").all()
    assert rows
    for row in rows:
        box = row.bounding_box()
        assert box is not None
        assert box["height"] <= ROW_MAX_PX, row.inner_text()
    row = page.locator("tbody tr", has_text=reference).first
    tops = {}
    for name in ("amount", "actions", "what", "state", "made", "service", "reference"):
        box = row.locator(f".portal-table__{name}").bounding_box()
        assert box is not None
        tops[name] = box["y"]
    assert max(tops["amount"], tops["actions"]) < min(
        top for name, top in tops.items() if name not in ("amount", "actions")
    )
    assert row.get_by_role("button", name="Paga").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_entitys_own_reference_does_not_break(
    portal: Portal, open_browser: OpenBrowser, reference: str, width: int
) -> None:
    page = open_browser(width=width)
    open_list(portal, page)
    shown = page.locator(".portal-reference", has_text=reference).first
    lines = shown.evaluate("(one) => one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight)")
    assert lines < 1.5
    assert shown.get_attribute("title") == reference


@pytest.mark.parametrize("width", [390, 1280])
def test_targets_are_at_least_24_px(portal: Portal, open_browser: OpenBrowser, reference: str, width: int) -> None:
    page = open_browser(width=width)
    open_list(portal, page)
    small: dict[str, list[str]] = {}
    for path in ("/enti/PM108/pratiche", "/enti/PM108", "/", "/enti/PM108/inserimento/CONTRIB_IT", "/profilo/privacy"):
        page.goto(f"{portal.url}{path}")
        small[path] = page.evaluate(_SMALL_TARGETS, TARGET_MIN_PX)
    page.goto(f"{portal.url}/enti/PM108/pratiche")
    page.locator("tbody tr", has_text=reference).first.locator(".portal-table__what a").click()
    small["practice"] = page.evaluate(_SMALL_TARGETS, TARGET_MIN_PX)
    assert [f"{path}: {one}" for path, found in small.items() for one in found] == []


def test_the_box_of_mistakes_is_red(portal: Portal, open_browser: OpenBrowser, look: Look) -> None:
    page = open_browser(width=390)
    page.goto(f"{portal.url}/enti/PM108")
    page.locator("main form button[type=submit]").first.click()
    box = page.locator(".portal-errors")
    look(page, "telefono-errori")
    colours = box.evaluate(
        "(one) => { const s = getComputedStyle(one); return [s.borderTopColor, s.backgroundColor]; }"
    )
    for colour in colours:
        red, green, blue = (int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))
        assert red > green + 10
        assert red > blue + 5
