"""The process that loads queued debt files: beside the service while there are any, and not at all else.

It is a plain one, because COPY does not go with green threads and a file takes a core for minutes. It may die at any
line (usecases.import_work), and it ends with the process that started it.
"""

import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Final

from chassis import logs
from chassis.runtime.providers import Provider
from chassis.storage.database import Database
from services.practices.repository import import_jobs

log = logs.get_logger(__name__)

_ROOT: Final = Path(__file__).parents[2]
_PAUSE_AFTER_FAILURE_S: Final = 10.0


class ImportProcess:
    """At most one process beside this one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before_s = 0.0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start_if_needed(self, database: Database) -> None:
        """Start it where there is work that no other process is at."""
        if self._process is not None and not self._has_ended(self._process):
            return
        if monotonic() < self._not_before_s:
            return
        with database.reading() as session:
            is_needed = import_jobs.is_work_waiting(session)
        if is_needed:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.practices.import_worker", "--with-parent"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
            )

    def end(self) -> None:
        """End it where it runs; what it had not committed is done again."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _has_ended(self, process: "subprocess.Popen[bytes]") -> bool:
        code = process.poll()
        if code:
            log.warning("import_process_failed", exit_code=code)
            self._not_before_s = monotonic() + _PAUSE_AFTER_FAILURE_S
        if code is not None:
            self._process = None
        return code is not None


class ImportProcessProvider(Provider[ImportProcess]):
    """Injects the ImportProcess of this process."""

    def setup(self) -> None:
        """Start nothing yet."""
        self.import_process = ImportProcess()

    def stop(self) -> None:
        """End what was started."""
        self.import_process.end()

    def get_dependency(self, _worker_ctx: object) -> ImportProcess:
        """Return it."""
        return self.import_process
