"""paSendRT and paSendRTV2: only who sends a receipt and whether it can be read may speak against it."""

from dataclasses import dataclass, replace

from chassis.logs import get_logger
from contracts.errors import RpcError, Unavailable
from services.payments.domain.node import refuse_caller
from services.payments.repository import positions
from services.payments.soap import responses
from services.payments.soap.receipts import read_receipt
from services.payments.soap.requests import NodeMessage
from services.payments.usecases.node.context import NodeContext, refusal
from services.payments.usecases.receipts import resolve_receipt, take_receipt

log = get_logger(__name__)


@dataclass(frozen=True)
class _Taken:
    """A receipt that is in the table; `waiting` is its row where it waits for its judgement."""

    waiting: int | None


def answer_receipt(context: NodeContext, message: NodeMessage, envelope: str) -> str:
    """Return the envelope to answer with, once the receipt is committed or refused."""
    taken = None if message.problem else _take_for_known_creditor(context, message, envelope)
    if taken is None:
        return _answer_unusual(context, message, envelope)
    return _acknowledge(context, message, taken)


def _take_for_known_creditor(context: NodeContext, message: NodeMessage, envelope: str) -> _Taken | None:
    """Store the receipt in one transaction; None where its creditor is not known here or who sends it is wrong."""
    with context.database.transaction() as tx:
        creditor, position = positions.asked_about_locked(tx.session, message.id_pa, message.notice_number)
        if creditor is None or refuse_caller(context.situation(message, creditor, None)) is not None:
            return None
        own_notice = position if message.owner == message.id_pa else None
        received = read_receipt(message, context.now)
        return _Taken(take_receipt(tx, received, creditor, own_notice, envelope, context.now))


def _answer_unusual(context: NodeContext, message: NodeMessage, envelope: str) -> str:
    """Refuse a receipt, or take it where practices, who would know its creditor, is away."""
    situation = context.situation(message, None, None)
    try:
        situation = replace(situation, creditor=context.creditor(message))
    except Unavailable:
        # Whose domain it is will be known later; the money is here now.
        situation = replace(situation, domain="")
    if fault := refuse_caller(situation):
        with context.database.reading() as session:
            context.note(session, message, fault=fault, raw_xml=envelope)
        return refusal(message, fault)
    with context.database.transaction() as tx:
        received = read_receipt(message, context.now)
        taken = _Taken(take_receipt(tx, received, situation.creditor, None, envelope, context.now))
    return _acknowledge(context, message, taken)


def _acknowledge(context: NodeContext, message: NodeMessage, taken: _Taken) -> str:
    if taken.waiting is not None:
        _try_to_resolve(context, taken.waiting)
    return responses.acknowledged(message.operation)


def _try_to_resolve(context: NodeContext, receipt_row_id: int) -> None:
    """Ask practices at once; if that fails the timer goes on asking. The receipt is stored either way."""
    try:
        resolve_receipt(context.database, context.rpc, receipt_row_id, context.now)
    except Exception as error:
        log.warning("receipt_waits", receipt=receipt_row_id, exc_info=not isinstance(error, RpcError))
