"""The OpenAPI 3.1 document, made from the same operations and schemas that check the requests."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import falcon
import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from contracts.errors import ErrorCode
from gateway.api import examples, problems, schemas
from gateway.api.operation import (
    UNSAFE_METHODS,
    Access,
    Key,
    Operation,
    Resource,
    make_cacheable,
    operations_of,
)
from gateway.api.request import BODY_MAX_BYTES
from gateway.api.uploads import FILE_MAX_BYTES
from gateway.problems import Problem
from gateway.settings import Settings
from gateway.statuses import STATUS_OF
from gateway.visitors import BrowserCookies

VERSION: Final = "1.0.0"
_CACHE_S: Final = 300
_LANGUAGE: Final = "en"
_TEMPLATE_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")
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

_EXAMPLE_PARAMS: Final[Mapping[ErrorCode, Mapping[str, Any]]] = {
    ErrorCode.INVALID_REQUEST: {"errors": [{"pointer": "/amount_cents", "code": "type"}]},
    ErrorCode.SPID_LEVEL_TOO_LOW: {"entity_code": "PM108", "spid_level": 2, "spid_level_wanted": 3},
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


def build(resources: Mapping[str, Resource], settings: Settings) -> dict[str, Any]:
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
    spec.components.schema("Problem", schema=schemas.Problem)
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
    document: dict[str, Any] = spec.to_dict()
    _let_answers_grow(document)
    return document


def openapi_path(template: str) -> str:
    """Falcon's path template without its converters."""
    return _TEMPLATE_FIELD.sub(r"{\1}", template)


class OpenApiResource:
    """GET /api/v1/openapi.json."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._data = orjson.dumps(document)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Hand out the document."""
        resp.content_type = "application/json"
        resp.data = self._data
        make_cacheable(req, resp, _CACHE_S)


def errors_of(method: str, described: Operation, template: str) -> list[ErrorCode]:
    """All codes an operation may answer with: its own, and those that follow from its path, its caller and its body."""
    codes = [ErrorCode.INVALID_REQUEST]
    if any(converter for _, converter in _TEMPLATE_FIELD.findall(template)):
        codes += [ErrorCode.NOT_FOUND]  # an id that cannot be one is an address that does not exist
    if described.scope is not None:
        codes += [ErrorCode.API_KEY_INVALID, ErrorCode.SCOPE_MISSING]
    elif method in UNSAFE_METHODS:
        codes += [ErrorCode.CSRF_FAILED]
    if described.access in (Access.CITIZEN, Access.SESSION):
        codes += [ErrorCode.LOGIN_REQUIRED]
    if described.access in (Access.CITIZEN, Access.SESSION, Access.PAYER):
        codes += [ErrorCode.SESSION_EXPIRED]
    if described.access in (Access.CITIZEN, Access.PAYER):
        codes += [ErrorCode.SPID_LEVEL_TOO_LOW]
    if described.access is Access.CITIZEN:
        codes += [ErrorCode.CONSENT_MISSING]
    if described.idempotency is not Key.NONE:
        codes += [ErrorCode.IDEMPOTENCY_CONFLICT]
    codes += [*described.errors, ErrorCode.SERVICE_UNAVAILABLE, ErrorCode.OUTCOME_UNKNOWN, ErrorCode.INTERNAL_ERROR]
    return list(dict.fromkeys(codes))


