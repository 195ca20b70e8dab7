"""What marshmallow lets pass and the OpenAPI document does not: types of JSON, and characters that no text may hold."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from marshmallow import Schema, fields

from contracts.codes import JOINERS
from gateway.api.field_errors import FieldError

# The services also refuse what Unicode has not assigned; no pattern says that in a line. They drop joiners that are no
# spelling.
READABLE_PATTERN: Final = (
    r"^[^\u0000-\u0008\u000A-\u001F\u007F-\u009F\u00AD\u1680\u2000-\u200B\u200E\u200F\u2028-\u202F\u205F-\u206F\u3000"
    r"\uE000-\uF8FF\uFEFF\uFFF9-\uFFFB]*$"
)
"""The characters of a text in a request, for engines of JavaScript as well as Python's."""
_SPACES: Final = "\t\u00a0"
_LINE_BREAKS: Final = "\r\n"


class Lines(fields.String):
    """A text of several lines."""


def wrong_in_body(schema: Schema, body: Any) -> Iterator[FieldError]:
    """Yield the fields of a body of JSON that are of another type than the schema says, or hold such characters."""
    if isinstance(body, Mapping):
        for name, field in schema.fields.items():
            yield from _wrong(field, body.get(name), f"/{name}")


def is_readable(text: str, *, also: str = "") -> bool:
    """Return whether a text has only printable characters, plain spaces, joiners and those of `also`."""
    others = _SPACES + JOINERS + also
    return all(character.isprintable() or character in others for character in text)


def _wrong(field: fields.Field[Any], value: Any, pointer: str) -> Iterator[FieldError]:
    if value is None:
        return
    if isinstance(field, fields.Nested) and isinstance(value, Mapping):
        for name, below in field.schema.fields.items():
            yield from _wrong(below, value.get(name), f"{pointer}/{name}")
    elif isinstance(field, fields.List) and isinstance(value, list):
        for place, item in enumerate(value):
            yield from _wrong(field.inner, item, f"{pointer}/{place}")
    elif isinstance(field, fields.Mapping) and isinstance(value, Mapping):
        yield from _wrong_in_map(field, value, pointer)
    elif not _is_of_type(field, value):
        yield FieldError("pointer", pointer, "type")
    elif isinstance(value, str) and not is_readable(value, also=_LINE_BREAKS if isinstance(field, Lines) else ""):
        yield FieldError("pointer", pointer, "characters")


def _wrong_in_map(field: fields.Mapping[Any], value: Mapping[str, Any], pointer: str) -> Iterator[FieldError]:
    for name, item in value.items():
        step = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if not is_readable(name):
            yield FieldError("pointer", step, "characters")
        elif field.value_field is not None:
            yield from _wrong(field.value_field, item, step)


def _is_of_type(field: fields.Field[Any], value: Any) -> bool:
    if isinstance(field, fields.Boolean):
        return isinstance(value, bool)
    if isinstance(field, fields.Integer):
        return isinstance(value, int) and not isinstance(value, bool)
    return True
