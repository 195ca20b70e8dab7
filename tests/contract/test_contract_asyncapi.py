"""The AsyncAPI document: valid, true to the events, and changed only by adding."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # -- no stubs in the lock

from contracts.events import EVENTS
from contracts.events.envelope import AnyEventType
from gateway.api.asyncapi import build, sample_of
from tests.contract.asyncapi_changes import breaking, frozen, now

SPECS = Path(__file__).parents[3] / "shared" / "specs" / "asyncapi"
DOCUMENT = build("https://portal.example")
SPECIFICATION = SPECS / f"asyncapi-{DOCUMENT['asyncapi']}.json"
each_event = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the shared specification is not beside the project")
def test_the_document_is_valid_asyncapi_3() -> None:
    specification = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    assert [error.message for error in Draft7Validator(specification).iter_errors(DOCUMENT)] == []


def test_every_type_of_event_is_a_message_of_a_channel_that_the_portal_sends_to() -> None:
    assert set(DOCUMENT["channels"]) == set(DOCUMENT["components"]["messages"]) == set(EVENTS)
    assert {one["channel"]["$ref"] for one in DOCUMENT["operations"].values()} == {
        f"#/channels/{one}" for one in EVENTS
    }
    assert {one["action"] for one in DOCUMENT["operations"].values()} == {"send"}


def test_every_reference_leads_somewhere() -> None:
    references: list[str] = []

    def collect(part: Any) -> None:
        if isinstance(part, dict):
            references.extend(value for key, value in part.items() if key == "$ref")
        for below in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            collect(below)

    collect(DOCUMENT)
    assert len(references) > len(EVENTS) * 4
    for reference in references:
        part: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


@each_event
def test_a_channel_says_where_the_event_is_published(event: AnyEventType) -> None:
    channel = DOCUMENT["channels"][event.type]
    assert channel["address"] == event.type
    binding = channel["bindings"]["amqp"]
    assert (binding["is"], binding["exchange"]["name"]) == ("routingKey", event.exchange)
    assert (binding["exchange"]["type"], binding["exchange"]["durable"]) == ("topic", True)


def payload_schema(event: AnyEventType) -> dict[str, Any]:
    """The schema of one message, able to follow its references."""
    payload = DOCUMENT["components"]["messages"][event.type]["payload"]
    return {**payload, "components": DOCUMENT["components"]}


@each_event
def test_the_golden_sample_is_the_example_and_fits_the_schema(event: AnyEventType) -> None:
    [example] = DOCUMENT["components"]["messages"][event.type]["examples"]
    assert example["payload"] == sample_of(event)
    validator = Draft7Validator(payload_schema(event), format_checker=Draft7Validator.FORMAT_CHECKER)
    assert [error.message for error in validator.iter_errors(example["payload"])] == []


@each_event
def test_another_event_or_one_without_a_field_does_not_fit_the_schema(event: AnyEventType) -> None:
    validator = Draft7Validator(payload_schema(event))
    sample = sample_of(event)
    assert not validator.is_valid({**sample, "type": "Something.v1"})
    assert not validator.is_valid({**sample, "data": {}})
    assert validator.is_valid({**sample, "added": 1, "data": {**sample["data"], "added": 1}})


def test_within_a_version_the_events_are_only_added_to() -> None:
    assert breaking(frozen(), now()) == [], "make a new version of the type instead"
    assert frozen() == now(), "freeze the addition: ./portal generate"


def change(path: str, made: Callable[[Any], None]) -> dict[str, Any]:
    """What is frozen, with one part changed."""
    changed = copy.deepcopy(frozen())
    part: Any = changed
    for step in path.split("/"):
        part = part[step]
    made(part)
    return changed


DATA = "PaymentConfirmed.v1/payload/properties/data"
DEBTOR = "PracticeCreated.v1/payload/properties/data/properties/debtor"


@pytest.mark.parametrize(
    ("path", "made", "told"),
    [
        (f"{DATA}/properties", lambda fields: fields.pop("psp_name"), "PaymentConfirmed.v1.data.psp_name: removed"),
        (f"{DATA}/required", lambda names: names.append("checkout_id"), ".data.checkout_id: newly required"),
        (f"{DATA}/required", lambda names: names.remove("iuv"), ".data.iuv: no longer required"),
        (f"{DATA}/properties/amount_cents", lambda one: one.update(type="string"), "amount_cents: type was integer"),
        (f"{DATA}/properties/psp_id", lambda one: one.update(type=["string", "null"]), ".psp_id: type was string"),
        (f"{DATA}/properties/paid_at", lambda one: one.update(format="date"), ".paid_at: format was date-time"),
        (
            f"{DEBTOR}/required",
            lambda names: names.remove("full_name"),
            ".debtor.full_name: no longer required",
        ),
        (f"{DEBTOR}/properties/full_name", lambda one: one.update(maxLength=71), ".full_name: maxLength was 70"),
        (f"{DEBTOR}/properties/entity_type/enum", lambda values: values.remove("G"), ".entity_type: a value"),
        (
            "PaymentConfirmed.v1",
            lambda event: event.update(exchange="other.events"),
            "PaymentConfirmed.v1: another exchange",
        ),
        ("PaymentConfirmed.v1", lambda event: event.update(address="other"), "PaymentConfirmed.v1: another address"),
    ],
)
def test_what_would_break_a_reader_is_found(path: str, made: Callable[[Any], None], told: str) -> None:
    found = breaking(frozen(), change(path, made))
    assert [one for one in found if told in one], found


def test_a_type_that_is_gone_is_found() -> None:
    left = {name: event for name, event in frozen().items() if name != "PaymentReported.v1"}
    assert breaking(frozen(), left) == ["PaymentReported.v1: removed"]


def test_nested_items_are_compared() -> None:
    items = "PracticeCreated.v1/payload/properties/data/properties/transfers/items/properties"
    assert breaking(frozen(), change(items, lambda fields: fields.pop("iban"))) == [
        "PracticeCreated.v1.data.transfers[].iban: removed"
    ]


@pytest.mark.parametrize(
    ("path", "made"),
    [
        (f"{DATA}/properties", lambda fields: fields.update(service_code={"type": ["string", "null"]})),
        (f"{DEBTOR}/properties/entity_type/enum", lambda values: values.append("X")),
    ],
)
def test_an_addition_breaks_nobody(path: str, made: Callable[[Any], None]) -> None:
    assert breaking(frozen(), change(path, made)) == []


def test_a_new_type_breaks_nobody() -> None:
    assert breaking(frozen(), {**frozen(), "Added.v1": frozen()["PaymentReported.v1"]}) == []
