"""Payment options (OdP): the six use cases of SANP, the states of GPD, and answers that the official file takes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # -- no stubs in the lock

from contracts.amounts import AmountSchedule
from contracts.codes import AmountCents, NoticeNumber
from contracts.rpc.practices import ArchiveTerms
from contracts.shapes import Instalment, OptionPart
from dev.paths import ROOT
from services.payments.domain.node import Fault
from services.payments.domain.options import is_closed_by, options_shown
from services.payments.domain.positions import Position, PositionStatus
from services.payments.usecases import payment_options
from tests.unit.payments.test_payments_archive import CREDITOR, POSITION, TERMS

OFFICIAL = ROOT.parent / "shared" / "specs" / "pagopa" / "openapi" / "orgs_payment_options.json"
SAMPLES = ROOT.parent / "shared" / "specs" / "pagopa" / "samples"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PAID_AT = datetime(2026, 11, 26, 12, tzinfo=UTC)


def notice(
    base: int,
    option: str,
    instalment: Instalment | None = None,
    *,
    paid: bool = False,
    status: PositionStatus = PositionStatus.OPEN,
    **terms: Any,
) -> Position:
    """A notice of the debt position TARI-1."""
    number = NoticeNumber.issue("01", base)
    part = OptionPart(debt_position="TARI-1", option=option, instalment=instalment)
    return replace(
        POSITION,
        practice_id=UUID(int=base),
        notice_number=number,
        iuv=number.iuv,
        status=status,
        terms=replace(TERMS, part=part, **terms),
        paid_receipt_id=f"r-{base}" if paid else None,
        paid_at=PAID_AT if paid else None,
        received_cents=TERMS.amount_cents if paid else None,
    )


def plan(first_base: int, option: str, count: int, paid: Sequence[int] = (), **terms: Any) -> list[Position]:
    return [
        notice(
            first_base + number,
            option,
            Instalment(number=number, total=count),
            paid=number in paid,
            due_date=date(2027, number, 28),
            **terms,
        )
        for number in range(1, count + 1)
    ]


def told(asked: Position, together: Sequence[Position]) -> list[tuple[str, list[str]]]:
    """Return each option's status and those of its notices."""
    body = payment_options._body(CREDITOR, asked, options_shown(asked, together, NOW))
    valid(body, "PaymentOptionsResponse")
    return [(one["status"], [part["status"] for part in one["installments"]]) for one in body["paymentOptions"]]


def valid(body: dict[str, Any], name: str) -> None:
    """Check a body by the official file, where that is here, with every field it names."""
    if not OFFICIAL.exists():
        return
    schemas = json.loads(OFFICIAL.read_text())["components"]["schemas"]
    checked = {**schemas[name], "additionalProperties": False, "required": list(schemas[name]["properties"])}
    Draft202012Validator({**checked, "components": {"schemas": schemas}}).validate(body)


def test_the_official_file_is_here() -> None:
    if not OFFICIAL.exists():
        pytest.skip("the official OpenAPI files are not here: answers are not validated")


def test_case_1_a_single_sum() -> None:
    alone = notice(1, "unica")
    assert told(alone, [alone]) == [("PO_UNPAID", ["POI_UNPAID"])]


def test_case_1_a_notice_of_no_debt_position_is_one_option() -> None:
    assert told(POSITION, [POSITION]) == [("PO_UNPAID", ["POI_UNPAID"])]


def test_case_2_several_single_sums_by_due_date_of_which_one_is_paid() -> None:
    reduced = notice(1, "ridotta", due_date=date(2026, 12, 2))
    full = notice(2, "intera", due_date=date(2027, 1, 31))
    assert told(full, [full, reduced]) == [("PO_UNPAID", ["POI_UNPAID"]), ("PO_UNPAID", ["POI_UNPAID"])]
    paid = notice(1, "ridotta", due_date=date(2026, 12, 2), paid=True)
    assert told(full, [full, paid]) == [("PO_PAID", ["POI_PAID"]), ("PO_INVALID", ["POI_INVALID"])]


def test_case_3_a_plan_alone_of_which_all_instalments_are_paid() -> None:
    assert told(plan(10, "rate", 2)[0], plan(10, "rate", 2)) == [("PO_UNPAID", ["POI_UNPAID"] * 2)]
    begun = plan(10, "rate", 2, paid=[1])
    assert told(begun[1], begun) == [("PO_PARTIALLY_PAID", ["POI_PAID", "POI_UNPAID"])]
    whole = plan(10, "rate", 2, paid=[1, 2])
    assert told(whole[0], whole) == [("PO_PAID", ["POI_PAID"] * 2)]


@pytest.mark.parametrize("asked", [0, 1, 2])
def test_case_4_a_single_sum_and_a_plan_the_choice_of_one_closes_the_other(asked: int) -> None:
    single, instalments = notice(1, "unica", due_date=date(2027, 1, 31)), plan(10, "rate", 2)
    together = [single, *instalments]
    assert [status for status, _ in told(together[asked], together)] == ["PO_UNPAID", "PO_UNPAID"]
    after = [single, *plan(10, "rate", 2, paid=[1])]
    assert told(after[asked], after) == [
        ("PO_INVALID", ["POI_INVALID"]),
        ("PO_PARTIALLY_PAID", ["POI_PAID", "POI_UNPAID"]),
    ]
    after = [notice(1, "unica", due_date=date(2027, 1, 31), paid=True), *instalments]
    assert told(after[asked], after) == [("PO_PAID", ["POI_PAID"]), ("PO_INVALID", ["POI_INVALID"] * 2)]


