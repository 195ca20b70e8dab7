"""Requests made from the OpenAPI document: within every constraint, and with one of them broken at a time."""

import copy
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from gateway.api import examples, money_examples
from gateway.api.json_checks import READABLE_PATTERN

Json = Any
Path = tuple[str | int, ...]
REMOVED: Final = object()
UNKNOWN: Final = "not_in_the_document"

# Texts that match a pattern; what is not here has one of the readable ones.
OF_PATTERN: Final[Mapping[str, st.SearchStrategy[str]]] = {
    "^[A-Za-z0-9+/]{43}=$": st.from_regex(r"[A-Za-z0-9+/]{43}=", fullmatch=True),
    r"^https://[^\s/?#@]+(/[^\s#]*)?$": st.from_regex(r"https://[a-z0-9.-]{1,40}(/[a-z0-9/?=]{0,40})?", fullmatch=True),
    "^[A-Z]{2}$": st.from_regex(r"[A-Z]{2}", fullmatch=True),
    "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$": st.dates()
    .map(lambda day: day.replace(year=2000 + day.year % 100, day=1))
    .map(str),
}
OF_FORMAT: Final[Mapping[str, st.SearchStrategy[str]]] = {
    "uuid": st.uuids().map(str),
    "date": st.dates().map(str),
    "date-time": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    "email": st.from_regex(r"[a-z0-9_.+-]{1,20}@[a-z0-9-]{1,20}(\.[a-z]{2,5})?", fullmatch=True),
}
LETTERS: Final = string.ascii_letters + string.digits + string.punctuation + " àèéìòùßñçœžđαβж€→字😀"
WRONG_TYPES: Final[Mapping[str, tuple[Json, ...]]] = {
    "string": (5, True, [], {}),
    "integer": ("5", 1.5, True, [], {}),
    "boolean": ("true", "yes", 1, 0, []),
    "array": ("x", {}, 5),
    "object": ("x", [], 5),
}
BROKEN_FORMATS: Final = {
    "uuid": "not-an-id",
    "date": "yesterday",
    "date-time": "2026-11-01T00:00:00",
    "email": "nobody",
}


@dataclass(frozen=True)
class Breaking:
    """One constraint broken: `value` (or REMOVED) at `path` of the body; the problem must name `pointer`."""

    constraint: str
    path: Path
    value: Json
    pointer: str

    def of(self, body: Json) -> Json:
        """Return the body with it."""
        broken = copy.deepcopy(body)
        part = broken
        for step in self.path[:-1]:
            part = part[step]
        if self.value is REMOVED:
            del part[self.path[-1]]
        else:
            part[self.path[-1]] = self.value
        return broken


