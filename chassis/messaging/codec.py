"""Messages to JSON and back, compiled from the contracts' definitions: orjson writes, msgspec reads.

Reading is lenient: what a newer sender has added is left out. It checks types; validators are run where a message
enters a service (contracts.checks). With CHECK_CONTRACTS set, as in tests and development, what is written is proven
by marshmallow as well: a sender that does not keep its contract fails there and not at the receiver. Why these two:
docs/adr/0003-compiled-codec.md.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec
import orjson
from marshmallow import ValidationError

from chassis.settings import environment
from contracts.checks import problems_of
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused, RpcError
from contracts.message import Message, MessageSchema, schema_of

T = TypeVar("T")
M = TypeVar("M", bound=Message)

_PLACE: Final = re.compile(r"at `\$\.(\w+)")
_MISSING: Final = re.compile(r"missing required field `(\w+)`")

Unreadable = msgspec.MsgspecError
"""What reading raises: no JSON, or not of the type."""


class BrokenContract(Exception):
    """A message that its own schema refuses: a bug of whoever made it."""


def write(value: object) -> bytes:
    """Write a message, or plain values with messages among them, as JSON."""
    return orjson.dumps(value)


def read(body: bytes | str | msgspec.Raw, message_type: type[T]) -> T:
    """Read JSON as a message, or as a generic of one. Raises Unreadable."""
    hashable: Any = message_type
    return cast("T", _decoder_of(hashable).decode(body))


def convert(values: object, message_type: type[T]) -> T:
    """Make a message of values that JSON gave. Raises Unreadable."""
    return msgspec.convert(values, message_type, dec_hook=_construct)


def to_json(message: Message) -> dict[str, Any]:
    """Return a message as JSON values."""
    values: dict[str, Any] = orjson.loads(orjson.dumps(message))
    return values


def checked(message: M) -> M:
    """Return a message that is about to be sent; where producers are checked, raise BrokenContract for a wrong one."""
    if _checks_producers():
        problems = _problems_by_marshmallow(message)
        if problems:
            raise BrokenContract(f"{type(message).__name__}: {problems}")
    return message


def _problems_by_marshmallow(message: M) -> Mapping[str, Any]:
    """Return what is wrong with a message, or with what the compiled writer makes of it; empty when nothing."""
    schema: MessageSchema[M] = schema_of(type(message))
    written: dict[str, Any] = {}
    try:
        written = to_json(message)
        meant = schema.dump(message)
    except (AttributeError, TypeError, ValueError, ValidationError) as error:
        # What cannot be dumped is not named by field; what was written may be.
        return (schema.validate(written) if written else {}) or {"_schema": [str(error)]}
    if _without_absent(written) != _without_absent(meant):
        return {"_schema": ["the compiled writer says it otherwise"]}
    return schema.validate(meant)


def admitted(body: bytes | str | msgspec.Raw, request_type: type[M]) -> M:
    """Return the request that came in as JSON, its validators run. Raises Refused(INVALID_REQUEST) with `fields`."""
    try:
        request = read(body, request_type)
    except msgspec.ValidationError as error:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=_named(str(error)))) from error
    if problems := problems_of(request):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=problems))
    return request


def _named(problem: str) -> dict[str, list[str]]:
    """Return msgspec's sentence under the field it speaks of."""
    field = _PLACE.search(problem) or _MISSING.search(problem)
    return {field[1] if field else "_schema": [problem]}


@cache
def _checks_producers() -> bool:
    checks: bool = environment().bool("CHECK_CONTRACTS", default=False)
    return checks


@cache
def _decoder_of(message_type: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(message_type, dec_hook=_construct)


def _construct(value_object: Any, value: Any) -> Any:
    """Make a value object; one that refuses its value makes the message unreadable."""
    try:
        return value_object(value)
    except (RpcError, TypeError) as error:
        raise ValueError(f"not a {value_object.__name__}") from error


def _without_absent(value: Any) -> Any:
    """Return JSON values without what is null: some messages leave it out, nobody tells the difference."""
    if isinstance(value, Mapping):
        return {key: _without_absent(item) for key, item in value.items() if item is not None}
    return [_without_absent(item) for item in value] if isinstance(value, list) else value
