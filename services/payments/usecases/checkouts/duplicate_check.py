"""Stop a payer who is about to pay the same thing twice, until they say that they mean it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.storage.database import Tx
from contracts.errors import ErrorCode, Refused
from services.payments.domain.duplicate_check import Doubt, Equal, doubts
from services.payments.domain.positions import Position
from services.payments.repository import checkouts


def equals_of(request: Mapping[str, Any]) -> dict[UUID, Sequence[UUID]]:
    """Return the practices equal to those about to be paid; none for a payer who pays anyway."""
    if request.get("pay_anyway"):
        return {}
    return {found["practice_id"]: found["equal_ids"] for found in request.get("equals", ())}


def check_equals(
    tx: Tx,
    practice_ids: Sequence[UUID],
    equals: Mapping[UUID, Sequence[UUID]],
    known: Mapping[UUID, Position],
    now: datetime,
) -> None:
    """Refuse with EQUAL_PRACTICE_FOUND where an equal practice was paid lately, is being paid or is paid here too.

    `known` are their positions, locked: of two equal practices clicked at once the second one is told of the first.
    """
    equal_ids = {equal_id for found in equals.values() for equal_id in found}
    held = checkouts.holders(tx.session, equal_ids) if equal_ids else {}
    facts = {
        equal_id: Equal(
            paid_at=known[equal_id].paid_at if equal_id in known else None,
            since=held[equal_id].created_at if equal_id in held else None,
            until=held[equal_id].open_until if equal_id in held else None,
        )
        for equal_id in equal_ids
    }
    found = list(doubts(practice_ids, equals, facts, now))
    if found:
        raise Refused(ErrorCode.EQUAL_PRACTICE_FOUND, {"equals": [_show(doubt) for doubt in found]})


def _show(doubt: Doubt) -> dict[str, Any]:
    return {
        "practice_id": str(doubt.practice_id),
        "equal_id": str(doubt.equal_id),
        "standing": doubt.standing.value,
        "since": doubt.since and doubt.since.isoformat(),
        "until": doubt.until and doubt.until.isoformat(),
    }
