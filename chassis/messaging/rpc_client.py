"""The RPC client of the gateway's threads and of the services' greenlets: nameko's wire protocol over kombu.

One connection per process, opened lazily per pid (gunicorn forks), one reader thread, callers write under py-amqp's
own lock; an exclusive reply queue bound to nameko's exchange. A request that nobody took within its deadline dies in
the queue (`expiration`): an abandoned request is never executed. Imports neither nameko nor eventlet, and works under
eventlet's monkey patch as it is.
"""

import contextlib
import itertools
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic, perf_counter
from typing import Any, Final, Generic
from uuid import uuid4

from kombu import Queue

from chassis import correlation, deadline, logs
from chassis.messaging import codec, connection, exchanges, rpc_errors, wire
from chassis.metrics import RPC_CALLED_SECONDS
from contracts.call import AnyCall, Call, Reply, Request
from contracts.checks import problems_of
from contracts.error_details import InvalidRequest, OutOfReach
from contracts.errors import Broken, ErrorCode, Refused, RpcError, Unavailable

log = logs.get_logger(__name__)

_FAIL_FAST_S: Final = 0.25
_RECONNECT_ATTEMPTS: Final = 4
_RECONNECT_PAUSE_S: Final = 0.25
# Tells requests of one reply queue apart.
_numbers = itertools.count()


class RpcClient:
    """Calls procedures of services. One per process, for any number of threads."""

    def __init__(self, amqp_url: str) -> None:
        self._amqp_url = amqp_url
        self._lock = threading.Lock()
        self._link: _Link | None = None
        self._pid: int | None = None
        self._failed_at = float("-inf")

    def call(
        self,
        call: Call[Request, Reply],
        request: Request,
        *,
        correlation_id: str | None = None,
        timeout_s: float | None = None,
    ) -> Reply:
        """Call `call` and return its reply.

        It takes at most `timeout_s` (default: the call's), and less where the caller itself is being waited for.
        Raises what the service raised: Refused, Unavailable, Broken. Unavailable(SERVICE_UNAVAILABLE) as well when
        nothing was done or doing it again is harmless; Unavailable(OUTCOME_UNKNOWN) when a call that is not
        idempotent was sent and no answer came.
        """
        body = _request_body(call, request)
        carried = correlation_id or correlation.get() or correlation.new()
        started = perf_counter()
        outcome = "ok"
        try:
            return self._exchange(call, body, carried, deadline.remaining_s(timeout_s or call.timeout_s))
        except RpcError as error:
            outcome = error.code.value
            raise
        finally:
            duration_s = perf_counter() - started
            RPC_CALLED_SECONDS.labels(call.name, outcome).observe(duration_s)
            say = log.debug if outcome == "ok" else log.info
            say(
                "rpc_called",
                method=call.name,
                outcome=outcome,
                duration_ms=round(duration_s * 1000, 1),
                correlation_id=carried,
            )

    def close(self) -> None:
        """Close the connection; calls under way fail as if it were lost."""
        with self._lock:
            link, self._link = self._link, None
        if link is not None:
            link.close()

    def _exchange(self, call: Call[Request, Reply], body: bytes, correlation_id: str, timeout_s: float) -> Reply:
        ends_at = monotonic() + timeout_s
        pending = self._send_and_wait(call, body, correlation_id, ends_at)
        if pending.unroutable or not pending.sent:
            raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE, OutOfReach(service=call.service))
        if pending.body is None:
            code = ErrorCode.SERVICE_UNAVAILABLE if call.idempotent else ErrorCode.OUTCOME_UNKNOWN
            raise Unavailable(code, OutOfReach(service=call.service))
        return read_reply(call, pending.body)

    def _send_and_wait(self, call: AnyCall, body: bytes, correlation_id: str, ends_at: float) -> "_Pending":
        """Send the request, again after a lost connection where that is harmless, and wait until `ends_at`."""
        pending = _Pending()
        for attempt in range(_RECONNECT_ATTEMPTS):
            if attempt:
                pending.done.wait(_RECONNECT_PAUSE_S)
            if monotonic() >= ends_at:
                return pending
            was_sent = pending.sent
            pending = _Pending(sent=was_sent)
            link = self._open_link(patient=attempt > 0)
            if link is None:
                if attempt == 0:
                    return pending
                continue
            link.send(pending, call, body, correlation_id, ends_at - monotonic())
            pending.done.wait(ends_at - monotonic())
            link.forget(pending)
            if not pending.lost or (pending.sent and not call.idempotent):
                return pending
        return pending

    def _open_link(self, *, patient: bool) -> "_Link | None":
        """Return the process's live connection, opening it where there is none; None when the broker is away."""
        with self._lock:
            if self._pid != os.getpid():
                self._link, self._pid = None, os.getpid()  # a forked child must not touch its parent's socket
            if self._link is not None and self._link.alive:
                return self._link
            if not patient and monotonic() - self._failed_at < _FAIL_FAST_S:
                return None
            try:
                self._link = _Link(self._amqp_url)
            except Exception as error:  # noqa: BLE001 -- py-amqp raises more than its documented classes
                self._failed_at = monotonic()
                log.warning("broker_out_of_reach", error=type(error).__name__)
                self._link = None
            return self._link


