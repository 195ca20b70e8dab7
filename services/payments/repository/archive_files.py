"""Bulk files to the archive of notices, and the rows that are in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from chassis.messaging import codec
from services.payments.models import ArchivedNotice, ArchiveFile
from services.payments.repository import archive, positions

_UNDER_WAY: Final = ("made", "taken")
_ROW: Final = ArchivedNotice
_OK: Final = (200, 201)
# Asked about again after this, should the process that asks be killed.
_ASKED_FOR: Final = timedelta(seconds=60)

_NOTE_PACKED: Final = text(
    "UPDATE archived_notices SET pending_version = told.version, pending_digest = told.digest,"
    " pending_due_at = told.due_at, amount_until = told.amount_until"
    " FROM jsonb_to_recordset(CAST(:told AS jsonb))"
    " AS told(practice_id uuid, version integer, digest text, due_at timestamptz, amount_until date)"
    " WHERE archived_notices.practice_id = told.practice_id"
)
# What was taken is settled, unless the position has changed since. What is there already is told again, as a change.
# What is refused for another reason is tried by itself, where the answer says why.
_SETTLE: Final = text(
    "UPDATE archived_notices AS row SET"
    " remote = CASE WHEN result.status IN (200, 201) OR result.status = 409 AND :operation = 'create' THEN 'open'"
    "  WHEN result.status = 404 THEN 'absent' ELSE row.remote END,"
    " sent_digest = CASE WHEN result.status IN (200, 201) THEN row.pending_digest END,"
    " sent_due_at = CASE WHEN result.status IN (200, 201) THEN row.pending_due_at ELSE row.sent_due_at END,"
    " changed_at = CASE WHEN result.status NOT IN (200, 201) THEN row.changed_at"
    "  WHEN row.version = row.pending_version THEN NULL ELSE row.last_change_at END,"
    " attempts = CASE WHEN result.status IN (200, 201) OR result.status = 409 AND :operation = 'create'"
    "  AND row.attempts = 0 THEN 0 ELSE row.attempts + 1 END,"
    " next_try_at = :now, leased_until = NULL, file_row_id = NULL, pending_version = NULL, pending_digest = NULL,"
    " pending_due_at = NULL"
    " FROM jsonb_to_recordset(CAST(:results AS jsonb)) AS result(iupd text, status integer)"
    " WHERE row.file_row_id = :file AND row.creditor_fiscal_code = :creditor AND row.iupd = result.iupd"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InFile:
    """What stands in a file of a position: its version then, the digest of its content, the due date it tells.

    `amount_until`: the last day on which the amount that it tells holds.
    """

    practice_id: UUID
    version: int
    digest: str
    due_at: datetime
    amount_until: date | None = None


def open_file(
    session: Session, creditor: str, operation: str, practice_ids: Sequence[UUID], now: datetime
) -> ArchiveFile | None:
    """Note a new file with these rows, which nobody else gets while they are in it; None without rows."""
    known = positions.creditor(session, creditor)
    if not practice_ids or known is None:
        return None
    file = ArchiveFile(
        creditor_fiscal_code=known.fiscal_code,
        broker_fiscal_code=known.broker_fiscal_code,
        operation=operation,
        state="made",
        positions=len(practice_ids),
        made_at=now,
        next_look_at=now + timedelta(minutes=10),
    )
    session.add(file)
    session.flush()
    statement = update(_ROW).where(_ROW.practice_id.in_(practice_ids)).values(file_row_id=file.id)
    session.execute(statement.execution_options(synchronize_session=False))
    return file


def rows(session: Session, practice_ids: Sequence[UUID]) -> Sequence[ArchivedNotice]:
    """Return rows by their practice, locked."""
    statement = select(_ROW).where(_ROW.practice_id.in_(practice_ids)).order_by(_ROW.practice_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def note_packed(session: Session, packed: Sequence[InFile]) -> None:
    """Write down what stands in the file of some positions."""
    if packed:
        session.execute(_NOTE_PACKED, {"told": codec.write([_as_row(one) for one in packed]).decode()})


def settle_unchanged(session: Session, rests: Sequence[InFile]) -> None:
    """Let rows rest of which pagoPA has what we would say; until when that holds may be new."""
    note_packed(session, rests)
    if rests:
        statement = update(_ROW).where(_ROW.practice_id.in_([one.practice_id for one in rests]))
        session.execute(
            statement.values(
                changed_at=None, file_row_id=None, pending_version=None, pending_digest=None, pending_due_at=None
            ).execution_options(synchronize_session=False)
        )


def release_unpacked(session: Session, file_row_id: int) -> None:
    """Let go of the rows that found no place in a file, or do not belong there; they are sent by themselves."""
    archive.hold(session, _ROW.file_row_id == file_row_id, _ROW.pending_version.is_(None))
    statement = update(_ROW).where(_ROW.file_row_id == file_row_id, _ROW.pending_version.is_(None))
    session.execute(statement.values(file_row_id=None).execution_options(synchronize_session=False))


def release(session: Session, file_row_id: int, now: datetime) -> None:
    """Let go of all rows of a file of which nothing came."""
    archive.hold(session, _ROW.file_row_id == file_row_id)
    statement = update(_ROW).where(_ROW.file_row_id == file_row_id)
    session.execute(
        statement.values(
            file_row_id=None, pending_version=None, pending_digest=None, pending_due_at=None, next_try_at=now
        ).execution_options(synchronize_session=False)
    )


def taken(session: Session, file_row_id: int, file_id: str, positions_count: int, look_at: datetime) -> None:
    """Note that pagoPA has a file, and when to ask about it."""
    statement = update(ArchiveFile).where(ArchiveFile.id == file_row_id)
    session.execute(statement.values(state="taken", file_id=file_id, positions=positions_count, next_look_at=look_at))


def creditors_under_way(session: Session) -> set[str]:
    """Return whose files are under way."""
    statement = select(ArchiveFile.creditor_fiscal_code).where(ArchiveFile.state.in_(_UNDER_WAY))
    return {str(code) for code in session.scalars(statement)}


def due(session: Session, now: datetime, lost_after: timedelta) -> ArchiveFile | None:
    """Return a file that is to be asked about, for this process alone."""
    statement = (
        select(ArchiveFile)
        .where(ArchiveFile.state.in_(_UNDER_WAY), ArchiveFile.next_look_at <= now)
        .order_by(ArchiveFile.next_look_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    file = session.scalars(statement).first()
    if file is not None:
        file.next_look_at = now + (_ASKED_FOR if file.state == "taken" else lost_after)
    return file


def look_again_at(session: Session, file_row_id: int, moment: datetime) -> None:
    """Note when to ask about a file again."""
    session.execute(update(ArchiveFile).where(ArchiveFile.id == file_row_id).values(next_look_at=moment))


def settle_results(session: Session, file: ArchiveFile, results: Mapping[str, int], now: datetime) -> int:
    """Write down what became of the positions of a file; return how many were refused, or are in no result."""
    told: list[dict[str, Any]] = [{"iupd": iupd, "status": status} for iupd, status in results.items()]
    values = {
        "results": codec.write(told).decode(),
        "operation": file.operation,
        "file": file.id,
        "creditor": file.creditor_fiscal_code,
        "now": now,
    }
    archive.hold(session, _ROW.file_row_id == file.id)
    session.execute(_SETTLE, values)
    left_over = update(_ROW).where(_ROW.file_row_id == file.id)
    session.execute(
        left_over.values(
            file_row_id=None, pending_version=None, remote="unknown", attempts=_ROW.attempts + 1, next_try_at=now
        ).execution_options(synchronize_session=False)
    )
    return file.positions - sum(status in _OK for status in results.values())


def end(session: Session, file_row_id: int, state: str, refused: int, now: datetime) -> None:
    """Note that a file is through."""
    statement = update(ArchiveFile).where(ArchiveFile.id == file_row_id)
    session.execute(statement.values(state=state, refused=refused, ended_at=now))


def _as_row(one: InFile) -> dict[str, Any]:
    return {
        "practice_id": one.practice_id,
        "version": one.version,
        "digest": one.digest,
        "due_at": one.due_at.isoformat(),
        "amount_until": one.amount_until.isoformat() if one.amount_until else None,
    }
