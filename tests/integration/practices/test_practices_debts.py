"""The entity's debts: put, amended, annulled, numbered."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from chassis.storage.database import Database
from contracts.codes import CreditorFiscalCode, FiscalCode, NoticeNumber
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import CheckoutStarted, PaymentConfirmed
from contracts.rpc.practices import AnnulRequest, DueDatesRequest, PositionRequest, Practice
from contracts.shapes import Instalment, Viewer
from services.practices.models import NoticeSequence, PracticeRow
from services.practices.repository import catalogue
from services.practices.usecases import debts, expiry, issuance, payment_events, queries

Put = Callable[..., Practice]
Emitted = Callable[[], list[tuple[str, int]]]


def annul(database: Database, now: datetime, external_id: str = "TARI-1") -> Practice:
    request = AnnulRequest(entity_code="PM108", external_id=external_id, reason="Sgravio")
    return debts.annul_debt(database, request, now)


def start_checkout(database: Database, practice: Practice, now: datetime) -> None:
    data = CheckoutStarted(
        checkout_id=uuid4(),
        entity_code=practice.entity_code,
        practice_ids=[practice.id],
        total_cents=practice.amount_cents,
        started_at=now,
        open_until=now + timedelta(minutes=30),
    )
    with database.transaction() as tx:
        payment_events.checkout_started(tx, data)


def pay(database: Database, practice: Practice, now: datetime) -> None:
    data = PaymentConfirmed(
        receipt_id="R1",
        practice_id=practice.id,
        entity_code=practice.entity_code,
        creditor_fiscal_code=CreditorFiscalCode("80012345676"),
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        amount_cents=practice.amount_cents,
        paid_at=now,
        psp_id="ABI12345",
        psp_name="Banca Esempio",
    )
    with database.transaction() as tx:
        payment_events.payment_confirmed(tx, data)


def test_putting_a_debt_twice_changes_nothing(put: Put, emitted: Emitted) -> None:
    assert put() == put()
    assert emitted() == [("PracticeCreated.v1", 1)]


def test_other_terms_amend_the_debt_under_its_notice_number(put: Put, emitted: Emitted) -> None:
    first = put()
    amended = put(amount_cents=15_000, instalment=Instalment(number=5, total=7), due_date=date(2026, 12, 2))
    assert (amended.id, amended.notice_number) == (first.id, first.notice_number)
    assert amended.amount_cents == 15_000
    assert amended.instalment == Instalment(number=5, total=7)
    put(amount_cents=15_100, due_date=date(2026, 12, 2))
    assert emitted() == [("PracticeCreated.v1", 1), ("PracticeAmended.v1", 2), ("PracticeAmended.v1", 3)]


@pytest.mark.parametrize(("happen", "state"), [(start_checkout, "unconfirmed"), (pay, "paid")])
def test_a_debt_being_paid_or_paid_keeps_its_terms(
    database: Database, put: Put, now: datetime, happen: Callable[..., None], state: str
) -> None:
    practice = put()
    happen(database, practice, now)
    with pytest.raises(Refused) as refused:
        put(amount_cents=1)
    assert (refused.value.code, refused.value.params) == (ErrorCode.PRACTICE_NOT_AMENDABLE, {"state": state})
    assert put().amount_cents == practice.amount_cents


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"fiscal_code": "RSSMRA85T10A562X"}, ErrorCode.INVALID_FISCAL_CODE),
        ({"full_name": " "}, ErrorCode.NAME_REQUIRED),
        ({"service_code": "PALESTRA"}, ErrorCode.UNKNOWN_SERVICE),
        ({"entity_code": "PM999"}, ErrorCode.UNKNOWN_ENTITY),
        ({"amount_cents": 0}, ErrorCode.AMOUNT_OUT_OF_RANGE),
        ({"description": ""}, ErrorCode.DESCRIPTION_REQUIRED),
        ({"description": "x" * 141}, ErrorCode.DESCRIPTION_TOO_LONG),
        ({"full_name": "x" * 71}, ErrorCode.NAME_TOO_LONG),
        ({"due_date": date(206, 1, 1)}, ErrorCode.INVALID_DATE),
        ({"instalment": Instalment(number=8, total=7)}, ErrorCode.INVALID_REQUEST),
        ({"external_id": "\x00"}, ErrorCode.INVALID_REQUEST),
        ({"external_id": "1,23457E+11"}, ErrorCode.SPREADSHEET_VALUE),
        ({"fiscal_code": "8,00123E+10"}, ErrorCode.SPREADSHEET_VALUE),
        ({"service_code": "MENSA", "fiscal_code": "ANONIMO"}, ErrorCode.ANONYMOUS_NOT_ALLOWED),
    ],
)
def test_a_wrong_debt_is_refused_and_nothing_stored(
    database: Database, put: Put, changed: dict[str, Any], code: ErrorCode
) -> None:
    with pytest.raises(Refused) as refused:
        put(**changed)
    assert refused.value.code is code
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PracticeRow)) == 0


def test_an_annulled_debt_says_why_and_stays_annulled(
    database: Database, put: Put, now: datetime, emitted: Emitted
) -> None:
    put()
    first = annul(database, now)
    assert (first.state, first.state_reason, first.not_payable_code) == (
        "cancelled",
        "Sgravio",
        "practice_cancelled",
    )
    assert annul(database, now) == first
    for again in ({}, {"amount_cents": 1}):
        with pytest.raises(Refused) as refused:
            put(**again)
        assert (refused.value.code, refused.value.params) == (
            ErrorCode.PRACTICE_NOT_AMENDABLE,
            {"state": "cancelled"},
        )
    assert emitted() == [("PracticeCreated.v1", 1), ("PracticeCancelled.v1", 2)]
    position = queries.positions(database, PositionRequest(practice_ids=[first.id])).positions[0]
    assert position.cancelled
    assert position.sequence == 2


@pytest.mark.parametrize(
    ("happen", "code"), [(start_checkout, ErrorCode.PRACTICE_BEING_PAID), (pay, ErrorCode.PRACTICE_PAID)]
)
def test_what_is_being_paid_or_paid_cannot_be_annulled(
    database: Database, put: Put, now: datetime, happen: Callable[..., None], code: ErrorCode
) -> None:
    happen(database, put(), now)
    with pytest.raises(Refused) as refused:
        annul(database, now)
    assert refused.value.code is code


def test_an_unknown_debt_cannot_be_annulled(database: Database, now: datetime) -> None:
    with pytest.raises(Refused) as refused:
        annul(database, now, "NONE-1")
    assert refused.value.code is ErrorCode.PRACTICE_NOT_FOUND


def test_two_requests_putting_the_same_new_debt_at_once_make_one(put: Put, emitted: Emitted) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: put().id, range(8)))
    assert len(set(made)) == 1
    assert len(emitted()) == 1


def test_notice_numbers_given_at_once_are_all_different_and_valid(put: Put) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda count: put(f"TARI-{count}").notice_number, range(80)))
    assert len(set(numbers)) == 80
    assert all(NoticeNumber.typed(number) == number for number in numbers)


def test_a_number_taken_for_a_practice_that_failed_is_a_hole_and_never_given_again(
    database: Database, put: Put
) -> None:
    first = put("TARI-1").notice_number
    with database.reading() as session:
        issuer = catalogue.issuer(session, "PM108", "TARI")
    lost = list(issuance.allocate(database, issuer, 3))
    after = put("TARI-2").notice_number
    assert len({first, *lost, after}) == 5


def test_who_has_two_notice_numbers_cannot_count_up_to_the_next(put: Put) -> None:
    bases = [int(put(f"TARI-{count}").notice_number[3:16]) for count in range(20)]
    steps = {after - before for before, after in pairwise(bases)}
    assert len(steps) == 19
    assert min(map(abs, steps)) > 1_000


def test_sixteen_writers_never_get_the_same_number_nor_one_issued_in_sequence_before(database: Database) -> None:
    with database.transaction() as tx:
        issuer = catalogue.issuer(tx.session, "PM108", "TARI")
        before = 1_000_000
        tx.session.add(
            NoticeSequence(
                creditor_fiscal_code=issuer.entity.creditor_fiscal_code,
                segregation_code=issuer.segregation_code,
                next_base=before,
                permuted_from=before,
            )
        )
    with ThreadPoolExecutor(16) as pool:
        taken = pool.map(lambda _: list(issuance.allocate(database, issuer, 25)), range(64))
        numbers = [number for some in taken for number in some]
    assert len(set(numbers)) == 64 * 25
    assert all(NoticeNumber.typed(number) == number for number in numbers)
    assert min(int(number[3:16]) for number in numbers) >= before


def test_what_cannot_be_paid_late_expires_when_its_last_day_in_rome_has_passed(
    database: Database, put: Put, emitted: Emitted
) -> None:
    strict = put("MENSA-1", service_code="MENSA", due_date=date(2026, 12, 15))
    put("TARI-1", due_date=date(2026, 12, 15))
    last_second = datetime(2026, 12, 15, 22, 59, 59, tzinfo=UTC)
    assert expiry.expire_overdue(database, last_second) == 0
    assert expiry.expire_overdue(database, last_second + timedelta(seconds=1)) == 1
    assert expiry.expire_overdue(database, last_second + timedelta(days=1)) == 0
    assert emitted()[2:] == [("PracticeExpired.v1", 2)]
    assert strict.state_until == datetime(2026, 12, 15, 23, tzinfo=UTC)
    again = put("MENSA-1", at=last_second + timedelta(seconds=1), service_code="MENSA", due_date=date(2026, 12, 15))
    assert (again.state, again.not_payable_code, again.state_reason) == (
        "expired",
        "practice_expired",
        "late_not_accepted",
    )


def test_a_longer_due_date_reopens_an_expired_practice(database: Database, put: Put, now: datetime) -> None:
    put("MENSA-1", service_code="MENSA", due_date=date(2026, 11, 22))
    assert expiry.expire_overdue(database, now) == 1
    reopened = put("MENSA-1", service_code="MENSA", due_date=date(2026, 12, 22))
    assert (reopened.state, reopened.payable) == ("to_pay", True)


def due_dates(database: Database, fiscal_code: FiscalCode | None, since: datetime) -> list[tuple[str | None, int, str]]:
    request = DueDatesRequest(viewer=Viewer(fiscal_code=fiscal_code), since=since)
    found = queries.due_dates(database, request, since).practices
    return [(practice.external_id, practice.revision, practice.state) for practice in found]


def test_due_dates_are_of_all_entities_and_their_revision_grows_with_every_change(
    database: Database, put: Put, now: datetime
) -> None:
    mario = FiscalCode("RSSMRA85T10A562S")
    first = put("A", due_date=date(2026, 12, 1))
    put("B", entity_code="PM200", due_date=date(2026, 12, 31))
    put("C", due_date=None)
    put("D", due_date=date(2026, 12, 1), fiscal_code="BNCGLI82D63L049K")
    assert due_dates(database, mario, now) == [("B", 3, "to_pay"), ("A", 3, "to_pay")]
    put("A", due_date=date(2026, 12, 2))
    assert due_dates(database, mario, now)[1] == ("A", 6, "to_pay")
    pay(database, first, now)
    assert due_dates(database, mario, now)[1] == ("A", 8, "paid")
    assert due_dates(database, mario, now + timedelta(seconds=1)) == [("B", 3, "to_pay")]
    assert due_dates(database, None, now) == []


def test_several_processes_expire_every_practice_once(
    database: Database, put: Put, now: datetime, emitted: Emitted
) -> None:
    for number in range(30):
        put(f"MENSA-{number}", service_code="MENSA", due_date=date(2026, 11, 22))
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: expiry.expire_overdue(database, now), range(4)))
    expiry.expire_overdue(database, now)
    assert sum(counts) == 30
    assert emitted().count(("PracticeExpired.v1", 2)) == 30