class _Signal:
    """What one thread waits for and another one sets; a lock is a third of the cost of threading.Event."""

    __slots__ = ("_is_set", "_lock")

    def __init__(self) -> None:
        self._is_set = False
        self._lock = threading.Lock()
        self._lock.acquire()

    def is_set(self) -> bool:
        """Return whether it is set."""
        return self._is_set

    def set(self) -> None:
        """Let who waits go on; once is enough."""
        if not self._is_set:
            self._is_set = True
            with contextlib.suppress(RuntimeError):  # another thread was first
                self._lock.release()

    def wait(self, timeout_s: float) -> None:
        """Wait until it is set, at most so long."""
        if self._lock.acquire(timeout=max(0.0, timeout_s)):
            self._lock.release()


@dataclass(eq=False, slots=True)
class _Pending:
    """A request waiting for its reply; `lost`: its connection went away before the reply came."""

    id: str = field(default_factory=lambda: format(next(_numbers), "x"))
    done: _Signal = field(default_factory=_Signal)
    body: bytes | str | None = None
    sent: bool = False
    lost: bool = False
    unroutable: bool = False


class _Link:
    """A live connection with its reply queue and its reader thread."""

    def __init__(self, amqp_url: str) -> None:
        self.alive = True
        self._pending: dict[str, _Pending] = {}
        self._reply_to = uuid4().hex
        self._connection = connection.connect(amqp_url)
        self._connection.listen(self._reply_queue(), self._on_reply, self._on_return)
        threading.Thread(target=self._read, name="rpc-replies", daemon=True).start()

    def send(self, pending: _Pending, call: AnyCall, body: bytes, correlation_id: str, life_s: float) -> None:
        """Write a request; `pending.done` is set when the reply is there, or will never be."""
        self._pending[pending.id] = pending
        request = wire.Message(
            exchange=wire.RPC_EXCHANGE.name,
            routing_key=call.name,
            body=body,
            headers={correlation.HEADER: correlation_id},
            correlation_id=pending.id,
            reply_to=self._reply_to,
            expiration_s=life_s,
            persistent=False,
            mandatory=True,
        )
        try:
            if not self.alive:
                raise ConnectionError("lost")
            self._connection.write(request)
            pending.sent = True
        except Exception as error:  # noqa: BLE001 -- py-amqp raises more than its documented classes
            self._lose(error)
        if not self.alive and not pending.done.is_set():
            pending.lost = True
            pending.done.set()

    def forget(self, pending: _Pending) -> None:
        """Stop waiting for a reply."""
        self._pending.pop(pending.id, None)

    def close(self) -> None:
        """Close the connection, losing what is under way."""
        self._lose(None)

    def _reply_queue(self) -> Queue:
        queue = Queue(
            f"rpc.reply-{self._reply_to}",
            exchange=wire.RPC_EXCHANGE,
            routing_key=self._reply_to,
            durable=False,
            exclusive=True,
            auto_delete=True,
        )
        return exchanges.of_others(queue)

    def _read(self) -> None:
        """Read replies until the connection is lost."""
        try:
            while self.alive:
                with contextlib.suppress(TimeoutError):
                    self._connection.read_some()
        except Exception as error:  # noqa: BLE001 -- py-amqp raises more than its documented classes
            self._lose(error)

    def _on_reply(self, message: Any) -> None:
        pending = self._pending.pop(message.properties.get("correlation_id"), None)
        if pending is None:
            return
        pending.body = message.body
        pending.done.set()

    def _on_return(self, _error: Exception, _exchange: str, _routing_key: str, message: Any) -> None:
        pending = self._pending.pop(message.properties.get("correlation_id"), None)
        if pending is not None:
            pending.unroutable = True
            pending.done.set()

    def _lose(self, error: BaseException | None) -> None:
        was_alive, self.alive = self.alive, False
        if was_alive and error is not None:
            log.warning("broker_connection_lost", error=type(error).__name__, under_way=len(self._pending))
        for pending in list(self._pending.values()):
            pending.lost = True
            pending.done.set()
        self._pending.clear()
        self._connection.drop()


@dataclass(frozen=True, slots=True)
class _Answer(Generic[Reply]):
    """A reply on nameko's wire: what came of the call, or the error in nameko's own shape."""

    result: Reply | None = None
    error: Mapping[str, Any] | None = None


def _request_body(call: Call[Request, Reply], request: Request) -> bytes:
    if not isinstance(request, call.request_type):
        raise TypeError(f"{call.name} does not take {type(request).__name__}")
    if problems := problems_of(request):  # what somebody typed too long: no bug, and no reason to ask
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=problems))
    return codec.write({"args": [], "kwargs": {"request": codec.checked(request)}})


def read_reply(call: Call[Request, Reply], body: bytes | str) -> Reply:
    """Return the reply that came. Raises what the service raised, Broken where it cannot be read."""
    try:
        answer = codec.read(body, _Answer[call.reply_type])  # type: ignore[name-defined]  # -- made at run time
        if answer.error is None:
            result: Reply = codec.convert({}, call.reply_type) if answer.result is None else answer.result
            return result
    except codec.Unreadable as error:
        log.exception("rpc_reply_invalid", method=call.name)
        raise Broken(ErrorCode.INTERNAL_ERROR) from error
    raise rpc_errors.from_wire(answer.error)


_shared: dict[str, RpcClient] = {}
_shared_lock = threading.Lock()


def shared(amqp_url: str) -> RpcClient:
    """Return this process's client for a broker."""
    with _shared_lock:
        return _shared.setdefault(amqp_url, RpcClient(amqp_url))
