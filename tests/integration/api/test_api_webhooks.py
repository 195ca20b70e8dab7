"""Webhooks over the API: for the entity's own software, https alone."""

from typing import Any

import pytest
from falcon.testing import TestClient

from contracts.rpc import webhooks
from gateway.api import examples
from tests.integration.api.fake_services import FakeServices

ALL = {"Authorization": "Bearer all"}
HOOKS = "/api/v1/creditors/PM108/webhooks"
HOOK = f"{HOOKS}/{examples.WEBHOOK['id']}"
URL = "https://gestionale.example/portale"


def test_a_webhook_is_made_and_its_secret_told_once(client: TestClient, services: FakeServices) -> None:
    made = client.simulate_post(HOOKS, json={"url": URL, "types": ["PaymentConfirmed.v1"]}, headers=ALL)
    assert (made.status_code, made.headers["Location"]) == (201, HOOK)
    assert made.json["secret"].startswith("whsec_")
    asked = services.asked(webhooks.CREATE_WEBHOOK)
    assert (asked.entity_code, asked.url, asked.types) == ("PM108", URL, ["PaymentConfirmed.v1"])
    assert "secret" not in client.simulate_get(HOOKS, headers=ALL).json["webhooks"][0]
    assert "secret" in client.simulate_post(f"{HOOK}/secret", headers=ALL).json


@pytest.mark.parametrize(
    "url",
    [
        "http://gestionale.example/",
        "https://",
        "https:///x",
        "https://user:pass@gestionale.example/",
        "ftp://x",
        "x",
        "",
    ],
)
def test_an_address_that_is_not_https_or_holds_a_password_is_refused(
    client: TestClient, services: FakeServices, url: str
) -> None:
    assert client.simulate_post(HOOKS, json={"url": url}, headers=ALL).status_code == 400
    assert client.simulate_put(HOOK, json={"url": url}, headers=ALL).status_code == 400
    assert services.calls == []


@pytest.mark.parametrize("body", [{"url": URL, "types": ["PracticeCreated.v1"]}, {"url": URL, "types": "x"}, {}])
def test_types_that_payments_does_not_emit_are_refused(client: TestClient, services: FakeServices, body: Any) -> None:
    assert client.simulate_post(HOOKS, json=body, headers=ALL).status_code == 400
    assert services.calls == []


def test_it_is_changed_tested_looked_at_and_deleted(client: TestClient, services: FakeServices) -> None:
    assert client.simulate_put(HOOK, json={"url": URL, "enabled": False}, headers=ALL).status_code == 200
    assert services.asked(webhooks.CHANGE_WEBHOOK).enabled is False
    assert client.simulate_post(f"{HOOK}/tests", headers=ALL).json["id"] == 4711
    history = client.simulate_get(f"{HOOK}/deliveries", params={"before": 9, "limit": 3}, headers=ALL).json
    assert history["deliveries"][0]["attempts"][0]["status"] == 503
    asked = services.asked(webhooks.WEBHOOK_DELIVERIES)
    assert (asked.before, asked.limit) == (9, 3)
    assert client.simulate_delete(HOOK, headers=ALL).status_code == 204


def test_one_event_or_a_period_is_sent_again(client: TestClient, services: FakeServices) -> None:
    event_id = examples.EVENTS["items"][0]["id"]
    assert client.simulate_post(f"{HOOK}/resends", json={"event_id": event_id}, headers=ALL).json == {"count": 1}
    assert str(services.asked(webhooks.RESEND).event_id) == event_id
    period = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"}
    assert client.simulate_post(f"{HOOK}/resends", json=period, headers=ALL).status_code == 200
    asked = services.asked(webhooks.RESEND)
    assert asked.since is not None
    assert asked.until is not None


@pytest.mark.parametrize("key", ["reader", "other-entity"])
def test_webhooks_are_for_the_entity_itself_with_the_scope(
    client: TestClient, services: FakeServices, key: str
) -> None:
    assert client.simulate_get(HOOKS, headers={"X-Api-Key": key}).status_code == 403
    assert client.simulate_post(HOOKS, json={"url": URL}, headers={"X-Api-Key": key}).status_code == 403
    assert services.calls == []