def test_case_5_several_plans_of_which_the_first_payment_picks_one() -> None:
    two, three = plan(10, "rate-2", 2, paid=[1]), plan(20, "rate-3", 3)
    assert told(three[0], [*two, *three]) == [
        ("PO_PARTIALLY_PAID", ["POI_PAID", "POI_UNPAID"]),
        ("PO_INVALID", ["POI_INVALID"] * 3),
    ]


def test_case_6_each_debtor_sees_his_own_and_whoever_pays_first_closes_all() -> None:
    other = replace(TERMS.debtor, fiscal_code="BNCGLI82D63L049K", full_name="Giulia Bianchi")
    mine, theirs = notice(1, "unica"), notice(2, "unica", debtor=other)
    assert told(mine, [mine, theirs]) == [("PO_UNPAID", ["POI_UNPAID"])]
    paid = notice(2, "unica", debtor=other, paid=True)
    assert told(mine, [mine, paid]) == [("PO_INVALID", ["POI_INVALID"])]
    assert (is_closed_by(mine, [mine, paid]), is_closed_by(paid, [mine, paid])) == (True, False)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"due_date": date(2026, 11, 1)}, ("PO_EXPIRED_UNPAID", ["POI_EXPIRED_UNPAID"])),
        (
            {"due_date": date(2026, 11, 1), "payable_until": date(2026, 11, 1)},
            ("PO_EXPIRED_NOT_PAYABLE", ["POI_EXPIRED_NOT_PAYABLE"]),
        ),
        ({"status": PositionStatus.CANCELLED}, ("PO_INVALID", ["POI_INVALID"])),
        ({"paid": True, "due_date": date(2026, 11, 1)}, ("PO_PAID", ["POI_PAID"])),
    ],
)
def test_what_is_late_over_or_paid_late(changes: dict[str, Any], expected: tuple[str, list[str]]) -> None:
    one = notice(1, "unica", **changes)
    assert told(one, [one]) == [expected]


def test_a_plan_is_expired_only_once_all_its_instalments_are() -> None:
    instalments = plan(10, "rate", 2)
    first = instalments[0].terms
    assert first is not None
    late = replace(instalments[0], terms=replace(first, due_date=date(2026, 11, 1)))
    assert told(late, [late, instalments[1]]) == [("PO_UNPAID", ["POI_EXPIRED_UNPAID", "POI_UNPAID"])]


def test_an_option_sums_up_its_instalments_and_takes_the_last_due_date() -> None:
    instalments = plan(10, "rate", 2)
    body = payment_options._body(CREDITOR, instalments[0], options_shown(instalments[0], instalments, NOW))
    [option] = body["paymentOptions"]
    assert (option["amount"], option["numberOfInstallments"]) == (24_000, 2)
    assert (option["dueDate"], option["installments"][0]["dueDate"]) == ("2027-02-28T23:59:59", "2027-01-28T23:59:59")
    assert option["description"] == "Piano in 2 rate"


def test_amounts_are_those_of_today() -> None:
    schedule = AmountSchedule(reduced_cents=AmountCents(7_000), reduced_days=5, notified_on=date(2026, 11, 25))
    one = notice(1, "unica", schedule=schedule)
    body = payment_options._body(CREDITOR, one, options_shown(one, [one], NOW))
    assert body["paymentOptions"][0]["amount"] == 7_000


@pytest.mark.parametrize(
    ("archive", "standin"), [(None, False), (ArchiveTerms(), True), (ArchiveTerms(pay_stand_in=False), False)]
)
def test_stand_in_is_told_as_the_archive_is(archive: ArchiveTerms | None, standin: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    one = notice(1, "unica", archive=archive)
    assert payment_options._body(CREDITOR, one, options_shown(one, [one], NOW))["standin"] is standin


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (Fault.SYNTAX, "ODP-101", 400),
        (Fault.EXTRA_SYNTAX, "ODP-101", 400),
        (Fault.SEMANTICS, "ODP-102", 422),
        (Fault.SYSTEM_ERROR, "ODP-103", 500),
        (Fault.UNKNOWN_DOMAIN, "ODP-104", 400),
        (Fault.UNKNOWN_BROKER, "ODP-105", 400),
        (Fault.UNKNOWN_STATION, "ODP-106", 400),
        (Fault.UNKNOWN_PAYMENT, "ODP-107", 404),
        (Fault.DUPLICATE_PAYMENT, "ODP-108", 409),
        (Fault.EXPIRED_PAYMENT, "ODP-110", 422),
        (Fault.CANCELLED_PAYMENT, "ODP-111", 422),
    ],
)
def test_errors_are_the_pairs_that_pagopas_proxy_knows(fault: Fault, code: str, status: int) -> None:
    answer = payment_options._error(fault, NOW)
    assert (answer.body["appErrorCode"], answer.status, answer.body["httpStatusCode"]) == (code, status, status)
    valid(dict(answer.body), "ErrorResponse")
    if SAMPLES.is_dir():
        sample = json.loads((SAMPLES / "40_payment_options_error_ODP-108.json").read_text())
        assert set(answer.body) == set(sample)


def test_every_fault_has_its_twin_here() -> None:
    assert set(payment_options._ERRORS) == set(Fault)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the official samples are not here")
def test_the_samples_of_the_specification_have_the_fields_we_answer_with() -> None:
    single, instalments = notice(1, "unica", due_date=date(2027, 1, 31)), plan(10, "rate", 2)
    together = [single, *instalments]
    ours = payment_options._body(CREDITOR, single, options_shown(single, together, NOW))
    theirs = json.loads((SAMPLES / "38_payment_options_single_and_plan.json").read_text())
    assert set(ours) == set(theirs)
    assert set(ours["paymentOptions"][0]) == set(theirs["paymentOptions"][0])
    assert set(ours["paymentOptions"][0]["installments"][0]) == set(theirs["paymentOptions"][0]["installments"][0])
