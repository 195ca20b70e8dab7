"""What keeps forms, pages and personal data to their owner."""

import re
from http import HTTPStatus
from typing import Any
from uuid import UUID

import falcon
import falcon.inspect
import falcon.testing
import pytest
import structlog.testing
from environs import EnvError

from contracts.errors import Broken, Unavailable
from contracts.rpc import practices
from gateway.app import create_app
from gateway.catalogue import EntityCatalogue
from gateway.pagopa import OPTIONS_PATH
from gateway.settings import Settings
from gateway.visit import Visit
from gateway.visitors import BrowserCookies
from tests.unit.gateway.gateway_browser import Browser, text_of
from tests.unit.gateway.gateway_services import FISCAL_CODE, Services, make_practice

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FILE_FORMS = ("/carica-flusso", "/catalogo/logo")
SIGNED_BY_OTHERS = {"/spid/acs", "/spid/slo", "/pagopa/pa-for-node", OPTIONS_PATH}


def post_addresses(app: falcon.App[Any, Any]) -> list[str]:
    """Every address of the pages that takes a POST of our own forms, filled in."""
    filled = {r"\{entity\}": "PM108", r"\{service\}": "BOLLO_IT", r"\{day\}": "2026-11-20"}
    filled |= {r"\{\w+:uuid\}": str(UUID(int=1)), r"\{\w+:int[^}]*\}": "1", r"\{\w+\}": "TARI"}
    addresses = []
    for route in falcon.inspect.inspect_routes(app):
        if route.path in SIGNED_BY_OTHERS or route.path.startswith("/api/"):
            continue
        if any(method.method == "POST" and not method.internal for method in route.methods):
            path = route.path
            for pattern, value in filled.items():
                path = re.sub(pattern, value, path)
            addresses.append(path)
    return addresses


def test_no_form_is_taken_without_the_token_of_this_browser(settings: Settings, services: Services):
    app = create_app(settings, services)
    services.add(make_practice(1))
    addresses = post_addresses(app)
    assert len(addresses) >= 10
    for path in addresses:
        browser, other = Browser(app), Browser(app)
        browser.log_in()
        browser.get("/enti/PM108")
        for body in ("", "csrf_token=", "csrf_token=%C3%A8", f"csrf_token={other.token()}"):
            calls_before = len(services.calls)
            answer = browser.request("POST", path, headers=FORM, body=body)
            # What comes with a file is no form at all where there is none.
            refused = HTTPStatus.BAD_REQUEST if path.endswith(FILE_FORMS) else HTTPStatus.FORBIDDEN
            assert answer.status_code == refused, path
            assert {name for name, _, _ in services.calls[calls_before:]} <= {"identity.session", "cart.count"}
        assert path.endswith(FILE_FORMS) or "Modulo non più valido" in text_of(answer)


def test_a_page_loads_nothing_from_elsewhere_and_is_framed_by_nobody(browser: Browser):
    headers = browser.get("/enti/PM108").headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_forms_may_lead_to_the_payment_page_of_the_settings(monkeypatch: pytest.MonkeyPatch, settings: Settings):
    monkeypatch.setenv("CHECKOUT_URL", "http://localhost:8089/checkout/ec/v1")
    policy = Browser(create_app(Settings.load(), Services())).get("/enti/PM108").headers["content-security-policy"]
    (targets,) = re.findall(r"form-action ([^;]*)", policy)
    assert targets.split() == [
        "'self'",
        "https://checkout.pagopa.it",
        "https://uat.checkout.pagopa.it",
        "http://localhost:8089",
    ]


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(browser: Browser, services: Services):
    token = browser.token()
    answer = browser.request("POST", "/enti/PM108/ricerca", headers=FORM, body=f"csrf_token={token}&x=" + "x" * 70_000)
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "Hai inviato più dati di quanti ne accettiamo." in text_of(answer)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"csrf_token=%FF"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(200))),
    ],
)
def test_a_form_that_cannot_be_read_is_a_bad_request(browser: Browser, content_type: str, body: bytes):
    answer = browser.request("POST", "/enti/PM108/ricerca", headers={"Content-Type": content_type}, body=body)
    assert answer.status_code == HTTPStatus.BAD_REQUEST


def test_the_log_has_one_line_per_request_and_no_personal_data(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    with structlog.testing.capture_logs() as lines:
        browser.submit("/enti/PM108/ricerca", fiscal_code=FISCAL_CODE, reference=practice.iuv)
        browser.get(f"/enti/PM108/pratiche/{practice.id}")
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) == 3
    assert requests[1]["route"] == "/enti/{entity}/ricerca"
    everything = str(lines)
    for private in (FISCAL_CODE, "Mario", "Rossi", practice.iuv, str(practice.id), browser.cookies["session"]):
        assert private not in everything


