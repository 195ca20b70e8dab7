"""What is shown of a practice: since and until when, why, whether it can be paid, and how little to a stranger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from contracts import amounts
from contracts.amounts import AmountPeriod, Certainty
from contracts.calendar import ROME, rome_day
from contracts.codes import DESCRIPTION_MAX_CHARS, AmountCents
from contracts.errors import ErrorCode
from contracts.events.practices import OTHER_OPTION
from contracts.rpc.practices import Practice
from contracts.shapes import Subject
from services.practices.domain import practice_status
from services.practices.domain.practice_status import AmountDue, PracticeStatus
from services.practices.domain.states import State

NOT_PAYABLE: Final[Mapping[State, ErrorCode]] = MappingProxyType(
    {
        State.UNCONFIRMED: ErrorCode.PRACTICE_BEING_PAID,
        State.UNDERPAID: ErrorCode.PRACTICE_UNDERPAID,
        State.PAID: ErrorCode.PRACTICE_PAID,
        State.REPORTED: ErrorCode.PRACTICE_PAID,
        State.EXPIRED: ErrorCode.PRACTICE_EXPIRED,
        State.CANCELLED: ErrorCode.PRACTICE_CANCELLED,
    }
)
UNPAID: Final = frozenset({State.TO_PAY, State.UNCONFIRMED, State.EXPIRED})
HIDDEN_DEBTOR: Final = Subject(entity_type="F", fiscal_code="*" * 16, full_name="***")
# What a practice tells of itself and not of a person.
SHOWN_MASKED: Final = (
    "id",
    "entity_code",
    "creditor_name",
    "service_code",
    "service_title",
    "origin",
    "amount_cents",
    "amount_until",
    "amounts",
    "notice_number",
    "iuv",
    "due_date",
    "printed_date",
    "amount_told_at",
    "amount_last_known",
    "payable_until",
    "instalment",
    "state",
    "state_since",
    "state_until",
    "overdue",
    "payable",
    "not_payable_code",
    "needs_attention",
    "online_only",
    "postal_slip",
    "created_at",
)


@dataclass(frozen=True)
class StateDetails:
    """Why a practice is in its state, since when, and until when if an end is known (both UTC)."""

    since: datetime
    until: datetime | None
    reason: str | None


@dataclass(frozen=True)
class ShownAmount:
    """What a practice costs, the last day on which it does, and where it changes what is asked for from today on.

    `told_at`: since when the entity's software says so, where it says the amount.
    """

    cents: AmountCents
    until: date | None = None
    periods: tuple[AmountPeriod, ...] = ()
    told_at: datetime | None = None


def state_details(status: PracticeStatus, due: AmountDue, created_at: datetime) -> StateDetails:
    """Return the details of the state from the facts alone: the order in which they arrived leaves no trace.

    Reasons are `checkout_open`, `checkout_<CheckoutAbandoned.reason>`, `receipt`, `less_than_due`, `settled`,
    `late_not_accepted`, or the entity's own words for a cancelled practice.
    """
    facts = status.facts
    match status.state:
        case State.UNCONFIRMED:
            opened = facts.open_checkouts.values()
            return StateDetails(min(o.started_at for o in opened), max(o.open_until for o in opened), "checkout_open")
        case State.PAID:
            return StateDetails(practice_status.paid_whole_at(facts, due), None, "receipt")
        case State.UNDERPAID:
            return StateDetails(min(receipt.paid_at for receipt in facts.receipts.values()), None, "less_than_due")
        case State.REPORTED if facts.settlement:
            return StateDetails(facts.settlement.at, None, "settled")
        case State.CANCELLED if facts.cancelled:
            return StateDetails(facts.cancelled.at, None, facts.cancelled.reason)
        case State.EXPIRED if facts.expired:
            return StateDetails(facts.expired.at, None, facts.expired.reason)
        case _:
            return _unpaid_details(status, due, created_at)


def paid_at(status: PracticeStatus, due: AmountDue) -> datetime | None:
    """Return when a paid practice was paid; None of one that is not."""
    is_paid = status.state in {State.PAID, State.REPORTED} and status.facts.receipts
    return practice_status.paid_whole_at(status.facts, due) if is_paid else None


def rome_year(year: int) -> tuple[datetime, datetime]:
    """Return the moments at which a year begins and ends in Rome, in UTC."""
    begins, ends = (datetime(one, 1, 1, tzinfo=ROME).astimezone(UTC) for one in (year, year + 1))
    return begins, ends


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


def not_payable_code(status: PracticeStatus, due: AmountDue, now: datetime, *, asked: bool = False) -> ErrorCode | None:
    """Return why a payment cannot be started now, or None when it can.

    `asked`: the entity's software was asked for the amount just now, where it says it. In a list it is not: that it
    does not answer is told to who opens the practice, or pays.
    """
    if status.state is State.TO_PAY and due.payable_until and rome_day(now) > due.payable_until:
        return ErrorCode.PRACTICE_EXPIRED
    if status.state is State.TO_PAY:
        certainty = amounts.certainty_at(due.asked_amount, now)
        if certainty is Certainty.NOTHING_DUE:
            return ErrorCode.NOTHING_DUE
        if certainty is Certainty.UNKNOWN and asked:
            return ErrorCode.AMOUNT_NOT_KNOWN
    return NOT_PAYABLE.get(status.state)


def is_last_known(status: PracticeStatus, due: AmountDue, now: datetime) -> bool:
    """Return whether the amount to pay is what the entity's software said last, of which the time is over."""
    certainty = amounts.certainty_at(due.asked_amount, now)
    return status.state in (State.TO_PAY, State.UNCONFIRMED) and certainty is Certainty.LAST_KNOWN


