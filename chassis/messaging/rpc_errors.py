"""The three families of errors over nameko's wire, both ways.

nameko carries an exception as its class path and arguments. Only the families of contracts.errors cross as they
are, with code and params; everything else arrives as Broken(INTERNAL_ERROR), its cause in the answering side's log.
"""

from collections.abc import Mapping
from typing import Any, Final

from contracts.errors import Broken, ErrorCode, Refused, RpcError, Unavailable

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
    return family(code, params)
