"""Debt files as jobs, for tests: sent in parts, loaded by whoever is asked to."""

import hashlib
from base64 import b64encode
from datetime import datetime
from uuid import UUID, uuid4

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import ImportGetRequest, ImportPartRequest, ImportQueueRequest, ImportReport
from services.practices.usecases import import_jobs, import_reports, import_work


def queue_file(
    database: Database,
    now: datetime,
    content: bytes,
    *,
    key: str | None = None,
    part_bytes: int = 64 * 1024,
    entity_code: str = "PM108",
) -> ImportReport:
    """Send a file in parts and queue it."""
    import_id = uuid4()
    pieces = [content[at : at + part_bytes] for at in range(0, len(content), part_bytes)]
    for number, piece in enumerate(pieces, start=1):
        part = ImportPartRequest(
            entity_code=entity_code,
            import_id=import_id,
            file_name="debiti.csv",
            number=number,
            content_base64=b64encode(piece).decode(),
        )
        import_jobs.import_part(database, part, now)
    request = ImportQueueRequest(
        idempotency_key=key or uuid4().hex,
        entity_code=entity_code,
        import_id=import_id,
        parts=len(pieces),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return import_jobs.queue_import(database, request, now)


def report_of(database: Database, import_id: UUID, *, entity_code: str = "PM108") -> ImportReport:
    """Return the report of an import as it is now."""
    report = import_reports.get_import(database, ImportGetRequest(entity_code=entity_code, import_id=import_id))
    assert practices.GET_IMPORT.reply.validate(practices.GET_IMPORT.reply.dump(report)) == {}
    return report


def import_as_job(
    database: Database, now: datetime, content: bytes, *, key: str | None = None, part_bytes: int = 64 * 1024
) -> ImportReport:
    """Send a file in parts, load it in this process, and return its report. Raises Refused where it was refused."""
    queued = queue_file(database, now, content, key=key, part_bytes=part_bytes)
    import_work.work_off(database, lambda: now)
    report = report_of(database, queued.id)
    if report.code is not None:
        raise Refused(ErrorCode(report.code))
    return report
