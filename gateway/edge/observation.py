"""Each request's correlation id, its one log line, and its metrics. No address, path value or cookie is logged."""

import re
import time
from typing import Final

import falcon
from prometheus_client import Counter, Histogram

from chassis import correlation
from chassis.logs import get_logger
from gateway.problems import Problem

CORRELATION_HEADER: Final = "X-Correlation-Id"
_ACCEPTED_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SERVER_ERROR: Final = 500

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
        )


def log_failure(req: falcon.Request, error: Exception, problem: Problem) -> None:
    """Log what went wrong on our side, with its cause; a client's mistake is only a status."""
    if problem.status >= _SERVER_ERROR:
        _log.error(
            "failure",
            code=problem.code.value,
            route=req.uri_template or "unrouted",
            exc_info=error,
        )
