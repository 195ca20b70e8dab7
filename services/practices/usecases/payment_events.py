"""What payments tells: folded into the practices concerned, in the transaction of the inbox."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from chassis.storage.database import Tx
from contracts.errors import Broken
from contracts.events.payments import (
    CheckoutAbandoned,
    CheckoutStarted,
    PaymentConfirmed,
    PaymentDuplicated,
    PaymentReported,
)
from services.practices import records
from services.practices.domain import practice_status
from services.practices.domain.practice_status import (
    EndedCheckout,
    OpenCheckout,
    PracticeStatus,
    Receipt,
    Settlement,
)
from services.practices.models import PracticeRow
from services.practices.repository import practices


def checkout_started(tx: Tx, data: CheckoutStarted) -> None:
    """Somebody went to pay: the practices are Non confermato until the checkout ends."""
    opened = OpenCheckout(data.started_at, data.open_until)
    _fold(tx, data.practice_ids, lambda status: practice_status.checkout_started(status, data.checkout_id, opened))


def checkout_abandoned(tx: Tx, data: CheckoutAbandoned) -> None:
    """A checkout ended without payment."""
    ended = EndedCheckout(data.at, data.reason)
    _fold(tx, data.practice_ids, lambda status: practice_status.checkout_abandoned(status, data.checkout_id, ended))


def payment_confirmed(tx: Tx, data: PaymentConfirmed) -> None:
    """A receipt came: the only thing that makes a practice paid, or underpaid where it brought less than is due."""
    receipt = Receipt(data.paid_at, data.amount_cents)
    for row in _locked(tx, _ids(data.practice_id)):
        due = records.amount_due_of(row)
        status = practice_status.payment_confirmed(records.status_of(row), data.receipt_id, receipt, due)
        records.write_status(row, status)
        row.closes_options = row.debt_position is not None


def payment_duplicated(tx: Tx, data: PaymentDuplicated) -> None:
    """Money came that was not expected: a human must look."""
    _fold(tx, _ids(data.practice_id), lambda status: practice_status.payment_duplicated(status, data.reason))


def payment_reported(tx: Tx, data: PaymentReported, at: datetime) -> None:
    """The payment stands in a settlement flow. `at`: the time of the event."""
    settlement = Settlement(at, data.flow_id)
    _fold(tx, [data.practice_id], lambda status: practice_status.payment_reported(status, settlement))


def _ids(practice_id: UUID | None) -> list[UUID]:
    """Return the practice concerned: none when the receipt names a notice we never issued."""
    return [practice_id] if practice_id is not None else []


def _fold(tx: Tx, practice_ids: Collection[UUID], fold: Callable[[PracticeStatus], PracticeStatus]) -> None:
    """Fold one fact into practices of ours."""
    for row in _locked(tx, practice_ids):
        records.write_status(row, fold(records.status_of(row)))


def _locked(tx: Tx, practice_ids: Collection[UUID]) -> Sequence[PracticeRow]:
    """Return practices of ours, locked. One we do not have is a bug somewhere: to the dead letters."""
    asked = set(practice_ids)
    rows = practices.locked(tx.session, asked) if asked else []
    if len(rows) != len(asked):
        raise Broken
    return rows
