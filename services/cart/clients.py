"""What cart asks of practices."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from contracts.call import Call
from contracts.rpc import practices


class RpcCaller(Protocol):
    """The injected RPC client; it keeps the caller's deadline."""

    def call(self, call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer with the loaded reply. Raises Refused, Unavailable or Broken."""


def visible_practices(rpc: RpcCaller, viewer: Mapping[str, Any], practice_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return the practices the viewer may see, in the order asked; the others are left out."""
    reply = rpc.call(practices.GET_MANY, {"viewer": viewer, "practice_ids": list(practice_ids)})
    found: list[dict[str, Any]] = reply["practices"]
    return found
