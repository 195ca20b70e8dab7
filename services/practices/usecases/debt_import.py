"""A whole debt file: good rows go in, bad ones are told line by line, all in one transaction or nothing."""

import hashlib
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID, uuid4

from chassis.storage.database import Database, Tx
from contracts.codes import NoticeNumber
from contracts.error_details import InvalidRequest, TooLarge
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import ImportGetRequest, ImportReport, ImportRequest, ImportRow
from services.practices import catalogue_records, debt_file, models
from services.practices.debt_file import Row
from services.practices.models import EntityRow, PracticeRow, ServiceRow
from services.practices.repository import catalogue, imports, practices
from services.practices.repository.batches import batches
from services.practices.usecases import issuance

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


def import_debts(database: Database, request: ImportRequest, now: datetime) -> ImportReport:
    """Load a debt file once per idempotency key and return its report.

    Raises Refused(IMPORT_TOO_LARGE), (IMPORT_NOT_UTF8), (IMPORT_EMPTY), (IMPORT_WRONG_HEADER), (UNKNOWN_ENTITY),
    (IDEMPOTENCY_CONFLICT), nothing stored.
    """
    content = _content(request.content_base64)
    with database.reading() as session:
        entity = catalogue.entity(session, request.entity_code)
        services = {row.code: row for row in catalogue.services(session, entity.code)}
        rules = {code: catalogue_records.rules_of(row) for code, row in services.items()}
        rows = list(_with_pauses(debt_file.read(content, rules)))
        good = set(_good_references(rows))
        new_count = len(good - practices.known_external_ids(session, entity.code, good))
    job = _Job(entity, services, rows, request.file_name, hashlib.sha256(content).hexdigest())
    numbers = issuance.allocate(database, entity, new_count)

    def load() -> UUID:
        with database.transaction() as tx:
            scope, asked = f"import:{entity.code}", {"sha256": job.sha256}

            def make() -> dict[str, UUID]:
                return {"import_id": _load(tx, job, reversed(numbers), now)}

            import_id: UUID = tx.once(scope, request.idempotency_key, asked, make)["import_id"]
            return import_id

    import_id = issuance.again_on_conflict(load)
    return get_import(database, ImportGetRequest(entity_code=entity.code, import_id=import_id))


def get_import(database: Database, request: ImportGetRequest) -> ImportReport:
    """Return the report of an import. Raises Refused(IMPORT_NOT_FOUND)."""
    with database.reading() as session:
        entity = catalogue.entity(session, request.entity_code)
        done, rows = imports.imported(session, entity.code, request.import_id)
    return ImportReport(
        id=done.id,
        entity_code=done.entity_code,
        file_name=done.file_name,
        created_at=done.created_at,
        accepted=done.accepted,
        refused=done.refused,
        rows=[_reported(row) for row in _with_pauses(rows)],
    )


def _load(tx: Tx, job: _Job, numbers: Iterator[NoticeNumber], now: datetime) -> UUID:
    """Store every good row with its event, and what became of each line.

    From the last row to the first: lists show the newest first, so a plan of instalments reads as the file has it.
    """
    imports.lock_imports(tx.session, job.entity.code)
    known = practices.locked_debts(tx.session, job.entity.code, _good_references(job.rows))
    outcomes: list[ImportRow] = []
    for batch in batches(_with_pauses(reversed(job.rows)), _ROWS_BETWEEN_PAUSES):
        outcomes += [_load_row(tx, job, row, known, numbers, now) for row in batch]
        tx.session.flush()
    refused = sum(row.outcome == "refused" for row in outcomes)
    done = models.Import(
        id=uuid4(),
        entity_code=job.entity.code,
        file_name=job.file_name,
        sha256=job.sha256,
        accepted=len(outcomes) - refused,
        refused=refused,
        created_at=now,
    )
    imports.save_import(tx.session, done, outcomes)
    return done.id


def _good_references(rows: Sequence[Row]) -> list[str]:
    """Return the entity's references of the rows that hold a debt."""
    return [row.external_id for row in rows if row.debt is not None and row.external_id is not None]


def _with_pauses(rows: Iterable[_T]) -> Iterator[_T]:
    """Pass rows on, letting others work now and then: green threads only change places when one waits."""
    for count, row in enumerate(rows, start=1):
        yield row
        if count % _ROWS_BETWEEN_PAUSES == 0:
            time.sleep(0)


def _load_row(
    tx: Tx, job: _Job, row: Row, known: Mapping[str, PracticeRow], numbers: Iterator[NoticeNumber], now: datetime
) -> ImportRow:
    """Create or amend one debt, or tell why not."""
    if row.debt is None or row.external_id is None:
        return _outcome(row, "refused", code=row.code, column=row.column)
    service = job.services[row.debt.service_code]
    existing = known.get(row.external_id)
    if existing is None:
        created = issuance.create(tx, row.external_id, next(numbers), row.debt, job.entity, service, now)
        return _outcome(row, "created", notice_number=created.notice_number)
    try:
        is_amended = issuance.amend(tx, existing, row.debt, job.entity, service, now)
    except Refused as refused:
        return _outcome(row, "refused", notice_number=existing.notice_number, code=refused.code)
    return _outcome(row, "amended" if is_amended else "unchanged", notice_number=existing.notice_number)


def _outcome(
    row: Row,
    outcome: str,
    *,
    notice_number: str | None = None,
    code: ErrorCode | None = None,
    column: str | None = None,
) -> ImportRow:
    return ImportRow(
        line=row.line,
        outcome=outcome,
        external_id=row.external_id,
        notice_number=notice_number,
        code=code and code.value,
        column=column,
    )


def _reported(row: models.ImportRow) -> ImportRow:
    return ImportRow(
        line=row.line,
        outcome=row.outcome,
        external_id=row.external_id,
        notice_number=row.notice_number,
        code=row.code,
        column=row.column_name,
    )


def _content(content_base64: str) -> bytes:
    """Return the bytes received; what is far too long is not even decoded."""
    if len(content_base64) > debt_file.FILE_MAX_BYTES * 4 // 3 + 4:
        raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=debt_file.FILE_MAX_BYTES))
    try:
        return b64decode(content_base64, validate=True)
    except (Base64Error, ValueError):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["content_base64"])) from None
