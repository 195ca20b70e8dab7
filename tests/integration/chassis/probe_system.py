"""The invented service with its relay and its callers in one green process, told what to do over a socket.

`python -m tests.integration.chassis.probe_system SOCKET`: one JSON command per line, one JSON answer per line. The same
program runs on RabbitMQ and on `inproc://`, whose broker nobody outside the process could reach.
"""

import chassis.runtime.green  # noqa: F401 -- must come before every other import

# isort: split
import dataclasses
import json
import os
import socket
import sys
import time
import traceback
from typing import Any

import eventlet
from kombu import Connection, Queue

from chassis import logs
from chassis.embedded import system
from chassis.messaging import dead_letters, rpc_client, wire
from chassis.messaging.publisher import ConfirmedPublisher
from chassis.messaging.relay import Relay
from chassis.settings import database_url
from chassis.storage.database import Database
from contracts.errors import RpcError
from tests.integration.chassis import probe
from tests.integration.chassis.probe_service import ProbeService

URL = os.environ["AMQP_URL"]
DATABASE = database_url("probe")


def call(name, request, **options):
    started = time.monotonic()
    outcome: dict[str, Any]
    try:
        described = getattr(probe, name)
        reply = rpc_client.shared(URL).call(described, described.request_type(**request), **options)
        outcome = {"reply": dataclasses.asdict(reply)}
    except RpcError as error:
        outcome = {"family": type(error).__name__, "code": error.code, "params": error.params}
    return {**outcome, "took_s": time.monotonic() - started}


def call_at_once(name, requests):
    pool = eventlet.GreenPool(16)
    return list(pool.imap(lambda request: call(name, request), requests))


def publish(**message):
    publisher = ConfirmedPublisher(URL, declare=[wire.event_exchange("probe")])
    publisher.publish_all([wire.Message(**message)])
    publisher.close()


def queue_size(name):
    with Connection(URL) as connection:
        return Queue(name)(connection.channel()).queue_declare(passive=True).message_count


def purge(names):
    with Connection(URL) as connection:
        for name in names:
            Queue(name)(connection.channel()).purge()


def dead():
    return dead_letters.look(URL, probe.LISTENER.queue_name)


def replay_dead():
    return dead_letters.replay(URL, probe.LISTENER.queue_name)


def replay_missed():
    def database():
        return Database(DATABASE, probe)

    return system.replay_to(probe.LISTENER, outbox=database(), inbox=database(), amqp_url=URL)


COMMANDS = {
    function.__name__: function
    for function in (call, call_at_once, publish, queue_size, purge, dead, replay_dead, replay_missed)
}


def serve(path):
    logs.configure("probe", os.environ["LOG_LEVEL"])
    running = system.start_services([ProbeService], amqp_url=URL)
    relay = Relay("probe", probe, url=DATABASE, amqp_url=URL, listeners=[probe.LISTENER])
    system.start_relays(running, [relay])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    connection, _ = listener.accept()
    with connection.makefile("rw") as lines:
        for line in lines:
            command = json.loads(line)
            try:
                result = {"result": COMMANDS[command.pop("do")](**command)}
            except Exception:  # noqa: BLE001 -- the test shows it
                result = {"failure": traceback.format_exc()}
            lines.write(json.dumps(result, default=str) + "\n")
            lines.flush()
    running.stop()


if __name__ == "__main__":
    serve(sys.argv[1])
