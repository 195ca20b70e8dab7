"""Debt files that are previewed: what would become of their rows, and the debts that they do not name."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.orm import Session, aliased

from chassis.storage.database import Database
from contracts.error_details import NotApplicable
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import ImportApplyRequest
from services.practices.domain.states import State
from services.practices.models import Import, ImportRow, PracticeRow
from services.practices.repository.imports import imported

_DELETED_AT_ONCE: Final = 20_000
# Looking through a million rows is longer than other statements may be.
_LONG_STATEMENT: Final = text("SET LOCAL statement_timeout = '10min'")


def note_previewed(
    session: Session, job: Import, line: int, counts: Mapping[str, int], services: Collection[str]
) -> bool:
    """Count rows that were previewed, down to a line; False where the import was ended, or another process is at it.

    `counts`: by the column of the import that they are added to.
    """
    here = (Import.id == job.id, Import.state == "loading", Import.preview, Import.previewed_line == job.previewed_line)
    values = {
        "previewed_line": line,
        "services": sorted({*(job.services or ()), *services}),
        **{name: getattr(Import, name) + count for name, count in counts.items()},
    }
    done: Any = session.execute(update(Import).where(*here).values(values).execution_options(synchronize_session=False))
    return int(done.rowcount) == 1


def end_preview(session: Session, import_id: UUID) -> None:
    """Let a file whose rows are all previewed wait for whoever says that it is to be loaded."""
    session.execute(_LONG_STATEMENT)
    job = session.get_one(Import, import_id)
    missing = session.scalar(select(func.count()).select_from(_missing(job).subquery())) or 0
    here = (Import.id == import_id, Import.state == "loading")
    session.execute(update(Import).where(*here).values(state="previewed", missing=missing))


def apply(session: Session, request: ImportApplyRequest) -> Mapping[str, int]:
    """Let a previewed file be loaded, and return what its preview has counted, by column.

    Raises Refused(IMPORT_NOT_FOUND), (IMPORT_NOT_APPLICABLE).
    """
    imported(session, request.entity_code, request.import_id, request.service_codes)
    job = session.get_one(Import, request.import_id, with_for_update=True, populate_existing=True)
    if job.state != "previewed":
        raise Refused(ErrorCode.IMPORT_NOT_APPLICABLE, NotApplicable(state=job.state))
    if job.refused and not request.accepted_only:
        raise Refused(ErrorCode.IMPORT_NOT_APPLICABLE, NotApplicable(refused=job.refused))
    if request.annul_missing and (nameless := _without_reference(session, job.id)):
        raise Refused(ErrorCode.IMPORT_NOT_APPLICABLE, NotApplicable(without_reference=nameless))
    foreseen = {"created": job.created, "amended": job.amended, "refused": job.refused}
    if request.annul_missing:
        foreseen["missing"] = job.missing
    job.state, job.preview = "loading", False
    job.accepted = job.refused = job.created = job.amended = job.missing = 0
    job.annul_reason = request.reason if request.annul_missing else None
    session.execute(update(Import).where(Import.id == job.id).values(queued_at=func.clock_timestamp()))
    return foreseen


def forget_preview(database: Database, import_id: UUID) -> None:
    """Delete what was told of a file before it is loaded, in pieces that commit."""
    deleted = _DELETED_AT_ONCE
    while deleted == _DELETED_AT_ONCE:
        with database.transaction() as tx:
            lines = select(ImportRow.line).where(ImportRow.import_id == import_id).order_by(ImportRow.line)
            chosen = lines.limit(_DELETED_AT_ONCE)
            done: Any = tx.session.execute(
                delete(ImportRow)
                .where(ImportRow.import_id == import_id, ImportRow.line.in_(chosen))
                .execution_options(synchronize_session=False)
            )
            deleted = int(done.rowcount)
            if deleted < _DELETED_AT_ONCE:
                tx.session.execute(update(Import).where(Import.id == import_id).values(previewed_line=0))


def missing_places(session: Session, import_id: UUID, after_place: int, limit: int) -> Sequence[int]:
    """Return the places of debts that a loaded file does not name, above one, in their order."""
    session.execute(_LONG_STATEMENT)
    places = _missing(session.get_one(Import, import_id)).where(PracticeRow.place > after_place)
    return session.scalars(places.order_by(PracticeRow.place).limit(limit)).all()


def locked_to_pay(session: Session, places: Sequence[int]) -> Sequence[PracticeRow]:
    """Return those of some debts that are still to be paid, locked in the order in which all are locked."""
    locked = select(PracticeRow).where(PracticeRow.place.in_(places), PracticeRow.state == State.TO_PAY)
    return session.scalars(locked.order_by(PracticeRow.id).with_for_update()).all()


def note_annulled(session: Session, import_id: UUID, count: int) -> bool:
    """Count debts that were annulled because a file does not name them; False where its import was ended or stopped."""
    counted = update(Import).where(Import.id == import_id, Import.state == "loading")
    done: Any = session.execute(
        counted.values(missing=Import.missing + count).execution_options(synchronize_session=False)
    )
    return int(done.rowcount) == 1


def _missing(job: Import) -> Select[int]:
    """Select the places of an entity's debts to pay that a file could have named: of its services, made before it."""
    named = aliased(ImportRow)
    return (
        select(PracticeRow.place)
        .outerjoin(named, (named.import_id == job.id) & (named.external_id == PracticeRow.external_id))
        .where(
            PracticeRow.entity_code == job.entity_code,
            PracticeRow.service_code.in_(job.services or ()),
            PracticeRow.state == State.TO_PAY,
            PracticeRow.origin == "issued",
            PracticeRow.external_id.is_not(None),
            PracticeRow.created_at < job.created_at,
            named.line.is_(None),
        )
    )


def _without_reference(session: Session, import_id: UUID) -> int:
    here = (ImportRow.import_id == import_id, ImportRow.external_id.is_(None))
    return session.scalar(select(func.count()).select_from(ImportRow).where(*here)) or 0
