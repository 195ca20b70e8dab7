"""How often one client may do what costs: every door, every process, IPv6, and the notice that all may see."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from http import HTTPStatus
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path

import pytest
import structlog.testing

from contracts.rpc import notices, operators, payments
from gateway.app import create_app
from gateway.document_cache import PublicNotices
from gateway.edge.rates import client_of
from gateway.settings import Settings
from gateway.web import addresses
from tests.unit.gateway.gateway_browser import Browser
from tests.unit.gateway.gateway_services import FISCAL_CODE, NOW, Services, make_practice
from tests.unit.gateway.office_services import OFFICE_TOKEN, Office

TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS


def gateway_with(monkeypatch: pytest.MonkeyPatch, services: Services, **env: str) -> Browser:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return Browser(create_app(Settings.load(), services))


def test_checkouts_have_a_rate_that_pages_and_api_share(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
):
    browser = gateway_with(monkeypatch, services, CHECKOUT_RATE="2/minute")
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    path = f"/enti/PM108/pratiche/{practice.id}/paga"
    assert browser.submit(path).status_code == HTTPStatus.SEE_OTHER
    body = f'{{"practice_ids": ["{practice.id}"]}}'
    headers = {"Content-Type": "application/json", "Idempotency-Key": "a-key-of-the-test"}
    assert browser.request("POST", "/api/v1/checkouts", headers=headers, body=body).status_code == HTTPStatus.CREATED
    asked = len(services.asked(payments.START_CHECKOUT))
    assert browser.request("POST", "/api/v1/checkouts", headers=headers, body=body).status_code == TOO_MANY
    assert browser.submit(path).status_code == TOO_MANY
    assert len(services.asked(payments.START_CHECKOUT)) == asked, "pagoPA is not asked beyond the rate"


def test_documents_have_a_rate(settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch):
    browser = gateway_with(monkeypatch, services, DOCUMENT_RATE="3/minute")
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    pages = f"/enti/PM108/pratiche/{practice.id}/bollettino.pdf"
    api = f"/api/v1/practices/{practice.id}/notice"
    assert [browser.get(path).status_code for path in (pages, api, pages)] == [HTTPStatus.OK] * 3
    for path in (pages, api, f"/enti/PM108/pratiche/{practice.id}/quietanza.pdf", f"{api[:-6]}receipt"):
        assert browser.get(path).status_code == TOO_MANY, path


def test_readiness_has_a_rate_and_liveness_has_none(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
):
    browser = gateway_with(monkeypatch, services, READINESS_RATE="2/minute")
    assert [browser.get("/status/ready").status_code for _ in range(3)] == [HTTPStatus.OK, HTTPStatus.OK, TOO_MANY]
    assert browser.get("/status/live").status_code == HTTPStatus.OK


def test_what_sends_mail_to_an_address_has_a_rate(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
):
    browser = gateway_with(monkeypatch, services, EMAIL_RATE="2/minute")
    browser.log_in()
    form = {"purpose": "email_reminders", "email": "mario@example.org"}
    answers = [browser.submit(addresses.PRIVACY_GRANT, **form).status_code for _ in range(3)]
    assert answers == [HTTPStatus.SEE_OTHER, HTTPStatus.SEE_OTHER, TOO_MANY]


def test_every_paper_counts_as_one_of_the_same_rate(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
):
    browser = gateway_with(monkeypatch, services, DOCUMENT_RATE="1/minute")
    practice = make_practice(1)
    services.add(practice)
    Office(services).become("ufficio", "amministratore", "revisore")
    browser.log_in()
    browser.cookies["office"] = OFFICE_TOKEN
    assert browser.get(f"/enti/PM108/pratiche/{practice.id}/bollettino.pdf").status_code == HTTPStatus.OK
    year = NOW.year
    for path in (
        f"/enti/PM108/pratiche/{practice.id}/quietanza.pdf",
        f"/enti/PM108/esito/{practice.id}/quietanza.pdf",
        f"/enti/PM108/storico/730-{year}.pdf",
        f"/enti/PM108/storico/730-{year}.csv",
        f"/ufficio/PM108/pratiche/{practice.id}/avviso.pdf",
        f"/ufficio/PM108/pratiche/{practice.id}/quietanza.pdf",
        f"/api/v1/practices/{practice.id}/notice",
        f"/api/v1/practices/{practice.id}/receipt",
    ):
        assert browser.get(path).status_code == TOO_MANY, path


def test_every_mail_counts_as_one_of_the_same_rate(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
):
    browser = gateway_with(monkeypatch, services, EMAIL_RATE="1/minute")
    practice = make_practice(1)
    services.add(practice)
    Office(services).become("amministratore")
    browser.cookies["office"] = OFFICE_TOKEN
    invitation = {"email": "collega@ente.example", "fiscal_code": FISCAL_CODE}
    assert browser.submit("/ufficio/PM108/colleghi/invita", **invitation).status_code != TOO_MANY
    before = len(services.calls)
    for path, fields in (
        ("/ufficio/PM108/colleghi/invita", invitation),
        (f"/enti/PM108/pratiche/{practice.id}/link", {"link_email": "mario@example.org"}),
    ):
        assert browser.submit(path, **fields).status_code == TOO_MANY, path
    sent = {notices.MAIL_INVITATION.name, notices.MAIL_LINK.name, operators.INVITE.name}
    assert not sent & {name for name, *_ in services.calls[before:]}
    browser.log_in()
    form = {"purpose": "email_reminders", "email": "mario@example.org"}
    assert browser.submit(addresses.PRIVACY_GRANT, **form).status_code == TOO_MANY


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "same"),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", ""),
        ("203.0.113.1", "203.0.113.2", ""),
    ],
)
def test_an_ipv6_client_is_its_64(one: str, other: str, same: str):
    assert (client_of(ip_address(one)) == client_of(ip_address(other))) is bool(same)


def test_moving_within_its_64_gives_a_client_no_new_rate(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
):
    browser = gateway_with(monkeypatch, services, LOGIN_RATE="2/minute", TRUSTED_PROXIES="127.0.0.1/32")

    def log_in_from(address: str) -> int:
        headers = {"X-Forwarded-For": address}
        return browser.request("GET", "/spid/login?idp=sandbox", headers=headers).status_code

    assert [log_in_from(f"2001:db8:1:2::{n}") for n in range(1, 4)] == [HTTPStatus.FOUND, HTTPStatus.FOUND, TOO_MANY]
    assert log_in_from("2001:db8:1:3::1") == HTTPStatus.FOUND


@pytest.fixture(name="redis_url")
def start_redis(tmp_path: Path) -> Iterator[str]:
    server = shutil.which("redis-server") or shutil.which("valkey-server")
    if server is None or find_spec("redis") is None:
        pytest.skip("the test needs redis-server and the package redis")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert process.poll() is None
    yield f"redis://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


def test_processes_on_one_storage_count_together_and_each_alone_while_it_is_away(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch, redis_url: str
):
    shared = {"LOGIN_RATE": "3/minute", "RATE_LIMIT_STORAGE": redis_url}
    first, second = (gateway_with(monkeypatch, services, **shared) for _ in range(2))
    answers = [one.get("/spid/login?idp=sandbox").status_code for one in (first, second, first, second, first)]
    assert answers == [HTTPStatus.FOUND] * 3 + [TOO_MANY] * 2
    away = gateway_with(monkeypatch, services, **shared | {"RATE_LIMIT_STORAGE": "redis://127.0.0.1:1"})
    with structlog.testing.capture_logs() as lines:
        answers = [away.get("/spid/login?idp=sandbox").status_code for _ in range(4)]
    assert answers == [HTTPStatus.FOUND] * 3 + [TOO_MANY]
    assert any(line["event"] == "rate_limit_storage_failed" for line in lines)


def test_a_notice_that_is_the_same_for_everybody_is_drawn_once(browser: Browser, services: Services):
    practice = make_practice(1, masked=True)
    services.add(practice)
    browser.submit("/enti/PM108/ricerca", notice_number=practice.notice_number)
    path = f"/enti/PM108/pratiche/{practice.id}/bollettino.pdf"
    first = browser.get(path)
    assert first.status_code == HTTPStatus.OK
    assert browser.get(path).content == first.content
    assert len(services.asked(notices.NOTICE)) == 1
    browser.get(f"{path}?lingua=en")
    browser.get(f"{path}?seconda=en")
    assert len(services.asked(notices.NOTICE)) == 3, "another language is another document"
    browser.get(f"{path}?rate=tutte")
    browser.get(f"{path}?rate=tutte")
    assert len(services.asked(notices.NOTICE)) == 5, "a plan changes with its other instalments"


def test_a_notice_with_a_name_on_it_is_drawn_for_who_asks(browser: Browser, services: Services):
    practice = make_practice(1)
    services.add(practice)
    browser.log_in()
    for _ in range(2):
        browser.get(f"/enti/PM108/pratiche/{practice.id}/bollettino.pdf")
    assert len(services.asked(notices.NOTICE)) == 2


def test_a_held_notice_goes_with_any_change_and_with_time():
    clock = [0.0]
    held, drawn = PublicNotices(lambda: clock[0]), []

    def ask(amount_cents: int) -> None:
        practice = make_practice(1, masked=True, amount_cents=amount_cents)
        request = notices.NoticeRequest(practice_id=practice.id, viewer=None, language="it")  # type: ignore[arg-type]

        def draw() -> notices.Document:
            drawn.append(amount_cents)
            return notices.Document(media_type="application/pdf", content_base64="", file_name="a.pdf")

        held.get(practice, request, draw)

    for amount_cents in (100, 100, 200, 200, 100):
        ask(amount_cents)
    assert drawn == [100, 200]
    clock[0] = 301.0
    ask(100)
    assert drawn == [100, 200, 100]
