"""Real processes on RabbitMQ: killed, stopped, cut off from their servers, and started before them."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from chassis.clock import now
from chassis.messaging import wire
from chassis.messaging.publisher import ConfirmedPublisher, PublishFailed
from chassis.messaging.rpc_client import RpcClient
from contracts.errors import RpcError, Unavailable
from contracts.shapes import Empty
from tests.conftest import wait_until_answering
from tests.integration.chassis import probe


def emit(database, number, **data):
    with database.transaction() as tx:
        tx.emit(probe.NUMBERED, probe.Number(number=number, **data), subject=str(number), sequence=1, now=now())


def positions(database):
    with database.reading() as session:
        statement = sa.select(probe.OutboxMessage.position).order_by(probe.OutboxMessage.id)
        return list(session.scalars(statement))


def answers(rpc):
    try:
        return rpc.call(probe.ECHO, probe.Number(number=1)).number == 1
    except RpcError:
        return False


def pings(rpc):
    try:
        return rpc.call(probe.PING, Empty()) == Empty()
    except RpcError:
        return False


def test_an_event_whose_handler_is_killed_comes_again_and_has_one_effect(
    run_probe, rpc, publish_event, attempts, effects, eventually
):
    first = run_probe()
    wait_until_answering(rpc, "probe", first)
    publish_event(probe.NUMBERED, probe.Number(number=1, sleep_s=1.5), subject="1")
    eventually(attempts)
    first.kill()
    assert effects() == []
    run_probe()
    assert eventually(effects) == [1]
    assert attempts() == [1, 1]


def test_sigterm_lets_the_work_under_way_finish_and_nothing_is_delivered_again(
    run_probe, rpc, publish_event, attempts, effects, eventually
):
    first = run_probe()
    wait_until_answering(rpc, "probe", first)
    for number in (1, 2, 3):
        publish_event(probe.NUMBERED, probe.Number(number=number, sleep_s=1), subject=str(number))
    eventually(lambda: len(attempts()) == 3)
    with ThreadPoolExecutor() as callers:
        paying = callers.submit(rpc.call, probe.PAY, probe.Number(number=4, sleep_s=0.8))
        eventually(lambda: 4 in effects())
        assert first.stop() == 0
        assert paying.result() == probe.Answer(number=4)
    assert effects() == [1, 2, 3, 4]
    second = run_probe()
    wait_until_answering(rpc, "probe", second)
    assert attempts() == [1, 2, 3]
    assert second.lines("event_handled") == []


def test_a_stopping_process_leaves_new_requests_to_the_others(run_probe, rpc, eventually):
    first, second = run_probe(), run_probe()
    eventually(lambda: first.lines("service_started") and second.lines("service_started"))
    eventually(lambda: answers(rpc))
    stopper = threading.Timer(0.3, first.stop)
    stopper.start()
    outcomes = []
    for _ in range(400):
        outcomes.append(answers(rpc))
        time.sleep(0.003)
    stopper.join()
    assert all(outcomes)


def test_two_relays_publish_every_event_once_and_number_them_without_holes(
    run_probe, run_relay, rpc, database, effects, eventually
):
    wait_until_answering(rpc, "probe", run_probe())
    relays = [run_relay(), run_relay()]
    for number in range(300):
        emit(database, number)
    eventually(lambda: len(effects()) == 300, timeout_s=30)
    assert effects() == list(range(300))
    assert positions(database) == list(range(1, 301))
    for relay in relays:
        assert relay.stop() == 0


def test_relays_killed_again_and_again_lose_nothing(run_probe, run_relay, rpc, database, effects, eventually):
    wait_until_answering(rpc, "probe", run_probe())
    for tenth in range(10):
        relay = run_relay()
        for number in range(30):
            emit(database, tenth * 30 + number)
        if tenth < 9:
            time.sleep(0.1 * tenth)
            relay.kill()
    eventually(lambda: len(effects()) == 300, timeout_s=30)
    assert effects() == list(range(300))
    assert sorted(positions(database)) == list(range(1, 301))


def test_relay_service_and_caller_come_back_after_their_connections_are_cut(
    run_probe, run_relay, database, effects, eventually, amqp_url, proxied
):
    url, proxy = proxied(amqp_url, 5672)
    proxy.open()
    service, relay = run_probe(AMQP_URL=url), run_relay(AMQP_URL=url)
    caller = RpcClient(url)
    wait_until_answering(caller, "probe", service)
    emit(database, 1)
    eventually(effects)
    for number in (2, 3, 4):
        proxy.cut()
        emit(database, number)
        assert eventually(lambda: answers(caller))
    assert eventually(lambda: effects() == [1, 2, 3, 4], timeout_s=20)
    assert (service.stop(), relay.stop()) == (0, 0)
    caller.close()


def test_a_broker_away_for_seconds_is_told_at_once_and_found_again(
    run_probe, run_relay, database, effects, eventually, amqp_url, proxied
):
    url, proxy = proxied(amqp_url, 5672)
    proxy.open()
    service, relay = run_probe(AMQP_URL=url), run_relay(AMQP_URL=url)
    caller = RpcClient(url)
    wait_until_answering(caller, "probe", service)
    proxy.close()
    emit(database, 1)
    started = time.monotonic()
    with pytest.raises(Unavailable) as told:
        caller.call(probe.ECHO, probe.Number(number=1))
    assert told.value.code == "service_unavailable"
    assert time.monotonic() - started < 3
    time.sleep(3)
    proxy.open()
    assert eventually(lambda: answers(caller), timeout_s=10)
    assert eventually(effects, timeout_s=15) == [1]
    assert (service.process.poll(), relay.process.poll()) == (None, None)
    caller.close()


def test_a_publisher_whose_idle_connection_was_closed_opens_another(amqp_url, proxied):
    url, proxy = proxied(amqp_url, 5672)
    proxy.open()
    publisher = ConfirmedPublisher(url)
    nobody = wire.Message("", "queue-of-nobody", "{}", message_id="1", mandatory=True)
    assert publisher.publish_all([nobody]) == ["1"]
    proxy.cut()
    assert publisher.publish_all([nobody]) == ["1"]
    proxy.close()
    with pytest.raises(PublishFailed):
        publisher.publish_all([nobody])
    publisher.close()


def test_everything_may_start_before_the_broker(run_probe, run_relay, database, effects, eventually, amqp_url, proxied):
    url, proxy = proxied(amqp_url, 5672)
    service, relay = run_probe(AMQP_URL=url), run_relay(AMQP_URL=url)
    emit(database, 1)
    eventually(lambda: service.lines("broker_out_of_reach") and relay.lines("relay_interrupted"), timeout_s=60)
    assert (service.process.poll(), relay.process.poll()) == (None, None)
    proxy.open()
    assert eventually(effects, timeout_s=60) == [1]


def test_sigterm_ends_a_process_whose_broker_is_away(run_probe, eventually, amqp_url, proxied):
    url, _ = proxied(amqp_url, 5672)
    service = run_probe(AMQP_URL=url)
    eventually(lambda: service.lines("broker_out_of_reach"))
    assert service.stop() == 0


def test_a_database_away_is_told_and_events_wait_for_it(
    run_probe, rpc, publish_event, effects, eventually, database_url, proxied
):
    url, proxy = proxied(database_url, 5432)
    service = run_probe(DATABASE_URL=url)
    eventually(lambda: answers(rpc), timeout_s=20)
    with pytest.raises(Unavailable):
        rpc.call(probe.PING, Empty())
    publish_event(probe.NUMBERED, probe.Number(number=1), subject="1")
    eventually(lambda: len(service.lines("event_put_off")) > 3)
    proxy.open()
    assert eventually(effects) == [1]
    assert eventually(lambda: pings(rpc))
    proxy.cut()
    assert eventually(lambda: pings(rpc))


def test_sixteen_threads_share_one_connection_without_mixing_answers(run_probe, rpc):
    wait_until_answering(rpc, "probe", run_probe(MAX_WORKERS="20"))

    def ask(number):
        return [rpc.call(probe.ECHO, probe.Number(number=number * 1000 + index)).number for index in range(100)]

    with ThreadPoolExecutor(16) as callers:
        results = list(callers.map(ask, range(16)))
    assert results == [[number * 1000 + index for index in range(100)] for number in range(16)]


def test_large_requests_from_many_threads_arrive_whole(run_probe, rpc):
    wait_until_answering(rpc, "probe", run_probe())
    sizes = [1, 100_000, 150_000, 400_000]

    def ask(index):
        text = chr(97 + index % 26) * sizes[index % len(sizes)]
        return rpc.call(probe.REPEAT, probe.Text(text=text)) == probe.Text(text=text)

    with ThreadPoolExecutor(16) as callers:
        assert all(callers.map(ask, range(160)))


FORKING = """
import os
from chassis.messaging.rpc_client import RpcClient
from tests.integration.chassis import probe

