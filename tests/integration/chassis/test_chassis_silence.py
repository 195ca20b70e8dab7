"""Peers that went silent without a word: the line still stands, and nothing comes through it any more.

The proxy goes on accepting and holding connections and forwards nothing, in one direction or both; a PostgreSQL process
is stopped by a signal. Services and relays must come back by themselves, within seconds that are written down here.
"""

import contextlib
import os
import signal
import socket
import time

import pytest
import sqlalchemy as sa

from chassis.messaging import wire
from chassis.messaging.publisher import ConfirmedPublisher, PublishFailed
from chassis.messaging.rpc_client import RpcClient
from contracts.errors import RpcError, Unavailable
from contracts.shapes import Empty
from tests.conftest import PATIENCE_S, wait_until_answering
from tests.integration.chassis import probe
from tests.integration.chassis.test_chassis_processes import answers, emit, pings

# A statement is given up on after this and the margin of three seconds.
QUICK = {"DATABASE_STATEMENT_TIMEOUT_S": "2"}
NOTICED_WITHIN_S = 10
# The machine of the tests is shared: what is measured gets this on top.
SLACK_S = 5

DIRECTIONS = pytest.mark.parametrize("direction", ["there", "back", "both"])


def seconds_until(check, timeout_s=60):
    started = time.monotonic()
    while not check():
        assert time.monotonic() - started < timeout_s, "never"
        time.sleep(0.05)
    return time.monotonic() - started


@DIRECTIONS
def test_a_silent_database_is_told_and_the_service_comes_back(
    run_probe, rpc, publish_event, effects, database_url, proxied, direction
):
    url, proxy = proxied(database_url, 5432)
    proxy.open()
    service = run_probe(DATABASE_URL=url, **QUICK)
    wait_until_answering(rpc, "probe", service)
    proxy.silence(direction)
    publish_event(probe.NUMBERED, probe.Number(number=1), subject="1")
    seconds_until(lambda: service.lines("database_silent"), timeout_s=NOTICED_WITHIN_S + SLACK_S)
    with pytest.raises(Unavailable):
        rpc.call(probe.PING, Empty())
    proxy.speak()
    assert seconds_until(lambda: pings(rpc)) < NOTICED_WITHIN_S + SLACK_S
    assert seconds_until(lambda: effects() == [1]) < NOTICED_WITHIN_S + SLACK_S
    assert service.process.poll() is None


@DIRECTIONS
def test_a_silent_database_does_not_hold_a_relay(
    run_probe, run_relay, rpc, database, effects, database_url, proxied, direction
):
    wait_until_answering(rpc, "probe", run_probe())
    url, proxy = proxied(database_url, 5432)
    proxy.open()
    relay = run_relay(DATABASE_URL=url, **QUICK)
    emit(database, 1)
    seconds_until(lambda: effects() == [1])
    proxy.silence(direction)
    emit(database, 2)
    seconds_until(lambda: relay.lines("relay_interrupted"), timeout_s=NOTICED_WITHIN_S + SLACK_S)
    proxy.speak()
    # What the lost transaction had locked is free when the server notices (idle_in_transaction_session_timeout, 30 s).
    assert seconds_until(lambda: effects() == [1, 2]) < 30 + SLACK_S
    assert relay.process.poll() is None


@DIRECTIONS
def test_a_silent_broker_is_noticed_by_service_relay_and_caller_in_less_than_ten_seconds(
    run_probe, run_relay, database, effects, amqp_url, proxied, direction
):
    url, proxy = proxied(amqp_url, 5672)
    proxy.open()
    service, relay = run_probe(AMQP_URL=url), run_relay(AMQP_URL=url)
    caller = RpcClient(url)
    wait_until_answering(caller, "probe", service)
    emit(database, 1)
    seconds_until(lambda: effects() == [1])
    proxy.silence(direction)
    emit(database, 2)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        caller.call(probe.ECHO, probe.Number(number=1))
    seconds_until(lambda: len(service.lines("consumer_connection_lost")) >= 2)
    seconds_until(lambda: relay.lines("relay_interrupted"))
    assert time.monotonic() - started < NOTICED_WITHIN_S + SLACK_S
    proxy.speak()
    assert seconds_until(lambda: answers(caller)) < NOTICED_WITHIN_S + SLACK_S
    assert seconds_until(lambda: effects() == [1, 2]) < NOTICED_WITHIN_S + SLACK_S
    assert (service.process.poll(), relay.process.poll()) == (None, None)
    caller.close()


