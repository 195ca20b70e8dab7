"""The OpenAPI 3.1 document, made from the same operations and schemas that check the requests."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

import falcon
import orjson
from apispec import APISpec

from contracts.message import Message, schema_of
from contracts.scopes import Scope
from gateway.api import examples
from gateway.api.answers import schema_for
from gateway.api.body_rules import RULE_OF
from gateway.api.contact import contact
from gateway.api.error_responses import error_responses
from gateway.api.json_schemas import SchemaPlugin, demand_readable_texts, referenced, words_of
from gateway.api.json_values import JsonObject
from gateway.api.operation import (
    Access,
    AnyOperation,
    IdempotencyKey,
    Resource,
    make_cacheable,
    operations_of,
)
from gateway.api.path_parts import PATH_PARTS
from gateway.api.problem_schema import Problem
from gateway.api.request import BODY_MAX_BYTES, KEY_PATTERN
from gateway.api.tags import TAGS
from gateway.debt_file_parts import FILE_MAX_BYTES
from gateway.settings import Settings
from gateway.visitors import BrowserCookies

VERSION: Final = "1.0.0"
_CACHE_S: Final = 300
_TEMPLATE_FIELD: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")
_SUMMARY: Final = "Search, insert, pay and reconcile what is owed to Italian public bodies through pagoPA."
_API_ID: Final = "back-office-pagatore"

_INTRODUCTION: Final = f"""
The payer's portal of pagoPA, for programs. Amounts are whole euro cents; times are ISO 8601 in UTC; fields that nobody
knows are refused. Errors are `application/problem+json` (RFC 9457) with a stable `code`; their sentences come in
Italian or English, by `Accept-Language`. Lists have a cursor: follow `Link: rel="next"`. Every `POST` that makes
something takes an `Idempotency-Key` (8 to 128 visible characters, best a UUID): the same key and body give the same
answer, another body gives 409. Writes by a browser are accepted from the portal's own pages only. A body of JSON may
have {BODY_MAX_BYTES // 1024} KiB where nothing else is said, a file {FILE_MAX_BYTES // 1024 // 1024} MiB. Texts have
printable characters only. A refusal that is about a field names it in `errors`.

Payers are known by the cookies of the portal: the session that SPID opened, or the visitor who searched or inserted a
practice. Keep them: a payer's Idempotency-Key is that payer's alone. The entity's own software sends its API key, made
by the portal's operator with the scopes it needs, and may act for its own entity only.
"""


def build(resources: Mapping[str, type[Resource]], settings: Settings, prefix: str) -> JsonObject:
    """Make the document of all resources by their Falcon path templates, which stand under `prefix`."""
    plugin = SchemaPlugin()
    spec = APISpec(
        title="Back Office Pagatore",
        version=VERSION,
        openapi_version="3.1.0",
        plugins=[plugin],
        info=_info(settings),
        servers=[_server(settings, prefix)],
    )
    spec.components.schema("Problem", schema=Problem)
    _add_security_schemes(spec, settings)
    for template, resource in resources.items():
        spec.path(
            path=openapi_path(template),
            operations={
                method.lower(): _operation(method, described, template, plugin)
                for method, described in operations_of(resource).items()
            },
        )
    document: JsonObject = spec.to_dict()
    document["tags"] = [{"name": tag, "description": says} for tag, says in TAGS.items()]
    _tell_requests_from_answers(document)
    _describe_bodies(document, resources.values())
    return document


def _info(settings: Settings) -> JsonObject:
    """Return who offers what; the Italian catalogue of APIs asks for `x-summary` and `x-api-id`."""
    return {
        "summary": _SUMMARY,
        "x-summary": _SUMMARY,
        "x-api-id": _API_ID,
        "description": _INTRODUCTION.strip(),
        "contact": contact(settings.public_url),
    }


def _server(settings: Settings, prefix: str) -> JsonObject:
    url = f"{settings.public_url}{prefix}"
    if settings.https:
        return {"url": url, "description": "This portal."}
    return {"url": url, "description": "A portal on this machine, for development.", "x-sandbox": True}


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


def _operation(method: str, described: AnyOperation, template: str, plugin: SchemaPlugin) -> JsonObject:
    made: JsonObject = {
        "operationId": _operation_id(method, template),
        "summary": described.summary,
        "tags": [described.tag],
        "parameters": [*_path_parameters(template, plugin), *_query_parameters(described, plugin), *_header(described)],
        "responses": {
            str(described.status.value): _success(described),
            **_job_begun(described),
            **error_responses(method, described, has_id=_has_id(template)),
        },
        "security": _security(described),
    }
    made["description"] = _for_whom(described)
    if described.body_max_bytes != BODY_MAX_BYTES:
        made["description"] += f" The body may have {described.body_max_bytes // 1024 // 1024} MiB."
    if described.body is not None:
        made["requestBody"] = _json_body(described.body, described.body_example)
    if described.file_types:
        made["requestBody"] = _file_body(described.file_types)
    return made


def _for_whom(described: AnyOperation) -> str:
    if described.scope is not None:
        holder = "portal's operator" if described.scope is Scope.OPS_DEAD_LETTERS else "entity"
        return f"Needs an API key of the {holder} with the scope `{described.scope}`."
    return f"For {described.access.value}."


def _has_id(template: str) -> bool:
    """Return whether a part of the path is converted, so that some texts are no address at all."""
    return any(converter for _, converter in _TEMPLATE_FIELD.findall(template))


def _operation_id(method: str, template: str) -> str:
    words = [word for word in re.split(r"\W+", _TEMPLATE_FIELD.sub("", template)) if word]
    single = template.endswith("}")
    return "_".join([method.lower(), *words, *(["one"] if single else [])])


def _path_parameters(template: str, plugin: SchemaPlugin) -> Iterable[JsonObject]:
    for name, _ in _TEMPLATE_FIELD.findall(template):
        schema = plugin.schema(PATH_PARTS[name])
        description = schema.pop("description")
        yield {"in": "path", "name": name, "required": True, "schema": schema, "description": description}


def _query_parameters(described: AnyOperation, plugin: SchemaPlugin) -> Iterable[JsonObject]:
    return [] if described.query is None else plugin.query_parameters(described.query)


def _header(described: AnyOperation) -> Iterable[JsonObject]:
    if described.idempotency is not IdempotencyKey.NONE:
        optional = described.idempotency is IdempotencyKey.OPTIONAL
        otherwise = " Without it the content itself is the key." if optional else ""
        yield {
            "in": "header",
            "name": "Idempotency-Key",
            "required": not optional,
            "schema": {"type": "string", "minLength": 8, "maxLength": 128, "pattern": KEY_PATTERN},
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


def _job_begun(described: AnyOperation) -> JsonObject:
    if not described.as_a_job:
        return {}
    return {str(HTTPStatus.ACCEPTED.value): {**_success(described), "description": described.as_a_job}}


def _json_body(body: type[Message], example: JsonObject | None) -> JsonObject:
    return {"required": True, "content": {"application/json": {"schema": schema_of(body), "example": example}}}


def _file_body(file_types: Iterable[str]) -> JsonObject:
    form = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    shown = {
        "text/csv": {"schema": {"type": "string", "maxLength": FILE_MAX_BYTES}, "example": examples.IMPORT_FILE},
        "multipart/form-data": {"schema": form},
    }
    file = {"schema": {"type": "string", "format": "binary"}}
    return {"required": True, "content": {media_type: shown.get(media_type, file) for media_type in file_types}}


def _security(described: AnyOperation) -> list[dict[str, list[str]]]:
    if described.scope is not None:
        return [{"bearerKey": []}, {"headerKey": []}]
    if described.access is Access.PAYER:
        return [{"session": []}, {"visitor": []}, {}]
    return [{}] if described.access is Access.ANYONE else [{"session": []}]


def _add_security_schemes(spec: APISpec, settings: Settings) -> None:
    cookies = BrowserCookies(settings)
    # Cookies of the browser, which no script reads and no other site sends: not keys that a program would store. The
    # scheme is the one of our WWW-Authenticate.
    made: dict[str, dict[str, str]] = {
        "session": {
            "type": "http",
            "scheme": "cookie",
            "description": f"A citizen: the cookie `{cookies.session}`, set by SPID login in the portal's pages.",
        },
        "visitor": {
            "type": "http",
            "scheme": "cookie",
            "description": f"Without login: the cookie `{cookies.visitor}`, set by the first search or insertion.",
        },
        "bearerKey": {"type": "http", "scheme": "bearer", "description": "An API key of the entity."},
        "headerKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "The same API key."},
    }
    for name, scheme in made.items():
        spec.components.security_scheme(name, scheme)


def _tell_requests_from_answers(document: JsonObject) -> None:
    """Say `additionalProperties: false` and the characters of texts of requests only.

    Answers may get new fields within this version, and hold what others wrote.
    """
    schemas = document["components"]["schemas"]
    requests: set[str] = set()
    for path in document["paths"].values():
        for described in path.values():
            referenced(described.get("requestBody", {}), schemas, requests)
            demand_readable_texts([parameter["schema"] for parameter in described["parameters"]])
    for name, schema in schemas.items():
        if name in requests:
            demand_readable_texts(schema)
        else:
            schema.pop("additionalProperties", None)
    for body, rule in RULE_OF.items():
        schemas[body.__name__] |= rule.schema


def _describe_bodies(document: JsonObject, resources: Iterable[type[Resource]]) -> None:
    for resource in resources:
        for described in operations_of(resource).values():
            if described.body is not None:
                document["components"]["schemas"][described.body.__name__]["description"] = words_of(described.body)
