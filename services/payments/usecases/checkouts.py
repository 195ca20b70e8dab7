"""Checkouts: reserve the practices, open with pagoPA, follow the payer, end what nobody ends.

Order of `start_checkout`: the checkout is stored and holds its practices (one transaction), then pagoPA is asked (no
transaction), then its answer is stored with CheckoutStarted (one transaction). Whoever dies in between leaves a
checkout in `opening`: the same key tries again after the lease, otherwise the janitor gives it up. No payer has its
link, so nothing can be paid through it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any, Final, Self
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from chassis.database import Database, Tx
from chassis.logs import get_logger
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.events.payments import CHECKOUT_ABANDONED, CHECKOUT_STARTED
from services.payments import clients
from services.payments.domain.calendar import rome_day
from services.payments.domain.checkouts import RETURN_REASONS, CheckoutState, after_end, move
from services.payments.domain.positions import Position, Standing
from services.payments.models import Checkout, CheckoutItem
from services.payments.repository import checkouts, positions
from services.payments.settings import Settings
from services.payments.usecases.positions import known_positions
from services.payments.usecases.showing import show_checkout

log = get_logger(__name__)

_SCOPE: Final = "start_checkout"
_POLL_S: Final = 0.1
_BATCH: Final = 100


class Cashier:
    """Opens checkouts with pagoPA. One per process: it knows how many workers may be waiting for pagoPA at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = clients.CheckoutClient(settings)
        self._slots = BoundedSemaphore(settings.opening_slots)
        self._lease_s = settings.checkout_timeout_s + 5

    @classmethod
    def load(cls) -> Self:
        """Read the environment."""
        return cls(Settings.load())

    def start(
        self, database: Database, rpc: clients.Rpc, request: Mapping[str, Any], clock: Callable[[], datetime]
    ) -> dict[str, Any]:
        """Return an open checkout for these practices, the same one for the same key or the same payer and practices.

        Raises Refused(PRACTICE_NOT_FOUND, PRACTICE_PAID, PRACTICE_EXPIRED, PRACTICE_CANCELLED, PRACTICE_BEING_PAID,
        CART_OTHER_ENTITY), with the practice in its params, what `CheckoutClient.open` refuses, and
        Unavailable(CHECKOUT_UNAVAILABLE).
        """
        practice_ids = list(dict.fromkeys(request["practice_ids"]))
        known_positions(database, rpc, practice_ids, clock())
        with database.transaction() as tx:
            checkout_id = _reserve_once(tx, request, practice_ids, clock())
        if self._slots.acquire(blocking=False):
            try:
                self._open(database, checkout_id, clock)
            finally:
                self._slots.release()
        return _show_opened(database, checkout_id)

    def _open(self, database: Database, checkout_id: UUID, clock: Callable[[], datetime]) -> None:
        """Ask pagoPA to open the checkout, or wait while another worker does."""
        deadline = clock() + timedelta(seconds=self._lease_s)
        while clock() < deadline:
            with database.reading() as session:
                if checkouts.claim(session, checkout_id, clock(), self._lease_s):
                    break
                checkout = checkouts.get(session, checkout_id)
                if checkout is None or checkout.state != CheckoutState.OPENING:
                    return
            time.sleep(_POLL_S)
        else:
            return
        self._ask_pagopa(database, checkout_id, clock)

    def _ask_pagopa(self, database: Database, checkout_id: UUID, clock: Callable[[], datetime]) -> None:
        with database.reading() as session:
            cart = _cart(session, checkout_id)
        try:
            redirect_url = self._client.open(cart)
        except (Refused, Unavailable) as error:
            with database.transaction() as tx:
                _give_up(
                    tx, checkout_id, clock(), {"family": type(error).__name__, "code": error.code.value, **error.params}
                )
            raise
        with database.transaction() as tx:
            _opened(tx, checkout_id, redirect_url, clock(), self._settings.checkout_open_s)


def returned(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Note what the browser said on coming back. `annullato` and `errore` end an open checkout; `ok` proves nothing.

    Raises Refused(CHECKOUT_NOT_FOUND).
    """
    with database.transaction() as tx:
        checkout = _own(checkouts.get(tx.session, request["checkout_id"], lock=True), request["payer_ref"])
        checkout.returned = request["outcome"]
        reason = RETURN_REASONS.get(request["outcome"])
        if reason and checkout.state == CheckoutState.OPEN:
            _end(tx, checkout, reason, now)
        return show_checkout(checkout)


def find(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checkout to the payer it belongs to. Raises Refused(CHECKOUT_NOT_FOUND)."""
    with database.reading() as session:
        return show_checkout(_own(checkouts.get(session, request["checkout_id"]), request["payer_ref"]))


def end_overdue(database: Database, now: datetime) -> None:
    """Free the practices of checkouts that nobody ended: the janitor. A receipt that comes later still wins."""
    with database.reading() as session:
        overdue = checkouts.overdue(session, now, _BATCH)
    for checkout_id in overdue:
        with database.transaction() as tx:
            checkout = checkouts.get(tx.session, checkout_id, lock=True)
            if checkout is None or checkout.open_until > now:
                continue
            if checkout.state == CheckoutState.OPEN:
                _end(tx, checkout, "timed_out", now)
            elif checkout.state == CheckoutState.OPENING:
                _not_opened(checkout, {"family": Unavailable.__name__}, now)
        log.info("checkout_ended_by_janitor", checkout_id=str(checkout_id))


def _show_opened(database: Database, checkout_id: UUID) -> dict[str, Any]:
    """Return the checkout unless it is not open for business: then raise why."""
    with database.reading() as session:
        checkout = checkouts.get(session, checkout_id)
        if checkout is None or checkout.state == CheckoutState.OPENING:
            raise Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE)
        if checkout.state == CheckoutState.NOT_OPENED:
            raise _why_not_opened(checkout.problem or {})
        return show_checkout(checkout)