def test_a_caller_notices_a_silent_broker_in_less_than_ten_seconds_while_nobody_calls(run_probe, amqp_url, proxied):
    url, proxy = proxied(amqp_url, 5672)
    proxy.open()
    caller = RpcClient(url)
    wait_until_answering(caller, "probe", run_probe())
    proxy.silence("both", new_ones=False)
    time.sleep(NOTICED_WITHIN_S + 1)  # the time it has for noticing
    assert answers(caller), "the first call after it has a connection that speaks"
    caller.close()


def test_a_publisher_on_a_silent_line_fails_in_less_than_ten_seconds_also_with_full_buffers(amqp_url, proxied):
    url, proxy = proxied(amqp_url, 5672)
    proxy.open()
    publisher = ConfirmedPublisher(url)
    small = wire.Message("", "queue-of-nobody", "{}", message_id="1")
    publisher.publish_all([small])
    for message in (small, wire.Message("", "queue-of-nobody", "x" * 30_000_000, message_id="2")):
        proxy.silence("both")
        started = time.monotonic()
        with pytest.raises(PublishFailed):
            publisher.publish_all([message])
        assert time.monotonic() - started < NOTICED_WITHIN_S + SLACK_S
        proxy.speak()
        publisher.publish_all([small])
    publisher.close()


@pytest.fixture
def mute():
    """The port of a server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("scheme", ["amqp", "amqps"])
def test_a_broker_that_takes_connections_and_says_nothing_holds_nobody(mute, run_probe, run_relay, database, scheme):
    url = f"{scheme}://guest:guest@127.0.0.1:{mute}//"
    service, relay = run_probe(AMQP_URL=url), run_relay(AMQP_URL=url)
    emit(database, 1)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        RpcClient(url).call(probe.ECHO, probe.Number(number=1))
    with pytest.raises(PublishFailed):
        ConfirmedPublisher(url).publish_all([wire.Message("", "queue-of-nobody", "{}", message_id="1")])
    assert time.monotonic() - started < NOTICED_WITHIN_S + SLACK_S
    seconds_until(lambda: service.lines("broker_out_of_reach"), timeout_s=NOTICED_WITHIN_S + 2 * SLACK_S)
    seconds_until(lambda: relay.lines("relay_interrupted"), timeout_s=NOTICED_WITHIN_S + 2 * SLACK_S)
    assert service.stop() == 0


def test_a_tls_line_that_went_silent_is_noticed_in_less_than_ten_seconds(
    run_probe, publish_event, effects, tls_url, proxied
):
    url, proxy = proxied(tls_url("127.0.0.1"), 5671)
    proxy.open()
    caller = RpcClient(url)
    service = run_probe(AMQP_URL=url, SSL_CERT_FILE=os.environ["SSL_CERT_FILE"])
    wait_until_answering(caller, "probe", service)
    publish_event(probe.NUMBERED, probe.Number(number=1), subject="1")
    seconds_until(lambda: effects() == [1])
    proxy.silence("both")
    seconds_until(lambda: len(service.lines("consumer_connection_lost")) >= 2, timeout_s=NOTICED_WITHIN_S + SLACK_S)
    proxy.speak()
    assert seconds_until(lambda: answers(caller)) < NOTICED_WITHIN_S + SLACK_S
    caller.close()


@pytest.fixture
def stop_backends(database):
    """Return a function that stops the server's processes of one application by SIGSTOP; they go on after the test."""
    stopped: list[int] = []

    def stop(application):
        with database.reading() as session:
            listing = sa.text("SELECT pid FROM pg_stat_activity WHERE application_name = :name")
            pids = list(session.scalars(listing, {"name": application}))
        for pid in pids:
            try:
                os.kill(pid, signal.SIGSTOP)
            except (ProcessLookupError, PermissionError):
                pytest.skip("the database server's processes are not on this machine, or not ours to stop")
            stopped.append(pid)
        return pids

    yield stop
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_stopped_server_processes_are_left_and_the_service_works_on_with_others(
    run_probe, rpc, publish_event, effects, stop_backends
):
    service = run_probe(**QUICK)
    wait_until_answering(rpc, "probe", service)
    publish_event(probe.NUMBERED, probe.Number(number=1), subject="1")
    seconds_until(lambda: effects() == [1])
    assert stop_backends("probe")
    publish_event(probe.NUMBERED, probe.Number(number=2), subject="2")
    assert seconds_until(lambda: effects() == [1, 2]) < NOTICED_WITHIN_S + SLACK_S
    assert pings(rpc)
    assert service.process.poll() is None


