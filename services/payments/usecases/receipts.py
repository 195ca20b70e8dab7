"""Receipts: stored first, always; judged as soon as it can be known what they mean; acknowledged after the commit.

Nothing is lost: a receipt is in the table before the node hears OK, and one that is not judged yet stays in the list
that `resolve_waiting` works through. Nothing is doubled: events are emitted in the transaction that sets the judgement,
and it is set once, under the lock of the position or of the receipt itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chassis.logs import get_logger
from chassis.storage.database import Database, Tx, is_out_of_reach
from contracts.call import Rpc
from contracts.codes import CreditorFiscalCode
from contracts.errors import RpcError, Unavailable
from contracts.shapes import Creditor
from services.payments import clients
from services.payments.domain.positions import Position
from services.payments.domain.receipt_table import Flag
from services.payments.domain.receipts import Judgement
from services.payments.models import Receipt
from services.payments.repository import node_calls, positions, receipts
from services.payments.soap.receipts import ReceivedReceipt
from services.payments.usecases.positions import learn
from services.payments.usecases.receipt_judgement import facts_of, judge_receipt, report_flags, store_judged

log = get_logger(__name__)

_BATCH: Final = 100
# What two sendings of one receipt must agree on.
_CONTENT: Final = ("outcome", "amount_cents", "own_share_cents", "iuv")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedReceipt:
    """A receipt that is to be stored, and what is known here of whom it concerns.

    `creditor` is None when we know no such one and could not ask; `position` is the notice, locked, None when it is not
    here. `flags` are what is odd about the sending, `source` whether the node sent it or it was recovered.
    """

    received: ReceivedReceipt
    creditor: Creditor | None
    position: Position | None
    envelope: str
    flags: Sequence[Flag] = ()
    source: str = "node"


def take_receipt(tx: Tx, arrived: ArrivedReceipt, now: datetime) -> int | None:
    """Store a receipt and judge it where its notice is known here; return its row while it waits for its judgement.

    The same receipt again changes nothing, unless the one we have was made from a settlement flow.
    """
    receipt = _receipt(arrived, now)
    if _is_here(tx, receipt, now):
        return None
    waits = arrived.creditor is None or (arrived.position is None and arrived.received.facts.needs_position)
    if waits:
        stored = receipts.insert_new(tx.session, receipt)
    else:
        position = arrived.position if arrived.received.facts.needs_position else None
        stored, _ = store_judged(tx, receipt, position, now)
    if not stored:
        log.info("receipt_again", notice_number=receipt.notice_number)
        return None
    if receipts.id_is_of_other_notice(tx.session, receipt):
        receipts.add_flags(tx.session, receipt.id, [Flag.ID_OF_OTHER_NOTICE])
        receipt.flags = [*receipt.flags, Flag.ID_OF_OTHER_NOTICE.value]
    report_flags(receipt.notice_number, receipt.flags)
    return receipt.id if waits else None


def _is_here(tx: Tx, receipt: Receipt, now: datetime) -> bool:
    """Return whether the receipt is stored, once it has taken the place of what was made of a flow in its stead."""
    known = receipts.of_same_notice(tx.session, receipt)
    twin = next((one for one in known if (one.node_receipt_id or one.receipt_id) == receipt.receipt_id), None)
    if twin is not None and (twin.source == "node" or receipt.source == twin.source == "recovered"):
        log.info("receipt_again", notice_number=receipt.notice_number)
        _compare(tx, twin, receipt)
        return True
    if twin is not None and twin.source == "recovered" and not _is_same(twin, receipt):
        _compare(tx, twin, receipt)
        return True
    mistaken = next((one for one in known if one.receipt_id == receipt.receipt_id and one.node_receipt_id), None)
    makeshift = twin or mistaken or _makeshift_of(receipt, known)
    if makeshift is None:
        return False
    other = receipts.taken_back(makeshift) if makeshift is mistaken else None
    receipts.complete(makeshift, receipt)
    tx.session.flush()
    log.info("recovered_receipt_has_come", notice_number=receipt.notice_number)
    if other is not None:
        position = positions.by_notice(tx.session, other.owner_fiscal_code, other.notice_number, lock=True)
        store_judged(tx, other, position, now)
        report_flags(other.notice_number, other.flags)
    return True


def _makeshift_of(receipt: Receipt, known: Sequence[Receipt]) -> Receipt | None:
    """Return the receipt made of a flow under an id of the PSP's own, in whose stead this one may come."""
    of_flows = (one for one in known if one.source == "settlement" and receipt.outcome == "OK")
    return next((one for one in of_flows if one.amount_cents == receipt.amount_cents), None)


def _is_same(stored: Receipt, again: Receipt) -> bool:
    return all(getattr(stored, name) == getattr(again, name) for name in _CONTENT)


def _compare(tx: Tx, stored: Receipt, again: Receipt) -> None:
    """Flag a receipt that comes again and says otherwise: the first holds, the other is kept for a human."""
    if _is_same(stored, again):
        return
    node_calls.note(
        tx.session,
        operation="paSendRT",
        creditor_fiscal_code=again.creditor_fiscal_code,
        notice_number=again.notice_number,
        practice_id=stored.practice_id,
        fault=None,
        raw_xml=again.raw_xml,
    )
    if Flag.OTHER_CONTENT not in stored.flags:
        receipts.add_flags(tx.session, stored.id, [Flag.OTHER_CONTENT])
    report_flags(again.notice_number, [Flag.OTHER_CONTENT])


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
    if creditor is None:
        # An entity that has left the catalogue: the receipt is ours all the same.
        with database.reading() as session:
            creditor = positions.creditor(session, receipt.creditor_fiscal_code)
    with database.transaction() as tx:
        _judge_waiting(tx, receipt_row_id, creditor, now)


def resolve_waiting(database: Database, rpc: Rpc, now: datetime) -> None:
    """Try again with every receipt that still waits, oldest first, until practices turns out to be away.

    Whatever is raised over one, the others are money too.
    """
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
        except Exception as error:
            if is_out_of_reach(error):
                raise
            log.exception("receipt_still_waits", receipt=receipt_row_id)


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


def _receipt(arrived: ArrivedReceipt, now: datetime) -> Receipt:
    received, creditor = arrived.received, arrived.creditor
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
        raw_xml=arrived.envelope,
        received_at=now,
        source=arrived.source,
        stand_in=received.stand_in,
        flags=[flag.value for flag in arrived.flags],
    )
