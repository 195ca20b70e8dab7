"""Receipts: stored first, always; judged as soon as it can be known what they mean; acknowledged after the commit.

Nothing is lost: a receipt is in the table before the node hears OK, and one that is not judged yet stays in the list
that `resolve_waiting` works through. Nothing is doubled: events are emitted in the transaction that sets the judgement,
and it is set once, under the lock of the position or of the receipt itself.
"""

from datetime import datetime

from chassis.logs import get_logger
from chassis.storage.database import Database, Tx
from contracts.call import Rpc
from contracts.codes import CreditorFiscalCode
from contracts.errors import RpcError, Unavailable
from contracts.shapes import Creditor
from services.payments import clients
from services.payments.domain.positions import Position
from services.payments.domain.receipts import Judgement
from services.payments.models import Receipt
from services.payments.repository import positions, receipts
from services.payments.soap.receipts import ReceivedReceipt
from services.payments.usecases.positions import learn
from services.payments.usecases.receipt_judgement import facts_of, judge_receipt, store_judged

log = get_logger(__name__)

_BATCH = 100


def take_receipt(
    tx: Tx,
    received: ReceivedReceipt,
    creditor: Creditor | None,
    position: Position | None,
    envelope: str,
    now: datetime,
) -> int | None:
    """Store a receipt and judge it where its notice is known here.

    `creditor` is None when we know no such one and could not ask; `position` is the notice, locked, None when it is not
    here. Returns the row of a receipt that still waits for its judgement. The same receipt again changes nothing,
    unless the one we have was made from a settlement flow.
    """
    receipt = _receipt(received, creditor, envelope, now)
    needs_position = received.facts.needs_position
    if creditor and (position or not needs_position):
        is_new, _ = store_judged(tx, receipt, position if needs_position else None, now)
        if is_new:
            return None
    elif receipts.insert_new(tx.session, receipt):
        return receipt.id
    if receipts.complete(tx.session, receipt):
        log.info("recovered_receipt_has_come", notice_number=received.notice_number)
    else:
        log.info("receipt_again", notice_number=received.notice_number)
    return None


def resolve_receipt(database: Database, rpc: Rpc, receipt_row_id: int, now: datetime) -> None:
    """Ask practices about a waiting receipt's notice and judge it.

    Raises Unavailable when practices does not answer.
    """
    with database.reading() as session:
        receipt = receipts.get(session, receipt_row_id)
    answered = clients.ask_positions(
        rpc,
        creditor_fiscal_code=receipt.creditor_fiscal_code,
        notice_number=receipt.notice_number if facts_of(receipt).needs_position else None,
    )
    creditor = learn(database, answered, now)
    with database.transaction() as tx:
        _judge_waiting(tx, receipt_row_id, creditor, now)


def resolve_waiting(database: Database, rpc: Rpc, now: datetime) -> None:
    """Try again with every receipt that still waits, oldest first, until practices turns out to be away."""
    with database.reading() as session:
        waiting = receipts.unjudged_ids(session, _BATCH)
    for receipt_row_id in waiting:
        try:
            resolve_receipt(database, rpc, receipt_row_id, now)
        except Unavailable as error:
            log.info("receipts_still_wait", receipts=len(waiting), code=error.code)
            return
        except RpcError as error:
            log.warning("receipt_still_waits", receipt=receipt_row_id, code=error.code)


def _judge_waiting(tx: Tx, receipt_row_id: int, creditor: Creditor | None, now: datetime) -> None:
    """Judge a waiting receipt, now that practices has said all it knows. Locks the position before the receipt."""
    seen = receipts.get(tx.session, receipt_row_id)
    position = positions.by_notice(tx.session, seen.owner_fiscal_code, seen.notice_number, lock=True)
    receipt = receipts.get(tx.session, receipt_row_id, lock=True)
    if receipt.judgement is not None:
        return
    if creditor is None:
        receipt.judgement, receipt.judged_at = Judgement.FOREIGN.value, now
        log.error("receipt_of_no_body_of_ours", receipt=receipt_row_id)
        return
    if receipt.entity_code is None:
        receipt.entity_code = creditor.code
        receipts.renumber(tx.session, receipt)
    judge_receipt(tx, receipt, position, now)


def _receipt(received: ReceivedReceipt, creditor: Creditor | None, envelope: str, now: datetime) -> Receipt:
    facts = received.facts
    return Receipt(
        receipt_id=facts.receipt_id,
        creditor_fiscal_code=CreditorFiscalCode(facts.recipient),
        owner_fiscal_code=facts.owner,
        notice_number=received.notice_number,
        iuv=received.iuv,
        entity_code=creditor.code if creditor else None,
        outcome=facts.outcome,
        amount_cents=facts.amount_cents,
        own_share_cents=facts.own_share_cents,
        paid_at=facts.paid_at,
        application_date=received.application_date,
        psp_id=received.psp_id,
        psp_name=received.psp_name,
        payment_method=received.payment_method,
        payment_note=received.payment_note,
        details=received.details,
        raw_xml=envelope,
        received_at=now,
    )
