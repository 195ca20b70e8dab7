"""What a service class is written with: entrypoints and what is injected into them.

class PracticesService:
    name = "practices"
    database = DatabaseProvider(models)
    rpc = RpcProvider()
    settings = SettingsProvider(Settings.load)

    @answers(practices.SEARCH)
    def search(self, request): ...

    @on_event(PAYMENT_CONFIRMED)
    def on_payment_confirmed(self, tx, event): ...

    @every(seconds=60)
    def expire_overdue(self): ...
"""

from collections.abc import Callable
from functools import wraps
from time import monotonic, perf_counter
from types import ModuleType
from typing import Any

from marshmallow import ValidationError
from nameko import config
from nameko.extensions import DependencyProvider, register_entrypoint
from nameko.timer import Timer

from chassis import correlation, deadline, logs
from chassis.messaging import rpc_client, rpc_errors, schemas
from chassis.metrics import EVENTS_HANDLED, RPC_SERVED_SECONDS
from chassis.runtime.event_handler import Disposition, EventDelivery, EventOutcome, ReliableEventHandler
from chassis.runtime.rpc_handler import DROPPED, FastRpc, RpcDelivery
from chassis.storage.database import Database, is_out_of_reach
from contracts.call import Call
from contracts.errors import Broken, ErrorCode, Refused, RpcError, Unavailable
from contracts.events.envelope import Envelope, EventType

log = logs.get_logger(__name__)

Method = Callable[..., Any]


class DatabaseProvider(DependencyProvider):
    """Injects the service's Database. `models` is its models module."""

    def __init__(self, models: ModuleType) -> None:
        self.models = models

    def setup(self) -> None:
        """Prepare the pool; no connection is made before it is needed."""
        self.database = Database.of_service(
            self.container.service_name, self.models, pool_size=self.container.max_workers
        )

    def stop(self) -> None:
        """Close the pool."""
        self.database.close()

    def get_dependency(self, _worker_ctx: Any) -> Database:
        """Return the one Database of this process."""
        return self.database


class RpcProvider(DependencyProvider):
    """Injects a client with `.call(CALL, request)`; it carries the correlation id and the caller's deadline on."""

    def get_dependency(self, _worker_ctx: Any) -> rpc_client.RpcClient:
        """Return the one client of this process."""
        return rpc_client.shared(config["AMQP_URI"])


