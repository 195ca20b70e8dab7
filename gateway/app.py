"""The gateway as one WSGI application. Routes are registered beside their resources."""

from collections.abc import Callable
from typing import Any, Final

import falcon

from contracts.call import Rpc
from gateway.api.problems import write_problem
from gateway.api.routes import add_routes as add_api_routes
from gateway.document_cache import PublicNotices
from gateway.edge.observation import Observation, log_failure
from gateway.edge.rates import RateLimiter
from gateway.edge.security_headers import SecurityHeaders
from gateway.edge.strange_bytes import StrangeBytes, StrangeBytesError, StrangePathError
from gateway.health import add_routes as add_health_routes
from gateway.node_app import write_word
from gateway.office.addresses import is_office
from gateway.office.problems import OfficeProblems
from gateway.office.routes import add_routes as add_office_routes
from gateway.pagopa import add_routes as add_pagopa_routes
from gateway.problems import from_exception
from gateway.settings import Settings
from gateway.static_files import add_routes as add_static_routes
from gateway.visit import VisitMiddleware
from gateway.web.problems import PageProblems
from gateway.web.routes import add_routes as add_web_routes
from gateway.web.site import Site

_NOT_FOR_BROWSERS: Final = ("/pagopa/", "/status/", "/metrics", "/static/")


def create_app(settings: Settings, rpc: Rpc) -> falcon.App[falcon.Request, falcon.Response]:
    """Build the application on a way to reach the services."""
    middleware: list[Any] = [Observation(), SecurityHeaders(settings), VisitMiddleware(settings, rpc), StrangeBytes()]
    app = falcon.App(middleware=middleware)
    app.req_options.strip_url_path_trailing_slash = True
    rates = RateLimiter(settings)
    public_notices = PublicNotices()
    site = Site(settings, rates, public_notices)
    write_failure = _failure_writer(PageProblems(site), OfficeProblems(site), settings)
    app.add_error_handler(Exception, write_failure)
    app.add_error_handler(falcon.HTTPError, write_failure)
    add_health_routes(app, settings, rates, rpc)
    add_static_routes(app, settings)
    add_pagopa_routes(app, settings, rpc)
    add_api_routes(app, settings, rates, public_notices)
    add_web_routes(app, site)
    add_office_routes(app, site)
    return app


def _failure_writer(pages: PageProblems, offices: OfficeProblems, settings: Settings) -> Callable[..., None]:
    """Answer any failure as who asked expects it: problem+json from the API, a page in browsers, else the code."""

    def write(req: falcon.Request, resp: falcon.Response, error: Exception, _params: object) -> None:
        problem = from_exception(error)
        log_failure(req, error, problem, settings.trusted_proxies)
        resp.set_headers(dict(problem.headers))
        if req.path.startswith("/api/"):
            write_problem(req, resp, problem)
        elif req.path.startswith(_NOT_FOR_BROWSERS) or isinstance(error, StrangeBytesError | StrangePathError):
            write_word(resp, problem)
        elif is_office(req.path):
            offices.write(req, resp, problem)
        else:
            pages.write(req, resp, problem)

    return write
