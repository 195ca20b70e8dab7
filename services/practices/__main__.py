"""Commands: `python -m services.practices load-catalogue FILE` for ops, `load-imports` for the service itself."""

import json
import os
import sys
import threading
from pathlib import Path

from marshmallow import ValidationError

from chassis import clock, logs
from chassis.settings import ChassisSettings
from chassis.storage.database import Database
from services.practices import models
from services.practices.usecases import catalogue, import_work

log = logs.get_logger(__name__)


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    match arguments:
        case ["load-catalogue", file]:
            return _load_catalogue(Path(file))
        case ["load-imports"]:
            return _load_imports()
        case ["load-imports", "--with-parent"]:
            threading.Thread(target=_end_with_parent, daemon=True).start()
            return _load_imports()
        case _:
            sys.stderr.write("usage: python -m services.practices load-catalogue FILE | load-imports\n")
            return 2


def _load_catalogue(file: Path) -> int:
    """Load a catalogue file; say in one line what is wrong with it."""
    database = Database.of_service("practices", models)
    try:
        count = catalogue.load_catalogue(database, json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        sys.stderr.write(f"{file}: {error.strerror}\n")
        return 1
    except (ValueError, ValidationError) as error:
        sys.stderr.write(f"{file}: {error}\n")
        return 1
    finally:
        database.close()
    sys.stdout.write(f"{file}: {count} entities loaded\n")
    return 0


def _load_imports() -> int:
    """Load the debt files that wait, then end."""
    logs.configure("practices", ChassisSettings.load().log_level)
    database = Database.of_service("practices", models, pool_size=2)
    try:
        import_work.work_off(database, clock.now)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is tried again by whoever starts this
        # What a database says of a row would quote it.
        log.error("import_failed", error=type(error).__name__)  # noqa: TRY400
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
