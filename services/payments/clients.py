"""What payments asks practices, over RPC. pagoPA is talked to in checkout_client.py and settlement/fdr_org.py."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.call import Rpc
from contracts.codes import CreditorFiscalCode, NoticeNumber
from contracts.rpc import parity
from contracts.rpc.parity import Buckets, BucketsRequest, Changed, ChangedRequest, Lines, LinesRequest, TellAgainRequest
from contracts.rpc.practices import ASK_AMOUNTS, POSITIONS, AskAmountsRequest, PositionReply, PositionRequest


def ask_positions(
    rpc: Rpc,
    *,
    creditor_fiscal_code: CreditorFiscalCode | None = None,
    notice_number: NoticeNumber | None = None,
    practice_ids: Sequence[UUID] = (),
) -> PositionReply:
    """Ask practices for what our projection does not have. Raises Unavailable."""
    request = PositionRequest(
        creditor_fiscal_code=creditor_fiscal_code, notice_number=notice_number, practice_ids=practice_ids
    )
    return rpc.call(POSITIONS, request)


def ask_amounts(rpc: Rpc, practice_ids: Sequence[UUID]) -> PositionReply:
    """Have practices ask the entities' software what is to be paid now. Raises Unavailable."""
    return rpc.call(ASK_AMOUNTS, AskAmountsRequest(practice_ids=practice_ids))


def tell_again(rpc: Rpc, practice_ids: Sequence[UUID], types: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """Ask practices for its events about practices, as they were published. Raises Unavailable."""
    return rpc.call(parity.PRACTICES_TELL_AGAIN, TellAgainRequest(keys=practice_ids, types=types)).events


class PracticesSide:
    """What practices has, to compare the positions with."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def buckets(self, asked: BucketsRequest) -> Buckets:
        """Return counts and hashes. Raises RpcError."""
        return self._rpc.call(parity.PRACTICES_BUCKETS, asked)

    def lines(self, asked: LinesRequest) -> Lines:
        """Return what is known, practice by practice. Raises RpcError."""
        return self._rpc.call(parity.PRACTICES_LINES, asked)

    def changed(self, asked: ChangedRequest) -> Changed:
        """Return what events were about. Raises RpcError."""
        return self._rpc.call(parity.PRACTICES_CHANGED, asked)
