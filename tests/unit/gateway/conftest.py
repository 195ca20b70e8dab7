"""Fixtures: the gateway on services that answer from memory."""

import pytest

from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.gateway_browser import Browser
from tests.unit.gateway.gateway_services import Services


@pytest.fixture(name="settings")
def make_settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings as in development."""
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests that is long as a real one")
    monkeypatch.setenv("PUBLIC_URL", "http://localhost:18600")
    return Settings.load()


@pytest.fixture(name="services")
def make_services() -> Services:
    """Services without any practice."""
    return Services()


@pytest.fixture(name="browser")
def make_browser(settings: Settings, services: Services) -> Browser:
    """A browser at the gateway."""
    return Browser(create_app(settings, services))
