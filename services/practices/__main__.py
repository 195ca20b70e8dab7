"""Commands for ops about the catalogue: `python -m services.practices COMMAND`.

`check-catalogue FILE…` names each mistake by file and line, `load-catalogue FILE…` brings entities and services up to
date, `export-catalogue ENTITY` writes what was loaded, `catalogue-versions ENTITY` who had it say so and when.
`question-secret ENTITY` writes the secret by which its software knows our questions (docs/amounts-asked.md).

An entity that is known gets another fiscal code only where that is asked for: by an answer to the question, where
somebody sits at a terminal, or by `--change-code ENTITY`.
"""

import argparse
import getpass
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError

from chassis.storage.database import Database
from contracts.errors import Refused
from services.practices import catalogue_document, catalogue_mistakes, models
from services.practices.catalogue_document import Document, UnreadableError
from services.practices.domain.question_secrets import secret_of
from services.practices.settings import Settings
from services.practices.usecases import catalogue
from services.practices.usecases.catalogue import CodeChange, CodeChangesError, LoadedBy

_SUFFIXES: Final = (".yaml", ".yml", ".json")


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    asked = _parser().parse_args(arguments)
    if asked.command == "check-catalogue":
        return _check(_files(asked.file), test_codes=asked.test_codes)
    if asked.command == "load-catalogue":
        return _load(_files(asked.file), asked.change_code, asked.by or _user(), test_codes=asked.test_codes)
    if asked.command == "export-catalogue":
        return _told(lambda database: catalogue.export_catalogue(database, asked.entity, asked.version))
    if asked.command == "question-secret":
        return _question_secret(asked.entity)
    return _told(lambda database: _versions(database, asked.entity))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.practices")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check-catalogue", help="name what is wrong with files, by line")
    load = commands.add_parser("load-catalogue", help="bring entities and services up to date with files")
    for command in (check, load):
        command.add_argument("file", type=Path, nargs="+", help="YAML or JSON, or a folder of them")
        command.add_argument("--test-codes", action="store_true", help="take the codes of pagoPA's test bodies")
    load.add_argument("--change-code", metavar="ENTITY", action="append", default=[], help="it may get another code")
    load.add_argument("--by", metavar="NAME", help="who changes the catalogue (the user of this machine)")
    export = commands.add_parser("export-catalogue", help="write what was loaded of an entity, as YAML")
    export.add_argument("entity")
    export.add_argument("--version", type=int, help="an earlier one, by its number")
    secret = commands.add_parser("question-secret", help="write the secret that an entity's software checks us by")
    secret.add_argument("entity")
    versions = commands.add_parser("catalogue-versions", help="list who changed an entity's catalogue, when and where")
    versions.add_argument("entity")
    return parser


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        return "unknown"


def _files(named: Sequence[Path]) -> list[Path]:
    """Return the files that were named, of a folder those in it, by their names."""
    found: list[Path] = []
    for one in named:
        inside = sorted(file for file in one.iterdir() if file.suffix in _SUFFIXES) if one.is_dir() else [one]
        found += inside
    return found


def _check(files: Sequence[Path], *, test_codes: bool) -> int:
    """Write what is wrong, a line for each mistake."""
    documents: dict[Path, Document] = {}
    mistakes: list[str] = []
    for file in files:
        try:
            documents[file] = _read(file)
        except OSError as error:
            mistakes.append(f"{file}: {error.strerror}; give the path of a file that can be read")
        except UnreadableError as error:
            mistakes.append(f"{file}:{error.line}: {error.problem}; {error.remedy}")
    for file, document in documents.items():
        mistakes += map(str, catalogue_mistakes.of_document(str(file), document, test_codes=test_codes))
    mistakes += catalogue_mistakes.across({str(file): document for file, document in documents.items()})
    sys.stdout.write("".join(f"{mistake}\n" for mistake in mistakes) or f"{', '.join(map(str, files))}: no mistakes\n")
    return 1 if mistakes else 0


