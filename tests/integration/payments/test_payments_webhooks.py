"""Webhooks against a receiver that fails in every way, and one that does not: what is sent, when, and what is told.

The process's work is called step by step with a clock of the test's; the receiver speaks TLS on this machine.
"""

import ipaddress
import json
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook, WebhookVerificationError

from chassis import clock
from contracts.errors import ErrorCode, Refused
from contracts.rpc import webhooks as contract
from services.payments import models
from services.payments.repository import webhooks as repository
from services.payments.usecases import webhooks
from services.payments.webhooks.process import Webhooks
from services.payments.webhooks.settings import WebhookSettings
from tests.conftest import PROJECT
from tests.integration.chassis.tls import certificate_for

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
TIMEOUT_S = 1.0


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Say nothing of a line that was cut."""


class Receiver:
    """A body's software: what it was sent, and how it behaves."""

    def __init__(self, certificate):
        self.got: list[tuple[dict[str, str], str]] = []
        self.answer = 200
        self.behaviour = ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.got.append((dict(self.headers), body))
                if receiver.behaviour == "silent":
                    time.sleep(3 * TIMEOUT_S)  # longer than is waited for
                    return
                if receiver.behaviour == "slow loris":
                    for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100:
                        self.wfile.write(bytes([letter]))
                        self.wfile.flush()
                        time.sleep(0.1)  # a byte at a time
                    return
                self.send_response(receiver.answer)
                if receiver.behaviour == "redirect":
                    self.send_header("Location", "https://169.254.169.254/latest/meta-data")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}/portale"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver(tmp_path, monkeypatch):
    certificate = certificate_for("127.0.0.1", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    made = Receiver(certificate)
    yield made
    made.server.shutdown()
    made.server.server_close()


class Clock:
    def __init__(self):
        self.at = clock.now()

    def __call__(self):
        return self.at

    def go_on(self, **by):
        self.at += timedelta(**by)


@pytest.fixture(name="hours")
def make_clock():
    return Clock()


@pytest.fixture
def work(database, hours):
    """Return a function that does the process's work once; it closes nothing."""
    process = Webhooks(database, WebhookSettings(TIMEOUT_S, LOOPBACK), hours)
    with ThreadPoolExecutor(8) as senders:
        yield lambda: process.work(senders)


@pytest.fixture
def hook(database, receiver, hours):
    def make(**changes):
        asked = {"entity_code": "PM108", "id": uuid4(), "url": receiver.url, **changes}
        return webhooks.create(database, contract.CreateWebhookRequest(**asked), hours())

    return make


def emit(database, hours, *subjects, event_type="PaymentConfirmed.v1", entity="PM108"):
    """Write published events into the outbox; return their ids."""
    ids = []
    with database.transaction() as tx:
        last = tx.session.scalar(sa.select(sa.func.coalesce(sa.func.max(models.OutboxMessage.position), 0)))
        for number, subject in enumerate(subjects, start=1):
            body = json.loads((PROJECT / "contracts" / "samples" / f"{event_type}.json").read_text())
            event_id = uuid4()
            body |= {"id": str(event_id), "subject": subject}
            body["data"]["entity_code"] = entity
            tx.session.add(
                models.OutboxMessage(
                    event_id=event_id,
                    type=event_type,
                    subject=subject,
                    body=body,
                    created_at=hours(),
                    relayed_at=hours(),
                    position=last + number,
                )
            )
            ids.append(event_id)
    return ids


def history(database, made, **page):
    asked = contract.WebhookDeliveriesRequest(entity_code="PM108", id=made.id, **page)
    return webhooks.history(database, asked).deliveries


def state(database, made):
    [one] = webhooks.listed(database, contract.WebhooksRequest(entity_code="PM108")).webhooks
    assert one.id == made.id
    return one.enabled, one.disabled_reason


def ids_of(receiver):
    return [headers["webhook-id"] for headers, _ in receiver.got]


def test_an_event_arrives_signed_by_the_public_scheme(database, receiver, hook, hours, work):
    made = hook()
    [event_id] = emit(database, hours, "a")
    work()
    [(headers, body)] = receiver.got
    assert Webhook(made.secret).verify(body, headers)["id"] == str(event_id) == headers["webhook-id"]
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_b3RoZXI=").verify(body, headers)
    [delivery] = history(database, made)
    assert (delivery.state, delivery.event_id, [one.status for one in delivery.attempts]) == (
        "delivered",
        event_id,
        [200],
    )
    work()
    assert len(receiver.got) == 1


def test_an_address_gets_its_entitys_events_of_the_types_it_chose_from_its_beginning_on(
    database, receiver, hook, hours, work
):
    emit(database, hours, "before")
    hook(types=["PaymentConfirmed.v1", "PaymentReported.v1"])
    wanted = emit(database, hours, "a", "b")
    emit(database, hours, "other type", event_type="PaymentDuplicated.v1")
    emit(database, hours, "other entity", entity="PM200")
    wanted += emit(database, hours, "c", event_type="PaymentReported.v1")
    while work():
        pass
    assert sorted(ids_of(receiver)) == sorted(str(one) for one in wanted)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (("", 500), (500, None)),
        (("", 404), (404, None)),
        (("silent", 200), (None, "timed_out")),
        (("slow loris", 200), (None, "timed_out")),
        (("redirect", 307), (307, "redirect")),
    ],
)
def test_what_does_not_arrive_is_told_and_tried_again_after_five_seconds(
    database, receiver, hook, hours, work, failure, told
):
    made = hook()
    receiver.behaviour, receiver.answer = failure
    emit(database, hours, "a")
    work()
    [delivery] = history(database, made)
    [attempt] = delivery.attempts
    assert (attempt.status, attempt.problem, delivery.state) == (*told, "waiting")
    assert attempt.duration_ms < 2_900 * TIMEOUT_S
    assert delivery.next_at == hours() + timedelta(seconds=5)
    receiver.behaviour, receiver.answer = "", 204
    assert not work()
    hours.go_on(seconds=5)
    work()
    [delivery] = history(database, made)
    assert (delivery.state, [one.status for one in delivery.attempts]) == ("delivered", [told[0], 204])
    assert state(database, made) == (True, None)


