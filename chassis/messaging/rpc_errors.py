"""The three families of errors over nameko's wire, both ways.

nameko carries an exception as its class path and arguments. Only the families of contracts.errors cross as they
are, with code and detail; everything else arrives as Broken(INTERNAL_ERROR), its cause in the answering side's log.
"""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import EXCLUDE, ValidationError

from contracts.error_details import DETAIL_OF, ErrorDetail
from contracts.errors import Broken, ErrorCode, Refused, RpcError, Unavailable
from contracts.message import schema_of

_FAMILIES: Final = {f"contracts.errors.{family.__name__}": family for family in (Refused, Unavailable, Broken)}


def to_wire(error: RpcError) -> dict[str, Any]:
    """Write `error` as nameko does."""
    name = type(error).__name__
    return {
        "exc_type": name,
        "exc_path": f"contracts.errors.{name}",
        "exc_args": [error.code.value, error.params],
        "value": error.code.value,
    }


def from_wire(error: Mapping[str, Any]) -> RpcError:
    """Read an error as `to_wire` or a stock nameko service wrote it."""
    family = _FAMILIES.get(str(error.get("exc_path")))
    arguments = error.get("exc_args")
    if family is None or not isinstance(arguments, list) or len(arguments) != 2:
        return Broken(ErrorCode.INTERNAL_ERROR)
    code, params = arguments
    if code not in set(ErrorCode) or not isinstance(params, dict):
        return family()
    return family(code, read_detail(ErrorCode(code), params))


def read_detail(code: ErrorCode, params: Mapping[str, Any]) -> ErrorDetail | None:
    """Read the detail of a code; None where it has none, or where a newer sender says it in a way unknown here."""
    detail_type = DETAIL_OF.get(code)
    if detail_type is None or not params:
        return None
    try:
        detail: ErrorDetail = schema_of(detail_type).load(params, unknown=EXCLUDE)
    except ValidationError:
        return None
    return detail
