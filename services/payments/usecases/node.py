"""Answer the pagoPA node. Verify and getPayment read and never lock; a receipt is answered after its commit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.logs import get_logger
from chassis.storage.database import Database
from contracts.errors import RpcError, Unavailable
from services.payments import clients
from services.payments.domain.node import Fault, Situation, refuse_caller, refuse_payment
from services.payments.domain.node_time import rome_day
from services.payments.domain.positions import Creditor, Position
from services.payments.repository import checkouts, node_calls, positions
from services.payments.soap import responses
from services.payments.soap.envelope import Unreadable, soap_fault
from services.payments.soap.requests import Message, Operation, read_message, read_receipt
from services.payments.usecases.demands import demand_notice
from services.payments.usecases.positions import learn
from services.payments.usecases.receipt_judgement import checkout_id
from services.payments.usecases.receipts import resolve_receipt, take_receipt

log = get_logger(__name__)


@dataclass(frozen=True)
class Node:
    """What answering needs: the database, practices by RPC, and the moment."""

    database: Database
    rpc: clients.Rpc
    now: datetime


def answer_node(node: Node, envelope: str, soap_action: str) -> str:
    """Return the SOAP envelope that answers `envelope`: always one, a fault bean where anything goes wrong."""
    try:
        message = read_message(envelope, soap_action)
    except Unreadable as unreadable:
        return _answer_unreadable(soap_action, str(unreadable))
    try:
        return _ANSWERS[message.operation](node, message, envelope)
    except Exception as error:
        log.warning("node_call_failed", operation=message.operation, exc_info=not isinstance(error, RpcError))
        return responses.fault(message.operation, Fault.SYSTEM_ERROR, message.id_pa)


def _answer_payment(node: Node, message: Message, envelope: str) -> str:
    """Answer paVerifyPaymentNotice, paGetPayment and paGetPaymentV2."""
    del envelope
    with node.database.reading() as session:
        creditor, position = _look_up(node, session, message)
        situation = _situation(node, message, creditor, position)
        if position and position.terms and position.terms.has_stamp:
            situation = replace(situation, takes_stamp=_takes_stamp(session, message, position))
        fault = refuse_payment(situation)
        _note(node, session, message, position.practice_id if position else None, fault)
    if fault or creditor is None or position is None or position.terms is None:
        return _refusal(message, fault or Fault.SYSTEM_ERROR)
    if message.operation is Operation.VERIFY:
        return responses.verified(message.operation, creditor, position.terms)
    return responses.payment(message.operation, creditor, position, position.terms, postal=message.postal)


def _answer_receipt(node: Node, message: Message, envelope: str) -> str:
    """Answer paSendRT and paSendRTV2: only who sends it and whether it can be read may speak against a receipt."""
    doubtful, waiting = message.problem is not None, None
    if not doubtful:
        with node.database.transaction() as tx:
            creditor, position = positions.asked_about_locked(tx.session, message.id_pa, message.notice_number)
            doubtful = creditor is None or refuse_caller(_situation(node, message, creditor, None)) is not None
            if not doubtful:
                own_notice = position if message.owner == message.id_pa else None
                waiting = take_receipt(tx, read_receipt(message, node.now), creditor, own_notice, envelope, node.now)
    return _answer_doubtful_receipt(node, message, envelope) if doubtful else _acknowledge(node, message, waiting)


def _answer_doubtful_receipt(node: Node, message: Message, envelope: str) -> str:
    """Refuse a receipt, or take it where practices, who would know its body, is away."""
    situation = _situation(node, message, None, None)
    try:
        situation = replace(situation, creditor=_creditor(node, message))
    except Unavailable:
        # Whose domain it is will be known later; the money is here now.
        situation = replace(situation, domain="")
    if fault := refuse_caller(situation):
        with node.database.reading() as session:
            _note(node, session, message, None, fault, raw_xml=envelope)
        return _refusal(message, fault)
    with node.database.transaction() as tx:
        waiting = take_receipt(tx, read_receipt(message, node.now), situation.creditor, None, envelope, node.now)
    return _acknowledge(node, message, waiting)


def _acknowledge(node: Node, message: Message, waiting: int | None) -> str:
    if waiting is not None:
        _try_to_resolve(node, waiting)
    return responses.acknowledged(message.operation)


def _answer_demand(node: Node, message: Message, envelope: str) -> str:
    """Answer paDemandPaymentNotice: a practice is made for what a citizen asks for at a PSP's counter."""
    del envelope
    creditor = _creditor(node, message)
    fault = refuse_caller(_situation(node, message, creditor, None))
    if fault or creditor is None:
        return _refusal(message, fault or Fault.UNKNOWN_DOMAIN)
    done = demand_notice(node.database, node.rpc, message, creditor, node.now)
    with node.database.reading() as session:
        _note(node, session, replace(message, notice_number=done.notice_number), done.practice_id, done.fault)
    return done.answer


