"""Ends a process one of whose parts has not moved for too long, so that its supervisor starts it anew.

A process that hangs answers no health check, but what restarts containers looks at their end: compose and Kubernetes
restart what has ended, and compose does not restart what is merely unhealthy.

Parts say that they move; the watching is done by a thread of the operating system, which needs nothing of theirs: no
event loop, no lock of the logs.
"""

import _thread
import contextlib
import faulthandler
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from chassis import clock

LOOKS_PER_LIMIT: Final = 4
EXIT_CODE: Final = os.EX_SOFTWARE
_REST_STEP_S: Final = 1.0

_moved_at_s: dict[str, float] = {}


def moved(part: str) -> None:
    """Note that a part of this process has just moved; from now on it is expected to."""
    _moved_at_s[part] = time.monotonic()


def rests(part: str) -> None:
    """Expect nothing more of a part: it has stopped, or waits for work."""
    _moved_at_s.pop(part, None)


def rest(part: str, stopping: threading.Event, seconds: float) -> None:
    """Let a part wait for so long, or until it is to stop: who waits for something to do has not stopped moving."""
    left_s = seconds
    while left_s > 0 and not stopping.wait(min(left_s, _REST_STEP_S)):
        moved(part)
        left_s -= _REST_STEP_S


def still_for_s(now_s: float) -> tuple[str, float]:
    """Return the part that has not moved for longest, and for how many seconds."""
    part, moved_at_s = min(list(_moved_at_s.items()), key=lambda item: item[1], default=("", now_s))
    return part, now_s - moved_at_s


def watch(
    process_name: str,
    limit_s: float,
    *,
    start_thread: Callable[..., Any] = _thread.start_new_thread,
    sleep: Callable[[float], Any] = time.sleep,
) -> None:
    """Watch the parts of this process from now on; a limit of 0 watches nothing.

    A green process hands over the operating system's own thread and sleep.
    """
    if limit_s > 0:
        start_thread(_watch, (process_name, limit_s, sleep))


def _watch(process_name: str, limit_s: float, sleep: Callable[[float], Any]) -> None:
    looked_at_s = time.monotonic()
    while True:
        sleep(limit_s / LOOKS_PER_LIMIT)
        now_s = time.monotonic()
        # This thread was held up as well: the whole machine slept, or the process was stopped. Let it go on.
        was_held_up = now_s - looked_at_s > limit_s / 2
        looked_at_s = now_s
        part, still_s = still_for_s(now_s)
        if was_held_up:
            _start_over()
        elif still_s > limit_s:
            _end(process_name, part, still_s)


def _start_over() -> None:
    for part in list(_moved_at_s):
        moved(part)


def _end(process_name: str, part: str, still_s: float) -> None:
    """Say why in one line of the log, where each thread is on standard error, and leave without asking anyone."""
    line = {
        "event": "watchdog_ended_process",
        "level": "critical",
        "process": process_name,
        "part": part,
        "still_s": round(still_s, 1),
        "timestamp": clock.now().isoformat(),
    }
    with contextlib.suppress(OSError):
        os.write(sys.__stdout__.fileno() if sys.__stdout__ else 1, f"{json.dumps(line)}\n".encode())
        faulthandler.dump_traceback(all_threads=True)
    os._exit(EXIT_CODE)
