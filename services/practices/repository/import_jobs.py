"""Debt files on their way: their parts, whose turn it is, and the rows that are checked and not loaded yet."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import case, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from chassis.storage import bulk
from chassis.storage.database import Database
from contracts.amounts import AmountSchedule
from contracts.codes import AmountCents
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import ImportPartRequest, ImportQueueRequest
from contracts.shapes import Beneficiary, Instalment
from services.practices import stored_json
from services.practices.debt_file.rows import Row
from services.practices.debt_file.written_rows import cells_of, storable
from services.practices.domain import debt_rules
from services.practices.domain.debt import Debt
from services.practices.models import UNFINISHED, Import, ImportPart, StagedRow

_LOCK: Final = "hashtextextended('import-job:' || :entity_code, 0)"
_GOING: Final = ("waiting", "checking", "loading")
_OPEN: Final = ("receiving", *_GOING, "previewed", "paused")
_STAGED: Final = tuple(column.key for column in StagedRow.__table__.columns)
_DELETED_AT_ONCE: Final = 20_000
# A file of a million rows is longer about it than other statements may be.
_LONG_STATEMENT: Final = text("SET LOCAL statement_timeout = '10min'")


def save_part(session: Session, request: ImportPartRequest, content: bytes, now: datetime) -> None:
    """Store a part of a file, which begins an import. Raises Refused(IMPORT_NOT_FOUND) where it has all its parts."""
    begun = insert(Import).values(
        id=request.import_id,
        entity_code=request.entity_code,
        file_name=request.file_name,
        sha256="",
        accepted=0,
        refused=0,
        created_at=now,
        state="receiving",
        has_leftovers=True,
    )
    session.execute(begun.on_conflict_do_nothing())
    receiving = select(Import.id).where(
        Import.id == request.import_id, Import.entity_code == request.entity_code, Import.state == "receiving"
    )
    if session.scalar(receiving.with_for_update()) is None:
        raise Refused(ErrorCode.IMPORT_NOT_FOUND)
    part = insert(ImportPart).values(import_id=request.import_id, number=request.number, content=content)
    session.execute(part.on_conflict_do_update(index_elements=["import_id", "number"], set_={"content": content}))


def queue(session: Session, request: ImportQueueRequest) -> None:
    """Put a file whose parts are all there behind the others of its entity. Raises Refused(IMPORT_NOT_FOUND)."""
    parts = select(func.count()).where(ImportPart.import_id == request.import_id).scalar_subquery()
    queued = update(Import).where(
        Import.id == request.import_id,
        Import.entity_code == request.entity_code,
        Import.state == "receiving",
        parts == request.parts,
    )
    values = {
        "state": "waiting",
        "sha256": request.sha256,
        "queued_at": func.clock_timestamp(),
        "preview": request.preview,
        "allowed_services": request.service_codes,
    }
    if _count(session, queued.values(values)) == 0:
        raise Refused(ErrorCode.IMPORT_NOT_FOUND)


def forget(session: Session, import_id: UUID) -> None:
    """Delete an import that never got all its parts, with those it got."""
    session.execute(delete(Import).where(Import.id == import_id, Import.state == "receiving"))


def cancel(session: Session, entity_code: str, import_id: UUID) -> bool:
    """End an import that is not over; what is loaded stays. It waits for the rows being loaded just then.

    Return whether it was not over.
    """
    ended = update(Import).where(Import.id == import_id, Import.entity_code == entity_code, Import.state.in_(_OPEN))
    return _count(session, ended.values(state="cancelled")) > 0


def pause(session: Session, import_id: UUID) -> bool:
    """Stop an import that waits or is being worked at: what it has done stays. Return whether it was one."""
    paused = update(Import).where(Import.id == import_id, Import.state.in_(_GOING))
    return _count(session, paused.values(state="paused", has_leftovers=True)) > 0


def resume(session: Session, import_id: UUID) -> bool:
    """Let a paused import go on, behind the others of its entity. Return whether it was one.

    As long as its parts are there it has rows to check; then they are all staged.
    """
    has_parts = exists().where(ImportPart.import_id == import_id)
    going_on = update(Import).where(Import.id == import_id, Import.state == "paused")
    state = case((has_parts, "waiting"), else_="loading")
    return _count(session, going_on.values(state=state, queued_at=func.clock_timestamp())) > 0


def is_busy(session: Session, entity_code: str) -> bool:
    """Return whether files of the entity wait or are being loaded."""
    found = session.scalar(select(exists().where(Import.entity_code == entity_code, text(UNFINISHED))))
    return bool(found)


def is_work_waiting(session: Session) -> bool:
    """Return whether there is a file to load that nobody is at, or something to tidy away."""
    entities = select(Import.entity_code).where(text(UNFINISHED)).distinct().subquery()
    name = func.hashtextextended(func.concat("import-job:", entities.c.entity_code), 0)
    # For the length of this statement only.
    free = session.scalars(select(func.pg_try_advisory_xact_lock(name)).select_from(entities)).all()
    return any(free) or session.scalar(select(exists().where(_is_leftover() | _is_forgotten_preview()))) is True


def waiting_entities(session: Session) -> Sequence[str]:
    """Return the entities that have files to load, who has waited longest first."""
    statement = select(Import.entity_code).where(text(UNFINISHED)).group_by(Import.entity_code)
    return session.scalars(statement.order_by(func.min(Import.queued_at))).all()


@contextmanager
def turn(database: Database, entity_code: str) -> Iterator[bool]:
    """Be the one process that loads files of an entity, for as long as this one lives; False where another one is."""
    names = {"entity_code": entity_code}
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_ours = connection.scalar(text(f"SELECT pg_try_advisory_lock({_LOCK})"), names) is True
        try:
            yield is_ours
        finally:
            if is_ours:
                connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"), names)


def next_import(session: Session, entity_code: str) -> Import | None:
    """Return the file of an entity that is to be loaded now: they go in the order in which they came."""
    statement = select(Import).where(Import.entity_code == entity_code, text(UNFINISHED))
    return session.scalars(statement.order_by(Import.queued_at, Import.id).limit(1)).first()


def parts(database: Database, import_id: UUID) -> Iterator[bytes]:
    """Yield the parts of a file in their order, one of them in memory at a time."""
    with database.reading() as session:
        numbers = select(ImportPart.number).where(ImportPart.import_id == import_id).order_by(ImportPart.number)
        for number in session.scalars(numbers).all():
            here = (ImportPart.import_id == import_id, ImportPart.number == number)
            yield session.execute(select(ImportPart.content).where(*here)).scalar_one()


def stage(session: Session, job: Import, rows: Sequence[Row]) -> bool:
    """Store checked rows that follow those stored before; False where the import was ended, or another is at it."""
    noted = update(Import).where(
        Import.id == job.id, Import.state.in_(("waiting", "checking")), Import.checked_line == job.checked_line
    )
    line, count = rows[-1].line, job.checked_rows + len(rows)
    if _count(session, noted.values(state="checking", checked_line=line, checked_rows=count)) == 0:
        return False
    bulk.insert_rows(session, StagedRow.__table__, _STAGED, [_staged(job.id, row) for row in rows])
    return True


def end_checking(session: Session, import_id: UUID) -> None:
    """Let an import whose rows are all staged be loaded: the file has done its service.

    Of rows with the same reference the first stands, as in a file that is checked in memory.
    """
    session.execute(_LONG_STATEMENT)
    place = func.row_number().over(partition_by=StagedRow.external_id, order_by=StagedRow.line).label("place")
    of_this = (StagedRow.import_id == import_id, StagedRow.external_id.is_not(None))
    placed = select(StagedRow.line, place).where(*of_this).subquery()
    again = update(StagedRow).where(
        StagedRow.import_id == import_id, StagedRow.line == placed.c.line, placed.c.place > 1
    )
    refused = {
        # What it held stands beside, but for its service.
        "service_code": None,
        "cells": func.coalesce(StagedRow.cells, func.jsonb_build_object("servizio", StagedRow.service_code)),
        "code": ErrorCode.DUPLICATE_REFERENCE.value,
        "column_name": "codice_debito",
        "value_shape": None,
        "warning": None,
    }
    session.execute(again.values(refused).execution_options(synchronize_session=False))
    here = (Import.id == import_id, Import.state == "checking")
    session.execute(update(Import).where(*here).values(state="loading"))
    session.execute(delete(ImportPart).where(ImportPart.import_id == import_id))


def refuse(session: Session, import_id: UUID, code: ErrorCode) -> None:
    """End an import whose file is not a debt file, nothing of it loaded."""
    here = (Import.id == import_id, Import.state.in_(_OPEN))
    session.execute(update(Import).where(*here).values(state="refused", code=code.value))


def last_staged_line(session: Session, import_id: UUID) -> int:
    """Return the line of the last row that is not loaded, 0 where there is none."""
    return session.scalar(select(func.max(StagedRow.line)).where(StagedRow.import_id == import_id)) or 0


def staged(session: Session, import_id: UUID, lines: range) -> list[Row]:
    """Return the rows of some lines that are not loaded, in the order of the file.

    Asked for by their lines, not as the last so many: a server that has no figures of a table that was empty a minute
    ago would sort all that is left each time.
    """
    columns = [column for column in StagedRow.__table__.columns if column.key != "import_id"]
    statement = select(*columns).where(*_of_lines(import_id, lines))
    return [_row(one) for one in session.execute(statement.order_by(StagedRow.line)).all()]


def take(session: Session, import_id: UUID, lines: range) -> int | None:
    """Delete the staged rows of some lines and return how many; None where the import is not being loaded."""
    here = (Import.id == import_id, Import.state == "loading")
    if session.scalar(select(Import.id).where(*here).with_for_update()) is None:
        return None
    return _count(session, delete(StagedRow).where(*_of_lines(import_id, lines)))


def note_loaded(session: Session, import_id: UUID, counts: Mapping[str, int]) -> None:
    """Count rows that were loaded, each count by the column that it is added to."""
    counted = {name: getattr(Import, name) + count for name, count in counts.items()}
    session.execute(
        update(Import).where(Import.id == import_id).values(counted).execution_options(synchronize_session=False)
    )


def finish(session: Session, import_id: UUID) -> None:
    """End an import whose rows are all loaded."""
    here = (Import.id == import_id, Import.state == "loading")
    session.execute(update(Import).where(*here).values(state="done", has_leftovers=False))


def tidy(database: Database) -> None:
    """Delete what files that are over have left, and files whose parts stopped coming an hour ago.

    A previewed or paused file that nobody has let go on for a week is cancelled: its rows are about persons.
    """
    with database.transaction() as tx:
        tx.session.execute(update(Import).where(_is_forgotten_preview()).values(state="cancelled"))
    with database.reading() as session:
        left = session.execute(select(Import.id, Import.state).where(_is_leftover())).all()
    for one in left:
        if one.state == "receiving":
            with database.transaction() as tx:
                forget(tx.session, one.id)
            continue
        while _delete_staged(database, one.id) == _DELETED_AT_ONCE:
            pass
        with database.transaction() as tx:
            tx.session.execute(delete(ImportPart).where(ImportPart.import_id == one.id))
            tx.session.execute(update(Import).where(Import.id == one.id).values(has_leftovers=False))


def _of_lines(import_id: UUID, lines: range) -> tuple[Any, ...]:
    return StagedRow.import_id == import_id, StagedRow.line >= lines.start, StagedRow.line < lines.stop


def _delete_staged(database: Database, import_id: UUID) -> int:
    with database.transaction() as tx:
        here = StagedRow.import_id == import_id
        lines = select(StagedRow.line).where(here).order_by(StagedRow.line).limit(_DELETED_AT_ONCE)
        return _count(tx.session, delete(StagedRow).where(here, StagedRow.line.in_(lines)))


def _is_forgotten_preview() -> Any:
    return (
        Import.has_leftovers
        & Import.state.in_(("previewed", "paused"))
        & (Import.created_at < func.now() - text("interval '7 days'"))
    )


def _is_leftover() -> Any:
    is_over = Import.state.in_(("done", "refused", "cancelled"))
    is_given_up = (Import.state == "receiving") & (Import.created_at < func.now() - text("interval '1 hour'"))
    return Import.has_leftovers & (is_over | is_given_up)


def _count(session: Session, statement: Any) -> int:
    done: CursorResult[Any] = session.execute(statement.execution_options(synchronize_session=False))  # type: ignore[assignment]  # -- of a statement that changes rows
    return done.rowcount


def _staged(import_id: UUID, row: Row) -> tuple[object, ...]:
    told = (import_id, row.line, row.external_id, row.code and row.code.value, row.column, row.value_shape, row.warning)
    debt = row.debt
    if debt is None:
        return (*told, *[None] * (len(_STAGED) - len(told) - 1), row.cells)
    return (
        *told,
        debt.service_code,
        debt.debtor.fiscal_code,
        debt.debtor.full_name,
        debt.debtor.email,
        debt.description,
        debt.amount_cents,
        debt.due_date,
        debt.instalment.number if debt.instalment else None,
        debt.instalment.total if debt.instalment else None,
        stored_json.write_optional(debt.schedule),
        debt.debt_position,
        debt.option,
        stored_json.write_optional(debt.beneficiary),
        dict(debt.extras) or None,
        None,
    )


def _row(one: Any) -> Row:
    return Row(
        line=one.line,
        external_id=one.external_id,
        debt=_debt(one, one.service_code) if one.service_code is not None else None,
        code=ErrorCode(one.code) if one.code else None,
        column=one.column_name,
        value_shape=one.value_shape,
        warning=one.warning,
        cells=_cells(one),
    )


def _cells(one: Any) -> Mapping[str, str] | None:
    """Return what a refused row held: as it was written, or of a good one with the reference of another its debt."""
    if one.cells is None or one.fiscal_code is None:
        return cast("Mapping[str, str] | None", one.cells)
    return storable(cells_of(one.external_id, _debt(one, one.cells["servizio"])))


def _debt(one: Any, service_code: str) -> Debt:
    has_instalment = one.instalment_number is not None
    return Debt(
        service_code=service_code,
        debtor=debt_rules.subject(one.fiscal_code, one.full_name, one.email),
        description=one.description,
        amount_cents=AmountCents(one.amount_cents),
        due_date=one.due_date,
        instalment=Instalment(number=one.instalment_number, total=one.instalment_total) if has_instalment else None,
        schedule=stored_json.read_optional(one.schedule, AmountSchedule),
        debt_position=one.debt_position,
        option=one.option,
        beneficiary=stored_json.read_optional(one.beneficiary, Beneficiary),
        extras=stored_json.read_texts(one.extras),
    )
