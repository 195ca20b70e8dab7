"""Several services as one family of processes: `python -m chassis.run all`.

The parent has imported what all services need and starts each by fork, so that those pages are in memory once. A child
is a process like any other: with connections, pools and an event loop of its own, and nobody else hurt when it ends.
"""

import ctypes
import os
import signal
from collections.abc import Callable, Sequence
from typing import Final

from eventlet.patcher import original

from chassis import logs

log = logs.get_logger(__name__)

# Plain ones: the parent has no event loop.
_wait: Final = original("os").waitpid
_sleep: Final = original("time").sleep
_monotonic: Final = original("time").monotonic
_STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
_SHORT_LIFE_S: Final = 10.0
_PAUSE_S: Final = 1.0
_PR_SET_PDEATHSIG: Final = 1


class Family:
    """Runs `serve(name)` for each name in a child of its own, anew when it ends, until a signal stops them all.

    A child that ends with EX_CONFIG ends the family: no new start helps against a wrong setting.
    """

    def __init__(self, names: Sequence[str], serve: Callable[[str], int]) -> None:
        self._names = names
        self._serve = serve
        self._children: dict[int, tuple[str, float]] = {}
        self._exit_code: int | None = None

    def run(self) -> int:
        """Return the exit code: 0 after a signal."""
        for number in _STOPPING:
            signal.signal(number, lambda *_: self._stop(0))
        for name in self._names:
            self._start(name)
        while self._children:
            pid, status = _wait(-1, 0)
            name, started_s = self._children.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            if code == os.EX_CONFIG:
                self._stop(code)
            if self._exit_code is None:
                log.warning("service_ended", service=name, code=code)
                if _monotonic() - started_s < _SHORT_LIFE_S:
                    _sleep(_PAUSE_S)
                self._start(name)
        return self._exit_code or 0

    def _start(self, name: str) -> None:
        """Fork a child; signals wait until it has put off the parent's way with them."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            if self._exit_code is not None:
                return
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                self._be_child(name, parent)
            self._children[pid] = (name, _monotonic())
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _be_child(self, name: str, parent: int) -> None:
        """Serve and end this process, whatever happens."""
        code = os.EX_SOFTWARE
        try:
            for number in _STOPPING:
                signal.signal(number, signal.SIG_DFL)
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
            if os.getppid() == parent:  # it may have been killed meanwhile
                code = self._serve(name)
        except BaseException:
            log.exception("service_broken", service=name)
        finally:
            os._exit(code)

    def _stop(self, code: int) -> None:
        """Ask every child to finish; the second time, end it."""
        number = signal.SIGTERM if self._exit_code is None else signal.SIGKILL
        self._exit_code = self._exit_code or code
        for pid in self._children:
            os.kill(pid, number)
