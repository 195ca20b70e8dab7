"""The payment status of a practice, folded from facts that come twice, late and in any order.

Facts are stored under their own key (checkout id, receipt id), so that applying one twice changes nothing, and merged
by minimum, so that their order does not matter. The state moves along the table of `states` only where the facts
allow it: a checkout known to have ended cannot start, and a checkout that ends frees the practice only when no
other is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from contracts.amounts import AmountSchedule, AskedAmount, due_when_paid
from contracts.calendar import rome_day
from services.practices.domain.states import Cause, State, can_move, move


@dataclass(frozen=True, order=True)
class OpenCheckout:
    """A checkout under way: from when, and until when at the latest."""

    started_at: datetime
    open_until: datetime


@dataclass(frozen=True, order=True)
class EndedCheckout:
    """A checkout that ended without payment, and how (CheckoutAbandoned.reason)."""

    at: datetime
    reason: str


@dataclass(frozen=True, order=True)
class Receipt:
    """Money that arrived for a practice."""

    paid_at: datetime
    amount_cents: int


@dataclass(frozen=True, order=True)
class Settlement:
    """The settlement flow in which the payment stands."""

    at: datetime
    flow_id: str


@dataclass(frozen=True, order=True)
class Ending:
    """When the practice was withdrawn or expired, or reopened by an amendment, and the reason given."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class Facts:
    """Everything known about the payment of one practice. `unexpected_money`: PaymentDuplicated reasons seen."""

    open_checkouts: Mapping[UUID, OpenCheckout] = field(default_factory=dict)
    ended_checkouts: Mapping[UUID, EndedCheckout] = field(default_factory=dict)
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    unexpected_money: frozenset[str] = frozenset()
    settlement: Settlement | None = None
    cancelled: Ending | None = None
    expired: Ending | None = None
    reopened: Ending | None = None


@dataclass(frozen=True)
class PracticeStatus:
    """State and the facts behind it."""

    state: State = State.TO_PAY
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True)
class AmountDue:
    """What arriving money is compared with. `payable_until`: last Rome day on which payment is accepted, or None.

    `amount_cents` is the debt's; by `due_date` and `schedule` another may be due on the day it is paid.
    """

    amount_cents: int
    payable_until: date | None
    due_date: date | None = None
    schedule: AmountSchedule | None = None

    @property
    def asked_amount(self) -> AskedAmount:
        """Return what the amount of today depends on."""
        return AskedAmount(self.amount_cents, self.due_date, self.schedule)

    def cents(self, facts: Facts) -> int:
        """Return what was due when the first money was paid; the debt's own amount where nothing was paid."""
        if self.schedule is None or not facts.receipts:
            return self.amount_cents
        paid_at = min(receipt.paid_at for receipt in facts.receipts.values())
        return due_when_paid(self.asked_amount, paid_at, received_cents(facts))


def checkout_started(status: PracticeStatus, checkout_id: UUID, opened: OpenCheckout) -> PracticeStatus:
    """Fold CheckoutStarted. Without effect when that checkout is known to have ended, or nothing is to pay."""
    facts = status.facts
    if checkout_id in facts.ended_checkouts:
        return status
    merged = min(opened, facts.open_checkouts.get(checkout_id, opened))
    facts = replace(facts, open_checkouts={**facts.open_checkouts, checkout_id: merged})
    return _moved(replace(status, facts=facts), Cause.CHECKOUT_STARTED)


def checkout_abandoned(status: PracticeStatus, checkout_id: UUID, ended: EndedCheckout) -> PracticeStatus:
    """Fold CheckoutAbandoned. It frees the practice only when no other checkout is open."""
    facts = status.facts
    merged = min(ended, facts.ended_checkouts.get(checkout_id, ended))
    still_open = {key: value for key, value in facts.open_checkouts.items() if key != checkout_id}
    facts = replace(facts, ended_checkouts={**facts.ended_checkouts, checkout_id: merged}, open_checkouts=still_open)
    status = replace(status, facts=facts)
    return status if still_open else _moved(status, Cause.CHECKOUT_ABANDONED)


def payment_confirmed(status: PracticeStatus, receipt_id: str, receipt: Receipt, due: AmountDue) -> PracticeStatus:
    """Fold PaymentConfirmed: from every state it ends in paid, or in reported where the flow came first.

    While the receipts sum to less than is due, it ends in underpaid.
    """
    facts = status.facts
    merged = min(receipt, facts.receipts.get(receipt_id, receipt))
    return _with_money(replace(status, facts=replace(facts, receipts={**facts.receipts, receipt_id: merged})), due)


