"""A citizen's lists in a browser: plans that open, filters without a script, what fits on a telephone."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.test_browser_journey import DEBT, log_in, register
from tests.browser.test_browser_phone import ROW_MAX_PX

OpenBrowser = Callable[..., Page]
Look = Callable[[Page, str], None]
SOON = date.today() + timedelta(days=10)  # noqa: DTZ011 -- days to spare on both sides


@pytest.fixture(scope="module")
def mark(portal: Portal) -> str:
    """A plan of three instalments of Luca's, and a debt beside it; by what stands in their causali."""
    mark = uuid4().hex[:8]
    citizen: dict[str, Any] = {**DEBT, "fiscal_code": "VRDLCU99L14A662K", "full_name": "Verdi Luca"}
    for number in (1, 2, 3):
        portal.put_debt(
            f"PIANO-{mark}-{number}",
            **citizen
            | {
                "description": f"Retta di frequenza {mark} - Verdi Anna Maria - Flauto traverso",
                "amount_cents": 10_000 * number,
                "due_date": (SOON + timedelta(days=60 * number)).isoformat(),
                "instalment": {"number": number, "total": 3},
            },
        )
    portal.put_debt(
        f"SOLA-{mark}",
        **citizen | {"description": f"Iscrizione {mark}", "amount_cents": 999_900, "due_date": SOON.isoformat()},
    )
    return mark


@pytest.mark.parametrize(("width", "locale"), [(390, "it-IT"), (1280, "it-IT"), (390, "en-GB"), (1280, "en-GB")])
def test_a_plan_opens_and_the_list_is_narrowed_without_a_script(
    portal: Portal, open_browser: OpenBrowser, look: Look, mark: str, width: int, locale: str
) -> None:
    page = open_browser(width=width, locale="it-IT")
    log_in(page, portal, "Luca Verdi")
    register(page)
    page.goto(f"{portal.url}/lingua/{locale[:2]}?return_to=/enti/PM108/pratiche?stato=tutte")
    first = page.locator("tr.portal-table__first", has_text=mark)
    plan = page.locator("tr.portal-table__first + tr.portal-table__plan").filter(has_text=mark)
    together = sum(box["height"] for one in (first, plan) if (box := one.bounding_box()))
    if width < 992:
        assert together <= ROW_MAX_PX
    plan.locator("summary").press("Enter")
    expect(plan.locator("li")).to_have_count(3)
    page.locator(".portal-filters summary").press("Enter")
    look(page, f"elenco-{width}-{locale[:2]}")
    page.locator("#testo").fill(f"iscrizione {mark}")
    page.locator(".portal-filters button[type=submit]").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert mark not in page.url
    look(page, f"elenco-trovato-{width}-{locale[:2]}")
    page.goto(f"{portal.url}/enti/PM108/storico?anno={date.today().year}")  # noqa: DTZ011
    look(page, f"storico-{width}-{locale[:2]}")


def test_filters_work_without_a_script_and_are_remembered(portal: Portal, open_browser: OpenBrowser, mark: str) -> None:
    scripted = open_browser()
    log_in(scripted, portal, "Luca Verdi")
    register(scripted)
    page = open_browser(javascript=False)
    page.context.add_cookies([{**one} for one in scripted.context.cookies()])  # type: ignore[typeddict-item]  # -- as read
    page.goto(f"{portal.url}/enti/PM108/pratiche?stato=tutte")
    page.locator(".portal-filters summary").click()
    page.locator("#ordine").select_option("importo")
    page.locator(".portal-filters button[type=submit]").click()
    expect(page.locator("tbody tr").first).to_contain_text(f"Iscrizione {mark}")
    page.goto(f"{portal.url}/enti/PM108/pratiche")
    expect(page.locator("#ordine")).to_have_value("importo")


@pytest.mark.parametrize("width", [390, 1280])
def test_an_insertion_without_login_ends_with_a_link_back_to_it(
    portal: Portal, open_browser: OpenBrowser, look: Look, width: int
) -> None:
    page = open_browser(width=width)
    page.goto(f"{portal.url}/enti/PM108/inserimento/CONTRIB_ST?importo=120,00")
    page.locator("input[name=anonymous]").check()
    for name in ("full_name", "course", "school", "contribution_type"):
        page.locator(f"input[name={name}]").fill(f"Prova {name}")
    page.locator("main form button[type=submit]").last.click()
    address = page.locator("#link-privato .portal-address a").inner_text()
    look(page, f"link-privato-{width}")
    other = open_browser(width=width)
    other.goto(address)
    assert address not in other.content()
    expect(other.locator("tbody tr")).to_have_count(1)
    look(other, f"link-privato-aperto-{width}")
    other.get_by_role("button", name="Revoca il link privato").click()
    expect(other.locator(".portal-announcement")).to_contain_text("revocato")
