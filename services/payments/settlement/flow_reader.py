"""Reads a settlement flow in a process beside the service, so that the node is answered meanwhile.

The sockets are ordinary ones: in a process made green they let other greenlets run, in a plain one they block.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Semaphore
from typing import IO, Any, Final

from chassis import deadline, logs
from contracts.errors import ErrorCode, Unavailable
from services.payments.domain.settlements import Flow, FlowRow
from services.payments.settlement.flow_lines import read_flow_line, read_row_line

log = logs.get_logger(__name__)

_ROOT: Final = Path(__file__).parents[3]
_READ_WITHIN_S: Final = 120.0
# One large flow in memory is enough.
_ONE_AT_A_TIME: Final = Semaphore(1)


def read_flow(content: bytes) -> Flow:
    """Read a flow in a process of its own. Raises what `flow_parser.read_file` raises, and Unavailable."""
    ends_within_s = max(0.1, deadline.remaining_s(_READ_WITHIN_S))
    if not _ONE_AT_A_TIME.acquire(timeout=ends_within_s):
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    try:
        with _worker(max(0.1, deadline.remaining_s(_READ_WITHIN_S))) as connection:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as lines:
                return _read(lines)
    except OSError:
        # It ended before it had answered, or took too long.
        log.warning("flow_worker_gone", flow_bytes=len(content))
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE) from None
    finally:
        _ONE_AT_A_TIME.release()


def _read(lines: IO[bytes]) -> Flow:
    told = _next(lines)
    if "refused" in told:
        return read_flow_line(told, ())
    rows: list[FlowRow] = []
    while batch := _next(lines):
        rows += read_row_line(batch)
        # What is there already is read without waiting: others must come in between.
        time.sleep(0)
    return read_flow_line(told, tuple(rows))


def _next(lines: IO[bytes]) -> Any:
    line = lines.readline()
    if not line.endswith(b"\n"):
        raise ConnectionError("the worker ended before its answer did")
    return json.loads(line)


@contextmanager
def _worker(timeout_s: float) -> Iterator[socket.socket]:
    """Start a process that reads one flow, and see it off."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(  # noqa: S603 -- our own module, our own interpreter
                [sys.executable, "-m", "services.payments.settlement.flow_worker", str(theirs.fileno())],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        try:
            ours.settimeout(timeout_s)
            yield ours
        finally:
            process.kill()
            process.wait()
