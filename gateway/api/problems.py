"""Errors of the API as problem+json (RFC 9457), in the language of the request."""

import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

import falcon
import orjson

from contracts.errors import ErrorCode
from gateway.api.field_errors import field_text
from gateway.api.json_values import JsonObject
from gateway.edge.bodies import stream_of
from gateway.languages import negotiate
from gateway.messages import text_of
from gateway.problems import Problem
from gateway.web import addresses

MEDIA_TYPE: Final = "application/problem+json"
DOCS_PATH: Final = "/api/docs"
RETRY_AFTER_S: Final = 5
_DRAIN_S: Final = 20.0
_DRAIN_CHUNK_BYTES: Final = 64 * 1024

# RFC 9110 section 11.6.1: a 401 says how to authenticate. Citizens do it in a browser, at SPID.
_CHALLENGE_OF: Final = {
    ErrorCode.API_KEY_INVALID: 'Bearer realm="api"',
    ErrorCode.LOGIN_REQUIRED: 'Cookie realm="portal"',
    ErrorCode.SESSION_EXPIRED: 'Cookie realm="portal"',
    ErrorCode.SPID_LEVEL_TOO_LOW: 'Cookie realm="portal", error="insufficient_user_authentication"',  # RFC 9470
}

_TRY_AGAIN: Final = (ErrorCode.SERVICE_UNAVAILABLE, ErrorCode.TOO_MANY_REQUESTS, ErrorCode.CHECKOUT_BUSY)

# An invalid request is explained to software, by the status it has; pages say it in their own way.
_INVALID_REQUEST_DETAIL: Final[Mapping[HTTPStatus, Mapping[str, str]]] = {
    HTTPStatus.BAD_REQUEST: {
        "it": "Correggi i campi elencati in `errors`, secondo il documento OpenAPI.",
        "en": "Correct the fields listed in `errors`, as the OpenAPI document says.",
    },
    HTTPStatus.METHOD_NOT_ALLOWED: {
        "it": "Questo indirizzo non accetta il metodo usato: quelli ammessi sono in `Allow`.",
        "en": "This address does not take the method used: those it takes stand in `Allow`.",
    },
    HTTPStatus.LENGTH_REQUIRED: {
        "it": "Indica la lunghezza del corpo in Content-Length, oppure manda il file da solo, senza multipart.",
        "en": "Say how long the body is in Content-Length, or send the file by itself, without multipart.",
    },
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {
        "it": "Il corpo della richiesta è troppo grande.",
        "en": "The body of the request is too large.",
    },
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: {
        "it": "Il corpo della richiesta non ha il tipo previsto: guarda Content-Type nel documento OpenAPI.",
        "en": "The body of the request is not of the type expected: see Content-Type in the OpenAPI document.",
    },
}


def write_problem(req: falcon.Request, resp: falcon.Response, problem: Problem) -> None:
    """Answer with the problem; headers that belong to its code are added."""
    resp.status = problem.status
    resp.content_type = MEDIA_TYPE
    body = orjson.dumps(as_json(problem, negotiate(req), req.path))
    resp.content_length = len(body)
    resp.stream = _answer_then_drain(req, body)
    resp.set_header("Cache-Control", "no-store")
    resp.set_header("Vary", "Accept-Language")
    if problem.code in _CHALLENGE_OF:
        resp.set_header("WWW-Authenticate", _CHALLENGE_OF[problem.code])
    if problem.code in _TRY_AGAIN:
        resp.set_header("Retry-After", str(problem.params.get("retry_after_s", RETRY_AFTER_S)))


def _answer_then_drain(req: falcon.Request, answer: bytes) -> Iterator[bytes]:
    """Send the answer at once, then throw away what the sender is still sending, for a while.

    A refusal often comes before the body is read; closing a connection with unread data resets it, and the sender would
    lose the answer with it.
    """
    yield answer
    until = time.monotonic() + _DRAIN_S
    while time.monotonic() < until and stream_of(req).read(_DRAIN_CHUNK_BYTES):
        pass


def as_json(problem: Problem, language: str, instance: str) -> JsonObject:
    """Return the members of a problem. `params["errors"]` holds the fields in error, as request.invalid left them.

    Where a higher SPID level is wanted `params["login"]` is the page to log in at that level.
    """
    params = dict(problem.params)
    errors = params.pop("errors", [])
    if problem.code is ErrorCode.SPID_LEVEL_TOO_LOW:
        params["login"] = addresses.login(params["entity_code"])
    text = text_of(problem.code, language)
    explained = _INVALID_REQUEST_DETAIL.get(problem.status) if problem.code is ErrorCode.INVALID_REQUEST else None
    members: JsonObject = {
        "type": f"{DOCS_PATH}#{problem.code}",
        "title": text.title,
        "status": problem.status.value,
        "detail": explained[language] if explained else text.detail,
        "instance": instance,
        "code": problem.code.value,
    }
    if params:
        members["params"] = params
    if errors:
        members["errors"] = [{**error, "detail": field_text(error["code"], language)} for error in errors]
    return members
