"""A debt file as a job: taken in parts, queued, cancelled; loaded by a process of its own (import_work)."""

import hashlib
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from chassis.storage.database import Database, Tx
from contracts.errors import Refused
from contracts.rpc.practices import (
    IMPORT_PART_MAX_BYTES,
    ImportApplyRequest,
    ImportCancelRequest,
    ImportGetRequest,
    ImportHoldRequest,
    ImportPartRequest,
    ImportQueueRequest,
    ImportReport,
)
from contracts.shapes import Empty
from services.practices import catalogue_records
from services.practices.debt_file import files as debt_file
from services.practices.domain import debt_rules
from services.practices.repository import catalogue, import_jobs, import_previews, imports
from services.practices.usecases import import_audit, import_reports
from services.practices.usecases.file_content import content_of


def import_part(database: Database, request: ImportPartRequest, now: datetime) -> Empty:
    """Store a part of a file.

    Raises Refused(UNKNOWN_ENTITY), (IMPORT_TOO_LARGE), (IMPORT_NOT_FOUND), and of the first one (IMPORT_WRONG_HEADER):
    whoever sends half a gigabyte of something else is told before.
    """
    content = content_of(request.content_base64, IMPORT_PART_MAX_BYTES)
    with database.transaction() as tx:
        entity = catalogue.entity(tx.session, request.entity_code)
        if request.number == 1:
            services = catalogue.services(tx.session, entity.code)
            debt_file.check_beginning(content, catalogue_records.file_conventions(entity, services))
        import_jobs.save_part(tx.session, request, content, now)
    return Empty()


def queue_import(database: Database, request: ImportQueueRequest, now: datetime) -> ImportReport:
    """Queue a file once per idempotency key and return its report.

    Raises Refused(IDEMPOTENCY_CONFLICT), (IMPORT_NOT_FOUND) where not all its parts are there.
    """
    try:
        with database.transaction() as tx:
            import_id = queue_once(tx, request)
            if import_id == request.import_id:
                import_audit.note_sent(tx, request, now)
    except Refused:
        _forget(database, request.import_id)
        raise
    if import_id != request.import_id:
        _forget(database, request.import_id)
    return import_reports.get_import(database, ImportGetRequest(entity_code=request.entity_code, import_id=import_id))


def queue_once(tx: Tx, request: ImportQueueRequest) -> UUID:
    """Queue a file once per idempotency key; return the id of the import that the key stands for."""

    def make() -> dict[str, UUID]:
        import_jobs.queue(tx.session, request)
        return {"import_id": request.import_id}

    scope, asked = f"import:{request.entity_code}", {"sha256": request.sha256}
    import_id: UUID = tx.once(scope, request.idempotency_key, asked, make)["import_id"]
    return import_id


def queue_content(
    database: Database, entity_code: str, file_name: str, content: bytes, idempotency_key: str, now: datetime
) -> UUID:
    """Queue a file that came whole, behind those of its entity that are being loaded."""
    import_id, count = uuid4(), 0
    with database.transaction() as tx:
        for count, start in enumerate(range(0, len(content), IMPORT_PART_MAX_BYTES), start=1):
            part = ImportPartRequest(
                entity_code=entity_code, import_id=import_id, file_name=file_name, number=count, content_base64=""
            )
            import_jobs.save_part(tx.session, part, content[start : start + IMPORT_PART_MAX_BYTES], now)
        request = ImportQueueRequest(
            idempotency_key=idempotency_key,
            entity_code=entity_code,
            import_id=import_id,
            parts=count,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        made_id = queue_once(tx, request)
        import_jobs.forget(tx.session, import_id)
    return made_id


def apply_import(database: Database, request: ImportApplyRequest, now: datetime) -> ImportReport:
    """Let a previewed file be loaded, and return its report.

    Raises Refused(IMPORT_NOT_FOUND), (IMPORT_NOT_APPLICABLE), (DESCRIPTION_REQUIRED) for annulling without a reason.
    """
    if request.annul_missing:
        request = replace(request, reason=debt_rules.checked_description(request.reason))
    with database.transaction() as tx:
        foreseen = import_previews.apply(tx.session, request)
        import_audit.note_applied(tx, request, foreseen, now)
    asked = ImportGetRequest(entity_code=request.entity_code, import_id=request.import_id)
    return import_reports.get_import(database, asked)


def cancel_import(database: Database, request: ImportCancelRequest, now: datetime) -> ImportReport:
    """End an import that is not over and return its report. Raises Refused(IMPORT_NOT_FOUND)."""
    with database.transaction() as tx:
        imports.imported(tx.session, request.entity_code, request.import_id, request.service_codes)
        if import_jobs.cancel(tx.session, request.entity_code, request.import_id):
            import_audit.note(tx, request, "debts.cancel_import", now)
    return import_reports.get_import(database, request)


def hold_import(database: Database, request: ImportHoldRequest, now: datetime) -> ImportReport:
    """Stop an import, or let it go on where it was, and return its report; else it stays as it is.

    Raises Refused(IMPORT_NOT_FOUND).
    """
    with database.transaction() as tx:
        imports.imported(tx.session, request.entity_code, request.import_id, request.service_codes)
        change = import_jobs.pause if request.paused else import_jobs.resume
        if change(tx.session, request.import_id):
            operation = "debts.pause_import" if request.paused else "debts.resume_import"
            import_audit.note(tx, request, operation, now)
    return import_reports.get_import(database, request)


def _forget(database: Database, import_id: UUID) -> None:
    with database.transaction() as tx:
        import_jobs.forget(tx.session, import_id)
