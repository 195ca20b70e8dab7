"""What is owed, as practices' events tell it: a fold that does not mind order or repetition.

Terms come from the PracticeCreated or PracticeAmended with the highest sequence, the standing from the highest
sequence of any event. So every order of the same events, with any of them twice, gives the same position.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from services.payments.domain.node_time import rome_day


class Standing(StrEnum):
    """Whether practices still wants the money. That it was paid is another matter: `Position.paid_receipt_id`."""

    OPEN = "open"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Creditor:
    """A public body and the station through which the node may ask us about it."""

    fiscal_code: str
    code: str
    company_name: str
    office_name: str | None
    broker_fiscal_code: str
    station_id: str

    @classmethod
    def read(cls, creditor: Mapping[str, Any]) -> Self:
        """Take contracts.fields.Creditor."""
        values: dict[str, Any] = {name: creditor.get(name) for name in cls.__slots__}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Terms:
    """How much, by when, from whom, to whom. `debtor` and `transfers` have the shapes of contracts.fields."""

    amount_cents: int
    description: str
    due_date: date | None
    payable_until: date | None
    debtor: Mapping[str, Any]
    transfers: tuple[Mapping[str, Any], ...]
    created_at: datetime

    @classmethod
    def read(cls, position: Mapping[str, Any]) -> Self:
        """Take contracts.rpc.practices.Position."""
        values: dict[str, Any] = {name: position.get(name) for name in cls.__slots__}
        values["transfers"] = tuple(position["transfers"])
        return cls(**values)

    @property
    def has_stamp(self) -> bool:
        """Say whether a digital stamp is bought with it."""
        return any(share.get("stamp") for share in self.transfers)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing an event of practices says about a position. `terms` is None when it only ends it."""

    practice_id: UUID
    sequence: int
    entity_code: str
    creditor_fiscal_code: str
    notice_number: str
    iuv: str
    standing: Standing
    reason: str | None = None
    terms: Terms | None = None

    @classmethod
    def of_position(cls, position: Mapping[str, Any]) -> Self:
        """Read PracticeCreated, PracticeAmended or a position answered by RPC."""
        return cls(
            practice_id=position["practice_id"],
            sequence=position["sequence"],
            entity_code=position["creditor"]["code"],
            creditor_fiscal_code=position["creditor"]["fiscal_code"],
            notice_number=position["notice_number"],
            iuv=position["iuv"],
            standing=Standing.CANCELLED if position.get("cancelled") else Standing.OPEN,
            terms=Terms.read(position),
        )

    @classmethod
    def of_end(cls, ended: Mapping[str, Any], standing: Standing) -> Self:
        """Read PracticeCancelled or PracticeExpired."""
        names = ("practice_id", "sequence", "entity_code", "creditor_fiscal_code", "notice_number", "iuv", "reason")
        return cls(standing=standing, **{name: ended[name] for name in names})


@dataclass(frozen=True, slots=True)
class Position:
    """A position as far as it is known. `terms` is None while only its end has arrived.

    `event_sequence` numbers the events payments emits about this practice.
    """

    practice_id: UUID
    entity_code: str
    creditor_fiscal_code: str
    notice_number: str
    iuv: str
    standing: Standing
    sequence: int
    standing_reason: str | None = None
    terms: Terms | None = None
    terms_sequence: int = 0
    paid_receipt_id: str | None = None
    paid_at: datetime | None = None
    event_sequence: int = 0

    def is_expired(self, day: date) -> bool:
        """Say whether payment on the Europe/Rome `day` comes too late."""
        until = self.terms.payable_until if self.terms else None
        return day > until if until else self.standing is Standing.EXPIRED

    def is_expired_at(self, moment: datetime) -> bool:
        """Say whether payment at `moment` comes too late."""
        return self.is_expired(rome_day(moment))


def fold(known: Position | None, change: Change) -> Position:
    """Return the position after `change`, which may be old news."""
    position = known or Position(
        practice_id=change.practice_id,
        entity_code=change.entity_code,
        creditor_fiscal_code=change.creditor_fiscal_code,
        notice_number=change.notice_number,
        iuv=change.iuv,
        standing=change.standing,
        sequence=0,
    )
    if change.sequence > position.sequence:
        position = replace(position, standing=change.standing, standing_reason=change.reason, sequence=change.sequence)
    if change.terms and change.sequence > position.terms_sequence:
        position = replace(position, terms=change.terms, terms_sequence=change.sequence)
    return position
