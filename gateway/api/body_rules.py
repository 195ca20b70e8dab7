"""What a body must be beyond its fields one by one: the same rule as JSON Schema says it, and as it is checked.

A rule that has an error code of its own keeps it; which field it is about is told in `errors` (refusals.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.calendar import DUE_YEAR_MAX, DUE_YEAR_MIN
from contracts.codes import DESCRIPTION_MAX_CHARS, MAX_NOTICES_PER_CHECKOUT, AmountCents
from contracts.error_details import CartFull, TooLong
from contracts.errors import ErrorCode, Refused
from contracts.message import Message
from gateway.api.bodies import CheckoutBody, ConsentBody, DebtBody, InsertBody, SearchBody
from gateway.api.field_errors import FieldError, invalid
from gateway.api.json_values import JsonObject

REGISTRATION: Final = "registration"


@dataclass(frozen=True)
class BodyRule:
    """`schema`: keywords added to the body's JSON Schema. `check` raises Refused for a body that breaks the rule."""

    check: Callable[[Any], None]
    schema: JsonObject = field(default_factory=dict)


def _check_search(body: SearchBody) -> None:
    if body.notice_number is None:
        missing = [name for name in ("fiscal_code", "reference") if getattr(body, name) is None]
        if missing:
            raise invalid(FieldError("pointer", f"/{name}", "required") for name in missing)
    elif body.reference is not None:
        raise invalid([FieldError("pointer", "/reference", "either")])


def _check_insertion(body: InsertBody) -> None:
    AmountCents(body.amount_cents)
    _check_length(body.description or "")


def _check_checkout(body: CheckoutBody) -> None:
    if not body.practice_ids:
        raise Refused(ErrorCode.CART_EMPTY)
    if len(body.practice_ids) > MAX_NOTICES_PER_CHECKOUT:
        raise Refused(ErrorCode.CART_FULL, CartFull(limit=MAX_NOTICES_PER_CHECKOUT))


def _check_consent(body: ConsentBody) -> None:
    if body.purpose == REGISTRATION and body.document_id is None:
        raise invalid([FieldError("pointer", "/document_id", "required")])


def _check_debt(body: DebtBody) -> None:
    AmountCents(body.amount_cents)
    if not body.description:
        raise Refused(ErrorCode.DESCRIPTION_REQUIRED)
    _check_length(body.description)
    if body.due_date is not None and not DUE_YEAR_MIN <= body.due_date.year <= DUE_YEAR_MAX:
        raise Refused(ErrorCode.INVALID_DATE)
    if body.instalment is not None and body.instalment.number > body.instalment.total:
        raise invalid([FieldError("pointer", "/instalment/number", "range")])


def _check_length(description: str) -> None:
    if len(description) > DESCRIPTION_MAX_CHARS:
        length = len(description)
        raise Refused(ErrorCode.DESCRIPTION_TOO_LONG, TooLong(max=DESCRIPTION_MAX_CHARS, length=length))


_SEARCHES: Final = [
    {"required": ["notice_number"], "not": {"required": ["reference"]}},
    {"required": ["fiscal_code", "reference"], "not": {"required": ["notice_number"]}},
]
_OF_REGISTRATION: Final = {
    "if": {"required": ["purpose"], "properties": {"purpose": {"const": REGISTRATION}}},
    "then": {"required": ["document_id"], "properties": {"document_id": {"not": {"type": "null"}}}},
}

RULE_OF: Final[Mapping[type[Message], BodyRule]] = {
    SearchBody: BodyRule(_check_search, {"oneOf": _SEARCHES}),
    InsertBody: BodyRule(_check_insertion),
    CheckoutBody: BodyRule(_check_checkout),
    ConsentBody: BodyRule(_check_consent, _OF_REGISTRATION),
    DebtBody: BodyRule(_check_debt),
}
"""By the type of the body; one that is not here has no such rule."""