def test_the_correlation_id_goes_to_the_services_and_back_to_the_browser(browser: Browser, services: Services):
    answer = browser.request("GET", "/enti/PM108", headers={"X-Correlation-Id": "abc-123-def-456"})
    assert answer.headers["x-correlation-id"] == "abc-123-def-456"
    assert {correlation_id for _, _, correlation_id in services.calls} == {"abc-123-def-456"}
    answer = browser.request("GET", "/enti/PM108", headers={"X-Correlation-Id": "no spaces\tplease"})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-correlation-id"])


@pytest.mark.parametrize(
    ("method", "path", "status", "heading"),
    [
        ("GET", "/made/up", HTTPStatus.NOT_FOUND, "Pagina non trovata"),
        ("GET", "/logout", HTTPStatus.METHOD_NOT_ALLOWED, "Questa pagina non si apre così"),
        ("DELETE", "/enti/PM108", HTTPStatus.METHOD_NOT_ALLOWED, "Questa pagina non si apre così"),
    ],
)
def test_addresses_that_are_not_there_get_a_page(
    browser: Browser, method: str, path: str, status: HTTPStatus, heading: str
):
    answer = browser.request(method, path)
    assert answer.status_code == status
    assert heading in text_of(answer)


def test_services_out_of_reach_are_told_as_such_and_asked_no_further(browser: Browser, services: Services):
    browser.log_in()
    browser.get("/enti/PM108")
    for service in ("practices", "identity", "cart", "payments", "notices"):
        services.failures[service] = Unavailable()
    before = len(services.calls)
    answer = browser.get("/enti/PM108/pratiche")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "Servizio momentaneamente non disponibile" in text_of(answer)
    assert "i tuoi dati e i tuoi pagamenti sono al sicuro" in text_of(answer)
    assert "Riprova" in text_of(answer)
    assert [name for name, _, _ in services.calls[before:]] == ["identity.session"]
    services.failures.clear()
    assert browser.get("/enti/PM108/pratiche").status_code == HTTPStatus.OK


@pytest.mark.parametrize("failure", [Broken(), RuntimeError("RSSMRA85T10A562S")])
def test_a_bug_gets_a_page_with_a_reference_and_no_detail(browser: Browser, services: Services, failure: Exception):
    services.failures["practices"] = failure
    answer = browser.get("/enti/PM108")
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert answer.headers["x-correlation-id"] in text_of(answer)
    assert "RSSMRA" not in answer.text
    assert "Traceback" not in answer.text


def test_a_first_visit_to_a_known_entity_asks_no_service(browser: Browser, services: Services):
    browser.get("/enti/PM108")
    browser.cookies.clear()
    before = len(services.calls)
    assert browser.get("/enti/PM108").status_code == HTTPStatus.OK
    assert services.calls[before:] == []


def test_head_is_answered_like_get(browser: Browser):
    assert browser.request("HEAD", "/enti/PM108").status_code == HTTPStatus.OK


@pytest.mark.parametrize("address", ["/enti/PM108", "/api/v1/creditors/PM108", "/pagopa/pa-for-node", "/nowhere"])
def test_trace_repeats_nothing(browser: Browser, address: str):
    answer = browser.request("TRACE", address, headers={"X-Secret": "of-no-worth"})
    assert HTTPStatus.BAD_REQUEST <= answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    assert "of-no-worth" not in answer.text + str(answer.headers)


def test_the_entity_is_asked_once_a_minute_and_remembered_while_practices_is_down(
    settings: Settings, services: Services
):
    clock = [0.0]
    catalogue = EntityCatalogue(clock=lambda: clock[0])
    req = falcon.testing.create_req()
    req.context.correlation_id = "of-this-test"
    visit = Visit(req, settings, BrowserCookies(settings), services)
    names = [catalogue.get(visit, "PM108").code for _ in range(3)]
    assert (names, len(services.asked(practices.ENTITY))) == (["PM108"] * 3, 1)
    clock[0] = 61.0
    services.failures["practices"] = Unavailable()
    assert catalogue.get(visit, "PM108").code == "PM108"
    assert len(services.asked(practices.ENTITY)) == 2
    with pytest.raises(Unavailable):
        catalogue.get(visit, "PM999")


@pytest.mark.parametrize(
    "url", ["http://pagamenti.example", "http://localhost.example", "ftp://localhost", "pagamenti"]
)
def test_plain_http_is_for_this_machine_alone(monkeypatch: pytest.MonkeyPatch, settings: Settings, url: str):
    monkeypatch.setenv("PUBLIC_URL", url)
    with pytest.raises(EnvError, match="https"):
        Settings.load()
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.1")
    for allowed in ("https://pagamenti.example", "http://localhost:8080", "http://127.0.0.1:8080"):
        monkeypatch.setenv("PUBLIC_URL", allowed)
        assert Settings.load().public_url == allowed
