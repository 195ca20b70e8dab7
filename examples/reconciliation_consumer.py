"""Write every payment of the portal into a ledger of your own: copy this file and make it yours.

It needs Python 3.11 and one library (`pip install kombu`), nothing of the portal.

    python reconciliation_consumer.py --amqp-url amqp://user:password@broker:5672/ --ledger ledger.sqlite3
    python reconciliation_consumer.py --ledger ledger.sqlite3 --export ledger.csv

What you can rely on:
- The portal says PaymentConfirmed once per receipt of pagoPA, but a message may arrive more than once: after a lost
  connection, or because somebody replays events. The ledger's primary key (creditor, receipt) makes the second one
  change nothing, so there is one row per receipt, whatever is killed when.
- A message is acknowledged to the broker only after the row is committed. Kill this program at any moment and start it
  again: nothing is lost, nothing is there twice.
- The queue is durable and belongs to this program: while it is down, messages wait there. The queue exists from its
  first start on; payments made before that are in the portal's API: GET /api/v1/creditors/{entity}/payments.
- Order is not promised. Sort by `paid_at` when you need order.

A payment nobody expected (the same notice paid twice, or a cancelled one) is in the ledger like any other, because the
money did arrive. The portal tells which ones they are in events of another type, PaymentDuplicated.v1.
"""

import argparse
import csv
import json
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from kombu import Connection, Consumer, Exchange, Queue
from kombu.exceptions import KombuError

# Where the portal publishes, and under which name payments are told.
EXCHANGE = Exchange("payments.events", type="topic", durable=True)
ROUTING_KEY = "PaymentConfirmed.v1"
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
)
SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger (
    creditor_fiscal_code TEXT NOT NULL, receipt_id TEXT NOT NULL, entity_code TEXT NOT NULL,
    notice_number TEXT NOT NULL, iuv TEXT NOT NULL, amount_cents INTEGER NOT NULL, paid_at TEXT NOT NULL,
    application_date TEXT, psp_id TEXT NOT NULL, psp_name TEXT NOT NULL, payment_method TEXT,
    practice_id TEXT, checkout_id TEXT, event_id TEXT NOT NULL, written_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (creditor_fiscal_code, receipt_id)
);
CREATE TABLE IF NOT EXISTS set_aside (
    body TEXT NOT NULL, why TEXT NOT NULL, written_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
"""
LONGEST_PAUSE_S = 30


class Ledger:
    """Your books: an SQLite file here. Replace this class by your own accounting, keeping the primary key."""

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file, timeout=30)
        self.connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + SCHEMA)

    def write(self, event: dict[str, Any]) -> bool:
        """Write one payment; False when it was there already. Committed when this returns."""
        data = event["data"]
        values = [data.get(column) for column in COLUMNS]
        names = ", ".join((*COLUMNS, "event_id"))
        marks = ", ".join("?" for _ in (*COLUMNS, "event_id"))
        with self.connection:
            done = self.connection.execute(
                f"INSERT INTO ledger ({names}) VALUES ({marks})"  # noqa: S608 -- column names of this file
                " ON CONFLICT (creditor_fiscal_code, receipt_id) DO NOTHING",
                [*values, event["id"]],
            )
        return done.rowcount == 1

    def set_aside(self, body: str, why: str) -> None:
        """Keep a message that cannot be a row, for somebody to look at: it must not block the ones behind it."""
        with self.connection:
            self.connection.execute("INSERT INTO set_aside (body, why) VALUES (?, ?)", (body, why))

    def export(self, file: Path) -> int:
        """Write the ledger as CSV, oldest payment first, and return how many rows it has."""
        query = f"SELECT {', '.join(COLUMNS)} FROM ledger ORDER BY paid_at, receipt_id"  # noqa: S608 -- as above
        rows = self.connection.execute(query).fetchall()
        with file.open("w", newline="", encoding="utf-8") as output:
            writer = csv.writer(output)
            writer.writerow(COLUMNS)
            writer.writerows(rows)
        return len(rows)


def handle(ledger: Ledger, message: Any) -> None:
    """Turn one message into one row, then acknowledge it. What raises here leaves the message with the broker."""
    text = message.body if isinstance(message.body, str) else bytes(message.body).decode("utf-8", "replace")
    try:
        event = json.loads(text)
        is_new = ledger.write(event)
    except (ValueError, KeyError, TypeError, AttributeError, sqlite3.IntegrityError) as error:
        # Not a PaymentConfirmed as we know it: keep it and go on. A full disk or a locked file is another kind of
        # error; it is not caught, so the message stays in the queue until the ledger can be written again.
        ledger.set_aside(text, repr(error))
        say(f"set aside a message: {error!r}")
    else:
        say(f"{'wrote' if is_new else 'had already'} receipt {event['data']['receipt_id']}")
    message.ack()


def consume(amqp_url: str, queue_name: str, ledger: Ledger) -> None:
    """Read the queue for ever. Whatever happens to the connection, come back and go on."""
    pause_s = 1
    while True:
        try:
            with Connection(amqp_url, heartbeat=10, connect_timeout=5) as connection:
                queue = Queue(queue_name, exchange=EXCHANGE, routing_key=ROUTING_KEY, durable=True)
                # A few at a time: what is not acknowledged when we die is delivered again.
                with Consumer(
                    connection,
                    [queue],
                    on_message=lambda message: handle(ledger, message),
                    accept=["json"],
                    prefetch_count=20,
                ):
                    say(f"waiting for {ROUTING_KEY} in {queue_name}")
                    pause_s = 1
                    drain(connection)
        except (*Connection(amqp_url).connection_errors, KombuError, OSError, sqlite3.OperationalError) as error:
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
    parser.add_argument("--ledger", type=Path, default=Path("ledger.sqlite3"))
    parser.add_argument("--queue", default=QUEUE_NAME)
    parser.add_argument("--export", type=Path, metavar="FILE.csv", help="write the ledger as CSV and end")
    options = parser.parse_args()
    ledger = Ledger(options.ledger)
    if options.export:
        say(f"{ledger.export(options.export)} payments written to {options.export}")
        return 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    consume(options.amqp_url, options.queue, ledger)
    return 0


if __name__ == "__main__":
    sys.exit(main())
