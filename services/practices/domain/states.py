"""The states of a practice and the one table of transitions; every edge is named by its event."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class State(StrEnum):
    """What a citizen is told about a practice (design section 3)."""

    TO_PAY = "to_pay"
    UNCONFIRMED = "unconfirmed"
    # Money came, and less than is due: a human must look, and nobody can pay the rest with this notice.
    UNDERPAID = "underpaid"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REPORTED = "reported"


# Money came for a practice in one of these.
WITH_MONEY: Final = (State.UNDERPAID.value, State.PAID.value, State.REPORTED.value)


class Cause(StrEnum):
    """What can move a practice: the name of the event, ours or payments'."""

    CHECKOUT_STARTED = "CheckoutStarted"
    CHECKOUT_ABANDONED = "CheckoutAbandoned"
    PAYMENT_CONFIRMED = "PaymentConfirmed"
    # The same event, where something is missing after it.
    PARTLY_PAID = "PaymentConfirmed of less than is due"
    PAYMENT_REPORTED = "PaymentReported"
    AMENDED = "PracticeAmended"
    CANCELLED = "PracticeCancelled"
    # The same event as of an amendment, where an office takes an annulment back.
    RESTORED = "PracticeAmended of what was annulled"
    EXPIRED = "PracticeExpired"


TRANSITIONS: Final[Mapping[tuple[State, Cause], State]] = MappingProxyType(
    {
        (State.TO_PAY, Cause.CHECKOUT_STARTED): State.UNCONFIRMED,
        (State.UNCONFIRMED, Cause.CHECKOUT_ABANDONED): State.TO_PAY,
        # Money that arrives always wins.
        (State.TO_PAY, Cause.PAYMENT_CONFIRMED): State.PAID,
        (State.UNCONFIRMED, Cause.PAYMENT_CONFIRMED): State.PAID,
        (State.EXPIRED, Cause.PAYMENT_CONFIRMED): State.PAID,
        (State.CANCELLED, Cause.PAYMENT_CONFIRMED): State.PAID,
        (State.UNDERPAID, Cause.PAYMENT_CONFIRMED): State.PAID,
        # Of a cancelled practice nothing is due, so nothing can be missing.
        (State.TO_PAY, Cause.PARTLY_PAID): State.UNDERPAID,
        (State.UNCONFIRMED, Cause.PARTLY_PAID): State.UNDERPAID,
        (State.EXPIRED, Cause.PARTLY_PAID): State.UNDERPAID,
        (State.PAID, Cause.PAYMENT_REPORTED): State.REPORTED,
        (State.TO_PAY, Cause.AMENDED): State.TO_PAY,
        (State.EXPIRED, Cause.AMENDED): State.TO_PAY,
        # And then, where it asks for no more than what came, as by a receipt.
        (State.UNDERPAID, Cause.AMENDED): State.UNDERPAID,
        (State.TO_PAY, Cause.CANCELLED): State.CANCELLED,
        (State.EXPIRED, Cause.CANCELLED): State.CANCELLED,
        (State.CANCELLED, Cause.RESTORED): State.TO_PAY,
        (State.TO_PAY, Cause.EXPIRED): State.EXPIRED,
    }
)


class IllegalTransition(Exception):
    """The table has no such edge: whoever asked did not look at the state first."""

    def __init__(self, state: State, cause: Cause) -> None:
        self.state = state
        self.cause = cause
        super().__init__(f"{cause} cannot happen to a practice that is {state}")


def can_move(state: State, cause: Cause) -> bool:
    """Return whether the table has this edge."""
    return (state, cause) in TRANSITIONS


def move(state: State, cause: Cause) -> State:
    """Return the state after `cause`. Raises IllegalTransition where the table has no edge."""
    try:
        return TRANSITIONS[state, cause]
    except KeyError:
        raise IllegalTransition(state, cause) from None
