"""Money that nobody expected: the states of its case, the steps between them, and how much of it nobody owed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from contracts.actors import Actor
from contracts.codes import Iban
from contracts.error_details import RefundLimit, StepNotAllowed
from contracts.errors import ErrorCode, Refused
from services.payments.domain.positions import Position
from services.payments.domain.receipts import Judgement, ReceiptFacts, due_cents


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    REFUND_ASKED = "refund_asked"
    TO_CONFIRM = "to_confirm"
    DECIDED = "decided"
    EXPORTED = "exported"
    DONE = "done"
    OFFSET = "offset"
    EXPLAINED = "explained"


class Step(StrEnum):
    """What leads from one state to another."""

    ASK_REFUND = "ask_refund"
    REFUND = "refund"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    EXPORT = "export"
    REFUND_DONE = "refund_done"
    REFUND_RETURNED = "refund_returned"
    OFFSET = "offset"
    EXPLAIN = "explain"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Edge:
    """From which states a step leads to which one."""

    sources: frozenset[CaseState]
    target: CaseState


_UNDECIDED: Final = frozenset({CaseState.OPEN, CaseState.REFUND_ASKED})
_TO_BE_PAID: Final = frozenset({CaseState.TO_CONFIRM, CaseState.DECIDED})
# Money that is in a file for the bank has no other way out than what the bank says of it.
EDGES: Final[Mapping[Step, Edge]] = MappingProxyType(
    {
        # Another account after the decision: it has to be decided, and confirmed, anew.
        Step.ASK_REFUND: Edge(_UNDECIDED | _TO_BE_PAID, CaseState.REFUND_ASKED),
        Step.REFUND: Edge(frozenset({CaseState.REFUND_ASKED}), CaseState.DECIDED),
        Step.CONFIRM: Edge(frozenset({CaseState.TO_CONFIRM}), CaseState.DECIDED),
        Step.WITHDRAW: Edge(_TO_BE_PAID, CaseState.REFUND_ASKED),
        Step.EXPORT: Edge(frozenset({CaseState.DECIDED}), CaseState.EXPORTED),
        Step.REFUND_DONE: Edge(frozenset({CaseState.EXPORTED}), CaseState.DONE),
        # Also after it was thought to be paid: banks return a transfer days later.
        Step.REFUND_RETURNED: Edge(frozenset({CaseState.EXPORTED, CaseState.DONE}), CaseState.OPEN),
        Step.OFFSET: Edge(_UNDECIDED, CaseState.OFFSET),
        Step.EXPLAIN: Edge(_UNDECIDED, CaseState.EXPLAINED),
        Step.REOPEN: Edge(frozenset({CaseState.OFFSET, CaseState.EXPLAINED}), CaseState.OPEN),
    }
)
REASONED: Final = frozenset({Step.WITHDRAW, Step.REFUND_RETURNED, Step.OFFSET, Step.EXPLAIN, Step.REOPEN})
"""Steps that say why."""
WAITING: Final = frozenset({CaseState.OPEN, CaseState.REFUND_ASKED, CaseState.TO_CONFIRM, CaseState.DECIDED})
"""States in which a case waits for somebody of the entity."""


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """What a case knows of its refund: where to, whose account it is, how much, and who decided so."""

    iban: Iban | None = None
    holder: str | None = None
    refund_cents: int | None = None
    decided_by: Actor | None = None


NOTHING_ASKED: Final = RefundTerms()


def after(step: Step, state: CaseState, *, second_person: bool) -> CaseState:
    """Return where a step leads; a refund where two people are wanted, to the second.

    Raises Refused(MONEY_CASE_STEP_NOT_ALLOWED).
    """
    edge = EDGES[step]
    if state not in edge.sources:
        raise Refused(ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED, StepNotAllowed(state=state.value))
    return CaseState.TO_CONFIRM if step is Step.REFUND and second_person else edge.target


def check_second(decided_by: Actor | None, confirming: Actor) -> None:
    """Raise Refused(SECOND_PERSON_REQUIRED) where whoever confirms has decided it."""
    if decided_by == confirming:
        raise Refused(ErrorCode.SECOND_PERSON_REQUIRED)


def terms_after(step: Step, terms: RefundTerms, asked: RefundTerms) -> RefundTerms:
    """Return the refund's terms after a step: a new account or a withdrawal ends the decision, a return the account."""
    if step is Step.ASK_REFUND:
        return RefundTerms(iban=asked.iban, holder=asked.holder)
    if step is Step.REFUND:
        return RefundTerms(terms.iban, terms.holder, asked.refund_cents, asked.decided_by)
    if step is Step.WITHDRAW:
        return RefundTerms(terms.iban, terms.holder)
    return NOTHING_ASKED if step in (Step.REFUND_RETURNED, Step.OFFSET, Step.EXPLAIN) else terms


def checked_refund(refund_cents: int, came_cents: int) -> int:
    """Return how much is given back. Raises Refused(REFUND_TOO_LARGE) for more than came to the entity."""
    if refund_cents > came_cents:
        raise Refused(ErrorCode.REFUND_TOO_LARGE, RefundLimit(max_cents=came_cents))
    return refund_cents


def unexpected_cents(judgement: Judgement, facts: ReceiptFacts, position: Position | None) -> int:
    """Return how much of what came to the entity nobody owed: all of it, or what is more than was due."""
    due = due_cents(facts, position) if position is not None and judgement is Judgement.OTHER_AMOUNT else None
    if due is None or due >= facts.amount_cents:
        return facts.own_share_cents
    return min(facts.own_share_cents, facts.amount_cents - due)