def amount_shown(status: PracticeStatus, due: AmountDue, now: datetime) -> ShownAmount:
    """Return the amount of today; of what was paid or has ended what was owed then, which changes no more."""
    facts, asked = status.facts, due.asked_amount
    if facts.receipts:
        return ShownAmount(AmountCents(due.cents(facts)))
    ending = facts.cancelled if status.state is State.CANCELLED else facts.expired
    if status.state in (State.CANCELLED, State.EXPIRED) and ending:
        return ShownAmount(amounts.amount_at(asked, ending.at).cents)
    amount = amounts.amount_at(asked, now)
    if due.schedule and due.schedule.told:
        return ShownAmount(amount.cents, told_at=amounts.told_at(asked, now))
    to_come = amounts.amounts_from(asked, rome_day(now)) if due.schedule else ()
    is_alone = len(to_come) == 1 and to_come[0].until is None and not to_come[0].grows
    return ShownAmount(amount.cents, amount.until, () if is_alone else tuple(to_come))


def is_overdue(state: State, due_date: date | None, now: datetime) -> bool:
    """Return whether it is owed after its due date; what is due today is not overdue until midnight in Rome."""
    return state in UNPAID and due_date is not None and rome_day(now) > due_date


def masked(practice: Practice) -> Practice:
    """Return the practice as shown to whoever only knows its notice number: service, year, amount, due date and state.

    Free text is replaced, not searched for names: what an entity or a payer may write of a person has no end of
    spellings. Whatever is not among SHOWN_MASKED is left out, fields yet to come included.
    """
    shown = {name: getattr(practice, name) for name in SHOWN_MASKED}
    return Practice(
        **shown,
        debtor=HIDDEN_DEBTOR,
        description=public_description(practice.service_title.it, practice.due_date, practice.created_at),
        # Why an entity cancelled it are its own words; every other reason is ours.
        state_reason=None if has_entitys_words(practice) else practice.state_reason,
        masked=True,
    )


def has_entitys_words(practice: Practice) -> bool:
    """Return whether its state's reason is what the entity wrote."""
    return practice.state == State.CANCELLED and not is_our_reason(practice.state_reason)


def is_our_reason(reason: str | None) -> bool:
    """Return whether why a practice was annulled are words of ours."""
    return reason == OTHER_OPTION


def public_description(service_title: str, due_date: date | None, created_at: datetime) -> str:
    """Return the service's title with the year of the debt: what a stranger reads instead of the causale."""
    year = str((due_date or rome_day(created_at)).year)
    title = service_title.strip()
    if year in title.split() and len(title) <= DESCRIPTION_MAX_CHARS:
        return title
    return f"{title[: DESCRIPTION_MAX_CHARS - 5].rstrip()} {year}"
