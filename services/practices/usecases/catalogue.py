"""The entities and their services: shown to everybody, loaded from a file by ops."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.clock import now
from chassis.storage.database import Database
from contracts.rpc.practices import Entity, EntityName, EntityNames, EntityRequest
from services.practices import catalogue_file, catalogue_records
from services.practices.catalogue_content import as_yaml, changes
from services.practices.repository import catalogue


def entity(database: Database, request: EntityRequest) -> Entity:
    """Return an entity with its catalogue. Raises Refused(UNKNOWN_ENTITY)."""
    with database.reading() as session:
        row = catalogue.entity(session, request.entity_code)
        services = catalogue.services(session, row.code)
    return catalogue_records.entity_of(row, services)


def entities(database: Database) -> EntityNames:
    """Return every entity by its name."""
    with database.reading() as session:
        names = [EntityName(code=row.code, company_name=row.company_name) for row in catalogue.entities(session)]
    return EntityNames(entities=names)


@dataclass(frozen=True)
class CodeChange:
    """An entity that would get another fiscal code: payers' notices, and pagoPA, know it by the one it has."""

    entity_code: str
    old: str
    new: str


class CodeChangesError(Exception):
    """Entities would get another fiscal code, and nobody has said that they may."""

    def __init__(self, changes: Sequence[CodeChange]) -> None:
        self.changes = changes
        super().__init__("; ".join(f"{one.entity_code}: {one.old} becomes {one.new}" for one in changes))


@dataclass(frozen=True)
class LoadedBy:
    """Who loads a catalogue, and the name of the file: what its version says of itself."""

    name: str
    file_name: str = ""


def load_catalogue(
    database: Database,
    document: Mapping[str, Any],
    *,
    may_change: Collection[str] = (),
    test_codes: bool = False,
    by: LoadedBy = LoadedBy("unknown"),
) -> int:
    """Bring entities and services up to date with a catalogue file; loading it again changes nothing.

    What it says of an entity is kept as a version of it, where that is something new, with who says it.
    `may_change`: the entity codes that may get another fiscal code; `test_codes`: see `catalogue_file.read`.
    Returns how many entities it has. Raises marshmallow.ValidationError or CodeChangesError, nothing stored.
    """
    file = catalogue_file.read(document, test_codes=test_codes)
    with database.transaction() as tx:
        known = catalogue.fiscal_codes(tx.session)
        changes = [
            CodeChange(item.code, known[item.code], item.creditor.fiscal_code)
            for item in file.entities
            if known.get(item.code, item.creditor.fiscal_code) != item.creditor.fiscal_code
            and item.code not in may_change
        ]
        if changes:
            raise CodeChangesError(changes)
        for item in file.entities:
            catalogue.save_entity(tx.session, item)
            catalogue.save_services(tx.session, item)
            catalogue.save_version(tx.session, item, by.name, by.file_name, now())
    return len(file.entities)


def export_catalogue(database: Database, entity_code: str, number: int | None = None) -> str:
    """Return an entity's catalogue as YAML that loads as it is, of a version or of the last one.

    Raises Refused(UNKNOWN_ENTITY), LookupError where there is no such version.
    """
    with database.reading() as session:
        code = catalogue.entity(session, entity_code).code
        found = catalogue.last_version(session, code) if number is None else catalogue.version(session, code, number)
    if found is None:
        raise LookupError(
            f"{entity_code} has no such version; its catalogue may have been loaded before they were kept"
        )
    return as_yaml(found.content)


@dataclass(frozen=True)
class VersionNews:
    """A version of an entity's catalogue: what is otherwise than in the one before, by place."""

    number: int
    loaded_by: str
    file_name: str
    loaded_at: datetime
    changes: Sequence[str]


def catalogue_versions(database: Database, entity_code: str) -> Sequence[VersionNews]:
    """Return the versions of an entity's catalogue, the newest first. Raises Refused(UNKNOWN_ENTITY)."""
    with database.reading() as session:
        found = catalogue.versions(session, catalogue.entity(session, entity_code).code)
    before = {one.number + 1: one.content for one in found}
    return [
        VersionNews(
            one.number,
            one.loaded_by,
            one.file_name,
            one.loaded_at,
            changes(before[one.number], one.content) if one.number in before else [],
        )
        for one in found
    ]
