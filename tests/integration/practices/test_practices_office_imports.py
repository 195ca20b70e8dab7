"""Debt files of an office: sent by an operator for the services of their roles, stopped, let go on, and audited."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from chassis.storage.database import Database
from contracts.actors import Actor
from contracts.calendar import rome_day
from contracts.errors import ErrorCode, Refused
from contracts.rpc.audit import AuditRequest
from contracts.rpc.office import SELECTION_MAX, ImportMissingRequest, SelectionRequest
from contracts.rpc.practices import (
    ImportApplyRequest,
    ImportCancelRequest,
    ImportGetRequest,
    ImportHoldRequest,
    ImportListRequest,
    ImportPartRequest,
    ImportQueueRequest,
    ImportReport,
    Practice,
    RefusedRowsRequest,
)
from services.practices.models import Import, PracticeRow, StagedRow
from services.practices.repository import import_jobs as staging
from services.practices.usecases import import_jobs, import_reports, import_work, issuance, office_work
from tests.integration.practices.import_jobs import report_of

MARIA = Actor(kind="operator", id="00000000-0000-0000-0000-00000000000a")
HEADER = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"
Put = Callable[..., Practice]


def row(reference: str, amount: str = "148,50", service: str = "TARI") -> str:
    return f"{reference};{service};RSSMRA85T10A562S;Rossi Mario;;TARI 2026;{amount};;;"


class Office:
    """Maria in the office of PM108; `services`: those of her roles."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now
        self.services: list[str] | None = None

    def send(self, *rows: str, preview: bool = True, key: str | None = None, work: bool = True) -> ImportReport:
        content, import_id = "\n".join([HEADER, *rows]).encode(), uuid4()
        part = ImportPartRequest(
            entity_code="PM108",
            import_id=import_id,
            file_name="tari.csv",
            number=1,
            content_base64=b64encode(content).decode(),
        )
        import_jobs.import_part(self.database, part, self.now)
        request = ImportQueueRequest(
            idempotency_key=key or uuid4().hex,
            entity_code="PM108",
            import_id=import_id,
            parts=1,
            sha256=hashlib.sha256(content).hexdigest(),
            preview=preview,
            service_codes=self.services,
            actor=MARIA,
        )
        queued = import_jobs.queue_import(self.database, request, self.now)
        if work:
            self.work()
        return self.report(queued.id)

    def work(self) -> None:
        import_work.work_off(self.database, lambda: self.now)

    def report(self, import_id: UUID) -> ImportReport:
        return report_of(self.database, import_id)

    def common(self, import_id: UUID) -> dict[str, Any]:
        return {"entity_code": "PM108", "import_id": import_id, "service_codes": self.services, "actor": MARIA}

    def hold(self, import_id: UUID, *, paused: bool) -> ImportReport:
        request = ImportHoldRequest(**self.common(import_id), paused=paused)
        return import_jobs.hold_import(self.database, request, self.now)

    def apply(self, import_id: UUID, **how: Any) -> ImportReport:
        request = ImportApplyRequest(**self.common(import_id), **how)
        return import_jobs.apply_import(self.database, request, self.now)

    def cancel(self, import_id: UUID) -> ImportReport:
        return import_jobs.cancel_import(self.database, ImportCancelRequest(**self.common(import_id)), self.now)

    def listed(self, after: UUID | None = None, limit: int = 20) -> tuple[list[UUID], UUID | None]:
        request = ImportListRequest(entity_code="PM108", service_codes=self.services, after=after, limit=limit)
        page = import_reports.list_imports(self.database, request)
        return [one.id for one in page.imports], page.next_after

    def audited(self, import_id: UUID) -> list[tuple[str, str, str | None, dict[str, Any]]]:
        page = office_work.audit(self.database, AuditRequest(entity_code="PM108", subject=str(import_id)))
        return [(one.operation, one.actor.id, one.reason, dict(one.after)) for one in reversed(page.entries)]

    def count(self, table: type[Any]) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture(name="office")
def _office(database: Database, now: datetime) -> Office:
    return Office(database, now)


def test_each_step_stands_in_the_audit_with_what_was_foreseen(office: Office, put: Put, now: datetime) -> None:
    put("A-1")
    put("A-9", at=now - timedelta(days=1))
    told = office.send(row("A-1", "1,00"), row("A-2"), row("A-3", "uno"), key="una-volta-sola")
    assert office.send(row("A-1", "1,00"), row("A-2"), row("A-3", "uno"), key="una-volta-sola").id == told.id
    missing = ImportMissingRequest(entity_code="PM108", import_id=told.id)
    found = office_work.import_missing(office.database, missing, now)
    assert [one.external_id for one in found.practices] == ["A-9"]
    office.apply(told.id, accepted_only=True, annul_missing=True, reason="Non più dovuto")
    office.work()
    assert office.report(told.id).state == "done"
    foreseen = {"import_created": 1, "import_amended": 1, "import_refused": 1, "import_missing": 1}
    assert office.audited(told.id) == [
        ("debts.import", MARIA.id, None, {}),
        ("debts.apply_import", MARIA.id, "Non più dovuto", foreseen),
    ]


