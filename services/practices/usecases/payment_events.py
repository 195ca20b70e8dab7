"""What payments tells: folded into the practices concerned, in the transaction of the inbox."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.storage.database import Tx
from contracts.errors import Broken
from services.practices import records, repository
from services.practices.domain import practice_status
from services.practices.domain.practice_status import EndedCheckout, OpenCheckout, Receipt, Settlement, Standing


def checkout_started(tx: Tx, data: Mapping[str, Any]) -> None:
    """Somebody went to pay: the practices are Non confermato until the checkout ends."""
    opened = OpenCheckout(data["started_at"], data["open_until"])
    _fold(tx, data["practice_ids"], lambda s: practice_status.checkout_started(s, data["checkout_id"], opened))


def checkout_abandoned(tx: Tx, data: Mapping[str, Any]) -> None:
    """A checkout ended without payment."""
    ended = EndedCheckout(data["at"], data["reason"])
    _fold(tx, data["practice_ids"], lambda s: practice_status.checkout_abandoned(s, data["checkout_id"], ended))


def payment_confirmed(tx: Tx, data: Mapping[str, Any]) -> None:
    """A receipt came: the only thing that makes a practice paid."""
    receipt = Receipt(data["paid_at"], data["amount_cents"])
    _fold(tx, _of_practice(data), lambda s: practice_status.payment_confirmed(s, data["receipt_id"], receipt))


def payment_duplicated(tx: Tx, data: Mapping[str, Any]) -> None:
    """Money came that was not expected: a human must look."""
    _fold(tx, _of_practice(data), lambda s: practice_status.payment_duplicated(s, data["reason"]))


def payment_reported(tx: Tx, data: Mapping[str, Any], at: datetime) -> None:
    """The payment stands in a settlement flow. `at`: the time of the event."""
    settlement = Settlement(at, data["flow_id"])
    _fold(tx, _of_practice(data), lambda s: practice_status.payment_reported(s, settlement))


def _of_practice(data: Mapping[str, Any]) -> list[UUID]:
    """Return the practice concerned: none when the receipt names a notice we never issued."""
    return [data["practice_id"]] if data["practice_id"] is not None else []


def _fold(tx: Tx, practice_ids: Iterable[UUID], fold: Callable[[Standing], Standing]) -> None:
    """Fold one fact into practices of ours. A practice we do not have is a bug somewhere: to the dead letters."""
    asked = set(practice_ids)
    rows = repository.locked(tx.session, asked) if asked else []
    if len(rows) != len(asked):
        raise Broken
    for row in rows:
        records.keep(row, fold(records.standing_of(row)))
