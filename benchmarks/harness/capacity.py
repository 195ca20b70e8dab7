"""What a rate of payments takes, computed from the unit costs of a result of `./portal bench`.

The tables of docs/performance.md stand between `<!-- NAME -->` and `<!-- end -->`. To write them anew:

    ./portal generate
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.events.payments import PAYMENT_CONFIRMED
from contracts.events.subscriptions import SUBSCRIPTIONS
from dev.bench import BASELINE, Found, number, read_results
from dev.paths import ROOT

PAGE: Final = ROOT / "docs" / "performance.md"
PAYMENTS_PER_S: Final = 130
SECONDS: Final = 3_600
UTILISATION: Final = 0.5
"""Of a core that a process may be busy; above, waits grow."""
PORTAL_SHARE: Final = 0.1
PAGES_PER_PORTAL_PAYMENT: Final = 8
DATABASE_CONNECTIONS: Final = {"service": 15, "relay": 3}
"""At most: MAX_WORKERS and the pool's overflow; a relay's listening one and its pool."""
LISTENING: Final = [one.consumer.partition(".")[0] for one in SUBSCRIPTIONS if one.event_type is PAYMENT_CONFIRMED]
_OF_EACH_ROW: Final = {"ratio", "ratio of processor", "rate", "processor", "baseline rate", "baseline processor"}


@dataclass(frozen=True)
class Load:
    """Work of one kind of process: units a payment, milliseconds of processor a unit."""

    kind: str
    what: str
    units: float
    cost_ms: float

    @property
    def cores(self) -> float:
        """Processors that are busy all the time at PAYMENTS_PER_S."""
        return PAYMENTS_PER_S * self.units * self.cost_ms / 1_000

    @property
    def processes(self) -> int:
        """Processes of one core each, busy for UTILISATION of it; two at least, so that one may end."""
        return max(2, math.ceil(self.cores / UTILISATION))


def loads(found: Found) -> list[Load]:
    """Return the work of each kind of process."""
    cost = {row: {figure.name: figure.value for figure in figures} for row, figures in found.items()}
    # Gateway's door and payments together; a question before each payment, and one with the payment's data.
    node_ms = 2 * cost["node_soap"]["processor"] + cost["node_soap"]["paSendRTV2's processor"]
    pages = PORTAL_SHARE * PAGES_PER_PORTAL_PAYMENT
    return [
        Load("node's door and payments", "two questions and a receipt", 1, node_ms),
        Load("relay of payments", "PaymentConfirmed", 1, cost["events"]["relay's processor"]),
        *(Load(service, "PaymentConfirmed heard", 1, cost["events"]["processor"]) for service in LISTENING),
        Load("gateway", "pages", pages, cost["pages"]["processor"]),
        Load("identity, practices behind the pages", "calls", pages, cost["api_list"]["processor"]),
    ]


def growth(found: Found) -> list[tuple[str, float]]:
    """Return the tables that grow, with bytes a payment."""
    return [
        (figure.name, figure.value)
        for figure in found["table_growth"]
        if figure.unit == "bytes/payment" and figure.name != "all tables"
    ]


def processes_table(found: Found) -> list[Sequence[str]]:
    """Return kind, work, milliseconds a payment, cores, processes."""
    rows: list[Sequence[str]] = [("process", "work", "ms a payment", "cores", "processes")]
    work = loads(found)
    rows += [
        (one.kind, one.what, number(one.units * one.cost_ms), number(one.cores), str(one.processes)) for one in work
    ]
    cores = sum(one.cores for one in work)
    return [
        *rows,
        ("all", "", number(cores / PAYMENTS_PER_S * 1_000), number(cores), str(sum(one.processes for one in work))),
    ]


def connections_table(found: Found) -> list[Sequence[str]]:
    """Return what the servers must let in."""
    work = {one.kind: one.processes for one in loads(found)}
    payments = work["node's door and payments"] * DATABASE_CONNECTIONS["service"]
    listening = sum(work[service] for service in LISTENING) * DATABASE_CONNECTIONS["service"]
    reading = work["identity, practices behind the pages"] * DATABASE_CONNECTIONS["service"]
    relays = work["relay of payments"] * DATABASE_CONNECTIONS["relay"]
    per_service = {
        service: 2 + sum(one.consumer.startswith(f"{service}.") for one in SUBSCRIPTIONS)
        for service in ("payments", "practices")
    }
    broker = sum(work.values()) * max(per_service.values())
    return [
        ("connections", "at most"),
        ("payments' database", str(payments + relays)),
        ("other databases", str(listening + reading)),
        ("RabbitMQ", str(broker)),
    ]


def growth_table(found: Found) -> list[Sequence[str]]:
    """Return table, bytes a payment, gigabytes an hour at PAYMENTS_PER_S, rows an hour."""
    payments = PAYMENTS_PER_S * SECONDS
    rows: list[Sequence[str]] = [("table", "bytes a payment", f"GB an hour ({payments:,} payments)")]
    sizes = growth(found)
    rows += [(f"`{name}`", number(size), f"{size * payments / 1e9:.2f}") for name, size in sizes]
    total = sum(size for _, size in sizes)
    return [*rows, ("all", number(total), f"{total * payments / 1e9:.2f}")]


def figures_table(found: Found) -> list[Sequence[str]]:
    """Return row, figure, value, unit, goal, verdict, of every figure that has a goal, and its processor time."""
    rows: list[Sequence[str]] = [("row", "figure", "found", "unit", "goal", "")]
    for row, figures in found.items():
        for figure in figures:
            if figure.goal or figure.name in {"ratio", "ratio of processor", "processor"}:
                verdict = {None: "", True: "met", False: "missed"}[figure.is_met]
                rows.append((f"`{row}`", figure.name, number(figure.value), figure.unit, figure.goal, verdict))
    return rows


def other_figures_table(found: Found, *rows: str) -> list[Sequence[str]]:
    """Return the figures of some rows that only they have."""
    lines: list[Sequence[str]] = [("row", "figure", "found", "unit")]
    own = [(row, one) for row in rows for one in found.get(row, ()) if one.name not in _OF_EACH_ROW]
    return lines + [(f"`{row}`", one.name, number(one.value), one.unit) for row, one in own]


def tables(found: Found) -> Mapping[str, list[Sequence[str]]]:
    """Return every table of the page, by its name."""
    return {
        "figures": figures_table(found),
        "growing": other_figures_table(
            found, "node_positions", "node_processes", "reply_trip", "pages", "large_debtor"
        ),
        "processes": processes_table(found),
        "connections": connections_table(found),
        "disk": growth_table(found),
    }


def written(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    header, *body = rows
    lines = [header, ("---",) * len(header), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def made_anew(text: str, found: Found) -> str:
    """Return the page with its tables as the results say."""
    for name, rows in tables(found).items():
        start = f"<!-- {name} -->\n"
        before, rest = text.split(start, 1)
        after = rest.split("<!-- end -->", 1)[1]
        text = f"{before}{start}{written(rows)}<!-- end -->{after}"
    return text


def main() -> None:
    """Write the tables of the page anew."""
    PAGE.write_text(made_anew(PAGE.read_text(), read_results(BASELINE)))
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
