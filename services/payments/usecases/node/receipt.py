"""paSendRT and paSendRTV2: stored first, acknowledged after the commit; only what cannot be stored is refused."""

from chassis.logs import get_logger
from contracts.errors import RpcError, Unavailable
from contracts.shapes import Creditor
from services.payments.domain.node import Fault
from services.payments.domain.receipt_table import Arrival, flags_of, refuse_receipt
from services.payments.metrics import RECEIPTS_REFUSED
from services.payments.repository import positions
from services.payments.soap import responses
from services.payments.soap.receipts import read_receipt
from services.payments.soap.requests import NodeMessage
from services.payments.usecases.node.context import NodeContext, refusal
from services.payments.usecases.receipts import ArrivedReceipt, resolve_receipt, take_receipt

log = get_logger(__name__)


def answer_receipt(context: NodeContext, message: NodeMessage, envelope: str) -> str:
    """Return the envelope to answer with, once the receipt is committed or refused."""
    fault = receive(context, message, envelope)
    return refusal(message, fault) if fault else responses.acknowledged(message.operation)


def receive(context: NodeContext, message: NodeMessage, envelope: str, source: str = "node") -> Fault | None:
    """Store a receipt, or return why it cannot be; then it is stored whole beside, for a human to take in later.

    `source`: `node`, or `recovered` where pagoPA was asked for it.
    """
    if message.problem is None and _take_for_known_creditor(context, message, envelope, source):
        return None
    return _take_unusual(context, message, envelope, source)


def _take_for_known_creditor(context: NodeContext, message: NodeMessage, envelope: str, source: str) -> bool:
    """Store the receipt in one transaction; False where its creditor is not known here."""
    with context.database.transaction() as tx:
        creditor, position = positions.asked_about_locked(tx.session, message.id_pa, message.notice_number)
        if creditor is None:
            return False
        arrived = ArrivedReceipt(
            received=read_receipt(message, context.now),
            creditor=creditor,
            position=position if message.owner == message.id_pa else None,
            envelope=envelope,
            flags=flags_of(_arrival(message, message.id_pa, creditor)),
            source=source,
        )
        waiting = take_receipt(tx, arrived, context.now)
        context.note_taken(tx)
    _try_to_resolve(context, waiting)
    return True


def _take_unusual(context: NodeContext, message: NodeMessage, envelope: str, source: str) -> Fault | None:
    """Refuse a receipt, or take it where practices, who would know its creditor, is away."""
    domain, creditor = message.id_pa, None
    try:
        creditor = context.creditor(message)
    except Unavailable:
        # Whose domain it is will be known later; the money is here now.
        domain = ""
    arrival = _arrival(message, domain, creditor)
    if fault := refuse_receipt(arrival):
        if context.taken_by is None:  # whoever takes one in has it, and is told
            with context.database.reading() as session:
                context.note(session, message, fault=fault, raw_xml=envelope)
        RECEIPTS_REFUSED.labels(fault.value).inc()
        return fault
    received = read_receipt(message, context.now)
    arrived = ArrivedReceipt(
        received=received,
        creditor=creditor,
        position=None,
        envelope=envelope,
        flags=flags_of(arrival),
        source=source,
    )
    with context.database.transaction() as tx:
        waiting = take_receipt(tx, arrived, context.now)
        context.note_taken(tx)
    _try_to_resolve(context, waiting)
    return None


def _arrival(message: NodeMessage, domain: str, creditor: Creditor | None) -> Arrival:
    return Arrival(
        domain=domain,
        creditor=creditor,
        broker=message.broker,
        station=message.station,
        has_id=message.receipt_id is not None,
        readable=message.problem is None,
        extras=message.extras,
    )


def _try_to_resolve(context: NodeContext, receipt_row_id: int | None) -> None:
    """Ask practices at once; if that fails the timer goes on asking. The receipt is stored either way."""
    if receipt_row_id is None:
        return
    try:
        resolve_receipt(context.database, context.rpc, receipt_row_id, context.now)
    except Exception as error:
        log.warning("receipt_waits", receipt=receipt_row_id, exc_info=not isinstance(error, RpcError))
