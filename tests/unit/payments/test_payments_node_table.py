"""What the node is answered about a notice that can be paid but for one thing: each row of the table alone."""

from dataclasses import replace
from datetime import date

import pytest

from contracts.amounts import Certainty
from contracts.shapes import Stamp
from services.payments.domain.node import Fault, Situation, refuse_payment
from services.payments.domain.positions import PositionStatus
from tests.unit.payments.test_payments_domain import CREDITOR, TODAY, position, terms
from tests.unit.payments.test_payments_positions import POSTAL

PAYABLE = Situation(
    domain=CREDITOR.fiscal_code,
    creditor=CREDITOR,
    broker=CREDITOR.broker_fiscal_code,
    station=CREDITOR.station_id,
    well_formed=True,
    position=position(),
    today=TODAY,
)
STAMPED = replace(terms(), transfers=(replace(POSTAL, stamp=Stamp(document_hash="x" * 44, province="TA")),))


def test_what_can_be_paid_is_not_refused() -> None:
    assert refuse_payment(PAYABLE) is None


@pytest.mark.parametrize(
    ("situation", "fault"),
    [
        (replace(PAYABLE, creditor=None), Fault.UNKNOWN_DOMAIN),
        (replace(PAYABLE, broker="77777777777"), Fault.UNKNOWN_BROKER),
        (replace(PAYABLE, station="77777777777_01"), Fault.UNKNOWN_STATION),
        (replace(PAYABLE, well_formed=False), Fault.SYNTAX),
        (replace(PAYABLE, position=None), Fault.UNKNOWN_PAYMENT),
        (replace(PAYABLE, position=position(paid="R1")), Fault.DUPLICATE_PAYMENT),
        (replace(PAYABLE, is_closed=True), Fault.UNKNOWN_PAYMENT),
        (replace(PAYABLE, position=position(asked=terms(payable_until=date(2026, 11, 22)))), Fault.EXPIRED_PAYMENT),
        (replace(PAYABLE, position=position(PositionStatus.CANCELLED)), Fault.CANCELLED_PAYMENT),
        (replace(PAYABLE, position=position(asked=STAMPED)), Fault.SEMANTICS),
        (replace(PAYABLE, position=position(asked=STAMPED), takes_stamp=True), None),
        (replace(PAYABLE, takes_stamp=True), None),
        (replace(PAYABLE, certainty=Certainty.NOTHING_DUE), Fault.CANCELLED_PAYMENT),
        (replace(PAYABLE, certainty=Certainty.UNKNOWN), Fault.SYSTEM_ERROR),
        (replace(PAYABLE, position=replace(position(), terms=None)), Fault.SYSTEM_ERROR),
        # What was paid is said before that another way is closed, and that before what is late.
        (replace(PAYABLE, position=position(paid="R1"), is_closed=True), Fault.DUPLICATE_PAYMENT),
        (replace(PAYABLE, position=position(PositionStatus.EXPIRED), is_closed=True), Fault.UNKNOWN_PAYMENT),
    ],
)
def test_each_thing_that_is_wrong_has_its_fault(situation: Situation, fault: Fault | None) -> None:
    assert refuse_payment(situation) is fault