def test_after_three_days_without_an_answer_it_is_disabled_and_later_catches_up(database, receiver, hook, hours, work):
    made = hook()
    receiver.answer = 503
    [first] = emit(database, hours, "a")
    work()
    for _ in range(40):
        [delivery] = history(database, made)
        if delivery.next_at is None:
            break
        hours.at = delivery.next_at
        work()
    assert state(database, made) == (False, "failing")
    assert delivery.state == "given_up"
    assert 9 <= len(delivery.attempts) <= 12
    missed = emit(database, hours, "b", "c")
    assert not work()
    receiver.answer = 200
    receiver.got.clear()
    webhooks.change(database, contract.ChangeWebhookRequest(entity_code="PM108", id=made.id, url=receiver.url))
    webhooks.resend(database, contract.ResendRequest(entity_code="PM108", id=made.id, event_id=first), hours())
    while work():
        pass
    assert sorted(ids_of(receiver)) == sorted(str(one) for one in (first, *missed))


def test_an_address_that_says_it_is_gone_is_disabled_at_once(database, receiver, hook, hours, work):
    made = hook()
    receiver.answer = 410
    emit(database, hours, "a", "b")
    work()
    assert state(database, made) == (False, "gone")


def told_disabled(database):
    """Return what WebhookDisabled says, and the sequence of each."""
    with database.reading() as session:
        named = sa.select(models.OutboxMessage).where(models.OutboxMessage.type == "WebhookDisabled.v1")
        rows = session.scalars(named.order_by(models.OutboxMessage.id)).all()
        return [(row.subject, row.body["data"], int(row.body["sequence"])) for row in rows]


def test_that_it_was_disabled_is_told_once_each_time_and_without_its_path(database, receiver, hook, hours, work):
    made = hook(url=f"{receiver.url}/a-secret")
    receiver.answer = 410
    emit(database, hours, "a", "b")
    work()
    [(subject, data, sequence)] = told_disabled(database)
    sample = json.loads((PROJECT / "contracts" / "samples" / "WebhookDisabled.v1.json").read_text())
    assert set(data) == set(sample["data"])
    assert (subject, data["webhook_id"], sequence) == (str(made.id), str(made.id), 1)
    assert (data["entity_code"], data["host"], data["reason"]) == ("PM108", "127.0.0.1", "gone")
    assert data["failing_since"] == data["at"] == hours().isoformat()
    change = contract.ChangeWebhookRequest(entity_code="PM108", id=made.id, url=receiver.url)
    webhooks.change(database, change)
    webhooks.change(database, replace(change, enabled=False))
    assert len(told_disabled(database)) == 1, "whoever disables it knows"
    webhooks.change(database, change)
    emit(database, hours, "c")
    while work():
        pass
    assert [sequence for _, _, sequence in told_disabled(database)] == [1, 2]


def test_a_certificate_of_another_host_is_no_address(database, receiver, hook, hours, work):
    made = hook(url=receiver.url.replace("127.0.0.1", "localhost"))
    emit(database, hours, "a")
    work()
    [delivery] = history(database, made)
    assert [attempt.problem for attempt in delivery.attempts] == ["certificate"]
    assert receiver.got == []


