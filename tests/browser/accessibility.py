"""axe-core over every page that the browser tests reach: WCAG 2.0 to 2.2, levels A and AA, and axe's best practices.

A state is a page as somebody finds it. It is looked at on a screen and on a telephone, and in both languages where a
reload brings the same page again.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Page

ROOT: Final = Path(__file__).resolve().parents[2]
AXE: Final = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS: Final = (1280, 390)
HEIGHT: Final = 900
LANGUAGES: Final = ("it", "en")
OPTIONS: Final[dict[str, Any]] = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    },
    # Off by default, though WCAG 2.2 AA demands it.
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
_RUN: Final = """async (options) => (await axe.run(document, options)).violations.map((found) => ({
  rule: found.id,
  help: found.help,
  where: found.nodes.map((node) => `${node.target.flat().join(" ")}  ${node.html.slice(0, 160)}`),
}))"""
_GLUED: Final = """() => [...document.querySelectorAll("p, li, dd")].flatMap(
  (one) => one.innerText.match(/\\S*[a-zàèéìòù][.!?][A-ZÀÈÉÌÒÙ][a-zàèéìòù]\\S*/gu) ?? []
)"""
"""Sentences with no space between them, which a template makes of two lines."""


@cache
def _script() -> str:
    return AXE.read_text(encoding="utf-8")


@contextmanager
def _with_scripts(page: Page) -> Iterator[Page]:
    """The page itself, or a copy of what is shown of it where its browser runs no scripts, which axe needs."""
    if page.evaluate("() => matchMedia('(scripting: enabled)').matches"):
        yield page
        return
    browser = page.context.browser
    assert browser is not None
    shown = page.content().replace("<noscript>", "<div>").replace("</noscript>", "</div>")
    context = browser.new_context()
    try:
        copy = context.new_page()
        copy.route(page.url, lambda route: route.fulfill(body=re.sub(r"<script[^>]*></script>", "", shown)))
        copy.goto(page.url)
        yield copy
    finally:
        context.close()


@dataclass(frozen=True)
class View:
    """A state as one person sees it."""

    state: str
    language: str
    width: int


@dataclass
class Audit:
    """What axe found in every view, and the addresses that were looked at."""

    found: dict[View, list[dict[str, Any]]] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)

    def look(self, page: Page, state: str, widths: Sequence[int] = WIDTHS) -> None:
        """Have axe look at the page as it is, on a screen and on a telephone."""
        self.paths.add(urlsplit(page.url).path)
        language = page.locator("html").get_attribute("lang") or ""
        with _with_scripts(page) as shown:
            before = shown.viewport_size
            shown.evaluate(_script())
            for width in widths:
                shown.set_viewport_size({"width": width, "height": HEIGHT})
                self.found[View(state, language, width)] = shown.evaluate(_RUN, OPTIONS)
                if glued := shown.evaluate(_GLUED):
                    told = {"rule": "sentences", "help": "a space between sentences", "where": glued}
                    self.found[View(state, language, width)].append(told)
            if before:
                shown.set_viewport_size(before)

    def look_in_both_languages(self, page: Page, state: str) -> None:
        """The same after a reload in each language: only for pages that a reload brings again."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        for language in reversed(LANGUAGES):
            page.context.add_cookies([{"name": "lang", "value": language, "url": origin}])
            page.reload()
            self.look(page, state)

    def problems_of(self, state: str) -> list[str]:
        """What was found in a state, a line for each rule and view."""
        return [
            f"{view.state} {view.language} {view.width}: {one['rule']} ({one['help']}) at {one['where'][:5]}"
            for view, found in self.found.items()
            if view.state == state
            for one in found
        ]

    def table(self) -> list[str]:
        """A line for each state: how many views, and how many violations of which rules."""
        states = sorted({view.state for view in self.found})
        lines = [f"{len(states)} page states, {len(self.found)} views (language and width) by axe-core"]
        for state in states:
            views = {view: found for view, found in self.found.items() if view.state == state}
            rules = Counter(one["rule"] for found in views.values() for one in found)
            told = ", ".join(f"{rule} in {count}" for rule, count in sorted(rules.items()))
            lines.append(f"{state:<40} {len(views):>3} views  {sum(rules.values()):>3} violations  {told}".rstrip())
        return lines