def _reserve_once(tx: Tx, request: Mapping[str, Any], practice_ids: Sequence[UUID], now: datetime) -> UUID:
    """Return the checkout of this key, made now or earlier. One that never opened is tried again."""
    key = f"{request['payer_ref']} {request['idempotency_key']}"
    content = {"practice_ids": sorted(str(practice_id) for practice_id in practice_ids)}
    reply = tx.once(_SCOPE, key, content, lambda: {"checkout_id": _reserve(tx, request, practice_ids, now)})
    checkout_id: UUID = reply["checkout_id"]
    checkout = checkouts.get(tx.session, checkout_id)
    if checkout is not None and checkout.state == CheckoutState.NOT_OPENED:
        return _reserve_again(tx, checkout_id, practice_ids, now)
    return checkout_id


def _reserve(tx: Tx, request: Mapping[str, Any], practice_ids: Sequence[UUID], now: datetime) -> UUID:
    """Make a checkout that holds all these practices, or find the payer's own open one for the same."""
    known = _payable(tx, practice_ids, now)
    held = checkouts.holders(tx.session, practice_ids)
    if held:
        return _resumable(held, request["payer_ref"], practice_ids)
    entity_codes = {position.entity_code for position in known.values()}
    if len(entity_codes) > 1:
        raise Refused(ErrorCode.CART_OTHER_ENTITY)
    checkout = Checkout(
        id=uuid4(),
        entity_code=entity_codes.pop(),
        payer_ref=request["payer_ref"],
        state=CheckoutState.OPENING.value,
        return_url=request["return_url"],
        email=request.get("email"),
        created_at=now,
        lease_until=now,
        open_until=now + checkouts.OPENING_GRACE,
        items=[_item(place, known[practice_id]) for place, practice_id in enumerate(practice_ids)],
    )
    tx.session.add(checkout)
    tx.session.flush()
    return checkout.id


def _reserve_again(tx: Tx, checkout_id: UUID, practice_ids: Sequence[UUID], now: datetime) -> UUID:
    """Let a checkout that never opened hold its practices once more."""
    _payable(tx, practice_ids, now)
    checkout = checkouts.get(tx.session, checkout_id, lock=True)
    if checkout is None or checkout.state != CheckoutState.NOT_OPENED:
        return checkout_id
    if held := checkouts.holders(tx.session, practice_ids):
        return _resumable(held, checkout.payer_ref, practice_ids)
    move(CheckoutState.NOT_OPENED, CheckoutState.OPENING)
    checkout.state = CheckoutState.OPENING.value
    checkout.problem, checkout.ended_at, checkout.end_reason = None, None, None
    checkout.lease_until, checkout.open_until = now, now + checkouts.OPENING_GRACE
    for item in checkout.items:
        item.holding = True
    tx.session.flush()
    return checkout_id


def _payable(tx: Tx, practice_ids: Sequence[UUID], now: datetime) -> dict[UUID, Position]:
    """Lock the positions and return them when every one may be paid today."""
    known = positions.by_practice(tx.session, practice_ids, lock=True)
    for practice_id in practice_ids:
        if code := _why_not_payable(known[practice_id], now):
            raise Refused(code, {"practice_id": str(practice_id)})
    return known


def _why_not_payable(position: Position, now: datetime) -> ErrorCode | None:
    if position.paid_receipt_id is not None:
        return ErrorCode.PRACTICE_PAID
    if position.standing is Standing.CANCELLED:
        return ErrorCode.PRACTICE_CANCELLED
    if position.is_expired(rome_day(now)):
        return ErrorCode.PRACTICE_EXPIRED
    return None


def _resumable(held: Mapping[UUID, Checkout], payer_ref: str, practice_ids: Sequence[UUID]) -> UUID:
    """Return the payer's own open checkout when it is for exactly these practices.

    Raises Refused(PRACTICE_BEING_PAID) otherwise. `checkout_id` is told only to the payer it belongs to.
    """
    practice_id, checkout = next(iter(held.items()))
    own = checkout.payer_ref == payer_ref
    if own and {item.practice_id for item in checkout.items} == set(practice_ids):
        return checkout.id
    raise Refused(
        ErrorCode.PRACTICE_BEING_PAID,
        {
            "practice_id": str(practice_id),
            "since": checkout.created_at.isoformat(),
            "until": checkout.open_until.isoformat(),
            "checkout_id": str(checkout.id) if own else None,
        },
    )


