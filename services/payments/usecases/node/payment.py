"""paVerifyPaymentNotice, paGetPayment and paGetPaymentV2: what is to be paid."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from contracts.amounts import Certainty
from contracts.codes import CreditorFiscalCode, NoticeNumber
from contracts.shapes import Creditor
from services.payments import clients
from services.payments.domain.node import Fault, refuse_payment
from services.payments.domain.options import is_closed_by
from services.payments.domain.positions import Position
from services.payments.repository import checkouts, positions
from services.payments.soap import responses
from services.payments.soap.requests import NodeMessage, Operation
from services.payments.usecases.node.context import NodeContext, refusal
from services.payments.usecases.positions import learn
from services.payments.usecases.receipt_judgement import checkout_id
from services.payments.usecases.told_amounts import learn_amounts

# The node asks about this one to learn whether our station is back, and stops paying in our stead (stand-in). Nobody is
# asked about it: the right answer is PAA_PAGAMENTO_SCONOSCIUTO.
_PROBE: Final = "0" * 18


def answer_payment(context: NodeContext, message: NodeMessage, _envelope: str) -> str:
    """Return the envelope to answer with. Raises Unavailable when practices would have to be asked and is away."""
    with context.database.reading() as session:
        creditor, position, asked_at = _look_up(context, session, message)
        situation = context.situation(message, creditor, position, asked_at)
        if position and position.terms and position.terms.has_stamp:
            situation = replace(situation, takes_stamp=_takes_stamp(session, message, position))
        if position and position.terms and position.terms.part:
            together = positions.of_debt_position(session, position)
            situation = replace(situation, is_closed=is_closed_by(position, together))
        fault = refuse_payment(situation)
        if fault is None and position is not None:
            # The entity's software is asked for the amount once nothing else speaks against the payment.
            position = _with_amount(context, session, position)
            fault = refuse_payment(replace(situation, position=position, certainty=_certainty(position, context.now)))
        context.note(session, message, practice_id=position.practice_id if position else None, fault=fault)
    if fault or creditor is None or position is None or position.terms is None:
        return refusal(message, fault or Fault.SYSTEM_ERROR)
    terms = position.terms.at(context.now)
    if message.operation is Operation.VERIFY:
        return responses.verified(message.operation, creditor, terms)
    return responses.payment(message.operation, creditor, position, terms, postal=message.postal)


def _look_up(
    context: NodeContext, session: Session, message: NodeMessage
) -> tuple[Creditor | None, Position | None, datetime]:
    """Find the creditor and its notice here, else at practices, and the database's time: a notice is too late by it.

    Raises Unavailable when practices does not answer.
    """
    if message.problem or message.owner != message.id_pa or message.notice_number == _PROBE:
        return context.creditor(message), None, context.now
    creditor, position, asked_at = positions.asked_about(session, message.id_pa, message.notice_number)
    if creditor and position:
        return creditor, position, asked_at
    answered = clients.ask_positions(
        context.rpc,
        creditor_fiscal_code=CreditorFiscalCode(message.id_pa),
        notice_number=NoticeNumber(message.notice_number),
    )
    creditor = learn(context.database, answered, context.now)
    return creditor, positions.by_notice(session, message.owner, message.notice_number), asked_at


def _with_amount(context: NodeContext, session: Session, position: Position) -> Position:
    """Return the position as it is known once the entity's software, where it says the amount, has been asked."""
    if not learn_amounts(context.database, context.rpc, [position], context.now):
        return position
    session.expire_all()
    return positions.by_practice(session, [position.practice_id]).get(position.practice_id, position)


def _certainty(position: Position, now: datetime) -> Certainty:
    return position.terms.certainty_at(now) if position.terms else Certainty.CERTAIN


def _takes_stamp(session: Session, message: NodeMessage, position: Position) -> bool:
    """Return whether a digital stamp may be sold: Checkout asks while one of ours is open, and pays by its idCart."""
    if message.operation is Operation.VERIFY:
        return bool(checkouts.holders(session, [position.practice_id]))
    named = checkout_id(message.payment_note)
    known = checkouts.of_practice(session, position.practice_id)
    return message.operation is Operation.GET_PAYMENT_V2 and named in {checkout.id for checkout in known}
