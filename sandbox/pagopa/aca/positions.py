"""The positions of the archive and what may happen to them (pagopa-obligations.md section 1.4).

Kept in a file, so that a restart does not forget them. An id or a notice number that was used once is used for ever.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sandbox.pagopa.aca import rules
from sandbox.pagopa.aca.rules import Refusal

Json = dict[str, Any]

CLOSED_ELSEWHERE: Final = "CLOSED_AS_ALREADY_PAID_BY_EC"
_DELETED: Final = "DELETED"
_CHANGEABLE: Final = ("DRAFT", "PUBLISHED", "VALID", "EXPIRED")
_PAID: Final = ("PARTIALLY_PAID", "PAID", "REPORTED")
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS positions (
    cf TEXT NOT NULL, iupd TEXT NOT NULL, nav TEXT NOT NULL, status TEXT NOT NULL, due_at TEXT NOT NULL,
    inserted_at TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (cf, iupd)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS positions_nav ON positions (cf, nav);
CREATE INDEX IF NOT EXISTS positions_due ON positions (cf, due_at);
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A position as it stands: the request's model, and what has happened to it. Moments are ISO 8601 in UTC."""

    cf: str
    model: Json
    status: str
    inserted_at: str
    updated_at: str
    published_at: str | None = None
    valid_from: str | None = None
    paid_at: str | None = None
    paid_by: str | None = None
    receipt_id: str | None = None

    @property
    def iupd(self) -> str:
        """Its id."""
        return str(self.model["iupd"])

    @property
    def nav(self) -> str:
        """The notice number of its one option."""
        return nav_of(self.model)

    @property
    def option(self) -> Json:
        """Its one option."""
        found: Json = self.model["paymentOption"][0]
        return found

    @property
    def due_at(self) -> datetime:
        """When it is due."""
        return _moment(self.option["dueDate"])

    def at(self, now: datetime) -> "Stored":
        """Return it as the clock has made it: valid when its day has come, expired after the last one."""
        found = self
        if found.status == "PUBLISHED" and found.valid_from is not None and _moment(found.valid_from) <= now:
            found = replace(found, status="VALID")
        if found.status == "VALID" and found.model["switchToExpired"] and found.due_at < now:
            found = replace(found, status="EXPIRED")
        return found


