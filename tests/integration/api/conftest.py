"""The gateway's real application on stand-in services, with API keys."""

import hashlib
import json
from pathlib import Path

import pytest
from falcon.testing import TestClient

from gateway.app import create_app
from gateway.settings import Settings
from tests.integration.api.fake_services import FakeServices

KEYS = {
    "all": (
        "PM108",
        [
            "debts:write",
            "imports:write",
            "payments:read",
            "events:read",
            "settlements:write",
            "refunds:write",
            "notices:print",
            "webhooks:write",
            "ops:dead-letters",
        ],
    ),
    "reader": ("PM108", ["payments:read"]),
    "operator": (None, ["ops:dead-letters"]),
    "debts-reader": ("PM108", ["debts:read"]),
    "debts-writer": ("PM108", ["debts:write"]),
    "other-entity": ("PM200", ["debts:write", "imports:write", "payments:read", "events:read", "settlements:write"]),
}


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    rows = [
        {"sha256": hashlib.sha256(key.encode()).hexdigest(), "scopes": scopes, "name": key}
        | ({"entity_code": entity} if entity else {})
        for key, (entity, scopes) in KEYS.items()
    ]
    (tmp_path / "keys.json").write_text(json.dumps(rows))
    monkeypatch.setenv("SECRET_KEY", "a secret of this test that is long as a real one")
    monkeypatch.setenv("API_KEYS_FILE", str(tmp_path / "keys.json"))
    monkeypatch.setenv("PUBLIC_URL", "http://portal.localhost")
    monkeypatch.setenv("SEARCH_RATE", "5/minute")
    return Settings.load()


@pytest.fixture
def client(settings: Settings, services: FakeServices) -> TestClient:
    return TestClient(create_app(settings, services))
