"""The amount of today in payments: what the node and the archive are told, and with what a receipt is compared."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.amounts import AmountSchedule
from contracts.codes import AmountCents, CreditorFiscalCode
from contracts.rpc.practices import ArchiveTerms
from services.payments.archive.digest import digest_of
from services.payments.domain.positions import PaymentTerms, Position
from services.payments.domain.receipts import Judgement, ReceiptFacts, judge
from services.payments.domain.settlements import FlowRow, Outcome
from services.payments.soap import responses
from services.payments.soap.requests import Operation
from services.payments.usecases.recovered_receipt import terms_of_row
from tests.unit.payments.test_payments_archive import CREDITOR, POSITION, TERMS, TRANSFER, archivable

SCHEDULE = AmountSchedule(
    reduced_cents=AmountCents(7_000),
    reduced_days=5,
    notified_on=date(2027, 3, 1),
    printed_date=date(2027, 3, 31),
)
OTHER = replace(TRANSFER, id_transfer=2, amount_cents=AmountCents(2_000), fiscal_code=CreditorFiscalCode("01234567890"))
PENALTY = replace(
    TERMS,
    due_date=date(2027, 4, 30),
    transfers=(replace(TRANSFER, amount_cents=AmountCents(10_000)), OTHER),
    schedule=SCHEDULE,
)
MIDNIGHT = datetime(2027, 3, 6, 23, tzinfo=UTC)
BEFORE, AFTER = MIDNIGHT - timedelta(hours=5), MIDNIGHT + timedelta(hours=5)


def position(terms: PaymentTerms = PENALTY) -> Position:
    return replace(POSITION, terms=terms)


def paid(amount_cents: int, at: datetime) -> ReceiptFacts:
    code = str(CREDITOR.fiscal_code)
    return ReceiptFacts("r", code, code, "OK", amount_cents, amount_cents, at)


def test_the_first_transfer_takes_the_difference_and_the_others_stay() -> None:
    assert [one.amount_cents for one in PENALTY.at(BEFORE).transfers] == [5_000, 2_000]
    assert [one.amount_cents for one in PENALTY.at(AFTER).transfers] == [10_000, 2_000]


def test_the_node_is_told_the_printed_date() -> None:
    answer = responses.verified(Operation.VERIFY, CREDITOR, PENALTY.at(BEFORE))
    assert "<dueDate>2027-03-31</dueDate>" in answer
    assert "<amount>70.00</amount>" in answer


def test_terms_without_a_schedule_are_the_same_at_every_moment() -> None:
    assert TERMS.at(BEFORE) is TERMS
    assert TERMS.due_when_paid(BEFORE, 1) is TERMS


@pytest.mark.parametrize(
    ("amount_cents", "at", "judgement"),
    [
        (7_000, BEFORE, Judgement.EXPECTED),
        (12_000, BEFORE, Judgement.OTHER_AMOUNT),
        (7_000, MIDNIGHT + timedelta(minutes=10), Judgement.EXPECTED),
        (12_000, MIDNIGHT + timedelta(minutes=10), Judgement.EXPECTED),
        (6_000, MIDNIGHT + timedelta(minutes=10), Judgement.UNDERPAID),
        (7_000, AFTER, Judgement.UNDERPAID),
        (12_000, AFTER, Judgement.EXPECTED),
    ],
)
def test_a_receipt_is_compared_with_what_the_node_was_told(
    amount_cents: int, at: datetime, judgement: Judgement
) -> None:
    assert judge(paid(amount_cents, at), position()) is judgement


def test_what_is_missing_is_told_by_the_moment_of_the_first_payment() -> None:
    short = replace(position(), paid_receipt_id="r", paid_at=AFTER, first_paid_at=BEFORE, received_cents=6_000)
    assert short.missing_cents == 1_000
    assert judge(paid(1_000, AFTER), short) is Judgement.EXPECTED
    assert replace(short, received_cents=7_000).missing_cents == 0


def test_the_archive_is_told_another_amount_on_another_day() -> None:
    one = archivable(due_date=PENALTY.due_date, transfers=PENALTY.transfers, schedule=SCHEDULE)
    assert digest_of(one.content(BEFORE)) != digest_of(one.content(AFTER))
    assert digest_of(one.content(BEFORE)) == digest_of(one.content(MIDNIGHT - timedelta(seconds=1)))
    assert (one.amount_until(BEFORE), one.amount_until(AFTER)) == (date(2027, 3, 6), None)


def test_the_archive_is_told_the_printed_date_but_where_it_expires_by_the_due_date() -> None:
    late, expiring = (
        archivable(due_date=PENALTY.due_date, schedule=SCHEDULE, archive=archive)
        for archive in (ArchiveTerms(), ArchiveTerms(switch_to_expired=True))
    )
    assert late.content(BEFORE)["paymentOption"][0]["dueDate"] == "2027-03-31T21:59:59Z"
    assert expiring.content(BEFORE)["paymentOption"][0]["dueDate"] == "2027-04-30T21:59:59Z"


@pytest.mark.parametrize(
    ("own_cents", "day", "moment"),
    [
        (5_000, date(2027, 3, 6), "2027-03-06T11:00:00+00:00"),
        (10_000, date(2027, 3, 7), "2027-03-07T11:00:00+00:00"),
        # Told before midnight and paid after it.
        (5_000, date(2027, 3, 7), "2027-03-06T23:01:00+00:00"),
        # Neither: that is for a human.
        (4_000, date(2027, 3, 7), "2027-03-07T11:00:00+00:00"),
    ],
)
def test_a_row_without_receipt_is_compared_with_the_amount_of_its_day_or_the_one_before(
    own_cents: int, day: date, moment: str
) -> None:
    row = FlowRow("iuv", "iur", 1, own_cents, Outcome.EXECUTED, day)
    terms, paid_at = terms_of_row(row, CREDITOR.fiscal_code, PENALTY)
    assert paid_at == datetime.fromisoformat(moment)
    assert terms.amount_cents in (7_000, 12_000)
    assert judge(paid(int(terms.amount_cents), paid_at), position()) is Judgement.EXPECTED
