"""A whole debt file: good rows go in, bad ones are told line by line, all in one transaction or nothing."""

import hashlib
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar
from uuid import UUID, uuid4

from chassis.storage.database import Database, Tx
from contracts.codes import NoticeNumber
from contracts.error_details import InvalidRequest, NotAmendable, TooLarge, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import ImportGetRequest, ImportReport, ImportRequest, ImportRow
from services.practices import catalogue_records, models
from services.practices.debt_file import rows as debt_file
from services.practices.debt_file.remedies import remedy_of
from services.practices.debt_file.rows import Row
from services.practices.domain.states import State
from services.practices.models import EntityRow, PracticeRow, ServiceRow
from services.practices.repository import catalogue, imports, practices
from services.practices.repository.batches import batches
from services.practices.usecases import issuance

_ROWS_BETWEEN_PAUSES: Final = 200
_REFUSED: Final = "refused"
_COLUMN_AT_FAULT: Final[Mapping[ErrorCode, str]] = MappingProxyType({ErrorCode.DEBTOR_CHANGED: "codice_fiscale"})
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
    numbers = list(_with_pauses(issuance.allocate(database, entity, new_count)))

    def load() -> UUID:
        with database.transaction() as tx:
            imports.wait_for_imports(tx.session)
            scope, asked = f"import:{entity.code}", {"sha256": job.sha256}

            def make() -> dict[str, UUID]:
                return {"import_id": _load(tx, job, iter(numbers), now)}

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
    refused = sum(row.outcome == _REFUSED for row in outcomes)
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
    told = ImportRow(
        line=row.line,
        outcome=_REFUSED,
        external_id=row.external_id,
        code=row.code and row.code.value,
        column=row.column,
        value_shape=row.value_shape,
        warning=row.warning,
    )
    if row.debt is None or row.external_id is None:
        return told
    service = job.services[row.debt.service_code]
    existing = known.get(row.external_id)
    if existing is None:
        created = issuance.create(tx, row.external_id, next(numbers), row.debt, job.entity, service, now)
        return replace(told, outcome="created", notice_number=created.notice_number)
    told = replace(told, notice_number=existing.notice_number)
    try:
        is_amended = issuance.amend(tx, existing, row.debt, job.entity, service, now)
    except Refused as refused:
        code = _code_of(refused)
        return replace(told, code=code.value, column=_COLUMN_AT_FAULT.get(code), value_shape=None, warning=None)
    return replace(told, outcome="amended" if is_amended else "unchanged")


def _code_of(refused: Refused) -> ErrorCode:
    """Return why a debt cannot be amended; a row has no room for the state that the detail tells."""
    detail = detail_of(refused, NotAmendable)
    return ErrorCode.PRACTICE_CANCELLED if detail and detail.state == State.CANCELLED else refused.code


def _reported(row: models.ImportRow) -> ImportRow:
    remedy = remedy_of(row.code or row.warning, row.column_name)
    return ImportRow(
        line=row.line,
        outcome=row.outcome,
        external_id=row.external_id,
        notice_number=row.notice_number,
        code=row.code,
        column=row.column_name,
        value_shape=row.value_shape,
        warning=row.warning,
        problem=remedy.problem if remedy else None,
        remedy=remedy.remedy if remedy else None,
    )


def _content(content_base64: str) -> bytes:
    """Return the bytes received; what is far too long is not even decoded."""
    if len(content_base64) > debt_file.FILE_MAX_BYTES * 4 // 3 + 4:
        raise Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=debt_file.FILE_MAX_BYTES))
    try:
        return b64decode(content_base64, validate=True)
    except (Base64Error, ValueError):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["content_base64"])) from None
