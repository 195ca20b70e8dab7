"""Digital revenue stamps (@e.bollo, pagopa.md section 3.10): what was asked for, what came, whether it is that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BoughtStamp:
    """A stamp that came with a receipt. `problem` says why it is none; then the rest may be None."""

    transfer: int
    amount_cents: int | None
    document_hash: str | None
    problem: str | None


def asked_for(transfers: Sequence[Mapping[str, Any]]) -> dict[int, tuple[int, str]]:
    """Return by transfer the amount and document hash of each stamp in contracts.fields.Transfer."""
    return {
        share["id_transfer"]: (share["amount_cents"], share["stamp"]["document_hash"])
        for share in transfers
        if share.get("stamp")
    }


def are_as_asked(bought: Sequence[BoughtStamp], transfers: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether the stamps that came are those asked for: each one, for its document, of its amount, and no other."""
    came = {stamp.transfer: (stamp.amount_cents, stamp.document_hash) for stamp in bought if stamp.problem is None}
    return len(bought) == len(came) and came == asked_for(transfers)