client = RpcClient(os.environ["AMQP_URL"])
assert client.call(probe.ECHO, probe.Number(number=1)).number == 1
child = os.fork()
assert client.call(probe.ECHO, probe.Number(number=2)).number == 2
if child:
    assert os.waitpid(child, 0)[1] == 0
    assert client.call(probe.ECHO, probe.Number(number=3)).number == 3
"""


def test_a_forked_process_opens_a_connection_of_its_own(run_probe, rpc, start_process):
    wait_until_answering(rpc, "probe", run_probe())
    forking = start_process("-c", FORKING)
    assert forking.process.wait(20) == 0, forking.log()


def test_a_call_that_is_not_idempotent_is_never_sent_twice(run_probe, effects, eventually, amqp_url, proxied):
    url, proxy = proxied(amqp_url, 5672)
    proxy.open()
    caller = RpcClient(url)
    wait_until_answering(caller, "probe", run_probe())
    with ThreadPoolExecutor() as callers:
        paying = callers.submit(caller.call, probe.PAY, probe.Number(number=1, sleep_s=0.5))
        eventually(effects)
        proxy.cut()
        with pytest.raises(Unavailable) as told:
            paying.result()
    assert told.value.code == "outcome_unknown"
    time.sleep(1)
    assert effects() == [1]
    caller.close()


def test_a_redelivered_request_that_is_not_idempotent_is_not_executed_again(
    run_probe, rpc, effects, eventually, amqp_url
):
    first = run_probe()
    wait_until_answering(rpc, "probe", first)
    with ThreadPoolExecutor() as callers:
        paying = callers.submit(rpc.call, probe.PAY, probe.Number(number=1, sleep_s=60), timeout_s=10)
        eventually(effects)
        first.kill()
        run_probe()
        with pytest.raises(Unavailable) as told:
            paying.result()
    assert told.value.code == "outcome_unknown"
    assert effects() == [1]


def test_a_request_nobody_waits_for_any_more_is_not_executed(start_system, clean_broker, amqp_url, effects):
    for url in (amqp_url, "inproc://"):
        system = start_system(url, MAX_WORKERS="1")
        system.call("ECHO", {"number": 1, "sleep_s": 1.5}, timeout_s=0.2)
        answer = system.call("PAY", {"number": 5}, timeout_s=0.5)
        assert answer["code"] == "outcome_unknown"
        assert system.call("ECHO", {"number": 2}, timeout_s=5)["reply"]["number"] == 2
        assert effects() == []
        system.end()


def test_events_that_a_lost_memory_held_are_replayed_to_the_inbox_that_lacks_them(
    start_system, database, effects, eventually
):
    system = start_system("inproc://")
    system.call("EMIT", {"number": 1})
    eventually(effects)
    system.call("EMIT", {"number": 2, "failures": 3, "fault": "bug"})
    eventually(system.dead)
    system.running.kill()
    restarted = start_system("inproc://")
    assert restarted.replay_missed() == 1
    assert eventually(lambda: effects() == [1, 2])
    assert restarted.replay_missed() == 0
