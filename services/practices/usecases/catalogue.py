"""The entities and their services: shown to everybody, loaded from a file by ops."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.storage.database import Database
from contracts.rpc.practices import Entity, EntityName, EntityNames, EntityRequest
from services.practices import catalogue_file, catalogue_records
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


def load_catalogue(
    database: Database, document: Mapping[str, Any], *, may_change: Collection[str] = (), test_codes: bool = False
) -> int:
    """Bring entities and services up to date with a catalogue file; loading it again changes nothing.

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
    return len(file.entities)
