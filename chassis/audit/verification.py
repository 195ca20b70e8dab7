"""Whether the audit of a service is as it was written: each entity's chain followed from its first entry.

    python -m chassis.audit verify practices|all [--noted ENTITY:NUMBER:SHA256]

It prints the last number and SHA-256 of each entity. Whoever notes them elsewhere (a signed mail, paper) can prove with
`--noted` later that nothing up to there was written anew, not even by who may write to the database.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from sqlalchemy import select

from chassis import logs
from chassis.audit.chain import FIRST, Content, digest
from chassis.settings import ChassisSettings
from chassis.storage.database import Database
from chassis.storage.migrations import services_with_migrations

_AT_ONCE: Final = 1_000
_FIELDS: Final = tuple(Content.__dataclass_fields__)


@dataclass(frozen=True)
class Noted:
    """A head as it was noted outside the portal."""

    entity_code: str
    number: int
    sha256: str


@dataclass(frozen=True)
class Chain:
    """What was found of an entity: how many entries, the last one's SHA-256, and a sentence for each thing wrong."""

    entity_code: str
    number: int
    sha256: str
    problems: tuple[str, ...]


def verify(database: Database, noted: Sequence[Noted] = ()) -> list[Chain]:
    """Follow the chain of each entity in a service's database."""
    entries, heads = database.models.AuditEntry, database.models.AuditHead
    with database.reading() as session:
        known = {row.entity_code: row for row in session.scalars(select(heads))}
        written = set(session.scalars(select(entries.entity_code).distinct()))
    codes = sorted({*known, *written, *(one.entity_code for one in noted)})
    return [
        _follow(database, code, known.get(code), [one for one in noted if one.entity_code == code]) for code in codes
    ]


def _follow(database: Database, entity_code: str, head: Any, noted: Sequence[Noted]) -> Chain:
    problems: list[str] = []
    number, previous = 0, FIRST
    unseen = {one.number: one.sha256 for one in noted}
    for row in _entries(database, entity_code):
        if row.number != number + 1:
            problems.append(_gone(number + 1, row.number - 1))
        elif row.previous_sha256 != previous:
            problems.append(f"entry {row.number} does not follow entry {number}: one of them was written anew")
        content = Content(**{name: getattr(row, name) for name in _FIELDS})
        if digest(row.previous_sha256, content) != row.sha256:
            problems.append(f"entry {row.number} was changed")
        if unseen.pop(row.number, row.sha256.hex()) != row.sha256.hex():
            problems.append(f"entry {row.number} is not the one that was noted")
        number, previous = row.number, row.sha256
    if head is None or head.number > number:
        problems += [_gone(number + 1, head.number)] if head else ["the head of the chain is gone"]
    elif (head.number, head.sha256) != (number, previous):
        problems.append("the head of the chain was changed")
    problems += [f"entry {one} was noted and is gone" for one in sorted(unseen)]
    return Chain(entity_code, number, previous.hex(), tuple(problems))


def _gone(first: int, last: int) -> str:
    return f"entry {first} was removed" if first == last else f"entries {first} to {last} were removed"


def _entries(database: Database, entity_code: str) -> Iterator[Any]:
    """Yield the entries of an entity by number, a batch at a time."""
    entries, last = database.models.AuditEntry, 0
    while True:
        statement = select(entries).where(entries.entity_code == entity_code, entries.number > last)
        with database.reading() as session:
            batch = session.scalars(statement.order_by(entries.number).limit(_AT_ONCE)).all()
        if not batch:
            return
        yield from batch
        last = batch[-1].number


def audited_services() -> list[str]:
    """Return the services that have an audit."""
    return [
        name for name in services_with_migrations() if hasattr(import_module(f"services.{name}.models"), "AuditEntry")
    ]


def _noted(text: str) -> Noted:
    entity_code, number, sha256 = text.rsplit(":", 2)
    return Noted(entity_code, int(number), sha256.lower())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chassis.audit", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    command = parser.add_subparsers(required=True, metavar="verify").add_parser("verify", allow_abbrev=False)
    command.add_argument("service", choices=[*audited_services(), "all"])
    command.add_argument("--noted", type=_noted, action="append", default=[], metavar="ENTITY:NUMBER:SHA256")
    return parser


def main(arguments: list[str]) -> int:
    """Run the command line; exit code 1 when something is not as it was written."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.noted and options.service == "all":
        parser.error("--noted is of one service: name it")
    logs.configure("audit", ChassisSettings.load().log_level)
    is_whole = True
    for service in audited_services() if options.service == "all" else [options.service]:
        database = Database.of_service(service, import_module(f"services.{service}.models"), pool_size=1)
        try:
            chains = verify(database, options.noted)
        finally:
            database.close()
        for chain in chains:
            is_whole = is_whole and not chain.problems
            told = "; ".join(chain.problems) or "whole"
            sys.stdout.write(f"{service} {chain.entity_code} {chain.number} {chain.sha256} {told}\n")
    return 0 if is_whole else 1
