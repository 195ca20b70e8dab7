"""Commands for ops: `python -m services.practices load-catalogue FILE`.

An entity that is known gets another fiscal code only where that is asked for: by an answer to the question, where
somebody sits at a terminal, or by `--change-code ENTITY`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from chassis.storage.database import Database
from services.practices import models
from services.practices.usecases import catalogue
from services.practices.usecases.catalogue import CodeChange, CodeChangesError


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m services.practices")
    commands = parser.add_subparsers(dest="command", required=True)
    load = commands.add_parser("load-catalogue", help="bring entities and services up to date with a file")
    load.add_argument("file", type=Path)
    load.add_argument("--change-code", metavar="ENTITY", action="append", default=[], help="it may get another code")
    load.add_argument("--test-codes", action="store_true", help="take the codes of pagoPA's test bodies")
    asked = parser.parse_args(arguments)
    return _load_catalogue(asked.file, asked.change_code, test_codes=asked.test_codes)


def _load_catalogue(file: Path, may_change: Sequence[str], *, test_codes: bool) -> int:
    """Load a catalogue file; say in one line what is wrong with it."""
    database = Database.of_service("practices", models)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        count = _load_asking(database, document, may_change, test_codes=test_codes)
    except OSError as error:
        sys.stderr.write(f"{file}: {error.strerror}\n")
        return 1
    except CodeChangesError as error:
        how = " ".join(f"--change-code {one.entity_code}" for one in error.changes)
        sys.stderr.write(f"{file}: fiscal codes would change, nothing is loaded ({error}); if they are to: {how}\n")
        return 1
    except (ValueError, ValidationError) as error:
        sys.stderr.write(f"{file}: {error}\n")
        return 1
    finally:
        database.close()
    sys.stdout.write(f"{file}: {count} entities loaded\n")
    return 0


def _load_asking(database: Database, document: Any, may_change: Sequence[str], *, test_codes: bool) -> int:
    """Load a document, asking whoever sits at the terminal about fiscal codes that change."""
    try:
        return catalogue.load_catalogue(database, document, may_change=may_change, test_codes=test_codes)
    except CodeChangesError as error:
        if not sys.stdin.isatty() or not all(_agrees(one) for one in error.changes):
            raise
        agreed = [one.entity_code for one in error.changes]
    return catalogue.load_catalogue(database, document, may_change=[*may_change, *agreed], test_codes=test_codes)


def _agrees(change: CodeChange) -> bool:
    sys.stdout.write(
        f"{change.entity_code}: its fiscal code {change.old} becomes {change.new}. pagoPA and every notice issued "
        "so far know it by the old one.\nChange it? [y/N] "
    )
    sys.stdout.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes", "s", "sì", "si"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
