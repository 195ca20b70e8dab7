"""Marshmallow fields of the contracts' own, for what enters and leaves as text."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

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
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # the first or the last day there is, seen from another zone
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


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


class Iban(fields.String):
    """An IBAN without spaces; its check digits are read by `contracts.codes.Iban`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"), **kwargs)


class Description(fields.String):
    """Causale: 1 to 140 characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(1, DESCRIPTION_MAX_CHARS), **kwargs)
