"""A whole debt file: good rows go in, bad ones are told line by line, all in one transaction or nothing."""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from chassis.storage.database import Database, Tx
from contracts.codes import NoticeNumber
from contracts.error_details import InvalidRequest, TooLarge
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import ImportGetRequest, ImportReport, ImportRequest, ImportRow
from services.practices import catalogue_records, models
from services.practices.catalogue_records import Issuer
from services.practices.debt_file import rows as debt_file
from services.practices.debt_file.remedies import remedy_of
from services.practices.debt_file.rows import Row
from services.practices.models import EntityRow
from services.practices.repository import catalogue, imports, practices
from services.practices.usecases import import_loading, issuance
from services.practices.usecases.import_loading import Target, good_references, with_pauses


@dataclass(frozen=True)
class _Job:
    """A file that was read, for one entity."""

    entity: EntityRow
    issuers: Mapping[str, Issuer]
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
        services = catalogue.services(session, entity.code)
        issuers = {row.code: catalogue_records.issuer_of(entity, row) for row in services}
        rules = {code: issuer.rules for code, issuer in issuers.items()}
        rows = list(with_pauses(debt_file.read(content, rules)))
        good = set(good_references(rows))
        new_count = len(good - practices.known_external_ids(session, entity.code, good))
    job = _Job(entity, issuers, rows, request.file_name, hashlib.sha256(content).hexdigest())
    numbers = list(with_pauses(issuance.allocate(database, entity, new_count)))

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
        rows=[_reported(row) for row in with_pauses(rows)],
    )


def _load(tx: Tx, job: _Job, numbers: Iterator[NoticeNumber], now: datetime) -> UUID:
    """Store the import and all its rows."""
    done = models.Import(
        id=uuid4(),
        entity_code=job.entity.code,
        file_name=job.file_name,
        sha256=job.sha256,
        accepted=0,
        refused=0,
        created_at=now,
        checked_rows=len(job.rows),
    )
    tx.session.add(done)
    tx.session.flush()
    counts = import_loading.load(tx, Target(done.id, job.entity, job.issuers), job.rows, numbers, now)
    done.accepted, done.refused = counts.accepted, counts.refused
    return done.id


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
