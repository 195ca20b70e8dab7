"""When a webhook is tried again, when it is given up, and to which addresses nothing is ever sent."""

import ipaddress
import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from chassis import https_post
from services.payments.domain.webhooks import PAUSES_S, TRIED_FOR, Answer, host_of, next_try

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_it_is_tried_from_five_seconds_to_a_day_apart_for_three_days():
    at, pauses, attempts = NOW, [], 0
    while True:
        attempts += 1
        following = next_try(attempts, NOW, at)
        if following is None:
            break
        pauses.append((following - at).total_seconds())
        at = following
    assert (pauses[0], pauses[-1]) == (5, 86_400)
    assert pauses == sorted(pauses)
    assert set(pauses) == set(PAUSES_S)
    assert TRIED_FOR - timedelta(days=1) < at - NOW <= TRIED_FOR


@pytest.mark.parametrize(
    ("status", "problem", "good"),
    [(200, None, True), (204, None, True), (299, None, True), (301, "redirect", False), (None, "timed_out", False)]
    + [(status, None, False) for status in (300, 400, 410, 500, 503)],
)
def test_only_an_answer_of_2xx_is_one(status, problem, good):
    assert Answer(status, problem, 1).is_good is good


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::10.0.0.1",
        "2002:a00:1::1",
        "2002:c0a8:101::",
        "2001:0:a00:1::1",
        "::10.0.0.1",
        "::ffff:0:10.0.0.1",
        "fec0::1",
        "ff0e::1",
        "100::1",
    ],
)
def test_nothing_is_sent_to_a_private_address_whatever_its_name(monkeypatch, address):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 443))])
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it was connected to"))
    answer = https_post.post("https://gestionale.example/", b"{}", {}, timeout_s=1, allowed=())
    assert (answer.status, answer.problem) == (None, "private_address")


def test_one_private_address_among_public_ones_is_enough(monkeypatch):
    found = [(0, 0, 0, "", (address, 443)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it was connected to"))
    assert https_post.post("https://gestionale.example/", b"", {}, timeout_s=1, allowed=()).problem == "private_address"


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch):
    seen = []

    def connect(address, **_):
        seen.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("93.184.215.14", 8443))])
    monkeypatch.setattr(socket, "create_connection", connect)
    answer = https_post.post("https://gestionale.example:8443/x", b"", {}, timeout_s=1, allowed=())
    assert (answer.problem, seen) == ("no_answer", [("93.184.215.14", 8443)])


@pytest.mark.parametrize("url", ["http://gestionale.example/", "https://", "gestionale.example"])
def test_what_is_not_https_is_not_sent(url):
    assert https_post.post(url, b"", {}, timeout_s=1, allowed=()).problem == "not_https"


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::93.184.215.14"])
def test_public_addresses_of_both_kinds_are_connected_to(monkeypatch, address):
    seen = []

    def connect(address, **_):
        seen.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 443))])
    monkeypatch.setattr(socket, "create_connection", connect)
    assert https_post.post("https://gestionale.example/", b"", {}, timeout_s=1, allowed=()).problem == "no_answer"
    assert seen == [(address, 443)]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://[::1", "not_resolved"),
        ("https://gestionale.example]/", "not_resolved"),
        ("https://[fe80::1%25nowhere]/", "not_resolved"),
        ("https://gestionale.example:99999/", "not_resolved"),
        ("https://gestionale.example:porta/", "not_resolved"),
        ("https://gestionale.example\u2100/", "not_resolved"),
        (f"https://{'a' * 64}.example/", "not_resolved"),
        ("https://.example/", "not_resolved"),
        ("https://gestionale..example/", "not_resolved"),
        ("https://127.1/", "private_address"),
        ("https://2130706433/", "private_address"),
        ("https://0x7f.1/", "private_address"),
    ],
)
def test_whatever_is_odd_about_an_address_is_an_answer_and_raises_nothing(url, problem):
    assert https_post.post(url, b"", {}, timeout_s=1, allowed=()).problem == problem


@pytest.mark.parametrize("path", ["/però", "/a\x7fb", "/\U0001f600?x=à", "/già%20scritto?a=[1]"])
def test_letters_of_any_alphabet_in_a_path_are_written_in_percent(monkeypatch, path):
    sent = []

    def request(_self, _method, target, *_):
        sent.append(target)
        target.encode("ascii")
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("93.184.215.14", 443))])
    monkeypatch.setattr(https_post._PinnedConnection, "request", request)
    answer = https_post.post(f"https://gestionale.example{path}", b"", {}, timeout_s=1, allowed=())
    assert answer.problem == "no_answer"
    assert unquote(sent[0]) == unquote(path)


def test_a_name_nobody_knows_is_a_problem_like_any_other(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert https_post.post("https://nobody.invalid/", b"", {}, timeout_s=1, allowed=()).problem == "not_resolved"


def test_allowed_networks_count_as_public():
    loopback = ipaddress.ip_network("127.0.0.0/8")
    answer = https_post.post("https://127.0.0.1:1/", b"", {}, timeout_s=1, allowed=[loopback])
    assert answer.problem == "no_answer"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://gestionale.example:8443/portale?token=x", "gestionale.example"),
        ("https://user:secret@gestionale.example/", "gestionale.example"),
        ("https://[2001:db8::1]:443/", "2001:db8::1"),
        ("https://[::1", ""),
        ("", ""),
    ],
)
def test_of_an_address_the_host_alone_is_told(url: str, host: str) -> None:
    assert host_of(url) == host
