"""Reading a request: a JSON body of bounded size, the query string, the idempotency key."""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import falcon
import orjson
from marshmallow import Schema, ValidationError, fields

from contracts.errors import ErrorCode, Refused
from gateway.api.field_errors import FieldError, of_body, of_parameters
from gateway.edge.bodies import read_body

BODY_MAX_BYTES: Final = 64 * 1024
_KEY = re.compile(r"[\x21-\x7e]{8,128}")


def invalid(errors: Iterable[FieldError]) -> Refused:
    """An INVALID_REQUEST that says which fields are wrong; problems.py writes the sentences."""
    return Refused(
        ErrorCode.INVALID_REQUEST,
        {"errors": [{error.place: error.name, "code": error.code} for error in errors]},
    )


def load_body(req: falcon.Request, schema: Schema) -> dict[str, Any]:
    """Read the JSON body through `schema`. Other media types get 415, more than BODY_MAX_BYTES 413."""
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise falcon.HTTPUnsupportedMediaType
    try:
        loaded: dict[str, Any] = schema.load(orjson.loads(read_body(req, BODY_MAX_BYTES)))
    except orjson.JSONDecodeError:
        raise invalid([FieldError("pointer", "", "type")]) from None
    except ValidationError as wrong:
        raise invalid(of_body(wrong.messages_dict)) from None
    return loaded


def load_query(req: falcon.Request, schema: Schema | None) -> dict[str, Any]:
    """Read the query string through `schema` (None: an operation without parameters, where any is refused)."""
    schema = schema or Schema()
    given = {name: _values(schema, name, value) for name, value in req.params.items()}
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as wrong:
        raise invalid(of_parameters(wrong.messages_dict)) from None
    return loaded


def _values(schema: Schema, name: str, value: str | list[str]) -> str | list[str]:
    """A list parameter may be repeated, or hold several values between commas."""
    if not isinstance(schema.fields.get(name), fields.List):
        return value
    return [item for part in ([value] if isinstance(value, str) else value) for item in part.split(",") if item]


def idempotency_key(req: falcon.Request, *, required: bool) -> str | None:
    """The Idempotency-Key header: 8 to 128 visible ASCII characters."""
    key = req.get_header("Idempotency-Key")
    if key is None and not required:
        return None
    if key is None or not _KEY.fullmatch(key):
        raise invalid([FieldError("parameter", "Idempotency-Key", "invalid" if key else "required")])
    return key


def check_same_origin(req: falcon.Request, public_url: str) -> None:
    """Refuse (CSRF_FAILED) a write that another site made the payer's browser send.

    Every browser of today says where a write comes from, in Sec-Fetch-Site or at least in Origin; a request with
    neither comes from a program, which holds no cookie it did not ask for.
    """
    site = req.get_header("Sec-Fetch-Site")
    origin = req.get_header("Origin")
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        same = origin is None or urlsplit(origin).netloc in (urlsplit(public_url).netloc, req.netloc)
    if not same:
        raise Refused(ErrorCode.CSRF_FAILED)
