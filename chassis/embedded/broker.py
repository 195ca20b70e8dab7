"""A broker inside the process: kombu transport `inproc://`, for the embedded mode and for tests.

What nameko and the chassis need of RabbitMQ and kombu's own memory transport lacks: consumers wake by event instead
of polling, a mandatory message without a queue is refused, a message given back goes to the queue it came from, time
to live of messages and queues, dead-letter exchanges (the retry queues). Nothing survives the process; what was lost
is replayed from the outboxes (chassis.embedded). What it does not promise, whatever QUEUE_TYPE says: a second copy of a
queue, a limit to deliveries (who dies of a message takes the queue along) and a bound to its length.
"""

import heapq
import itertools
import threading
from collections import deque
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Protocol

from amqp.exceptions import ChannelError
from kombu.transport import virtual
from kombu.transport.virtual.exchange import ExchangeType

_MESSAGE_TTL: Final = "x-message-ttl"
_DEAD_LETTER_EXCHANGE: Final = "x-dead-letter-exchange"
_DEAD_LETTER_ROUTING_KEY: Final = "x-dead-letter-routing-key"

Frame = dict[str, Any]
"""A message, or the arguments of a queue, as kombu's virtual transports pass them around: foreign documents."""


class Waiting(Protocol):
    """Whoever consumes a queue: `wake` is set when there is news for it."""

    wake: threading.Event


@dataclass
class _Queue:
    """Messages of one queue, those who consume it, and what it was declared with."""

    arguments: Frame = field(default_factory=dict)
    auto_delete: bool = False
    messages: deque[Frame] = field(default_factory=deque)
    consumers: list[Waiting] = field(default_factory=list)


class Broker:
    """Queues, exchanges and bindings of this process, shared by all its connections."""

    def __init__(self) -> None:
        self.state = virtual.BrokerState()
        self.queues: dict[str, _Queue] = {}
        self.lock = threading.RLock()
        self._due: list[tuple[float, int, str]] = []
        self._due_changed = threading.Condition(self.lock)
        self._order = itertools.count()
        self._clockwork: threading.Thread | None = None

    def declare(self, name: str, arguments: Frame | None, *, auto_delete: bool) -> None:
        """Make a queue where there is none."""
        with self.lock:
            if name not in self.queues:
                self.queues[name] = _Queue(dict(arguments or {}), auto_delete)

    def delete(self, name: str) -> None:
        """Forget a queue, its messages and its bindings."""
        with self.lock:
            self.queues.pop(name, None)
            for exchange in self.state.exchanges.values():
                exchange["table"] = [row for row in exchange["table"] if row[2] != name]
            self.state.queue_bindings_delete(name)

    def put(self, name: str, message: Frame, *, first: bool = False) -> None:
        """Add a message to a queue and wake a consumer."""
        with self.lock:
            queue = self.queues.get(name)
            if queue is None:
                return
            if first:
                queue.messages.appendleft(message)
            else:
                self._start_life(name, queue, message)
                queue.messages.append(message)
            self._wake(queue)

    def take(self, name: str) -> Frame | None:
        """Take the first message that still lives out of a queue."""
        with self.lock:
            queue = self.queues.get(name)
            while queue is not None and queue.messages:
                message = queue.messages.popleft()
                if message["expires_at_s"] > monotonic():
                    return message
                self._dead_letter(queue, message)
        return None

    def consume(self, name: str, transport: Waiting) -> None:
        """Note who is to be woken for a queue."""
        with self.lock:
            self.queues[name].consumers.append(transport)

    def cancel(self, name: str, transport: Waiting) -> None:
        """Forget a consumer; the last one takes an auto-delete queue with it."""
        with self.lock:
            queue = self.queues.get(name)
            if queue is None or transport not in queue.consumers:
                return
            queue.consumers.remove(transport)
            if queue.auto_delete and not queue.consumers:
                self.delete(name)

    def route(self, exchange: str, routing_key: str) -> list[str]:
        """Return the names of the queues a message goes to."""
        with self.lock:
            if not exchange:
                return [routing_key] if routing_key in self.queues else []
            described = self.state.exchanges.get(exchange)
            if described is None:
                raise ChannelError(f"NOT_FOUND - no exchange '{exchange}'", (60, 40), "404")
            kind: ExchangeType = virtual.Channel.exchange_types[described["type"]](None)
            return [name for name in kind.lookup(described["table"], exchange, routing_key, None) if name]

    def _start_life(self, name: str, queue: _Queue, message: Frame) -> None:
        lives_ms = [
            int(life)
            for life in (message["properties"].get("expiration"), queue.arguments.get(_MESSAGE_TTL))
            if life is not None
        ]
        message["expires_at_s"] = monotonic() + min(lives_ms) / 1000 if lives_ms else float("inf")
        if lives_ms and _DEAD_LETTER_EXCHANGE in queue.arguments:
            heapq.heappush(self._due, (message["expires_at_s"], next(self._order), name))
            self._start_clockwork()
            self._due_changed.notify()

    def _wake(self, queue: _Queue) -> None:
        for transport in queue.consumers:
            transport.wake.set()
        if len(queue.consumers) > 1:
            queue.consumers.append(queue.consumers.pop(0))

    def _start_clockwork(self) -> None:
        if self._clockwork is None:
            self._clockwork = threading.Thread(target=self._expire_for_ever, name="inproc-expiry", daemon=True)
            self._clockwork.start()

    def _expire_for_ever(self) -> None:
        with self.lock:
            while True:
                if not self._due:
                    self._due_changed.wait()
                    continue
                pause_s = self._due[0][0] - monotonic()
                if pause_s > 0:
                    self._due_changed.wait(pause_s)
                    continue
                _, _, name = heapq.heappop(self._due)
                self._expire(name)

    def _expire(self, name: str) -> None:
        queue = self.queues.get(name)
        while queue is not None and queue.messages and queue.messages[0]["expires_at_s"] <= monotonic():
            self._dead_letter(queue, queue.messages.popleft())

    def _dead_letter(self, queue: _Queue, message: Frame) -> None:
        exchange = queue.arguments.get(_DEAD_LETTER_EXCHANGE)
        if exchange is None:
            return
        delivery_info = message["properties"]["delivery_info"]
        routing_key = queue.arguments.get(_DEAD_LETTER_ROUTING_KEY, delivery_info["routing_key"])
        for name in self.route(exchange, routing_key):
            self.put(name, copied(message, exchange, routing_key))


_broker = Broker()


def of_process() -> Broker:
    """Return the one broker of this process."""
    return _broker


def reset() -> None:
    """Forget every queue and message of this process."""
    global _broker  # noqa: PLW0603 -- one broker per process is what this module is
    _broker = Broker()


def copied(message: Frame, exchange: str, routing_key: str) -> Frame:
    """Return a message of its own for one queue: a copy in another queue is another delivery."""
    properties = {name: value for name, value in message["properties"].items() if name != "expiration"}
    properties["delivery_info"] = {"exchange": exchange, "routing_key": routing_key, "redelivered": False}
    return {**message, "headers": dict(message["headers"]), "properties": properties}
