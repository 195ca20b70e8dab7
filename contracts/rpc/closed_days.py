"""What payments answers about days of settlement: what each adds up to, what does not match, and who closed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final

from marshmallow.validate import Length

from contracts.actors import Actor
from contracts.call import Call
from contracts.message import Message
from contracts.rpc.settlement import Settlement, WorklistItem

PERIOD_DAYS_MAX: Final = 366
DAY_WORKLIST_MAX: Final = 200
CLOSING_NOTE_MAX: Final = 300
_EntityCode = Annotated[str, Length(1, 35)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures(Message):
    """What a day adds up to: its flows, their rows, what these amount to, what the bank credited under their ids."""

    flows_count: int
    rows_count: int
    total_cents: int
    credited_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing(Message):
    """Who said that a day is done, when, with which figures, and what they wrote about it."""

    closed_at: datetime
    actor: Actor
    note: str | None = None
    figures: DayFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDay(Message):
    """A day of settlement (dataRegolamento) as it stands now.

    `pending_count` rows have not been looked at yet; `worklist_count` are for a human; `unreconciled_count` flows have
    no credit of their amount or do not add up. `closing` is the last one; its figures may be older than the day's.
    """

    day: date
    figures: DayFigures
    pending_count: int
    worklist_count: int
    unreconciled_count: int
    closing: Closing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDaysRequest(Message):
    """The days with flows in [since, until], PERIOD_DAYS_MAX at most. Refused(INVALID_REQUEST) for more."""

    entity_code: _EntityCode
    since: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDays(Message):
    """Newest first."""

    days: Sequence[SettlementDay]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDayRequest(Message):
    """One day. Refused(SETTLEMENT_NOT_FOUND): it has no flow and was never closed."""

    entity_code: _EntityCode
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDayDetails(Message):
    """A day with its flows and the rows for a human, the first DAY_WORKLIST_MAX of them."""

    day: SettlementDay
    flows: Sequence[Settlement]
    worklist_rows: Sequence[WorklistItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseDayRequest(Message):
    """Say that a day is done, with the figures as they were shown; again, where they have changed since.

    Refused(CHANGED_MEANWHILE): the figures are others now; (DESCRIPTION_REQUIRED): something does not match and the
    note says nothing about it; (SETTLEMENT_NOT_FOUND).
    """

    entity_code: _EntityCode
    day: date
    actor: Actor
    figures: DayFigures
    note: Annotated[str, Length(max=CLOSING_NOTE_MAX)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenDayRequest(Message):
    """Take a closing back. Refused(DESCRIPTION_REQUIRED), (SETTLEMENT_NOT_FOUND): the day is not closed."""

    entity_code: _EntityCode
    day: date
    actor: Actor
    reason: Annotated[str, Length(max=CLOSING_NOTE_MAX)]


SETTLEMENT_DAYS = Call("payments", "settlement_days", SettlementDaysRequest, SettlementDays, idempotent=True)
SETTLEMENT_DAY_DETAILS = Call(
    "payments", "settlement_day_details", SettlementDayRequest, SettlementDayDetails, idempotent=True, timeout_s=15
)
CLOSE_DAY = Call("payments", "close_settlement_day", CloseDayRequest, SettlementDay, idempotent=True)
REOPEN_DAY = Call("payments", "reopen_settlement_day", ReopenDayRequest, SettlementDay, idempotent=False)
