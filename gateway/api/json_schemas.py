"""JSON Schemas made from the definitions of messages, for the OpenAPI and the AsyncAPI document."""

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import fields

from contracts.message import Message, schema_of
from gateway.api.json_checks import READABLE_PATTERN
from gateway.api.json_values import JsonObject

_INT32_MAX: Final = 2**31 - 1
_CONSTRAINED: Final = ("enum", "format", "pattern", "const")


class SchemaPlugin(MarshmallowPlugin):
    """apispec's plugin, for readers in any language: integers say how wide they are, patterns are JavaScript's too."""

    def __init__(self) -> None:
        super().__init__(schema_name_resolver=_schema_name)

    def init_spec(self, spec: Any) -> None:
        """Take up the document that is being made."""
        super().init_spec(spec)
        self._made.add_attribute_function(_integer_format)
        self._made.add_attribute_function(_portable_pattern)
        self._made.add_attribute_function(_map_of_names)

    def schema(self, field: fields.Field[Any]) -> JsonObject:
        """Return the JSON Schema of a field."""
        made: JsonObject = self._made.field2property(field)
        return made

    def whole(self, message_type: type[Message]) -> JsonObject:
        """Return the JSON Schema of a message, written out."""
        made: JsonObject = self._made.schema2jsonschema(schema_of(message_type))
        return made

    def query_parameters(self, query_type: type[Message]) -> list[JsonObject]:
        """Return the parameters of a query string."""
        made: list[JsonObject] = self._made.schema2parameters(schema_of(query_type), location="query")
        return made

    @property
    def _made(self) -> Any:  # typed in places only
        if self.converter is None:
            raise TypeError("the plugin belongs to no document yet")
        return self.converter


def _schema_name(schema: Any) -> str:
    """Return the class name, with the variants of one class (`partial=True`, `exclude`) told apart by apispec."""
    made = schema if isinstance(schema, type) else type(schema)
    return made.__name__


def _integer_format(_converter: Any, field: fields.Field[Any], *, ret: JsonObject) -> JsonObject:
    if not isinstance(field, fields.Integer):
        return {}
    highest = ret.get("maximum")
    return {"format": "int32" if highest is not None and highest <= _INT32_MAX else "int64"}


def _portable_pattern(_converter: Any, _field: fields.Field[Any], *, ret: JsonObject) -> JsonObject:
    """Say where a text ends with `$`, which in JavaScript is before no line break; it knows no other sign for it."""
    pattern = ret.get("pattern")
    return {} if pattern is None else {"pattern": pattern.replace(r"\Z", "$")}


def _map_of_names(converter: Any, field: fields.Field[Any], *, ret: JsonObject) -> JsonObject:
    """Say of a map how many entries it may have, and how its names are written."""
    if not isinstance(field, fields.Mapping):
        return {}
    sizes = {f"{end}Properties": ret.pop(f"{end}Length") for end in ("min", "max") if f"{end}Length" in ret}
    names = {} if field.key_field is None else converter.field2property(field.key_field)
    return {**sizes, "propertyNames": names} if names.keys() > {"type"} else sizes


def words_of(message_type: type[object]) -> str:
    """Return what the definition of a message says of it, for readers who know JSON and not Python."""
    lines = (line.strip() for line in (inspect.getdoc(message_type) or "").split("\n"))
    return re.sub(r"\bNone\b", "null", " ".join(line for line in lines if line))


def demand_readable_texts(schema: Any) -> None:
    """Say of every free text in a schema of a request which characters it may have."""
    for part in _parts(schema):
        kinds = part.get("type")
        is_text = kinds == "string" or (isinstance(kinds, list) and "string" in kinds)
        if is_text and not any(keyword in part for keyword in _CONSTRAINED):
            part["pattern"] = READABLE_PATTERN


def _parts(schema: Any) -> Iterator[JsonObject]:
    """Yield all objects of a schema, itself first."""
    if isinstance(schema, dict):
        yield schema
    below = schema.values() if isinstance(schema, Mapping) else schema if isinstance(schema, list) else ()
    for part in below:
        yield from _parts(part)


def referenced(part: Any, schemas: Mapping[str, Any], found: set[str]) -> set[str]:
    """Add to `found` the names of all schemas that a part of a document leads to, and return it."""
    for below in _parts(part):
        name = str(below.get("$ref", "")).rpartition("/")[2]
        if name in schemas and name not in found:
            found.add(name)
            referenced(schemas[name], schemas, found)
    return found
