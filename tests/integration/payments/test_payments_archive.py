"""The archive of notices is fed: created, amended, withdrawn, closed; coalesced, in order, paced, at rest."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa
from structlog.testing import capture_logs

from chassis import clock
from chassis.storage.database import Database
from contracts.codes import AmountCents, CreditorFiscalCode
from contracts.events.practices import PAID_ELSEWHERE
from contracts.rpc.practices import ArchiveTerms
from services.payments import models, outbound
from services.payments.archive.comparison import Comparison
from services.payments.archive.gpd_client import GpdClient
from services.payments.archive.pace import Limit
from services.payments.domain.positions import PositionStatus
from services.payments.repository import archive
from tests.conftest import wait_until
from tests.integration.payments.archive_world import CF, CREDITOR, KEY, World, settings_of, stand_in, transfer_of


@pytest.fixture
def world(service_database: Callable[[str], Database], tmp_path: Path) -> Iterator[World]:
    with stand_in(tmp_path) as url:
        yield World(service_database("payments"), url)


def test_a_new_notice_stands_in_the_archive(world: World) -> None:
    issued = world.issue()
    world.send_all(world.sender())
    found = world.remote(issued)
    assert found is not None
    assert (found["status"], found["paymentOption"][0]["amount"]) == ("VALID", 12_000)
    assert found["paymentOption"][0]["dueDate"] == "2027-06-30T21:59:59Z"
    row = world.settled_row(issued)
    assert (row.remote, row.changed_at, row.problem) == ("open", None, None)


def test_pay_stand_in_and_switch_to_expired_are_told(world: World) -> None:
    issued = world.issue(archive=ArchiveTerms(pay_stand_in=False, switch_to_expired=True))
    world.send_all(world.sender())
    found = world.remote(issued)
    assert found is not None
    assert (found["payStandIn"], found["switchToExpired"]) == (False, True)


def test_what_does_not_belong_there_is_not_sent(world: World) -> None:
    issued = world.issue(archive=None)
    world.send_all(world.sender())
    assert world.remote(issued) is None
    assert world.row(issued) is None


def test_a_changed_amount_a_due_date_and_a_taxonomy_prefix_are_amended(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    amended = world.amend(issued, 15_000, due_date=date(2027, 7, 31))
    changed = replace(amended, sequence=3, transfers=[transfer_of(AmountCents(15_000), category="6/0601101TS/")])
    world.tell(changed)
    world.send_all(sender)
    found = world.remote(issued)
    assert found is not None
    option = found["paymentOption"][0]
    assert (option["amount"], option["dueDate"]) == (15_000, "2027-07-31T21:59:59Z")
    assert option["transfer"][0]["category"] == "6/0601101TS/"
    assert found["status"] == "VALID"


def test_many_changes_before_its_turn_are_one_call_with_the_last_state(world: World) -> None:
    issued = world.issue()
    latest = issued
    for amount in range(1_000, 1_010):
        latest = world.amend(latest, amount)
    world.send_all(world.sender())
    found = world.remote(issued)
    assert found is not None
    assert found["paymentOption"][0]["amount"] == 1_009
    assert world.counts() == (1, 0)


def test_a_withdrawn_debt_is_invalidated_and_one_never_sent_is_not_sent(world: World) -> None:
    sent, never, sender = world.issue(), world.issue(), world.sender()
    world.end(never)
    world.send_all(sender)
    world.end(sent)
    world.send_all(sender)
    found = world.remote(sent)
    assert found is not None
    assert found["status"] == "INVALID"
    assert world.remote(never) is None


def test_a_service_that_is_no_longer_fed_is_taken_away_so_that_it_may_come_back(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    world.tell(replace(issued, sequence=2, archive=None))
    world.send_all(sender)
    found = world.remote(issued)
    assert found is not None
    assert found["status"] == "DRAFT"
    world.tell(replace(issued, sequence=3))
    world.send_all(sender)
    found = world.remote(issued)
    assert found is not None
    assert found["status"] == "VALID"


def test_a_debt_paid_elsewhere_is_closed(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    world.end(issued, reason=PAID_ELSEWHERE)
    world.send_all(sender)
    found = world.remote(issued)
    assert found is not None
    assert (found["status"], found["paymentOption"][0]["idReceipt"]) == ("PAID", "CLOSED_AS_ALREADY_PAID_BY_EC")


def test_what_is_paid_through_pagopa_is_not_sent_for_pagopa_closes_it(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    calls, _ = world.counts()
    with world.database.transaction() as tx:
        tx.session.execute(
            sa.update(models.Position)
            .where(models.Position.practice_id == issued.practice_id)
            .values(paid_receipt_id="a-receipt", paid_at=world.now())
        )
        archive.note_change(tx.session, issued.practice_id, world.now())
    world.send_all(sender)
    assert world.counts()[0] == calls


def test_what_expires_is_left_to_expire_there(world: World) -> None:
    issued = world.issue(archive=ArchiveTerms(switch_to_expired=True), payable_until=date(2027, 6, 30))
    sender = world.sender()
    world.send_all(sender)
    calls, _ = world.counts()
    world.ahead = timedelta(days=400)
    world.end(issued, PositionStatus.EXPIRED, "late_not_accepted")
    world.send_all(sender)
    assert world.counts()[0] == calls


def test_at_rest_nothing_is_called(world: World) -> None:
    issued = [world.issue() for _ in range(3)]
    sender = world.sender()
    world.send_all(sender)
    calls, _ = world.counts()
    for one in issued:
        # Told again, and nothing has changed.
        world.tell(replace(one, sequence=2))
    world.send_all(sender)
    assert sender.send_batch(world.now()) == 0
    assert world.counts()[0] == calls


def test_a_call_whose_answer_was_lost_is_not_done_twice(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    with world.database.transaction() as tx:
        # As if the process had been killed between pagoPA's answer and its commit.
        tx.session.execute(
            sa.update(models.ArchivedNotice).values(remote="absent", sent_digest=None, changed_at=world.now())
        )
    world.send_all(sender)
    row = world.settled_row(issued)
    assert (row.remote, row.changed_at, row.problem) == ("open", None, None)
    assert len(world.remotes()) == 1


def test_a_lost_answer_and_a_change_since_end_with_the_newest_state(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    with world.database.transaction() as tx:
        tx.session.execute(sa.update(models.ArchivedNotice).values(remote="absent", sent_digest=None))
    world.amend(issued, 7_000)
    world.ahead += timedelta(minutes=5)
    world.send_all(sender)
    found = world.remote(issued)
    assert found is not None
    assert found["paymentOption"][0]["amount"] == 7_000


def test_two_processes_never_send_one_position_at_once(world: World) -> None:
    for _ in range(40):
        world.issue()
    senders = [world.sender(at_once=4) for _ in range(3)]
    threads = [threading.Thread(target=world.send_all, args=(sender,)) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.remotes()) == 40
    assert world.counts()[0] == 40


def test_no_more_calls_leave_than_the_published_limit(world: World) -> None:
    world.switch(limits={"aca": [30, 1.0]})
    for _ in range(90):
        world.issue()
    sender = world.sender(limit=Limit(30, timedelta(seconds=1)))
    world.send_all(sender)
    assert len(world.remotes()) == 90
    assert world.counts() == (90, 0)


def test_no_row_is_held_while_pagopa_wants_no_calls(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.pace("aca").pause(600)
    assert sender.send_batch(world.now()) == 0
    assert world.settled_row(issued).leased_until is None
    world.ahead += timedelta(minutes=11)
    world.send_all(sender)
    assert world.remote(issued) is not None


def test_the_turns_are_not_forgotten_by_a_restart(world: World) -> None:
    limit = Limit(10, timedelta(hours=1), headroom=1.0)
    before = world.pace("biz-events", limit)
    assert before.is_open()
    before.reserve()
    after = world.pace("biz-events", limit)
    assert not after.is_open()
    world.ahead += timedelta(minutes=6, seconds=1)
    assert after.is_open()


@pytest.mark.parametrize("status", [500, 429])
def test_an_outage_is_waited_out(world: World, status: int) -> None:
    issued, sender = world.issue(), world.sender()
    world.switch(answer={"api": "aca", "status": status, "calls": 1})
    sender.send_batch(world.now())
    assert world.remote(issued) is None
    world.ahead += timedelta(minutes=10)
    world.send_all(sender)
    assert world.remote(issued) is not None


def test_a_wrong_key_stops_the_queue_and_the_right_one_goes_on(world: World) -> None:
    issued = world.issue()
    wrong = world.sender(key="wrong")
    wrong.send_batch(world.now())
    assert not world.pace("aca").is_open()
    assert world.settled_row(issued).problem is None
    world.ahead += timedelta(minutes=10)
    world.send_all(world.sender(key=KEY))
    assert world.remote(issued) is not None


def test_a_creditor_that_is_not_linked_to_the_key_does_not_stop_the_others(world: World) -> None:
    stranger = replace(world.issue().creditor, fiscal_code=CreditorFiscalCode("99999999990"), code="OTHER")
    other = world.issue(creditor=stranger, practice_id=uuid4())
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    assert world.remote(issued) is not None
    assert world.settled_row(other).problem is None
    assert world.settled_row(other).changed_at is not None


def test_what_is_refused_waits_for_a_human_and_is_tried_when_it_changes_or_he_says_so(world: World) -> None:
    issued = world.issue(transfers=[replace(transfer_of(AmountCents(11_999)))])
    sender = world.sender()
    world.send_all(sender)
    assert world.settled_row(issued).problem == "data_refused"
    calls, _ = world.counts()
    world.send_all(sender)
    assert world.counts()[0] == calls
    with world.database.transaction() as tx:
        assert archive.try_again(tx.session, world.now()) == 1
    world.send_all(sender)
    assert world.counts()[0] == calls + 1
    world.amend(issued, 12_000)
    world.send_all(sender)
    assert world.remote(issued) is not None


def test_a_number_that_somebody_else_has_loaded_is_reported_and_not_overwritten(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    with world.database.transaction() as tx:
        values = {"iupd": "80012345676-OTHER-1", "remote": "absent", "sent_digest": None, "changed_at": world.now()}
        tx.session.execute(sa.update(models.ArchivedNotice).values(**values))
    before = world.remote(issued)
    # The archive has the number under another id: ours cannot be created, nor found.
    with world.database.transaction() as tx:
        tx.session.execute(sa.update(models.Position).values(entity_code="OTHER"))
    world.ahead += timedelta(minutes=5)
    world.send_all(sender)
    assert world.settled_row(issued).problem == "number_taken"
    assert world.remote(issued) == before


def test_a_number_that_was_invalidated_is_burnt(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    world.end(issued)
    world.send_all(sender)
    world.tell(replace(issued, sequence=9))
    world.send_all(sender)
    assert world.settled_row(issued).problem == "number_burnt"


def test_what_is_being_paid_on_our_own_pages_is_not_sent(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    checkout_id = uuid4()
    with world.database.transaction() as tx:
        moment = world.now()
        tx.session.add(
            models.Checkout(
                id=checkout_id,
                entity_code="PM108",
                payer_ref="visitor:1",
                state="open",
                return_url="http://localhost",
                created_at=moment,
                lease_until=moment,
                open_until=moment,
            )
        )
        tx.session.flush()
        tx.session.add(
            models.CheckoutItem(
                checkout_id=checkout_id,
                place=1,
                practice_id=issued.practice_id,
                notice_number=issued.notice_number,
                description="x",
                amount_cents=issued.amount_cents,
                holding=True,
            )
        )
    assert sender.send_batch(world.now()) == 0
    with world.database.reading() as session:
        assert archive.backlog(session).changed == 0
    with world.database.transaction() as tx:
        tx.session.execute(sa.update(models.CheckoutItem).values(holding=False))
    world.send_all(sender)
    assert world.remote(issued) is not None


def test_the_age_of_the_oldest_change_that_is_not_sent_is_known(world: World) -> None:
    world.issue()
    world.ahead += timedelta(minutes=20)
    world.issue()
    with world.database.reading() as session:
        backlog = archive.backlog(session)
    assert backlog.changed == 2
    assert backlog.oldest_at is not None
    assert timedelta(minutes=19) < world.now() - backlog.oldest_at < timedelta(minutes=30)
    world.send_all(world.sender())
    with world.database.reading() as session:
        assert archive.backlog(session).oldest_at is None


def compare(world: World) -> None:
    comparison = world.comparison()
    world.run(lambda: comparison.work(world.now()))


@pytest.mark.parametrize("how", ["missing", "other", "invalid"])
def test_what_differs_in_the_archive_is_found_and_repaired(world: World, how: str) -> None:
    issued = [world.issue() for _ in range(60)]
    sender = world.sender()
    world.send_all(sender)
    odd, iupd = issued[7], world.settled_row(issued[7]).iupd
    address = f"{world.url}/aca/debt-positions-service/v1/organizations/{CF}/debtpositions/{iupd}"
    headers: dict[str, Any] = {"Ocp-Apim-Subscription-Key": KEY}
    if how == "other":
        body = _body_of(world, odd, 1)
        assert requests.put(address, params={"toPublish": "true"}, json=body, headers=headers, timeout=30).ok
    elif how == "invalid":
        assert requests.post(f"{address}/invalidate", headers=headers, timeout=30).ok
    else:
        assert requests.delete(address, headers=headers, timeout=30).ok
    world.ahead += timedelta(hours=25)
    compare(world)
    row = world.settled_row(odd)
    assert row.changed_at is not None
    assert sum(world.settled_row(one).changed_at is not None for one in issued) == 1
    world.send_all(sender)
    if how == "other":
        found = world.remote(odd)
        assert found is not None
        assert found["paymentOption"][0]["amount"] == 12_000
    else:
        # Deleted or invalid, the number is used for ever: a human must know.
        assert world.settled_row(odd).problem in ("number_taken", "number_burnt")


def test_an_archive_that_agrees_is_listed_and_nothing_is_sent(world: World) -> None:
    for day in (date(2027, 6, 30), date(2026, 12, 31), None):
        for _ in range(3):
            world.issue(due_date=day)
    sender = world.sender()
    world.send_all(sender)
    world.ahead += timedelta(hours=25)
    compare(world)
    calls, _ = world.counts()
    assert sender.send_batch(world.now()) == 0
    compare(world)
    assert world.counts()[0] == calls


def strangers(world: World, count: int) -> list[Any]:
    """Positions of a creditor that the key is not for, and that comes before ours in every order."""
    stranger = replace(CREDITOR, fiscal_code=CreditorFiscalCode("10000000008"), code="OTHER")
    return [world.issue(creditor=stranger, practice_id=uuid4()) for _ in range(count)]


def test_a_creditor_whose_list_is_refused_does_not_stop_the_comparison_of_the_others(world: World) -> None:
    [other], ours, sender = strangers(world, 1), world.issue(), world.sender()
    world.send_all(sender)
    with world.database.transaction() as tx:
        # It was sent once, and the key is for others since.
        sent = {"sent_due_at": world.settled_row(ours).sent_due_at, "changed_at": None}
        of_other = models.ArchivedNotice.practice_id == other.practice_id
        tx.session.execute(sa.update(models.ArchivedNotice).where(of_other).values(**sent))
        tx.session.execute(sa.update(models.ArchiveCreditor).values(stopped_until=None))
    iupd = world.settled_row(ours).iupd
    address = f"{world.url}/aca/debt-positions-service/v1/organizations/{CF}/debtpositions/{iupd}/invalidate"
    assert requests.post(address, headers={"Ocp-Apim-Subscription-Key": KEY}, timeout=30).ok
    world.ahead += timedelta(hours=25)
    compare(world)
    assert world.settled_row(ours).changed_at is not None, "it was listed, and differs"


def test_a_creditor_whose_file_is_refused_does_not_stop_the_files_of_the_others(world: World) -> None:
    strangers(world, 20)
    issued, loader = [world.issue() for _ in range(20)], world.loader(rows_from=10)

    def is_loaded() -> bool:
        if not loader.work(world.now()):
            world.ahead += timedelta(seconds=30)
        return all(world.settled_row(one).changed_at is None for one in issued)

    wait_until(is_loaded, pause_s=0.1)
    assert len(world.remotes()) == 20


def test_an_entry_of_the_list_that_cannot_be_read_is_named_and_the_others_are_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued, sender = [world.issue() for _ in range(3)], world.sender()
    world.send_all(sender)
    client = GpdClient(settings_of(world.url))
    comparison = Comparison(world.database, client, world.pace("aca"), timedelta(hours=24))
    listed = client.listed

    def with_odd_entries(*asked: Any) -> Any:
        answer = listed(*asked)
        entries = answer.body["payment_position_list"]
        odd = [None, {"iupd": "x"}, {**entries[0], "status": "PERHAPS", "iupd": "y"}]
        return replace(answer, body={**answer.body, "payment_position_list": [*odd, *entries]})

    monkeypatch.setattr(client, "listed", with_odd_entries)
    world.ahead += timedelta(hours=25)
    with capture_logs() as logged:
        world.run(lambda: comparison.work(world.now()))
    assert [line["entries"] for line in logged if line["event"] == "archive_entries_unread"] == [[1, 2, 3]]
    assert [world.settled_row(one).changed_at for one in issued] == [None] * 3


@pytest.mark.parametrize(
    "odd",
    [
        {"payment_position_list": 5},
        {"payment_position_list": {"iupd": "x"}},
        {"page_info": [1]},
        {"page_info": {"total_pages": "many"}},
        {"page_info": {"total_pages": [1]}},
    ],
)
def test_a_creditor_whose_list_cannot_be_read_does_not_stop_the_comparison_of_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, odd: dict[str, Any]
) -> None:
    [other], ours, sender = strangers(world, 1), world.issue(), world.sender()
    world.send_all(sender)
    with world.database.transaction() as tx:
        sent = {"sent_due_at": world.settled_row(ours).sent_due_at, "changed_at": None}
        of_other = models.ArchivedNotice.practice_id == other.practice_id
        tx.session.execute(sa.update(models.ArchivedNotice).where(of_other).values(**sent))
        tx.session.execute(sa.update(models.ArchiveCreditor).values(stopped_until=None))
    client = GpdClient(settings_of(world.url))
    comparison = Comparison(world.database, client, world.pace("aca"), timedelta(hours=24))
    of_ours, listed = world.settled_row(ours), client.listed

    def odd_for_the_other(creditor: str, *asked: Any) -> Any:
        answer = listed(CF, *asked)
        return answer if creditor == CF else replace(answer, body={**answer.body, **odd})

    monkeypatch.setattr(client, "listed", odd_for_the_other)
    world.ahead += timedelta(hours=25)
    with capture_logs() as logged:
        world.run(lambda: comparison.work(world.now()))
    assert [line["event"] for line in logged] == ["archive_list_unread", "archive_compared"]
    assert world.settled_row(ours).seen_at != of_ours.seen_at


def test_a_process_whose_clock_is_three_days_ahead_sends_nothing_takes_no_turn_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its turns would lie three days ahead, and everybody else would wait for theirs behind them."""
    world.issue()
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=3))
    ahead = outbound.Outbound(world.database, cast("Any", SimpleNamespace(close=int)), settings_of(world.url))
    working = threading.Thread(target=ahead.run)
    with capture_logs() as logged:
        working.start()
        try:
            wait_until(lambda: len(logged) >= 7)
        finally:
            ahead.stop()
            working.join()
    assert {line["event"] for line in logged} == {"clock_is_off"}
    assert world.remotes() == {}
    with world.database.reading() as session:
        assert session.scalars(sa.select(models.CallPace)).all() == []


