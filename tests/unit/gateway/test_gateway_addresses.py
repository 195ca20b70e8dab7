"""Where a request comes from, behind a proxy and without one; and the doors that depend on it."""

from http import HTTPStatus
from ipaddress import ip_address, ip_network

import falcon.testing
import pytest
from environs import EnvError

from gateway.app import create_app
from gateway.edge.addresses import client_address, parse, sender_address
from gateway.settings import Settings
from tests.unit.gateway.gateway_browser import Browser
from tests.unit.gateway.gateway_services import Services

SOAP = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"paVerifyPaymentNotice"'}
PROXY = [ip_network("127.0.0.1/32")]


@pytest.mark.parametrize(
    ("proxies", "certificates"), [("", ""), ("10.0.0.1", ""), ("", "ab" * 32), ("10.0.0.1", "ab" * 32)]
)
def test_an_https_gateway_does_not_start_before_its_proxy_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, proxies: str, certificates: str
):
    monkeypatch.setenv("PUBLIC_URL", "https://pagamenti.example")
    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    monkeypatch.setenv("NODE_CLIENT_CERTIFICATES", certificates)
    if proxies or certificates:
        assert Settings.load().https
        return
    with pytest.raises(EnvError, match="TRUSTED_PROXIES"):
        Settings.load()


@pytest.mark.parametrize(
    "header",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": ""},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        {"Via": "1.1 proxy"},
        {"CF-Connecting-IP": "127.0.0.1"},
        {"X-Forwarded": "127.0.0.1"},
        {"x-forwarded-for": "127.0.0.1"},
        {"X-Forwarded-Server": "proxy"},
        {"X-Forwarded-Scheme": "https"},
        {"X-Forwarded-Ssl": "on"},
        {"X-Forwarded-Client-Cert": "Hash=x"},
        {"X-ForwardedFor": "127.0.0.1"},
        {"Forwarded-For": "127.0.0.1"},
        {"Forwarded-For-IP": "127.0.0.1"},
        {"X-Original-Forwarded-For": "127.0.0.1"},
        {"Client-IP": "127.0.0.1"},
        {"X-ClientIP": "127.0.0.1"},
        {"X-Remote-IP": "127.0.0.1"},
        {"X-Remote-Addr": "127.0.0.1"},
        {"X-Source-IP": "127.0.0.1"},
        {"X-ProxyUser-Ip": "127.0.0.1"},
        {"X-Azure-SocketIP": "127.0.0.1"},
        {"X-AppEngine-User-IP": "127.0.0.1"},
        {"Fastly-Client-IP": "127.0.0.1"},
        {"Fly-Client-IP": "127.0.0.1"},
        {"WL-Proxy-Client-IP": "127.0.0.1"},
        {"True-Client-IP": "127.0.0.1"},
        {"CF-Connecting-IPv6": "::1"},
        {"X-Envoy-External-Address": "127.0.0.1"},
        {"Client-Cert": ":aGVsbG8=:"},
        {"X-Client-Cert": "x"},
        {"CDN-Loop": "cdn.example"},
    ],
)
def test_a_forwarded_request_of_a_peer_nobody_named_finds_the_nodes_door_and_the_metrics_closed(
    browser: Browser, services: Services, header: dict[str, str]
):
    assert browser.request("POST", "/pagopa/pa-for-node", headers=SOAP, body="<x/>").status_code == HTTPStatus.OK
    before = len(services.calls)
    for method, path in (("POST", "/pagopa/pa-for-node"), ("GET", "/pagopa/pa-for-node?wsdl"), ("GET", "/metrics")):
        answer = browser.request(method, path, headers=SOAP | header, body="<x/>" if method == "POST" else "")
        assert answer.status_code == HTTPStatus.FORBIDDEN, path
    assert len(services.calls) == before


def test_what_browsers_and_the_node_send_is_no_sign_of_a_proxy(browser: Browser, services: Services):
    usual = {
        "User-Agent": "Mozilla/5.0",
        "Accept": "*/*",
        "Accept-Language": "it",
        "Connection": "keep-alive",
        "Origin": "http://localhost:18600",
        "Referer": "http://localhost:18600/",
        "Sec-Fetch-Site": "same-origin",
        "Sec-CH-UA": "x",
        "X-Requested-With": "XMLHttpRequest",
        "X-Correlation-Id": "a-correlation-id",
        "X-Api-Key": "x",
        "Cache-Control": "no-cache",
        "Idempotency-Key": "a-key",
        "Traceparent": "00-x",
    }
    answer = browser.request("POST", "/pagopa/pa-for-node", headers=SOAP | usual, body="<x/>")
    assert answer.status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("[2001:db8::9]:443", "2001:db8::9"),
        ("2001:db8::9", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:80", "203.0.113.9"),
    ],
)
def test_an_address_is_read_however_proxies_write_it(text: str, address: str):
    assert parse(text) == ip_address(address)
    for header in ({"X-Forwarded-For": text}, {"Forwarded": f'for="{text}";proto=https'}):
        req = falcon.testing.create_req(remote_addr="127.0.0.1", headers=header)
        assert client_address(req, PROXY) == ip_address(address)


