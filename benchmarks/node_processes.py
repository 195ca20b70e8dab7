"""What more processes of payments give: the node's calls over the bus with 1, 2 and 4 of them.

Turns go through all the numbers and the direct use case, so that a busy machine slows all alike. With fewer cores than
processes there is nothing to win, and the figure then says what a process too many costs.
"""

from contextlib import ExitStack
from functools import partial
from typing import Final

from kombu import Connection

from benchmarks.harness import node, program, world
from benchmarks.harness.figures import Figure
from benchmarks.harness.turns import Turn, taken

PROCESSES: Final = (1, 2, 4)
POSITIONS: Final = 200_000
CLIENTS: Final = 32
SECONDS: Final = 3.0
QUEUE: Final = "rpc-payments"


def consumers(amqp_url: str) -> int:
    """Return how many processes take calls from the queue."""
    with Connection(amqp_url) as connection:
        return int(connection.default_channel.queue_declare(QUEUE, passive=True).consumer_count)


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    # Each worker holds a connection: those of four processes must fit what PostgreSQL takes by default.
    with world.environment(MAX_WORKERS="8") as env, ExitStack() as running:
        database = node.prepare(env, POSITIONS)
        running.callback(database.close)
        receipts = node.Receipts(database, POSITIONS)
        first = running.enter_context(world.process(env, "-m", "chassis.run", "payments")).pid
        direct, bus = running.enter_context(node.doors(env, {"payments": first}))

        def with_processes(count: int, kind: str) -> Turn:
            with ExitStack() as more:
                commands = [world.process(env, "-m", "chassis.run", "payments") for _ in range(count - 1)]
                others = [more.enter_context(command).pid for command in commands]
                world.wait_for(lambda: consumers(env["AMQP_URL"]) == count, "the processes")
                return turn(node.Side(bus.port, (*bus.pids, *others)), kind)

        def turn(side: node.Side, kind: str) -> Turn:
            if kind == "paVerify":
                return node.verifying(side, CLIENTS, SECONDS)
            return receipts.sending(side, CLIENTS, SECONDS)

        figures = []
        for kind in ("paVerify", "paSendRTV2"):
            turns = {"direct": partial(turn, direct, kind)}
            turns |= {str(count): partial(with_processes, count, kind) for count in PROCESSES}
            sides = taken(turns, rounds)
            figures += [
                Figure(name=f"{kind}, {count} processes", value=sides[str(count)].rate, unit="call/s")
                for count in PROCESSES
            ]
            figures += [
                Figure(name=f"{kind}, {count} of one", value=sides[str(count)].rate / sides["1"].rate, unit="times")
                for count in PROCESSES[1:]
            ]
            figures += [
                Figure(name=f"{kind}, processor with {count}", value=sides[str(count)].processor_ms, unit="ms/call")
                for count in PROCESSES
            ]
            figures.append(Figure(name=f"{kind}, direct", value=sides["direct"].rate, unit="call/s"))
    return figures


if __name__ == "__main__":
    program.main(measure, rounds=2)
