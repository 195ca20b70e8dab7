"""What became of a debt file, as far as it is loaded."""

from chassis.storage.database import Database
from contracts.rpc.practices import ImportGetRequest, ImportReport, ImportRow
from services.practices import models
from services.practices.debt_file.remedies import remedy_of
from services.practices.repository import catalogue, imports
from services.practices.usecases.import_rows import with_pauses


def get_import(database: Database, request: ImportGetRequest) -> ImportReport:
    """Return the report of an import, a page of its rows. Raises Refused(IMPORT_NOT_FOUND)."""
    with database.reading() as session:
        entity = catalogue.entity(session, request.entity_code)
        found = imports.imported(session, entity.code, request.import_id)
        rows = imports.rows(session, found.id, request.after_line, request.outcome, request.limit + 1)
    page = rows[: request.limit]
    return ImportReport(
        id=found.id,
        entity_code=found.entity_code,
        file_name=found.file_name,
        created_at=found.created_at,
        state=found.state,
        checked_rows=max(found.checked_rows, found.accepted + found.refused),
        accepted=found.accepted,
        refused=found.refused,
        code=found.code,
        rows=[_reported(row) for row in with_pauses(page)],
        next_after=page[-1].line if len(rows) > len(page) else None,
    )


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
