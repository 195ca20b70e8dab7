"""What works beside the services, all in one process: `python -m chassis.background`. For where memory counts.

The relays of all services, the router of events to the entities' own software, and what a service sends out: its
`outbound` and its `webhooks`. Each is a thread on its own connections, as it is in a process of its own. A line of the
Procfile for each of them isolates better: here they end together, and together have the rights of all.

As a child of `python -m chassis.family` it shares its pages with the services, and its threads are green.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol

from environs.exceptions import EnvError

from chassis import logs, metrics, watchdog
from chassis.messaging import entity_consumers
from chassis.messaging.entity_router import EntityRouter
from chassis.messaging.relay import relays_of
from chassis.settings import ChassisSettings
from chassis.storage import answer_limit, outbox

log = logs.get_logger(__name__)

NAME: Final = "background"


class Loop(Protocol):
    """Work that goes on until it is told to stop, through any outage."""

    def run(self) -> None:
        """Work until stopped."""

    def stop(self) -> None:
        """Let `run` return after what is under way."""


def preload() -> None:
    """Import what the loops need, without starting any."""
    for service in outbox.emitting_services():
        import_module(f"services.{service}.models")
        for _ in _senders(service):
            pass


def _senders(service: str) -> Iterator[tuple[str, Any]]:
    """Import what a service sends out by itself, as module by kind."""
    for kind, module in (("outbound", "outbound"), ("webhooks", "webhooks.process")):
        if find_spec(f"services.{service}.{kind}"):
            yield kind, import_module(f"services.{service}.{module}")


def loops(amqp_url: str) -> Iterator[tuple[str, Loop]]:
    """Make all there is to run in this image, by name. Raises EnvError."""
    for relay in relays_of("all", amqp_url=amqp_url):
        yield f"{relay.service}-relay", relay
    if consumers_file := entity_consumers.file_named():
        yield "entity-router", EntityRouter(amqp_url, entity_consumers.load(consumers_file))
    for service in outbox.emitting_services():
        for kind, sender in _senders(service):
            yield f"{service}-{kind}", sender.make(amqp_url) if kind == "outbound" else sender.make()


class Background:
    """Loops beside each other, until they are stopped; one that ends by itself stops the others."""

    def __init__(self, named: Sequence[tuple[str, Loop]]) -> None:
        self._named = named
        self._is_stopping = False

    def stop(self) -> None:
        """Let `run` return after what is under way. A signal's handler may call it: it waits for nothing."""
        self._is_stopping = True
        self._stop_all()

    def run(self) -> int:
        """Run until stopped; return the exit code, 1 where it was not stopped."""
        threads = [threading.Thread(target=self._run, args=one, name=one[0]) for one in self._named]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return 0 if self._is_stopping else 1

    def _run(self, name: str, loop: Loop) -> None:
        try:
            loop.run()
        finally:
            log.info("background_ended", part=name)
            self._stop_all()

    def _stop_all(self) -> None:
        for _, loop in self._named:
            loop.stop()


def serve(*, watch: Callable[[str, float], None], soon: Callable[[Callable[[], None]], object]) -> int:
    """Run all loops until a signal stops them; return the exit code.

    `watch(name, limit_s)` starts the watchdog; `soon(stop)` calls `stop` where a signal's handler cannot.
    """
    settings = ChassisSettings.load()
    logs.configure(NAME, settings.log_level)
    try:
        named = list(loops(settings.amqp_url))
        metrics.serve(settings.metrics_port)
    except EnvError as error:
        sys.stderr.write(f"{NAME}: {error}\n")
        return os.EX_CONFIG
    watch(NAME, settings.watchdog_s)
    background = Background(named)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: soon(background.stop))
    log.info("background_started", parts=[name for name, _ in named], pid=os.getpid())
    code = background.run()
    log.info("background_stopped")
    return code


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if arguments:
        sys.stderr.write("usage: python -m chassis.background\n")
        return 2
    answer_limit.install_plain()
    return serve(watch=watchdog.watch, soon=lambda stop: stop())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
