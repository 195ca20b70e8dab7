"""The doors that are not pages: the node, health, metrics, static files."""

import hashlib
from base64 import b64encode
from http import HTTPStatus
from pathlib import Path

import pytest

from contracts.errors import Unavailable
from contracts.rpc import payments
from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.gateway_browser import Browser
from tests.unit.gateway.gateway_services import Services

SOAP = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"paVerifyPaymentNotice"'}
ENVELOPE = '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope>è</soapenv:Envelope>'.encode()


def test_the_nodes_envelope_goes_to_payments_and_the_answer_comes_back_as_xml(browser: Browser, services: Services):
    answer = browser.request("POST", "/pagopa/pa-for-node", headers=SOAP, body=ENVELOPE)
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.text.startswith("<answer>")
    assert services.asked(payments.PA_FOR_NODE) == [
        payments.NodeRequest(soap_action="paVerifyPaymentNotice", envelope=ENVELOPE.decode())
    ]


def test_payments_out_of_reach_makes_the_node_try_again(browser: Browser, services: Services):
    services.failures["payments"] = Unavailable()
    answer = browser.request("POST", "/pagopa/pa-for-node", headers=SOAP, body=ENVELOPE)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.text == "service_unavailable\n"


def test_an_envelope_beyond_the_limit_never_reaches_payments(browser: Browser, services: Services):
    answer = browser.request("POST", "/pagopa/pa-for-node", headers=SOAP, body=b"x" * (512 * 1024 + 1))
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert services.calls == []


@pytest.mark.parametrize(
    ("allowed", "proxies", "forwarded", "status"),
    [
        ("10.0.0.0/8", "", None, HTTPStatus.FORBIDDEN),
        ("127.0.0.1/32", "", None, HTTPStatus.OK),
        ("10.0.0.0/8", "", "10.1.2.3", HTTPStatus.FORBIDDEN),
        ("10.0.0.0/8", "127.0.0.1/32", "10.1.2.3", HTTPStatus.OK),
        ("10.0.0.0/8", "127.0.0.1/32", "10.1.2.3, 203.0.113.9", HTTPStatus.FORBIDDEN),
        ("10.0.0.0/8", "127.0.0.1/32", "not an address", HTTPStatus.FORBIDDEN),
    ],
)
def test_only_the_nodes_networks_get_in(
    settings: Settings,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    allowed: str,
    proxies: str,
    forwarded: str | None,
    status: HTTPStatus,
):
    monkeypatch.setenv("NODE_ALLOWED_NETWORKS", allowed)
    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    browser = Browser(create_app(Settings.load(), services))
    headers = SOAP | ({"X-Forwarded-For": forwarded} if forwarded else {})
    assert browser.request("POST", "/pagopa/pa-for-node", headers=headers, body=ENVELOPE).status_code == status


CERTIFICATE = b"der of the node's certificate"
PINNED = hashlib.sha256(CERTIFICATE).hexdigest()
TOLD = f":{b64encode(CERTIFICATE).decode()}:"


@pytest.mark.parametrize(
    ("pinned", "proxies", "told", "status"),
    [
        ("", "", None, HTTPStatus.OK),
        (PINNED, "127.0.0.1/32", TOLD, HTTPStatus.OK),
        (PINNED.upper(), "127.0.0.1/32", TOLD, HTTPStatus.OK),
        (f"{'0' * 64},{PINNED}", "127.0.0.1/32", TOLD, HTTPStatus.OK),
        (PINNED, "127.0.0.1/32", None, HTTPStatus.FORBIDDEN),
        (PINNED, "127.0.0.1/32", "::", HTTPStatus.FORBIDDEN),
        (PINNED, "127.0.0.1/32", ":%%%:", HTTPStatus.FORBIDDEN),
        (PINNED, "127.0.0.1/32", TOLD.strip(":"), HTTPStatus.FORBIDDEN),
        (PINNED, "127.0.0.1/32", f":{b64encode(b'another').decode()}:", HTTPStatus.FORBIDDEN),
        (PINNED, "", TOLD, HTTPStatus.FORBIDDEN),
        (PINNED, "10.0.0.0/8", TOLD, HTTPStatus.FORBIDDEN),
    ],
)
def test_only_a_pinned_certificate_told_by_a_trusted_proxy_gets_in(
    settings: Settings,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    pinned: str,
    proxies: str,
    told: str | None,
    status: HTTPStatus,
):
    monkeypatch.setenv("NODE_CLIENT_CERTIFICATES", pinned)
    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    monkeypatch.setenv("NODE_ALLOWED_NETWORKS", "127.0.0.1/32")
    browser = Browser(create_app(Settings.load(), services))
    headers = SOAP | ({"Client-Cert": told} if told else {})
    assert browser.request("POST", "/pagopa/pa-for-node", headers=headers, body=ENVELOPE).status_code == status
    assert bool(services.asked(payments.PA_FOR_NODE)) == (status == HTTPStatus.OK)


