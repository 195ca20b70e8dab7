"""One service process, or a family of all: `python -m chassis.run practices|all`.

It starts while the broker or the database is away and goes on trying. SIGTERM and Ctrl-C let the work under way
finish; a second one does not.
"""

import chassis.runtime.green  # noqa: F401 -- must come before every other import

# isort: split
import gc
import os
import signal
import sys
from typing import Any, Final

import eventlet
from environs.exceptions import EnvError
from eventlet.patcher import original

from chassis import logs, metrics, watchdog
from chassis.runtime.container import ChassisContainer, check_settings, configure_nameko, load_service
from chassis.runtime.family import Family
from chassis.runtime.topology import service_names
from chassis.settings import ChassisSettings

log = logs.get_logger(__name__)

_BEAT_S: Final = 1.0


def run(service_cls: type) -> None:
    """Run `service_cls` until a signal stops it. Raises EnvError where METRICS_PORT cannot be used."""
    settings = ChassisSettings.load()
    configure_nameko(settings)
    if (metrics_port := metrics.serve(settings.metrics_port)) is not None:
        log.info("metrics_served", port=metrics_port)
    container = ChassisContainer(service_cls)
    _stop_on_signals(container)
    container.start()
    _watch(container.service_name, settings.watchdog_s)
    gc.collect()
    gc.freeze()  # what is here now stays: the collector need not look at it again
    log.info("service_started", service=container.service_name, pid=os.getpid())
    container.wait()
    log.info("service_stopped", service=container.service_name, pid=os.getpid())


def _watch(service: str, limit_s: float) -> None:
    """End this process when its event loop or a consumer stands still."""

    def beat() -> None:
        while True:
            watchdog.moved("event loop")
            eventlet.sleep(_BEAT_S)

    eventlet.spawn_n(beat)
    watch_from_outside(service, limit_s)


def watch_from_outside(process_name: str, limit_s: float) -> None:
    """Watch by a thread of the operating system: a green one stands still with the rest."""
    watchdog.watch(
        process_name, limit_s, start_thread=original("_thread").start_new_thread, sleep=original("time").sleep
    )


def _stop_on_signals(container: ChassisContainer) -> None:
    def stop(_number: int, _frame: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, kill)
        eventlet.spawn_n(container.stop)

    def kill(_number: int, _frame: Any) -> None:
        os._exit(1)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m chassis.run SERVICE|all\n")
        return 2
    (name,) = arguments
    if name != "all":
        return serve(name)
    preload()
    return Family(service_names(), serve_in_family).run()


def preload() -> None:
    """Have what all services import in memory before the fork, also what only two of them need."""
    logs.configure("services", ChassisSettings.load().log_level)
    for name in service_names():
        load_service(name)
    gc.collect()
    gc.freeze()  # a collector that walked through it would make each child's own copy of it


def serve(name: str) -> int:
    """Run a service until a signal stops it; return the exit code."""
    service_cls = load_service(name)
    try:
        logs.configure(name, ChassisSettings.load().log_level)
        check_settings(service_cls)
        run(service_cls)
    except EnvError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return os.EX_CONFIG
    return 0


def serve_in_family(name: str) -> int:
    """Run one of all services; METRICS_PORT is that of the first, in alphabetical order, and the others' follow."""
    port = ChassisSettings.load().metrics_port
    if port:
        os.environ["METRICS_PORT"] = str(port + service_names().index(name))
    return serve(name)
