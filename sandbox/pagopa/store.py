"""What must survive a restart: carts, and receipts until the creditor has acknowledged them (SQLite)."""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS carts (
    id TEXT PRIMARY KEY, request TEXT NOT NULL, created_at REAL NOT NULL, outcome TEXT, result TEXT, ended_at REAL
);
CREATE TABLE IF NOT EXISTS receipts (
    id INTEGER PRIMARY KEY, receipt_id TEXT NOT NULL, recipient TEXT NOT NULL, notice_number TEXT NOT NULL,
    amount_cents INTEGER NOT NULL, psp_name TEXT NOT NULL, cart_id TEXT, envelope TEXT NOT NULL, made_at REAL NOT NULL,
    due_at REAL, sending INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    deliveries_left INTEGER NOT NULL DEFAULT 1, last_answer TEXT, acknowledged_at REAL
);
CREATE INDEX IF NOT EXISTS receipts_due ON receipts (due_at) WHERE acknowledged_at IS NULL;
"""


@dataclass(frozen=True)
class Cart:
    """A cart as it was asked for (checkout_v1.json, checkout_v2.json), and how it ended."""

    id: str
    request: Mapping[str, Any]
    created_at: float
    outcome: str | None
    result: str | None
    ended_at: float | None

    @property
    def total_cents(self) -> int:
        """The sum of its notices."""
        return sum(notice["amount"] for notice in self.request["paymentNotices"])


@dataclass(frozen=True)
class Receipt:
    """A receipt and its delivery. `due_at` is None while it is held back."""

    id: int
    receipt_id: str
    recipient: str
    notice_number: str
    amount_cents: int
    psp_name: str
    cart_id: str | None
    envelope: str
    made_at: float
    due_at: float | None
    sending: int
    attempts: int
    deliveries_left: int
    last_answer: str | None
    acknowledged_at: float | None
    # Paid, and its message will never come of itself: settlement and BizEvents have it all the same.
    lost: int = 0
    stand_in: int = 0

    @property
    def state(self) -> str:
        """One word for the list of transactions."""
        if self.lost and self.acknowledged_at is None:
            return "lost"
        if self.acknowledged_at is not None:
            return "acknowledged"
        if self.due_at is None:
            return "held_back"
        return "retrying" if self.attempts else "waiting"


@dataclass(frozen=True)
class NewReceipt:
    """A receipt to be delivered `deliveries` times, first at `due_at`; never when that is None."""

    receipt_id: str
    recipient: str
    notice_number: str
    amount_cents: int
    psp_name: str
    cart_id: str | None
    envelope: str
    due_at: float | None
    deliveries: int
    lost: bool = False
    stand_in: bool = False


class Store:
    """The file. Every method is one transaction on a connection of its own, so any thread may call it."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._path = home / "pagopa.sqlite3"
        with self._connection() as connection:
            connection.executescript("PRAGMA journal_mode = WAL;" + _SCHEMA)
            _add_columns(connection)
            # What a killed process was sending may or may not have arrived: it is sent again.
            connection.execute("UPDATE receipts SET sending = 0, due_at = ? WHERE sending", (time.time(),))

    def add_cart(self, cart_id: str, request: Mapping[str, Any]) -> None:
        """Store a new cart."""
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO carts (id, request, created_at) VALUES (?, ?, ?)",
                (cart_id, json.dumps(request), time.time()),
            )

    def cart(self, cart_id: str) -> Cart | None:
        """Return a cart."""
        with self._connection() as connection:
            row = connection.execute("SELECT * FROM carts WHERE id = ?", (cart_id,)).fetchone()
        return _cart(row) if row else None

    def carts(self, limit: int) -> list[Cart]:
        """Return the newest carts."""
        with self._connection() as connection:
            rows = connection.execute("SELECT * FROM carts ORDER BY created_at DESC LIMIT ?", (limit,)).fetchall()
        return [_cart(row) for row in rows]

    def claim_cart(self, cart_id: str, outcome: str) -> bool:
        """Choose how a cart ends; False when that was chosen before."""
        with self._connection() as connection:
            done = connection.execute(
                "UPDATE carts SET outcome = ? WHERE id = ? AND outcome IS NULL", (outcome, cart_id)
            )
        return done.rowcount == 1

    def end_cart(self, cart_id: str, result: str) -> None:
        """Note what came of a cart."""
        with self._connection() as connection:
            connection.execute("UPDATE carts SET result = ?, ended_at = ? WHERE id = ?", (result, time.time(), cart_id))

    def add_receipts(self, receipts: list[NewReceipt]) -> None:
        """Store receipts for delivery."""
        with self._connection() as connection:
            connection.executemany(
                "INSERT INTO receipts (receipt_id, recipient, notice_number, amount_cents, psp_name, cart_id, envelope,"
                " due_at, deliveries_left, lost, stand_in, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(*vars(receipt).values(), time.time()) for receipt in receipts],
            )

    def claim_due(self) -> Receipt | None:
        """Take the receipt that has been due for the longest; nobody else gets it until it is settled."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT * FROM receipts WHERE acknowledged_at IS NULL AND NOT sending AND due_at <= ?"
                " ORDER BY due_at LIMIT 1",
                (time.time(),),
            ).fetchone()
            if row is not None:
                connection.execute("UPDATE receipts SET sending = 1 WHERE id = ?", (row["id"],))
        return Receipt(**row) if row else None

    def acknowledged(self, receipt: Receipt, answer: str, again_after_s: float) -> None:
        """Note that the creditor has it; deliver it once more where that was asked for."""
        with self._connection() as connection:
            if receipt.deliveries_left > 1:
                connection.execute(
                    "UPDATE receipts SET sending = 0, attempts = attempts + 1, last_answer = ?, due_at = ?,"
                    " deliveries_left = deliveries_left - 1 WHERE id = ?",
                    (answer, time.time() + again_after_s, receipt.id),
                )
            else:
                connection.execute(
                    "UPDATE receipts SET sending = 0, attempts = attempts + 1, last_answer = ?, deliveries_left = 0,"
                    " acknowledged_at = ? WHERE id = ?",
                    (answer, time.time(), receipt.id),
                )

    def unanswered(self, receipt: Receipt, answer: str, again_after_s: float) -> None:
        """Note that the creditor does not have it, and when to try again."""
        with self._connection() as connection:
            connection.execute(
                "UPDATE receipts SET sending = 0, attempts = attempts + 1, last_answer = ?, due_at = ? WHERE id = ?",
                (answer, time.time() + again_after_s, receipt.id),
            )

    def send_now(self, row_id: int) -> bool:
        """Make a receipt due, also one held back or delivered already."""
        with self._connection() as connection:
            done = connection.execute(
                "UPDATE receipts SET due_at = ?, acknowledged_at = NULL, deliveries_left = max(deliveries_left, 1)"
                " WHERE id = ? AND NOT sending",
                (time.time(), row_id),
            )
        return done.rowcount == 1

    def receipts(self, limit: int, cart_id: str | None = None) -> list[Receipt]:
        """Return the newest receipts, of one cart or of all."""
        where, values = ("WHERE cart_id = ? ", (cart_id, limit)) if cart_id else ("", (limit,))
        with self._connection() as connection:
            rows = connection.execute(f"SELECT * FROM receipts {where}ORDER BY id DESC LIMIT ?", values).fetchall()  # noqa: S608 -- one of two constants
        return [Receipt(**row) for row in rows]

    def receipts_of(self, recipient: str, receipt_id: str) -> list[Receipt]:
        """Return the receipts with an id that are for a creditor."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT * FROM receipts WHERE receipt_id = ? AND recipient = ?", (receipt_id, recipient)
            ).fetchall()
        return [Receipt(**row) for row in rows]

    def lose(self, row_id: int) -> None:
        """Let a receipt never come of itself."""
        with self._connection() as connection:
            connection.execute(
                "UPDATE receipts SET due_at = NULL, lost = 1 WHERE id = ? AND acknowledged_at IS NULL AND NOT sending",
                (row_id,),
            )

    def counts(self) -> dict[str, int]:
        """Return how many receipts there are and how many the creditor has."""
        with self._connection() as connection:
            row = connection.execute("SELECT count(*) AS made, count(acknowledged_at) AS acknowledged FROM receipts")
            return dict(row.fetchone())

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=15, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            if connection.in_transaction:
                connection.execute("COMMIT")


def _add_columns(connection: sqlite3.Connection) -> None:
    """Bring a file of an earlier version up to date."""
    there = {row["name"] for row in connection.execute("PRAGMA table_info(receipts)")}
    for name in ("lost", "stand_in"):
        if name not in there:
            connection.execute(f"ALTER TABLE receipts ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0")


def _cart(row: sqlite3.Row) -> Cart:
    values = dict(row)
    return Cart(**(values | {"request": json.loads(values["request"])}))
