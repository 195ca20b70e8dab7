"""What more processes of payments give: the node's calls over the bus with 1, 2 and 4 of them.

    python benchmarks/node_processes.py [--processes 1 2 4] [--seconds 5] [--clients 32]

Rounds go through all the numbers and the direct handler of node_soap.py, so that a busy machine slows all alike. The
ratios to one process and to the direct handler are the figures. Everything runs on this machine: with fewer cores than
processes there is nothing to win, and the figure then says what a process too many costs.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from kombu import Connection
from node_soap import (
    Side,
    bench_environment,
    closed_loop,
    doors,
    free_port,
    prepare,
    process,
    receipt,
    verify,
    wait_until_answering,
)

ROUNDS = 3
QUEUE = "rpc-payments"


def wait_for_consumers(amqp_url: str, count: int) -> None:
    """Wait until so many processes take calls from the queue."""
    with Connection(amqp_url) as connection:
        ends_at = time.monotonic() + 30
        while connection.default_channel.queue_declare(QUEUE, passive=True).consumer_count != count:
            if time.monotonic() > ends_at:
                raise TimeoutError(QUEUE)
            time.sleep(0.1)


def measure(
    environment: dict[str, str], sides: list[Side], options: argparse.Namespace, kinds: dict[str, Callable[[], bytes]]
) -> dict[str, dict[str, float]]:
    """Return answers per second, by call and by who answered: `direct` or the number of processes."""
    direct, bus = sides
    rates: dict[str, dict[str, list[float]]] = {name: {} for name in kinds}

    def note(side: Side, who: str) -> None:
        for name, make in kinds.items():
            rates[name].setdefault(who, []).append(closed_loop(side, make, options.clients, options.seconds))

    for _ in range(ROUNDS):
        note(direct, "direct")
        for count in options.processes:
            with ExitStack() as more:
                for _ in range(count - 1):
                    more.enter_context(process(environment, "-m", "chassis.run", "payments"))
                wait_for_consumers(environment["AMQP_URL"], count)
                note(bus, str(count))
            wait_for_consumers(environment["AMQP_URL"], 1)
    return {name: {who: statistics.median(found) for who, found in by.items()} for name, by in rates.items()}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--positions", type=int, default=200_000)
    options = parser.parse_args()
    # Each worker holds a connection: those of four processes must fit what PostgreSQL takes by default.
    environment = bench_environment() | {"MAX_WORKERS": "8"}
    prepare(environment, options.positions)
    unpaid: Iterator[int] = iter(range(options.positions - 1, 0, -1))
    kinds: dict[str, Callable[[], bytes]] = {
        "paVerifyPaymentNotice": lambda: verify(0),
        "paSendRTV2": lambda: receipt(next(unpaid)),
    }
    sides = [Side("direct", free_port()), Side("bus", free_port())]
    with ExitStack() as running:
        running.enter_context(process(environment, "-m", "chassis.run", "payments"))
        running.enter_context(doors(environment, sides))
        wait_until_answering(sides, environment["AMQP_URL"])
        found = measure(environment, sides, options, kinds)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for name, by in found.items():
        for count in map(str, options.processes):
            against_one, against_direct = by[count] / by[str(options.processes[0])], by[count] / by["direct"]
            print(
                f"{name:24} {count} processes {by[count]:7.0f}/s: {against_one:.2f} of one,"
                f" {against_direct:.2f} of direct ({by['direct']:.0f}/s)"
            )


if __name__ == "__main__":
    main()
