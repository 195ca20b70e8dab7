"""Dead letters over the API: for the operator's key alone, each asked of the service whose they are."""

import pytest
from falcon.testing import TestClient

from contracts.errors import ErrorCode, Unavailable
from contracts.message import Message
from contracts.rpc import dead_letters
from gateway.api import examples
from gateway.api.json_values import JsonObject
from tests.integration.api.fake_services import FakeServices

QUEUES = "/api/v1/dead-letters"
LETTERS = f"{QUEUES}/practices.on_payment_confirmed"
LETTER = f"{LETTERS}/letters/{examples.DEAD_LETTER['id']}"
OPERATOR = {"Authorization": "Bearer operator"}
REASON = {"reason": "La pratica non esiste più"}


@pytest.mark.parametrize("key", ["reader", "other-entity", "debts-writer"])
def test_a_key_without_the_operators_scope_sees_and_settles_nothing(
    client: TestClient, services: FakeServices, key: str
) -> None:
    headers = {"X-Api-Key": key}
    answers = [
        client.simulate_get(QUEUES, headers=headers),
        client.simulate_get(LETTERS, headers=headers),
        client.simulate_get(LETTER, headers=headers),
        client.simulate_post(f"{LETTERS}/replays", json={}, headers=headers),
        client.simulate_delete(LETTER, json=REASON, headers=headers),
        client.simulate_delete(LETTERS, json=REASON, headers=headers),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert services.calls == []


def test_the_operators_key_may_do_nothing_in_the_name_of_an_entity(client: TestClient, services: FakeServices) -> None:
    for path in ("/api/v1/creditors/PM108/payments", "/api/v1/events", "/api/v1/creditors/PM108/debts"):
        assert client.simulate_get(path, headers=OPERATOR).status_code == 403
    assert services.calls == []


def test_the_queues_of_all_services_are_listed_and_a_silent_one_is_named(
    client: TestClient, services: FakeServices
) -> None:
    def silence(request: Message) -> JsonObject:
        raise Unavailable

    services.answers[dead_letters.queues_call("cart").name] = silence
    answer = client.simulate_get(QUEUES, headers=OPERATOR).json
    assert answer["silent"] == ["cart"]
    assert len(answer["queues"]) == len(dead_letters.HEARING) - 1


def test_letters_are_asked_of_the_service_whose_consumer_it_is(client: TestClient, services: FakeServices) -> None:
    answer = client.simulate_get(LETTERS, params={"limit": 7}, headers=OPERATOR)
    assert answer.json == {"letters": [examples.DEAD_LETTER], "waiting": 1}
    asked = services.asked(dead_letters.letters_call("practices"))
    assert (asked.consumer, asked.limit, asked.id) == ("practices.on_payment_confirmed", 7, None)
    assert client.simulate_get(LETTER, headers=OPERATOR).json == examples.DEAD_LETTER
    assert services.asked(dead_letters.letters_call("practices")).id == examples.DEAD_LETTER["id"]


@pytest.mark.parametrize(("body", "wanted"), [({}, None), ({"id": "an-id"}, "an-id")])
def test_one_or_all_are_replayed(
    client: TestClient, services: FakeServices, body: JsonObject, wanted: str | None
) -> None:
    answer = client.simulate_post(f"{LETTERS}/replays", json=body, headers=OPERATOR)
    assert answer.json == {"count": 1, "waiting": 0}
    assert services.asked(dead_letters.replay_call("practices")).id == wanted


@pytest.mark.parametrize(("path", "wanted"), [(LETTERS, None), (LETTER, examples.DEAD_LETTER["id"])])
def test_one_or_all_are_dropped_with_the_reason(
    client: TestClient, services: FakeServices, path: str, wanted: str | None
) -> None:
    assert client.simulate_delete(path, json=REASON, headers=OPERATOR).json == {"count": 1, "waiting": 0}
    asked = services.asked(dead_letters.drop_call("practices"))
    assert (asked.id, asked.reason) == (wanted, REASON["reason"])


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}])
def test_nothing_is_dropped_without_a_reason(client: TestClient, services: FakeServices, body: JsonObject) -> None:
    assert client.simulate_delete(LETTER, json=body, headers=OPERATOR).status_code == 400
    assert services.calls == []


def test_a_consumer_or_a_letter_that_is_not_there_is_404(client: TestClient, services: FakeServices) -> None:
    assert client.simulate_get(f"{QUEUES}/nobody.on_x", headers=OPERATOR).status_code == 404
    services.refuse(dead_letters.letters_call("practices"), ErrorCode.NOT_FOUND)
    assert client.simulate_get(LETTER, headers=OPERATOR).json["code"] == "not_found"
