"""Debt files as jobs: each row once whatever happens to the process, in order, with progress and an end."""

import gzip
import signal
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text, update

from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import (
    ImportCancelRequest,
    ImportGetRequest,
    ImportPartRequest,
    ImportQueueRequest,
    ImportReport,
    ImportRequest,
    ImportRow,
)
from services.practices import models
from services.practices.debt_file import files as debt_rows
from services.practices.models import Import, ImportPart, OutboxMessage, PracticeRow, StagedRow
from services.practices.repository import import_jobs as staging
from services.practices.usecases import debt_import, import_jobs, import_reports, import_work
from tests.conftest import ProcessStarter, Running
from tests.integration.practices.import_jobs import import_as_job, queue_file, report_of
from tests.integration.practices.test_practices_import import FILE, GOOD_LINE, HEADER

Eventually = Callable[..., Any]
_GATE = 4711


def file_of(count: int, *, amount: str = "148,50") -> bytes:
    rows = [
        f"TARI-{number};TARI;RSSMRA85T10A562S;Rossi Mario;;TARI 2026;{amount};02/12/2026;;" for number in range(count)
    ]
    return b"\r\n".join([HEADER, *(row.encode() for row in rows)])


def count_of(database: Database, table: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def without_numbers(report: ImportReport) -> list[dict[str, object]]:
    return [{**vars_of(row), "notice_number": None} for row in report.rows]


def vars_of(row: ImportRow) -> dict[str, object]:
    dumped: dict[str, object] = practices.IMPORT.reply.fields["rows"].inner.schema.dump(row)  # type: ignore[attr-defined]
    return dumped


def load_at_once(database: Database, now: datetime, content: bytes, entity_code: str) -> ImportReport:
    request = ImportRequest(
        idempotency_key=uuid4().hex, entity_code=entity_code, content_base64=b64encode(content).decode()
    )
    return debt_import.import_debts(database, request, now)


def work(database: Database, now: datetime) -> None:
    import_work.work_off(database, lambda: now)


def test_a_job_makes_of_each_row_what_an_import_at_once_does(database: Database, now: datetime) -> None:
    job = import_as_job(database, now, FILE, part_bytes=1000)
    at_once = load_at_once(database, now, FILE, "PM200")
    assert without_numbers(job) == without_numbers(at_once)
    assert (job.state, job.accepted, job.refused, job.checked_rows) == ("done", 483, 17, 500)
    with database.reading() as session:
        numbers = session.scalars(select(PracticeRow.notice_number).where(PracticeRow.entity_code == "PM108")).all()
        told = session.execute(select(OutboxMessage.subject, OutboxMessage.body)).all()
        places = [
            session.scalars(
                select(PracticeRow.external_id)
                .where(PracticeRow.entity_code == entity_code)
                .order_by(PracticeRow.place.desc())
            ).all()
            for entity_code in ("PM108", "PM200")
        ]
    assert sorted(numbers) == sorted(row.notice_number for row in job.rows if row.notice_number)
    assert len({subject for subject, _ in told}) == len(told) == 2 * 483
    assert places[0] == places[1]


def test_nothing_of_the_file_is_left_once_it_is_loaded(database: Database, now: datetime) -> None:
    import_as_job(database, now, FILE)
    assert count_of(database, ImportPart) == count_of(database, StagedRow) == 0


@pytest.fixture
def gate(database: Database) -> Iterator[Callable[[str, int], None]]:
    """Make whoever writes a line of a file into a table wait, holding what it has written."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as holding:
        holding.execute(text(f"SELECT pg_advisory_lock({_GATE})"))

        def close(table: str, line: int) -> None:
            body = f"BEGIN IF NEW.line = {line} THEN PERFORM pg_advisory_xact_lock({_GATE}); END IF; RETURN NEW; END"
            holding.execute(text(f"CREATE FUNCTION gate_{table}() RETURNS trigger LANGUAGE plpgsql AS '{body}'"))
            holding.execute(
                text(f"CREATE TRIGGER gate BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION gate_{table}()")
            )

        yield close
        for table in ("import_staged", "import_rows"):
            holding.execute(text(f"DROP FUNCTION IF EXISTS gate_{table} CASCADE"))
        holding.execute(text("SELECT pg_advisory_unlock_all()"))


def kill_at_the_gate(database: Database, table: str, start: Callable[[], Running], eventually: Eventually) -> None:
    """Run the process until it waits in the middle of its transaction, kill it, and open the gate."""
    process = start()
    of_waiting = "FROM pg_locks WHERE locktype = 'advisory' AND objid = :gate AND NOT granted"
    waiting = text(f"SELECT count(*) {of_waiting}")

    def is_waiting() -> bool:
        with database.reading() as session:
            return bool(session.scalar(waiting, {"gate": _GATE}))

    eventually(is_waiting)
    process.process.send_signal(signal.SIGKILL)
    process.process.wait()
    with database.transaction() as tx:
        # What waits has lost its client and does not know it.
        tx.session.execute(text(f"SELECT pg_terminate_backend(pid) {of_waiting}"), {"gate": _GATE})
    eventually(lambda: not is_waiting())
    with database.transaction() as tx:
        tx.session.execute(text(f"DROP TRIGGER gate ON {table}"))


def test_a_worker_killed_twice_halfway_ends_exact(
    database: Database,
    now: datetime,
    gate: Callable[[str, int], None],
    start_process: ProcessStarter,
    environment: dict[str, str],
    eventually: Eventually,
) -> None:
    def start() -> Running:
        return start_process("-m", "services.practices.import_worker", env=environment)

    count = 5_500
    queued = queue_file(database, now, file_of(count))
    gate("import_staged", 4_000)
    kill_at_the_gate(database, "import_staged", start, eventually)
    checked = report_of(database, queued.id)
    assert (checked.state, checked.checked_rows, checked.accepted) == ("checking", 2_000, 0)
    gate("import_rows", 2_500)
    kill_at_the_gate(database, "import_rows", start, eventually)
    loading = report_of(database, queued.id)
    assert (loading.state, loading.checked_rows, loading.accepted) == ("loading", count, 2_000)
    last = start()
    assert last.process.wait(timeout=120) == 0, last.log()
    done = report_of(database, queued.id)
    assert (done.state, done.accepted, done.refused) == ("done", count, 0)
    assert [row.line for row in done.rows] == list(range(2, count + 2))
    with database.reading() as session:
        references = session.scalars(select(PracticeRow.external_id).order_by(PracticeRow.place.desc())).all()
        subjects = session.scalars(select(OutboxMessage.subject)).all()
        numbers = session.scalars(select(PracticeRow.notice_number).distinct()).all()
    assert references == [f"TARI-{number}" for number in range(count)]
    assert len(subjects) == len(set(subjects)) == len(numbers) == count


def test_files_of_an_entity_are_loaded_in_the_order_in_which_they_came(database: Database, now: datetime) -> None:
    files = [file_of(3, amount=amount) for amount in ("100,00", "90,00", "80,00")]
    reports = [queue_file(database, now, content) for content in files[:2]]
    # A small one would be loaded at once; behind others it waits.
    small = load_at_once(database, now, files[2], "PM108")
    assert [report.state for report in (*reports, small)] == ["waiting"] * 3
    work(database, now)
    outcomes = [report_of(database, report.id).rows[0].outcome for report in (*reports, small)]
    assert outcomes == ["created", "amended", "amended"]
    with database.reading() as session:
        assert set(session.scalars(select(PracticeRow.amount_cents))) == {8_000}


def test_files_of_another_entity_do_not_wait(database: Database, now: datetime) -> None:
    queue_file(database, now, file_of(3))
    assert load_at_once(database, now, file_of(3), "PM200").state == "done"


def test_a_file_over_which_anything_is_raised_stops_no_other_entitys(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = queue_file(database, now, file_of(3))
    others = [queue_file(database, now, file_of(3), entity_code="PM200") for _ in range(2)]
    target = import_work._target

    def raising(database: Database, job: Import) -> Any:
        if job.entity_code == "PM108":
            raise RuntimeError("anything")
        return target(database, job)

    monkeypatch.setattr(import_work, "_target", raising)
    with pytest.raises(RuntimeError):
        work(database, now)
    states = [report_of(database, one.id, entity_code="PM200").state for one in others]
    assert states == ["done", "done"]
    assert report_of(database, stuck.id).state == "loading"
    monkeypatch.setattr(import_work, "_target", target)
    work(database, now)
    assert report_of(database, stuck.id).state == "done"


def test_two_workers_load_each_file_once(database: Database, now: datetime) -> None:
    queued = queue_file(database, now, file_of(5))
    with staging.turn(database, "PM108") as is_ours:
        assert is_ours
        work(database, now)
        assert report_of(database, queued.id).state == "waiting"
        with database.reading() as session:
            assert not staging.is_work_waiting(session)
    with database.reading() as session:
        assert staging.is_work_waiting(session)
    work(database, now)
    assert report_of(database, queued.id).state == "done"


def test_a_cancelled_import_loads_no_more_and_keeps_what_it_has(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = queue_file(database, now, file_of(10))
    request = ImportCancelRequest(entity_code="PM108", import_id=queued.id)
    staged, turns = staging.staged, iter(range(10))

    def staged_until_cancelled(*args: Any) -> Any:
        if next(turns) == 2:
            import_jobs.cancel_import(database, request, now)
        return staged(*args)

    monkeypatch.setattr(import_work, "_CHUNK_ROWS", 3)
    monkeypatch.setattr(staging, "staged", staged_until_cancelled)
    work(database, now)
    report = report_of(database, queued.id)
    assert (report.state, report.accepted, [row.line for row in report.rows]) == ("cancelled", 6, [6, 7, 8, 9, 10, 11])
    assert count_of(database, PracticeRow) == 6
    assert count_of(database, StagedRow) == count_of(database, ImportPart) == 0
    assert import_jobs.cancel_import(database, request, now) == report


def test_an_import_cancelled_while_it_waits_is_never_begun(database: Database, now: datetime) -> None:
    queued = queue_file(database, now, file_of(10))
    request = ImportCancelRequest(entity_code="PM108", import_id=queued.id)
    assert import_jobs.cancel_import(database, request, now).state == "cancelled"
    work(database, now)
    assert count_of(database, PracticeRow) == count_of(database, ImportPart) == 0


def test_what_is_done_is_not_cancelled(database: Database, now: datetime) -> None:
    done = import_as_job(database, now, file_of(2))
    request = ImportCancelRequest(entity_code="PM108", import_id=done.id)
    assert import_jobs.cancel_import(database, request, now).state == "done"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_file_cut_anywhere_is_read_in_its_encoding_and_unpacked(
    database: Database, now: datetime, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    name = "Nicolò D'Alò"
    content = f"{HEADER.decode()}\r\n{GOOD_LINE.decode().replace('Rossi Mario', name)}\r\n".encode(encoding)
    report = import_as_job(database, now, pack(content), part_bytes=7)
    assert [row.outcome for row in report.rows] == ["created"]
    with database.reading() as session:
        assert session.scalars(select(PracticeRow.debtor)).one()["full_name"] == name


def test_several_packed_files_one_behind_the_other_are_one(database: Database, now: datetime) -> None:
    content = file_of(4)
    packed = gzip.compress(content[:200]) + gzip.compress(content[200:])
    assert import_as_job(database, now, packed, part_bytes=50).accepted == 4


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (HEADER, ErrorCode.IMPORT_EMPTY),
        (b"a;b;c", ErrorCode.IMPORT_WRONG_HEADER),
        (HEADER + b"\n" + GOOD_LINE + b"\xc3\xa8\xff", ErrorCode.IMPORT_NOT_UTF8),
        (gzip.compress(file_of(3))[:-20], ErrorCode.IMPORT_NOT_UTF8),
    ],
    ids=["no rows", "another header", "two encodings", "broken off"],
)
def test_a_file_that_is_not_a_debt_file_is_refused_whole(
    database: Database, now: datetime, content: bytes, code: ErrorCode
) -> None:
    queued = queue_file(database, now, content)
    work(database, now)
    report = report_of(database, queued.id)
    assert (report.state, report.code, report.rows) == ("refused", code.value, [])
    assert count_of(database, PracticeRow) == count_of(database, StagedRow) == count_of(database, ImportPart) == 0


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("\n\na;b;c\n1;2;3\n", ErrorCode.IMPORT_WRONG_HEADER),
        ("x" * 200_000, ErrorCode.IMPORT_WRONG_HEADER),
        (f"\n{HEADER.decode()}\n{'x' * 100_000}", None),
        (f"sep=;\n{HEADER.decode()}\n", None),
        (HEADER.decode()[:50], None),
        ("\n", None),
    ],
    ids=["another header", "no lines", "a good one", "with its separator", "cut off", "nothing yet"],
)
def test_a_wrong_header_is_told_with_the_first_part(
    database: Database,
    now: datetime,
    content: str,
    code: ErrorCode | None,
    encoding: str,
    pack: Callable[[bytes], bytes],
) -> None:
    beginning = b64encode(pack(content.encode(encoding))).decode()
    part = ImportPartRequest(entity_code="PM108", import_id=uuid4(), number=1, content_base64=beginning)
    if code is None:
        import_jobs.import_part(database, part, now)
        return
    with pytest.raises(Refused) as refused:
        import_jobs.import_part(database, part, now)
    assert refused.value.code is code
    assert count_of(database, Import) == count_of(database, ImportPart) == 0


@pytest.mark.parametrize("limit", ["JOB_ROWS_MAX", "JOB_MAX_BYTES"])
def test_a_file_beyond_the_limits_is_refused_whole_however_it_is_packed(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    content = gzip.compress(file_of(30))
    monkeypatch.setattr(import_work, "_CHUNK_ROWS", 10)
    monkeypatch.setattr(debt_rows, limit, 29 if limit == "JOB_ROWS_MAX" else 2_000)
    with pytest.raises(Refused) as refused:
        import_as_job(database, now, content)
    assert refused.value.code is ErrorCode.IMPORT_TOO_LARGE
    assert count_of(database, PracticeRow) == count_of(database, StagedRow) == 0


def test_of_rows_with_one_reference_the_first_stands_whatever_lies_between(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "_CHUNK_ROWS", 2)
    wrong = GOOD_LINE.replace(b"148,50", b"?")
    lines = [GOOD_LINE, *file_of(4).split(b"\r\n")[1:], GOOD_LINE, wrong]
    content = b"\n".join([HEADER, *lines])
    report = import_as_job(database, now, content)
    assert [(row.outcome, row.code, row.column) for row in (report.rows[0], *report.rows[-2:])] == [
        ("created", None, None),
        ("refused", "duplicate_reference", "codice_debito"),
        ("refused", "duplicate_reference", "codice_debito"),
    ]
    assert without_numbers(report) == without_numbers(load_at_once(database, now, content, "PM200"))


def test_the_same_key_and_bytes_are_one_import_and_other_bytes_a_conflict(database: Database, now: datetime) -> None:
    first = queue_file(database, now, file_of(3), key="a-key-of-theirs")
    assert queue_file(database, now, file_of(3), key="a-key-of-theirs").id == first.id
    with pytest.raises(Refused) as refused:
        queue_file(database, now, file_of(4), key="a-key-of-theirs")
    assert refused.value.code is ErrorCode.IDEMPOTENCY_CONFLICT
    assert count_of(database, Import) == 1
    work(database, now)
    assert queue_file(database, now, file_of(3), key="a-key-of-theirs") == report_of(database, first.id)


def test_a_key_stands_for_the_same_import_at_once_and_as_a_job(database: Database, now: datetime) -> None:
    request = ImportRequest(
        idempotency_key="a-key-of-theirs", entity_code="PM108", content_base64=b64encode(file_of(3)).decode()
    )
    at_once = debt_import.import_debts(database, request, now)
    assert queue_file(database, now, file_of(3), key="a-key-of-theirs") == at_once


def test_the_same_file_without_a_key_of_its_senders_is_a_new_import(database: Database, now: datetime) -> None:
    reports = [import_as_job(database, now, file_of(3)) for _ in range(2)]
    assert reports[0].id != reports[1].id
    assert Counter(row.outcome for row in reports[1].rows) == {"unchanged": 3}


def test_a_file_is_not_queued_before_all_its_parts_are_there_nor_changed_after(
    database: Database, now: datetime
) -> None:
    part = ImportPartRequest(entity_code="PM108", import_id=uuid4(), number=1, content_base64="eA==")
    import_jobs.import_part(database, part, now)
    request = ImportQueueRequest(
        idempotency_key=uuid4().hex, entity_code="PM108", import_id=part.import_id, parts=2, sha256="0" * 64
    )
    with pytest.raises(Refused) as missing:
        import_jobs.queue_import(database, request, now)
    queued = queue_file(database, now, file_of(1))
    with pytest.raises(Refused) as late:
        import_jobs.import_part(
            database, ImportPartRequest(entity_code="PM108", import_id=queued.id, number=9, content_base64="eA=="), now
        )
    assert {missing.value.code, late.value.code} == {ErrorCode.IMPORT_NOT_FOUND}


def test_a_file_whose_parts_stop_coming_is_forgotten_after_an_hour(database: Database, now: datetime) -> None:
    ids = [uuid4(), uuid4()]
    for import_id in ids:
        part = ImportPartRequest(entity_code="PM108", import_id=import_id, number=1, content_base64="eA==")
        import_jobs.import_part(database, part, now)
    with database.transaction() as tx:
        tx.session.execute(update(Import).values(created_at=func.now()))
        long_ago = func.now() - timedelta(hours=1, minutes=1)
        tx.session.execute(update(Import).where(Import.id == ids[0]).values(created_at=long_ago))
    work(database, now)
    with database.reading() as session:
        assert (
            session.scalars(select(Import.id)).all() == session.scalars(select(ImportPart.import_id)).all() == ids[1:]
        )


def test_a_report_is_told_in_pages_and_by_outcome(database: Database, now: datetime) -> None:
    import_id = import_as_job(database, now, FILE).id

    def page(**asked: Any) -> ImportReport:
        return import_reports.get_import(database, ImportGetRequest(entity_code="PM108", import_id=import_id, **asked))

    lines, after = [], 0
    while True:
        shown = page(after_line=after, limit=200)
        lines += [row.line for row in shown.rows]
        if shown.next_after is None:
            break
        after = shown.next_after
    assert lines == [row.line for row in page().rows]
    assert len(lines) == 500
    refused = page(outcome="refused")
    assert len(refused.rows) == 17
    assert {row.outcome for row in refused.rows} == {"refused"}


def test_a_service_loads_what_is_queued_by_a_process_that_ends_with_it(
    run_service: Callable[..., Running], rpc: RpcClient, database: Database, now: datetime, eventually: Eventually
) -> None:
    service = run_service("practices")
    queued = queue_file(database, now, file_of(50))
    request = ImportGetRequest(entity_code="PM108", import_id=queued.id)
    eventually(lambda: rpc.call(practices.GET_IMPORT, request).state == "done")
    assert rpc.call(practices.GET_IMPORT, request).accepted == 50
    assert service.lines("import_done")
    assert models.PracticeRow.__tablename__ == "practices"
