"""The node's questions and receipts over gateway and bus, against the use case called in the web process.

Both sides are one gthread worker of gunicorn in front of the same database; one payments process is behind the bus.
wrk asks with 16 keep-alive clients. Then 50 questions a second, each timed from when it was due, and 1,000 receipts
at once.
"""

from contextlib import ExitStack
from functools import partial
from typing import Final

from benchmarks.harness import node, program, world
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import taken

POSITIONS: Final = 100_000
CLIENTS: Final = 16
SECONDS: Final = 3.0
DUE_PER_S: Final = 50
DUE_S: Final = 8.0
AT_ONCE: Final = 1_000


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    with world.environment(MAX_WORKERS=str(CLIENTS)) as env, ExitStack() as running:
        database = node.prepare(env, POSITIONS)
        running.callback(database.close)
        receipts = node.Receipts(database, POSITIONS)
        payments = running.enter_context(world.process(env, "-m", "chassis.run", "payments")).pid
        direct, bus = running.enter_context(node.doors(env, {"payments": payments}))
        named = {"direct": direct, "bus": bus}
        asked = taken({name: partial(node.verifying, side, CLIENTS, SECONDS) for name, side in named.items()}, rounds)
        sent = taken({name: partial(receipts.sending, side, CLIENTS, SECONDS) for name, side in named.items()}, rounds)
        waits_s = node.open_loop(bus, lambda: node.verify(0), DUE_PER_S, DUE_S)
        burst_s = node.all_at_once(bus, [receipts.next() for _ in range(AT_ONCE)])
    p50, p99 = (waits_s[int(len(waits_s) * share)] * 1_000 for share in (0.50, 0.99))
    return [
        *compared(asked["bus"], asked["direct"], "paVerify", ratio=0.75),
        Figure(name="paVerify at 50/s, p50", value=p50, unit="ms"),
        Figure(name="paVerify at 50/s, p99", value=p99, unit="ms", at_most=50),
        Figure(name="paSendRTV2, ratio", value=sent["bus"].rate / sent["direct"].rate, unit="of direct"),
        Figure(name="paSendRTV2", value=sent["bus"].rate, unit="receipt/s"),
        Figure(name="paSendRTV2's processor", value=sent["bus"].processor_ms, unit="ms/receipt"),
        Figure(name="1,000 receipts at once", value=burst_s, unit="s until the last"),
    ]


if __name__ == "__main__":
    program.main(measure, rounds=3)
