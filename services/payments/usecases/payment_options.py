"""The payment options of a notice (OdP), as pagoPA's proxy asks for them: pagopa-obligations.md section 4.

Whatever is known is answered with 200, paid or over, as GPD does; an error is one of the pairs that the proxy knows.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from http import HTTPStatus
from typing import Any, Final

from chassis.logs import get_logger
from chassis.storage.database import Database
from contracts.amounts import Certainty
from contracts.calendar import NO_DUE_DATE, ROME, rome_day
from contracts.call import Rpc
from contracts.codes import DESCRIPTION_MAX_CHARS, CreditorFiscalCode, NoticeNumber
from contracts.errors import RpcError
from contracts.rpc.payments import PaymentOptionsReply, PaymentOptionsRequest
from contracts.shapes import Creditor
from services.payments import clients
from services.payments.domain.node import Fault, Situation, refuse_payment
from services.payments.domain.options import OptionStatus, PartStatus, ShownOption, ShownPart, options_shown
from services.payments.domain.positions import Position
from services.payments.repository import positions
from services.payments.usecases.positions import known_creditor, learn
from services.payments.usecases.told_amounts import learn_amounts

log = get_logger(__name__)

# Each fault of SOAP and its twin here, with the only status that pagoPA's proxy takes with it (4.3). A request names
# neither broker nor station, and nothing is ever locked: 105 and 106 are for who will, 109 (in progress) has no fault.
_ERRORS: Final[Mapping[Fault, tuple[str, HTTPStatus]]] = {
    Fault.SYNTAX: ("ODP-101", HTTPStatus.BAD_REQUEST),
    Fault.EXTRA_SYNTAX: ("ODP-101", HTTPStatus.BAD_REQUEST),
    Fault.SEMANTICS: ("ODP-102", HTTPStatus.UNPROCESSABLE_ENTITY),
    Fault.SYSTEM_ERROR: ("ODP-103", HTTPStatus.INTERNAL_SERVER_ERROR),
    Fault.UNKNOWN_DOMAIN: ("ODP-104", HTTPStatus.BAD_REQUEST),
    Fault.UNKNOWN_BROKER: ("ODP-105", HTTPStatus.BAD_REQUEST),
    Fault.UNKNOWN_STATION: ("ODP-106", HTTPStatus.BAD_REQUEST),
    Fault.UNKNOWN_PAYMENT: ("ODP-107", HTTPStatus.NOT_FOUND),
    Fault.DUPLICATE_PAYMENT: ("ODP-108", HTTPStatus.CONFLICT),
    Fault.EXPIRED_PAYMENT: ("ODP-110", HTTPStatus.UNPROCESSABLE_ENTITY),
    Fault.CANCELLED_PAYMENT: ("ODP-111", HTTPStatus.UNPROCESSABLE_ENTITY),
}
_OPTION_REASONS: Final[Mapping[OptionStatus, str]] = {
    OptionStatus.UNPAID: "da pagare",
    OptionStatus.PAID: "pagata",
    OptionStatus.PARTIALLY_PAID: "piano in corso",
    OptionStatus.EXPIRED_NOT_PAYABLE: "scaduta, non si può più pagare",
    OptionStatus.EXPIRED_UNPAID: "scaduta, si può ancora pagare",
    OptionStatus.INVALID: "annullata dall'ente",
}
_PART_REASONS: Final[Mapping[PartStatus, str]] = {
    PartStatus.UNPAID: "da pagare",
    PartStatus.PAID: "pagata",
    PartStatus.EXPIRED_NOT_PAYABLE: "scaduta, non si può più pagare",
    PartStatus.EXPIRED_UNPAID: "scaduta, si può ancora pagare",
    PartStatus.INVALID: "annullata dall'ente",
}
_OTHER_CHOSEN: Final = "un'altra opzione di pagamento è già stata scelta"
_END_OF_DAY: Final = time(23, 59, 59)


def payment_options(database: Database, rpc: Rpc, request: PaymentOptionsRequest, now: datetime) -> PaymentOptionsReply:
    """Answer with the options of the notice's debt position, or the error that pagoPA's proxy knows."""
    code, number = request.organization_fiscal_code, request.notice_number
    if not re.fullmatch(r"[0-9]{11}", code) or not re.fullmatch(r"[0-9]{18}", number):
        return _error(Fault.EXTRA_SYNTAX, now)
    try:
        return _answer(database, rpc, CreditorFiscalCode(code), NoticeNumber(number), now)
    except Exception as error:
        log.warning("payment_options_failed", exc_info=not isinstance(error, RpcError))
        return _error(Fault.SYSTEM_ERROR, now)


def _answer(
    database: Database, rpc: Rpc, code: CreditorFiscalCode, number: NoticeNumber, now: datetime
) -> PaymentOptionsReply:
    creditor = known_creditor(database, rpc, code, now)
    if creditor is None:
        return _error(Fault.UNKNOWN_DOMAIN, now)
    with database.reading() as session:
        asked = positions.by_notice(session, code, number)
    if asked is None or asked.terms is None:
        learn(database, clients.ask_positions(rpc, creditor_fiscal_code=code, notice_number=number), now)
    with database.reading() as session:
        asked = positions.by_notice(session, code, number)
        together = positions.of_debt_position(session, asked) if asked and asked.terms else []
    if learn_amounts(database, rpc, together, now):
        with database.reading() as session:
            known = positions.by_practice(session, [one.practice_id for one in together])
        together = list(known.values())
    fault = _refusal(creditor, asked, together, now)
    if fault or asked is None:
        return _error(fault or Fault.UNKNOWN_PAYMENT, now)
    shown = options_shown(asked, together, now)
    return PaymentOptionsReply(status=HTTPStatus.OK, body=_body(creditor, asked, shown))


def _refusal(creditor: Creditor, asked: Position | None, together: Sequence[Position], now: datetime) -> Fault | None:
    """Return why nothing can be shown; None where something can, paid or over as it may be.

    Of a notice whose terms are not known any more it is what the node is told of it; and what is sold only through our
    own Checkout has no options, nor has what nobody knows the amount of.
    """
    situation = Situation(creditor.fiscal_code, creditor, "", "", well_formed=True, position=asked, today=rome_day(now))
    if asked is None or asked.terms is None:
        return refuse_payment(situation)
    if asked.terms.has_stamp:
        return Fault.SEMANTICS
    unpaid = [one.terms for one in together if one.terms is not None and one.paid_receipt_id is None]
    certainties = {terms.certainty_at(now) for terms in unpaid}
    return Fault.SYSTEM_ERROR if Certainty.UNKNOWN in certainties else None


def _body(creditor: Creditor, asked: Position, options: Sequence[ShownOption]) -> dict[str, Any]:
    archive = asked.terms.archive if asked.terms else None
    return {
        "organizationFiscalCode": str(creditor.fiscal_code),
        "companyName": creditor.company_name,
        "officeName": creditor.office_name or "",
        "standin": archive is not None and archive.pay_stand_in,
        "paymentOptions": [_option(option) for option in options],
    }


def _option(option: ShownOption) -> dict[str, Any]:
    count = len(option.parts)
    return {
        "description": f"Piano in {count} rate" if option.is_plan else "Pagamento in unica soluzione",
        "numberOfInstallments": count,
        "amount": sum(part.amount_cents for part in option.parts),
        "dueDate": _end_of(option.due_date),
        "validFrom": min(_valid_from(part) for part in option.parts),
        "status": option.status.value,
        "statusReason": _OTHER_CHOSEN if option.is_closed else _OPTION_REASONS[option.status],
        "allCCP": all(part.terms.all_postal for part in option.parts),
        "installments": [_instalment(part, is_closed=option.is_closed) for part in option.parts],
    }


def _instalment(part: ShownPart, *, is_closed: bool) -> dict[str, Any]:
    is_over = is_closed and part.status is PartStatus.INVALID
    which = f" - rata {part.number}" if part.number is not None else ""
    return {
        "nav": str(part.position.notice_number),
        "iuv": str(part.position.iuv),
        "amount": int(part.amount_cents),
        "description": f"{part.terms.shown_description[: DESCRIPTION_MAX_CHARS - len(which)]}{which}",
        "dueDate": _end_of(part.due_date),
        "validFrom": _valid_from(part),
        "status": part.status.value,
        "statusReason": _OTHER_CHOSEN if is_over else _PART_REASONS[part.status],
    }


def _end_of(day: date | None) -> str:
    """Write the last second of a day in Rome, without zone as pagoPA's examples have it."""
    return datetime.combine(day or NO_DUE_DATE, _END_OF_DAY).isoformat()


def _valid_from(part: ShownPart) -> str:
    return datetime.combine(rome_day(part.terms.created_at), time.min).isoformat()


def _error(fault: Fault, now: datetime) -> PaymentOptionsReply:
    code, status = _ERRORS[fault]
    return PaymentOptionsReply(
        status=status,
        body={
            "httpStatusCode": int(status),
            "httpStatusDescription": status.phrase,
            "errorMessage": fault.text,
            "appErrorCode": code,
            "timestamp": int(now.timestamp()),
            "dateTime": now.astimezone(ROME).replace(tzinfo=None).isoformat(timespec="microseconds"),
        },
    )
