"""Strict writing and lenient reading with the contracts' marshmallow schemas."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields


def dump_strictly(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Dump `values`; a key the schema does not know is a bug of the caller and raises KeyError.

    A value that its field cannot write, such as a word for a number, raises ValidationError.
    """
    unknown = set(values) - set(schema.fields)
    if unknown:
        raise KeyError(f"{type(schema).__name__} does not have {sorted(unknown)}")
    try:
        dumped: dict[str, Any] = schema.dump(values)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValidationError({"_schema": ["a value of another type"]}) from error
    return dumped


@cache
def lenient(schema: Schema) -> Schema:
    """Return a copy of `schema` that leaves out fields it does not know, at every depth.

    Within a version of a message fields are only added: an older reader must go on reading.
    """
    copy = deepcopy(schema)
    _exclude_unknown(copy)
    return copy


def _exclude_unknown(schema: Schema) -> None:
    schema.unknown = EXCLUDE
    for field in (*schema.load_fields.values(), *schema.dump_fields.values()):
        _exclude_unknown_in(field)


def _exclude_unknown_in(field: Any) -> None:
    if isinstance(field, fields.Nested):
        field.unknown = EXCLUDE
        _exclude_unknown(field.schema)
    elif isinstance(field, fields.List):
        _exclude_unknown_in(field.inner)
    elif isinstance(field, fields.Dict) and field.value_field is not None:
        _exclude_unknown_in(field.value_field)