@pytest.mark.parametrize(
    "text",
    [
        "unknown",
        "_hidden",
        "",
        "203.0.113",
        "203.0.113.9:",
        "203.0.113.9:123456",
        "203.0.113.9:80:90",
        "[203.0.113.9]",
        "[2001:db8::9",
        "2001:db8::9]",
        "fe80::1%eth0",
        "203.0.113.9 x",
        "203.0.113.٩",
        "0x7f.1",
        "localhost",
        "203.0.113.009",
        "3405803785",
        "203.0.113.9/32",
        "203.0.113.9,198.51.100.1",
        "[::ffff:203.0.113.9",
        "[]",
        "[]:80",
        "::ffff:203.0.113.999",
        "1:2:3:4:5:6:7:8:9",
        "2001:db8::9::1",
        "[2001:db8::9%25eth0]",
        "203.0.113.9\u00a0",
        "obfuscated",
        "null",
    ],
)
def test_what_is_no_address_is_read_as_none(text: str):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ({"Forwarded": "for=192.0.2.60;proto=http;by=203.0.113.43"}, "192.0.2.60"),
        ({"Forwarded": 'For="[2001:db8:cafe::17]:4711"'}, "2001:db8:cafe::17"),
        ({"Forwarded": "for=10.9.9.9, for=198.51.100.17"}, "198.51.100.17"),
        ({"Forwarded": "for=198.51.100.17, for=127.0.0.1"}, "198.51.100.17"),
        ({"Forwarded": 'by="a,b;c";for=198.51.100.17'}, "198.51.100.17"),
        ({"Forwarded": "for=198.51.100.17", "X-Forwarded-For": "198.51.100.17:900"}, "198.51.100.17"),
        ({"X-Forwarded-For": "10.9.9.9, , 198.51.100.17, "}, "198.51.100.17"),
        ({}, "127.0.0.1"),
        # unreadable, or one proxy's word against what a client may have written
        ({"Forwarded": "for=10.9.9.9", "X-Forwarded-For": "198.51.100.17"}, None),
        ({"Forwarded": "for=unknown"}, None),
        ({"Forwarded": "for=_gazonk"}, None),
        ({"Forwarded": "proto=https"}, None),
        ({"Forwarded": "for=10.9.9.9;for=198.51.100.17"}, None),
        ({"Forwarded": 'for="198.51.100.17'}, None),
        ({"Forwarded": "198.51.100.17"}, None),
        ({"Forwarded": ""}, None),
        ({"X-Forwarded-For": ""}, None),
        ({"X-Forwarded-For": "198.51.100.17, unknown"}, None),
        ({"X-Forwarded-For": ","}, None),
        ({"X-Forwarded-For": "198.51.100.17;127.0.0.1"}, None),
        ({"X-Forwarded-For": "10.9.9.9\t,\t[2001:db8::9]:443"}, "2001:db8::9"),
        ({"X-Forwarded-For": '"198.51.100.17"'}, None),
        ({"Forwarded": "for=198.51.100.17,"}, None),
        ({"Forwarded": "for=198.51.100.17;"}, None),
        ({"Forwarded": "for = 198.51.100.17"}, None),
        ({"Forwarded": 'for="198.51.100.17";for="_x"'}, None),
        ({"Forwarded": "FOR=198.51.100.17;HOST=a.example"}, "198.51.100.17"),
        ({"Forwarded": r'for="198.51.100\.17"'}, "198.51.100.17"),
        ({"Forwarded": "for=2001:db8::9"}, "2001:db8::9"),
        ({"Forwarded": "for=10.9.9.9, by=10.0.0.1"}, None),
    ],
)
def test_the_client_is_the_nearest_address_that_no_trusted_proxy_has(header: dict[str, str], address: str | None):
    req = falcon.testing.create_req(remote_addr="127.0.0.1", headers=header)
    expected = ip_address(address) if address else None
    assert client_address(req, PROXY) == expected
    assert sender_address(req, PROXY) == expected


def test_an_address_that_cannot_be_read_is_refused_and_uses_up_nobodys_rate(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1/32")
    monkeypatch.setenv("LOGIN_RATE", "2/minute")
    browser = Browser(create_app(Settings.load(), services))

    def log_in_from(address: str) -> int:
        headers = {"X-Forwarded-For": address}
        return browser.request("GET", "/spid/login?idp=sandbox", headers=headers).status_code

    for address in ("unknown", "not an address", "999.1.1.1", "") * 2:
        assert log_in_from(address) == HTTPStatus.BAD_REQUEST
    assert [log_in_from("198.51.100.1:5000") for _ in range(2)] == [HTTPStatus.FOUND] * 2
    assert log_in_from("198.51.100.1:6000") == HTTPStatus.TOO_MANY_REQUESTS, "the port is not the client"
    assert log_in_from("198.51.100.2") == HTTPStatus.FOUND
