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
from services.payments.domain.settlements import Flow, FlowRow, LargeFlow
from services.payments.settlement.flow_lines import read_flow_line, read_row_line

log = logs.get_logger(__name__)

_ROOT: Final = Path(__file__).parents[3]
_READ_WITHIN_S: Final = 120.0
# One large flow in memory is enough; whoever waits for an answer does not wait for it.
_ONE_WHOLE: Final = Semaphore(1)
_ONE_ANSWERED: Final = Semaphore(1)


def read_flow(content: bytes) -> Flow:
    """Read a flow in a process of its own. Raises what `flow_parser.read_file` raises, and Unavailable."""
    flow = _read_elsewhere(content, "all", _ONE_WHOLE)
    if isinstance(flow, LargeFlow):
        raise TypeError("asked for all of a flow, the worker answered with its head")
    return flow


def read_unless_large(content: bytes) -> Flow | LargeFlow:
    """Read a small flow, or the head of a large one, in a process of its own. Raises what `read_flow` raises."""
    return _read_elsewhere(content, "small", _ONE_ANSWERED)


def _read_elsewhere(content: bytes, how_much: str, turn: Semaphore) -> Flow | LargeFlow:
    if not turn.acquire(timeout=max(0.1, deadline.remaining_s(_READ_WITHIN_S))):
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    try:
        with _worker(how_much, max(0.1, deadline.remaining_s(_READ_WITHIN_S))) as connection:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as lines:
                return _read(lines)
    except OSError:
        # It ended before it had answered, or took too long.
        log.warning("flow_worker_gone", flow_bytes=len(content))
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE) from None
    finally:
        turn.release()


def _read(lines: IO[bytes]) -> Flow | LargeFlow:
    told = _next(lines)
    if "refused" in told:
        return read_flow_line(told, ())
    is_large = told.pop("large", False)
    rows: list[FlowRow] = []
    while batch := _next(lines):
        rows += read_row_line(batch)
        # What is there already is read without waiting: others must come in between.
        time.sleep(0)
    flow = read_flow_line(told, tuple(rows))
    return LargeFlow(flow) if is_large else flow


def _next(lines: IO[bytes]) -> Any:
    line = lines.readline()
    if not line.endswith(b"\n"):
        raise ConnectionError("the worker ended before its answer did")
    return json.loads(line)


@contextmanager
def _worker(how_much: str, timeout_s: float) -> Iterator[socket.socket]:
    """Start a process that reads one flow, and see it off."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(  # noqa: S603 -- our own module, our own interpreter
                [sys.executable, "-m", "services.payments.settlement.flow_worker", str(theirs.fileno()), how_much],
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
