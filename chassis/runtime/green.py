"""Imported first by every process that runs nameko: makes the standard library green, psycopg2 included."""

from math import inf

import eventlet
from eventlet.hubs import trampoline

eventlet.monkey_patch()

from chassis.storage import answer_limit  # noqa: E402 -- green only after the patch


def _wait(file_number: int, reads: bool, timeout_s: float) -> bool:  # noqa: FBT001 -- the shape of answer_limit.Wait
    try:
        trampoline(
            file_number,
            read=reads,
            write=not reads,
            timeout=None if timeout_s == inf else timeout_s,
            timeout_exc=TimeoutError,
        )
    except TimeoutError:
        return False
    return True


answer_limit.install(_wait)