class Positions:
    """The archive. Every method is one transaction, so any thread may call it. `clock` may be moved by tests."""

    def __init__(self, home: Path, clock: Callable[[], datetime]) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(home / "aca.sqlite3", check_same_thread=False, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + _SCHEMA)

    def create(self, cf: str, model: Any, *, publish: bool) -> Stored:
        """Take a new position. Raises Refusal."""
        now = self._clock()
        rules.check(model, now)
        with self._transaction():
            if self._is_used(cf, model):
                raise Refusal(
                    409,
                    "The debt position violated constraints of uniqueness",
                    f"Already exists a debt position for the Organization Fiscal Code {cf}"
                    " or one of its payment options is not unique",
                )
            moment = _text(now)
            made = _published(Stored(cf, dict(model), "DRAFT", moment, moment), now, publish=publish)
            self._write(made)
        return made

    def replace(self, cf: str, iupd: str, model: Any, *, publish: bool) -> Stored:
        """Put another position in the place of one. Raises Refusal."""
        now = self._clock()
        rules.check(model, now)
        if model["iupd"] != iupd:
            raise rules.data_refused("the iupd of the body is not that of the path")
        with self._transaction():
            before = self._known(cf, iupd)
            if before.status not in _CHANGEABLE:
                raise Refusal(409, "Existing related payment found or not in updatable state")
            if nav_of(model) != before.nav and self._has_nav(cf, nav_of(model)):
                raise Refusal(409, "The debt position violated constraints of uniqueness")
            after = replace(before, model=dict(model), status="DRAFT", updated_at=_text(now))
            after = _published(after, now, publish=publish)
            self._write(after)
        return after

    def publish(self, cf: str, iupd: str) -> Stored:
        """Make a draft payable. Raises Refusal."""
        now = self._clock()
        with self._transaction():
            before = self._known(cf, iupd)
            if before.status != "DRAFT":
                raise Refusal(409, "Existing related payment found or not in publishable state")
            if before.due_at < now:
                raise Refusal(409, "Publish request occurred after the due date of a payment options has expired")
            after = _published(before, now, publish=True)
            self._write(after)
        return after

    def invalidate(self, cf: str, iupd: str) -> Stored:
        """Withdraw for ever. Raises Refusal."""
        return self._move(
            cf, iupd, ("PUBLISHED", "VALID"), "Existing related payment found or not in invalidable state", "INVALID"
        )

    def delete(self, cf: str, iupd: str) -> None:
        """Take a position away; its id and number stay used. Raises Refusal."""
        self._move(cf, iupd, (*_CHANGEABLE, "INVALID"), "Existing related payment found", _DELETED)

    def close(self, cf: str, nav: str, paid_at: str) -> Stored:
        """Note that a notice was paid by other channels. Raises Refusal."""
        with self._transaction():
            before = self.by_nav(cf, nav)
            if before is None:
                raise Refusal(404, "Not found the payment option")
            if before.status in _PAID:
                raise Refusal(409, "Existing related payment found")
            after = replace(
                before,
                status="PAID",
                paid_at=paid_at,
                paid_by=CLOSED_ELSEWHERE,
                receipt_id=CLOSED_ELSEWHERE,
                updated_at=_text(self._clock()),
            )
            self._write(after)
        return after

    def pay(self, cf: str, nav: str, *, psp_name: str, receipt_id: str, paid_at: str) -> Stored | None:
        """Note that a notice was paid through pagoPA; None where it does not stand here."""
        with self._transaction():
            before = self.by_nav(cf, nav)
            if before is None or before.status in _PAID:
                return None
            after = replace(
                before,
                status="PAID",
                paid_at=paid_at,
                paid_by=psp_name,
                receipt_id=receipt_id,
                updated_at=_text(self._clock()),
            )
            self._write(after)
        return after

    def one(self, cf: str, iupd: str) -> Stored:
        """Return a position. Raises Refusal."""
        with self._lock:
            return self._known(cf, iupd)

    def by_nav(self, cf: str, nav: str) -> Stored | None:
        """Return the position of a notice number."""
        with self._lock:
            row = self._connection.execute(
                "SELECT cf, content FROM positions WHERE cf = ? AND nav = ? AND status <> ?", (cf, nav, _DELETED)
            ).fetchone()
        return self._read(row) if row else None

    def listed(self, cf: str, due_from: str, due_to: str, page: int, limit: int) -> tuple[list[Stored], int]:
        """Return a page of positions by due date (ISO 8601 in UTC), and how many there are."""
        where = "FROM positions WHERE cf = ? AND due_at >= ? AND due_at < ? AND status <> ?"
        values = (cf, due_from, due_to, _DELETED)
        with self._lock:
            count = self._connection.execute(f"SELECT count(*) {where}", values).fetchone()[0]
            rows = self._connection.execute(
                f"SELECT cf, content {where} ORDER BY iupd LIMIT ? OFFSET ?",
                (*values, limit, page * limit),
            ).fetchall()
        return [self._read(row) for row in rows], count

    def all(self, limit: int) -> list[Stored]:
        """Return the newest positions."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT cf, content FROM positions WHERE status <> ? ORDER BY inserted_at DESC LIMIT ?",
                (_DELETED, limit),
            ).fetchall()
        return [self._read(row) for row in rows]

    def count(self) -> int:
        """Return how many there are."""
        with self._lock:
            found: int = self._connection.execute(
                "SELECT count(*) FROM positions WHERE status <> ?", (_DELETED,)
            ).fetchone()[0]
        return found

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let many changes be one transaction."""
        with self._transaction():
            yield

    def _move(self, cf: str, iupd: str, allowed: Iterable[str], title: str, status: str) -> Stored:
        with self._transaction():
            before = self._known(cf, iupd)
            if before.status not in allowed:
                raise Refusal(409, title)
            after = replace(before, status=status, updated_at=_text(self._clock()))
            self._write(after)
        return after

    def _known(self, cf: str, iupd: str) -> Stored:
        row = self._connection.execute(
            "SELECT cf, content FROM positions WHERE cf = ? AND iupd = ? AND status <> ?", (cf, iupd, _DELETED)
        ).fetchone()
        if row is None:
            raise Refusal(404, "Not found the debt position")
        return self._read(row)

    def _is_used(self, cf: str, model: Json) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM positions WHERE cf = ? AND iupd = ?", (cf, model["iupd"])
        ).fetchone()
        return found is not None or self._has_nav(cf, nav_of(model))

    def _has_nav(self, cf: str, nav: str) -> bool:
        found = self._connection.execute("SELECT 1 FROM positions WHERE cf = ? AND nav = ?", (cf, nav)).fetchone()
        return found is not None

    def _write(self, stored: Stored) -> None:
        content = {name: getattr(stored, name) for name in Stored.__slots__ if name != "cf"}
        self._connection.execute(
            "INSERT OR REPLACE INTO positions (cf, iupd, nav, status, due_at, inserted_at, content)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                stored.cf,
                stored.iupd,
                stored.nav,
                stored.status,
                _text(stored.due_at),
                stored.inserted_at,
                json.dumps(content, separators=(",", ":")),
            ),
        )

    def _read(self, row: tuple[str, str]) -> Stored:
        return Stored(row[0], **json.loads(row[1])).at(self._clock())

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def nav_of(model: Mapping[str, Any]) -> str:
    """Return the notice number of a position's one option; where it is not said, it is made of the IUV."""
    option = model["paymentOption"][0]
    return str(option.get("nav") or f"3{option['iuv']}")


