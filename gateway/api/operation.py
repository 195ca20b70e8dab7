"""One operation of the API: what it takes, who may call it, what it answers. Checked here, told in document.py.

A resource's responder is written as `def on_post(self, asked: Asked[SearchBody], ...) -> PracticePage`, decorated with
`@operation(...)`: by the time it runs the caller is known and the request is a message; so is what it returns.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, Final, Generic, ParamSpec

import falcon
import orjson
from typing_extensions import TypeVar

from contracts.errors import ErrorCode
from contracts.message import Message
from contracts.scopes import Scope
from contracts.shapes import Empty
from gateway.api.answers import schema_for
from gateway.api.json_values import JsonObject
from gateway.api.keys import ApiKey, ApiKeys
from gateway.api.path_parts import check_path
from gateway.api.request import BODY_MAX_BYTES, idempotency_key, load_body, load_query
from gateway.api.tags import Tag
from gateway.document_cache import PublicNotices
from gateway.edge.observation import note_api_key
from gateway.edge.rates import RateLimiter
from gateway.edge.same_origin import check_same_origin
from gateway.settings import Settings
from gateway.visit import Visit, visit_of

UNSAFE_METHODS: Final = ("POST", "PUT", "PATCH", "DELETE")
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

Body = TypeVar("Body", bound=Message, default=Empty)
Query = TypeVar("Query", bound=Message, default=Empty)
Answer = TypeVar("Answer", bound=Message | None, default=None)
Path = ParamSpec("Path")


class Access(Enum):
    """Who may call an operation."""

    ANYONE = "anyone"
    PAYER = "a visitor or a citizen"
    CITIZEN = "a citizen who has acknowledged the privacy notice"
    SESSION = "a citizen who has logged in"
    KEY = "the entity's software"


class IdempotencyKey(Enum):
    """Whether the caller may or must send an Idempotency-Key."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[Body, Query, Answer]):
    """What stands in the OpenAPI about a responder, and what is checked before it runs.

    `errors` are the codes of its own; those that follow from its access and its body are added by the document.
    `file_types` are those of an upload. `answer` is None where the body is a file of `media_type`, or where `status` is
    204. `as_a_job`: when it is answered with 202 instead, in words.
    `cache_s`: how long anybody may cache the answer (0: nobody, it is personal).
    """

    summary: str
    tag: Tag
    access: Access
    answer: type[Answer] | None = None
    media_type: str = "application/json"
    status: HTTPStatus = HTTPStatus.OK
    as_a_job: str = ""
    scope: Scope | None = None
    body: type[Body] | None = None
    body_max_bytes: int = BODY_MAX_BYTES
    query: type[Query] | None = None
    idempotency: IdempotencyKey = IdempotencyKey.NONE
    errors: tuple[ErrorCode, ...] = ()
    file_types: tuple[str, ...] = ()
    cache_s: int = 0
    body_example: JsonObject | None = None
    answer_example: JsonObject | None = None


AnyOperation = Operation[Any, Any, Any]


@dataclass(frozen=True)
class ApiContext:
    """What the resources share: settings, the API keys in force, the rates per client address, and the notices held."""

    settings: Settings
    keys: ApiKeys
    rates: RateLimiter
    public_notices: PublicNotices


@dataclass(frozen=True)
class Asked(Generic[Body, Query]):
    """A request that passed its operation's checks.

    `visit` is the side of the browser or of the entity's software, and the way to the services. `api_key` is None but
    for Access.KEY, `body` and `query` are empty where the operation has none, `idempotency_key` where none was sent.
    """

    req: falcon.Request
    resp: falcon.Response
    visit: Visit
    api_key: ApiKey | None
    body: Body
    query: Query
    idempotency_key: str

    @property
    def key(self) -> ApiKey:
        """Return the API key of an operation for the entity's software."""
        if self.api_key is None:
            raise TypeError("this operation is not called with an API key")
        return self.api_key


class Resource:
    """Base of the API's resources."""

    def __init__(self, context: ApiContext) -> None:
        self.context = context


Responder = Callable[..., None]
AnyResource = TypeVar("AnyResource", bound=Resource)


def operation(
    described: Operation[Body, Query, Answer],
) -> Callable[[Callable[Concatenate[AnyResource, Asked[Body, Query], Path], Answer]], Responder]:
    """Decorate a method of a Resource as the responder of `described`."""
    answer_type: Any = described.answer
    schema = schema_for(answer_type) if answer_type else None

    def decorate(handler: Callable[..., Answer]) -> Responder:
        @wraps(handler)
        def responder(self: Resource, req: falcon.Request, resp: falcon.Response, **path: Any) -> None:
            asked = _check(described, self, req, resp, path)
            resp.status = described.status
            answer = handler(self, asked, **path)
            if schema is not None:
                write_json(resp, schema.dump(answer))
            if described.cache_s:
                make_cacheable(req, resp, described.cache_s)
            else:
                resp.cache_control = ["no-store"]

        responder.operation = described  # type: ignore[attr-defined]  # -- for operations_of
        return responder

    return decorate


def write_json(resp: falcon.Response, content: Any) -> None:
    """Make `content` (JSON values) the answer's body."""
    resp.content_type = "application/json"
    resp.data = orjson.dumps(content)


def make_cacheable(req: falcon.Request, resp: falcon.Response, seconds: int) -> None:
    """Let anybody cache the answer and ask again by its ETag; answer 304 to who already has it."""
    etag = falcon.ETag(hashlib.sha256(resp.data or b"").hexdigest()[:32])
    resp.etag = etag
    resp.cache_control = ["public", f"max-age={seconds}"]
    if any(known in ("*", etag) for known in req.if_none_match or ()):
        resp.status = HTTPStatus.NOT_MODIFIED
        resp.data = None
        resp.delete_header("Content-Type")


def operations_of(resource: type[Resource]) -> dict[str, AnyOperation]:
    """Return the operations of a resource by HTTP method, in the order of METHODS."""
    responders = {method: getattr(resource, f"on_{method.lower()}", None) for method in METHODS}
    described = {method: getattr(responder, "operation", None) for method, responder in responders.items()}
    return {method: found for method, found in described.items() if found is not None}


def _check(
    described: Operation[Body, Query, Answer],
    resource: Resource,
    req: falcon.Request,
    resp: falcon.Response,
    path: Mapping[str, Any],
) -> Asked[Body, Query]:
    """Who first, then what: nobody learns from a field error what they may not call."""
    visit = visit_of(req)
    api_key = None
    if described.scope is not None:
        api_key = resource.context.keys.of(req)
        note_api_key(req, api_key.name, api_key.entity_code)
        api_key.check(described.scope, path.get("entity"))
    else:
        _check_payer(described.access, req, visit, resource.context.settings)
    check_path(path)
    # Of an operation that has neither, Body and Query are Empty.
    no_body: Any = Empty()
    query_type: type[Any] = described.query or Empty
    return Asked(
        req,
        resp,
        visit,
        api_key,
        body=load_body(req, described.body, described.body_max_bytes) if described.body else no_body,
        query=load_query(req, query_type),
        idempotency_key=idempotency_key(req, required=described.idempotency is IdempotencyKey.REQUIRED),
    )


def _check_payer(access: Access, req: falcon.Request, visit: Visit, settings: Settings) -> None:
    if req.method in UNSAFE_METHODS:
        check_same_origin(req, settings.public_url)
    if access is Access.SESSION:
        visit.require_login()
    elif access is Access.CITIZEN:
        visit.require_citizen()
