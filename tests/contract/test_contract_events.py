"""Events: one golden sample per type, read and written alike, and changed only by adding."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chassis.messaging.events import read_event, wrap
from contracts.events import EVENTS
from contracts.events.envelope import AnyEventType, Event
from contracts.message import schema_of
from contracts.shapes import Empty

SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"
FROZEN = json.loads((Path(__file__).parent / "frozen" / "events.json").read_text())

each_event = pytest.mark.parametrize("event_type", EVENTS.values(), ids=EVENTS)


def sample_of(event_type: AnyEventType) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{event_type.type}.json").read_text())
    return sample


def test_every_event_type_has_a_sample_and_every_sample_a_type() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(EVENTS)


@each_event
def test_a_sample_is_an_envelope_of_its_type(event_type: AnyEventType) -> None:
    sample = sample_of(event_type)
    assert schema_of(Event).validate(sample) == {}
    assert sample["type"] == event_type.type
    assert sample["source"] == f"/services/{event_type.source}"


@each_event
def test_a_producer_writes_what_a_consumer_has_read(event_type: AnyEventType) -> None:
    sample = sample_of(event_type)
    read = read_event(event_type, sample)
    written = wrap(
        event_type,
        read.data,
        event_id=UUID(sample["id"]),
        subject=sample["subject"],
        sequence=int(sample["sequence"]),
        time=read.time,
        correlation_id=sample["correlationid"],
    )
    assert written == sample


@each_event
def test_a_consumer_reads_what_a_newer_producer_has_added(event_type: AnyEventType) -> None:
    sample = sample_of(event_type)
    newer = {**sample, "traceparent": "00-1-2-01", "data": {**sample["data"], "added_later": {"deep": [1]}}}
    assert read_event(event_type, newer).data == read_event(event_type, sample).data


@each_event
def test_a_producer_cannot_write_data_of_another_type(event_type: AnyEventType) -> None:
    read = read_event(event_type, sample_of(event_type))
    with pytest.raises(TypeError, match="Empty"):
        wrap(event_type, Empty(), event_id=read.id, subject=read.subject, sequence=1, time=read.time)
    with pytest.raises(TypeError, match="not_in_the_contract"):
        event_type.data_type(**schema_of(event_type.data_type).dump(read.data), not_in_the_contract=1)


@each_event
def test_within_a_version_fields_are_only_added_and_never_required_later(event_type: AnyEventType) -> None:
    frozen = FROZEN[event_type.type]
    now = event_type.schema.fields
    assert set(frozen) <= set(now), "a field was removed or renamed: make a new version instead"
    assert {name: type(now[name]).__name__ for name in frozen} == {name: kind for name, (kind, _) in frozen.items()}
    assert {name: now[name].required for name in frozen} == {name: required for name, (_, required) in frozen.items()}
    assert not [name for name in set(now) - set(frozen) if now[name].required], "an added field must be optional"


def test_the_frozen_list_names_every_event_type() -> None:
    assert set(FROZEN) == set(EVENTS), "freeze a new type in tests/contract/frozen/events.json; never take one out"


# They carry the debtor on purpose: payments answers the node while practices is down.
WITH_DEBTOR = {"PracticeCreated.v1", "PracticeAmended.v1"}


@pytest.mark.parametrize("name", sorted(set(EVENTS) - WITH_DEBTOR))
def test_events_that_accounting_reads_name_nobody_but_the_beneficiary(name: str) -> None:
    sample = sample_of(EVENTS[name])
    sample["data"].pop("beneficiary", None)  # the student, whom the entity's books know (docs/events.md)
    text = json.dumps(sample)
    assert "fiscal_code" not in text.replace("creditor_fiscal_code", "")
    assert "name" not in text.replace("psp_name", "").replace("company_name", "")
