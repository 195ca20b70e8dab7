"""Expiry takes the database's time; a process with a wrong clock decides nothing, and what went wrong is put right."""

from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis.clock import now as own_clock
from chassis.storage.database import Database
from chassis.storage.database_clock import time_to_decide
from contracts.calendar import rome_day
from contracts.rpc.practices import GetManyRequest, ImportRequest, Practice
from contracts.shapes import Viewer
from services.practices.service import PracticesService
from services.practices.usecases import debt_import, expiry, queries

Put = Callable[..., Practice]
Tick = Callable[..., list[str]]
Emitted = Callable[[], list[tuple[str, int]]]
HEADER = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"


def today() -> date:
    return rome_day(own_clock())


def state_of(database: Database, practice: Practice) -> str:
    viewer = Viewer(granted_practice_ids=[practice.id])
    return (
        queries.get_many(database, GetManyRequest(viewer=viewer, practice_ids=[practice.id]), own_clock())
        .practices[0]
        .state
    )


@pytest.mark.parametrize("off", [timedelta(days=3), timedelta(seconds=6), timedelta(seconds=-6), timedelta(days=-3)])
def test_a_process_whose_clock_is_off_the_databases_says_so_and_expires_nothing(
    database: Database, put: Put, tick: Tick, off: timedelta
) -> None:
    tomorrow = put("MENSA-1", service_code="MENSA", due_date=today() + timedelta(days=1))
    yesterday = put("MENSA-2", service_code="MENSA", due_date=today() - timedelta(days=1))
    assert tick(PracticesService.expire_overdue, off, database=database) == ["clock_is_off"]
    assert REGISTRY.get_sample_value("clock_offset_seconds") == pytest.approx(off.total_seconds(), abs=1)
    assert {state_of(database, tomorrow), state_of(database, yesterday)} == {"to_pay"}


def test_how_far_a_clock_is_off_is_said_as_an_error(database: Database) -> None:
    with capture_logs() as lines:
        assert time_to_decide(database, lambda: own_clock() + timedelta(days=3)) is None
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("clock_is_off", "error")
    assert line["offset_s"] == pytest.approx(timedelta(days=3).total_seconds(), abs=1)


def test_a_process_whose_clock_agrees_expires_what_is_overdue_at_the_databases_time(
    database: Database, put: Put, tick: Tick
) -> None:
    overdue = put("MENSA-1", service_code="MENSA", due_date=today() - timedelta(days=1))
    open_today = put("MENSA-2", service_code="MENSA", due_date=today())
    assert tick(PracticesService.expire_overdue, timedelta(seconds=2), database=database) == []
    assert (state_of(database, overdue), state_of(database, open_today)) == ("expired", "to_pay")


def test_a_database_that_is_slow_to_answer_is_no_wrong_clock(database: Database) -> None:
    answers = iter([own_clock() - timedelta(seconds=20), own_clock() + timedelta(seconds=20)])
    assert time_to_decide(database, lambda: next(answers)) is not None


@pytest.mark.parametrize("later_days", [0, 30], ids=["the same deadline", "a later deadline"])
@pytest.mark.parametrize("by_file", [False, True], ids=["PUT", "file"])
def test_a_practice_that_a_wrong_clock_expired_is_reopened_when_the_entity_sends_it_again(
    database: Database, put: Put, now: datetime, emitted: Emitted, later_days: int, *, by_file: bool
) -> None:
    due = date(2026, 11, 25)
    expired = put("MENSA-1", service_code="MENSA", due_date=due)
    assert expiry.expire_overdue(database, now + timedelta(days=3)) == 1
    assert state_of(database, expired) == "expired"
    last_day = due + timedelta(days=later_days)
    if by_file:
        line = f"MENSA-1;MENSA;RSSMRA85T10A562S;Rossi Mario;;TARI 2026;148,50;{last_day:%d/%m/%Y};;"
        content = b64encode(f"{HEADER}\n{line}".encode()).decode()
        request = ImportRequest(idempotency_key="import-0001", entity_code="PM108", content_base64=content)
        assert [row.outcome for row in debt_import.import_debts(database, request, now).rows] == ["amended"]
    else:
        assert put("MENSA-1", service_code="MENSA", due_date=last_day).payable
    assert state_of(database, expired) == "to_pay"
    assert emitted()[-1] == ("PracticeAmended.v1", 3)


def test_what_has_expired_rightly_stays_so_when_the_same_is_sent_again(
    database: Database, put: Put, now: datetime, emitted: Emitted
) -> None:
    put("MENSA-1", service_code="MENSA", due_date=date(2026, 11, 22))
    assert expiry.expire_overdue(database, now) == 1
    assert put("MENSA-1", service_code="MENSA", due_date=date(2026, 11, 22)).state == "expired"
    assert emitted()[-1] == ("PracticeExpired.v1", 2)
