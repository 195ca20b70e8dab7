"""Reading a request: a JSON body of bounded size, the query string, the idempotency key."""

import re
from collections.abc import Iterable
from typing import Final, TypeVar
from urllib.parse import urlsplit

import falcon
import orjson
from marshmallow import Schema, ValidationError, fields

from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.message import Message, schema_of
from gateway.api.field_errors import FieldError, of_body, of_parameters
from gateway.edge.bodies import read_body

BODY_MAX_BYTES: Final = 64 * 1024
_KEY: Final = re.compile(r"[\x21-\x7e]{8,128}")

M = TypeVar("M", bound=Message)


def invalid(errors: Iterable[FieldError]) -> Refused:
    """Return an INVALID_REQUEST that says which fields are wrong; problems.py writes the sentences."""
    wrong = [{error.place: error.name, "code": error.code} for error in errors]
    return Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(errors=wrong))


def load_body(req: falcon.Request, body_type: type[M]) -> M:
    """Read the JSON body as a message. Other media types get 415, more than BODY_MAX_BYTES 413."""
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise falcon.HTTPUnsupportedMediaType
    try:
        loaded: M = schema_of(body_type).load(orjson.loads(read_body(req, BODY_MAX_BYTES)))
    except orjson.JSONDecodeError:
        raise invalid([FieldError("pointer", "", "type")]) from None
    except ValidationError as wrong:
        raise invalid(of_body(wrong.messages_dict)) from None
    return loaded


def load_query(req: falcon.Request, query_type: type[M]) -> M:
    """Read the query string as a message; parameters that it has not are refused."""
    schema = schema_of(query_type)
    given = {name: _values(schema, name, value) for name, value in req.params.items()}
    try:
        loaded: M = schema.load(given)
    except ValidationError as wrong:
        raise invalid(of_parameters(wrong.messages_dict)) from None
    return loaded


def _values(schema: Schema, name: str, value: str | list[str]) -> str | list[str]:
    """Return what a parameter says; one that is a list may be repeated, or hold several values between commas."""
    if not isinstance(schema.fields.get(name), fields.List):
        return value
    return [item for part in ([value] if isinstance(value, str) else value) for item in part.split(",") if item]


def idempotency_key(req: falcon.Request, *, required: bool) -> str:
    """Return the Idempotency-Key header, 8 to 128 visible ASCII characters; empty where it may be and is missing."""
    key = req.get_header("Idempotency-Key")
    if key is None and not required:
        return ""
    if key is None or not _KEY.fullmatch(key):
        raise invalid([FieldError("parameter", "Idempotency-Key", "invalid" if key else "required")])
    return key


def check_same_origin(req: falcon.Request, public_url: str) -> None:
    """Refuse (CSRF_FAILED) a write that another site made the payer's browser send.

    Every browser of today says where a write comes from, in Sec-Fetch-Site or at least in Origin; a request with
    neither comes from other software, which holds no cookie it did not ask for.
    """
    site = req.get_header("Sec-Fetch-Site")
    origin = req.get_header("Origin")
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        same = origin is None or urlsplit(origin).netloc in (urlsplit(public_url).netloc, req.netloc)
    if not same:
        raise Refused(ErrorCode.CSRF_FAILED)