def _read(file: Path) -> Document:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UnreadableError(line, "this is not UTF-8", "save the file anew as UTF-8") from None
    return catalogue_document.read(text, is_json=file.suffix == ".json")


def _load(files: Sequence[Path], may_change: Sequence[str], name: str, *, test_codes: bool) -> int:
    """Load catalogue files together; say in one line what is wrong with them."""
    names = ", ".join(map(str, files))
    database = Database.of_service("practices", models)
    try:
        document = {"entities": [one for file in files for one in _entities(_read(file))]}
        count = _load_asking(database, document, may_change, LoadedBy(name, names), test_codes=test_codes)
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        return 1
    except CodeChangesError as error:
        how = " ".join(f"--change-code {one.entity_code}" for one in error.changes)
        sys.stderr.write(f"{names}: fiscal codes would change, nothing is loaded ({error}); if they are to: {how}\n")
        return 1
    except (ValidationError, UnreadableError) as error:
        sys.stderr.write(f"{names}: {error}; by line: python -m services.practices check-catalogue {names}\n")
        return 1
    finally:
        database.close()
    sys.stdout.write(f"{names}: {count} entities loaded\n")
    return 0


def _entities(document: Document) -> Sequence[Any]:
    """Return the entities of a file, as far as it has a list of them: what else it has is refused with them."""
    entities = document.content["entities"]
    if not isinstance(entities, list) or set(document.content) != {"entities"}:
        raise ValidationError("a file has a list of entities and nothing beside it, or is one entity")
    return entities


def _load_asking(
    database: Database, document: Mapping[str, Any], may_change: Sequence[str], by: LoadedBy, *, test_codes: bool
) -> int:
    """Load a document, asking whoever sits at the terminal about fiscal codes that change."""
    try:
        return catalogue.load_catalogue(database, document, may_change=may_change, test_codes=test_codes, by=by)
    except CodeChangesError as error:
        if not sys.stdin.isatty() or not all(_agrees(one) for one in error.changes):
            raise
        agreed = [one.entity_code for one in error.changes]
    may_now = [*may_change, *agreed]
    return catalogue.load_catalogue(database, document, may_change=may_now, test_codes=test_codes, by=by)


def _agrees(change: CodeChange) -> bool:
    sys.stdout.write(
        f"{change.entity_code}: its fiscal code {change.old} becomes {change.new}. pagoPA and every notice issued "
        "so far know it by the old one.\nChange it? [y/N] "
    )
    sys.stdout.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes", "s", "sì", "si"}


def _versions(database: Database, entity_code: str) -> str:
    """Return the versions of an entity's catalogue, a line for each and one for each place that it changed."""
    lines: list[str] = []
    for one in catalogue.catalogue_versions(database, entity_code):
        lines.append(f"{one.number}  {one.loaded_at:%Y-%m-%d %H:%M:%S}Z  {one.loaded_by}  {one.file_name}")
        lines += [f"    {place}" for place in one.changes]
    return "".join(f"{line}\n" for line in lines)


def _question_secret(entity_code: str) -> int:
    """Write the secret of an entity's software, made of the newest key."""
    keys = Settings.load().question_keys
    if not keys:
        sys.stderr.write("AMOUNT_QUESTION_KEYS has no key: nobody is asked; set one of 32 random characters or more\n")
        return 1
    sys.stdout.write(f"{secret_of(keys[0], entity_code)}\n")
    return 0


def _told(ask: Callable[[Database], str]) -> int:
    """Write what the database says; say in one line where it says nothing."""
    database = Database.of_service("practices", models)
    try:
        sys.stdout.write(ask(database))
    except Refused as refused:
        sys.stderr.write(f"{refused.code.value}: no entity has this code\n")
        return 1
    except LookupError as error:
        sys.stderr.write(f"{error.args[0]}\n")
        return 1
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
