"""Opening a checkout: one per practice whatever is clicked, and every refusal with its reason."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from uuid import uuid4

import pytest
import sqlalchemy as sa

from contracts.errors import RpcError
from services.payments import models
from services.payments.domain.checkouts import CheckoutState

OTHER = "visitor:somebody-else"


def checkouts_of(town, practice):
    with town.database.reading() as session:
        items = sa.select(models.CheckoutItem).where(models.CheckoutItem.practice_id == practice.id)
        ids = {item.checkout_id for item in session.scalars(items)}
        return [session.get(models.Checkout, checkout_id) for checkout_id in ids]


def test_the_same_key_is_the_same_checkout_and_another_content_is_a_conflict(town, refused):
    practice, other = town.issue(), town.issue()
    key = uuid4().hex
    first = town.start(practice, key=key)
    assert town.start(practice, key=key) == first
    assert refused(lambda: town.start(other, key=key)) == ("idempotency_conflict", {})


def test_keys_of_two_payers_do_not_meet(town):
    practice, other = town.issue(), town.issue()
    key = uuid4().hex
    assert town.start(practice, key=key).id != town.start(other, key=key, payer=OTHER).id


def test_the_payers_own_open_checkout_for_the_same_practices_is_resumed(town):
    practice, other = town.issue(), town.issue()
    first = town.start(practice, other)
    again = town.start(other, practice)
    assert again.id == first.id
    assert again.redirect_url == first.redirect_url


def test_somebody_elses_open_checkout_is_told_with_its_times_and_not_its_id(town, refused):
    practice = town.issue()
    checkout = town.start(practice)
    code, params = refused(lambda: town.start(practice, payer=OTHER))
    assert code == "practice_being_paid"
    assert params == {
        "practice_id": str(practice.id),
        "since": checkout.created_at.isoformat(),
        "until": checkout.open_until.isoformat(),
        "checkout_id": None,
    }


def test_ones_own_checkout_for_other_practices_is_told_with_its_id(town, refused):
    practice, other = town.issue(), town.issue()
    checkout = town.start(practice)
    code, params = refused(lambda: town.start(practice, other))
    assert (code, params["checkout_id"]) == ("practice_being_paid", str(checkout.id))
    assert town.start(other).state == "open"


def test_a_checkout_is_all_or_nothing(town, refused, eventually):
    paid, unpaid = town.issue(), town.issue()
    town.pay_at_counter(paid)
    eventually(lambda: town.delivered(paid))
    code, params = refused(lambda: town.start(unpaid, paid))
    assert (code, params) == ("practice_paid", {"practice_id": str(paid.id)})
    assert checkouts_of(town, unpaid) == []


def test_a_cancelled_practice_is_refused(town, refused, eventually):
    practice = town.issue()
    town.annul(practice)
    eventually(lambda: status_of(town, practice) == "cancelled")
    assert refused(lambda: town.start(practice))[0] == "practice_cancelled"


def test_a_practice_past_its_last_day_is_refused(town, refused):
    practice = town.issue()
    town.returned(town.start(practice), "annullato")
    with town.database.transaction() as tx:
        yesterday = (datetime.now(UTC) - timedelta(days=2)).date()
        tx.session.get_one(models.Position, practice.id).payable_until = yesterday
    assert refused(lambda: town.start(practice))[0] == "practice_expired"


def status_of(town, practice):
    with town.database.reading() as session:
        position = session.get(models.Position, practice.id)
        return position and position.status


def test_an_unknown_practice_is_refused(town, refused):
    practice = SimpleNamespace(id=uuid4())
    assert refused(lambda: town.start(practice)) == ("practice_not_found", {"practice_id": str(practice.id)})


def test_a_checkout_is_shown_to_its_payer_only(town, refused):
    checkout = town.start(town.issue())
    assert refused(lambda: town.checkout(checkout.id, payer=OTHER)) == ("checkout_not_found", {})
    assert refused(lambda: town.checkout(uuid4())) == ("checkout_not_found", {})


@pytest.mark.parametrize("same_key", [True, False])
def test_both_clicks_of_a_double_click_lead_to_the_same_page(town, same_key):
    practice, key = town.issue(), uuid4().hex
    with ThreadPoolExecutor(2) as hands:
        clicks = [hands.submit(town.start, practice, key=key if same_key else None) for _ in range(2)]
    first, second = (click.result() for click in clicks)
    assert first.redirect_url == second.redirect_url is not None


def test_two_hundred_concurrent_clicks_on_paga_are_one_checkout(town):
    practice = town.issue()
    barrier = threading.Barrier(50)

    def click(number):
        if number < 50:
            barrier.wait()
        try:
            return str(town.start(practice).id)
        except RpcError as error:
            return error.code.value

    with ThreadPoolExecutor(50) as people:
        answers = Counter(people.map(click, range(200)))
    [checkout] = checkouts_of(town, practice)
    assert set(answers) <= {str(checkout.id), "checkout_unavailable", "service_unavailable"}
    assert answers[str(checkout.id)] > 0, answers
    assert town.start(practice).id == checkout.id


def test_two_hundred_clicks_of_two_payers_let_one_of_them_through(town):
    practice = town.issue()

    def click(number):
        try:
            return town.start(practice, payer=f"visitor:payer-number-{number % 2}").payer_ref
        except RpcError as error:
            return error.code.value

    with ThreadPoolExecutor(16) as people:
        answers = Counter(people.map(click, range(200)))
    assert len([answer for answer in answers if answer.startswith("visitor:")]) == 1
    assert len(checkouts_of(town, practice)) == 1


class StubCheckout(BaseHTTPRequestHandler):
    """pagoPA Checkout on a bad day."""

    status = 422
    body = b'{"title":"Invalid payment info","status":422,"detail":"Invalid payment notice data"}'

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def bad_day(town):
    """Let payments reach another Checkout; afterwards the usual one again."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), StubCheckout)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    town.restart("payments", CHECKOUT_URL=f"http://127.0.0.1:{server.server_port}", CHECKOUT_TIMEOUT_S="1")
    yield StubCheckout
    server.shutdown()
    server.server_close()
    town.restart("payments")


