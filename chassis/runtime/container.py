"""How a service class becomes a running container: its configuration, and the entrypoints every service has."""

import inspect
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from importlib import import_module
from typing import Any, Final, Protocol

import nameko
from eventlet.patcher import is_monkey_patched
from nameko.containers import ServiceContainer
from nameko.extensions import is_dependency
from nameko.runners import ServiceRunner

from chassis.clock import now
from chassis.messaging import dead_letter_answers, line, wire
from chassis.runtime.entrypoints import answers, decides_every
from chassis.runtime.providers import SettingsProvider
from chassis.settings import ChassisSettings
from chassis.storage import cleanup
from contracts.call import Call
from contracts.rpc import dead_letters as dead_letter_calls
from contracts.rpc.dead_letters import (
    DeadLetterQueues,
    DeadLetterQueuesRequest,
    DeadLetters,
    DeadLettersRequest,
    DropLettersRequest,
    ReplayLettersRequest,
    SettledLetters,
)
from contracts.shapes import Empty

_TIDY_EVERY_S: Final = 3_600


class ChassisContainer(ServiceContainer):
    """A container whose service answers `ping` and tidies its database."""

    def __init__(self, service_cls: type) -> None:
        super().__init__(with_own_entrypoints(service_cls))

    def serve(
        self,
        method_name: str,
        argument: Any,
        *,
        settle: Callable[[Any, Any], object],
        refuse: Callable[[], object],
    ) -> None:
        """Run a method of the service in a worker, without nameko's context and its hooks, which nothing of ours has.

        `settle` is given what it returned, or what it raised as nameko has it; `refuse` is called where the container
        is being killed. Returns at once; the worker begins when the pool has room.
        """
        if self._worker_pool.free() > 0:
            self._start_worker(method_name, argument, settle, refuse)
        else:
            self.spawn_managed_thread(partial(self._start_worker, method_name, argument, settle, refuse), method_name)

    def _start_worker(self, method_name: str, argument: Any, settle: Any, refuse: Callable[[], object]) -> None:
        if self._being_killed:
            refuse()
            return
        key = object()
        thread = self._worker_pool.spawn(self._work, method_name, argument, settle)
        self._worker_threads[key] = thread
        thread.link(self._handle_worker_thread_exited, key)

    def _work(self, method_name: str, argument: Any, settle: Callable[[Any, Any], object]) -> None:
        service = self.service_cls()
        result = exc_info = None
        try:
            for provider in self.dependencies:
                setattr(service, provider.attr_name, provider.get_dependency(None))
            result = getattr(service, method_name)(argument)
        except Exception:  # noqa: BLE001 -- whatever it is, the message is settled
            exc_info = sys.exc_info()
        settle(result, exc_info)


def with_own_entrypoints(service_cls: Any) -> type:
    """Return `service_cls` with the chassis' own entrypoints.

    `ping` says that the process is at work and reaches its database, if it has one; a timer tidies that database. One
    that hears events answers about those it has given up on.
    """

    @answers(Call(service_cls.name, "ping", Empty, Empty, idempotent=True, timeout_s=1))
    def ping(service: Any, request: Empty) -> Empty:
        if hasattr(service, "database"):
            service.database.ping()
        return request

    @decides_every(seconds=_TIDY_EVERY_S)
    def tidy(service: Any, now: datetime) -> None:
        cleanup.tidy(service.database, now)

    own: dict[str, object] = {"__module__": service_cls.__module__, "ping": ping}
    if hasattr(service_cls, "database"):
        own["tidy_database"] = tidy
    if service_cls.name in dead_letter_calls.HEARING:
        own |= _dead_letter_entrypoints(service_cls.name)
    return type(service_cls.__name__, (service_cls,), own)


def _dead_letter_entrypoints(service: str) -> dict[str, object]:
    @answers(dead_letter_calls.queues_call(service))
    def dead_letter_queues(_service: Any, request: DeadLetterQueuesRequest) -> DeadLetterQueues:
        return dead_letter_answers.queues(nameko.config["AMQP_URI"], service, request)

    @answers(dead_letter_calls.letters_call(service))
    def dead_letters(_service: Any, request: DeadLettersRequest) -> DeadLetters:
        return dead_letter_answers.letters(nameko.config["AMQP_URI"], service, request)

    @answers(dead_letter_calls.replay_call(service))
    def replay_dead_letters(own: Any, request: ReplayLettersRequest) -> SettledLetters:
        return dead_letter_answers.replay(nameko.config["AMQP_URI"], service, request, _noter(own))

    @answers(dead_letter_calls.drop_call(service))
    def drop_dead_letters(own: Any, request: DropLettersRequest) -> SettledLetters:
        return dead_letter_answers.drop(nameko.config["AMQP_URI"], service, request, _noter(own))

    made = (dead_letter_queues, dead_letters, replay_dead_letters, drop_dead_letters)
    return {method.__name__: method for method in made}


def _noter(service: Any) -> dead_letter_answers.Note:
    """Return what notes who settles dead letters, in the audit of the service whose they are."""

    def note(operation: str, request: ReplayLettersRequest | DropLettersRequest, reason: str | None) -> None:
        dead_letter_answers.note_in(service.database, operation, request, reason, now())

    return note


class Containers(Protocol):
    """Running containers of one process."""

    service_names: Sequence[str]

    def stop(self) -> None:
        """Let the work under way finish and stop."""


def start_containers(service_classes: Sequence[type], settings: ChassisSettings) -> Containers:
    """Start services beside each other in this process.

    Raises RuntimeError where the process is not green, environs.EnvError where a setting is missing or wrong.
    """
    if not is_monkey_patched("socket"):
        raise RuntimeError("import chassis.runtime.green before anything else")
    for service_cls in service_classes:
        check_settings(service_cls)
    configure_nameko(settings)
    runner = ServiceRunner()
    runner.container_cls = ChassisContainer
    for service_cls in service_classes:
        runner.add_service(service_cls)
    runner.start()
    containers: Containers = runner
    return containers


def load_service(name: str) -> type:
    """Import `services.<name>.service` and return its <Name>Service."""
    module = import_module(f"services.{name}.service")
    service: type = getattr(module, f"{name.capitalize()}Service")
    return service


def check_settings(service_cls: type) -> None:
    """Read the service's settings once before anything starts; raises environs.EnvError naming the wrong one."""
    for _, provider in inspect.getmembers(service_cls, is_dependency):
        if isinstance(provider, SettingsProvider):
            provider.load()


def configure_nameko(settings: ChassisSettings) -> None:
    """Set nameko's process-wide configuration."""
    nameko.config.setup(
        {
            "AMQP_URI": settings.amqp_url,
            "AMQP_SSL": wire.tls_options(settings.amqp_url),
            "HEARTBEAT": line.HEARTBEAT_S,
            "PREFETCH_COUNT": settings.max_workers,
            "max_workers": settings.max_workers,
            "parent_calls_tracked": 0,
            "EVENT_RETRY_DELAYS_S": list(settings.event_retry_delays_s),
            "STOP_GRACE_S": settings.stop_grace_s,
        }
    )
