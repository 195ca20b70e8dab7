"""The fields that a service has of its own, as its catalogue says: refused where no value could be right."""

from decimal import Decimal
from typing import Final

from marshmallow import ValidationError

from contracts.codes import NAME_MAX_CHARS
from contracts.extra_fields import ExtraField, ExtraKind, limit_fits

# What only fields of these kinds say, and what stands there where nothing is said.
_OF_KINDS: Final = (
    ("max_chars", NAME_MAX_CHARS, (ExtraKind.TEXT,)),
    ("shape", None, (ExtraKind.TEXT,)),
    ("decimals", 0, (ExtraKind.NUMBER,)),
    ("least", None, (ExtraKind.NUMBER, ExtraKind.DATE)),
    ("most", None, (ExtraKind.NUMBER, ExtraKind.DATE)),
)


def check_extra_field(asked: ExtraField) -> None:
    """Raise marshmallow.ValidationError where what is said of a field does not fit its kind, or nothing is left."""
    kind = ExtraKind(asked.kind)
    for name, usual, kinds in _OF_KINDS:
        if getattr(asked, name) != usual and kind not in kinds:
            raise ValidationError(f"{name}: a field of this kind has none")
    _check_choices(asked, kind)
    _check_limits(asked, kind)
    if asked.shape is not None and len(asked.shape) > asked.max_chars:
        raise ValidationError("shape: longer than max_chars")


def _check_choices(asked: ExtraField, kind: ExtraKind) -> None:
    values = [choice.value.casefold() for choice in asked.choices]
    if kind is not ExtraKind.CHOICE and values:
        raise ValidationError("choices: only a field of the kind choice has them")
    if kind is ExtraKind.CHOICE and (len(values) < 2 or len(values) != len(set(values))):
        raise ValidationError("choices: two different values at least")


def _check_limits(asked: ExtraField, kind: ExtraKind) -> None:
    for name in ("least", "most"):
        limit = getattr(asked, name)
        if limit is not None and not limit_fits(kind, limit):
            raise ValidationError(f"{name}: no limit of a field of this kind")
    if asked.least is None or asked.most is None:
        return
    is_number = kind is ExtraKind.NUMBER
    if Decimal(asked.most) < Decimal(asked.least) if is_number else asked.most < asked.least:
        raise ValidationError("most: less than least")
