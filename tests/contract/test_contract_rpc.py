"""Remote procedures: found where the contract says, answered by their service, and changed only by adding."""

from importlib import import_module
from typing import Any

import pytest

from contracts.call import AnyCall
from tests.contract.frozen_calls import calls, fields_of, frozen

SERVICES = ("identity", "practices", "cart", "payments", "notices")
FROZEN = frozen()
CALLS = calls()
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def entrypoints_of(service: str) -> dict[str, Any]:
    """Method name to its entrypoint extension, as nameko finds them."""
    service_class = getattr(import_module(f"services.{service}.service"), f"{service.capitalize()}Service")
    return {
        name: next(iter(method.nameko_entrypoints))
        for name, method in vars(service_class).items()
        if getattr(method, "nameko_entrypoints", None)
    }


def test_the_frozen_list_names_every_call() -> None:
    assert set(FROZEN) == set(CALLS), "./portal generate freezes a new call; never take one out"


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
    assert answered | {"ping"} == {call.method for call in CALLS.values() if call.service == service}
