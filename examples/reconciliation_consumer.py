"""Write every payment of the portal into a ledger of your own: copy this file and make it yours.

It needs Python 3.11 and one library (`pip install kombu`), nothing of the portal.

    python reconciliation_consumer.py --amqp-url amqp://user:password@broker:5672/ --ledger ledger.sqlite3
                                      [--exchange PM108.events --queue PM108.reconciliation]
    python reconciliation_consumer.py --ledger ledger.sqlite3 --export ledger.csv
    python reconciliation_consumer.py --ledger ledger.sqlite3 --day 2026-11-23

`--day` closes a day: what was paid by the clock in Italy, summed up by account, and what a human must look at.

What you can rely on:
- The portal says PaymentConfirmed once per receipt of pagoPA, but a message may arrive more than once: after a lost
  connection, or because somebody replays events. The ledger's primary key (creditor, receipt) makes the second one
  change nothing, so there is one row per receipt, whatever is killed when.
- A message is acknowledged to the broker only after the row is committed. Kill this program at any moment and start it
  again: nothing is lost, nothing is there twice.
- The queue is durable and belongs to this program: while it is down, messages wait there. The queue exists from its
  first start on; payments made before that are in the portal's API: GET /api/v1/creditors/{entity}/payments.
- Order is not promised: PaymentDuplicated and PaymentReported may come before the PaymentConfirmed of their receipt. So
  each has a table of its own, and they are joined when somebody reads. Sort by `paid_at` when you need order.

A payment nobody expected (the same notice paid twice, or a cancelled one) is in the ledger like any other, because the
money did arrive. PaymentDuplicated says which ones they are, and why: `unexpected` in the export.
"""

import argparse
import csv
import json
import os
import signal
import sqlite3
import sys
import time
from datetime import date, datetime
from pathlib import Path
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

from kombu import Connection, Consumer, Exchange, Queue, binding
from kombu.exceptions import KombuError

# Where the portal publishes. A body with a user of its own at the broker has an exchange of its own: PM108.events.
EXCHANGE = "payments.events"
CONFIRMED, DUPLICATED, REPORTED = "PaymentConfirmed.v1", "PaymentDuplicated.v1", "PaymentReported.v1"
# Two programs with different queue names each get every message; with the same name they share the work.
QUEUE_NAME = "reconciliation.PaymentConfirmed.v1"

