"""Where a practice stands, folded from facts that come twice, late and in any order.

Facts are kept by their own key (checkout id, receipt id), so that applying one twice changes nothing, and merged
by minimum, so that their order does not matter. The state moves along the table of `states` only where the facts
allow it: a checkout known to have ended cannot start, and a checkout that ends frees the practice only when no
other is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.practices.domain.states import Cause, State, can_move, move

ROME = ZoneInfo("Europe/Rome")


def rome_day(moment: datetime) -> date:
    """Return the calendar day in Italy: what a due date is compared with."""
    return moment.astimezone(ROME).date()


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
    """Everything known about the payment of one practice. `odd_money`: PaymentDuplicated reasons seen."""

    open_checkouts: Mapping[UUID, OpenCheckout] = field(default_factory=dict)
    ended_checkouts: Mapping[UUID, EndedCheckout] = field(default_factory=dict)
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    odd_money: frozenset[str] = frozenset()
    settlement: Settlement | None = None
    cancelled: Ending | None = None
    expired: Ending | None = None
    reopened: Ending | None = None


@dataclass(frozen=True)
class Standing:
    """State and the facts behind it."""

    state: State = State.TO_PAY
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True)
class Terms:
    """What was asked for: the money that arrives is compared with it. `payable_until`: last Rome day, or None."""

    amount_cents: int
    payable_until: date | None


def checkout_started(standing: Standing, checkout_id: UUID, opened: OpenCheckout) -> Standing:
    """Fold CheckoutStarted. Without effect when that checkout is known to have ended, or nothing is to pay."""
    facts = standing.facts
    if checkout_id in facts.ended_checkouts:
        return standing
    merged = min(opened, facts.open_checkouts.get(checkout_id, opened))
    facts = replace(facts, open_checkouts={**facts.open_checkouts, checkout_id: merged})
    return _moved(replace(standing, facts=facts), Cause.CHECKOUT_STARTED)


def checkout_abandoned(standing: Standing, checkout_id: UUID, ended: EndedCheckout) -> Standing:
    """Fold CheckoutAbandoned. It frees the practice only when no other checkout is open."""
    facts = standing.facts
    merged = min(ended, facts.ended_checkouts.get(checkout_id, ended))
    still_open = {key: value for key, value in facts.open_checkouts.items() if key != checkout_id}
    facts = replace(facts, ended_checkouts={**facts.ended_checkouts, checkout_id: merged}, open_checkouts=still_open)
    standing = replace(standing, facts=facts)
    return standing if still_open else _moved(standing, Cause.CHECKOUT_ABANDONED)


def payment_confirmed(standing: Standing, receipt_id: str, receipt: Receipt) -> Standing:
    """Fold PaymentConfirmed: from every state it ends in paid, or in reported where the flow came first."""
    facts = standing.facts
    merged = min(receipt, facts.receipts.get(receipt_id, receipt))
    facts = replace(facts, receipts={**facts.receipts, receipt_id: merged})
    standing = _moved(replace(standing, facts=facts), Cause.PAYMENT_CONFIRMED)
    return _moved(standing, Cause.PAYMENT_REPORTED) if facts.settlement else standing


def payment_duplicated(standing: Standing, reason: str) -> Standing:
    """Fold PaymentDuplicated: no state of its own, a human must look."""
    return replace(standing, facts=replace(standing.facts, odd_money=standing.facts.odd_money | {reason}))


def payment_reported(standing: Standing, settlement: Settlement) -> Standing:
    """Fold PaymentReported: remembered until the receipt is here."""
    facts = standing.facts
    merged = min(settlement, facts.settlement or settlement)
    return _moved(replace(standing, facts=replace(facts, settlement=merged)), Cause.PAYMENT_REPORTED)


def amended(standing: Standing, now: datetime) -> Standing:
    """Move by an amendment of ours. Raises IllegalTransition."""
    state = move(standing.state, Cause.AMENDED)
    if standing.state is state:
        return standing
    return Standing(state, replace(standing.facts, expired=None, reopened=Ending(now, "amended")))


def cancelled(standing: Standing, ending: Ending) -> Standing:
    """Withdraw the practice. Raises IllegalTransition."""
    return Standing(move(standing.state, Cause.CANCELLED), replace(standing.facts, cancelled=ending))


def expired(standing: Standing, ending: Ending) -> Standing:
    """Let the practice expire. Raises IllegalTransition."""
    return Standing(move(standing.state, Cause.EXPIRED), replace(standing.facts, expired=ending))


def odd_money(standing: Standing, terms: Terms) -> frozenset[str]:
    """Return why a human must look at the money that arrived: PaymentDuplicated's reasons; empty when all is well."""
    facts = standing.facts
    found = set(facts.odd_money)
    if len(facts.receipts) > 1:
        found.add("already_paid")
    if facts.receipts and facts.cancelled:
        found.add("cancelled")
    for receipt in facts.receipts.values():
        if receipt.amount_cents != terms.amount_cents:
            found.add("other_amount")
        if terms.payable_until and rome_day(receipt.paid_at) > terms.payable_until:
            found.add("expired")
    return frozenset(found)


def _moved(standing: Standing, cause: Cause) -> Standing:
    """Move where the table has the edge; a late or repeated event has none and changes nothing."""
    if can_move(standing.state, cause):
        return replace(standing, state=move(standing.state, cause))
    return standing