class SettingsProvider(DependencyProvider):
    """Injects a service's settings, read once at its start by `load`."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self.load = load

    def setup(self) -> None:
        """Read the environment; a wrong setting stops the start."""
        self.settings = self.load()

    def get_dependency(self, _worker_ctx: Any) -> Any:
        """Return the settings."""
        return self.settings


def answers(call: Call) -> Callable[[Method], Method]:
    """Make a method answer `call`: it is given the loaded request and returns the reply's Python values.

    What it raises crosses the wire as one of the three families. A request whose caller has given up is not worked
    on; one that came before and is not idempotent is answered OUTCOME_UNKNOWN.
    """

    def decorate(method: Method) -> Method:
        if method.__name__ != call.method:
            raise TypeError(f"{method.__name__} cannot answer {call.name}: the names must be the same")

        @wraps(method)
        def answer(self: Any, delivery: RpcDelivery) -> Any:
            with correlation.carrying(delivery.correlation_id), deadline.until(delivery.ends_at_s):
                return _answer(call, method, self, delivery)

        register_entrypoint(answer, FastRpc())
        return answer

    return decorate


def _answer(call: Call, method: Method, service: Any, delivery: RpcDelivery) -> Any:
    if delivery.ends_at_s is not None and monotonic() > delivery.ends_at_s:
        log.warning("rpc_expired", method=call.name)
        return DROPPED
    started = perf_counter()
    outcome = "ok"
    try:
        return {"result": _work(call, method, service, delivery), "error": None}
    except Exception as error:
        crossing = family_of(error)
        outcome = crossing.code.value
        if isinstance(crossing, Broken):
            log.exception("rpc_broken", method=call.name)
        return {"result": None, "error": rpc_errors.to_wire(crossing)}
    finally:
        duration_s = perf_counter() - started
        RPC_SERVED_SECONDS.labels(call.name, outcome).observe(duration_s)
        log.info("rpc_served", method=call.name, outcome=outcome, duration_ms=round(duration_s * 1000, 1))


def _work(call: Call, method: Method, service: Any, delivery: RpcDelivery) -> Any:
    if delivery.redelivered and not call.idempotent:
        raise Unavailable(ErrorCode.OUTCOME_UNKNOWN)
    try:
        request = call.request.load(delivery.request)
    except ValidationError as error:
        raise Refused(ErrorCode.INVALID_REQUEST, {"fields": error.normalized_messages()}) from error
    return call.reply.dump(method(service, request) or {})


def family_of(error: BaseException) -> RpcError:
    """Return the error that may cross the wire for `error`."""
    if isinstance(error, RpcError):
        return error
    if is_out_of_reach(error):
        return Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    return Broken(ErrorCode.INTERNAL_ERROR)


def on_event(event_type: EventType) -> Callable[[Method], Method]:
    """Make a method handle events: it is given a transaction and the envelope, `data` as Python values.

    The inbox entry and the effect are one transaction, so an event that comes twice has one effect. When the method
    raises, nothing is kept and the event comes again by the retry table. The service needs `database`.
    """

    def decorate(method: Method) -> Method:
        @wraps(method)
        def handle(self: Any, delivery: EventDelivery) -> EventOutcome:
            body = delivery.body if isinstance(delivery.body, dict) else {}
            with correlation.carrying(body.get("correlationid")):
                outcome = _handle(event_type, method, self, delivery)
                EVENTS_HANDLED.labels(delivery.consumer, outcome.disposition.value).inc()
                return outcome

        register_entrypoint(handle, ReliableEventHandler(event_type))
        return handle

    return decorate


def _handle(event_type: EventType, method: Method, service: Any, delivery: EventDelivery) -> EventOutcome:
    started = perf_counter()
    outcome = EventOutcome(Disposition.DONE)
    try:
        event = read_event(event_type, delivery.body)
        with service.database.transaction() as tx:
            if tx.first_time(delivery.consumer, event["id"]):
                method(service, tx, event)
    except _UnreadableEvent as error:
        log.warning("event_unreadable", consumer=delivery.consumer, problems=error.args[0])
        outcome = EventOutcome(Disposition.DEAD, "Unreadable")
    except Exception as error:
        is_outage = isinstance(family_of(error), Unavailable)
        log.warning("event_failed", consumer=delivery.consumer, attempt=delivery.attempt, exc_info=not is_outage)
        disposition = Disposition.RETRY_OUTAGE if is_outage else Disposition.RETRY
        outcome = EventOutcome(disposition, type(error).__name__)
    duration_ms = round((perf_counter() - started) * 1000, 1)
    log.info("event_handled", consumer=delivery.consumer, outcome=outcome.disposition.value, duration_ms=duration_ms)
    return outcome


class _UnreadableEvent(Exception):
    """An event that does not fit its schema; trying again changes nothing before another release."""


def read_event(event_type: EventType, body: Any) -> dict[str, Any]:
    """Load an envelope and its `data`, leaving out what a newer producer may have added."""
    try:
        event: dict[str, Any] = Envelope().load(body)
        event["data"] = schemas.lenient(event_type.schema).load(event["data"])
    except ValidationError as error:
        raise _UnreadableEvent(error.normalized_messages()) from error
    return event


def every(*, seconds: float) -> Callable[[Method], Method]:
    """Make a method run each `seconds` in every process of the service; what it raises is logged."""

    def decorate(method: Method) -> Method:
        @wraps(method)
        def tick(self: Any) -> None:
            with correlation.carrying(None):
                try:
                    method(self)
                except Exception as error:
                    is_outage = isinstance(family_of(error), Unavailable)
                    log.warning("timer_failed", timer=method.__name__, exc_info=not is_outage)

        register_entrypoint(tick, Timer(seconds))
        return tick

    return decorate
