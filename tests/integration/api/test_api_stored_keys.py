"""API keys made in an office, as the API takes them: asked of identity, taken for ten seconds, with their scopes."""

import hashlib
from typing import Any

import pytest
from falcon.testing import TestClient

from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import api_keys, practices, webhooks
from contracts.rpc.api_keys import ApiKeyHolderRequest
from gateway.api.keys import STORED_KEY_FRESH_S, StoredKeys
from tests.integration.api.fake_services import FakeServices

TEXT = "portale_" + "A" * 43
HEADERS = {"Authorization": f"Bearer {TEXT}"}
DEBTS = "/api/v1/creditors/PM108/debts"


def holds(services: FakeServices, *scopes: str, entity_code: str = "PM108") -> None:
    held = {"entity_code": entity_code, "name": "Gestionale", "scopes": list(scopes)}
    services.answers[api_keys.API_KEY_HOLDER.name] = lambda _: held


def test_it_is_looked_up_by_its_sha256_and_may_do_what_its_scopes_say(
    client: TestClient, services: FakeServices
) -> None:
    holds(services, "debts:read")
    assert client.simulate_get(DEBTS, headers=HEADERS).status_code == 200
    assert services.asked(api_keys.API_KEY_HOLDER) == ApiKeyHolderRequest(
        sha256=hashlib.sha256(TEXT.encode()).hexdigest()
    )
    assert client.simulate_get(DEBTS, headers={"X-Api-Key": TEXT}).status_code == 200
    assert client.simulate_get("/api/v1/creditors/PM108/webhooks", headers=HEADERS).status_code == 403
    assert client.simulate_get("/api/v1/creditors/PM200/debts", headers=HEADERS).status_code == 403
    asked = [name for name, _ in services.calls]
    assert asked.count(api_keys.API_KEY_HOLDER.name) == 1
    assert TEXT not in str(services.calls)


def test_its_name_is_who_writes(client: TestClient, services: FakeServices) -> None:
    holds(services, "webhooks:write")
    body = {"url": "https://gestionale.example/portale"}
    assert client.simulate_post("/api/v1/creditors/PM108/webhooks", json=body, headers=HEADERS).status_code == 201
    actor = services.asked(webhooks.CREATE_WEBHOOK).actor
    assert actor is not None
    assert (actor.kind, actor.id) == ("api_key", "Gestionale")


def test_a_scope_of_the_portals_operator_or_of_a_later_release_is_none(
    client: TestClient, services: FakeServices
) -> None:
    holds(services, "ops:dead-letters", "later:scope")
    assert client.simulate_get("/api/v1/dead-letters", headers=HEADERS).status_code == 403
    assert client.simulate_get(DEBTS, headers=HEADERS).status_code == 403


def test_what_has_not_the_shape_of_such_a_key_is_asked_nobody(client: TestClient, services: FakeServices) -> None:
    for text in ("portale_short", TEXT + "A", "portale_" + "à" * 43, "", "x" * 51):
        answer = client.simulate_get(DEBTS, headers={"X-Api-Key": text.encode().decode("latin-1")})
        assert (answer.status_code, answer.json["code"]) == (401, "api_key_invalid")
    assert services.calls == []


def test_identity_says_no_or_says_nothing(client: TestClient, services: FakeServices) -> None:
    def raising(error: Exception) -> Any:
        def answer(_: Any) -> Any:
            raise error

        return answer

    services.answers[api_keys.API_KEY_HOLDER.name] = raising(Refused(ErrorCode.API_KEY_INVALID))
    assert client.simulate_get(DEBTS, headers=HEADERS).status_code == 401
    services.answers[api_keys.API_KEY_HOLDER.name] = raising(Unavailable())
    assert client.simulate_get(DEBTS, headers=HEADERS).status_code == 503
    assert practices.LIST_DEBTS.name not in [name for name, _ in services.calls]


def test_a_revoked_key_acts_for_ten_seconds_at_most() -> None:
    now_s, asked = 1_000.0, []

    class Identity:
        def call(self, call: Any, request: Any) -> Any:
            asked.append(request)
            if len(asked) > 1:
                raise Refused(ErrorCode.API_KEY_INVALID)
            return api_keys.ApiKeyHolder(entity_code="PM108", name="Gestionale", scopes=["debts:read"])

    visit: Any = Identity()
    keys = StoredKeys(lambda: now_s)
    assert STORED_KEY_FRESH_S == 10
    assert keys.get(visit, "a" * 64).name == "Gestionale"
    now_s += 9.9
    assert keys.get(visit, "a" * 64).name == "Gestionale"
    assert len(asked) == 1
    now_s += 0.1
    with pytest.raises(Refused):
        keys.get(visit, "a" * 64)
