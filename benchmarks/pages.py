"""What a page of 20 practices costs in the gateway, beside the same template under bare Falcon and Jinja2.

    python benchmarks/pages.py [--rows 20] [--rounds 9]

Processor time of one process, so that other work on the machine does not count; the services answer at once, in bytes
that are read as any reply. The baseline renders the same template with the values of a real page, ready: no session, no
replies, no cookies. Rounds alternate; medians. Goal: the baseline's time is at least 0.6 of the gateway's, and that is
at most 10 ms.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ.setdefault("SECRET_KEY", "a secret of the benchmark that is long enough")
os.environ.setdefault("PUBLIC_URL", "http://localhost:18600")

import falcon
import falcon.testing
import structlog
from jinja2 import Environment

from chassis.messaging import codec
from contracts.call import Call
from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.gateway_services import TOKEN, Services, make_practice

PATH: Final = "/enti/PM108/pratiche"
GOAL_MS: Final = 10.0
GOAL_RATIO: Final = 0.6
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


def milliseconds(ask: Callable[[], bytes]) -> float:
    """Return the processor time of one page."""
    started_s = time.process_time()
    for _ in range(_REPEATS):
        ask()
    return (time.process_time() - started_s) * 1000 / _REPEATS


def main() -> None:
    """Measure and print; exit code 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    services = Services()
    for number in range(1, options.rows + 1):
        services.add(make_practice(number))
    gateway = page_of(create_app(Settings.load(), Recorded(services)))
    captured = Captured()
    captured.watch()
    assert gateway().count(b"<tr") >= options.rows
    del captured.template.render
    bare_app: Any = falcon.App()
    bare_app.add_route(PATH, Bare(captured.template, captured.values))
    bare = page_of(bare_app)
    assert bare().count(b"<tr") >= options.rows
    rounds = [(milliseconds(gateway), milliseconds(bare)) for _ in range(options.rounds)]
    gateway_ms, bare_ms = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(
        f"page of {options.rows} rows, processor: gateway {gateway_ms:.2f} ms, bare Falcon and Jinja2 {bare_ms:.2f} ms"
    )
    print(f"ratio {bare_ms / gateway_ms:.2f} (goal {GOAL_RATIO}), gateway goal {GOAL_MS} ms")
    sys.exit(not (bare_ms / gateway_ms >= GOAL_RATIO and gateway_ms <= GOAL_MS))


if __name__ == "__main__":
    main()
