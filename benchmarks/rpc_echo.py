"""An RPC that does nothing, 64 in flight, against pika's BlockingConnection at both ends.

Ours: RpcClient with one thread per request in flight, as in the gateway, and a service process on nameko, with the log
as in production. The baseline: one pika process that answers and acks, one that keeps as many requests in flight,
transient, without confirms. Processor time is of both ends together, without the broker.
"""

import json
import os
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pika

from benchmarks.harness import program, world
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import Turn, processor_s, taken
from chassis import logs
from chassis.messaging.rpc_client import RpcClient
from contracts.call import Call
from contracts.message import Message

MODULE: Final = "benchmarks.rpc_echo"
IN_FLIGHT: Final = 64
SECONDS: Final = 3.0
PIKA_QUEUE: Final = "bench-pika-echo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Message):
    """What is said and comes back."""

    text: str
    number: int


ECHO: Final = Call("bench", "echo", Said, Said, idempotent=True, timeout_s=10)
SAID: Final = Said(text="x" * 100, number=7)


def _pika() -> pika.BlockingConnection:
    return pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))


def answer_with_pika() -> None:
    """Answer every request, as the simplest program does."""
    channel = _pika().channel()
    channel.queue_declare(PIKA_QUEUE, auto_delete=True)
    channel.basic_qos(prefetch_count=IN_FLIGHT)

    def answer(channel: Any, method: Any, properties: Any, body: bytes) -> None:
        reply = json.dumps({"result": json.loads(body)["kwargs"]["request"], "error": None})
        answered = pika.BasicProperties(correlation_id=properties.correlation_id)
        channel.basic_publish("", properties.reply_to, reply, answered)
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(PIKA_QUEUE, answer)
    channel.start_consuming()


def ask_with_pika() -> Turn:
    """Keep requests in flight."""
    connection = _pika()
    channel = connection.channel()
    channel.queue_declare(PIKA_QUEUE, auto_delete=True)
    reply_to = channel.queue_declare("", exclusive=True).method.queue
    done = 0
    body = json.dumps({"args": [], "kwargs": {"request": {"text": SAID.text, "number": SAID.number}}})

    def ask() -> None:
        asked = pika.BasicProperties(reply_to=reply_to, correlation_id=str(done))
        channel.basic_publish("", PIKA_QUEUE, body, asked)

    def answered(_channel: Any, _method: Any, _properties: Any, reply: bytes) -> None:
        nonlocal done
        assert json.loads(reply)["error"] is None
        done += 1
        if time.monotonic() < ends_at:
            ask()

    channel.basic_consume(reply_to, answered, auto_ack=True)
    used_s, started_s = time.process_time(), time.monotonic()
    ends_at = started_s + SECONDS
    for _ in range(IN_FLIGHT):
        ask()
    while time.monotonic() < ends_at:
        connection.process_data_events(time_limit=0.1)
    turn = Turn(done, time.monotonic() - started_s, time.process_time() - used_s)
    connection.close()
    return turn


def ask_with_ours() -> Turn:
    """Do the same with RpcClient."""
    stdout, sys.stdout = sys.stdout, Path(os.devnull).open("w")  # noqa: SIM115 -- the log goes where it costs nothing
    logs.configure("bench-caller", "INFO")
    client = RpcClient(os.environ["AMQP_URL"])
    client.call(ECHO, SAID)
    counts = [0] * IN_FLIGHT
    used_s, started_s = time.process_time(), time.monotonic()
    ends_at = started_s + SECONDS

    def ask(index: int) -> None:
        while time.monotonic() < ends_at:
            assert client.call(ECHO, SAID).number == SAID.number
            counts[index] += 1

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(IN_FLIGHT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turn = Turn(sum(counts), time.monotonic() - started_s, time.process_time() - used_s)
    client.close()
    sys.stdout = stdout
    return turn


def answer_with_ours() -> None:
    """Be the service process."""
    import chassis.runtime.green  # noqa: F401, PLC0415 -- in the child alone
    from chassis.runtime.entrypoints import answers  # noqa: PLC0415 -- after green
    from chassis.runtime.process import run  # noqa: PLC0415 -- after green

    class BenchService:
        name = "bench"

        @answers(ECHO)
        def echo(self, request: Said) -> Said:
            return request

    logs.configure("bench", "INFO")
    run(BenchService)


def asked(env: dict[str, str], role: str, server: int) -> Turn:
    """Let a process ask for one turn; the processor time is of both ends."""
    used_s = processor_s([server])
    turn = program.turn_of(env, MODULE, role)
    return Turn(turn.units, turn.took_s, turn.processor_s + processor_s([server]) - used_s)


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    with world.environment(MAX_WORKERS=str(IN_FLIGHT)) as env, ExitStack() as running:
        servers = {
            name: running.enter_context(world.process(env, "-m", MODULE, "--role", f"answer-{name}")).pid
            for name in ("pika", "ours")
        }
        client = RpcClient(env["AMQP_URL"])
        world.wait_for(lambda: client.call(ECHO, SAID), "the echo")
        client.close()
        sides = taken({name: partial(asked, env, f"ask-{name}", pid) for name, pid in servers.items()}, rounds)
    return compared(sides["ours"], sides["pika"], "call", ratio=0.75)


if __name__ == "__main__":
    program.main(
        measure,
        roles={
            "answer-pika": answer_with_pika,
            "answer-ours": answer_with_ours,
            "ask-pika": ask_with_pika,
            "ask-ours": ask_with_ours,
        },
    )
