"""The catalogue file: entities and services as ops load them, refused where a notice or the money would not fit."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from stdnum import iban

from contracts.fields import Cents, CreditorFiscalCode
from contracts.message import schema_fields
from contracts.rpc.practices import CatalogueService, Entity
from contracts.shapes import Creditor
from services.practices.domain.transfers import TRANSFERS_MAX

_INFO_MAX_CHARS: Final = 100


def _valid_iban(value: str) -> None:
    if not iban.is_valid(value):
        raise ValidationError("not a valid IBAN")


def _valid_postal_iban(value: str) -> None:
    _valid_iban(value)
    if value[5:10] != _POSTE_ABI:
        raise ValidationError("not an account at Poste Italiane")


# `9/`, the code of the taxonomy (body, area, service, legal reason), and what the body appends (pagopa.md section 3.9).
_CATEGORY: Final = validate.Regexp(r"^9/[0-9]{7}(IM|TS|SP|SA|AP)/")
_POSTE_ABI: Final = "07601"


class Share(Schema):
    """The fixed part of each payment of a service that goes to another body."""

    fiscal_code = CreditorFiscalCode(required=True)
    company_name = fields.String(required=True, validate=validate.Length(1, 140))
    iban = fields.String(required=True, validate=_valid_iban)
    postal_iban = fields.String(load_default=None, allow_none=True, validate=_valid_postal_iban)
    category = fields.String(required=True, validate=_CATEGORY)
    amount_cents = Cents(required=True)


class LoadedService(Schema.from_dict(schema_fields(CatalogueService))):
    """A service as the catalogue file has it: its money must find its way (pagopa.md sections 3.3 and 3.9)."""

    category = fields.String(required=True, validate=_CATEGORY)
    shares = fields.List(fields.Nested(Share), load_default=list)

    @validates_schema
    def _check_division(self, item: Mapping[str, Any], **_options: Any) -> None:
        """What goes elsewhere must be within the least amount that can be paid."""
        elsewhere = sum(share["amount_cents"] for share in item["shares"]) + (item["stamp_cents"] or 0)
        least = item["fixed_cents"] or item["min_cents"] or 0
        if elsewhere > least:
            raise ValidationError("shares and stamp are more than the least amount", "min_cents")
        has_own = item["fixed_cents"] != elsewhere
        if len(item["shares"]) + bool(item["stamp_cents"]) + has_own > TRANSFERS_MAX:
            raise ValidationError("more than five transfers", "shares")

    @validates_schema
    def _check_demand(self, item: Mapping[str, Any], **_options: Any) -> None:
        """A stamp is sold only through Checkout, so it cannot be asked for at a PSP."""
        if item["demand"] and (item["stamp_cents"] or not item["spontaneous"]):
            raise ValidationError("only a spontaneous service without stamp can be asked for at a PSP", "demand")


class PrintedCreditor(Schema.from_dict(schema_fields(Creditor))):
    """A body whose names fit a notice (pagopa.md section 2.2): ENTE.NOME 100 characters, ENTE.SETTORE 50."""

    company_name = fields.String(required=True, validate=validate.Length(1, 100))
    office_name = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=50))


class LoadedEntity(Schema.from_dict(schema_fields(Entity))):
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
    postal_iban = fields.String(load_default=None, allow_none=True, validate=_valid_postal_iban)
    services = fields.List(fields.Nested(LoadedService), required=True)

    @validates_schema
    def _info_fits(self, data: Mapping[str, Any], **_: Any) -> None:
        """ENTE.INFO, site and address of mail behind one another, has 100 characters."""
        shown = [data.get("website") or "", data.get("contact_email") or ""]
        if len(" · ".join(filter(None, shown))) > _INFO_MAX_CHARS:
            raise ValidationError(f"website and contact_email: at most {_INFO_MAX_CHARS} characters together")

    @validates_schema
    def _check_demands(self, item: Mapping[str, Any], **_options: Any) -> None:
        """Two services cannot be asked for by the same codes."""
        codes = [tuple(service["demand"].values()) for service in item["services"] if service["demand"]]
        if len(codes) != len(set(codes)):
            raise ValidationError("two services have the same demand codes", "services")


class Catalogue(Schema):
    """The whole file."""

    entities = fields.List(fields.Nested(LoadedEntity), required=True, validate=validate.Length(min=1))
