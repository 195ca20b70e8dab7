"""The API's documentation as one page made from its OpenAPI document: no script, no foreign host."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import falcon
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from contracts.errors import ErrorCode
from gateway.api.json_values import JsonObject
from gateway.api.operation import make_cacheable
from gateway.messages import MESSAGES
from gateway.statuses import STATUS_OF
from gateway.translations import translate

_FOLDER: Final = Path(__file__).resolve().parent / "templates"
_CACHE_S: Final = 300
_METHODS: Final = ("get", "post", "put", "delete")


class DocsPage:
    """GET /api/docs."""

    def __init__(self, document: JsonObject) -> None:
        environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"pretty": _pretty, "type": type_markup, "prose": _prose}
        template = environment.get_template("docs.html")
        self._data = template.render(
            info=document["info"],
            paragraphs=document["info"]["description"].split("\n\n"),
            tags=_by_tag(document),
            schemas=document["components"]["schemas"],
            codes=list(_codes()),
        ).encode()

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the page."""
        resp.content_type = falcon.MEDIA_HTML
        resp.data = self._data
        make_cacheable(req, resp, _CACHE_S)


class DocsStyle:
    """GET /api/docs/style.css."""

    def __init__(self) -> None:
        self._data = (_FOLDER / "docs.css").read_bytes()

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Hand out the style sheet; the policy of the portal forbids styles inside pages."""
        resp.content_type = "text/css"
        resp.data = self._data
        make_cacheable(req, resp, _CACHE_S)


def _by_tag(document: JsonObject) -> dict[str, list[JsonObject]]:
    """Return the operations in the order of the document, under their tags."""
    tags: dict[str, list[JsonObject]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                described = {"method": method.upper(), "path": path, **item[method]}
                tags.setdefault(described["tags"][0], []).append(described)
    return tags


def _codes() -> Iterator[JsonObject]:
    """Yield every stable code with its status and its English sentences."""
    for code in ErrorCode:
        message = MESSAGES[code]
        yield {
            "code": code.value,
            "status": STATUS_OF[code].value,
            "sentence": translate("en", message.sentence),
            "next_step": translate("en", message.next_step),
        }


def type_markup(schema: JsonObject) -> Markup:
    """Return a JSON Schema in a few words, with links to the schemas it names."""
    reference = schema.get("$ref") or next((part["$ref"] for part in schema.get("allOf", []) if "$ref" in part), None)
    if reference:
        name = reference.rpartition("/")[2]
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return Markup(" | ").join(type_markup(part) for part in schema[choice])
    if schema.get("type") == "array":
        return Markup("list of {}").format(type_markup(schema.get("items", {})))
    kind = schema.get("type", "any")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return escape(words + "".join(f", {limit}" for limit in _limits(schema)))


def _limits(schema: JsonObject) -> Iterator[str]:
    if "format" in schema:
        yield str(schema["format"])
    if "enum" in schema:
        yield "one of " + ", ".join(str(value) for value in schema["enum"])
    for low, high, unit in (("minimum", "maximum", ""), ("minLength", "maxLength", " characters")):
        if low in schema or high in schema:
            yield f"{schema.get(low, '')}…{schema.get(high, '')}{unit}"
    if "pattern" in schema:
        yield f"like {schema['pattern']}"


def _pretty(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _prose(text: str) -> Markup:
    """Return escaped text with `code` between backquotes."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))
