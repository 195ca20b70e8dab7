"""Each request's correlation id, its one log line, and its metrics. No path value, cookie or citizen is logged.

The client's address stands only in the lines about what was refused to somebody who may be up to something.
"""

import re
import time
from collections.abc import Sequence
from typing import Final

import falcon
from prometheus_client import Counter, Histogram

from chassis import correlation
from chassis.logs import get_logger
from contracts.errors import ErrorCode
from gateway.edge.addresses import client_address, is_forwarded, is_within, parse
from gateway.edge.strange_bytes import StrangeBytesError, StrangePathError
from gateway.problems import Problem
from gateway.settings import Network

CORRELATION_HEADER: Final = "X-Correlation-Id"
_ACCEPTED_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SERVER_ERROR: Final = 500
_SUSPECT: Final = frozenset(
    {ErrorCode.CSRF_FAILED, ErrorCode.API_KEY_INVALID, ErrorCode.SCOPE_MISSING, ErrorCode.TOO_MANY_REQUESTS}
)
_SUSPECT_ERRORS: Final = (falcon.HTTPForbidden, StrangeBytesError, StrangePathError)

_requests = Counter("gateway_requests_total", "Requests answered.", ["method", "route", "status"])
_seconds = Histogram("gateway_request_seconds", "Time to answer.", ["method", "route"])
_log = get_logger("gateway")


class Observation:
    """Middleware, outermost: starts the clock and the correlation id, closes with log line and metrics."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Take over a well-formed correlation id, else make one, and give it back in the answer."""
        given = req.get_header(CORRELATION_HEADER) or ""
        req.context.correlation_id = given if _ACCEPTED_ID.fullmatch(given) else correlation.new()
        correlation.set(req.context.correlation_id)
        req.context.started_s = time.perf_counter()
        resp.set_header(CORRELATION_HEADER, req.context.correlation_id)

    def process_response(self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool) -> None:  # noqa: FBT001 — Falcon's signature
        """Log by route template, which holds no value of anybody's."""
        seconds = time.perf_counter() - req.context.started_s
        route = req.uri_template or "unrouted"
        _requests.labels(req.method, route, resp.status_code).inc()
        _seconds.labels(req.method, route).observe(seconds)
        _log.info(
            "request",
            method=req.method,
            route=route,
            status=resp.status_code,
            milliseconds=round(seconds * 1000, 1),
            **_api_key_of(req),
        )


def note_api_key(req: falcon.Request, name: str, entity_code: str) -> None:
    """Remember with which API key a request came, for its log lines. `name` is the one in the file of keys."""
    req.context.api_key = {"api_key": name, "api_key_entity": entity_code}


def log_failure(req: falcon.Request, error: Exception, problem: Problem, trusted_proxies: Sequence[Network]) -> None:
    """Log what went wrong on our side, with its cause; and what was refused to a client, with its address.

    A client's ordinary mistake is only a status.
    """
    if problem.status >= _SERVER_ERROR:
        _log.error(
            "failure",
            code=problem.code.value,
            route=req.uri_template or "unrouted",
            exc_info=error,
        )
    elif problem.code in _SUSPECT or isinstance(error, _SUSPECT_ERRORS):
        _log.warning(
            "refused",
            code=problem.code.value,
            status=problem.status.value,
            method=req.method,
            route=req.uri_template or "unrouted",
            client=str(client_address(req, trusted_proxies) or "unreadable"),
            forwarded_by_stranger=is_forwarded(req) and not is_within(parse(req.remote_addr), trusted_proxies),
            **_api_key_of(req),
        )


def _api_key_of(req: falcon.Request) -> dict[str, str]:
    known: dict[str, str] = getattr(req.context, "api_key", {})
    return known
