"""What the log says of who did what: API keys by name, and clients that were refused by address."""

import hashlib
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.gateway_browser import Browser
from tests.unit.gateway.gateway_services import FISCAL_CODE, Services

KEY = "k" * 43
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(name="portal")
def make_portal(settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Browser:
    row = {
        "sha256": hashlib.sha256(KEY.encode()).hexdigest(),
        "entity_code": "PM108",
        "scopes": ["payments:read"],
        "name": "gestionale della segreteria",
    }
    file = tmp_path / "keys.json"
    file.write_text(json.dumps([row]))
    monkeypatch.setenv("API_KEYS_FILE", str(file))
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1/32")
    monkeypatch.setenv("LOGIN_RATE", "1/minute")
    return Browser(create_app(Settings.load(), services))


def lines_of(browser: Browser, *asked: Any, **headers: str) -> list[Any]:
    method, path, body = asked
    with structlog.testing.capture_logs() as lines:
        browser.request(method, path, headers={"X-Forwarded-For": "198.51.100.7", **headers}, body=body)
    return lines


def test_the_log_says_which_api_key_did_what(portal: Browser):
    lines = lines_of(portal, "GET", "/api/v1/creditors/PM108/payments", "", Authorization=f"Bearer {KEY}")
    [request] = [line for line in lines if line["event"] == "request"]
    assert request["api_key"] == "gestionale della segreteria"
    assert request["api_key_entity"] == "PM108"
    assert request["route"] == "/api/v1/creditors/{entity}/payments"
    assert KEY not in str(lines)


@pytest.mark.parametrize(
    ("method", "path", "headers", "code"),
    [
        ("GET", "/api/v1/creditors/PM108/payments", {"Authorization": "Bearer nobodys-key"}, "api_key_invalid"),
        ("GET", "/api/v1/creditors/PM108/payments", {}, "api_key_invalid"),
        ("GET", "/api/v1/creditors/PM999/payments", {"X-Api-Key": KEY}, "scope_missing"),
        ("GET", "/api/v1/events", {"X-Api-Key": KEY}, "scope_missing"),
        ("POST", "/enti/PM108/ricerca", FORM, "csrf_failed"),
        ("POST", "/api/v1/checkouts", {"Origin": "https://evil.example"}, "csrf_failed"),
        ("POST", "/pagopa/pa-for-node", {"Content-Type": "text/xml"}, "invalid_request"),
        ("GET", "/metrics", {}, "invalid_request"),
        ("GET", "/enti/PM108?x=%00", {}, "invalid_request"),
        ("GET", "/enti/PM%00", {}, "not_found"),
    ],
)
def test_what_was_refused_is_logged_with_the_clients_address(
    portal: Browser, method: str, path: str, headers: dict[str, str], code: str
):
    lines = lines_of(
        portal, method, path, f"csrf_token=x&fiscal_code={FISCAL_CODE}" if method == "POST" else "", **headers
    )
    [refused] = [line for line in lines if line["event"] == "refused"]
    assert (refused["code"], refused["client"], refused["log_level"]) == (code, "198.51.100.7", "warning")
    for private in (FISCAL_CODE, KEY, "nobodys-key"):
        assert private not in str(lines)


def test_a_rate_that_is_used_up_is_logged_with_the_clients_address(portal: Browser):
    lines_of(portal, "GET", "/spid/login?idp=sandbox", "")
    lines = lines_of(portal, "GET", "/spid/login?idp=sandbox", "")
    assert [(line["code"], line["status"]) for line in lines if line["event"] == "refused"] == [
        ("too_many_requests", HTTPStatus.TOO_MANY_REQUESTS)
    ]


def test_an_ordinary_mistake_names_no_address(portal: Browser):
    for path in ("/made/up", "/api/v1/me", "/enti/PM108/pratiche"):
        assert "198.51.100.7" not in str(lines_of(portal, "GET", path, ""))
