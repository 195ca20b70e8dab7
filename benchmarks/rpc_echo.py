"""An RPC that does nothing, many in flight, against pika's BlockingConnection at both ends.

    python benchmarks/rpc_echo.py [--seconds 4] [--in-flight 64] [--rounds 4]

Ours: RpcClient with one thread per request in flight, as in the gateway, and a service process on nameko. The baseline:
one pika process that answers and acks, one that keeps as many requests in flight, transient, without confirms. Rounds
alternate; medians. The ratio is the figure; processor time is of both ends together, without the broker.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import Process, SimpleQueue
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import pika  # noqa: E402 -- after the path is set

from chassis import logs  # noqa: E402 -- as above
from chassis.messaging.rpc_client import RpcClient  # noqa: E402 -- as above
from chassis.settings import DEFAULT_AMQP_URL  # noqa: E402 -- as above
from contracts.call import Call  # noqa: E402 -- as above
from contracts.errors import RpcError  # noqa: E402 -- as above
from contracts.message import Message  # noqa: E402 -- as above

GOAL: Final = 0.75
AMQP_URL: Final = os.environ.get("AMQP_URL", DEFAULT_AMQP_URL)
PIKA_QUEUE: Final = "bench-pika-echo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Message):
    """What is said and comes back."""

    text: str
    number: int


ECHO: Final = Call("bench", "echo", Said, Said, idempotent=True, timeout_s=10)
SAID: Final = Said(text="x" * 100, number=7)


def pika_connection() -> pika.BlockingConnection:
    """Open a pika connection."""
    return pika.BlockingConnection(pika.URLParameters(AMQP_URL))


def answer_with_pika() -> None:
    """Answer every request, as the simplest program does."""
    channel = pika_connection().channel()
    channel.queue_declare(PIKA_QUEUE)
    channel.basic_qos(prefetch_count=64)

    def answer(channel: Any, method: Any, properties: Any, body: bytes) -> None:
        reply = json.dumps({"result": json.loads(body)["kwargs"]["request"], "error": None})
        answered = pika.BasicProperties(correlation_id=properties.correlation_id)
        channel.basic_publish("", properties.reply_to, reply, answered)
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(PIKA_QUEUE, answer)
    channel.start_consuming()


def ask_with_pika(seconds: float, in_flight: int) -> tuple[float, float]:
    """Keep requests in flight; return requests a second and the processor seconds of this process for each."""
    connection = pika_connection()
    channel = connection.channel()
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
    used = time.process_time()
    started = time.monotonic()
    ends_at = started + seconds
    for _ in range(in_flight):
        ask()
    while time.monotonic() < ends_at:
        connection.process_data_events(time_limit=0.1)
    took_s = time.monotonic() - started
    count = done
    connection.close()
    return count / took_s, (time.process_time() - used) / count


def ask_with_ours(seconds: float, in_flight: int) -> tuple[float, float]:
    """Do the same with RpcClient."""
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 -- for as long as this process lives
    logs.configure("bench-caller", os.environ.get("LOG_LEVEL", "INFO"))
    client = RpcClient(AMQP_URL)
    client.call(ECHO, SAID)
    counts = [0] * in_flight
    used = time.process_time()
    started = time.monotonic()
    ends_at = started + seconds

    def ask(index: int) -> None:
        while time.monotonic() < ends_at:
            assert client.call(ECHO, SAID).number == SAID.number
            counts[index] += 1

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(in_flight)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.monotonic() - started
    client.close()
    return sum(counts) / took_s, (time.process_time() - used) / sum(counts)


def serve_ours() -> None:
    """Be the service process."""
    import chassis.runtime.green  # noqa: F401, PLC0415 -- in the child alone
    from chassis.runtime.entrypoints import answers  # noqa: PLC0415 -- after green
    from chassis.runtime.process import run  # noqa: PLC0415 -- after green

    class BenchService:
        name = "bench"

        @answers(ECHO)
        def echo(self, request: Said) -> Said:
            return request

    logs.configure("bench", os.environ.get("LOG_LEVEL", "INFO"))
    run(BenchService)


def measured(ask: Callable[[float, int], tuple[float, float]], seconds: float, in_flight: int) -> tuple[float, float]:
    """Run one round in a process of its own."""
    results: SimpleQueue[tuple[float, float]] = SimpleQueue()
    process = Process(target=lambda: results.put(ask(seconds, in_flight)))
    process.start()
    result = results.get()
    process.join()
    return result


def processor_s(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_ours() -> None:
    """Wait until the service answers."""
    client = RpcClient(AMQP_URL)
    ends_at = time.monotonic() + 30
    while True:
        try:
            client.call(ECHO, SAID)
        except RpcError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.2)
        else:
            client.close()
            return


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--serve", choices=["ours", "pika"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return {"ours": serve_ours, "pika": answer_with_pika}[options.serve]()
    environment = {"MAX_WORKERS": str(options.in_flight), "LOG_LEVEL": "INFO", **os.environ}
    servers = {
        name: subprocess.Popen([sys.executable, __file__, "--serve", name], env=environment, stdout=subprocess.DEVNULL)
        for name in ("pika", "ours")
    }
    asking = {"pika": ask_with_pika, "ours": ask_with_ours}
    rounds: dict[str, list[tuple[float, float]]] = {"pika": [], "ours": []}
    try:
        wait_for_ours()
        for _ in range(options.rounds):
            for name, ask in asking.items():
                used_s = processor_s(servers[name].pid)
                rate, client_s = measured(ask, options.seconds, options.in_flight)
                server_s = (processor_s(servers[name].pid) - used_s) / (rate * options.seconds)
                rounds[name].append((rate, (client_s + server_s) * 1_000))
    finally:
        for server in servers.values():
            server.kill()
            server.wait()
    rates = {name: statistics.median(rate for rate, _ in done) for name, done in rounds.items()}
    for name, done in rounds.items():
        cost_ms = statistics.median(cost for _, cost in done)
        print(f"{name:5} {rates[name]:8.0f}/s   {cost_ms:6.2f} ms of processor, both ends")
    ratio = rates["ours"] / rates["pika"]
    print(f"ratio {ratio:.2f}; goal {GOAL}, {'met' if ratio >= GOAL else 'MISSED'}")
    return None


if __name__ == "__main__":
    main()
