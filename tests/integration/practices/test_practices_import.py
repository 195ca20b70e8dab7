"""A whole debt file: reported line by line, never half loaded."""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from chassis.storage.database import Database
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import ImportGetRequest, ImportReport, ImportRequest, ListRequest, Practice
from contracts.shapes import Viewer
from services.practices.models import IdempotencyKey, Import, ImportRow, OutboxMessage, PracticeRow
from services.practices.usecases import debt_import, debtor_list

FILE = (Path(__file__).parents[3] / "sandbox/data/debts_pm108.csv").read_bytes()
HEADER = FILE.split(b"\r\n", 1)[0]
GOOD_LINE = b"TARI-9;TARI;RSSMRA85T10A562S;Rossi Mario;;TARI 2026;148,50;02/12/2026;;"


def load(database: Database, now: datetime, content: bytes = FILE, key: str = "import-0001") -> ImportReport:
    request = ImportRequest(
        idempotency_key=key,
        entity_code="PM108",
        file_name="debiti.csv",
        content_base64=b64encode(content).decode(),
    )
    report = debt_import.import_debts(database, request, now)
    assert practices.IMPORT.reply.validate(practices.IMPORT.reply.dump(report)) == {}
    return report


def counts(database: Database) -> dict[str, int]:
    tables = (PracticeRow, OutboxMessage, Import, ImportRow, IdempotencyKey)
    with database.reading() as session:
        return {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


NOTHING = {"practices": 0, "outbox": 0, "imports": 0, "import_rows": 0, "idempotency_keys": 0}


def test_the_500_rows_of_the_example_load_with_a_report(database: Database, now: datetime) -> None:
    report = load(database, now)
    assert (report.accepted, report.refused, len(report.rows)) == (483, 17, 500)
    assert Counter(row.outcome for row in report.rows) == {"created": 483, "refused": 17}
    assert counts(database) == {
        "practices": 483,
        "outbox": 483,
        "imports": 1,
        "import_rows": 500,
        "idempotency_keys": 1,
    }
    refused = next(row for row in report.rows if row.outcome == "refused")
    assert refused.code == "invalid_fiscal_code"
    assert refused.column == "codice_fiscale"
    assert refused.notice_number is None
    assert (refused.value_shape or "").startswith("AAAAAA99A99A9")
    assert "codice fiscale" in (refused.problem or "")
    assert "16 caratteri" in (refused.remedy or "")
    assert debt_import.get_import(database, ImportGetRequest(entity_code="PM108", import_id=report.id)) == report


def test_every_line_of_the_report_names_the_reference_of_its_row(database: Database, now: datetime) -> None:
    unpayable = GOOD_LINE.replace(b"TARI-9", b"TARI-8").replace(b"148,50", b"-1")
    without = GOOD_LINE.replace(b"TARI-9", b"")
    lines = [HEADER, GOOD_LINE, unpayable, GOOD_LINE, without]
    report = load(database, now, b"\n".join(lines))
    told = [(row.line, row.external_id, row.outcome) for row in report.rows]
    assert told == [
        (2, "TARI-9", "created"),
        (3, "TARI-8", "refused"),
        (4, "TARI-9", "refused"),
        (5, None, "refused"),
    ]
    assert load(database, now, b"\n".join(lines), key="import-0002").rows[0].external_id == "TARI-9"


def test_instalments_are_listed_as_the_file_has_them(database: Database, now: datetime) -> None:
    load(database, now)
    mario = Viewer(fiscal_code=FiscalCode("RSSMRA85T10A562S"))
    request = ListRequest(entity_code="PM108", viewer=mario, limit=50)
    listed = debtor_list.list_practices(database, request, now).practices
    plan = [practice for practice in listed if practice.instalment]
    instalments = [practice.instalment for practice in plan if practice.instalment]
    # The file holds no first one.
    assert [instalment.number for instalment in instalments] == [2, 3, 4, 5, 6, 7]


def test_the_same_key_and_bytes_give_the_same_report_and_other_bytes_a_conflict(
    database: Database, now: datetime
) -> None:
    first = load(database, now)
    before = counts(database)
    assert load(database, now) == first
    with pytest.raises(Refused) as refused:
        load(database, now, HEADER + b"\n" + GOOD_LINE)
    assert refused.value.code is ErrorCode.IDEMPOTENCY_CONFLICT
    assert counts(database) == before


def test_loading_the_same_rows_again_changes_nothing(database: Database, now: datetime) -> None:
    first = load(database, now)
    second = load(database, now, key="import-0002")
    assert second.id != first.id
    assert Counter(row.outcome for row in second.rows) == {"unchanged": 483, "refused": 17}
    numbers = [row.notice_number for row in first.rows]
    assert [row.notice_number for row in second.rows] == numbers
    assert counts(database)["outbox"] == 483


def test_a_changed_row_amends_its_debt_and_one_being_paid_is_refused_alone(
    database: Database, now: datetime, put: Callable[..., Practice]
) -> None:
    put("TARI-9")
    paid = put("TARI-8")
    with database.transaction() as tx:
        row = tx.session.get_one(PracticeRow, paid.id)
        row.state = "paid"
    content = HEADER + b"\n" + GOOD_LINE.replace(b"148,50", b"150,00") + b"\n" + GOOD_LINE.replace(b"TARI-9", b"TARI-8")
    report = load(database, now, content)
    assert [(row.outcome, row.code) for row in report.rows] == [
        ("amended", None),
        ("refused", "practice_not_amendable"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", ErrorCode.IMPORT_EMPTY),
        (HEADER, ErrorCode.IMPORT_EMPTY),
        (b"a;b;c\n" + GOOD_LINE, ErrorCode.IMPORT_WRONG_HEADER),
        (HEADER + b"\n" + GOOD_LINE + b"\xc3\xa8\xff", ErrorCode.IMPORT_NOT_UTF8),
        (b"x" * (5 * 1024 * 1024 + 1), ErrorCode.IMPORT_TOO_LARGE),
        (HEADER + b"\n" + b"x\n" * 20_001, ErrorCode.IMPORT_TOO_LARGE),
    ],
    ids=["no bytes", "no rows", "another header", "two encodings", "more than 5 MiB", "more than 20,000 rows"],
)
def test_a_file_that_is_not_a_debt_file_is_refused_whole_and_nothing_stored(
    database: Database, now: datetime, content: bytes, code: ErrorCode
) -> None:
    with pytest.raises(Refused) as refused:
        load(database, now, content)
    assert refused.value.code is code
    assert counts(database) == NOTHING


def test_what_is_not_base64_or_for_an_unknown_entity_is_refused(database: Database, now: datetime) -> None:
    request = ImportRequest(idempotency_key="import-0001", entity_code="PM108", content_base64="è§")
    for changed, code in (
        (request, ErrorCode.INVALID_REQUEST),
        (replace(request, content_base64="A" * 8_000_000), ErrorCode.IMPORT_TOO_LARGE),
        (replace(request, content_base64="", entity_code="PM999"), ErrorCode.UNKNOWN_ENTITY),
    ):
        with pytest.raises(Refused) as refused:
            debt_import.import_debts(database, changed, now)
        assert refused.value.code is code


@pytest.fixture
def failing_at_row(database: Database) -> Iterator[None]:
    """Make the database itself fail in the middle of the file, as a full disk would."""
    with database.transaction() as tx:
        tx.session.execute(
            text(
                "CREATE FUNCTION fail_import() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN IF NEW.line = 400 THEN RAISE EXCEPTION 'disk full'; END IF; RETURN NEW; END $$"
            )
        )
        tx.session.execute(
            text("CREATE TRIGGER fail BEFORE INSERT ON import_rows FOR EACH ROW EXECUTE FUNCTION fail_import()")
        )
    yield
    with database.transaction() as tx:
        tx.session.execute(text("DROP FUNCTION IF EXISTS fail_import CASCADE"))


def test_a_failure_in_the_middle_leaves_nothing_and_the_same_key_loads_it_later(
    database: Database, now: datetime, failing_at_row: None
) -> None:
    with pytest.raises(DBAPIError):
        load(database, now)
    assert counts(database) == NOTHING
    with database.transaction() as tx:
        tx.session.execute(text("DROP FUNCTION fail_import CASCADE"))
    assert load(database, now).accepted == 483


def test_the_same_file_sent_twice_at_once_is_loaded_once(database: Database, now: datetime) -> None:
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: load(database, now), range(3)))
    assert len({report.id for report in reports}) == 1
    assert counts(database)["practices"] == 483


def test_two_files_with_the_same_debts_at_once_make_each_debt_once(database: Database, now: datetime) -> None:
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda key: load(database, now, key=key), ["import-0001", "import-0002"]))
    outcomes = Counter(row.outcome for report in reports for row in report.rows)
    assert outcomes == {"created": 483, "unchanged": 483, "refused": 34}
    assert counts(database)["outbox"] == 483


def test_a_report_is_only_for_the_entity_it_belongs_to(database: Database, now: datetime) -> None:
    report = load(database, now, HEADER + b"\n" + GOOD_LINE)
    with pytest.raises(Refused) as refused:
        debt_import.get_import(database, ImportGetRequest(entity_code="PM200", import_id=report.id))
    assert refused.value.code is ErrorCode.IMPORT_NOT_FOUND