def test_a_private_address_is_refused_where_nobody_allows_it(database, receiver, hook, hours):
    made = hook()
    emit(database, hours, "a")
    process = Webhooks(database, WebhookSettings(TIMEOUT_S, ()), hours)
    with ThreadPoolExecutor(1) as senders:
        process.work(senders)
    [delivery] = history(database, made)
    assert [attempt.problem for attempt in delivery.attempts] == ["private_address"]
    assert receiver.got == []


def test_for_a_day_after_a_rotation_both_secrets_prove_a_message(database, receiver, hook, hours, work):
    made = hook()
    asked = contract.WebhookRequest(entity_code="PM108", id=made.id)
    rotated = webhooks.rotate(database, asked, hours())
    assert rotated.secret != made.secret
    emit(database, hours, "a")
    work()
    [(headers, body)] = receiver.got
    assert Webhook(made.secret).verify(body, headers) == Webhook(rotated.secret).verify(body, headers)
    hours.go_on(days=1, seconds=1)
    emit(database, hours, "b")
    work()
    headers, _ = receiver.got[-1]
    assert len(headers["webhook-signature"].split(" ")) == 1


def test_the_test_sends_a_message_that_is_no_event_and_disables_nothing(database, receiver, hook, hours, work):
    made = hook()
    receiver.answer = 500
    webhooks.test(database, contract.WebhookRequest(entity_code="PM108", id=made.id), hours())
    work()
    [(headers, body)] = receiver.got
    Webhook(made.secret).verify(body, headers)
    assert json.loads(body)["type"] == webhooks.TEST_TYPE
    [delivery] = history(database, made)
    assert (delivery.test, delivery.state, delivery.attempts[0].status) == (True, "given_up", 500)
    assert state(database, made) == (True, None)


def test_a_period_is_sent_again(database, receiver, hook, hours, work):
    made = hook()
    emit(database, hours, "early")
    hours.go_on(hours=1)
    since = hours()
    again = emit(database, hours, "a", "b")
    hours.go_on(hours=1)
    emit(database, hours, "late")
    while work():
        pass
    receiver.got.clear()
    asked = contract.ResendRequest(entity_code="PM108", id=made.id, since=since, until=hours())
    assert webhooks.resend(database, asked, hours()).count == 2
    while work():
        pass
    assert sorted(ids_of(receiver)) == sorted(str(one) for one in again)


def test_the_history_comes_in_pages_newest_first(database, hook, hours, work):
    made = hook()
    emit(database, hours, *"abcde")
    while work():
        pass
    first = history(database, made, limit=3)
    rest = history(database, made, limit=3, before=first[-1].id)
    numbers = [one.id for one in (*first, *rest)]
    assert len(numbers) == 5
    assert numbers == sorted(numbers, reverse=True)


def test_two_processes_send_each_event_once(database, receiver, hook, hours):
    hook()
    emitted = emit(database, hours, *[str(number) for number in range(60)])
    processes = [Webhooks(database, WebhookSettings(TIMEOUT_S * 20, LOOPBACK), hours) for _ in range(2)]

    def work_off(process):
        with ThreadPoolExecutor(4) as senders:
            for _ in range(40):
                process.work(senders)

    threads = [threading.Thread(target=work_off, args=(process,)) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids_of(receiver)) == sorted(str(one) for one in emitted)


def test_what_a_killed_process_had_taken_is_sent_by_another(database, receiver, hook, hours, work):
    hook()
    emit(database, hours, "a")
    with database.transaction() as tx:
        repository.make_deliveries(tx.session, hours())
        assert len(repository.claim(tx.session, hours(), timedelta(seconds=30), 8)) == 1
    assert not work()
    hours.go_on(seconds=31)
    work()
    assert len(receiver.got) == 1


def test_ten_webhooks_are_the_most_and_another_entitys_are_not_found(database, hook, hours):
    made = [hook() for _ in range(contract.WEBHOOKS_MAX)]
    with pytest.raises(Refused) as refused:
        hook()
    assert refused.value.code is ErrorCode.TOO_MANY_REQUESTS
    for use in (webhooks.rotate, webhooks.test):
        with pytest.raises(Refused) as refused:
            use(database, contract.WebhookRequest(entity_code="PM200", id=made[0].id), hours())
        assert refused.value.code is ErrorCode.NOT_FOUND


def test_a_deleted_webhook_is_sent_nothing_and_deleting_it_again_is_as_good(database, receiver, hook, hours, work):
    made = hook()
    emit(database, hours, "a")
    asked = contract.WebhookRequest(entity_code="PM108", id=made.id)
    webhooks.delete(database, asked)
    webhooks.delete(database, asked)
    assert not work()
    assert receiver.got == []
