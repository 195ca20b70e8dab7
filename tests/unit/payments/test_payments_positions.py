"""What is known of a position: whether it is late, what is missing, what strangers are told it is for."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.amounts import AmountSchedule
from contracts.codes import AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.events.practices import PracticeEnded
from contracts.shapes import Beneficiary, Instalment, OptionPart, Stamp, Subject, Transfer
from services.payments.domain.books import Bookkeeping
from services.payments.domain.positions import Change, PaymentTerms, Position, PositionStatus, fold_all

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
POSTAL = Transfer(
    id_transfer=1,
    amount_cents=AmountCents(1_000),
    fiscal_code=CreditorFiscalCode("80012345676"),
    company_name="Conservatorio",
    iban="IT60X0542811101000000123456",
    postal_iban="IT60X0760111101000000123456",
    remittance_information="TARI",
    category="9/0601112AP/",
)
TERMS = PaymentTerms(
    amount_cents=AmountCents(1_000),
    description="TARI di Mario Rossi",
    due_date=None,
    payable_until=None,
    debtor=Subject(entity_type="F", fiscal_code="ANONIMO", full_name="Prova"),
    transfers=(POSTAL,),
    created_at=NOON,
)
KNOWN = Position(
    practice_id=UUID(int=1),
    entity_code="PM108",
    creditor_fiscal_code=CreditorFiscalCode("80012345676"),
    notice_number=NoticeNumber("301000000000000144"),
    iuv=Iuv("01000000000000144"),
    status=PositionStatus.OPEN,
    sequence=1,
    terms=TERMS,
    terms_sequence=1,
)


def paid(received_cents: int | None, **changes: Any) -> Position:
    return replace(KNOWN, paid_receipt_id="R1", paid_at=NOON, received_cents=received_cents, **changes)


@pytest.mark.parametrize(
    ("position", "cents"),
    [
        (KNOWN, 0),
        (replace(KNOWN, received_cents=400), 0),
        (paid(400), 600),
        (paid(1_000), 0),
        (paid(1_400), 0),
        # Paid before what came was counted; known by its end alone.
        (paid(None), 0),
        (paid(400, terms=None), 0),
        (replace(paid(400), paid_at=None), 600),
    ],
)
def test_something_is_missing_where_less_came_than_was_due(position: Position, cents: int) -> None:
    assert position.missing_cents == cents


def test_what_is_missing_is_of_the_amount_of_the_first_payment() -> None:
    late = replace(TERMS, due_date=TODAY, schedule=AmountSchedule(surcharge_cents=AmountCents(500)))
    after = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
    assert paid(400, terms=late).missing_cents == 600
    assert replace(paid(400, terms=late), paid_at=after).missing_cents == 1_100
    assert replace(paid(400, terms=late), paid_at=after, first_paid_at=NOON).missing_cents == 600


@pytest.mark.parametrize(
    ("status", "until", "terms_known", "expired"),
    [
        (PositionStatus.OPEN, None, True, False),
        (PositionStatus.EXPIRED, None, True, True),
        (PositionStatus.CANCELLED, None, True, False),
        # The last day decides, whatever the timer of practices has done.
        (PositionStatus.EXPIRED, TODAY, True, False),
        (PositionStatus.OPEN, date(2026, 11, 22), True, True),
        (PositionStatus.EXPIRED, None, False, True),
        (PositionStatus.OPEN, None, False, False),
    ],
)
def test_a_position_is_late_after_its_last_day_in_rome(
    status: PositionStatus, until: date | None, *, terms_known: bool, expired: bool
) -> None:
    terms = replace(TERMS, payable_until=until) if terms_known else None
    position = replace(KNOWN, status=status, terms=terms)
    assert position.is_expired(TODAY) is expired
    assert position.is_expired_at(datetime(2026, 11, 23, 22, 59, tzinfo=UTC)) is expired


def test_midnight_in_rome_ends_the_last_day() -> None:
    last = replace(KNOWN, terms=replace(TERMS, payable_until=TODAY))
    assert last.is_expired_at(datetime(2026, 11, 23, 23, 0, tzinfo=UTC))


def test_strangers_are_told_what_the_practice_says_for_them_and_else_only_that_it_is_a_notice() -> None:
    assert TERMS.shown_description == "Avviso di pagamento"
    assert replace(TERMS, public_description="TARI 2026").shown_description == "TARI 2026"


def test_a_stamp_is_told_and_a_transfer_without_postal_account_too() -> None:
    stamp = replace(POSTAL, postal_iban=None, stamp=Stamp(document_hash="x" * 44, province="TA"))
    assert (TERMS.has_stamp, TERMS.all_postal) == (False, True)
    both = replace(TERMS, transfers=(POSTAL, stamp))
    assert (both.has_stamp, both.all_postal) == (True, False)


def test_books_and_debt_position_are_nothing_where_nothing_was_told() -> None:
    assert KNOWN.bookkeeping == replace(KNOWN, terms=None).bookkeeping == Bookkeeping()
    books = Bookkeeping(external_id="TARI-1")
    assert replace(KNOWN, terms=replace(TERMS, bookkeeping=books)).bookkeeping == books
    assert TERMS.debt_position is None
    part = OptionPart(debt_position="TARI-27", option="unica")
    assert replace(TERMS, part=part).debt_position == "TARI-27"


def test_books_repeat_all_that_they_know_by_the_names_of_the_messages() -> None:
    books = Bookkeeping(
        external_id="TARI-1",
        service_code="TARI",
        accounting_code="3.0.1.02.16",
        instalment=Instalment(number=5, total=7),
        beneficiary=Beneficiary(full_name="Anna", course="Violino", school="Scuola", contribution_type="Retta"),
    )
    assert books.fields() == {one.name: getattr(books, one.name) for one in fields(books)}
    assert None not in books.fields().values()


def test_terms_of_a_moment_take_the_amount_of_the_day_and_a_position_without_terms_none() -> None:
    late = replace(TERMS, due_date=date(2026, 11, 22), schedule=AmountSchedule(surcharge_cents=AmountCents(500)))
    asked = replace(KNOWN, terms=late).at(NOON).terms
    assert asked is not None
    assert (asked.amount_cents, asked.transfers[0].amount_cents, asked.schedule) == (1_500, 1_500, None)
    assert replace(KNOWN, terms=None).at(NOON).terms is None


def test_changes_in_any_order_tell_each_practice_once() -> None:
    ended = PracticeEnded(
        practice_id=UUID(int=2),
        sequence=3,
        entity_code="PM108",
        creditor_fiscal_code=CreditorFiscalCode("80012345676"),
        notice_number=NoticeNumber("301000000000000144"),
        iuv=Iuv("01000000000000144"),
        reason="late_not_accepted",
        at=NOON,
    )
    end = Change.of_end(ended, PositionStatus.EXPIRED)
    older = replace(end, sequence=2, status=PositionStatus.CANCELLED, reason="mistake")
    first = replace(end, practice_id=UUID(int=1), sequence=1, status=PositionStatus.OPEN, reason=None, terms=TERMS)
    told = {one.practice_id: one for one in fold_all([end, first, older])}
    assert {key.int: (one.status, one.status_reason, one.sequence, one.terms) for key, one in told.items()} == {
        1: (PositionStatus.OPEN, None, 1, TERMS),
        2: (PositionStatus.EXPIRED, "late_not_accepted", 3, None),
    }
