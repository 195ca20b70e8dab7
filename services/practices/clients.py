"""What practices asks of payments: what payments has told, to compare the states with and to fold again."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.call import Rpc
from contracts.rpc import parity
from contracts.rpc.parity import Buckets, BucketsRequest, Changed, ChangedRequest, Lines, LinesRequest, TellAgainRequest


def tell_again(rpc: Rpc, practice_ids: Sequence[UUID], types: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """Ask payments for its events about practices, as they were published. Raises Unavailable."""
    return rpc.call(parity.PAYMENTS_TELL_AGAIN, TellAgainRequest(keys=practice_ids, types=types)).events


class PaymentsSide:
    """What payments has, to compare the states with."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def buckets(self, asked: BucketsRequest) -> Buckets:
        """Return counts and hashes. Raises RpcError."""
        return self._rpc.call(parity.PAYMENTS_BUCKETS, asked)

    def lines(self, asked: LinesRequest) -> Lines:
        """Return what is known, practice by practice. Raises RpcError."""
        return self._rpc.call(parity.PAYMENTS_LINES, asked)

    def changed(self, asked: ChangedRequest) -> Changed:
        """Return what events were about. Raises RpcError."""
        return self._rpc.call(parity.PAYMENTS_CHANGED, asked)
