"""paDemandPaymentNotice: a citizen asks at a PSP's counter for a payment that nobody has asked of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import DEMAND, PositionReply
from services.payments.domain.node import Fault, refuse_caller
from services.payments.domain.positions import PaymentTerms
from services.payments.hostile_xml import Unreadable
from services.payments.soap import responses
from services.payments.soap.demands import read_demand
from services.payments.soap.requests import NodeMessage
from services.payments.usecases.node.context import NodeContext, refusal
from services.payments.usecases.positions import learn

# What the clerk at the counter reads to the citizen; for other refusals the code has to do.
_REASONS: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.UNKNOWN_SERVICE: "servizio non richiedibile presso i PSP",
    ErrorCode.INVALID_FISCAL_CODE: "codice fiscale non valido",
    ErrorCode.ANONYMOUS_NOT_ALLOWED: "il servizio richiede il codice fiscale",
    ErrorCode.BENEFICIARY_REQUIRED: "mancano i dati dello studente",
    ErrorCode.NAME_REQUIRED: "manca il nominativo",
    ErrorCode.NAME_TOO_LONG: "nominativo troppo lungo",
    ErrorCode.DESCRIPTION_REQUIRED: "manca la causale",
    ErrorCode.DESCRIPTION_TOO_LONG: "causale troppo lunga",
    ErrorCode.INVALID_AMOUNT: "manca l'importo",
    ErrorCode.AMOUNT_OUT_OF_RANGE: "importo fuori dai limiti di pagoPA",
    ErrorCode.AMOUNT_NOT_ALLOWED: "importo non ammesso dal servizio",
}


def answer_demand(context: NodeContext, message: NodeMessage, _envelope: str) -> str:
    """Have the practice made and answer with its notice; the same question again gets the same answer.

    Raises Unavailable when practices does not answer: the practice may exist then, and asking again finds it.
    """
    creditor = context.creditor(message)
    fault = refuse_caller(context.situation(message, creditor, None, context.now))
    if fault or creditor is None:
        return refusal(message, fault or Fault.UNKNOWN_DOMAIN)
    try:
        position = context.rpc.call(DEMAND, read_demand(message, creditor.fiscal_code))
    except Unreadable as unreadable:
        return _refused(context, message, Fault.EXTRA_SYNTAX, str(unreadable))
    except Refused as refused:
        return _refused(context, message, Fault.SEMANTICS, _REASONS.get(refused.code, refused.code.value))
    # Known here at once: the PSP goes on to verify and pay before the event may have come.
    learn(context.database, PositionReply(creditor=position.creditor, positions=[position]), context.now)
    with context.database.reading() as session:
        asked = replace(message, notice_number=position.notice_number)
        context.note(session, asked, practice_id=position.practice_id)
    terms = PaymentTerms.of(position).at(context.now)
    return responses.demanded(message.operation, creditor, position.notice_number, terms)


def _refused(context: NodeContext, message: NodeMessage, fault: Fault, reason: str) -> str:
    with context.database.reading() as session:
        context.note(session, message, fault=fault)
    return responses.fault(message.operation, fault, message.id_pa, reason)