def _item(place: int, position: Position) -> CheckoutItem:
    if position.terms is None:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND, {"practice_id": str(position.practice_id)})
    return CheckoutItem(
        place=place,
        practice_id=position.practice_id,
        notice_number=position.notice_number,
        description=position.terms.description,
        amount_cents=position.terms.amount_cents,
        holding=True,
    )


def _cart(session: Session, checkout_id: UUID) -> clients.Cart:
    """Write down what pagoPA is asked, as things stand now."""
    checkout = checkouts.get(session, checkout_id)
    if checkout is None:
        raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
    known = positions.by_practice(session, [item.practice_id for item in checkout.items])
    address = checkout.return_url.replace("{checkout_id}", str(checkout.id))
    address += "&esito=" if "?" in address else "?esito="
    transfers = [share for position in known.values() if position.terms for share in position.terms.transfers]
    return clients.Cart(
        id=checkout.id,
        notices=tuple(_notice(session, item, known[item.practice_id]) for item in checkout.items),
        ok_url=f"{address}ok",
        cancel_url=f"{address}annullato",
        error_url=f"{address}errore",
        email=checkout.email,
        all_postal=all(share.get("postal_iban") for share in transfers),
    )


def _notice(session: Session, item: CheckoutItem, position: Position) -> clients.CartNotice:
    creditor = positions.creditor(session, position.creditor_fiscal_code)
    return clients.CartNotice(
        notice_number=item.notice_number,
        creditor_fiscal_code=position.creditor_fiscal_code,
        company_name=creditor.company_name if creditor else "",
        description=item.description,
        amount_cents=item.amount_cents,
    )


def _opened(tx: Tx, checkout_id: UUID, redirect_url: str, now: datetime, open_s: int) -> None:
    """Store where the payer is to be sent, and say that the practices are being paid."""
    checkout = checkouts.get(tx.session, checkout_id, lock=True)
    if checkout is None or checkout.state != CheckoutState.OPENING:
        return
    move(CheckoutState.OPENING, CheckoutState.OPEN)
    checkout.state = CheckoutState.OPEN.value
    checkout.redirect_url = redirect_url
    checkout.opened_at = now
    checkout.open_until = now + timedelta(seconds=open_s)
    unpaid = [item for item in checkout.items if item.receipt_id is None]
    started = {
        "checkout_id": checkout.id,
        "entity_code": checkout.entity_code,
        "practice_ids": [item.practice_id for item in unpaid],
        "total_cents": sum(item.amount_cents for item in unpaid),
        "started_at": now,
        "open_until": checkout.open_until,
    }
    tx.emit(CHECKOUT_STARTED, started, subject=str(checkout.id), sequence=1, now=now)


def _give_up(tx: Tx, checkout_id: UUID, now: datetime, problem: dict[str, Any]) -> None:
    checkout = checkouts.get(tx.session, checkout_id, lock=True)
    if checkout is not None and checkout.state == CheckoutState.OPENING:
        _not_opened(checkout, problem, now)


def _not_opened(checkout: Checkout, problem: dict[str, Any], now: datetime) -> None:
    """End a checkout nobody ever saw: silently, for nothing was announced."""
    move(CheckoutState.OPENING, CheckoutState.NOT_OPENED)
    checkout.state = CheckoutState.NOT_OPENED.value
    checkout.problem = problem
    checkout.ended_at, checkout.end_reason = now, "not_opened"
    for item in checkout.items:
        item.holding = False


def _why_not_opened(problem: Mapping[str, Any]) -> Refused | Unavailable:
    params = {name: value for name, value in problem.items() if name not in ("family", "code")}
    if problem.get("family") == Refused.__name__:
        return Refused(problem.get("code", ErrorCode.CHECKOUT_REFUSED), params)
    return Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE, params)


def _end(tx: Tx, checkout: Checkout, reason: str, now: datetime) -> None:
    """End an open checkout unpaid, or paid in part: what is not paid is free again."""
    unpaid = [item for item in checkout.items if item.receipt_id is None]
    after = after_end(reason, [item.receipt_id is not None for item in checkout.items])
    move(CheckoutState(checkout.state), after)
    checkout.state = after.value
    checkout.ended_at, checkout.end_reason = now, reason
    for item in unpaid:
        item.holding = False
    abandoned = {
        "checkout_id": checkout.id,
        "entity_code": checkout.entity_code,
        "practice_ids": [item.practice_id for item in unpaid],
        "reason": reason,
        "at": now,
    }
    tx.emit(CHECKOUT_ABANDONED, abandoned, subject=str(checkout.id), sequence=2, now=now)


def _own(checkout: Checkout | None, payer_ref: str) -> Checkout:
    if checkout is None or checkout.payer_ref != payer_ref:
        raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
    return checkout
