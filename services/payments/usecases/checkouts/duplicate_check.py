"""Stop a payer who is about to pay the same thing twice, until they say that they mean it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.storage.database import Tx
from contracts.error_details import DuplicatePractice, DuplicatesFound
from contracts.errors import ErrorCode, Refused
from contracts.rpc.payments import StartCheckoutRequest
from services.payments.domain.duplicate_check import KnownPayment, SuspectedDuplicate, suspected_duplicates
from services.payments.domain.positions import Position
from services.payments.repository import checkouts


def duplicates_of(request: StartCheckoutRequest) -> dict[UUID, Sequence[UUID]]:
    """Return the duplicates of the practices about to be paid; none for a payer who pays anyway."""
    if request.pay_anyway:
        return {}
    return {found.practice_id: found.equal_ids for found in request.equals}


def check_duplicates(
    tx: Tx,
    practice_ids: Sequence[UUID],
    duplicates: Mapping[UUID, Sequence[UUID]],
    known: Mapping[UUID, Position],
    now: datetime,
) -> None:
    """Refuse with EQUAL_PRACTICE_FOUND where a duplicate was paid lately, is being paid or is paid here too.

    `known` are their positions, locked: of two duplicates clicked at once the second one is told of the first.
    """
    duplicate_ids = {duplicate_id for found in duplicates.values() for duplicate_id in found}
    held = checkouts.holders(tx.session, duplicate_ids) if duplicate_ids else {}
    payments = {
        duplicate_id: KnownPayment(
            paid_at=known[duplicate_id].paid_at if duplicate_id in known else None,
            since=held[duplicate_id].created_at if duplicate_id in held else None,
            until=held[duplicate_id].open_until if duplicate_id in held else None,
        )
        for duplicate_id in duplicate_ids
    }
    suspected = list(suspected_duplicates(practice_ids, duplicates, payments, now))
    if suspected:
        raise Refused(ErrorCode.EQUAL_PRACTICE_FOUND, DuplicatesFound(equals=[_detail(one) for one in suspected]))


def _detail(suspected: SuspectedDuplicate) -> DuplicatePractice:
    return DuplicatePractice(
        practice_id=suspected.practice_id,
        equal_id=suspected.duplicate_id,
        standing=suspected.status.value,
        since=suspected.since,
        until=suspected.until,
    )
