"""SECRET_KEY: a weak one is refused at the start, with a sentence; a list of keys is rotated without losing anybody."""

import secrets

import falcon
import falcon.testing
import pytest
from environs import EnvError

from contracts.errors import Refused
from gateway.browser_memory import BrowserMemory
from gateway.settings import Settings
from gateway.visitors import BrowserCookies, Visitor

OLD, NEW = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
WEAK = {
    "": "empty",
    " , ": "empty",
    "short": "shorter",
    "Tr0ub4dor&3-Tr0ub4dor": "shorter",
    "s" * 64: "repeats itself",
    "abcabcabcabcabcabcabcabcabcabcabcabc": "repeats itself",
    "0123456789abcdef" * 4: "repeats itself",
    "abcdefghijklmnopqrstuvwxyz0123456789": "counts",
    "zyxwvutsrqponmlkjihgfedcba9876543210": "counts",
    "changeme-in-production-please-0815-xyz": "example",
    "django-Insecure-9f8d7s6a5k4j3h2g1-qwz": "example",
    "MyVeryOwnPassword-for-the-portal-2026!": "example",
    f"{secrets.token_urlsafe(32)},short": "key 2 of 2",
}


@pytest.fixture(autouse=True)
def _local(monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "http://localhost:8080")


@pytest.mark.parametrize(("key", "why"), WEAK.items())
def test_a_weak_secret_key_is_refused_at_the_start_with_a_sentence(key, why, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", key)
    with pytest.raises(EnvError, match="SECRET_KEY") as refused:
        Settings.load()
    assert why in str(refused.value)
    assert len(key) < 10 or key not in str(refused.value)


@pytest.mark.parametrize("make", [secrets.token_urlsafe, secrets.token_hex])
def test_a_key_drawn_at_random_is_never_called_weak(make, monkeypatch):
    for _ in range(500):
        key = make(32)
        monkeypatch.setenv("SECRET_KEY", key)
        assert Settings.load().secret_keys == (key,)


def test_the_published_key_of_the_sandbox_is_good_for_localhost_alone(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "sandbox-only-not-a-real-key-0123456789")
    assert Settings.load().secret_keys
    monkeypatch.setenv("PUBLIC_URL", "https://pagamenti.ente.example")
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8")
    with pytest.raises(EnvError, match="sandbox"):
        Settings.load()


def settings(monkeypatch, *keys):
    monkeypatch.setenv("SECRET_KEY", ",".join(keys))
    return Settings.load()


def memory(settings, visitor):
    """Return what a gateway with these settings knows of a browser that has the cookie `visitor`."""
    cookies = BrowserCookies(settings)
    sent = {"Cookie": f"{cookies.visitor}={visitor}"} if visitor else {}
    req = falcon.Request(falcon.testing.create_environ(headers=sent))
    return BrowserMemory(req, cookies, settings.secret_keys)


def cookie_of(settings, visitor):
    resp = falcon.Response()
    cookies = BrowserCookies(settings)
    cookies.write_visitor(resp, visitor)
    assert resp._cookies is not None
    return resp._cookies[cookies.visitor].value


def test_secret_key_is_rotated_by_a_list_the_first_signs_and_all_verify(monkeypatch):
    before = settings(monkeypatch, OLD)
    cookie = cookie_of(before, Visitor(entity_code="PM108"))
    token = memory(before, cookie).csrf_token

    during = settings(monkeypatch, NEW, OLD)
    seen = memory(during, cookie)
    assert seen.visitor.entity_code == "PM108"
    seen.check_csrf(token)  # a form that was open when the key came
    new_cookie, new_token = cookie_of(during, seen.visitor), seen.csrf_token
    assert new_token != token

    after = settings(monkeypatch, NEW)
    assert memory(after, new_cookie).visitor.entity_code == "PM108"
    memory(after, new_cookie).check_csrf(new_token)
    assert memory(after, cookie).is_empty
    with pytest.raises(Refused):
        memory(after, new_cookie).check_csrf(token)


def test_a_key_that_is_not_in_the_list_opens_nothing(monkeypatch):
    cookie = cookie_of(settings(monkeypatch, secrets.token_urlsafe(32)), Visitor())
    assert memory(settings(monkeypatch, NEW, OLD), cookie).is_empty
