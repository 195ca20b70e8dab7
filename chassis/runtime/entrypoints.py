"""What a service class is written with: its entrypoints.

class PracticesService:
    name = "practices"
    database = DatabaseProvider(models)
    rpc = RpcProvider()
    settings = SettingsProvider(Settings.load)

    @answers(practices.SEARCH)
    def search(self, request: SearchRequest) -> PracticeList: ...

    @on_event(PAYMENT_CONFIRMED)
    def on_payment_confirmed(self, tx: Tx, event: Event[PaymentConfirmed]) -> None: ...

    @every(seconds=10)
    def resolve_waiting_receipts(self) -> None: ...

    @decides_every(seconds=60)
    def expire_overdue(self, now: datetime) -> None: ...

mypy checks each method against the contract it answers or the event it handles.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from operator import attrgetter
from time import monotonic, perf_counter
from typing import Any, TypeVar

from nameko.extensions import register_entrypoint
from nameko.timer import Timer

from chassis import clock, correlation, deadline, logs, watchdog
from chassis.messaging import codec
from chassis.messaging.events import UnreadableEvent, read_event
from chassis.metrics import EVENTS_HANDLED, RPC_SERVED_SECONDS
from chassis.runtime.event_handler import Batch, Disposition, EventDelivery, EventOutcome, ReliableEventHandler
from chassis.runtime.rpc_handler import DROPPED, FastRpc, RpcDelivery, failure, success
from chassis.storage.database import Tx, is_gone, is_out_of_reach
from chassis.storage.database_clock import time_to_decide
from contracts.call import Call, Reply, Request
from contracts.errors import Broken, ErrorCode, RpcError, Unavailable
from contracts.events.envelope import Data, Event, EventType

S = TypeVar("S")
M = TypeVar("M", bound=Callable[..., None])

log = logs.get_logger(__name__)


def answers(call: Call[Request, Reply]) -> Callable[[Callable[[S, Request], Reply]], Callable[[S, Request], Reply]]:
    """Make a method answer `call`: it is given the request and returns the reply.

    What it raises crosses the wire as one of the three families. A request whose caller has given up is not worked
    on; one that came before and is not idempotent is answered OUTCOME_UNKNOWN.
    """

    def decorate(method: Callable[[S, Request], Reply]) -> Callable[[S, Request], Reply]:
        if method.__name__ != call.method:
            raise TypeError(f"{method.__name__} cannot answer {call.name}: the names must be the same")

        @wraps(method)
        def answer(self: S, delivery: Any) -> Any:
            with correlation.carrying(delivery.correlation_id), deadline.until(delivery.ends_at_s):
                return _answer(call, method, self, delivery)

        register_entrypoint(answer, FastRpc())
        return answer

    return decorate


def _answer(
    call: Call[Request, Reply], method: Callable[[S, Request], Reply], service: S, delivery: RpcDelivery
) -> bytes | object:
    if delivery.ends_at_s is not None and monotonic() > delivery.ends_at_s:
        log.warning("rpc_expired", method=call.name)
        return DROPPED
    started = perf_counter()
    outcome = "ok"
    try:
        return success(_work(call, method, service, delivery))
    except Exception as error:
        crossing = family_of(error)
        outcome = crossing.code.value
        if isinstance(crossing, Broken):
            log.exception("rpc_broken", method=call.name)
        return failure(crossing)
    finally:
        duration_s = perf_counter() - started
        RPC_SERVED_SECONDS.labels(call.name, outcome).observe(duration_s)
        say = log.debug if outcome == "ok" else log.info
        say("rpc_served", method=call.name, outcome=outcome, duration_ms=round(duration_s * 1000, 1))


def _work(
    call: Call[Request, Reply], method: Callable[[S, Request], Reply], service: S, delivery: RpcDelivery
) -> Reply:
    if delivery.redelivered and not call.idempotent:
        raise Unavailable(ErrorCode.OUTCOME_UNKNOWN)
    reply = method(service, codec.admitted(delivery.request, call.request_type))
    if not isinstance(reply, call.reply_type):
        raise TypeError(f"{call.name} does not answer {type(reply).__name__}")
    return reply


def family_of(error: BaseException) -> RpcError:
    """Return the error that may cross the wire for `error`."""
    if isinstance(error, RpcError):
        return error
    if is_out_of_reach(error):
        return Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    return Broken(ErrorCode.INTERNAL_ERROR)


def on_event(
    event_type: EventType[Data],
) -> Callable[[Callable[[S, Tx, Event[Data]], None]], Callable[[S, Tx, Event[Data]], None]]:
    """Make a method handle events one at a time: it is given a transaction and the event.

    The inbox entry and the effect are one transaction, so an event that comes twice has one effect. When the method
    raises, nothing is kept and the event comes again by the retry table. The service needs `database`.
    Events that are there together share a transaction; one that fails then goes alone.
    """

    def decorate(method: Callable[[S, Tx, Event[Data]], None]) -> Callable[[S, Tx, Event[Data]], None]:
        def each(service: S, tx: Tx, events: Sequence[Event[Data]]) -> None:
            for event in events:
                watchdog.moved(_part_of(method))
                with correlation.carrying(event.correlationid):
                    method(service, tx, event)

        return _handler(event_type, method, each)

    return decorate


def on_events(
    event_type: EventType[Data],
) -> Callable[[Callable[[S, Tx, Sequence[Event[Data]]], None]], Callable[[S, Tx, Sequence[Event[Data]]], None]]:
    """Make a method handle events that are there together: it is given a transaction and those not had before.

    They come sorted by subject, so that processes lock rows in one order; order within a subject is the `sequence`'s
    matter, as ever. When the method raises, each event is tried again alone.
    """

    def decorate(
        method: Callable[[S, Tx, Sequence[Event[Data]]], None],
    ) -> Callable[[S, Tx, Sequence[Event[Data]]], None]:
        return _handler(event_type, method, method)

    return decorate


def _handler(event_type: EventType[Data], method: M, handle_all: Callable[[S, Tx, Sequence[Event[Data]]], None]) -> M:
    """Register what handles batches under the name of `method`."""

    @wraps(method)
    def handle(self: Any, batch: Batch) -> list[EventOutcome]:
        deliveries = batch.take()
        watchdog.moved(_part_of(method))
        try:
            outcomes = _handle(event_type, handle_all, self, deliveries, _part_of(method))
        finally:
            watchdog.rests(_part_of(method))
        for delivery, outcome in zip(deliveries, outcomes, strict=True):
            EVENTS_HANDLED.labels(delivery.consumer, outcome.disposition.value).inc()
        return outcomes

    register_entrypoint(handle, ReliableEventHandler(event_type))
    return handle  # type: ignore[return-value]  # -- nameko calls it with a batch; mypy checks the method


def _part_of(method: Callable[..., None]) -> str:
    return f"handler {method.__qualname__}"


HandleAll = Callable[[Any, Tx, Sequence[Event[Data]]], None]


def _handle(
    event_type: EventType[Data],
    handle_all: HandleAll[Data],
    service: Any,
    deliveries: Sequence[EventDelivery],
    part: str,
) -> list[EventOutcome]:
    """Handle all in one transaction; where that fails, each in its own, so that a bad event hurts no other."""
    if len(deliveries) > 1:
        started = perf_counter()
        try:
            events = [read_event(event_type, delivery.body) for delivery in deliveries]
            _apply(handle_all, service, deliveries[0].consumer, events)
        except Exception as error:  # noqa: BLE001 -- whatever it is, each event alone will show it
            log.info("events_one_by_one", consumer=deliveries[0].consumer, error=type(error).__name__)
        else:
            _say_handled(deliveries[0].consumer, Disposition.DONE, len(events), started)
            return [EventOutcome(Disposition.DONE)] * len(events)
    outcomes: list[EventOutcome] = []
    for delivery in deliveries:
        outcomes.append(_handle_alone(event_type, handle_all, service, delivery))
        watchdog.moved(part)
        if outcomes[-1].database_is_gone:  # the others would each wait for it as long
            return outcomes + [outcomes[-1]] * (len(deliveries) - len(outcomes))
    return outcomes


def _apply(handle_all: HandleAll[Data], service: Any, consumer: str, events: Sequence[Event[Data]]) -> None:
    with service.database.transaction() as tx:
        new = tx.new_among(consumer, [event.id for event in events])
        firsts = {event.id: event for event in events if event.id in new}
        if firsts:
            handle_all(service, tx, sorted(firsts.values(), key=attrgetter("subject", "sequence")))


def _handle_alone(
    event_type: EventType[Data], handle_all: HandleAll[Data], service: Any, delivery: EventDelivery
) -> EventOutcome:
    started = perf_counter()
    outcome = EventOutcome(Disposition.DONE)
    with correlation.carrying(delivery.correlation_id):
        try:
            _apply(handle_all, service, delivery.consumer, [read_event(event_type, delivery.body)])
        except UnreadableEvent as error:
            log.warning("event_unreadable", consumer=delivery.consumer, problems=str(error))
            outcome = EventOutcome(Disposition.DEAD, "Unreadable")
        except Exception as error:
            is_outage = isinstance(family_of(error), Unavailable)
            log.warning("event_failed", consumer=delivery.consumer, attempt=delivery.attempt, exc_info=not is_outage)
            disposition = Disposition.RETRY_OUTAGE if is_outage else Disposition.RETRY
            outcome = EventOutcome(disposition, type(error).__name__, is_gone(error))
        _say_handled(delivery.consumer, outcome.disposition, 1, started)
    return outcome


def _say_handled(consumer: str, disposition: Disposition, events: int, started: float) -> None:
    duration_ms = round((perf_counter() - started) * 1000, 1)
    say = log.debug if disposition is Disposition.DONE else log.info
    say("event_handled", consumer=consumer, outcome=disposition.value, events=events, duration_ms=duration_ms)


def every(*, seconds: float) -> Callable[[Callable[[S], None]], Callable[[S], None]]:
    """Make a method run each `seconds` in every process of the service; what it raises is logged."""

    def decorate(method: Callable[[S], None]) -> Callable[[S], None]:
        @wraps(method)
        def tick(self: S) -> None:
            with correlation.carrying(None):
                try:
                    method(self)
                except Exception as error:
                    is_outage = isinstance(family_of(error), Unavailable)
                    log.warning("timer_failed", timer=method.__name__, exc_info=not is_outage)

        register_entrypoint(tick, Timer(seconds))
        return tick

    return decorate


def decides_every(*, seconds: float) -> Callable[[Callable[[Any, datetime], None]], Callable[[Any], None]]:
    """Make a method run each `seconds`, like `every`, and hand it the database's time: for all that a deadline decides.

    A process whose clock is off the database's says so and leaves it to others (`database_clock`). The service needs
    `database`.
    """

    def decorate(method: Callable[[Any, datetime], None]) -> Callable[[Any], None]:
        @wraps(method)
        def decide(self: Any) -> None:
            now = time_to_decide(self.database, clock.now)
            if now is not None:
                method(self, now)

        return every(seconds=seconds)(decide)

    return decorate
