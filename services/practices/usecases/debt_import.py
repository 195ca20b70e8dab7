"""A whole debt file: good rows go in, bad ones are told line by line, all in one transaction or nothing."""

import hashlib
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from chassis.storage.database import Database, Tx
from contracts.codes import NoticeNumber
from contracts.errors import ErrorCode, Refused
from services.practices import debt_file, records, repository
from services.practices.debt_file import Row
from services.practices.models import EntityRow, Import, ImportRow, PracticeRow, ServiceRow
from services.practices.usecases import debts

_ROWS_BETWEEN_PAUSES: Final = 200
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Job:
    """A file that was read, for one entity."""

    entity: EntityRow
    services: Mapping[str, ServiceRow]
    rows: Sequence[Row]
    file_name: str
    sha256: str


def import_debts(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Load a debt file once per idempotency key and return its report.

    Raises Refused(IMPORT_TOO_LARGE), (IMPORT_NOT_UTF8), (IMPORT_EMPTY), (IMPORT_WRONG_HEADER), (UNKNOWN_ENTITY),
    (IDEMPOTENCY_CONFLICT), nothing stored.
    """
    content = _content(request["content_base64"])
    with database.reading() as session:
        entity = repository.entity(session, request["entity_code"])
        services = {row.code: row for row in repository.services(session, entity.code)}
        rules = {code: records.rules_of(row) for code, row in services.items()}
        rows = list(_with_pauses(debt_file.read(content, rules)))
        good = {row.external_id for row in rows if row.debt is not None and row.external_id is not None}
        new_count = len(good - repository.known_external_ids(session, entity.code, good))
    job = _Job(entity, services, rows, request["file_name"], hashlib.sha256(content).hexdigest())
    numbers = debts.allocate(database, entity, new_count)

    def load() -> UUID:
        with database.transaction() as tx:
            asked = {"sha256": job.sha256}
            scope = f"import:{entity.code}"
            made = tx.once(
                scope, request["idempotency_key"], asked, lambda: {"import_id": _load(tx, job, reversed(numbers), now)}
            )
            import_id: UUID = made["import_id"]
            return import_id

    import_id = debts.again_on_conflict(load)
    return get_import(database, {"entity_code": entity.code, "import_id": import_id})


def get_import(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report of an import. Raises Refused(IMPORT_NOT_FOUND)."""
    with database.reading() as session:
        entity = repository.entity(session, request["entity_code"])
        done, rows = repository.imported(session, entity.code, request["import_id"])
    return {
        "id": done.id,
        "entity_code": done.entity_code,
        "file_name": done.file_name,
        "created_at": done.created_at,
        "accepted": done.accepted,
        "refused": done.refused,
        "rows": [_report_line(row) for row in _with_pauses(rows)],
    }


def _load(tx: Tx, job: _Job, numbers: Iterator[NoticeNumber], now: datetime) -> UUID:
    """Store every good row with its event, and what became of each line.

    From the last row to the first: lists show the newest first, so a plan of instalments reads as the file has it.
    """
    repository.lock_imports(tx.session, job.entity.code)
    references = [row.external_id for row in job.rows if row.debt is not None and row.external_id is not None]
    known = repository.locked_debts(tx.session, job.entity.code, references)
    lines = []
    for batch in repository.batches(_with_pauses(reversed(job.rows)), _ROWS_BETWEEN_PAUSES):
        lines += [_load_row(tx, job, row, known, numbers, now) for row in batch]
        tx.session.flush()
    refused = sum(line["outcome"] == "refused" for line in lines)
    done = Import(
        id=uuid4(),
        entity_code=job.entity.code,
        file_name=job.file_name,
        sha256=job.sha256,
        accepted=len(lines) - refused,
        refused=refused,
        created_at=now,
    )
    repository.save_import(tx.session, done, lines)
    return done.id


def _with_pauses(rows: Iterable[_T]) -> Iterator[_T]:
    """Pass rows on, letting others work now and then: green threads only change places when one waits."""
    for count, row in enumerate(rows, start=1):
        yield row
        if count % _ROWS_BETWEEN_PAUSES == 0:
            time.sleep(0)


def _load_row(
    tx: Tx, job: _Job, row: Row, known: Mapping[str, PracticeRow], numbers: Iterator[NoticeNumber], now: datetime
) -> dict[str, Any]:
    """Create or amend one debt, or say why not."""
    if row.debt is None or row.external_id is None:
        return _line(row, "refused", code=row.code, column=row.column)
    service = job.services[row.debt.service_code]
    existing = known.get(row.external_id)
    if existing is None:
        created = debts.create(tx, row.external_id, next(numbers), row.debt, job.entity, service, now)
        return _line(row, "created", notice_number=created.notice_number)
    try:
        is_amended = debts.amend(tx, existing, row.debt, job.entity, service, now)
    except Refused as refused:
        return _line(row, "refused", notice_number=existing.notice_number, code=refused.code)
    return _line(row, "amended" if is_amended else "unchanged", notice_number=existing.notice_number)


def _line(
    row: Row,
    outcome: str,
    *,
    notice_number: str | None = None,
    code: ErrorCode | None = None,
    column: str | None = None,
) -> dict[str, Any]:
    return {
        "line": row.line,
        "outcome": outcome,
        "external_id": row.external_id,
        "notice_number": notice_number,
        "code": code and code.value,
        "column_name": column,
    }


def _report_line(row: ImportRow) -> dict[str, Any]:
    names = ("line", "outcome", "external_id", "notice_number", "code")
    return {**{name: getattr(row, name) for name in names}, "column": row.column_name}


def _content(content_base64: str) -> bytes:
    """Return the bytes received; what is far too long is not even decoded."""
    if len(content_base64) > debt_file.FILE_MAX_BYTES * 4 // 3 + 4:
        raise Refused(ErrorCode.IMPORT_TOO_LARGE, {"max_bytes": debt_file.FILE_MAX_BYTES})
    try:
        return b64decode(content_base64, validate=True)
    except (Base64Error, ValueError):
        raise Refused(ErrorCode.INVALID_REQUEST, {"fields": ["content_base64"]}) from None