def test_a_relay_leaves_stopped_server_processes(run_probe, run_relay, rpc, database, effects, stop_backends):
    wait_until_answering(rpc, "probe", run_probe())
    relay = run_relay(**QUICK)
    emit(database, 1)
    seconds_until(lambda: effects() == [1])
    assert stop_backends("probe-relay")
    emit(database, 2)
    assert seconds_until(lambda: effects() == [1, 2]) < NOTICED_WITHIN_S + SLACK_S
    assert relay.process.poll() is None


def test_a_service_whose_loop_stands_still_ends_itself_and_says_which_part(run_probe, rpc):
    service = run_probe(WATCHDOG_S="6")
    wait_until_answering(rpc, "probe", service)
    time.sleep(8)  # longer than the watchdog bears: it moves
    assert service.process.poll() is None
    with contextlib.suppress(RpcError):
        rpc.call(probe.ECHO, probe.Number(number=1, fault="hang"), timeout_s=0.5)
    assert service.process.wait(PATIENCE_S) == os.EX_SOFTWARE
    (line,) = service.lines("watchdog_ended_process")
    assert (line["process"], line["level"]) == ("probe", "critical")
    assert line["still_s"] >= 6


def test_a_service_one_of_whose_handlers_hangs_ends_itself(run_probe, rpc, publish_event):
    service = run_probe(WATCHDOG_S="6")
    wait_until_answering(rpc, "probe", service)
    publish_event(probe.NUMBERED, probe.Number(number=1, sleep_s=600), subject="1")
    assert service.process.wait(PATIENCE_S) == os.EX_SOFTWARE
    (line,) = service.lines("watchdog_ended_process")
    assert "on_numbered" in line["part"]


def test_a_relay_that_stands_still_ends_itself(run_relay):
    relay = run_relay(WATCHDOG_S="3", RELAY="stuck")
    assert relay.process.wait(PATIENCE_S) == os.EX_SOFTWARE
    (line,) = relay.lines("watchdog_ended_process")
    assert line["part"] == "relay of probe"


def test_a_watchdog_bears_an_outage_of_everything_longer_than_its_limit(
    run_probe, run_relay, database_url, amqp_url, proxied
):
    broker_url, _ = proxied(amqp_url, 5672)
    url, _ = proxied(database_url, 5432)
    env = {"AMQP_URL": broker_url, "DATABASE_URL": url, "WATCHDOG_S": "4"}
    service, relay = run_probe(**env), run_relay(**env)
    seconds_until(lambda: service.lines("broker_out_of_reach") and relay.lines("relay_interrupted"))
    time.sleep(8)  # longer than the watchdog bears
    assert (service.process.poll(), relay.process.poll()) == (None, None)


def test_a_process_that_was_stopped_and_goes_on_is_not_ended(run_probe, rpc):
    service = run_probe(WATCHDOG_S="6")
    wait_until_answering(rpc, "probe", service)
    service.process.send_signal(signal.SIGSTOP)
    time.sleep(8)  # longer than the watchdog bears
    service.process.send_signal(signal.SIGCONT)
    time.sleep(3)  # as many of its looks as it needs to be mistaken
    assert service.process.poll() is None