def test_what_pagopa_refuses_is_refused_with_its_problem_and_frees_the_practices(
    town, refused, bad_day, monkeypatch, eventually
):
    practice = town.issue()
    key = uuid4().hex
    problem = {"status": 422, "title": "Invalid payment info", "detail": "Invalid payment notice data"}
    assert refused(lambda: town.start(practice, key=key)) == ("checkout_notice_refused", problem)
    [checkout] = checkouts_of(town, practice)
    assert (checkout.state, checkout.end_reason) == (CheckoutState.NOT_OPENED, "not_opened")
    assert not any(item.holding for item in checkout.items)
    assert town.events("CheckoutStarted", practice) == []
    assert refused(lambda: town.start(practice, payer=OTHER))[0] == "checkout_notice_refused"

    monkeypatch.setattr(bad_day, "status", 500)
    monkeypatch.setattr(bad_day, "body", b"oops")
    assert refused(lambda: town.start(practice, key=key)) == ("checkout_error", {"status": 500})
    monkeypatch.setattr(bad_day, "status", 400)
    assert refused(lambda: town.start(practice, key=key)) == ("checkout_refused", {"status": 400})
    monkeypatch.setattr(bad_day, "status", 401)
    assert refused(lambda: town.start(practice, key=key)) == ("checkout_not_allowed", {"status": 401})
    monkeypatch.setattr(bad_day, "status", 422)
    assert refused(lambda: town.start(practice, key=key)) == ("checkout_refused", {"status": 422})
    monkeypatch.setattr(bad_day, "status", 502)
    assert refused(lambda: town.start(practice, key=key)) == ("checkout_error", {"status": 502})
    monkeypatch.setattr(bad_day, "status", 429)
    assert refused(lambda: town.start(practice, key=key)) == ("checkout_busy", {"status": 429})
    assert len(checkouts_of(town, practice)) == 2
    town.restart("payments")
    assert town.start(practice, key=key).id == checkout.id
    [started] = eventually(lambda: town.events("CheckoutStarted", practice))
    assert started["checkout_id"] == str(checkout.id)


def test_a_checkout_that_does_not_answer_is_unavailable_and_frees_the_practices(town, refused):
    town.restart("payments", CHECKOUT_URL="http://127.0.0.1:9/checkout", CHECKOUT_TIMEOUT_S="1")
    practice = town.issue()
    assert refused(lambda: town.start(practice)) == ("checkout_unavailable", {})
    town.restart("payments")
    assert town.start(practice, payer=OTHER).state == "open"


def orphan(town, practice, lease_ago_s, key):
    """Leave a checkout as a process that was killed while it was asking pagoPA leaves it."""
    checkout = town.start(practice, key=key)
    now = datetime.now(UTC)
    with town.database.transaction() as tx:
        stored = tx.session.get_one(models.Checkout, checkout.id)
        stored.state, stored.redirect_url, stored.opened_at = CheckoutState.OPENING.value, None, None
        stored.lease_until = now - timedelta(seconds=lease_ago_s)
        stored.open_until = stored.lease_until + timedelta(seconds=30)
    return checkout


def test_a_checkout_orphaned_by_a_kill_is_taken_up_by_the_same_key(town):
    practice, key = town.issue(), uuid4().hex
    orphaned = orphan(town, practice, lease_ago_s=1, key=key)
    opened = town.start(practice, key=key)
    assert (opened.id, opened.state) == (orphaned.id, "open")
    assert opened.redirect_url != orphaned.redirect_url


def test_a_checkout_orphaned_by_a_kill_is_given_up_by_the_janitor(town, eventually):
    practice = town.issue()
    orphaned = orphan(town, practice, lease_ago_s=31, key=uuid4().hex)
    eventually(lambda: town.checkout(orphaned.id).state == "failed")
    assert town.start(practice, payer=OTHER).state == "open"
