"""Commands for ops: `python -m services.practices load-catalogue FILE`."""

import json
import sys
from pathlib import Path

from marshmallow import ValidationError

from chassis.storage.database import Database
from services.practices import models
from services.practices.usecases import catalogue


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    match arguments:
        case ["load-catalogue", file]:
            return _load_catalogue(Path(file))
        case _:
            sys.stderr.write("usage: python -m services.practices load-catalogue FILE\n")
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
