"""Remote procedures: found where the contract says, answered by their service, and changed only by adding."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema

from contracts.call import AnyCall, Call

SERVICES = ("identity", "practices", "cart", "payments", "notices")
MODULES = {
    "identity": ["identity", "operators", "audit"],
    "payments": ["payments", "settlement", "webhooks", "parity"],
    "practices": ["practices", "office", "audit", "parity"],
}
FROZEN = json.loads((Path(__file__).parent / "frozen" / "calls.json").read_text())


def calls_of(service: str) -> list[AnyCall]:
    modules = [import_module(f"contracts.rpc.{name}") for name in MODULES.get(service, [service])]
    values = [value for module in modules for value in vars(module).values()]
    return [value for value in values if isinstance(value, Call) and value.service == service]


CALLS = {call.name: call for service in SERVICES for call in calls_of(service)}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def fields_of(schema: Schema) -> dict[str, Any]:
    return {name: [type(field).__name__, field.required] for name, field in sorted(schema.fields.items())}


def entrypoints_of(service: str) -> dict[str, Any]:
    """Method name to its entrypoint extension, as nameko finds them."""
    service_class = getattr(import_module(f"services.{service}.service"), f"{service.capitalize()}Service")
    return {
        name: next(iter(method.nameko_entrypoints))
        for name, method in vars(service_class).items()
        if getattr(method, "nameko_entrypoints", None)
    }


def test_the_frozen_list_names_every_call() -> None:
    assert set(FROZEN) == set(CALLS), "freeze a new call in tests/contract/frozen/calls.json; never take one out"


@each_call
def test_what_an_older_caller_sends_is_still_taken(call: AnyCall) -> None:
    frozen, now = FROZEN[call.name]["request"], fields_of(call.request)
    assert {name: now.get(name, [None])[0] for name in frozen} == {name: kind for name, (kind, _) in frozen.items()}
    newly_required = [
        name for name, (_, required) in now.items() if required and not frozen.get(name, [None, False])[1]
    ]
    assert not newly_required, "an older caller does not send it"


@each_call
def test_what_an_older_caller_reads_is_still_answered(call: AnyCall) -> None:
    frozen, now = FROZEN[call.name]["reply"], fields_of(call.reply)
    assert {name: now.get(name) for name in frozen} == frozen


@each_call
def test_a_call_that_may_be_repeated_stays_so(call: AnyCall) -> None:
    assert call.idempotent or not FROZEN[call.name]["idempotent"]
    assert 0 < call.timeout_s <= 60


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_answers_exactly_its_contract(service: str) -> None:
    # `ping` is answered by the chassis, for every service alike.
    answered = {name for name, entrypoint in entrypoints_of(service).items() if type(entrypoint).__name__ == "FastRpc"}
    assert answered | {"ping"} == {call.method for call in calls_of(service)}