def test_what_cannot_be_applied_leaves_no_trace_in_the_audit(office: Office) -> None:
    told = office.send(row("A-1"), row("A-2", "uno"))
    with pytest.raises(Refused) as refused:
        office.apply(told.id)
    assert refused.value.code is ErrorCode.IMPORT_NOT_APPLICABLE
    office.cancel(told.id)
    office.cancel(told.id)
    assert [one[0] for one in office.audited(told.id)] == ["debts.import", "debts.cancel_import"]


def test_the_missing_come_page_by_page(office: Office, put: Put, now: datetime) -> None:
    for number in range(3):
        put(f"M-{number}", at=now - timedelta(days=1))
    told = office.send(row("A-1"))
    request = ImportMissingRequest(entity_code="PM108", import_id=told.id, limit=2)
    first = office_work.import_missing(office.database, request, now)
    assert [one.external_id for one in first.practices] == ["M-0", "M-1"]
    request = ImportMissingRequest(entity_code="PM108", import_id=told.id, limit=2, cursor=first.next_cursor)
    second = office_work.import_missing(office.database, request, now)
    assert ([one.external_id for one in second.practices], second.next_cursor) == (["M-2"], None)


def test_an_operator_of_one_service_touches_no_debt_of_another(office: Office, put: Put, now: datetime) -> None:
    put("MENSA-1", service_code="MENSA")
    whole_entity = office.send(row("A-1"))
    office.services = ["TARI"]
    # Another service's row, and a row that would take another service's debt over.
    told = office.send(row("A-2"), row("A-3", service="MENSA"), row("MENSA-1"))
    assert [(one.line, one.outcome, one.code) for one in told.rows] == [
        (2, "created", None),
        (3, "refused", "unknown_service"),
        (4, "refused", "duplicate_reference"),
    ]
    assert told.rows[2].notice_number is None
    office.apply(told.id, accepted_only=True)
    office.work()
    done = office.report(told.id)
    assert [one.code for one in done.rows] == [None, "unknown_service", "duplicate_reference"]
    with office.database.reading() as session:
        theirs = session.scalars(select(PracticeRow).where(PracticeRow.external_id == "MENSA-1")).one()
        assert theirs.service_code == "MENSA"
    assert office.listed() == ([told.id], None)
    attempts: list[Callable[[], object]] = [
        lambda: office.apply(whole_entity.id),
        lambda: office.cancel(whole_entity.id),
        lambda: office.hold(whole_entity.id, paused=True),
        lambda: import_reports.get_import(
            office.database,
            ImportGetRequest(entity_code="PM108", import_id=whole_entity.id, service_codes=office.services),
        ),
        lambda: import_reports.refused_rows(
            office.database,
            RefusedRowsRequest(entity_code="PM108", import_id=whole_entity.id, service_codes=office.services),
        ),
        lambda: office_work.import_missing(
            office.database,
            ImportMissingRequest(entity_code="PM108", import_id=whole_entity.id, service_codes=office.services),
            now,
        ),
    ]
    for attempt in attempts:
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.code is ErrorCode.IMPORT_NOT_FOUND
    office.services = ["MENSA", "TARI"]
    assert office.listed() == ([told.id], None)
    office.services = []
    assert office.listed() == ([], None)
    office.services = None
    assert office.report(whole_entity.id).previewed
    assert {*office.listed()[0]} == {whole_entity.id, told.id}


def test_imports_are_listed_newest_first_page_by_page(office: Office) -> None:
    sent = []
    for number in range(3):
        office.now += timedelta(minutes=1)
        sent.append(office.send(row(f"A-{number}")).id)
    first, after = office.listed(limit=2)
    assert (first, after) == ([sent[2], sent[1]], sent[1])
    assert office.listed(after, limit=2) == ([sent[0]], None)


def test_a_file_stopped_while_it_is_loaded_goes_on_where_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = office.send(*(row(f"A-{number}") for number in range(6)))
    office.apply(told.id)
    monkeypatch.setattr(import_work, "_CHUNK_ROWS", 2)
    real, turns = staging.staged, iter(range(10))

    def staged_until_stopped(*args: Any) -> Any:
        if next(turns) == 1:
            office.hold(told.id, paused=True)
        return real(*args)

    monkeypatch.setattr(staging, "staged", staged_until_stopped)
    office.work()
    stopped = office.report(told.id)
    assert (stopped.paused, stopped.state, stopped.accepted, office.count(PracticeRow)) == (True, "waiting", 2, 2)
    monkeypatch.setattr(staging, "staged", real)
    office.work()
    assert office.count(PracticeRow) == 2
    assert office.count(StagedRow) == 4
    assert office.hold(told.id, paused=False).state == "loading"
    office.work()
    done = office.report(told.id)
    assert (done.state, done.paused, done.created, office.count(PracticeRow)) == ("done", False, 6, 6)
    assert [one[0] for one in office.audited(told.id)][-2:] == ["debts.pause_import", "debts.resume_import"]


