"""What became of a debt file, as far as it is loaded."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chassis.storage.database import Database
from contracts.rpc.practices import (
    ImportGetRequest,
    ImportList,
    ImportListRequest,
    ImportReport,
    ImportRow,
    RefusedRow,
    RefusedRows,
    RefusedRowsRequest,
)
from services.practices import models
from services.practices.catalogue_records import file_conventions
from services.practices.debt_file.columns import COLUMNS, OPTIONAL_COLUMNS
from services.practices.debt_file.remedies import remedy_of
from services.practices.repository import catalogue, imports
from services.practices.usecases.import_rows import with_pauses

REFUSED_KEPT_DAYS: Final = 30
_FORGOTTEN_AT_ONCE: Final = 10_000


def get_import(database: Database, request: ImportGetRequest) -> ImportReport:
    """Return the report of an import, a page of its rows. Raises Refused(IMPORT_NOT_FOUND)."""
    with database.reading() as session:
        entity = catalogue.entity(session, request.entity_code)
        found = imports.imported(session, entity.code, request.import_id, request.service_codes)
        rows = imports.rows(session, found.id, request.after_line, request.outcome, request.limit + 1)
    page = rows[: request.limit]
    return replace(
        _summary(found),
        rows=[_reported(row) for row in with_pauses(page)],
        next_after=page[-1].line if len(rows) > len(page) else None,
    )


def list_imports(database: Database, request: ImportListRequest) -> ImportList:
    """Return a page of the imports of an entity, newest first, without their rows."""
    with database.reading() as session:
        entity = catalogue.entity(session, request.entity_code)
        found = imports.listed(session, entity.code, request.service_codes, request.after, request.limit + 1)
    page = found[: request.limit]
    return ImportList(
        imports=[_summary(one) for one in page], next_after=page[-1].id if len(found) > len(page) else None
    )


def _summary(found: models.Import) -> ImportReport:
    return ImportReport(
        id=found.id,
        entity_code=found.entity_code,
        file_name=found.file_name,
        created_at=found.created_at,
        state=_state_of(found),
        previewed=found.state == "previewed",
        checked_rows=max(found.checked_rows, found.accepted + found.refused),
        accepted=found.accepted,
        refused=found.refused,
        created=found.created,
        amended=found.amended,
        missing=found.missing,
        code=found.code,
        rows=[],
        paused=found.state == "paused",
    )


def _state_of(found: models.Import) -> str:
    """Return the state as readers have always known them: what is previewed or paused waits, before it is checked."""
    if found.state in ("previewed", "paused"):
        return "waiting"
    return "checking" if found.preview and found.state == "loading" else found.state


def refused_rows(database: Database, request: RefusedRowsRequest) -> RefusedRows:
    """Return a page of the refused rows of an import with what they held. Raises Refused(IMPORT_NOT_FOUND)."""
    with database.reading() as session:
        entity = catalogue.entity(session, request.entity_code)
        found = imports.imported(session, entity.code, request.import_id, request.service_codes)
        used = imports.refused_columns(session, found.id)
        rows = imports.refused_rows(session, found.id, request.after_line, request.limit + 1)
        services = catalogue.services(session, entity.code)
        own = sorted(file_conventions(entity, services).extra_columns)
    page = rows[: request.limit]
    return RefusedRows(
        columns=[*COLUMNS, *(column for column in (*OPTIONAL_COLUMNS, *own) if column in used)],
        rows=[RefusedRow(row=_reported(row), cells=cells or {}) for row, cells in page],
        next_after=page[-1][0].line if len(rows) > len(page) else None,
    )


def forget_refused(database: Database, now: datetime) -> None:
    """Delete what rows held that were refused long ago: it is about persons, and has been corrected by then."""
    before = now - timedelta(days=REFUSED_KEPT_DAYS)
    deleted = _FORGOTTEN_AT_ONCE
    while deleted == _FORGOTTEN_AT_ONCE:
        with database.transaction() as tx:
            deleted = imports.forget_refused(tx.session, before, _FORGOTTEN_AT_ONCE)


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
