"""How the gateway reaches the services."""

from collections.abc import Mapping
from typing import Any, Protocol

from contracts.call import Call


class Rpc(Protocol):
    """Anything that answers a `Call`: the RpcClient of the chassis, or the in-memory stand-in of the tests."""

    def call(self, call: Call, request: Mapping[str, Any], *, correlation_id: str | None = None) -> dict[str, Any]:
        """Return the loaded reply. Raises Refused, Unavailable or Broken (contracts/errors.py)."""
