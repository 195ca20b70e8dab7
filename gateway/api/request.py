"""Reading a request: a JSON body of bounded size, the query string, the idempotency key."""

import re
from typing import Any, Final, TypeVar

import falcon
import orjson
from marshmallow import Schema, ValidationError, fields

from contracts.message import Message, schema_of
from gateway.api.body_rules import RULE_OF
from gateway.api.field_errors import FieldError, invalid, of_body, of_parameters
from gateway.api.json_checks import is_readable, wrong_in_body
from gateway.api.refusals import remember
from gateway.edge.bodies import read_body

BODY_MAX_BYTES: Final = 64 * 1024
KEY_PATTERN: Final = "^[!-~]{8,128}$"
"""Visible ASCII characters."""
_KEY: Final = re.compile(KEY_PATTERN)

M = TypeVar("M", bound=Message)


def load_body(req: falcon.Request, body_type: type[M], max_bytes: int) -> M:
    """Read the JSON body as a message. Other media types get 415, more than `max_bytes` 413."""
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise falcon.HTTPUnsupportedMediaType
    try:
        sent = orjson.loads(read_body(req, max_bytes))
    except orjson.JSONDecodeError:
        raise invalid([FieldError("pointer", "", "type")]) from None
    loaded = _loaded(sent, body_type)
    remember(req, body=loaded)
    rule = RULE_OF.get(body_type)
    if rule is not None:
        rule.check(loaded)
    return loaded


def _loaded(sent: Any, body_type: type[M]) -> M:
    """Return the message; raises Refused(INVALID_REQUEST) with every field that is wrong."""
    schema = schema_of(body_type)
    wrong = tuple(wrong_in_body(schema, sent))
    try:
        loaded: M = schema.load(sent)
    except ValidationError as error:
        wrong += of_body(error.messages_dict)
    if wrong:
        raise invalid(dict.fromkeys(wrong))
    return loaded


def load_query(req: falcon.Request, query_type: type[M]) -> M:
    """Read the query string as a message; parameters that it has not are refused."""
    schema = schema_of(query_type)
    given = {name: _values(schema, name, value) for name, value in req.params.items()}
    unreadable = [name for name, value in given.items() if not all(map(is_readable, _listed(value)))]
    if unreadable:
        raise invalid(FieldError("parameter", name, "characters") for name in unreadable)
    try:
        loaded: M = schema.load(given)
    except ValidationError as wrong:
        raise invalid(of_parameters(wrong.messages_dict)) from None
    remember(req, query=loaded)
    return loaded


def _values(schema: Schema, name: str, value: str | list[str]) -> str | list[str]:
    """Return what a parameter says; one that is a list may be repeated, or hold several values between commas."""
    if not isinstance(schema.fields.get(name), fields.List):
        return value
    return [item for part in _listed(value) for item in part.split(",") if item]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def idempotency_key(req: falcon.Request, *, required: bool) -> str:
    """Return the Idempotency-Key header, 8 to 128 visible ASCII characters; empty where it may be and is missing."""
    key = req.get_header("Idempotency-Key")
    if key is None and not required:
        return ""
    if key is None or not _KEY.fullmatch(key):
        raise invalid([FieldError("parameter", "Idempotency-Key", "invalid" if key else "required")])
    return key
