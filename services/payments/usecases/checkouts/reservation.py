"""Let a checkout hold its practices: one open checkout per practice, whatever is clicked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Final
from uuid import UUID, uuid4

from chassis.storage.database import Tx
from contracts.amounts import Certainty
from contracts.calendar import rome_day
from contracts.codes import AmountCents
from contracts.error_details import AmountChanged, BeingPaid, TooManyRequests, WhichPractice
from contracts.errors import ErrorCode, Refused
from contracts.options import Way
from contracts.rpc.payments import MAX_OPEN_CHECKOUTS, StartCheckoutRequest
from services.payments.domain.checkouts import CheckoutState, move
from services.payments.domain.options import is_closed_by, way_of
from services.payments.domain.positions import Position, PositionStatus
from services.payments.models import Checkout, CheckoutItem
from services.payments.repository import checkouts, positions
from services.payments.usecases.checkouts.duplicate_check import check_duplicates, duplicates_of
from services.payments.usecases.checkouts.superseded import supersede

_SCOPE: Final = "start_checkout"
_WITHOUT_AMOUNT: Final = {
    Certainty.UNKNOWN: ErrorCode.AMOUNT_NOT_KNOWN,
    Certainty.NOTHING_DUE: ErrorCode.NOTHING_DUE,
}


def reserve_once(tx: Tx, request: StartCheckoutRequest, practice_ids: Sequence[UUID], now: datetime) -> UUID:
    """Return the checkout of this key, made now or earlier. One that never opened is tried again."""
    key = f"{request.payer_ref} {request.idempotency_key}"
    content = {"practice_ids": sorted(str(practice_id) for practice_id in practice_ids)}
    reply = tx.once(_SCOPE, key, content, lambda: {"checkout_id": _reserve(tx, request, practice_ids, now)})
    checkout_id: UUID = reply["checkout_id"]
    checkout = checkouts.get(tx.session, checkout_id)
    if checkout is not None and checkout.state == CheckoutState.NOT_OPENED:
        return _reserve_again(tx, request, checkout_id, practice_ids, now)
    return checkout_id


def _reserve(tx: Tx, request: StartCheckoutRequest, practice_ids: Sequence[UUID], now: datetime) -> UUID:
    """Make a checkout that holds all these practices, or find the payer's own open one for the same."""
    duplicates = duplicates_of(request)
    known = _payable(tx, practice_ids, duplicates, now)
    _refuse_other_amount(request, [known[practice_id] for practice_id in practice_ids], now)
    held = checkouts.holders(tx.session, practice_ids)
    if held and not supersede(tx, request, known, held, now):
        return _resumable(held, request.payer_ref, practice_ids)
    entity_codes = {known[practice_id].entity_code for practice_id in practice_ids}
    if len(entity_codes) > 1:
        raise Refused(ErrorCode.CART_OTHER_ENTITY)
    check_duplicates(tx, practice_ids, duplicates, known, now)
    _refuse_too_many(tx, request.payer_ref, now)
    checkout = Checkout(
        id=uuid4(),
        entity_code=entity_codes.pop(),
        payer_ref=request.payer_ref,
        state=CheckoutState.OPENING.value,
        return_url=request.return_url,
        email=request.email,
        created_at=now,
        lease_until=now,
        open_until=now + checkouts.OPENING_GRACE,
        items=[item_of(place, known[practice_id], now) for place, practice_id in enumerate(practice_ids)],
    )
    tx.session.add(checkout)
    tx.session.flush()
    return checkout.id


def _reserve_again(
    tx: Tx, request: StartCheckoutRequest, checkout_id: UUID, practice_ids: Sequence[UUID], now: datetime
) -> UUID:
    """Let a checkout that never opened hold its practices once more."""
    duplicates = duplicates_of(request)
    known = _payable(tx, practice_ids, duplicates, now)
    _refuse_other_amount(request, [known[practice_id] for practice_id in practice_ids], now)
    checkout = checkouts.get(tx.session, checkout_id, lock=True)
    if checkout is None or checkout.state != CheckoutState.NOT_OPENED:
        return checkout_id
    held = checkouts.holders(tx.session, practice_ids)
    if held and not supersede(tx, request, known, held, now):
        return _resumable(held, checkout.payer_ref, practice_ids)
    check_duplicates(tx, practice_ids, duplicates, known, now)
    _refuse_too_many(tx, checkout.payer_ref, now)
    move(CheckoutState.NOT_OPENED, CheckoutState.OPENING)
    checkout.state = CheckoutState.OPENING.value
    checkout.problem, checkout.ended_at, checkout.end_reason = None, None, None
    checkout.lease_until, checkout.open_until = now, now + checkouts.OPENING_GRACE
    for item in checkout.items:
        item.holding = True
        item.amount_cents = _asked_now(known[item.practice_id], now)
    tx.session.flush()
    return checkout_id


