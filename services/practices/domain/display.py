"""What is shown of a practice: since and until when, why, whether it can be paid, and how little to a stranger."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from contracts.calendar import ROME, rome_day
from contracts.codes import NAME_MAX_CHARS
from contracts.errors import ErrorCode
from contracts.rpc.practices import Practice
from contracts.shapes import Subject
from services.practices.domain.practice_status import AmountDue, PracticeStatus
from services.practices.domain.states import State

NOT_PAYABLE: Final[Mapping[State, ErrorCode]] = MappingProxyType(
    {
        State.UNCONFIRMED: ErrorCode.PRACTICE_BEING_PAID,
        State.PAID: ErrorCode.PRACTICE_PAID,
        State.REPORTED: ErrorCode.PRACTICE_PAID,
        State.EXPIRED: ErrorCode.PRACTICE_EXPIRED,
        State.CANCELLED: ErrorCode.PRACTICE_CANCELLED,
    }
)
UNPAID: Final = frozenset({State.TO_PAY, State.UNCONFIRMED, State.EXPIRED})
HIDDEN_FISCAL_CODE: Final = "*" * 16


@dataclass(frozen=True)
class StateDetails:
    """Why a practice is in its state, since when, and until when if an end is known (both UTC)."""

    since: datetime
    until: datetime | None
    reason: str | None


def state_details(status: PracticeStatus, due: AmountDue, created_at: datetime) -> StateDetails:
    """Return the details of the state from the facts alone: the order in which they arrived leaves no trace.

    Reasons are `checkout_open`, `checkout_<CheckoutAbandoned.reason>`, `receipt`, `settled`, `late_not_accepted`,
    or the entity's own words for a cancelled practice.
    """
    facts = status.facts
    match status.state:
        case State.UNCONFIRMED:
            opened = facts.open_checkouts.values()
            return StateDetails(min(o.started_at for o in opened), max(o.open_until for o in opened), "checkout_open")
        case State.PAID:
            return StateDetails(min(receipt.paid_at for receipt in facts.receipts.values()), None, "receipt")
        case State.REPORTED if facts.settlement:
            return StateDetails(facts.settlement.at, None, "settled")
        case State.CANCELLED if facts.cancelled:
            return StateDetails(facts.cancelled.at, None, facts.cancelled.reason)
        case State.EXPIRED if facts.expired:
            return StateDetails(facts.expired.at, None, facts.expired.reason)
        case _:
            return _unpaid_details(status, due, created_at)


def _unpaid_details(status: PracticeStatus, due: AmountDue, created_at: datetime) -> StateDetails:
    """Return since when it is to pay: since it was made, reopened, or the last checkout ended."""
    turns: list[tuple[datetime, str | None]] = [(created_at, None)]
    if status.facts.reopened:
        turns.append((status.facts.reopened.at, status.facts.reopened.reason))
    turns += [(ended.at, f"checkout_{ended.reason}") for ended in status.facts.ended_checkouts.values()]
    since, reason = max(turns, key=lambda turn: (turn[0], turn[1] or ""))
    until = end_of_rome_day(due.payable_until) if due.payable_until else None
    return StateDetails(since, until, reason)


def end_of_rome_day(day: date) -> datetime:
    """Return the midnight in Rome that ends `day`, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=ROME).astimezone(UTC)


def not_payable_code(status: PracticeStatus, due: AmountDue, now: datetime) -> ErrorCode | None:
    """Return why a payment cannot be started now, or None when it can."""
    if status.state is State.TO_PAY and due.payable_until and rome_day(now) > due.payable_until:
        return ErrorCode.PRACTICE_EXPIRED
    return NOT_PAYABLE.get(status.state)


def is_overdue(state: State, due_date: date | None, now: datetime) -> bool:
    """Return whether it is owed after its due date; what is due today is not overdue until midnight in Rome."""
    return state in UNPAID and due_date is not None and rome_day(now) > due_date


def masked_name(full_name: str) -> str:
    """Shorten every word of a name to its initial: Mario Rossi to M*** R***."""
    return " ".join(f"{word[0]}***" for word in full_name.split())[:NAME_MAX_CHARS]


def masked(practice: Practice) -> Practice:
    """Return the practice as shown to whoever only knows its notice number: no names, no fiscal code, no address."""
    debtor, beneficiary = practice.debtor, practice.beneficiary
    description = practice.description
    names = [debtor.full_name, *([beneficiary.full_name] if beneficiary else [])]
    for name in filter(None, names):
        description = re.sub(re.escape(name), masked_name(name), description, flags=re.IGNORECASE)
    return replace(
        practice,
        debtor=Subject(
            entity_type=debtor.entity_type,
            fiscal_code=HIDDEN_FISCAL_CODE,
            full_name=masked_name(debtor.full_name),
        ),
        beneficiary=replace(beneficiary, full_name=masked_name(beneficiary.full_name)) if beneficiary else None,
        description=description[: len(practice.description)],
        stamp=None,
        masked=True,
    )