def _operation(method: str, described: Operation, template: str, plugin: MarshmallowPlugin) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": _operation_id(method, template),
        "summary": described.summary,
        "tags": [described.tag],
        "parameters": [*_path_parameters(template), *_query_parameters(described, plugin), *_header(described)],
        "responses": {
            str(described.status.value): _success(described),
            **dict(sorted({**_problems(errors_of(method, described, template)), **_http_problems(described)}.items())),
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


def _operation_id(method: str, template: str) -> str:
    words = [word for word in re.split(r"\W+", _TEMPLATE_FIELD.sub("", template.removeprefix("/api/v1"))) if word]
    single = template.endswith("}")
    return "_".join([method.lower(), *words, *(["one"] if single else [])])


def _path_parameters(template: str) -> Iterable[dict[str, Any]]:
    for name, converter in _TEMPLATE_FIELD.findall(template):
        schema = {"type": "string", "format": "uuid"} if converter == "uuid" else {"type": "string"}
        yield {"in": "path", "name": name, "required": True, "schema": schema, "description": _PARTS[name]}


def _query_parameters(described: Operation, plugin: MarshmallowPlugin) -> Iterable[dict[str, Any]]:
    if described.query is None or plugin.converter is None:
        return []
    parameters: list[dict[str, Any]] = plugin.converter.schema2parameters(described.query, location="query")
    return parameters


def _header(described: Operation) -> Iterable[dict[str, Any]]:
    if described.idempotency is not Key.NONE:
        yield {
            "in": "header",
            "name": "Idempotency-Key",
            "required": described.idempotency is Key.REQUIRED,
            "schema": {"type": "string", "minLength": 8, "maxLength": 128},
            "description": "Made by the caller, kept until the answer is known."
            + ("" if described.idempotency is Key.REQUIRED else " Without it the content itself is the key."),
        }


def _success(described: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {"description": "Done." if described.status is not HTTPStatus.OK else "Here it is."}
    if described.answer is not None:
        made["content"] = {"application/json": {"schema": described.answer, "example": described.answer_example}}
    elif described.status is not HTTPStatus.NO_CONTENT:
        made["content"] = {described.media_type: {"schema": {"type": "string", "format": "binary"}}}
    return made


def _problems(codes: Iterable[ErrorCode]) -> dict[str, Any]:
    by_status: dict[str, list[ErrorCode]] = {}
    for code in sorted(codes, key=lambda code: STATUS_OF[code]):
        by_status.setdefault(str(STATUS_OF[code].value), []).append(code)
    return {
        status: _problem_response({code.value: _example(code) for code in same}) for status, same in by_status.items()
    }


def _http_problems(described: Operation) -> dict[str, Any]:
    """What HTTP itself refuses about a body, with the code `invalid_request`."""
    if described.body is None and not described.file_types:
        return {}
    statuses = [HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    if described.body is not None:
        statuses.append(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if described.file_types:
        statuses.append(HTTPStatus.LENGTH_REQUIRED)
    return {
        str(status.value): _problem_response({"invalid_request": Problem(status, ErrorCode.INVALID_REQUEST)})
        for status in statuses
    }


def _problem_response(examples_by_code: Mapping[str, Problem]) -> dict[str, Any]:
    shown = {
        code: {"value": problems.as_json(problem, _LANGUAGE, "/api/v1/…")} for code, problem in examples_by_code.items()
    }
    return {
        "description": ", ".join(f"`{code}`" for code in shown),
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": shown}},
    }


def _example(code: ErrorCode) -> Problem:
    return Problem(STATUS_OF[code], code, _EXAMPLE_PARAMS.get(code, {}))


def _json_body(body: Schema, example: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": body, "example": example}}}


def _file_body(file_types: Iterable[str]) -> dict[str, Any]:
    form = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    shown = {
        "text/csv": {"schema": {"type": "string"}, "example": examples.IMPORT_FILE},
        "multipart/form-data": {"schema": form},
    }
    file = {"schema": {"type": "string", "format": "binary"}}
    return {"required": True, "content": {media_type: shown.get(media_type, file) for media_type in file_types}}


def _security(described: Operation) -> list[dict[str, list[str]]]:
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
    """Class names, with the variants of one class (`partial=True`, `exclude`) told apart by apispec itself."""
    made = schema if isinstance(schema, type) else type(schema)
    return made.__name__


def _let_answers_grow(document: dict[str, Any]) -> None:
    """Say `additionalProperties: false` of requests only: answers may get new fields within this version."""
    requests: set[str] = set()
    for path in document["paths"].values():
        for described in path.values():
            _collect(document, described.get("requestBody", {}), requests)
    for name, schema in document["components"]["schemas"].items():
        if name not in requests:
            schema.pop("additionalProperties", None)


def _collect(document: Mapping[str, Any], part: Any, found: set[str]) -> None:
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
