"""The validators of a message's definition, run on a message that something faster than marshmallow has read."""

from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from marshmallow import ValidationError, fields

from contracts.message import VALUE_OBJECTS, Message, annotations_of, schema_of

Check = Callable[[Any], Any]
"""Takes a value that is not None and returns what is wrong with it, in marshmallow's shape; empty when nothing is."""


def problems_of(message: Message) -> dict[str, Any]:
    """Return what a message's own validators have against its values, by field; empty when nothing.

    Types are not looked at: whoever read the message has checked them.
    """
    found = {}
    message_type: Any = type(message)
    for name, get, check in _checks_of(message_type):
        value = get(message)
        if value is not None and (problem := check(value)):
            found[name] = problem
    return found


@cache
def _checks_of(message_type: Any) -> Sequence[tuple[str, Callable[[Any], Any], Check]]:
    annotations = annotations_of(message_type)
    described = schema_of(message_type).fields
    checks = {
        name: _check_of(field) for name, field in described.items() if annotations[name].bare not in VALUE_OBJECTS
    }
    return [(name, attrgetter(name), check) for name, check in checks.items() if check is not None]


def _check_of(field: Any) -> Check | None:
    """Return the check of one field, None where anything of its type will do."""
    validators = list(field.validators)
    if isinstance(field, fields.Nested):
        return problems_of
    if isinstance(field, fields.List):
        each = _check_of(field.inner)
        return _sequence_check(validators, each) if validators or each else None
    return _value_check(validators) if validators else None


def _value_check(validators: Sequence[Check]) -> Check:
    def check(value: Any) -> Any:
        try:
            for validate in validators:
                validate(value)
        except ValidationError as error:
            return error.messages
        return None

    return check


def _sequence_check(validators: Sequence[Check], each: Check | None) -> Check:
    whole = _value_check(validators)

    def check(values: Any) -> Any:
        if problem := whole(values):
            return problem
        if each is None:
            return None
        return {place: problem for place, value in enumerate(values) if (problem := each(value))}

    return check