_ANSWERS: Final[Mapping[Operation, Callable[[Node, Message, str], str]]] = {
    Operation.VERIFY: _answer_payment,
    Operation.GET_PAYMENT: _answer_payment,
    Operation.GET_PAYMENT_V2: _answer_payment,
    Operation.SEND_RECEIPT: _answer_receipt,
    Operation.SEND_RECEIPT_V2: _answer_receipt,
    Operation.DEMAND_NOTICE: _answer_demand,
}


def _answer_unreadable(soap_action: str, reason: str) -> str:
    action = soap_action.strip().strip("\"'")
    log.warning("node_call_unreadable", reason=reason)
    operation = next((operation for operation in Operation if operation == action), None)
    return responses.fault(operation, Fault.SYNTAX, "", reason) if operation else soap_fault(reason)


def _look_up(node: Node, session: Session, message: Message) -> tuple[Creditor | None, Position | None]:
    """Find the body and its notice here, else at practices. Raises Unavailable when practices does not answer."""
    if message.problem or message.owner != message.id_pa:
        return _creditor(node, message), None
    creditor, position = positions.asked_about(session, message.id_pa, message.notice_number)
    if creditor and position:
        return creditor, position
    answered = clients.ask_positions(node.rpc, creditor_fiscal_code=message.id_pa, notice_number=message.notice_number)
    creditor = learn(node.database, answered, node.now)
    return creditor, positions.by_notice(session, message.owner, message.notice_number)


def _creditor(node: Node, message: Message) -> Creditor | None:
    with node.database.reading() as session:
        creditor = positions.creditor(session, message.id_pa)
    if creditor or not _is_body_code(message.id_pa):
        return creditor
    return learn(node.database, clients.ask_positions(node.rpc, creditor_fiscal_code=message.id_pa), node.now)


def _situation(node: Node, message: Message, creditor: Creditor | None, position: Position | None) -> Situation:
    return Situation(
        domain=message.id_pa,
        creditor=creditor,
        broker=message.broker,
        station=message.station,
        well_formed=message.problem is None,
        position=position,
        today=rome_day(node.now),
    )


def _takes_stamp(session: Session, message: Message, position: Position) -> bool:
    """Say whether a digital stamp may be sold: Checkout asks while a visit of ours is open, and pays by its idCart."""
    if message.operation is Operation.VERIFY:
        return bool(checkouts.holders(session, [position.practice_id]))
    named = checkout_id(message.payment_note)
    known = checkouts.of_practice(session, position.practice_id)
    return message.operation is Operation.GET_PAYMENT_V2 and named in {checkout.id for checkout in known}


def _refusal(message: Message, fault: Fault) -> str:
    return responses.fault(message.operation, fault, message.id_pa, message.problem if fault is Fault.SYNTAX else None)


def _try_to_resolve(node: Node, receipt_row_id: int) -> None:
    """Ask practices at once; if that fails the timer goes on asking. The receipt is stored either way."""
    try:
        resolve_receipt(node.database, node.rpc, receipt_row_id, node.now)
    except Exception as error:
        log.warning("receipt_waits", receipt=receipt_row_id, exc_info=not isinstance(error, RpcError))


def _note(
    node: Node,
    session: Session,
    message: Message,
    practice_id: UUID | None,
    fault: Fault | None,
    raw_xml: str | None = None,
) -> None:
    """Write the call into the timeline; a refused receipt is kept whole, for money may hang on it."""
    node_calls.note(
        session,
        at=node.now,
        operation=message.operation.value,
        creditor_fiscal_code=message.id_pa,
        notice_number=message.notice_number,
        practice_id=practice_id,
        fault=fault.value if fault else None,
        raw_xml=raw_xml,
    )


def _is_body_code(text: str) -> bool:
    return len(text) == 11 and text.isdigit() and text.isascii()
