"""The life of a checkout: one table of transitions, each edge named by the event it raises.

`opening` is stored before pagoPA Checkout is asked for; the payer gets no link before it is `open`. A receipt wins over
everything: it can complete a checkout that was cancelled, failed or timed out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from contracts.error_details import CheckoutProblem
from contracts.errors import ErrorCode
from contracts.events.envelope import AnyEventType
from contracts.events.payments import CHECKOUT_ABANDONED, CHECKOUT_STARTED, PAYMENT_CONFIRMED


class CheckoutState(StrEnum):
    """Where a checkout stands. `opening` and `not_opened` are ours alone: no payer ever saw such a checkout."""

    OPENING = "opening"
    NOT_OPENED = "not_opened"
    OPEN = "open"
    PAID = "paid"
    PARTIALLY_PAID = "partially_paid"
    CANCELLED = "cancelled"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningFailure(CheckoutProblem):
    """Why a checkout was never opened: the family (its class) and code of the error, and what Checkout answered."""

    family: str
    code: ErrorCode | None = None


class IllegalTransition(Exception):
    """A checkout cannot go from the one state to the other."""


_S = CheckoutState
_ENDED: Final = (_S.CANCELLED, _S.FAILED, _S.TIMED_OUT, _S.PARTIALLY_PAID)

TRANSITIONS: Final[dict[tuple[CheckoutState, CheckoutState], AnyEventType | None]] = {
    (_S.OPENING, _S.OPEN): CHECKOUT_STARTED,
    # Silent: nothing was announced, the payer never got the link.
    (_S.OPENING, _S.NOT_OPENED): None,
    (_S.NOT_OPENED, _S.OPENING): None,
    **{(_S.OPEN, ended): CHECKOUT_ABANDONED for ended in _ENDED},
    # Money always wins, wherever the checkout stands. The event is the receipt's.
    **{(state, _S.PAID): PAYMENT_CONFIRMED for state in _S if state is not _S.PAID},
    **{(ended, _S.PARTIALLY_PAID): PAYMENT_CONFIRMED for ended in _ENDED if ended is not _S.PARTIALLY_PAID},
}

# How a checkout ends unpaid: the reason in CheckoutAbandoned and the state it leaves.
REASONS: Final[dict[str, CheckoutState]] = {
    "cancelled": _S.CANCELLED,
    "failed": _S.FAILED,
    "timed_out": _S.TIMED_OUT,
}

RETURN_REASONS: Final[dict[str, str]] = {"annullato": "cancelled", "errore": "failed"}


def move(state: CheckoutState, to: CheckoutState) -> AnyEventType | None:
    """Return the event of the edge from `state` to `to`; None means it is silent.

    Raises IllegalTransition where there is no edge.
    """
    try:
        return TRANSITIONS[(state, to)]
    except KeyError:
        raise IllegalTransition(f"{state} -> {to}") from None


def after_payment(state: CheckoutState, items_paid: Iterable[bool]) -> CheckoutState:
    """Return the state once the receipts so far are counted; it may be the same one."""
    paid = list(items_paid)
    if all(paid):
        return CheckoutState.PAID
    if any(paid) and state in _ENDED:
        return CheckoutState.PARTIALLY_PAID
    return state


def after_end(reason: str, items_paid: Iterable[bool]) -> CheckoutState:
    """Return the state of an open checkout that ends for `reason` with not every item paid."""
    return CheckoutState.PARTIALLY_PAID if any(items_paid) else REASONS[reason]


def wait_until(
    open_until: datetime, last_activation: datetime | None, token_life: timedelta, now: datetime
) -> datetime | None:
    """Return how long an open checkout nobody has ended must wait for a receipt; None when its time is over.

    A payment token may be alive for so long after the node was last told what to pay: its payment can still come.
    `open_until` ends the waiting all the same, so that Non confermato has an end that can be told beforehand.
    """
    if last_activation is None:
        return None
    until = min(last_activation + token_life, open_until)
    return until if until > now else None


def shown_state(state: CheckoutState) -> str:
    """Return the state in the words of contracts.rpc.payments.CHECKOUT_STATES."""
    outside = {_S.OPENING: _S.OPEN, _S.NOT_OPENED: _S.FAILED}
    return outside.get(state, state).value
