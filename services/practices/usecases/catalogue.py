"""The entities and their services: shown to everybody, loaded from a file by ops."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from stdnum import iban

from chassis.database import Database
from contracts.fields import Creditor
from contracts.rpc.practices import CatalogueService, Entity
from services.practices import records, repository
from services.practices.models import EntityRow, ServiceRow

_SERVICE_FIELDS = tuple(CatalogueService().fields)
_INFO_MAX_CHARS = 100


def _valid_iban(value: str) -> None:
    if not iban.is_valid(value):
        raise ValidationError("not a valid IBAN")


class PrintedCreditor(Creditor):
    """A body whose names fit a notice (pagopa.md section 2.2): ENTE.NOME 100 characters, ENTE.SETTORE 50."""

    company_name = fields.String(required=True, validate=validate.Length(1, 100))
    office_name = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=50))


class LoadedEntity(Entity):
    """An entity as the catalogue file has it: the public shape, and what only pagoPA and the bank are told.

    What stands on a notice is refused here when it does not fit there.
    """

    creditor = fields.Nested(PrintedCreditor, required=True)
    cbill = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"^[A-Z0-9]{1,16}$"))
    postal_account = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9]{1,12}$"))
    postal_account_holder = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=50))
    postal_authorisation = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=60))
    segregation_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2}$"))
    iban = fields.String(required=True, validate=_valid_iban)
    postal_iban = fields.String(load_default=None, allow_none=True, validate=_valid_iban)

    @validates_schema
    def _info_fits(self, data: Mapping[str, Any], **_: Any) -> None:
        """ENTE.INFO, site and address of mail behind one another, has 100 characters."""
        shown = [data.get("website") or "", data.get("contact_email") or ""]
        if len(" · ".join(filter(None, shown))) > _INFO_MAX_CHARS:
            raise ValidationError(f"website and contact_email: at most {_INFO_MAX_CHARS} characters together")


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


class Catalogue(Schema):
    """The whole file."""

    entities = fields.List(fields.Nested(LoadedEntity), required=True, validate=validate.Length(min=1))


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
