"""Strict writing and lenient reading with the contracts' marshmallow schemas."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from marshmallow import EXCLUDE, Schema, fields


def dump_strictly(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Dump `values`; a key the schema does not know is a bug of the caller and raises ValueError."""
    unknown = set(values) - set(schema.fields)
    if unknown:
        raise ValueError(f"{type(schema).__name__} does not have {sorted(unknown)}")
    dumped: dict[str, Any] = schema.dump(values)
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
