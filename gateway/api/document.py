"""The OpenAPI 3.1 document, made from the same operations and schemas that check the requests."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import falcon
import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from contracts.message import Message, schema_of
from gateway.api import examples
from gateway.api.answers import schema_for
from gateway.api.error_responses import error_responses
from gateway.api.json_values import JsonObject
from gateway.api.operation import (
    Access,
    AnyOperation,
    IdempotencyKey,
    Resource,
    make_cacheable,
    operations_of,
)
from gateway.api.problem_schema import Problem
from gateway.api.request import BODY_MAX_BYTES
from gateway.api.uploads import FILE_MAX_BYTES
from gateway.settings import Settings
from gateway.visitors import BrowserCookies

VERSION: Final = "1.0.0"
_CACHE_S: Final = 300
_TEMPLATE_FIELD: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")
_PARTS: Final = {
    "entity": "The creditor's code on this portal, for example `PM108`.",
    "practice_id": "The practice.",
    "checkout_id": "The checkout.",
    "import_id": "The import.",
    "job_id": "The printing job's id.",
    "external_id": "The entity's own reference of the debt.",
    "purpose": "The purpose of the consent.",
    "flow_id": "The flow's identificativoFlusso.",
    "reference": "The bank's reference of the credit.",
    "day": "The day of settlement (dataRegolamento), YYYY-MM-DD.",
}

_INTRODUCTION: Final = f"""
The payer's portal of pagoPA, for programs. Amounts are whole euro cents; times are ISO 8601 in UTC; fields that nobody
knows are refused. Errors are `application/problem+json` (RFC 9457) with a stable `code`; their sentences come in
Italian or English, by `Accept-Language`. Lists have a cursor: follow `Link: rel="next"`. Every `POST` that makes
something takes an `Idempotency-Key` (8 to 128 visible characters, best a UUID): the same key and body give the same
answer, another
body gives 409. Writes by a browser are accepted from the portal's own pages only. A body of JSON may have
{BODY_MAX_BYTES // 1024} KiB, a debt file {FILE_MAX_BYTES // 1024 // 1024} MiB.

Payers are known by the cookies of the portal: the session that SPID opened, or the visitor who searched or inserted a
practice. Keep them: a payer's Idempotency-Key is that payer's alone. The entity's own software sends its API key, made
by the portal's operator with the scopes it needs, and may act for its own entity only.
"""


def build(resources: Mapping[str, Resource], settings: Settings) -> JsonObject:
    """Make the document of all resources by their Falcon path templates."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Back Office Pagatore",
        version=VERSION,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": _INTRODUCTION.strip()},
        servers=[{"url": settings.public_url}],
    )
    spec.components.schema("Problem", schema=Problem)
    _add_security_schemes(spec, settings)
    for template, resource in resources.items():
        spec.path(
            path=openapi_path(template),
            operations={
                method.lower(): _operation(method, described, template, plugin)
                for method, described in operations_of(resource).items()
                if method != "HEAD"
            },
        )
    document: JsonObject = spec.to_dict()
    _let_answers_grow(document)
    return document


def openapi_path(template: str) -> str:
    """Return Falcon's path template without its converters."""
    return _TEMPLATE_FIELD.sub(r"{\1}", template)


