"""Whoever asks is told the same amount: page, cart, checkout, verify, getPayment, notice, archive and mail.

Random debts with random schedules, each issued as practices issues it and told to payments by its event; asked about
about every midnight at which the amount changes, in the hours in which the clocks change, and at any second. What is
right is computed a second time here, day by day and in fractions.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Final

import pytest
from lxml import etree

from contracts.amounts import AmountSchedule, ToldAmount, ToldAmounts, with_answer
from contracts.calendar import ROME
from contracts.codes import AmountCents, NoticeNumber
from contracts.rpc.practices import ArchiveTerms, Position, Practice
from contracts.shapes import Subject
from services.notices.documents.domain.composition import notice_content
from services.notices.documents.domain.content import Artworks
from services.notices.mail import texts
from services.notices.mail.domain import Kind
from services.payments.domain import positions
from services.payments.domain.archive import Archivable
from services.payments.soap import responses
from services.payments.soap.requests import Operation
from services.payments.usecases.checkouts import reservation
from services.practices import catalogue_records, records
from services.practices.catalogue_records import Issuer
from services.practices.domain.debt import Debt
from services.practices.models import EntityRow, PracticeRow, ServiceRow
from services.practices.usecases import issuance
from tests.shares import share

# A hundred thousand take half an hour.
pytestmark = pytest.mark.timeout(7_200)
SCHEDULES: Final = share(in_ci=400, nightly=100_000)
SOFTWARES: Final = share(in_ci=200, nightly=20_000)
SEED: Final = 20_270_328
ISSUED_AT: Final = datetime(2026, 9, 1, 10, tzinfo=UTC)
FIRST_DAY: Final = date(2026, 9, 1)
# The nights in which Rome's clocks change, an hour of which is there twice or not at all.
CLOCK_CHANGES: Final = (datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2027, 3, 28, 0, tzinfo=UTC))
SHARE: Final = {
    "fiscal_code": "01234567890",
    "company_name": "Regione",
    "iban": "IT60X0542811101000000123456",
    "category": "9/0601101TS/",
    "amount_cents": 300,
}
NUMBER: Final = NoticeNumber.issue("01", 1)
DEBTOR: Final = Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Mario Rossi")
ENTITY_ROW: Final = EntityRow(
    code="PM108",
    creditor_fiscal_code="80012345676",
    company_name="Conservatorio",
    broker_fiscal_code="80012345676",
    station_id="80012345676_01",
    segregation_code="01",
    iban="IT60X0542811101000000123456",
)


def service(shares: list[dict[str, Any]]) -> ServiceRow:
    return ServiceRow(
        entity_code="PM108",
        code="SANZIONI",
        title={"it": "Sanzioni", "en": "Penalties"},
        category="9/0601101TS/",
        spontaneous=False,
        allows_anonymous=False,
        requires_beneficiary=False,
        accepts_late=True,
        shares=shares,
        revision=1,
    )


ISSUERS: Final = tuple(catalogue_records.issuer_of(ENTITY_ROW, service(shares)) for shares in ([], [SHARE]))
ENTITY: Final = catalogue_records.entity_of(ENTITY_ROW, [])


def some_day(chance: random.Random) -> date:
    return FIRST_DAY + timedelta(days=chance.randrange(400))


def debt(chance: random.Random, issuer: Issuer) -> Debt:
    """Return a debt with a schedule that its service takes: any of the parts, or none."""
    amount_cents = AmountCents(chance.choice((chance.randrange(400, 1_000), chance.randrange(1_000, 5_000_000))))
    due_date = some_day(chance) if chance.random() < 0.8 else None
    changes: dict[str, Any] = {}
    if chance.random() < 0.5:
        changes |= {"reduced_cents": AmountCents(chance.randrange(301, amount_cents))}
        changes |= {"reduced_days": chance.randrange(1, 60)}
        changes |= {"notified_on": some_day(chance)} if chance.random() < 0.8 else {}
    if chance.random() < 0.4 or due_date is None:
        changes |= {"valid_until": some_day(chance)}
    if chance.random() < 0.5:
        changes |= {"surcharge_cents": AmountCents(chance.randrange(1, 10_000))}
    if chance.random() < 0.5:
        changes |= {"interest_basis_points": chance.randrange(1, 2_000)}
    if chance.random() < 0.2:
        changes |= {"printed_date": some_day(chance)}
    schedule = issuer.rules.checked_schedule(AmountSchedule(**changes), amount_cents, due_date)
    return Debt(
        service_code="SANZIONI",
        debtor=DEBTOR,
        description="Verbale",
        amount_cents=amount_cents,
        due_date=due_date,
        schedule=schedule,
    )


def right_cents(owed: Debt, moment: datetime) -> int:
    """Say the rule a second time: in fractions, and without a word of contracts.amounts."""
    schedule, day = owed.schedule, moment.astimezone(ROME).date()
    if schedule is None:
        return owed.amount_cents
    if schedule.reduced_cents:
        reduced_days = schedule.reduced_days or 0
        if schedule.notified_on is None or (day - schedule.notified_on).days <= reduced_days:
            return schedule.reduced_cents
    last = schedule.valid_until or owed.due_date
    late_days = (day - last).days if last else 0
    if late_days <= 0:
        return owed.amount_cents
    interest = Fraction(owed.amount_cents * (schedule.interest_basis_points or 0), 10_000) * Fraction(late_days, 365)
    half_up = (interest + Fraction(1, 2)).__floor__()
    return owed.amount_cents + (schedule.surcharge_cents or 0) + half_up


def moments(chance: random.Random, owed: Debt) -> Iterator[datetime]:
    """Yield the seconds about each midnight of a change, some in the hours of the clocks, and one anywhere."""
    schedule = owed.schedule or AmountSchedule()
    reduced_until = schedule.notified_on and schedule.notified_on + timedelta(days=schedule.reduced_days or 0)
    for last in filter(None, (reduced_until, schedule.valid_until, owed.due_date)):
        midnight = datetime.combine(last + timedelta(days=1), datetime.min.time(), ROME).astimezone(UTC)
        yield midnight - timedelta(seconds=1)
        yield midnight
    yield chance.choice(CLOCK_CHANGES) + timedelta(seconds=chance.randrange(-7_200, 10_800))
    yield ISSUED_AT + timedelta(seconds=chance.randrange(500 * 86_400))


def issued(owed: Debt, issuer: Issuer) -> tuple[PracticeRow, Position]:
    """Issue a debt as practices does; return its row, and what PracticeCreated tells payments."""
    told: list[Position] = []
    tx: Any = SimpleNamespace(emit=lambda _type, data, **_more: told.append(data))
    return PracticeRow(**issuance.create(tx, "V-1", NUMBER, owed, issuer, ISSUED_AT)), told[0]


def amounts_in(envelope: str, name: str) -> list[int]:
    found = [one.text or "" for one in etree.fromstring(envelope.encode()).iter() if etree.QName(one).localname == name]
    return [int(text.replace(".", "")) for text in found]


def told_by_practices(practice: Practice) -> dict[str, int]:
    """Return what page, cart, notice and mail say: each is made of the practice as it is shown."""
    notice = notice_content([practice], ENTITY, Artworks(), "it")
    facts = texts.MailFacts(Kind.NOTICE, practice, ENTITY.creditor, None, None)
    rows = dict(texts._rows(facts, "it", texts._COMMON_TEXTS["it"], "Sanzioni"))
    written = rows["Importo"].removesuffix("€").strip().replace(".", "").replace(",", "")
    return {
        "page and cart": practice.amount_cents,
        "notice": notice.payments[0].amount_cents,
        "mail": int(written),
    }


def told_by_payments(position: positions.Position, moment: datetime) -> dict[str, int]:
    """Return what the node, Checkout and the archive of notices are told."""
    assert position.terms is not None
    terms = position.terms.at(moment)
    verify = responses.verified(Operation.VERIFY, ENTITY.creditor, terms)
    payment = responses.payment(Operation.GET_PAYMENT_V2, ENTITY.creditor, position, terms, postal=False)
    archived = Archivable(position=position, archive=ArchiveTerms(), creditor=ENTITY.creditor).body(moment)
    option = archived["paymentOption"][0]
    return {
        "verify": amounts_in(verify, "amount")[0],
        "getPayment": amounts_in(payment, "paymentAmount")[0],
        "transfers": sum(amounts_in(payment, "transferAmount")),
        "checkout": reservation.item_of(0, position, moment).amount_cents,
        "archive": option["amount"],
        "transfers in the archive": sum(transfer["amount"] for transfer in option["transfer"]),
    }


def test_at_every_second_everybody_is_told_the_same_amount() -> None:
    chance = random.Random(SEED)
    for number in range(SCHEDULES):
        issuer = chance.choice(ISSUERS)
        owed = debt(chance, issuer)
        row, told = issued(owed, issuer)
        position = positions.fold(None, positions.Change.of_position(told))
        for moment in moments(chance, owed):
            practice = records.issued_practice(row, issuer, moment)
            found = told_by_practices(practice) | told_by_payments(position, moment)
            right = right_cents(owed, moment)
            assert set(found.values()) == {right}, (SEED, number, owed, moment, right, found)


def test_what_pages_promise_for_later_is_what_will_be_asked_then() -> None:
    chance = random.Random(SEED + 1)
    for number in range(SCHEDULES):
        owed = debt(chance, ISSUERS[0])
        row, _ = issued(owed, ISSUERS[0])
        now = ISSUED_AT + timedelta(days=chance.randrange(400))
        periods = records.issued_practice(row, ISSUERS[0], now).amounts
        for before, after in pairwise(periods):
            assert before.reduced_days or (before.until and after.since == before.until + timedelta(days=1)), number
        for period in periods:
            for day in filter(None, (period.since, period.until)):
                noon = datetime.combine(day, datetime.min.time().replace(hour=12), ROME)
                known = not any(one.reduced_days for one in periods)
                assert not known or right_cents(owed, noon) == period.amount_cents, (SEED + 1, number, owed, period)


def answers(chance: random.Random) -> ToldAmounts:
    """Return what an entity's software has said on some days, each another amount than before."""
    told = ToldAmounts(use_last_known=True)
    at = ISSUED_AT
    for _ in range(chance.randrange(1, 6)):
        at += timedelta(seconds=chance.randrange(60, 40 * 86_400))
        cents, holds = chance.randrange(301, 5_000_000), timedelta(seconds=chance.randrange(10, 86_400))
        told = with_answer(told, ToldAmount(amount_cents=cents, told_at=at, holds_until=at + holds))
    return told


def test_at_every_second_everybody_is_told_what_the_software_had_said() -> None:
    chance = random.Random(SEED + 2)
    issuer = ISSUERS[1]
    for number in range(SOFTWARES):
        told = answers(chance)
        owed = replace(debt(chance, issuer), schedule=AmountSchedule(told=told))
        row, news = issued(owed, issuer)
        position = positions.fold(None, positions.Change.of_position(news))
        for before, after in pairwise([None, *told.answers]):
            assert after is not None
            # Clocks may be five seconds apart: so much earlier it counts already.
            for ahead, one in ((-6, before), (0, after), (1, after)):
                moment = after.told_at + timedelta(seconds=ahead)
                right = one.amount_cents if one else owed.amount_cents
                found = told_by_practices(records.issued_practice(row, issuer, moment))
                found |= told_by_payments(position, moment)
                assert set(found.values()) == {right}, (SEED + 2, number, told, moment, right, found)
