"""The entities and their services: shown to everybody, loaded from a file by ops."""

from collections.abc import Mapping
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


def load_catalogue(database: Database, document: Mapping[str, Any]) -> int:
    """Bring entities and services up to date with a catalogue file; loading it again changes nothing.

    Returns how many entities it has. Raises marshmallow.ValidationError, nothing stored.
    """
    file = catalogue_file.read(document)
    with database.transaction() as tx:
        for item in file.entities:
            catalogue.save_entity(tx.session, item)
            catalogue.save_services(tx.session, item)
    return len(file.entities)
