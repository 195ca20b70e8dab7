"""What is to be paid, as practices' events tell it: a fold that does not mind order or repetition.

Terms come from the PracticeCreated or PracticeAmended with the highest sequence, the status from the highest sequence
of any event. So every order of the same events, with any of them twice, gives the same position.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from contracts import amounts
from contracts.amounts import AmountSchedule, AskedAmount, Certainty
from contracts.calendar import rome_day
from contracts.codes import AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.events.practices import PracticeEnded
from contracts.rpc import practices
from contracts.rpc.practices import ArchiveTerms
from contracts.shapes import OptionPart, Subject, Transfer
from services.payments.domain.books import Bookkeeping

UNNAMED: Final = "Avviso di pagamento"
"""What a position is for whose practice told us of no public description: one that was made before there was any."""


class PositionStatus(StrEnum):
    """Whether practices still wants the money. That it was paid is another matter: `Position.paid_receipt_id`."""

    OPEN = "open"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """How much, by when, from whom, to whom.

    `description` may hold people's names; what is told to whoever holds the notice is `shown_description`.
    `amount_cents`, `transfers` and `due_date` are of the debt itself; what is asked for and told at a moment are those
    of `at`.
    """

    amount_cents: AmountCents
    description: str
    due_date: date | None
    payable_until: date | None
    debtor: Subject
    transfers: tuple[Transfer, ...]
    created_at: datetime
    archive: ArchiveTerms | None = None
    public_description: str | None = None
    bookkeeping: Bookkeeping | None = None
    schedule: AmountSchedule | None = None
    part: OptionPart | None = None

    @classmethod
    def of(cls, position: practices.Position) -> Self:
        """Take what practices tells."""
        return cls(
            amount_cents=position.amount_cents,
            description=position.description,
            due_date=position.due_date,
            payable_until=position.payable_until,
            debtor=position.debtor,
            transfers=tuple(position.transfers),
            created_at=position.created_at,
            archive=position.archive,
            public_description=position.public_description,
            bookkeeping=Bookkeeping.of(position),
            schedule=position.schedule,
            part=position.part,
        )

    @property
    def debt_position(self) -> str | None:
        """Return the entity's reference of the debt position it is a part of; None where it is none."""
        return self.part.debt_position if self.part else None

    @property
    def asked_amount(self) -> AskedAmount:
        """Return what the amount of today depends on."""
        return AskedAmount(self.amount_cents, self.due_date, self.schedule)

    def certainty_at(self, moment: datetime) -> Certainty:
        """Return how well the amount of a moment is known here."""
        return amounts.certainty_at(self.asked_amount, moment)

    def is_to_be_asked(self, moment: datetime) -> bool:
        """Return whether the entity's software is to be asked for the amount, by way of practices."""
        return amounts.is_to_be_asked(self.asked_amount, moment)

    def at(self, moment: datetime) -> Self:
        """Return the terms as they are told at a moment: the amount of that day, and the day that is printed."""
        if self.schedule is None:
            return self
        return self._asking(amounts.amount_at(self.asked_amount, moment).cents)

    def due_when_paid(self, paid_at: datetime, came_cents: int) -> Self:
        """Return the terms as they were owed by who paid at a moment and brought so much."""
        if self.schedule is None:
            return self
        return self._asking(amounts.due_when_paid(self.asked_amount, paid_at, came_cents))

    def _asking(self, amount_cents: AmountCents) -> Self:
        """Return the terms with another amount: the first transfer is the entity's own, and takes the difference."""
        first, *others = self.transfers
        first = replace(first, amount_cents=AmountCents(first.amount_cents + amount_cents - self.amount_cents))
        due_date = amounts.printed_date(self.due_date, self.schedule)
        return replace(self, amount_cents=amount_cents, transfers=(first, *others), due_date=due_date, schedule=None)

    @property
    def shown_description(self) -> str:
        """Return what strangers are told it is for: PSPs show it to whoever types the notice number (ADR 18)."""
        return self.public_description or UNNAMED

    @property
    def has_stamp(self) -> bool:
        """Return whether a digital stamp is bought with it."""
        return any(transfer.stamp for transfer in self.transfers)

    @property
    def all_postal(self) -> bool:
        """Return whether every transfer can be paid into a postal account (allCCP)."""
        return all(transfer.postal_iban for transfer in self.transfers)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing an event of practices says about a position. `terms` is None when it only ends it."""

    practice_id: UUID
    sequence: int
    entity_code: str
    creditor_fiscal_code: CreditorFiscalCode
    notice_number: NoticeNumber
    iuv: Iuv
    status: PositionStatus
    reason: str | None = None
    terms: PaymentTerms | None = None

    @classmethod
    def of_position(cls, position: practices.Position) -> Self:
        """Read PracticeCreated, PracticeAmended or a position answered by RPC."""
        return cls(
            practice_id=position.practice_id,
            sequence=position.sequence,
            entity_code=position.creditor.code,
            creditor_fiscal_code=position.creditor.fiscal_code,
            notice_number=position.notice_number,
            iuv=position.iuv,
            status=PositionStatus.CANCELLED if position.cancelled else PositionStatus.OPEN,
            terms=PaymentTerms.of(position),
        )

    @classmethod
    def of_end(cls, ended: PracticeEnded, status: PositionStatus) -> Self:
        """Read PracticeCancelled or PracticeExpired."""
        return cls(
            practice_id=ended.practice_id,
            sequence=ended.sequence,
            entity_code=ended.entity_code,
            creditor_fiscal_code=ended.creditor_fiscal_code,
            notice_number=ended.notice_number,
            iuv=ended.iuv,
            status=status,
            reason=ended.reason,
        )


@dataclass(frozen=True, slots=True)
class Position:
    """A position as far as it is known. `terms` is None while only its end has arrived.

    `event_sequence` numbers the events payments emits about this practice. `received_cents` is the money that came for
    it; None where it was paid before that was counted. `first_paid_at`: when the first of it was paid, by which it is
    told what was owed; None is `paid_at`.
    """

    practice_id: UUID
    entity_code: str
    creditor_fiscal_code: CreditorFiscalCode
    notice_number: NoticeNumber
    iuv: Iuv
    status: PositionStatus
    sequence: int
    status_reason: str | None = None
    terms: PaymentTerms | None = None
    terms_sequence: int = 0
    paid_receipt_id: str | None = None
    paid_at: datetime | None = None
    received_cents: int | None = None
    first_paid_at: datetime | None = None
    event_sequence: int = 0

    @property
    def bookkeeping(self) -> Bookkeeping:
        """What the entity's books know it by; nothing where it was told before practices told of that."""
        return (self.terms and self.terms.bookkeeping) or Bookkeeping()

    @property
    def missing_cents(self) -> int:
        """What is missing though money has come; 0 where nothing has come or nothing is missing."""
        if self.paid_receipt_id is None or self.terms is None or self.received_cents is None:
            return 0
        paid_at = self.first_paid_at or self.paid_at
        terms = self.terms.due_when_paid(paid_at, self.received_cents) if paid_at else self.terms
        return max(0, terms.amount_cents - self.received_cents)

    def at(self, moment: datetime) -> Self:
        """Return the position with its terms as they are told at a moment."""
        return replace(self, terms=self.terms.at(moment)) if self.terms else self

    def is_expired(self, day: date) -> bool:
        """Return whether payment on the Europe/Rome `day` comes too late."""
        until = self.terms.payable_until if self.terms else None
        return day > until if until else self.status is PositionStatus.EXPIRED

    def is_expired_at(self, moment: datetime) -> bool:
        """Return whether payment at `moment` comes too late."""
        return self.is_expired(rome_day(moment))


def fold_all(changes: Iterable[Change]) -> list[Position]:
    """Return what these changes, in any order, tell of each of their practices."""
    told: dict[UUID, Position] = {}
    for change in changes:
        told[change.practice_id] = fold(told.get(change.practice_id), change)
    return list(told.values())


def fold(known: Position | None, change: Change) -> Position:
    """Return the position after `change`, which may be old news."""
    position = known or Position(
        practice_id=change.practice_id,
        entity_code=change.entity_code,
        creditor_fiscal_code=change.creditor_fiscal_code,
        notice_number=change.notice_number,
        iuv=change.iuv,
        status=change.status,
        sequence=0,
    )
    if change.sequence > position.sequence:
        position = replace(position, status=change.status, status_reason=change.reason, sequence=change.sequence)
    if change.terms and change.sequence > position.terms_sequence:
        position = replace(position, terms=change.terms, terms_sequence=change.sequence)
    return position
