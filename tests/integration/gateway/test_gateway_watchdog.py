"""A gateway's worker that does not move is ended and replaced."""

import json
import os
import re
import socket
import time
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from tests.conftest import wait_until

THREADS = 2
# What is asked for, how often at once, and which part stands still then.
CASES = [("/thread", THREADS, "threads"), ("/loop", 1, "main loop"), ("/loop-while-all-are-busy", THREADS, "main loop")]


@pytest.fixture(name="worker")
def make_worker(start_process, tmp_path):
    """Start gunicorn with one worker of two threads with a watchdog of three seconds; gunicorn's has ten minutes."""
    fifo = tmp_path / "never"
    os.mkfifo(fifo)
    options = ("--workers=1", f"--threads={THREADS}", "--timeout=600", "--no-control-socket", "--bind=127.0.0.1:0")
    kind = "--worker-class=gateway.edge.worker.ReadAheadWorker"
    running = start_process(
        *("-m", "gunicorn", "tests.integration.gateway.stuck_app:application", kind, *options),
        env={"WATCHDOG_S": "3", "STUCK_ON": str(fifo)},
    )
    listening = re.compile(r"Listening at: http://127\.0\.0\.1:(\d+)")
    (port,) = wait_until(lambda: listening.findall(running.log()))
    running.port = int(port)
    return running


def ask(worker, path="/"):
    """Return the number of the process that answers, None where none does."""
    connection = HTTPConnection("127.0.0.1", worker.port, timeout=3)
    try:
        connection.request("GET", path)
        return int(connection.getresponse().read())
    except (OSError, ValueError):
        return None
    finally:
        connection.close()


def send(worker, path):
    """Ask without waiting for the answer."""
    connection = socket.create_connection(("127.0.0.1", worker.port), timeout=10)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return connection


def part_in(log):
    (line,) = [line for line in log.splitlines() if '"watchdog_ended_process"' in line]
    return json.loads(line)["part"]


@pytest.mark.parametrize(("path", "count", "part"), CASES)
def test_a_worker_whose_loop_or_threads_do_not_move_is_ended_and_replaced(worker, path, count, part):
    stuck = wait_until(lambda: ask(worker))
    with ExitStack() as waiting:
        for _ in range(count):
            waiting.enter_context(send(worker, path))
        # The stuck one may answer until it has read what makes it stuck.
        wait_until(lambda: ask(worker) not in {None, stuck})
    assert part_in(worker.log()) == part


def test_a_worker_with_a_free_thread_goes_on(worker):
    """One request that lasts is no reason: others are answered, and by the same process."""
    first = wait_until(lambda: ask(worker))
    with send(worker, "/thread"):
        answers = {wait_until(lambda: ask(worker)) for _ in for_s(7)}
    assert answers == {first}
    assert "watchdog_ended_process" not in worker.log()


def for_s(duration_s):
    """Yield for so long, which is more than twice what the watchdog waits."""
    ends_at = time.monotonic() + duration_s
    while time.monotonic() < ends_at:
        yield
