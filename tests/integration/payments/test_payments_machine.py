"""Random interleavings of everything that can happen to three practices, on a real database.

A receipt is made when a PSP is paid, and delivered at once, later, more than once or never; flows settle any of them,
also before they come, with other amounts, and in revisions; practices is away at times.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chassis.storage.database import Database
from contracts.errors import Refused, Unavailable
from contracts.events import EVENTS
from contracts.events.payments import (
    CheckoutAbandoned,
    CheckoutStarted,
    PaymentConfirmed,
    PaymentDuplicated,
    PaymentReported,
)
from contracts.events.practices import PRACTICE_CANCELLED, PRACTICE_CREATED
from contracts.rpc.payments import ReturnedRequest
from services.payments import models
from services.payments.domain.positions import PositionStatus
from services.payments.domain.settlements import Flow, FlowRow, Outcome
from services.payments.usecases import positions, receipts, settlements
from services.payments.usecases.checkouts import checkout_return, end
from services.payments.usecases.checkouts.start import CheckoutStarter
from services.practices.domain import practice_status as practices_fold
from services.practices.domain.states import State
from tests.conftest import empty_tables
from tests.integration.payments.payments_actors import (
    START,
    Practices,
    activate,
    ask_node,
    emitted,
    ended,
    event,
    position,
    receipt,
    start,
    starter_at,
    verify,
)

NUMBERS = st.integers(1, 3)
TOKEN_LIFE = timedelta(minutes=30)
AMOUNTS = st.sampled_from([1000, 2000])
# A seed, not st.randoms(): how much is drawn from it depends on what the system did, which hypothesis must not see.
RANDOM = st.integers(0, 2**32 - 1).map(Random)


@dataclass(frozen=True)
class Made:
    """A payment at a PSP and the receipt made of it."""

    number: int
    amount_cents: int
    note: str | None
    psp: str


class Payments(RuleBasedStateMachine):
    """What can happen to three practices, in any order."""

    database: ClassVar[Database]
    starter: ClassVar[CheckoutStarter]

    @initialize()
    def begin(self):
        empty_tables(self.database)
        self.practices = Practices()
        self.now = START
        self.made: dict[str, Made] = {}
        self.delivered: set[str] = set()
        self.opened: list[UUID] = []
        self.activated: dict[int, Any] = {}
        self.sequences: Counter[int] = Counter()
        self.flows = 0

    # --- what practices tells ---

    def tell(self, number: int) -> None:
        told = event(PRACTICE_CREATED, self.practices.issued[number], self.now)
        with self.database.transaction() as tx:
            positions.project_positions(tx, [told], self.now)

    @rule(number=NUMBERS, amount_cents=AMOUNTS, is_told=st.booleans())
    def issue_or_amend(self, number, amount_cents, is_told):
        self.sequences[number] += 1
        self.practices.issued[number] = position(number, self.sequences[number], amount_cents)
        if is_told:
            self.tell(number)

    @rule(number=NUMBERS)
    def hear_again(self, number):
        if number in self.practices.issued:
            self.tell(number)

    @rule(number=NUMBERS, status=st.sampled_from([PositionStatus.CANCELLED, PositionStatus.EXPIRED]))
    def cancel_or_expire(self, number, status):
        if number in self.practices.issued:
            self.sequences[number] += 1
            told = event(PRACTICE_CANCELLED, ended(number, self.sequences[number]), self.now)
            with self.database.transaction() as tx:
                positions.project_ends(tx, [told], status, self.now)

    @rule()
    def practices_goes_or_comes(self):
        self.practices.away = not self.practices.away

    # --- what the node asks and tells ---

    def say(self, text: str) -> str:
        return ask_node(self.database, self.practices, self.now, text)

    @rule(number=NUMBERS)
    def verify(self, number):
        before = len(emitted(self.database))
        assert "outcome>" in self.say(verify(number))
        assert len(emitted(self.database)) == before or not self.practices.away

    @rule(number=NUMBERS)
    def get(self, number):
        if "<outcome>OK</outcome>" in self.say(activate(number)):
            self.activated[number] = self.now

    @rule(
        number=NUMBERS,
        amount_cents=AMOUNTS,
        psp=st.sampled_from(["BANCA", "POSTE"]),
        names_checkout=st.booleans(),
        is_late=st.booleans(),
    )
    def pay(self, number, amount_cents, psp, names_checkout, is_late):
        note = str(self.opened[-1]) if self.opened and names_checkout else None
        receipt_id = f"RECEIPT-{len(self.made):04d}"
        self.made[receipt_id] = Made(number, amount_cents, note, psp)
        if not is_late:
            self.deliver(receipt_id)

    @rule(random=RANDOM)
    def deliver_late_or_again(self, random):
        if self.made:
            self.deliver(random.choice(sorted(self.made)))

    def deliver(self, receipt_id: str) -> None:
        made = self.made[receipt_id]
        assert "<outcome>OK</outcome>" in self.say(
            receipt(made.number, receipt_id, made.amount_cents, made.note, made.psp)
        )
        self.delivered.add(receipt_id)

    @rule(
        random=RANDOM,
        flow_id=st.sampled_from(["FLOW-A", "FLOW-B"]),
        outcome=st.sampled_from([Outcome.EXECUTED, Outcome.EXECUTED, Outcome.WITHOUT_REQUEST, Outcome.REVOKED]),
        surplus_cents=st.sampled_from([0, 0, 1]),
        with_stranger=st.booleans(),
    )
    def settle(self, random, flow_id, outcome, surplus_cents, with_stranger):
        chosen = random.sample(sorted(self.made), min(len(self.made), random.randint(1, 3)))
        paid = [(self.made[one].number, one, self.made[one].amount_cents + surplus_cents) for one in chosen]
        if with_stranger:
            paid.append((99, f"STRANGER-{self.flows}", 500))
        if not paid:
            return
        self.flows += 1
        rows = tuple(FlowRow(f"{number:017d}", iur, 1, cents, outcome, self.now.date()) for number, iur, cents in paid)
        flow = Flow(
            flow_id=flow_id,
            flow_at=START + timedelta(seconds=self.flows),
            revision=1,
            regulation_id=f"SCT-{self.flows}",
            settled_on=self.now.date(),
            sender_id="BANCA",
            sender_name=None,
            receiver_fiscal_code="80012345676",
            count=len(rows),
            total_cents=sum(row.amount_cents for row in rows),
            rows=rows,
        )
        with contextlib.suppress(Refused, Unavailable):
            settlements.take_flow(self.database, self.practices, flow, "PM108", self.now)

    # --- what the payer does ---

    @rule(numbers=st.sets(NUMBERS, min_size=1))
    def click_paga(self, numbers):
        with contextlib.suppress(Refused, Unavailable):
            self.opened.append(start(self.starter, self.database, self.practices, sorted(numbers), self.now).id)

    @rule(random=RANDOM, outcome=st.sampled_from(["ok", "annullato", "errore", "attesa"]))
    def come_back(self, random, outcome):
        if self.opened:
            request = ReturnedRequest(
                checkout_id=random.choice(self.opened), payer_ref="visitor:somebody", outcome=outcome
            )
            checkout_return.returned(self.database, request, self.now)

    @rule(minutes=st.sampled_from([1, 16, 31]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)
        waiting = {checkout.id for checkout in self.checkouts() if checkout.state == "open"}
        end.end_overdue(self.database, TOKEN_LIFE, self.now)
        receipts.resolve_waiting(self.database, self.practices, self.now)
        settlements.match_pending(self.database, self.now)
        for checkout in self.checkouts():
            if checkout.id in waiting and checkout.end_reason == "timed_out" and checkout.open_until > self.now:
                numbers = [item.practice_id.int for item in checkout.items if item.receipt_id is None]
                assert all(self.activated.get(number, START) + TOKEN_LIFE <= self.now for number in numbers)
            assert checkout.state != "open" or checkout.open_until > self.now

    # --- what is true after every step ---

    def checkouts(self) -> list[models.Checkout]:
        with self.database.reading() as session:
            return list(session.scalars(sa.select(models.Checkout)))

    def stored(self) -> list[models.Receipt]:
        with self.database.reading() as session:
            return list(session.scalars(sa.select(models.Receipt)))

    def paid(self) -> dict[UUID, str]:
        """Return which practice was paid by which receipt."""
        with self.database.reading() as session:
            rows = session.scalars(sa.select(models.Position).where(models.Position.paid_receipt_id.is_not(None)))
            return {row.practice_id: str(row.paid_receipt_id) for row in rows}

    @invariant()
    def money_received_is_money_recorded(self):
        stored = self.stored()
        recovered = {one.receipt_id for one in stored if one.source == "settlement"}
        assert not recovered & self.delivered
        assert Counter(one.receipt_id for one in stored) == Counter([*self.delivered, *recovered])
        for one in stored:
            assert (one.notice_number, one.amount_cents) == (
                f"3{self.made[one.receipt_id].number:017d}",
                self.made[one.receipt_id].amount_cents,
            )

    @invariant()
    def money_is_confirmed_once_per_receipt_and_only_if_it_came(self):
        told = Counter(message.body["data"]["receipt_id"] for message in emitted(self.database, "PaymentConfirmed"))
        assert all(count == 1 for count in told.values())
        judged = {one.receipt_id for one in self.stored() if one.judgement is not None}
        assert set(told) == judged

    @invariant()
    def no_practice_is_both_unpaid_and_settled(self):
        paid = self.paid()
        reported = [message.body["data"] for message in emitted(self.database, "PaymentReported")]
        told = [UUID(data["practice_id"]) for data in reported]
        assert len(told) == len(set(told))
        assert all(paid.get(UUID(data["practice_id"])) == data["receipt_id"] for data in reported)
        for one in self.stored():
            assert one.reported_at is None or one.practice_id is None or one.practice_id in paid

    @invariant()
    def a_practice_is_held_by_one_checkout_and_never_when_it_is_paid(self):
        held = [item.practice_id for checkout in self.checkouts() for item in checkout.items if item.holding]
        assert len(held) == len(set(held))
        assert not set(held) & set(self.paid())

    @invariant()
    def events_of_one_subject_are_numbered_without_a_clash(self):
        numbers = [(message.subject, message.body["sequence"]) for message in emitted(self.database)]
        assert len(numbers) == len(set(numbers))

    @rule(random=RANDOM)
    def practices_hears_of_it_in_any_order(self, random):
        messages = emitted(self.database)
        random.shuffle(messages)
        paid = self.paid()
        reported = {UUID(message.body["data"]["practice_id"]) for message in emitted(self.database, "PaymentReported")}
        for number in (1, 2, 3):
            practice_id = UUID(int=number)
            state = fold(practice_id, messages)
            assert (state in {State.PAID, State.REPORTED}) is (practice_id in paid)
            assert (state is State.REPORTED) is (practice_id in reported)

    def teardown(self):
        """In the end, with practices there, all money received is money told, cent by cent."""
        if not hasattr(self, "practices"):
            return
        self.practices.away = False
        receipts.resolve_waiting(self.database, self.practices, self.now)
        received = sum(one.amount_cents for one in self.stored())
        confirmed = [message.body["data"] for message in emitted(self.database, "PaymentConfirmed")]
        assert sum(data["amount_cents"] for data in confirmed) == received
        assert set(self.paid()) == {UUID(data["practice_id"]) for data in confirmed if data["practice_id"]}
        self.practices_hears_of_it_in_any_order(Random(0))


# Every position of these tests asks for as much.
DUE = practices_fold.AmountDue(amount_cents=1000, payable_until=None)


def fold(practice_id: UUID, messages: Iterable[Any]) -> State:
    """Let practices fold what payments told about a practice."""
    known = practices_fold.PracticeStatus()
    for message in messages:
        data: Any = EVENTS[message.type].schema.load(message.body["data"])
        if practice_id in (data.practice_ids if hasattr(data, "practice_ids") else [data.practice_id]):
            known = folded(known, data)
    return known.state


def folded(known: practices_fold.PracticeStatus, data: Any) -> practices_fold.PracticeStatus:
    match data:
        case CheckoutStarted():
            opened = practices_fold.OpenCheckout(data.started_at, data.open_until)
            return practices_fold.checkout_started(known, data.checkout_id, opened)
        case CheckoutAbandoned():
            over = practices_fold.EndedCheckout(data.at, data.reason)
            return practices_fold.checkout_abandoned(known, data.checkout_id, over)
        case PaymentConfirmed():
            money = practices_fold.Receipt(data.paid_at, data.amount_cents)
            return practices_fold.payment_confirmed(known, data.receipt_id, money, DUE)
        case PaymentReported():
            return practices_fold.payment_reported(known, practices_fold.Settlement(START, data.flow_id))
        case PaymentDuplicated():
            return practices_fold.payment_duplicated(known, data.reason)
    raise AssertionError(data)


def test_money_received_is_money_recorded_whatever_happens_in_whatever_order(database, pagopa_url):
    class Bound(Payments):
        pass

    Bound.database = database
    Bound.starter = starter_at(pagopa_url)
    quiet = settings(
        max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    run_state_machine_as_test(Bound, settings=quiet)
