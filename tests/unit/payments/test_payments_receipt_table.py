"""What becomes of a receipt, each row of the table written a second time."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.codes import CreditorFiscalCode
from contracts.shapes import Creditor
from services.payments.domain.node import Fault
from services.payments.domain.receipt_table import Arrival, Flag, flags_of, refuse_receipt
from services.payments.domain.receipts import Judgement

CREDITOR = Creditor(
    code="PM108",
    fiscal_code=CreditorFiscalCode("80012345676"),
    company_name="Conservatorio",
    broker_fiscal_code=CreditorFiscalCode("15376371009"),
    station_id="15376371009_01",
)
USUAL = Arrival(
    domain="80012345676",
    creditor=CREDITOR,
    broker="15376371009",
    station="15376371009_01",
    judgement=Judgement.EXPECTED,
)


def test_a_receipt_as_it_should_be_is_taken_without_a_flag() -> None:
    assert refuse_receipt(USUAL) is None
    assert flags_of(USUAL) == ()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"creditor": None}, Fault.UNKNOWN_DOMAIN),
        # Not said, or nobody can say now whose it is: that is no reason.
        ({"creditor": None, "domain": ""}, None),
        ({"has_id": False}, Fault.EXTRA_SYNTAX),
        ({"readable": False}, Fault.SYNTAX),
        ({"has_id": False, "readable": False}, Fault.EXTRA_SYNTAX),
        ({"broker": "", "station": "", "extras": True, "judgement": Judgement.CANCELLED}, None),
    ],
)
def test_only_what_cannot_be_stored_is_refused(changes: dict[str, Any], fault: Fault | None) -> None:
    assert refuse_receipt(replace(USUAL, **changes)) is fault


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"broker": "77777777777"}, Flag.OTHER_BROKER),
        ({"station": "15376371009_02"}, Flag.OTHER_STATION),
        ({"extras": True}, Flag.EXTRA_ELEMENTS),
        ({"judgement": Judgement.UNKNOWN_NOTICE}, Flag.UNKNOWN_NOTICE),
        ({"judgement": Judgement.CANCELLED}, Flag.CANCELLED),
        ({"judgement": Judgement.EXPIRED}, Flag.EXPIRED),
        ({"judgement": Judgement.ALREADY_PAID}, Flag.ALREADY_PAID),
        ({"judgement": Judgement.OTHER_AMOUNT}, Flag.OTHER_AMOUNT),
        ({"judgement": Judgement.UNDERPAID}, Flag.UNDERPAID),
        ({"judgement": Judgement.WRONG_STAMP}, Flag.WRONG_STAMP),
        ({"other_content": True}, Flag.OTHER_CONTENT),
        ({"id_of_other_notice": True}, Flag.ID_OF_OTHER_NOTICE),
        ({"activated": False}, Flag.NEVER_ACTIVATED),
    ],
)
def test_what_is_odd_is_flagged_by_its_name_alone(changes: dict[str, Any], flag: Flag) -> None:
    assert flags_of(replace(USUAL, **changes)) == (flag,)


@pytest.mark.parametrize(
    "changes",
    [
        {"creditor": None, "broker": "77777777777", "station": "x"},
        {"activated": False, "stand_in": True},
        {"activated": False, "judgement": Judgement.NO_MONEY},
        {"activated": False, "judgement": Judgement.SECONDARY},
        {"judgement": Judgement.FOREIGN},
        {"judgement": None},
    ],
)
def test_what_is_explained_otherwise_is_not_flagged(changes: dict[str, Any]) -> None:
    assert flags_of(replace(USUAL, **changes)) == ()


def test_all_that_is_odd_is_told() -> None:
    odd = replace(USUAL, broker="x", station="y", extras=True, judgement=Judgement.UNDERPAID, other_content=True)
    told = (Flag.OTHER_BROKER, Flag.OTHER_STATION, Flag.EXTRA_ELEMENTS, Flag.UNDERPAID, Flag.OTHER_CONTENT)
    assert flags_of(odd) == told
