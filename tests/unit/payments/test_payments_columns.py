"""What is stored as JSON, text or a number comes back as the type it was."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.dialects import postgresql

from chassis.messaging.codec import Unreadable
from contracts.codes import AmountCents, CreditorFiscalCode, NoticeNumber
from contracts.errors import ErrorCode, Refused
from contracts.rpc.payments import BoughtStamp, ReceivedTransfer
from contracts.shapes import Subject, Transfer
from services.payments.columns import Cents, Code, Json
from services.payments.domain.checkouts import OpeningFailure
from services.payments.domain.receipts import ReceiptDetails
from tests.unit.payments.test_payments_soap import DEBTOR, STAMP, TRANSFER

DIALECT = postgresql.dialect()
SHARE = ReceivedTransfer(
    id_transfer=1, amount_cents=AmountCents(1600), fiscal_code=CreditorFiscalCode("80012345676"), category="9/x"
)
DETAILS = ReceiptDetails(company_name="Ente", description="TARI", debtor=DEBTOR, transfers=[SHARE], stamps=[])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Json(Subject), DEBTOR),
        (Json(tuple[Transfer, ...]), (TRANSFER, STAMP)),
        (Json(ReceiptDetails), DETAILS),
        (Json(ReceiptDetails), replace(DETAILS, stamps=None)),
        (Json(ReceiptDetails), replace(DETAILS, stamps=[BoughtStamp(transfer=2, problem="schema")])),
        (Json(OpeningFailure), OpeningFailure(family="Refused", code=ErrorCode.CHECKOUT_REFUSED, status=422)),
    ],
)
def test_a_message_is_read_as_it_was_stored(column: Json[Any], value: object) -> None:
    assert column.process_result_value(column.process_bind_param(value, DIALECT), DIALECT) == value


def test_what_is_none_is_not_stored_so_that_a_receipt_of_a_flow_says_nothing_of_stamps() -> None:
    stored = Json(ReceiptDetails).process_bind_param(replace(DETAILS, stamps=None), DIALECT)
    assert stored.keys() == {"company_name", "description", "debtor", "transfers"}
    assert stored["transfers"] == [
        {"id_transfer": 1, "amount_cents": 1600, "fiscal_code": "80012345676", "category": "9/x"}
    ]
    assert Json(Subject).process_bind_param(None, DIALECT) is None
    assert Json(Subject).process_result_value(None, DIALECT) is None


def test_what_earlier_releases_stored_is_read() -> None:
    """They wrote null where nothing was told, and the problem of a checkout flat beside its code."""
    details = Json(ReceiptDetails).process_result_value(
        {
            "company_name": "Ente",
            "description": "TARI",
            "debtor": {"entity_type": "F", "fiscal_code": "ANONIMO", "full_name": "Prova", "email": None},
            "payer": None,
            "fee_cents": None,
            "transfers": [{"id_transfer": 1, "amount_cents": 100, "iban": None}],
            "stamps": [{"transfer": 2, "purchased_at": "2026-11-23T12:00:00+00:00", "iubd": None}],
        },
        DIALECT,
    )
    assert details is not None
    assert details.stamps is not None
    assert (details.payer, details.transfers[0].iban, details.stamps[0].transfer) == (None, None, 2)
    failure = {"family": "Unavailable", "code": "checkout_busy", "status": 429, "retry_after_s": 7}
    assert Json(OpeningFailure).process_result_value(failure, DIALECT) == OpeningFailure(
        family="Unavailable", code=ErrorCode.CHECKOUT_BUSY, status=429, retry_after_s=7
    )
    assert Json(OpeningFailure).process_result_value({"family": "Unavailable"}, DIALECT) == OpeningFailure(
        family="Unavailable"
    )


def test_json_of_another_shape_is_no_message() -> None:
    with pytest.raises(Unreadable):
        Json(Subject).process_result_value({"name": "Mario"}, DIALECT)


def test_codes_and_amounts_come_back_as_value_objects_which_check_themselves() -> None:
    number = Code(NoticeNumber).process_result_value("301000000000000144", DIALECT)
    assert (type(number), number) == (NoticeNumber, "301000000000000144")
    amount = Cents().process_result_value(1600, DIALECT)
    assert (type(amount), amount) == (AmountCents, 1600)
    assert Code(NoticeNumber).process_result_value(None, DIALECT) is None
    with pytest.raises(Refused):
        Code(NoticeNumber).process_result_value("123", DIALECT)
