"""What practices forgets after the periods of an entity: whom it was about, and never what it came to."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from chassis.storage.database import Database
from chassis.storage.parity_lines import CountedSide
from contracts.rpc import parity as parity_rpc
from contracts.rpc.parity import Lines, LinesRequest
from contracts.rpc.practices import AnnulRequest, GetManyRequest, Practice, RefusedRowsRequest
from contracts.shapes import Beneficiary, Viewer
from services.practices.models import PracticeRow
from services.practices.repository import parity
from services.practices.usecases import catalogue, debts, import_reports, import_work, queries, retention
from tests.integration.practices.conftest import two_entities
from tests.integration.practices.import_jobs import queue_file, report_of
from tests.integration.practices.test_practices_debts import pay

Put = Callable[..., Practice]
STUDENT = Beneficiary(full_name="Verdi Ada", course="Arpa", school="Media", contribution_type="Retta")
PERSONAL = ("RSSMRA85T10A562S", "Rossi", "Verdi", "Arpa", "mario@posta.example", "sbaglio")


class PaymentsAgrees:
    """payments, which knows the money of every practice as practices does, but for some."""

    def __init__(self, database: Database, *, but: Sequence[UUID] = ()) -> None:
        self._database = database
        self._but = but

    def call(self, call: Any, request: Any, **_: Any) -> Any:
        assert call is parity_rpc.PAYMENTS_LINES
        lines = CountedSide(self._database, parity.STATES).lines(request).lines
        return Lines(lines=[line for line in lines if line.key not in self._but])


@pytest.fixture(name="old")
def _old(database: Database, put: Put, now: datetime) -> dict[str, Practice]:
    """One of each end, and one that is still to be paid."""
    more = {"beneficiary": STUDENT, "email": "mario@posta.example", "description": "Retta di Verdi Ada"}
    made = {name: put(name, **more) for name in ("paid", "annulled", "open")}
    pay(database, made["paid"], now)
    annul = AnnulRequest(entity_code="PM108", external_id="annulled", reason="Rossi: uno sbaglio")
    debts.annul_debt(database, annul, now)
    return made


def stored(database: Database) -> dict[str, PracticeRow]:
    with database.reading() as session:
        return {row.external_id or "": row for row in session.scalars(select(PracticeRow))}


def written(database: Database, external_id: str) -> str:
    with database.reading() as session:
        row = session.execute(text("SELECT to_jsonb(p) FROM practices p WHERE external_id = :x"), {"x": external_id})
        return str(row.scalar_one())


def test_the_day_before_the_period_ends_nothing_is_forgotten_and_the_day_after_all_that_has_ended_is(
    database: Database, old: dict[str, Practice], now: datetime
) -> None:
    rpc = PaymentsAgrees(database)
    retention.forget(database, rpc, now + timedelta(days=3_660))
    assert all(row.forgotten_at is None for row in stored(database).values())
    later = now + timedelta(days=3_661)
    retention.forget(database, rpc, later)
    rows = stored(database)
    assert {name: row.forgotten_at for name, row in rows.items()} == {"paid": later, "annulled": later, "open": None}
    for name in ("paid", "annulled"):
        assert not [word for word in PERSONAL if word in written(database, name)]
        assert (rows[name].amount_cents, rows[name].notice_number) == (14_850, old[name].notice_number)
    assert rows["annulled"].state_reason == "annulled"
    assert "Verdi Ada" in written(database, "open")
    retention.forget(database, rpc, later + timedelta(days=1))
    assert stored(database)["paid"].forgotten_at == later


@pytest.mark.usefixtures("old")
def test_the_sums_of_the_entity_are_as_before_and_parity_holds(database: Database, now: datetime) -> None:
    def sums() -> Any:
        with database.reading() as session:
            return session.execute(
                text(
                    "SELECT state, count(*), sum(amount_cents), sum(jsonb_array_length(shares)) FROM practices"
                    " GROUP BY state ORDER BY state"
                )
            ).all()

    def lines(source: Any) -> Any:
        asked = LinesRequest(since=now, until=now, events_since=now, keys=[row.id for row in stored(database).values()])
        return sorted((line.key, line.hash) for line in CountedSide(database, source).lines(asked).lines)

    before = sums(), lines(parity.STATES), lines(parity.POSITIONS)
    retention.forget(database, PaymentsAgrees(database), now + timedelta(days=4_000))
    assert (sums(), lines(parity.STATES), lines(parity.POSITIONS)) == before


def test_what_payments_knows_otherwise_is_not_forgotten_until_both_agree(
    database: Database, old: dict[str, Practice], now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    later = now + timedelta(days=4_000)
    retention.forget(database, PaymentsAgrees(database, but=[old["paid"].id]), later)
    rows = stored(database)
    assert (rows["paid"].forgotten_at, rows["annulled"].forgotten_at) == (None, later)
    assert "Verdi" in written(database, "paid")
    retention.forget(database, PaymentsAgrees(database), later)
    assert stored(database)["paid"].forgotten_at == later
    assert not [word for word in PERSONAL if word in caplog.text]


@pytest.mark.usefixtures("old")
def test_an_entity_has_periods_of_its_own_and_may_stop(database: Database, now: datetime) -> None:
    later = now + timedelta(days=100)
    document = two_entities()
    document["entities"][0]["retention"] = {"practices_days": 90, "paused": True}
    catalogue.load_catalogue(database, document)
    retention.forget(database, PaymentsAgrees(database), later)
    assert stored(database)["paid"].forgotten_at is None
    del document["entities"][0]["retention"]["paused"]
    catalogue.load_catalogue(database, document)
    retention.forget(database, PaymentsAgrees(database), later)
    assert stored(database)["paid"].forgotten_at == later


def test_whose_it_was_does_not_see_it_any_more(
    database: Database, old: dict[str, Practice], now: datetime, viewer: Callable[..., Viewer]
) -> None:
    later = now + timedelta(days=4_000)
    retention.forget(database, PaymentsAgrees(database), later)
    mario = viewer(fiscal_code="RSSMRA85T10A562S")
    request = GetManyRequest(viewer=mario, practice_ids=[old["paid"].id, old["open"].id])
    assert [one.external_id for one in queries.get_many(database, request, later).practices] == ["open"]


def test_of_an_old_file_the_counts_stay(database: Database, now: datetime) -> None:
    head = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"
    good, bad = "F-1;TARI;RSSMRA85T10A562S;Rossi;;x;1,00;;;", "F-2;NESSUNO;RSSMRA85T10A562S;Rossi;;x;1,00;;;"
    queued = queue_file(database, now, f"{head}\n{good}\n{bad}".encode())
    import_work.work_off(database, lambda: now)
    retention.forget(database, PaymentsAgrees(database), now + timedelta(days=401))
    report = report_of(database, queued.id)
    assert (report.accepted, report.refused, report.rows, report.file_name) == (1, 1, [], "")
    refused = import_reports.refused_rows(database, RefusedRowsRequest(entity_code="PM108", import_id=queued.id))
    assert refused.rows == []
