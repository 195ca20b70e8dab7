"""The entities and their services: shown to everybody, loaded from a file by ops."""

from collections.abc import Mapping
from typing import Any

from chassis.storage.database import Database
from contracts.message import schema_of
from contracts.rpc.practices import CatalogueService
from services.practices import records, repository
from services.practices.catalogue_file import Catalogue
from services.practices.models import EntityRow, ServiceRow

_SERVICE_FIELDS = tuple(schema_of(CatalogueService).fields)
_SHOWN = (
    "code",
    "website",
    "contact_email",
    "logo",
    "cbill",
    "postal_account",
    "postal_account_holder",
    "postal_authorisation",
)


def entity(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entity with its catalogue. Raises Refused(UNKNOWN_ENTITY)."""
    with database.reading() as session:
        row = repository.entity(session, request["entity_code"])
        catalogue = repository.services(session, row.code)
    return {
        **{name: getattr(row, name) for name in _SHOWN},
        "creditor": records.creditor_of(row),
        "services": [_service_of(item) for item in catalogue],
    }


def load_catalogue(database: Database, document: Mapping[str, Any]) -> int:
    """Bring entities and services up to date with a catalogue file; loading it again changes nothing.

    Returns how many entities it has. Raises marshmallow.ValidationError, nothing stored.
    """
    entities = Catalogue().load(document)["entities"]
    with database.transaction() as tx:
        for item in entities:
            repository.save_entity(tx.session, _entity_values(item))
            repository.save_services(tx.session, item["code"], item["services"])
    return len(entities)


def _entity_values(item: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten an entity into its row's columns."""
    creditor = item["creditor"]
    values = {**item, **creditor, "code": item["code"], "creditor_fiscal_code": creditor["fiscal_code"]}
    return {column: values.get(column) for column in EntityRow.__table__.columns.keys()}  # noqa: SIM118 -- not a dict


def _service_of(row: ServiceRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _SERVICE_FIELDS}
