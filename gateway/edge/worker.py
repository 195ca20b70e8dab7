"""gunicorn's threads, given to whole requests only: `gunicorn --worker-class gateway.edge.worker.ReadAheadWorker`.

gunicorn's own threaded worker gives a thread to a connection with its first byte, and the thread then waits for as
long as the client likes: as many half-sent requests as there are threads stop a process. Here the main loop collects a
request, as a buffering proxy does, and a thread gets it when it is all there. So it goes without a proxy, and
behind one that does not buffer.

A worker whose main loop stands still, or none of whose threads comes back while all have a request, ends itself
(WATCHDOG_S), and gunicorn starts another.
"""

import errno
import selectors
import socket
import time
from concurrent.futures import Future
from functools import partial
from threading import Lock
from typing import Any, Final

from gunicorn import http
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from chassis import watchdog
from chassis.settings import environment
from gateway.edge.request_arrival import MIN_BYTES_PER_S, ArrivingRequest, HeadTooLargeError

WRITE_S: Final = 30.0
# Longer than the longest call to a service: threads that wait for their answers do move.
DEFAULT_WATCHDOG_S: Final = 90.0
HALF_SENT_PER_ADDRESS: Final = 128
_SPOOLED_MAX_BYTES: Final = 256 * 1024 * 1024
_READ_BYTES: Final = 64 * 1024
_LINGER_S: Final = 2.0
_LOOK_EVERY_S: Final = 0.5
_SHORTEST_S: Final = 0.001
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class PatientSocket(socket.socket):
    """A connection that no thread waits for without end: reading has a moment, writing a duration."""

    read_until_s = 0.0

    def recv_in_time(self, size: int) -> bytes:
        """Read in a thread. Raises TimeoutError past `read_until_s`, which moves on only while much arrives."""
        try:
            self.settimeout(max(self.read_until_s - time.monotonic(), _SHORTEST_S))
            received = self.recv(size)
        except TimeoutError:
            raise _too_slow() from None
        self.read_until_s += len(received) / MIN_BYTES_PER_S
        return received

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Write all of it within WRITE_S, or raise TimeoutError: a client may read as slowly as it may send."""
        try:
            self.settimeout(WRITE_S)
            super().sendall(data, flags)
        except TimeoutError:
            raise _too_slow() from None


def _too_slow() -> TimeoutError:
    # With the number of a connection that the client broke, which is no fault of ours to the server's log.
    return TimeoutError(errno.ECONNRESET, "the client is too slow")


class ReadAhead(SocketUnreader):
    """What the server's parser reads from: the bytes that are there, then the connection."""

    def __init__(self, sock: PatientSocket) -> None:
        super().__init__(sock)
        self.ahead: ArrivingRequest | None = None

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes."""
        size = max(size_hint or 0, self.mxchunk)
        if self.ahead is not None and (data := self.ahead.bytes.read(size)):
            return data
        received: bytes = self.sock.recv_in_time(min(size, self.max_body_chunk))
        return received

    def keep_rest(self) -> None:
        """Put what was read beyond the request where the next one begins."""
        if self.ahead is not None:
            self.buf.seek(0, 2)
            self.buf.write(self.ahead.bytes.read())
            self.ahead.bytes.close()
            self.ahead = None


class ReadAheadWorker(ThreadWorker):
    """Collects requests in the main loop; a client with too many of them half sent loses its oldest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arriving: dict[TConn, ArrivingRequest] = {}
        self._closing: dict[TConn, float] = {}
        self._looked_s = 0.0
        self._in_hand = 0
        self._counting = Lock()

    def init_process(self) -> None:
        """Be watched from now on."""
        watchdog.watch("gateway", environment().float("WATCHDOG_S", DEFAULT_WATCHDOG_S))
        super().init_process()

    def notify(self) -> None:
        """Tell the arbiter and the watchdog that the main loop goes round; it does so each second."""
        super().notify()
        watchdog.moved("main loop")

    def enqueue_req(self, conn: TConn) -> None:
        """Collect a request before a thread gets it: gunicorn's way for a connection that may be read."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        if conn.parser is None:
            conn.sock = PatientSocket(fileno=conn.sock.detach())
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = ReadAhead(conn.sock)
            conn.initialized = conn.data_ready = True
        conn.sock.settimeout(0)
        request = self._arriving[conn] = ArrivingRequest(time.monotonic())
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_readable, conn))
        self._make_room(conn)
        if pipelined := conn.parser.unreader.take_buffered():
            self._take(conn, request, pipelined)
        if conn in self._arriving:
            self._on_readable(conn, conn.sock)

    def handle(self, conn: TConn) -> Any:
        """Answer a request in a thread, which itself says that it is back: a main loop that stands still could not."""
        try:
            return super().handle(conn)
        finally:
            if not self.cfg.is_ssl:
                self._count_back()

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """Wait for the next request of a connection, or close it without waiting for the client to do so."""
        if self.cfg.is_ssl:
            super().finish_request(conn, fs)
            return
        conn.parser.unreader.keep_rest()
        if not fs.cancelled() and fs.exception() is None and fs.result():
            super().finish_request(conn, fs)
        else:
            self._close_gently(conn)

    def murder_pending(self) -> None:
        """Close, twice a second, what did not come in time."""
        super().murder_pending()
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_EVERY_S:
            return
        self._looked_s = now_s
        for conn, request in list(self._arriving.items()):
            if now_s > request.deadline_s or not (self.alive or request.size):
                self._give_up(conn, "408 Request Timeout")
        for conn, until_s in list(self._closing.items()):
            if now_s > until_s:
                self._close(conn)

    def _on_readable(self, conn: TConn, _sock: Any) -> None:
        try:
            data = conn.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._take(conn, self._arriving[conn], data)
        else:
            self._forget(conn)
            self._close(conn)

    def _take(self, conn: TConn, request: ArrivingRequest, data: bytes) -> None:
        try:
            request.feed(data)
        except HeadTooLargeError:
            self._give_up(conn, "431 Request Header Fields Too Large")
            return
        if request.is_whole:
            self._hand_over(conn, request)
        elif request.spooled_bytes and sum(one.spooled_bytes for one in self._arriving.values()) > _SPOOLED_MAX_BYTES:
            self._give_up(conn, "503 Service Unavailable")
        elif request.wants_continue:
            request.wants_continue = False
            self._say(conn, _CONTINUE)

    def _hand_over(self, conn: TConn, request: ArrivingRequest) -> None:
        self._forget(conn)
        request.bytes.seek(0)
        conn.parser.unreader.ahead = request
        conn.sock.read_until_s = request.deadline_s
        with self._counting:
            self._in_hand += 1
            if self._in_hand == self.cfg.threads:
                watchdog.moved("threads")
        super().enqueue_req(conn)

    def _count_back(self) -> None:
        with self._counting:
            self._in_hand -= 1
            if self._in_hand < self.cfg.threads:
                watchdog.rests("threads")  # one is free: nothing waits
            else:
                watchdog.moved("threads")

    def _make_room(self, newest: TConn) -> None:
        """Keep one address, and all of them together, from holding every connection: the oldest must go.

        A request that is sent at once is never the oldest.
        """
        if len(self._arriving) <= HALF_SENT_PER_ADDRESS:
            return
        of_this_address = [conn for conn in self._arriving if _address(conn) == _address(newest)]
        if len(of_this_address) > HALF_SENT_PER_ADDRESS:
            self._give_up(of_this_address[0], "408 Request Timeout")
        elif len(self._arriving) > self.worker_connections * 3 // 4:
            self._give_up(next(iter(self._arriving)), "408 Request Timeout")

    def _give_up(self, conn: TConn, status: str) -> None:
        """Say why, to a client that has begun, and close."""
        if self._forget(conn).size:
            self._say(conn, f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        self._close_gently(conn)

    def _say(self, conn: TConn, text: bytes) -> None:
        try:
            conn.sock.send(text)
        except OSError:
            self.log.debug("A client that could not be told")

    def _forget(self, conn: TConn) -> ArrivingRequest:
        self.poller.unregister(conn.sock)
        return self._arriving.pop(conn)

    def _close_gently(self, conn: TConn) -> None:
        """Let the client read the answer before the connection goes (RFC 9112, section 9.6), without waiting here."""
        try:
            conn.sock.settimeout(0)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_closing, conn))
        except (OSError, ValueError):
            self._close(conn)
        else:
            self._closing[conn] = time.monotonic() + _LINGER_S

    def _on_closing(self, conn: TConn, _sock: Any) -> None:
        try:
            if conn.sock.recv(_READ_BYTES):
                return
        except BlockingIOError:
            return
        except OSError:
            self.log.debug("A client that left first")
        self._close(conn)

    def _close(self, conn: TConn) -> None:
        if self._closing.pop(conn, None) is not None:
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()


def _address(conn: TConn) -> Any:
    """Return the peer's address without its port; of a Unix socket there is none."""
    return conn.client[0] if conn.client and isinstance(conn.client, tuple) else conn.client
