"""A WSGI application that waits for what never comes: the FIFO that STUCK_ON names, which nobody writes to."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from threading import Barrier
from typing import Any

BOTH_THREADS = Barrier(2)


def wait_for_nobody(*_: object) -> None:
    """Open the FIFO for reading, which lasts until somebody opens it for writing."""
    os.close(os.open(os.environ["STUCK_ON"], os.O_RDONLY))


# Handled in the main thread, whichever it is sent to: it stops the main loop.
signal.signal(signal.SIGALRM, wait_for_nobody)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the number of this process, once whatever the path says has come."""
    if environ["PATH_INFO"] == "/thread":
        wait_for_nobody()
    elif environ["PATH_INFO"] == "/loop":
        os.kill(os.getpid(), signal.SIGALRM)
    elif environ["PATH_INFO"] == "/loop-while-all-are-busy":
        BOTH_THREADS.wait()
        time.sleep(1.5)  # the main loop goes round once more: the threads were given their requests before that
        os.kill(os.getpid(), signal.SIGALRM)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
