"""A small debt file, loaded while its sender waits: good rows go in and bad ones are told, or nothing is stored."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from chassis.storage.database import Database, Tx
from contracts.codes import NoticeNumber
from contracts.rpc.practices import ImportGetRequest, ImportReport, ImportRequest
from services.practices import catalogue_records, models
from services.practices.catalogue_records import Issuer
from services.practices.debt_file import files as debt_file
from services.practices.debt_file.rows import Row
from services.practices.models import EntityRow
from services.practices.repository import catalogue, import_jobs, imports, practices
from services.practices.usecases import import_rows, issuance
from services.practices.usecases.file_content import content_of
from services.practices.usecases.import_jobs import queue_content
from services.practices.usecases.import_reports import get_import
from services.practices.usecases.import_rows import Target, good_references, issuers_of_new, with_pauses

__all__ = ["get_import", "import_debts"]


@dataclass(frozen=True)
class _Job:
    """A file that was read, for one entity."""

    entity: EntityRow
    issuers: Mapping[str, Issuer]
    rows: Sequence[Row]
    file_name: str
    sha256: str


def import_debts(database: Database, request: ImportRequest, now: datetime) -> ImportReport:
    """Load a debt file once per idempotency key and return its report; queue it where others of its entity wait.

    Raises Refused(IMPORT_TOO_LARGE), (IMPORT_NOT_UTF8), (IMPORT_EMPTY), (IMPORT_WRONG_HEADER), (UNKNOWN_ENTITY),
    (IDEMPOTENCY_CONFLICT), nothing stored.
    """
    content = content_of(request.content_base64, debt_file.FILE_MAX_BYTES)
    with database.reading() as session:
        entity = catalogue.entity(session, request.entity_code)
        services = catalogue.services(session, entity.code)
        issuers = {row.code: catalogue_records.issuer_of(entity, row) for row in services}
        rules = {code: issuer.rules for code, issuer in issuers.items()}
        conventions = catalogue_records.file_conventions(entity, services)
        rows = list(with_pauses(debt_file.read(content, rules, conventions)))
        known = practices.known_external_ids(session, entity.code, good_references(rows))
        is_busy = import_jobs.is_busy(session, entity.code)
    if is_busy:  # what was sent before is not to be loaded over what is sent now
        queued_id = queue_content(database, entity.code, request.file_name, content, request.idempotency_key, now)
        return get_import(database, ImportGetRequest(entity_code=entity.code, import_id=queued_id))
    job = _Job(entity, issuers, rows, request.file_name, hashlib.sha256(content).hexdigest())
    numbers = issuance.allocate_for(database, with_pauses(issuers_of_new(rows, issuers, known)))

    def load() -> UUID:
        with database.transaction() as tx:
            imports.wait_for_imports(tx.session)
            scope, asked = f"import:{entity.code}", {"sha256": job.sha256}

            def make() -> dict[str, UUID]:
                return {"import_id": _load(tx, job, numbers, now)}

            import_id: UUID = tx.once(scope, request.idempotency_key, asked, make)["import_id"]
            return import_id

    import_id = issuance.again_on_conflict(load)
    return get_import(database, ImportGetRequest(entity_code=entity.code, import_id=import_id))


def _load(tx: Tx, job: _Job, numbers: Mapping[str, Sequence[NoticeNumber]], now: datetime) -> UUID:
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
    counts = import_rows.load(tx, Target(done.id, job.entity, job.issuers), job.rows, numbers, now)
    done.accepted, done.refused = counts.accepted, counts.refused
    done.created, done.amended = counts.created, counts.amended
    return done.id
