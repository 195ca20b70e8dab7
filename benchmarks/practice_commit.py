"""A practice committed with its event, one after the other, against two plain INSERTs by psycopg2.

Ours: the use case's own transaction, which makes the practice, its notice and PracticeCreated. The baseline writes the
same two rows as they were stored, ready, and commits. One thread each; what a disk takes for a commit is in both. At
the end the whole use case, which also looks the service up and takes a notice number in a commit of its own.
"""

import itertools
import time
from datetime import date
from functools import partial
from typing import Any, Final

import psycopg2
import psycopg2.extras

from benchmarks.harness import filled, program, world
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import Turn, here, taken
from chassis import clock, settings
from chassis.storage import answer_limit
from chassis.storage.database import Database
from contracts.codes import AmountCents, FiscalCode, NoticeNumber
from contracts.rpc.practices import DebtRequest
from contracts.shapes import Subject
from services.practices import models
from services.practices.catalogue_records import Issuer, issuer_of
from services.practices.domain.debt import Debt
from services.practices.repository import catalogue
from services.practices.usecases import debts, issuance

COMMITS: Final = 200
SERVICE: Final = "TARI"
_numbers = itertools.count(time.time_ns() % 10**9)


def commit_ours(database: Database, issuer: Issuer) -> None:
    """Create a practice with its event."""
    number = next(_numbers)
    debt = Debt(
        service_code=SERVICE,
        debtor=Subject(entity_type="F", fiscal_code=filled.DEBTOR, full_name="Mario Rossi"),
        description=f"TARI 2026; acconto {number}",
        amount_cents=AmountCents(21_450),
        due_date=date(2027, 12, 2),
    )
    notice = NoticeNumber.issue("01", number)
    with database.transaction() as tx:
        issuance.insert(tx, f"bench-{number}", notice, debt, issuer, clock.now())


def put_whole(database: Database) -> None:
    """Put a debt, as an entity's software does."""
    number = next(_numbers)
    request = DebtRequest(
        entity_code=filled.ENTITY,
        external_id=f"bench-{number}",
        service_code=SERVICE,
        fiscal_code=FiscalCode(filled.DEBTOR),
        full_name="Mario Rossi",
        description=f"TARI 2026; acconto {number}",
        amount_cents=AmountCents(21_450),
        due_date=date(2027, 12, 2),
    )
    debts.put_debt(database, request, clock.now())


class PlainInserts:
    """The baseline: rows as the last practice of ours was stored, under other keys."""

    def __init__(self, database: Database) -> None:
        self._connection = psycopg2.connect(
            database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        )
        self._practice = self._newest("practices", "place")
        self._event = self._newest("outbox", "id")

    def commit(self) -> None:
        """Insert a practice and an event and commit."""
        number = next(_numbers)
        practice = {**self._practice, "id": _uuid(number), "external_id": f"plain-{number}"}
        practice |= {"notice_number": f"9{number:017d}", "iuv": f"{number:017d}"}
        with self._connection.cursor() as cursor:
            cursor.execute(_insert("practices", practice), practice)
            event = {**self._event, "event_id": _uuid(number), "subject": practice["id"]}
            cursor.execute(_insert("outbox", event), event)
        self._connection.commit()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _newest(self, table: str, key: str) -> dict[str, Any]:
        with self._connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(f"SELECT * FROM {table} ORDER BY {key} DESC LIMIT 1")  # noqa: S608 -- no value in it
            row = dict(cursor.fetchone() or {})
        del row[key]
        return {
            name: psycopg2.extras.Json(value) if isinstance(value, dict | list) else value
            for name, value in row.items()
        }


def _insert(table: str, row: dict[str, Any]) -> str:
    places = ", ".join(f"%({name})s" for name in row)
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"  # noqa: S608 -- names, no values


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    answer_limit.install_plain()
    with world.environment() as env:
        world.databases_made_anew(env, ("practices",))
        database = Database(settings.database_of("practices", env["DATABASE_URL"]), models)
        with database.reading() as session:
            entity = catalogue.entity(session, filled.ENTITY)
            issuer = issuer_of(entity, catalogue.service(session, filled.ENTITY, SERVICE))
        commit_ours(database, issuer)
        plain = PlainInserts(database)
        works: dict[str, Any] = {"ours": partial(commit_ours, database, issuer), "plain": plain.commit}
        works["whole"] = partial(put_whole, database)
        sides = taken({name: partial(_turn, work) for name, work in works.items()}, rounds)
        plain.close()
        database.close()
    return [
        *compared(sides["ours"], sides["plain"], "commit", ratio=0.6),
        Figure(name="whole use case", value=sides["whole"].rate, unit="debt/s"),
        Figure(name="whole use case's processor", value=sides["whole"].processor_ms, unit="ms/debt"),
    ]


def _turn(work: Any) -> Turn:
    return here(work, repeats=COMMITS)


if __name__ == "__main__":
    program.main(measure)