def test_a_payment_in_the_archive_of_which_no_receipt_came_is_asked_for(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    body = {"creditor_fiscal_code": CF, "notice_number": issued.notice_number, "outcome": "lost"}
    paid = requests.post(f"{world.url}/sandbox/archive/pay", json=body, timeout=30).json()
    world.ahead += timedelta(hours=25)
    compare(world)
    with world.database.reading() as session:
        [wanted] = session.scalars(sa.select(models.ReceiptRecovery)).all()
    assert (wanted.iur, wanted.iuv, wanted.reason) == (paid["receipt_ids"][0], issued.iuv, "archive")
    # It may have been paid this minute: the receipt is given time to come by itself.
    assert wanted.next_try_at - wanted.requested_at == timedelta(hours=1)


def test_what_cannot_be_changed_because_it_was_paid_is_left_and_its_receipt_asked_for(world: World) -> None:
    issued, sender = world.issue(), world.sender()
    world.send_all(sender)
    body = {"creditor_fiscal_code": CF, "notice_number": issued.notice_number, "outcome": "lost"}
    paid = requests.post(f"{world.url}/sandbox/archive/pay", json=body, timeout=30).json()
    world.amend(issued, 9_000)
    world.send_all(sender)
    row = world.settled_row(issued)
    assert (row.remote, row.changed_at, row.problem) == ("paid", None, None)
    with world.database.reading() as session:
        [wanted] = session.scalars(sa.select(models.ReceiptRecovery)).all()
    assert wanted.iur == paid["receipt_ids"][0]


def _body_of(world: World, position: Any, amount_cents: int) -> dict[str, Any]:
    with world.database.reading() as session:
        row = session.get_one(models.ArchivedNotice, position.practice_id)
        body = archive.archivables(session, [row])[position.practice_id].body(world.now())
    option = body["paymentOption"][0]
    option["amount"] = option["transfer"][0]["amount"] = amount_cents
    return body


def test_the_first_filling_goes_by_files_and_each_report_is_read(world: World) -> None:
    issued = [world.issue() for _ in range(250)]
    wrong = world.issue(transfers=[transfer_of(AmountCents(1))])
    loader = world.loader(rows_from=100, rows_max=120)

    def is_loaded() -> bool:
        if not loader.work(world.now()):
            world.ahead += timedelta(seconds=30)
        remotes = world.remotes()
        loaded = [one for one in issued if one.notice_number in remotes]
        return len(loaded) >= 200 and all(world.settled_row(one).changed_at is None for one in loaded)

    wait_until(is_loaded, pause_s=0.1)
    assert world.counts() == (0, 0)
    # The rest is too little for a file, and what the report refused says why by itself.
    world.send_all(world.sender())
    assert len(world.remotes()) == 250
    assert world.settled_row(wrong).problem == "data_refused"


def test_a_yearly_change_of_many_goes_by_files_too(world: World) -> None:
    issued = [world.issue() for _ in range(30)]
    world.send_all(world.sender())
    calls, _ = world.counts()
    for one in issued:
        world.amend(one, 9_900)
    loader = world.loader(rows_from=10)

    def is_loaded() -> bool:
        if not loader.work(world.now()):
            world.ahead += timedelta(seconds=30)
        return {one["paymentOption"][0]["amount"] for one in world.remotes().values()} == {9_900}

    wait_until(is_loaded, pause_s=0.1)
    assert world.counts()[0] == calls


def test_a_file_whose_answer_was_lost_is_made_again_without_doubling_anything(world: World) -> None:
    issued = [world.issue() for _ in range(20)]
    loader = world.loader(rows_from=10)
    assert loader.load(world.now())
    with world.database.transaction() as tx:
        # As if the process had been killed between the upload and the note of it.
        tx.session.execute(sa.update(models.ArchiveFile).values(state="made", file_id=None, next_look_at=world.now()))
    for _ in range(40):
        if not loader.work(world.now()):
            world.ahead += timedelta(minutes=11)
    world.send_all(world.sender())
    assert len(world.remotes()) == 20
    assert all(world.settled_row(one).changed_at is None for one in issued)
    assert all(world.settled_row(one).remote == "open" for one in issued)


def test_a_change_while_a_file_is_under_way_is_sent_afterwards(world: World) -> None:
    issued = [world.issue() for _ in range(20)]
    loader = world.loader(rows_from=10)
    assert loader.load(world.now())
    world.amend(issued[0], 4_321)
    for _ in range(20):
        if not loader.work(world.now()):
            world.ahead += timedelta(seconds=30)
    world.send_all(world.sender())
    found = world.remote(issued[0])
    assert found is not None
    assert found["paymentOption"][0]["amount"] == 4_321


def test_positions_changed_again_and_again_end_equal_with_no_more_calls_than_allowed(world: World) -> None:
    """A small share of benchmarks/alone/archive.py: 40 positions, ten changes each, while they are being sent."""
    world.switch(limits={"aca": [60, 1.0]})
    issued = [world.issue() for _ in range(40)]
    sender, stopping = world.sender(limit=Limit(60, timedelta(seconds=1))), threading.Event()

    def send() -> None:
        while not stopping.is_set():
            if not sender.send_batch(world.now()):
                stopping.wait(0.02)

    sending = threading.Thread(target=send)
    sending.start()
    for change in range(10):
        issued = [world.amend(one, 1_000 + change) for one in issued]
    stopping.set()
    sending.join()
    world.send_all(sender)
    assert {one["paymentOption"][0]["amount"] for one in world.remotes().values()} == {1_009}
    calls, too_fast = world.counts()
    assert too_fast == 0
    assert calls <= 40 * 11
    assert all(world.settled_row(one).changed_at is None for one in issued)