def test_health_names_the_part_that_is_down_and_recovers(browser: Browser, services: Services):
    assert browser.get("/status/live").json == {"status": "live"}
    assert browser.get("/status/ready").json["status"] == "ready"
    services.failures["payments"] = Unavailable()
    answer = browser.get("/status/ready")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json["parts"]["payments"] == {"status": "down", "code": "service_unavailable"}
    assert answer.json["parts"]["identity"]["status"] == "up"
    services.failures.clear()
    assert browser.get("/status/ready").status_code == HTTPStatus.OK


def test_metrics_count_by_route_and_are_for_the_monitoring_network(
    browser: Browser, services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    browser.get("/enti/PM108")
    assert 'gateway_requests_total{method="GET",route="/enti/{entity}",status="200"}' in browser.get("/metrics").text
    monkeypatch.setenv("METRICS_ALLOWED_NETWORKS", "10.0.0.0/8")
    closed = Browser(create_app(Settings.load(), services))
    assert closed.get("/metrics").status_code == HTTPStatus.FORBIDDEN


def test_own_files_are_cached_for_ever_under_their_version(browser: Browser):
    page = browser.get("/enti/PM108").text
    address = page.split('href="/static/portal/css/portal.css')[1].split('"')[0]
    versioned = browser.get(f"/static/portal/css/portal.css{address}")
    assert versioned.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert versioned.headers["content-type"] == "text/css; charset=utf-8"
    plain = browser.get("/static/portal/css/portal.css")
    assert plain.headers["cache-control"] == "public, max-age=86400"
    etag = plain.headers["etag"]
    unchanged = browser.request("GET", "/static/portal/css/portal.css", headers={"If-None-Match": etag})
    assert unchanged.status_code == HTTPStatus.NOT_MODIFIED
    compressed = browser.request("GET", "/static/portal/css/portal.css", headers={"Accept-Encoding": "gzip, br"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert len(compressed.content) < len(plain.content)


@pytest.mark.parametrize(
    "name",
    [
        "portal/../../settings.py",
        "portal/%2e%2e/%2e%2e/settings.py",
        "portal/css",
        "portal/",
        "elsewhere/css/portal.css",
        "bootstrap-italia/../../../requirements/chassis.in",
    ],
)
def test_nothing_outside_the_folders_is_served(browser: Browser, name: str):
    assert browser.get(f"/static/{name}").status_code == HTTPStatus.NOT_FOUND


def test_the_design_system_is_served_from_where_the_settings_say(
    services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    sprite = tmp_path / "bootstrap-italia" / "svg" / "sprites.svg"
    sprite.parent.mkdir(parents=True)
    sprite.write_text("<svg/>", encoding="utf-8")
    monkeypatch.setenv("STATIC_DIR", str(tmp_path))
    browser = Browser(create_app(Settings.load(), services))
    assert browser.get("/static/bootstrap-italia/svg/sprites.svg").content == b"<svg/>"
    assert "/static/bootstrap-italia/svg/sprites.svg?v=" in browser.get("/enti/PM108").text