def shown(stored: Stored) -> Json:
    """Return a position as GET answers it (PaymentPositionModelBaseResponse): nothing of the debtor."""
    names = {
        "iupd": stored.iupd,
        "organizationFiscalCode": stored.cf,
        "type": stored.model["type"],
        "companyName": stored.model["companyName"],
        "officeName": stored.model.get("officeName"),
        "insertedDate": stored.inserted_at,
        "publishDate": stored.published_at,
        "validityDate": stored.valid_from,
        "paymentDate": stored.paid_at,
        "status": stored.status,
        "lastUpdatedDate": stored.updated_at,
    }
    shown_names = {name: value for name, value in names.items() if value is not None}
    return {**shown_names, "paymentOption": [shown_option(stored)]}


def shown_option(stored: Stored) -> Json:
    """Return the option as GET and `paids` answer it."""
    option = stored.option
    paid = {
        "paymentDate": stored.paid_at,
        "pspCompany": stored.paid_by,
        "idReceipt": stored.receipt_id,
    }
    transfers = [
        {
            "organizationFiscalCode": stored.cf,
            **transfer,
            "insertedDate": stored.inserted_at,
            "status": "T_UNREPORTED",
            "lastUpdatedDate": stored.updated_at,
        }
        for transfer in option["transfer"]
    ]
    return {
        **option,
        "nav": stored.nav,
        "organizationFiscalCode": stored.cf,
        "insertedDate": stored.inserted_at,
        "fee": 0,
        "notificationFee": 0,
        "status": "PO_PAID" if stored.status in _PAID else "PO_UNPAID",
        "lastUpdatedDate": stored.updated_at,
        "paymentOptionMetadata": [*option["paymentOptionMetadata"], {"key": "NOTIFICATION_FEE", "value": "0"}],
        "transfer": transfers,
        **{name: value for name, value in paid.items() if value is not None},
    }


def _published(stored: Stored, now: datetime, *, publish: bool) -> Stored:
    """Return a draft published where it is to be: payable at once, or from its day on."""
    if not publish:
        return stored
    asked = stored.model.get("validityDate")
    valid_from = asked or stored.valid_from or _text(now)
    status = "PUBLISHED" if _moment(valid_from) > now else "VALID"
    return replace(stored, status=status, published_at=stored.published_at or _text(now), valid_from=valid_from)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
