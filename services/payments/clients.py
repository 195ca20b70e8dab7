"""What payments asks practices, over RPC. pagoPA is talked to in checkout_client.py and settlement/fdr_org.py."""

from collections.abc import Sequence
from uuid import UUID

from contracts.call import Rpc
from contracts.codes import CreditorFiscalCode, NoticeNumber
from contracts.rpc.practices import POSITIONS, PositionReply, PositionRequest


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
