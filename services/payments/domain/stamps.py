"""Digital revenue stamps (@e.bollo, pagopa.md section 3.10): whether what came is what was asked for."""

from collections.abc import Sequence

from contracts.rpc.payments import BoughtStamp
from contracts.shapes import Transfer


def are_as_asked(bought: Sequence[BoughtStamp], transfers: Sequence[Transfer]) -> bool:
    """Return whether the stamps that came are those asked for: each for its document, of its amount, and no other."""
    asked = {
        transfer.id_transfer: (transfer.amount_cents, transfer.stamp.document_hash)
        for transfer in transfers
        if transfer.stamp
    }
    came = {stamp.transfer: (stamp.amount_cents, stamp.document_hash) for stamp in bought if stamp.problem is None}
    return len(bought) == len(came) and came == asked
