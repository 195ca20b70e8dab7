"""paDemandPaymentNotice: a citizen asks at a PSP's counter for a payment that nobody has asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from services.payments import clients
from services.payments.domain.node import Fault
from services.payments.domain.positions import Creditor, Terms
from services.payments.soap import responses
from services.payments.soap.demands import read_demand
from services.payments.soap.envelope import Unreadable
from services.payments.soap.requests import Message
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


@dataclass(frozen=True)
class Demanded:
    """The answer, and for the notes: which practice was made, or why not."""

    answer: str
    notice_number: str = ""
    practice_id: UUID | None = None
    fault: Fault | None = None


def demand_notice(
    database: Database, rpc: clients.Rpc, message: Message, creditor: Creditor, now: datetime
) -> Demanded:
    """Have the practice made and answer with its notice; the same question again gets the same answer.

    Raises Unavailable when practices does not answer: the practice may exist then, and asking again finds it.
    """
    try:
        demand = read_demand(message)
    except Unreadable as unreadable:
        return _refused(message, Fault.EXTRA_SYNTAX, str(unreadable))
    try:
        position = clients.demand_practice(
            rpc,
            creditor_fiscal_code=creditor.fiscal_code,
            service_id=demand.service_id,
            subject_id=demand.subject_id,
            typed=demand.request,
        )
    except Refused as refused:
        return _refused(message, Fault.SEMANTICS, _REASONS.get(refused.code, refused.code.value))
    # Known here at once: the PSP goes on to verify and pay before the event may have come.
    learn(database, {"creditor": position["creditor"], "positions": [position]}, now)
    terms = Terms.read(position)
    answer = responses.demanded(message.operation, creditor, position["notice_number"], terms)
    return Demanded(answer, position["notice_number"], position["practice_id"])


def _refused(message: Message, fault: Fault, reason: str) -> Demanded:
    return Demanded(responses.fault(message.operation, fault, message.id_pa, reason), fault=fault)