def test_a_file_stopped_before_it_was_read_or_previewed_goes_on_to_its_preview(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = office.send(row("A-1"), work=False)
    assert office.hold(waiting.id, paused=True).paused
    assert not office.hold(waiting.id, paused=True).previewed
    office.work()
    assert office.count(StagedRow) == 0
    assert office.hold(waiting.id, paused=False).state == "waiting"
    monkeypatch.setattr(import_work, "_CHUNK_ROWS", 1)
    real, turns = staging.staged, iter(range(10))

    def staged_until_stopped(*args: Any) -> Any:
        if next(turns) == 0:
            office.hold(waiting.id, paused=True)
        return real(*args)

    monkeypatch.setattr(staging, "staged", staged_until_stopped)
    office.work()
    assert office.report(waiting.id).paused
    office.hold(waiting.id, paused=False)
    office.work()
    told = office.report(waiting.id)
    assert (told.previewed, told.created, len(told.rows)) == (True, 1, 1)
    assert office.hold(waiting.id, paused=False).previewed  # what is not stopped stays as it is
    names = [one[0] for one in office.audited(waiting.id)]
    assert names == ["debts.import", *["debts.pause_import", "debts.resume_import"] * 2]


def test_a_file_that_stays_stopped_for_a_week_is_given_up(office: Office) -> None:
    told = office.send(row("A-1"), work=False)
    office.hold(told.id, paused=True)
    with office.database.transaction() as tx:
        long_ago = func.now() - timedelta(days=8)
        tx.session.execute(update(Import).where(Import.id == told.id).values(created_at=long_ago))
    office.work()
    assert office.report(told.id).state == "cancelled"


def test_annulling_what_is_missing_stops_with_its_file_and_goes_on_with_it(
    office: Office, put: Put, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        put(f"M-{number}", at=now - timedelta(days=1))
    told = office.send(row("A-1"))
    office.apply(told.id, annul_missing=True, reason="Non più dovuto")
    monkeypatch.setattr(import_work, "_ANNULLED_AT_ONCE", 1)
    real, turns = issuance.annul, iter(range(10))

    def annulled_until_stopped(*args: Any) -> None:
        real(*args)
        if next(turns) == 0:
            office.hold(told.id, paused=True)

    monkeypatch.setattr(issuance, "annul", annulled_until_stopped)
    office.work()
    assert office.report(told.id).paused
    cancelled = select(func.count()).where(PracticeRow.state == "cancelled")
    with office.database.reading() as session:
        assert session.scalar(cancelled) == 0  # the one under way was taken back
    monkeypatch.setattr(issuance, "annul", real)
    office.hold(told.id, paused=False)
    office.work()
    done = office.report(told.id)
    assert (done.state, done.missing) == ("done", 3)
    with office.database.reading() as session:
        assert session.scalar(cancelled) == 3


# ---- debts chosen together


def selected(office: Office, **asked: Any) -> list[str]:
    request = SelectionRequest(entity_code="PM108", service_codes=office.services, **asked)
    return list(office_work.selection(office.database, request).external_ids)


def test_debts_to_pay_are_selected_by_each_filter_by_name(office: Office, put: Put, now: datetime) -> None:
    rossi = put("T-1", due_date=date(2026, 12, 31))
    put("T-2", fiscal_code="BNCGLI82D63L049K", full_name="Bianchi Giulia", due_date=date(2027, 1, 31))
    put("M-1", service_code="MENSA", at=now - timedelta(days=2))
    put("LORO", entity_code="PM200")
    paid = put("T-3")
    with office.database.transaction() as tx:
        tx.session.get_one(PracticeRow, paid.id).state = "paid"
    assert selected(office) == ["T-2", "M-1", "T-1"]
    assert selected(office, service_code="TARI") == ["T-2", "T-1"]
    assert selected(office, due_since=date(2027, 1, 1)) == ["T-2"]
    assert selected(office, due_until=date(2026, 12, 31)) == ["T-1"]
    assert selected(office, created_since=rome_day(now)) == ["T-2", "T-1"]
    assert selected(office, created_until=rome_day(now - timedelta(days=1))) == ["M-1"]
    assert selected(office, practice_ids=[rossi.id, paid.id]) == ["T-1"]
    office.services = ["MENSA"]
    assert selected(office) == ["M-1"]
    assert selected(office, practice_ids=[rossi.id]) == []
    assert selected(office, service_code="TARI") == []


def test_the_debts_of_a_file_are_selected_and_no_more_than_can_be_printed(
    office: Office, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("ALTRA")
    sent = office.send(row("A-1"), row("A-2"), row("A-3", "uno"), preview=False)
    assert selected(office, import_id=sent.id) == ["A-1", "A-2"]
    assert SELECTION_MAX == 10_000
    monkeypatch.setattr(office_work, "SELECTION_MAX", 2)
    found = office_work.selection(office.database, SelectionRequest(entity_code="PM108"))
    assert (len(found.external_ids), found.has_more) == (2, True)
    office.services = ["TARI"]
    with pytest.raises(Refused) as refused:
        selected(office, import_id=sent.id)
    assert refused.value.code is ErrorCode.IMPORT_NOT_FOUND
