"""The page *Pratiche associate* of 20 rows in the gateway, against the same template under bare Falcon and Jinja2.

Processor time of one process; the services answer at once, in bytes that are read as any reply. The baseline renders
the same template with the values of a real page, ready: no session, no replies, no cookies. Then pages of 5 and 10
rows; 20 is the most that a page has.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import Any, Final

os.environ.setdefault("SECRET_KEY", "a secret of the benchmark that is long enough")
os.environ.setdefault("PUBLIC_URL", "http://localhost:18600")

import falcon
import falcon.testing
import structlog
from jinja2 import Environment

from benchmarks.harness import program
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import here, taken
from chassis.messaging import codec
from contracts.call import Call
from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.gateway_services import TOKEN, Services, make_practice

PATH: Final = "/enti/PM108/pratiche"
ROWS: Final = 20
OTHER_ROWS: Final = (5, 10)
_REPEATS: Final = 40


class Recorded:
    """Services that answer at once with the bytes they once answered; reading them is the gateway's work, as always."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._replies: dict[str, bytes] = {}

    def call(self, call: Call[Any, Any], request: Any, **options: Any) -> Any:
        """Answer, from memory after the first time."""
        if call.name not in self._replies:
            self._replies[call.name] = codec.write(self._services.call(call, request, **options))
        codec.write(request)
        return codec.read(self._replies[call.name], call.reply_type)


class Captured:
    """The template and the values of the last page that Jinja2 rendered."""

    def __init__(self) -> None:
        self.template: Any = None
        self.values: dict[str, Any] = {}

    def watch(self) -> None:
        """See what the gateway renders."""
        plain = Environment.get_template

        def get_template(environment: Environment, name: Any, *rest: Any) -> Any:
            self.template = plain(environment, name, *rest)
            real = self.template.render

            def render(values: dict[str, Any]) -> Any:
                self.values = dict(values)
                return real(values)

            self.template.render = render
            try:
                return self.template
            finally:
                Environment.get_template = plain  # type: ignore[method-assign]  # -- put back

        Environment.get_template = get_template  # type: ignore[method-assign,assignment]  # -- for one page


class Bare:
    """The baseline: a resource that renders ready values."""

    def __init__(self, template: Any, values: dict[str, Any]) -> None:
        self._template = template
        self._values = values

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:  # noqa: ARG002 -- Falcon's signature
        """Render."""
        resp.content_type = falcon.MEDIA_HTML
        resp.text = self._template.render(self._values)


def page_of(app: Any) -> Callable[[], bytes]:
    """Return a function that asks an application for the page, as gunicorn would."""
    environ = falcon.testing.create_environ(PATH, headers={"Cookie": f"session={TOKEN}", "Accept-Language": "it"})

    def ask() -> bytes:
        return b"".join(app(dict(environ), lambda *_: None))

    return ask


def gateway_of(rows: int) -> Callable[[], bytes]:
    """Return a function that asks a gateway for a page of so many rows."""
    services = Services()
    for number in range(1, rows + 1):
        services.add(make_practice(number))
    return page_of(create_app(Settings.load(), Recorded(services)))


def bare_of(gateway: Callable[[], bytes], rows: int) -> Callable[[], bytes]:
    """Return a function that asks bare Falcon for the page that the gateway has just rendered."""
    captured = Captured()
    captured.watch()
    assert gateway().count(b"<tr") >= rows
    del captured.template.render
    app: Any = falcon.App()
    app.add_route(PATH, Bare(captured.template, captured.values))
    bare = page_of(app)
    assert bare().count(b"<tr") >= rows
    return bare


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    gateway = gateway_of(ROWS)
    works = {"gateway": gateway, "bare": bare_of(gateway, ROWS)}
    works |= {str(rows): gateway_of(rows) for rows in OTHER_ROWS}
    sides = taken({name: partial(here, work, repeats=_REPEATS) for name, work in works.items()}, rounds)
    figures = compared(sides["gateway"], sides["bare"], "page", ratio=0.6, processor_ms=10, by_processor=True)
    more = [
        Figure(name=f"page of {rows} rows", value=sides[str(rows)].processor_ms, unit="ms/page") for rows in OTHER_ROWS
    ]
    return figures + more


if __name__ == "__main__":
    program.main(measure, rounds=7)
