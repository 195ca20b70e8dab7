"""A payment that the archive knows of and we do not."""

from datetime import datetime

from chassis.storage.database import Tx
from services.payments.archive.remote_view import SeenPosition
from services.payments.domain.archive import Remote
from services.payments.domain.positions import Position
from services.payments.repository import recoveries
from services.payments.repository.recoveries import Reason


def want_receipt(tx: Tx, seen: SeenPosition, position: Position, now: datetime) -> None:
    """Ask for the receipt of what was paid through pagoPA and of which none has come."""
    if seen.remote is Remote.PAID and seen.receipt_id is not None and position.paid_receipt_id is None:
        creditor, iuv = position.creditor_fiscal_code, position.iuv
        recoveries.request(tx.session, creditor, seen.receipt_id, iuv, Reason.ARCHIVE, now)