def _refuse_too_many(tx: Tx, payer_ref: str, now: datetime) -> None:
    """Raise Refused(TOO_MANY_REQUESTS) for a payer who holds as many checkouts as one may: others want to pay too."""
    ends = checkouts.first_ends_of_payer(tx.session, payer_ref)
    if len(ends) >= MAX_OPEN_CHECKOUTS:
        retry_after_s = max(1, int((ends[0] - now).total_seconds()))
        raise Refused(ErrorCode.TOO_MANY_REQUESTS, TooManyRequests(retry_after_s=retry_after_s))


def _payable(
    tx: Tx, practice_ids: Sequence[UUID], duplicates: Mapping[UUID, Sequence[UUID]], now: datetime
) -> dict[UUID, Position]:
    """Lock the positions, with the duplicates, and return them when every one to be paid may be paid today."""
    known = positions.by_practice(tx.session, {*practice_ids, *chain.from_iterable(duplicates.values())}, lock=True)
    for practice_id in practice_ids:
        if code := _why_not_payable(known[practice_id], now):
            raise Refused(code, WhichPractice(practice_id=practice_id))
    _refuse_closed_options(tx, [known[practice_id] for practice_id in practice_ids])
    return known


def _refuse_closed_options(tx: Tx, paid: Sequence[Position]) -> None:
    """Raise Refused(OPTION_CLOSED) where a debt position is paid in another way, or would be here in two at once.

    Nobody is kept from starting by another's checkout: who pays first chooses, and money of the second is for a human.
    """
    ways: dict[tuple[str, str], Way] = {}
    for position in paid:
        part = position.terms.part if position.terms else None
        if part is None:
            continue
        is_first = ways.setdefault((position.entity_code, part.debt_position), way_of(position)) == way_of(position)
        if not is_first or is_closed_by(position, positions.of_debt_position(tx.session, position)):
            raise Refused(ErrorCode.OPTION_CLOSED, WhichPractice(practice_id=position.practice_id))


def _why_not_payable(position: Position, now: datetime) -> ErrorCode | None:
    if position.paid_receipt_id is not None:
        return ErrorCode.PRACTICE_UNDERPAID if position.missing_cents else ErrorCode.PRACTICE_PAID
    if position.status is PositionStatus.CANCELLED:
        return ErrorCode.PRACTICE_CANCELLED
    if position.is_expired(rome_day(now)):
        return ErrorCode.PRACTICE_EXPIRED
    return _WITHOUT_AMOUNT.get(position.terms.certainty_at(now)) if position.terms else None


def _refuse_other_amount(request: StartCheckoutRequest, paid: Sequence[Position], now: datetime) -> None:
    """Raise Refused(AMOUNT_CHANGED) where the payer was shown another total: midnight came, or the entity amended."""
    total_cents = sum(_asked_now(position, now) for position in paid)
    if request.shown_total_cents is not None and request.shown_total_cents != total_cents:
        raise Refused(ErrorCode.AMOUNT_CHANGED, AmountChanged(total_cents=total_cents))


def _asked_now(position: Position, now: datetime) -> AmountCents:
    """Return the amount of today. Raises Refused(PRACTICE_NOT_FOUND)."""
    if position.terms is None:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND, WhichPractice(practice_id=position.practice_id))
    return position.terms.at(now).amount_cents


def _resumable(held: Mapping[UUID, Checkout], payer_ref: str, practice_ids: Sequence[UUID]) -> UUID:
    """Return the payer's own open checkout when it is for exactly these practices.

    Raises Refused(PRACTICE_BEING_PAID) otherwise. `checkout_id` is told only to the payer it belongs to.
    """
    practice_id, checkout = next(iter(held.items()))
    own = checkout.payer_ref == payer_ref
    if own and {item.practice_id for item in checkout.items} == set(practice_ids):
        return checkout.id
    being_paid = BeingPaid(
        practice_id=practice_id,
        since=checkout.created_at,
        until=checkout.open_until,
        checkout_id=checkout.id if own else None,
    )
    raise Refused(ErrorCode.PRACTICE_BEING_PAID, being_paid)


def item_of(place: int, position: Position, now: datetime) -> CheckoutItem:
    """Return a position as it stands in a checkout, which whoever holds the notice may start and look at.

    Raises Refused(PRACTICE_NOT_FOUND).
    """
    if position.terms is None:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND, WhichPractice(practice_id=position.practice_id))
    return CheckoutItem(
        place=place,
        practice_id=position.practice_id,
        notice_number=position.notice_number,
        description=position.terms.shown_description,
        amount_cents=_asked_now(position, now),
        holding=True,
    )
