"""Each message has one definition: its type and its marshmallow schema say the same, at every depth."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from marshmallow import fields

from contracts.codes import AmountCents, CreditorFiscalCode, FiscalCode, Iban, Iuv, NoticeNumber
from contracts.message import Message, schema_of
from tests.contract.frozen_messages import message_types

# What a schema reads a value of this type with; stated here, apart from the code that makes the schemas.
KINDS: Mapping[Any, set[str]] = {
    str: {"String", "Description"},
    int: {"Integer"},
    bool: {"Boolean"},
    UUID: {"UUID"},
    date: {"Date"},
    datetime: {"UtcDateTime"},
    AmountCents: {"Cents"},
    NoticeNumber: {"NoticeDigits"},
    CreditorFiscalCode: {"CreditorFiscalCode"},
    Iban: {"Iban"},
    FiscalCode: {"String"},
    Iuv: {"String"},
}


MESSAGES = message_types()
each_message = pytest.mark.parametrize("message_type", MESSAGES, ids=lambda one: f"{one.__module__}.{one.__name__}")


def bare(hint: Any) -> tuple[Any, bool]:
    """The type without what stands beside it, and whether it may be null."""
    nullable = False
    while True:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif NoneType in get_args(hint):
            (hint,) = [one for one in get_args(hint) if one is not NoneType]
            nullable = True
        else:
            return hint, nullable


def differences(hint: Any, field: Any, place: str) -> Iterator[str]:
    kind, nullable = bare(hint)
    if kind is Any:  # whatever JSON has
        return
    if nullable != field.allow_none:
        yield f"{place}: may be null in one and not in the other"
    if get_origin(kind) is Sequence:
        if isinstance(field, fields.List):
            yield from differences(get_args(kind)[0], field.inner, f"{place}[]")
        else:
            yield f"{place}: a sequence read by {type(field).__name__}"
    elif get_origin(kind) is Mapping or type(kind).__name__ == "TypeVar":
        if not isinstance(field, fields.Dict):
            yield f"{place}: an object read by {type(field).__name__}"
    elif isinstance(kind, type) and issubclass(kind, Message):
        if not isinstance(field, fields.Nested) or set(field.schema.fields) != {one.name for one in fields_of(kind)}:
            yield f"{place}: not nested as {kind.__name__}"
    elif type(field).__name__ not in KINDS[kind]:
        yield f"{place}: {kind} read by {type(field).__name__}"


def fields_of(message_type: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(message_type)


def test_there_are_messages_to_look_at() -> None:
    assert len(MESSAGES) > 120


@each_message
def test_a_message_is_a_frozen_dataclass_with_slots(message_type: type[Message]) -> None:
    assert message_type.__dataclass_params__.frozen  # type: ignore[attr-defined]  # each is a dataclass
    assert not hasattr(message_type, "__dict__") or "__slots__" in vars(message_type)
    assert message_type.__doc__
    assert not message_type.__doc__.startswith(f"{message_type.__name__}(")


@each_message
def test_type_and_schema_have_the_same_fields(message_type: type[Message]) -> None:
    assert list(schema_of(message_type).fields) == [one.name for one in fields_of(message_type)]


@each_message
def test_type_and_schema_ask_for_the_same_fields(message_type: type[Message]) -> None:
    needed = {
        one.name
        for one in fields_of(message_type)
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    }
    assert {name for name, field in schema_of(message_type).fields.items() if field.required} == needed


@each_message
def test_type_and_schema_agree_on_kinds_nulls_and_nesting(message_type: type[Message]) -> None:
    hints = get_type_hints(message_type, include_extras=True)
    described = schema_of(message_type).fields
    found = [one for name, field in described.items() for one in differences(hints[name], field, name)]
    assert found == []


@each_message
def test_type_and_schema_fill_in_the_same_defaults(message_type: type[Message]) -> None:
    described = schema_of(message_type).fields
    for one in fields_of(message_type):
        if one.default is not dataclasses.MISSING:
            assert described[one.name].load_default == one.default
        elif one.default_factory is not dataclasses.MISSING:
            assert described[one.name].load_default() == one.default_factory()
