"""What of the AsyncAPI document readers rely on, and what in a newer one would break them.

A field may be added where it is optional, and a value to an enumeration. To freeze such additions:

    ./portal generate
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from gateway.api.asyncapi import build

Json = Any
FROZEN: Final = Path(__file__).parent / "frozen" / "asyncapi.json"
_WORDS: Final = ("description", "default", "title", "examples")
_COMPARED_APART: Final = ("properties", "required", "items", "enum", "anyOf")


def relied_on(document: Mapping[str, Json]) -> dict[str, Json]:
    """Return per type of event where it is published and its whole payload, references followed and words left out."""
    return {
        name: {
            "exchange": channel["bindings"]["amqp"]["exchange"]["name"],
            "address": channel["address"],
            "payload": _plain(document["components"]["messages"][name]["payload"], document),
        }
        for name, channel in document["channels"].items()
    }


def breaking(frozen: Mapping[str, Json], now: Mapping[str, Json]) -> list[str]:
    """Return what of `frozen` readers rely on and `now` has not any more, in words; empty where all was added."""
    found = [f"{name}: removed" for name in frozen if name not in now]
    for name in frozen.keys() & now.keys():
        moved = [where for where in ("exchange", "address") if frozen[name][where] != now[name][where]]
        found += [f"{name}: another {where}" for where in moved]
        found += _broken(frozen[name]["payload"], now[name]["payload"], name)
    return sorted(found)


def _plain(schema: Json, document: Mapping[str, Json]) -> Json:
    if isinstance(schema, list):
        return [_plain(one, document) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return _plain(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    plain = {keyword: _plain(value, document) for keyword, value in schema.items() if keyword not in _WORDS}
    if "properties" in schema:  # whose keys are names of fields: one may be called `description`
        plain["properties"] = {name: _plain(below, document) for name, below in schema["properties"].items()}
    return plain


def _broken(frozen: Json, now: Json, place: str) -> Iterator[str]:
    for keyword in sorted((frozen.keys() | now.keys()) - set(_COMPARED_APART)):
        if frozen.get(keyword) != now.get(keyword):
            yield f"{place}: {keyword} was {frozen.get(keyword)} and is {now.get(keyword)}"
    yield from _broken_fields(frozen, now, place)
    if ("enum" in frozen) != ("enum" in now) or set(frozen.get("enum", ())) - set(now.get("enum", ())):
        yield f"{place}: a value of the enumeration was removed"
    for keyword in ("items", "anyOf"):
        before, after = _listed(frozen.get(keyword)), _listed(now.get(keyword))
        if len(before) != len(after):
            yield f"{place}: {keyword} changed"
        for one, other in zip(before, after, strict=False):
            yield from _broken(one, other, f"{place}[]")


def _broken_fields(frozen: Json, now: Json, place: str) -> Iterator[str]:
    before, after = frozen.get("properties", {}), now.get("properties", {})
    was_required, is_required = set(frozen.get("required", ())), set(now.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield f"{place}.{name}: removed"
    for name in sorted(is_required - was_required):
        yield f"{place}.{name}: newly required"
    for name in sorted((was_required - is_required) & after.keys()):
        yield f"{place}.{name}: no longer required"
    for name in sorted(before.keys() & after.keys()):
        yield from _broken(before[name], after[name], f"{place}.{name}")


def _listed(part: Json) -> list[Json]:
    return [] if part is None else part if isinstance(part, list) else [part]


def frozen() -> dict[str, Json]:
    """Return what was frozen."""
    content: dict[str, Json] = json.loads(FROZEN.read_text(encoding="utf-8"))
    return content


def now() -> dict[str, Json]:
    """Return what the code says."""
    return relied_on(build("https://portal.example"))


def main() -> int:
    """Freeze what was added; refuse where something would break a reader."""
    if FROZEN.exists() and (broken := breaking(frozen(), now())):
        sys.stderr.write("\n".join(["Make a new version of the type instead:", *broken, ""]))
        return 1
    FROZEN.write_text(json.dumps(now(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
