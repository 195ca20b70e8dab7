"""A running copy of the embedded system, and a real Chromium looking at it.

portal        the copy: `.url`, `.spid_url`, `.pagopa_url`, `.post_debt(...)`; one per session.
open_browser  a factory: `open_browser(width=390, javascript=False, locale="en-GB")` -> Page. Every page it shows is
              watched: a console error, a blocked resource or an answer of 5xx fails the test when it ends.
look          `look(page, "name")` keeps a screenshot under build/screenshots/, checks that nothing sticks out, and has
              axe-core look at the page. What it found in all states stands in a table at the end of the run.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.accessibility import Audit

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
READY_WITHIN_S = 60
# All tests come from one address, so no rate limits.
PACE = dict.fromkeys(("SEARCH_RATE", "LOGIN_RATE", "INSERTION_RATE", "CHECKOUT_RATE", "EMAIL_RATE"), "10000/minute")
AUDIT = Audit()
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Portal:
    """A running copy, as a citizen and as the entity's software reach it."""

    url: str
    spid_url: str
    pagopa_url: str
    mail_url: str
    api_key: str
    home: Path

    def put_debt(self, external_id: str, **debt: Any) -> dict[str, Any]:
        """Put a debt as the entity's software does, and return it."""
        reply = requests.put(
            f"{self.url}/api/v1/creditors/PM108/debts/{external_id}",
            json=debt,
            headers={"Authorization": f"Bearer {self.api_key}"},
            timeout=10,
        )
        assert reply.ok, reply.text
        practice: dict[str, Any] = reply.json()
        return practice


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    home = tmp_path_factory.mktemp("home")
    port, spid_port, pagopa_port, mail_port = free_ports(4)
    command = [sys.executable, "-m", "dev.cli", "up", "--home", str(home), "--port", str(port)]
    command += ["--spid-port", str(spid_port), "--pagopa-port", str(pagopa_port), "--mail-port", str(mail_port)]
    clean = {name: value for name, value in os.environ.items() if name not in {"AMQP_URL", "DATABASE_URL"}}
    with (home / "up.txt").open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env={**clean, **PACE}, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_for_banner(process, home / "up.txt")
        yield Portal(
            f"http://localhost:{port}",
            f"http://localhost:{spid_port}",
            f"http://localhost:{pagopa_port}",
            f"http://localhost:{mail_port}",
            json.loads((home / "secrets.json").read_text())["api_key"],
            home,
        )
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0, (home / "up.txt").read_text()


def _wait_for_banner(process: "subprocess.Popen[bytes]", printed: Path) -> None:
    ends_at = time.monotonic() + READY_WITHIN_S
    while "The portal is up." not in printed.read_text():
        assert process.poll() is None, printed.read_text()
        assert time.monotonic() < ends_at, f"not ready within {READY_WITHIN_S} s: {printed.read_text()}"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.fail("no chromium on the PATH: ./portal test installs it, or names the package")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[Callable[..., Page]]:
    problems: list[str] = []
    contexts = []

    def open_page(*, width: int = 1280, javascript: bool = True, locale: str = "it-IT") -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=javascript, locale=locale
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        _watch(page, problems)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def _watch(page: Page, problems: list[str]) -> None:
    def on_console(message: Any) -> None:
        # Chromium logs each 4xx answer as an error; those are asserted where they are meant.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            problems.append(f"console at {page.url}: {message.text[:200]}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(f"script at {page.url}: {error}"))
    page.on(
        "response", lambda answer: problems.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None
    )


@pytest.fixture
def make_desk(portal: Portal, open_browser: Callable[..., Page], audit: Audit) -> Iterator[Callable[..., Any]]:
    """Make desks of operators; what axe found at any of them fails the test when it ends."""
    from tests.browser.office_desk import Desk

    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    made: list[Desk] = []

    def make(**options: bool) -> Desk:
        made.append(Desk(portal, open_browser(**options), audit))
        return made[-1]

    yield make
    assert [problem for desk in made for problem in desk.problems()] == []


@pytest.fixture
def audit() -> Audit:
    """Axe, with all that it has found since the run began."""
    return AUDIT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what axe found, state by state."""
    if AUDIT.found:
        terminalreporter.section("accessibility")
        for line in AUDIT.table():
            terminalreporter.write_line(line)


@pytest.fixture
def look(audit: Audit) -> Callable[[Page, str], None]:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        page.wait_for_load_state("load")
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)
        if page.evaluate("() => true"):
            sticking_out = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
            assert sticking_out <= 0, f"{name}: the page is {sticking_out} px wider than the screen"
        assert page.locator("html").get_attribute("lang") in {"it", "en"}
        assert page.locator("h1").count() == 1, f"{name}: a page has one h1"
        audit.look(page, name, (width,))
        assert audit.problems_of(name) == []

    return keep
