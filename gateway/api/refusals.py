"""Which field of the request a refusal is about, where its code or its detail says so."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import falcon

from contracts.errors import ErrorCode
from contracts.message import Message, schema_of
from gateway.api.field_errors import FieldError, of_body
from gateway.problems import Problem

# Of several the first that was sent, else the first that the body has.
_FIELDS_OF: Final[Mapping[ErrorCode, tuple[str, ...]]] = {
    ErrorCode.INVALID_FISCAL_CODE: ("fiscal_code",),
    ErrorCode.INVALID_NOTICE_NUMBER: ("notice_number", "reference", "offset_notice_number"),
    ErrorCode.INVALID_IBAN: ("iban", "account_iban"),
    ErrorCode.INVALID_DATE: ("due_date", "pay_on"),
    ErrorCode.AMOUNT_OUT_OF_RANGE: ("amount_cents",),
    ErrorCode.AMOUNT_NOT_ALLOWED: ("amount_cents",),
    ErrorCode.SCHEDULE_NOT_ALLOWED: ("schedule",),
    ErrorCode.EXTRA_FIELD_NOT_ALLOWED: ("extras",),
    ErrorCode.DESCRIPTION_REQUIRED: ("description",),
    ErrorCode.DESCRIPTION_TOO_LONG: ("description", "beneficiary"),  # the causale is made of the beneficiary
    ErrorCode.BENEFICIARY_REQUIRED: ("beneficiary",),
    ErrorCode.NAME_REQUIRED: ("full_name", "holder"),
    ErrorCode.NAME_TOO_LONG: ("full_name",),
    ErrorCode.STAMP_REQUIRED: ("stamp",),
    ErrorCode.REASON_REQUIRED: ("reason",),
    ErrorCode.REFUND_TOO_LARGE: ("refund_cents",),
    ErrorCode.UNKNOWN_SERVICE: ("service_code",),
    ErrorCode.ANONYMOUS_NOT_ALLOWED: ("anonymous",),
    ErrorCode.PAYER_NOT_ALLOWED: ("service_code",),
    ErrorCode.CART_EMPTY: ("practice_ids",),
    ErrorCode.CART_FULL: ("practice_ids",),
    ErrorCode.CART_OTHER_ENTITY: ("practice_ids",),
    ErrorCode.AMOUNT_CHANGED: ("total_cents",),
    ErrorCode.OPTION_CLOSED: ("practice_ids",),
    ErrorCode.CHECKOUT_TOO_MANY_NOTICES: ("practice_ids",),
    ErrorCode.CHECKOUT_NOTICES_REPEATED: ("practice_ids",),
}


def remember(req: falcon.Request, *, body: Message | None = None, query: Message | None = None) -> None:
    """Keep what was asked, so that a refusal can say which field of it is meant."""
    if body is not None:
        req.context.asked_body = body
    if query is not None:
        req.context.asked_query = query


def fields_in_error(req: falcon.Request, problem: Problem) -> tuple[FieldError, ...]:
    """Return the fields that a refusal is about; none where it is about none, or names them itself in `errors`."""
    body: Message | None = getattr(req.context, "asked_body", None)
    query: Message | None = getattr(req.context, "asked_query", None)
    if problem.code is ErrorCode.INVALID_REQUEST:
        return tuple(_named(problem.params, body, query))
    names = _fields_of(body)
    known = [name for name in _FIELDS_OF.get(problem.code, ()) if name in names]
    sent = [name for name in known if getattr(body, name) is not None]
    return tuple(FieldError("pointer", f"/{name}", problem.code.value) for name in (sent or known)[:1])


def _named(params: Mapping[str, Any], body: Message | None, query: Message | None) -> Iterator[FieldError]:
    """Yield the fields that a service names in its detail, where they are fields of the request."""
    fields = params.get("fields") or params.get("field") or ()
    found: Iterable[FieldError]
    if isinstance(fields, Mapping):
        found = of_body(fields)
    else:
        names = [fields] if isinstance(fields, str) else fields
        found = [FieldError("pointer", f"/{name}", "invalid") for name in names]
    for error in found:
        name = error.name.split("/")[1] if error.name else ""
        if name in _fields_of(body):
            yield error
        elif query is not None and name in _fields_of(query):
            yield FieldError("parameter", schema_of(type(query)).fields[name].data_key or name, error.code)


def _fields_of(message: Message | None) -> frozenset[str]:
    return frozenset() if message is None else frozenset(schema_of(type(message)).fields)