# The ledger's columns are the event's fields, by the same names. Amounts are whole cents: money is never a float.
COLUMNS = (
    "creditor_fiscal_code",
    "receipt_id",
    "entity_code",
    "notice_number",
    "iuv",
    "amount_cents",
    "paid_at",
    "application_date",
    "psp_id",
    "psp_name",
    "payment_method",
    "practice_id",
    "checkout_id",
    # What your own books know it by. Empty where nobody was asked for the money.
    "external_id",
    "service_code",
    "accounting_code",
)
# Of the fields that are objects, what a flat ledger wants of them: column, field, member.
MEMBERS = (
    ("instalment_number", "instalment", "number"),
    ("instalment_total", "instalment", "total"),
    ("beneficiary_name", "beneficiary", "full_name"),
)
ALL_COLUMNS = (*COLUMNS, *(column for column, _, _ in MEMBERS))
SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger (
    creditor_fiscal_code TEXT NOT NULL, receipt_id TEXT NOT NULL, entity_code TEXT NOT NULL,
    notice_number TEXT NOT NULL, iuv TEXT NOT NULL, amount_cents INTEGER NOT NULL, paid_at TEXT NOT NULL,
    application_date TEXT, psp_id TEXT NOT NULL, psp_name TEXT NOT NULL, payment_method TEXT,
    practice_id TEXT, checkout_id TEXT, external_id TEXT, service_code TEXT, accounting_code TEXT,
    instalment_number INTEGER, instalment_total INTEGER, beneficiary_name TEXT,
    event_id TEXT NOT NULL, written_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (creditor_fiscal_code, receipt_id)
);
CREATE TABLE IF NOT EXISTS unexpected (
    receipt_id TEXT NOT NULL, notice_number TEXT NOT NULL, reason TEXT NOT NULL, first_receipt_id TEXT,
    PRIMARY KEY (receipt_id, notice_number)
);
CREATE TABLE IF NOT EXISTS reported (
    receipt_id TEXT NOT NULL, practice_id TEXT NOT NULL, flow_id TEXT NOT NULL, settled_on TEXT NOT NULL,
    amount_cents INTEGER NOT NULL, PRIMARY KEY (receipt_id, practice_id)
);
CREATE TABLE IF NOT EXISTS set_aside (
    body TEXT NOT NULL, why TEXT NOT NULL, written_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
"""
WHOLE = """
    FROM ledger LEFT JOIN unexpected USING (receipt_id, notice_number)
    LEFT JOIN reported ON reported.receipt_id = ledger.receipt_id AND reported.practice_id = ledger.practice_id
"""
ROME = ZoneInfo("Europe/Rome")
LONGEST_PAUSE_S = 30


class Ledger:
    """Your books: an SQLite file here. Replace this class by your own accounting, keeping the primary keys."""

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file, timeout=30)
        self.connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + SCHEMA)

    def write(self, event: dict[str, Any]) -> bool:
        """Write what one event says; False when it was there already. Committed when this returns."""
        data = event["data"]
        if event["type"] == CONFIRMED:
            members = {column: (data.get(field) or {}).get(member) for column, field, member in MEMBERS}
            return self.insert("ledger", {**taken(data, *COLUMNS), **members, "event_id": event["id"]})
        if event["type"] == DUPLICATED:
            return self.insert("unexpected", taken(data, "receipt_id", "notice_number", "reason", "first_receipt_id"))
        if event["type"] == REPORTED:
            fields = ("receipt_id", "practice_id", "flow_id", "settled_on", "amount_cents")
            return self.insert("reported", taken(data, *fields))
        raise ValueError(f"{event['type']} is not for the ledger")

    def insert(self, table: str, row: dict[str, Any]) -> bool:
        """Insert a row unless one of its primary key is there."""
        names, marks = ", ".join(row), ", ".join("?" for _ in row)
        with self.connection:
            done = self.connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608 -- of this file
                list(row.values()),
            )
        return done.rowcount == 1

    def set_aside(self, body: str, why: str) -> None:
        """Keep a message that cannot be a row, for somebody to look at: it must not block the ones behind it."""
        with self.connection:
            self.connection.execute("INSERT INTO set_aside (body, why) VALUES (?, ?)", (body, why))

    def export(self, file: Path) -> int:
        """Write the ledger as CSV, oldest payment first, and return how many rows it has."""
        columns = [f"ledger.{column}" for column in ALL_COLUMNS]
        wanted = ", ".join([*columns, "unexpected.reason", "reported.flow_id", "reported.settled_on"])
        query = f"SELECT {wanted} {WHOLE} ORDER BY paid_at, ledger.receipt_id"
        rows = self.connection.execute(query).fetchall()
        with file.open("w", newline="", encoding="utf-8") as output:
            writer = csv.writer(output)
            writer.writerow((*ALL_COLUMNS, "unexpected", "flow_id", "settled_on"))
            writer.writerows([[harmless(cell) for cell in row] for row in rows])
        return len(rows)

    def close_day(self, day: date) -> list[str]:
        """Return the lines that close a day: the sum of each account, what was not expected, what no flow reports."""
        query = (
            "SELECT ledger.paid_at, ledger.accounting_code, ledger.service_code, ledger.amount_cents,"
            f" ledger.receipt_id, ledger.notice_number, unexpected.reason, reported.flow_id {WHOLE}"
        )
        of_day = [row for row in self.connection.execute(query) if rome_day(row[0]) == day]
        sums: dict[str, list[int]] = {}
        for _, account, service, amount_cents, *_ in of_day:
            sums.setdefault(account or service or "-", []).append(amount_cents)
        lines = [f"{account}: {len(found)} payments, {euro(sum(found))}" for account, found in sorted(sums.items())]
        lines.append(f"total: {len(of_day)} payments, {euro(sum(row[3] for row in of_day))}")
        lines += [f"look at {row[5]} (receipt {row[4]}): {row[6]}" for row in of_day if row[6]]
        lines.append(f"not yet in a settlement flow: {sum(1 for row in of_day if not row[7])}")
        return lines


def taken(data: dict[str, Any], *fields: str) -> dict[str, Any]:
    """Return these fields; those that may be absent are None."""
    return {name: data.get(name) for name in fields}


def rome_day(moment: str) -> date:
    """Return the day in Italy: events tell times in UTC."""
    return datetime.fromisoformat(moment).astimezone(ROME).date()


def euro(cents: int) -> str:
    """Return an amount as people read it."""
    return f"{cents // 100}.{cents % 100:02d} EUR"


def harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def handle(ledger: Ledger, message: Any) -> None:
    """Turn one message into one row, then acknowledge it. What raises here leaves the message with the broker."""
    text = message.body if isinstance(message.body, str) else bytes(message.body).decode("utf-8", "replace")
    try:
        event = json.loads(text)
        is_new = ledger.write(event)
    except (ValueError, KeyError, TypeError, AttributeError, sqlite3.IntegrityError) as error:
        # Not an event as we know it: keep it and go on. A full disk or a locked file is another kind of
        # error; it is not caught, so the message stays in the queue until the ledger can be written again.
        ledger.set_aside(text, repr(error))
        say(f"set aside a message: {error!r}")
    else:
        about = "" if event["type"] == CONFIRMED else f"{event['type']} of "
        say(f"{'wrote' if is_new else 'had already'} {about}receipt {event['data']['receipt_id']}")
    message.ack()


def consume(amqp_url: str, exchange_name: str, queue_name: str, ledger: Ledger) -> None:
    """Read the queue for ever. Whatever happens to the connection, come back and go on."""
    # Not declared here: it is the portal's.
    exchange = Exchange(exchange_name, type="topic", durable=True, no_declare=True)
    bindings = [binding(exchange, routing_key=key) for key in (CONFIRMED, DUPLICATED, REPORTED)]
    described = Connection(amqp_url)
    expected = (*described.connection_errors, *described.channel_errors, KombuError, OSError, sqlite3.OperationalError)
    pause_s = 1
    while True:
        try:
            with Connection(amqp_url, heartbeat=10, connect_timeout=5) as connection:
                queue = Queue(queue_name, bindings=bindings, durable=True)
                # A few at a time: what is not acknowledged when we die is delivered again.
                with Consumer(
                    connection,
                    [queue],
                    on_message=lambda message: handle(ledger, message),
                    accept=["json"],
                    prefetch_count=20,
                ):
                    say(f"waiting for {CONFIRMED} in {queue_name}")
                    pause_s = 1
                    drain(connection)
        except expected as error:
            say(f"lost {type(error).__name__}: again in {pause_s} s")
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def drain(connection: Connection) -> None:
    """Hand over messages as they come; the pauses between keep the heartbeat going."""
    while True:
        try:
            connection.drain_events(timeout=2)
        except TimeoutError:
            connection.heartbeat_check()


def say(text: str) -> None:
    """Print a line at once, also into a file or a pipe."""
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {text}", flush=True)


def stop(_number: int, _frame: FrameType | None) -> None:
    """End on SIGTERM and Ctrl-C; nothing needs to be saved, see above."""
    raise SystemExit(0)


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description="Write the portal's payments into a ledger.")
    parser.add_argument("--amqp-url", default=os.environ.get("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//"))
    parser.add_argument("--exchange", default=EXCHANGE)
    parser.add_argument("--ledger", type=Path, default=Path("ledger.sqlite3"))
    parser.add_argument("--queue", default=QUEUE_NAME)
    parser.add_argument("--export", type=Path, metavar="FILE.csv", help="write the ledger as CSV and end")
    parser.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="close a day and end")
    options = parser.parse_args()
    ledger = Ledger(options.ledger)
    if options.export:
        say(f"{ledger.export(options.export)} payments written to {options.export}")
        return 0
    if options.day:
        print("\n".join(ledger.close_day(options.day)))
        return 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    consume(options.amqp_url, options.exchange, options.queue, ledger)
    return 0


if __name__ == "__main__":
    sys.exit(main())