class Schemas:
    """The schemas of a document, their references followed."""

    def __init__(self, document: Mapping[str, Json]) -> None:
        self._named = document["components"]["schemas"]

    def resolved(self, schema: Json) -> Json:
        """The schema itself; of one or nothing the one."""
        if "$ref" in schema:
            return self.resolved(self._named[schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            [one] = [option for option in schema["anyOf"] if option != {"type": "null"}]
            return {**self.resolved(one), "nullable": True}
        return schema

    def values(self, schema: Json, *, whole: bool = False) -> st.SearchStrategy[Json]:
        """What the schema allows; `whole`: with all fields and no nulls."""
        schema = self.resolved(schema)
        if "oneOf" in schema:
            return st.one_of([self._objects(schema, option, whole=whole) for option in schema["oneOf"]])
        kind, nullable = kind_of(schema)
        made = self._of_kind(kind, schema, whole=whole)
        return st.none() | made if nullable and not whole else made

    def _of_kind(self, kind: str, schema: Json, *, whole: bool) -> st.SearchStrategy[Json]:
        if kind == "object" and "properties" not in schema:
            names, texts_of_it = self.values(schema["propertyNames"]), self.values(schema["additionalProperties"])
            return st.dictionaries(names, texts_of_it, min_size=int(whole), max_size=schema["maxProperties"])
        if kind == "object":
            return self._objects(schema, {}, whole=whole)
        if kind == "array":
            size = {"min_size": schema.get("minItems", 0), "max_size": min(schema.get("maxItems", 5), 40)}
            return st.lists(self.values(schema["items"], whole=whole), **({**size, "min_size": 1} if whole else size))
        if kind == "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        return st.booleans() if kind == "boolean" else texts(schema)

    def _objects(self, schema: Json, option: Json, *, whole: bool) -> st.SearchStrategy[Json]:
        refused = excluded_by(option)
        needed = {*schema.get("required", ()), *option.get("required", ())}
        properties = {name: below for name, below in schema["properties"].items() if name not in refused}
        made = {name: self.values(below, whole=whole) for name, below in properties.items()}
        optional = {} if whole else {name: one for name, one in made.items() if name not in needed}
        asked = {name: one for name, one in made.items() if name not in optional}
        return st.fixed_dictionaries(asked, optional=optional).filter(lambda value: keeps_condition(schema, value))

    def breakings(self, schema: Json, value: Json, path: Path = ()) -> Iterator[Breaking]:
        """Every constraint of the schema, broken once in `value`."""
        schema = self.resolved(schema)
        kind, nullable = kind_of(schema)
        if path:
            for wrong in (*WRONG_TYPES[kind], *(() if nullable else (None,))):
                yield Breaking(f"type {kind}", path, wrong, pointer(path))
        if kind == "object" and "properties" not in schema:
            yield from self._broken_map(schema, value, path)
        elif kind == "object":
            yield from self._broken_object(schema, value, path)
        elif kind == "array":
            yield from broken_sizes("Items", schema, path, lambda size: [value[0]] * size)
            yield from self.breakings(schema["items"], value[0], (*path, 0))
        elif kind == "integer":
            for limit, beyond in (("minimum", -1), ("maximum", 1)):
                yield Breaking(limit, path, schema[limit] + beyond, pointer(path))
        elif kind == "string":
            yield from broken_text(schema, path)

    def _broken_map(self, schema: Json, value: Json, path: Path) -> Iterator[Breaking]:
        """Too many names, a name that is none, and what may not stand under one."""
        name, text = next(iter(value.items()))
        many = {f"n{number}": text for number in range(schema["maxProperties"] + 1)}
        yield Breaking("maxProperties", path, many, pointer(path))
        for wrong in ("", "a\u200bb", "x" * (schema["propertyNames"]["maxLength"] + 1)):
            yield Breaking("propertyNames", (*path, wrong), text, pointer((*path, wrong)))
        yield from self.breakings(schema["additionalProperties"], text, (*path, name))

    def _broken_object(self, schema: Json, value: Json, path: Path) -> Iterator[Breaking]:
        for name in schema.get("required", ()):
            yield Breaking("required", (*path, name), REMOVED, pointer((*path, name)))
        if schema.get("additionalProperties") is False:
            yield Breaking("additionalProperties", (*path, UNKNOWN), 1, pointer((*path, UNKNOWN)))
        for name, below in schema["properties"].items():
            if name in value:
                yield from self.breakings(below, value[name], (*path, name))
        yield from broken_alternatives(schema, value)


def kind_of(schema: Json) -> tuple[str, bool]:
    """The type, and whether null is allowed."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    [kind] = [one for one in kinds if one != "null"]
    return kind, "null" in kinds or schema.get("nullable", False)


def texts(schema: Json) -> st.SearchStrategy[str]:
    """Texts that a schema of strings allows."""
    if "enum" in schema:
        return st.sampled_from([one for one in schema["enum"] if one is not None])
    pattern = schema.get("pattern")
    if pattern in OF_PATTERN:
        return OF_PATTERN[pattern]
    if "format" in schema:
        return OF_FORMAT[schema["format"]]
    assert pattern == READABLE_PATTERN, schema
    return st.text(LETTERS, min_size=schema.get("minLength", 0), max_size=schema["maxLength"])


def broken_text(schema: Json, path: Path) -> Iterator[Breaking]:
    """Every constraint of a string."""
    if "enum" in schema:
        yield Breaking("enum", path, UNKNOWN, pointer(path))
        return
    yield from broken_sizes("Length", schema, path, lambda size: "x" * size)
    if "format" in schema:
        yield Breaking("format", path, BROKEN_FORMATS[schema["format"]], pointer(path))
    if schema.get("pattern") == READABLE_PATTERN:
        for character in "\x00\x1f\x7f\u200b\u2028\ufeff":
            yield Breaking(f"pattern {character!a}", path, f"a{character}b"[: schema["maxLength"]], pointer(path))
    elif "pattern" in schema:
        yield Breaking("pattern", path, "1999-12-31" if "format" in schema else "§", pointer(path))


def broken_sizes(what: str, schema: Json, path: Path, made: Callable[[int], Json]) -> Iterator[Breaking]:
    """The least and the greatest length."""
    if schema.get(f"min{what}", 0) > 0:
        yield Breaking(f"min{what}", path, made(schema[f"min{what}"] - 1), pointer(path))
    if f"max{what}" in schema:
        yield Breaking(f"max{what}", path, made(schema[f"max{what}"] + 1), pointer(path))


def broken_alternatives(schema: Json, value: Json) -> Iterator[Breaking]:
    """`oneOf` of required fields, and `if` ... `then` they are required."""
    for option in schema.get("oneOf", ()):
        if set(option["required"]) <= set(value):
            for name in option["required"]:
                yield Breaking("oneOf: none", (name,), REMOVED, "")
            for name in excluded_by(option):
                yield Breaking("oneOf: both", (name,), "1", "")
    if "if" in schema:
        [condition] = schema["if"]["properties"].items()
        assert value[condition[0]] == condition[1]["const"], "the request must meet the condition"
        for name in schema["then"]["required"]:
            for broken in (REMOVED, None):
                yield Breaking("then: required", (name,), broken, pointer((name,)))


def excluded_by(option: Json) -> set[str]:
    """The fields that one alternative of a body may not have."""
    return set(option.get("not", {}).get("required", ()))


def keeps_condition(schema: Json, value: Json) -> bool:
    """Whether a generated value keeps `if` ... `then`, and what stands in words: an instalment is one of its plan."""
    instalment = value.get("instalment")
    if instalment is not None and instalment["number"] > instalment["total"]:
        return False
    if "if" not in schema:
        return True
    [(name, condition)] = schema["if"]["properties"].items()
    return value.get(name) != condition["const"] or all(
        value.get(one) is not None for one in schema["then"]["required"]
    )


def pointer(path: Path) -> str:
    """JSON Pointer."""
    return "".join(f"/{step}" for step in path)


PATH_VALUES: Final = {
    "entity": "PM108",
    "practice_id": examples.PRACTICE_ID,
    "checkout_id": examples.CHECKOUT_ID,
    "import_id": examples.IMPORT_ID,
    "job_id": examples.PRINT_JOB["id"],
    "external_id": "TARI-1",
    "purpose": "email_reminders",
    "flow_id": "2026-11-03ABCDITMM-0001",
    "reference": "CRO-4711",
    "day": "2026-11-03",
    "webhook_id": examples.WEBHOOK["id"],
    "case_id": money_examples.CASE_ID,
    "export_id": money_examples.EXPORT_ID,
    "link_id": examples.PAY_LINK["id"],
    "consumer": "practices.on_payment_confirmed",
    "letter_id": examples.DEAD_LETTER["id"],
}
"""A good value for each part of an address."""