class OpenApiResource:
    """GET /api/v1/openapi.json."""

    def __init__(self, document: JsonObject) -> None:
        self._data = orjson.dumps(document)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Hand out the document."""
        resp.content_type = "application/json"
        resp.data = self._data
        make_cacheable(req, resp, _CACHE_S)


def _operation(method: str, described: AnyOperation, template: str, plugin: MarshmallowPlugin) -> JsonObject:
    made: JsonObject = {
        "operationId": _operation_id(method, template),
        "summary": described.summary,
        "tags": [described.tag],
        "parameters": [*_path_parameters(template), *_query_parameters(described, plugin), *_header(described)],
        "responses": {
            str(described.status.value): _success(described),
            **error_responses(method, described, has_id=_has_id(template)),
        },
        "security": _security(described),
    }
    if described.scope is not None:
        made["description"] = f"Needs an API key of the entity with the scope `{described.scope}`."
    else:
        made["description"] = f"For {described.access.value}."
    if described.body is not None:
        made["requestBody"] = _json_body(described.body, described.body_example)
    if described.file_types:
        made["requestBody"] = _file_body(described.file_types)
    return made


def _has_id(template: str) -> bool:
    """Return whether a part of the path is converted, so that some texts are no address at all."""
    return any(converter for _, converter in _TEMPLATE_FIELD.findall(template))


def _operation_id(method: str, template: str) -> str:
    words = [word for word in re.split(r"\W+", _TEMPLATE_FIELD.sub("", template.removeprefix("/api/v1"))) if word]
    single = template.endswith("}")
    return "_".join([method.lower(), *words, *(["one"] if single else [])])


def _path_parameters(template: str) -> Iterable[JsonObject]:
    for name, converter in _TEMPLATE_FIELD.findall(template):
        schema = {"type": "string", "format": "uuid"} if converter == "uuid" else {"type": "string"}
        yield {"in": "path", "name": name, "required": True, "schema": schema, "description": _PARTS[name]}


def _query_parameters(described: AnyOperation, plugin: MarshmallowPlugin) -> Iterable[JsonObject]:
    if described.query is None or plugin.converter is None:
        return []
    parameters: list[JsonObject] = plugin.converter.schema2parameters(schema_of(described.query), location="query")
    return parameters


def _header(described: AnyOperation) -> Iterable[JsonObject]:
    if described.idempotency is not IdempotencyKey.NONE:
        optional = described.idempotency is IdempotencyKey.OPTIONAL
        otherwise = " Without it the content itself is the key." if optional else ""
        yield {
            "in": "header",
            "name": "Idempotency-Key",
            "required": not optional,
            "schema": {"type": "string", "minLength": 8, "maxLength": 128},
            "description": "Made by the caller, kept until the answer is known." + otherwise,
        }


def _success(described: AnyOperation) -> JsonObject:
    made: JsonObject = {"description": "Done." if described.status is not HTTPStatus.OK else "Here it is."}
    if described.answer is not None:
        shown = {"schema": schema_for(described.answer), "example": described.answer_example}
        made["content"] = {"application/json": shown}
    elif described.status is not HTTPStatus.NO_CONTENT:
        made["content"] = {described.media_type: {"schema": {"type": "string", "format": "binary"}}}
    return made


def _json_body(body: type[Message], example: JsonObject | None) -> JsonObject:
    return {"required": True, "content": {"application/json": {"schema": schema_of(body), "example": example}}}


def _file_body(file_types: Iterable[str]) -> JsonObject:
    form = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    shown = {
        "text/csv": {"schema": {"type": "string"}, "example": examples.IMPORT_FILE},
        "multipart/form-data": {"schema": form},
    }
    file = {"schema": {"type": "string", "format": "binary"}}
    return {"required": True, "content": {media_type: shown.get(media_type, file) for media_type in file_types}}


def _security(described: AnyOperation) -> list[dict[str, list[str]]]:
    if described.scope is not None:
        return [{"bearerKey": []}, {"headerKey": []}]
    if described.access is Access.PAYER:
        return [{"session": []}, {"visitor": []}, {}]
    return [] if described.access is Access.ANYONE else [{"session": []}]


def _add_security_schemes(spec: APISpec, settings: Settings) -> None:
    cookies = BrowserCookies(settings)
    made: dict[str, dict[str, str]] = {
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookies.session,
            "description": "A citizen: opened by SPID login in the portal's pages.",
        },
        "visitor": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookies.visitor,
            "description": "Somebody without login: set by the first search or insertion.",
        },
        "bearerKey": {"type": "http", "scheme": "bearer", "description": "An API key of the entity."},
        "headerKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "The same API key."},
    }
    for name, scheme in made.items():
        spec.components.security_scheme(name, scheme)


def _schema_name(schema: Any) -> str:
    """Return the class name, with the variants of one class (`partial=True`, `exclude`) told apart by apispec."""
    made = schema if isinstance(schema, type) else type(schema)
    return made.__name__


def _let_answers_grow(document: JsonObject) -> None:
    """Say `additionalProperties: false` of requests only: answers may get new fields within this version."""
    requests: set[str] = set()
    for path in document["paths"].values():
        for described in path.values():
            _collect(document, described.get("requestBody", {}), requests)
    for name, schema in document["components"]["schemas"].items():
        if name not in requests:
            schema.pop("additionalProperties", None)


def _collect(document: JsonObject, part: Any, found: set[str]) -> None:
    if isinstance(part, Mapping):
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name and name not in found:
            found.add(name)
            _collect(document, document["components"]["schemas"][name], found)
        for below in part.values():
            _collect(document, below, found)
    elif isinstance(part, list):
        for below in part:
            _collect(document, below, found)