def payment_duplicated(status: PracticeStatus, reason: str) -> PracticeStatus:
    """Fold PaymentDuplicated: no state of its own, a human must look."""
    return replace(status, facts=replace(status.facts, unexpected_money=status.facts.unexpected_money | {reason}))


def payment_reported(status: PracticeStatus, settlement: Settlement) -> PracticeStatus:
    """Fold PaymentReported: remembered until the receipt is here."""
    facts = status.facts
    merged = min(settlement, facts.settlement or settlement)
    return _moved(replace(status, facts=replace(facts, settlement=merged)), Cause.PAYMENT_REPORTED)


def may_amend(status: PracticeStatus, *, raises_amount: bool) -> bool:
    """Return whether the entity may amend it now: not while it is being paid, nor once it is paid.

    What came too little for may be amended down to what came, or otherwise, but not ask for more: the notice is paid.
    """
    if status.state is State.UNDERPAID:
        return not raises_amount
    return can_move(status.state, Cause.AMENDED) and not status.facts.open_checkouts


def amended(status: PracticeStatus, due: AmountDue, now: datetime) -> PracticeStatus:
    """Move by an amendment of ours, after which `due` is due. Raises IllegalTransition."""
    state = move(status.state, Cause.AMENDED)
    if status.state is State.EXPIRED:
        return PracticeStatus(state, replace(status.facts, expired=None, reopened=Ending(now, "amended")))
    return _with_money(replace(status, state=state), due)


def cancelled(status: PracticeStatus, ending: Ending) -> PracticeStatus:
    """Withdraw the practice. Raises IllegalTransition."""
    return PracticeStatus(move(status.state, Cause.CANCELLED), replace(status.facts, cancelled=ending))


def restored(status: PracticeStatus, now: datetime) -> PracticeStatus:
    """Take an annulment back: it is to be paid again, until it expires. Raises IllegalTransition."""
    facts = replace(status.facts, cancelled=None, expired=None, reopened=Ending(now, "restored"))
    return PracticeStatus(move(status.state, Cause.RESTORED), facts)


def expired(status: PracticeStatus, ending: Ending) -> PracticeStatus:
    """Let the practice expire. Raises IllegalTransition."""
    return PracticeStatus(move(status.state, Cause.EXPIRED), replace(status.facts, expired=ending))


def received_cents(facts: Facts) -> int:
    """Return the money that came."""
    return sum(receipt.amount_cents for receipt in facts.receipts.values())


def missing_cents(facts: Facts, due: AmountDue) -> int:
    """Return what is missing though money has come; 0 where nothing has come, is missing, or is due any more."""
    if not facts.receipts or facts.cancelled:
        return 0
    return max(0, due.cents(facts) - received_cents(facts))


def paid_whole_at(facts: Facts, due: AmountDue) -> datetime:
    """Return when the receipt was paid with which nothing was missing any more; else the first one's time."""
    so_far_cents = 0
    in_order = sorted(facts.receipts.values())
    for receipt in in_order:
        so_far_cents += receipt.amount_cents
        if so_far_cents >= due.cents(facts):
            return receipt.paid_at
    return in_order[0].paid_at


def unexpected_money(status: PracticeStatus, due: AmountDue) -> frozenset[str]:
    """Return why a human must look at the money that arrived: PaymentDuplicated's reasons; empty when all is well.

    That less came than was due was settled by itself when the rest came, or the debt was amended down to what came.
    """
    facts = status.facts
    found = set(facts.unexpected_money) - {"underpaid"}
    if missing_cents(facts, due):
        found.add("underpaid")
    if facts.receipts and facts.cancelled:
        found.add("cancelled")
    due_cents = due.cents(facts)
    came_more = received_cents(facts) > due_cents
    if came_more and len(facts.receipts) > 1:
        found.add("already_paid")
    if came_more and any(one.amount_cents != due_cents for one in facts.receipts.values()):
        found.add("other_amount")
    if due.payable_until and any(rome_day(one.paid_at) > due.payable_until for one in facts.receipts.values()):
        found.add("expired")
    return frozenset(found)


def _with_money(status: PracticeStatus, due: AmountDue) -> PracticeStatus:
    """Move as far as the receipts go, and the flow where it is known."""
    facts = status.facts
    if not facts.receipts:
        return status
    status = _moved(status, Cause.PARTLY_PAID if missing_cents(facts, due) else Cause.PAYMENT_CONFIRMED)
    return _moved(status, Cause.PAYMENT_REPORTED) if facts.settlement else status


def _moved(status: PracticeStatus, cause: Cause) -> PracticeStatus:
    """Move where the table has the edge; a late or repeated event has none and changes nothing."""
    if can_move(status.state, cause):
        return replace(status, state=move(status.state, cause))
    return status
