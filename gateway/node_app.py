"""The node's door as one WSGI application, with health and metrics; of pages and API it imports nothing."""

from collections.abc import Callable
from typing import Any

import falcon

from contracts.call import Rpc
from gateway.edge.observation import Observation, log_failure
from gateway.edge.rates import RateLimiter
from gateway.edge.security_headers import SecurityHeaders
from gateway.edge.strange_bytes import StrangeBytes
from gateway.health import add_routes as add_health_routes
from gateway.pagopa import add_routes as add_pagopa_routes
from gateway.problems import Problem, from_exception
from gateway.settings import Settings


def create_node_app(settings: Settings, rpc: Rpc) -> falcon.App[falcon.Request, falcon.Response]:
    """Build the application of the node's door alone, with health and metrics."""
    middleware: list[Any] = [Observation(), SecurityHeaders(settings), StrangeBytes()]
    app = falcon.App(middleware=middleware)
    app.req_options.strip_url_path_trailing_slash = True
    write_failure = _word_writer(settings)
    app.add_error_handler(Exception, write_failure)
    app.add_error_handler(falcon.HTTPError, write_failure)
    add_health_routes(app, settings, RateLimiter(settings), rpc)
    add_pagopa_routes(app, settings, rpc)
    return app


def _word_writer(settings: Settings) -> Callable[..., None]:
    """Answer any failure by its code alone."""

    def write(req: falcon.Request, resp: falcon.Response, error: Exception, _params: object) -> None:
        problem = from_exception(error)
        log_failure(req, error, problem, settings.trusted_proxies)
        resp.set_headers(dict(problem.headers))
        write_word(resp, problem)

    return write


def write_word(resp: falcon.Response, problem: Problem) -> None:
    """Answer with the code alone."""
    resp.status = problem.status
    resp.content_type = falcon.MEDIA_TEXT
    resp.text = f"{problem.code.value}\n"
