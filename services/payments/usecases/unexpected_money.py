"""The case of a receipt that nobody expected, opened in the transaction that judges it."""

from datetime import datetime
from uuid import UUID, uuid4

from chassis.storage.database import Tx
from services.payments.domain.books import Bookkeeping
from services.payments.domain.money_cases import CaseState, unexpected_cents
from services.payments.domain.positions import Position
from services.payments.domain.receipts import Judgement, ReceiptFacts
from services.payments.models import MoneyCase, Receipt
from services.payments.repository import money_cases


def open_case(tx: Tx, receipt: Receipt, facts: ReceiptFacts, before: Position | None, now: datetime) -> UUID:
    """Open the case of a judged receipt and return its id; the one it has where it has one.

    `before`: its position before it came, or as it is, where that was long ago; None where it has none.
    """
    judgement = Judgement(str(receipt.judgement))
    books = before.bookkeeping if before else Bookkeeping()
    paid_by = before.paid_receipt_id if before else None
    case = MoneyCase(
        id=uuid4(),
        receipt_row_id=receipt.id,
        entity_code=receipt.known_entity_code,
        service_code=books.service_code,
        practice_id=receipt.practice_id,
        state=CaseState.OPEN.value,
        version=1,
        reason=judgement.value,
        first_receipt_id=paid_by if paid_by != receipt.receipt_id else None,
        amount_cents=receipt.own_share_cents,
        unexpected_cents=unexpected_cents(judgement, facts, before),
        opened_at=now,
        changed_at=now,
    )
    return money_cases.insert_new(tx.session, case)
