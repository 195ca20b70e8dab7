"""Marshmallow fields and schemas that several messages share."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from contracts.codes import AMOUNT_MAX_CENTS, DESCRIPTION_MAX_CHARS


class UtcDateTime(fields.AwareDateTime):
    """ISO 8601 with an offset, always handed over in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **kwargs)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if value is not None and value.tzinfo is None:
            raise ValidationError("a time without its zone")
        return super()._serialize(value and value.astimezone(UTC), attr, obj, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        moment = super()._deserialize(value, attr, data, **kwargs)
        return moment.astimezone(UTC)


class Cents(fields.Integer):
    """An amount in euro cents, 1 to 99,999,999,999."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(1, AMOUNT_MAX_CENTS), **kwargs)


class NoticeDigits(fields.String):
    """Eighteen digits; check digits are the typist's matter, not the wire's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(r"^[0-9]{18}$"), **kwargs)


class CreditorFiscalCode(fields.String):
    """Eleven digits, no Luhn: official test bodies fail it (pagopa.md section 1.4)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(r"^[0-9]{11}$"), **kwargs)


class Description(fields.String):
    """Causale: 1 to 140 characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(1, DESCRIPTION_MAX_CHARS), **kwargs)


class LocalisedText(Schema):
    """A text in the two languages of the interface."""

    it = fields.String(required=True)
    en = fields.String(required=True)


class Subject(Schema):
    """A debtor or payer, pagoPA's ctSubject. `fiscal_code` is ANONIMO where there is none."""

    entity_type = fields.String(required=True, validate=validate.OneOf(["F", "G"]))
    fiscal_code = fields.String(required=True, validate=validate.Length(2, 16))
    full_name = fields.String(required=True, validate=validate.Length(1, 70))
    street_name = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=70))
    civic_number = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=16))
    postal_code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=16))
    city = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=35))
    province = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=35))
    country = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"^[A-Z]{2}$"))
    email = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=256))


class Beneficiary(Schema):
    """For whom a fee is paid: the student. The causale is composed from these four."""

    full_name = fields.String(required=True, validate=validate.Length(1, 70))
    course = fields.String(required=True, validate=validate.Length(1, 70))
    school = fields.String(required=True, validate=validate.Length(1, 70))
    contribution_type = fields.String(required=True, validate=validate.Length(1, 70))


class Creditor(Schema):
    """The public body as pagoPA knows it."""

    code = fields.String(required=True)
    fiscal_code = CreditorFiscalCode(required=True)
    company_name = fields.String(required=True, validate=validate.Length(1, 140))
    office_name = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=140))
    broker_fiscal_code = CreditorFiscalCode(required=True)
    station_id = fields.String(required=True, validate=validate.Length(1, 35))


class Stamp(Schema):
    """What a digital revenue stamp (@e.bollo) is bought for: the document's SHA-256, and where the payer lives."""

    document_hash = fields.String(required=True, validate=validate.Regexp(r"^[A-Za-z0-9+/]{43}=\Z"))
    province = fields.String(required=True, validate=validate.Regexp(r"^[A-Z]{2}\Z"))


class Transfer(Schema):
    """One share of a payment, pagoPA's transfer; 1 to 5 of them, amounts adding up to the payment's.

    It goes to an account, or it is a digital revenue stamp (@e.bollo), which has none.
    """

    id_transfer = fields.Integer(required=True, validate=validate.Range(1, 5))
    amount_cents = Cents(required=True)
    fiscal_code = CreditorFiscalCode(required=True)
    company_name = fields.String(required=True, validate=validate.Length(1, 140))
    iban = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 35))
    stamp = fields.Nested(Stamp, load_default=None, allow_none=True)
    postal_iban = fields.String(load_default=None, allow_none=True)
    remittance_information = Description(required=True)
    category = fields.String(required=True, validate=validate.Length(1, 140))


class Instalment(Schema):
    """Which of how many: `rata 5 di 7`."""

    number = fields.Integer(required=True, validate=validate.Range(min=1))
    total = fields.Integer(required=True, validate=validate.Range(min=1))


class Viewer(Schema):
    """Who is asking. A citizen has the first two, a visitor without login the third.

    `granted_practice_ids`: practices the gateway has already shown to this browser by search or insertion.
    `identified_practice_ids`: those of them found with the debtor's fiscal code; they are shown unmasked, the
    others with shortened names.
    """

    citizen_id = fields.UUID(load_default=None, allow_none=True)
    fiscal_code = fields.String(load_default=None, allow_none=True)
    visitor_id = fields.String(load_default=None, allow_none=True)
    granted_practice_ids = fields.List(fields.UUID(), load_default=list)
    identified_practice_ids = fields.List(fields.UUID(), load_default=list)


class Empty(Schema):
    """Nothing to say."""
