"""Messages change only by adding, at every depth: not a nested field, not a validator, without being noticed."""

import json
from dataclasses import dataclass
from typing import Annotated

import pytest
from marshmallow.validate import Length

from contracts import shapes
from contracts.message import Message
from tests.contract.frozen_messages import frozen, is_required, message_types, name_of, shape_of

FROZEN = frozen()
NOW = {name_of(one): shape_of(one) for one in message_types()}
HOW = "./portal generate"


def broken_promises(promised: dict[str, str], now: dict[str, str]) -> list[str]:
    """What an older caller or consumer would stumble over."""
    changed = [name for name, field in promised.items() if now.get(name) != field]
    return changed + [name for name, field in now.items() if name not in promised and is_required(field)]


def test_no_message_was_taken_out() -> None:
    assert set(FROZEN) <= set(NOW)


def test_every_message_and_field_is_promised() -> None:
    missing = [f"{name}.{field}" for name, shape in NOW.items() for field in shape if field not in FROZEN.get(name, {})]
    assert not missing, f"freeze what is new: {HOW}"


@pytest.mark.parametrize("name", FROZEN)
def test_a_message_is_read_and_written_as_it_was_promised(name: str) -> None:
    assert broken_promises(dict(FROZEN[name]), NOW[name]) == []


def test_the_promises_reach_into_nested_messages_and_validators() -> None:
    assert FROZEN["shapes.Subject"]["full_name"].startswith("String required <Length(min=1, max=70")
    assert FROZEN["rpc.practices.Practice"]["debtor"] == "Nested(Subject) required"
    assert FROZEN["rpc.practices.Position"]["transfers"].startswith("List(Nested(Transfer)")
    assert json.loads(json.dumps(FROZEN)) == FROZEN


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalName(Message):
    """A Subject whose name may be left out."""

    full_name: shapes.Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyName(Message):
    """A Subject whose name may be anything."""

    full_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShorterName(Message):
    """A Subject whose name may be shorter only."""

    full_name: Annotated[str, Length(1, 69)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherName(Message):
    """A Subject that asks for one more field."""

    full_name: shapes.Name
    nickname: str


@pytest.mark.parametrize("changed", [OptionalName, AnyName, ShorterName, OtherName])
def test_a_field_that_is_optional_unchecked_narrower_or_newly_required_is_noticed(changed: type[Message]) -> None:
    promised = {"full_name": FROZEN["shapes.Subject"]["full_name"]}
    assert broken_promises(promised, shape_of(changed)) != []
