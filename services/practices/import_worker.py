"""The process that loads queued debt files, then ends: `python -m services.practices.import_worker [--with-parent]`.

practices starts it while there is work (import_process). By hand it is run where they are to be loaded elsewhere.
"""

import os
import sys
import threading
from typing import Final

from chassis import clock, logs
from chassis.settings import ChassisSettings
from chassis.storage.database import Database
from services.practices import models
from services.practices.usecases import import_work

WITH_PARENT: Final = "--with-parent"
log = logs.get_logger(__name__)


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if arguments not in ([], [WITH_PARENT]):
        sys.stderr.write(f"usage: python -m services.practices.import_worker [{WITH_PARENT}]\n")
        return 2
    if arguments:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    logs.configure("practices", ChassisSettings.load().log_level)
    database = Database.of_service("practices", models, pool_size=2)
    try:
        import_work.work_off(database, clock.now)
    except Exception as error:  # noqa: BLE001 -- whatever it is, whoever starts this tries it again
        # Without what a database says of a row: it would quote it.
        log.error("import_failed", error=type(error).__name__)  # noqa: TRY400 -- see above
        return 1
    finally:
        database.close()
    return 0


def _end_with_parent() -> None:
    """End at once with the process that has started this one: it holds the other end of the standard input."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
