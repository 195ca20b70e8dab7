"""What is owed, shown: search, lists, positions for the node, the feed of events."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from chassis.storage import outbox
from chassis.storage.database import Database
from contracts.codes import FiscalCode, NoticeNumber
from contracts.errors import ErrorCode, Refused
from services.practices import records, repository
from services.practices.domain import display, viewers
from services.practices.domain.debt_rules import plan_references
from services.practices.domain.viewers import Sight
from services.practices.models import OutboxMessage, PracticeRow

_DATED_MAX: Final = 500


def search(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Find by notice number (masked), or by fiscal code and reference together (whole).

    Whoever types a notice number with a fiscal code is asking for both to match.
    Raises Refused(PRACTICE_NOT_FOUND), the same for what does not exist and for what is somebody else's;
    Refused(INVALID_NOTICE_NUMBER), (INVALID_FISCAL_CODE), (UNKNOWN_ENTITY), (INVALID_REQUEST) with `fields`.
    """
    with database.reading() as session:
        entity_code = repository.entity(session, request["entity_code"]).code
        typed = {name: _typed(request[name]) for name in ("notice_number", "fiscal_code", "reference")}
        if typed["notice_number"]:
            typed["reference"] = NoticeNumber.typed(typed["notice_number"])
            if not typed["fiscal_code"]:
                rows = repository.by_notice_number(session, entity_code, typed["reference"])
                return _found([display.masked(records.practice_of(row, now)) for row in rows])
        missing = [name for name in ("fiscal_code", "reference") if not typed[name]]
        if missing:
            raise Refused(ErrorCode.INVALID_REQUEST, {"fields": missing})
        fiscal_code, reference = FiscalCode.typed(typed["fiscal_code"]), _compact(typed["reference"])
        rows = repository.by_reference(session, entity_code, fiscal_code, reference)
    if not rows:
        _check_notice_digits(reference)
    return _found([records.practice_of(row, now) for row in rows])


def list_practices(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return a page of the practices the viewing citizen is debtor of, newest first, an import in its file's order."""
    viewer, limit = request["viewer"], request["limit"]
    with database.reading() as session:
        entity_code = repository.entity(session, request["entity_code"]).code
        if not viewer["fiscal_code"]:
            return {"practices": [], "next_cursor": None}
        before = _place(request["cursor"])
        rows = repository.of_debtor(session, entity_code, viewer["fiscal_code"], request["states"], before, limit + 1)
    page = rows[:limit]
    return {
        "practices": [records.practice_of(row, now) for row in page],
        "next_cursor": _cursor(page[-1].place) if len(rows) > limit else None,
    }


def due_dates(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the practices with a due date that the viewing citizen is debtor of, of all bodies."""
    fiscal_code = request["viewer"]["fiscal_code"]
    if not fiscal_code:
        return {"practices": []}
    with database.reading() as session:
        rows = repository.dated_of_debtor(session, fiscal_code, request["since"], _DATED_MAX)
    return {"practices": [{**records.practice_of(row, now), "revision": records.revision_of(row)} for row in rows]}


def get_many(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the practices the viewer may see, in the order asked; the others are left out."""
    with database.reading() as session:
        rows = repository.practices(session, request["practice_ids"])
    asked = (rows[practice_id] for practice_id in request["practice_ids"] if practice_id in rows)
    shown = (seen(row, request["viewer"], now) for row in asked)
    return {"practices": [practice for practice in shown if practice is not None], "next_cursor": None}


def plan(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return all instalments of the plan that a practice is one of, by number; alone where it is of none.

    Who sees the one only masked sees no others. Raises Refused(PRACTICE_NOT_FOUND).
    """
    with database.reading() as session:
        row = repository.practices(session, [request["practice_id"]]).get(request["practice_id"])
        shown = seen(row, request["viewer"], now) if row else None
        if row is None or shown is None:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        references = () if shown["masked"] else plan_references(row.external_id, records.debt_of(row).instalment)
        rows = repository.instalments(session, row, references) if references else []
    return {"practices": [records.practice_of(other, now) for other in rows] or [shown], "next_cursor": None}


def debts(database: Database, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the body's debts with these references, whole; no viewer, the body asks. Unknown ones are left out."""
    with database.reading() as session:
        rows = repository.of_references(session, request["entity_code"], request["external_ids"])
    return {"practices": [records.practice_of(row, now) for row in rows], "next_cursor": None}


def positions(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what payments needs of practices, and whose domain it is; no viewer, this never leaves the system."""
    with database.reading() as session:
        domain = request["creditor_fiscal_code"]
        entity = domain and repository.entity_of_creditor(session, domain)
        rows = repository.positions(session, domain, request["notice_number"], request["practice_ids"])
    return {
        "creditor": records.creditor_of(entity) if entity else None,
        "positions": [records.position_of(row, row.entity, row.service) for row in rows],
    }


def events(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the events published after a position of the feed."""
    with database.reading() as session:
        return {"items": outbox.feed(session, OutboxMessage, request["after"], request["limit"])}


def seen(row: PracticeRow, viewer: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """Return the practice as far as the viewer may see it, or None."""
    how = viewers.sight(viewer, row.id, row.debtor_fiscal_code, row.inserted_by)
    if how is Sight.NONE:
        return None
    practice = records.practice_of(row, now)
    return practice if how is Sight.WHOLE else display.masked(practice)


def _typed(text: str | None) -> str:
    """Return what a person typed without what no keyboard sends."""
    return "".join(character for character in text or "" if character.isprintable()).strip()


def _compact(reference: str) -> str:
    """Return a reference of digits without the spaces it is printed with; any other as it stands."""
    digits = reference.replace(" ", "")
    return digits if digits.isdigit() else reference


def _check_notice_digits(reference: str) -> None:
    """Tell a mistyped notice number from one that is not there; no more than the typist knows already."""
    if len(reference) == 18 and reference.isdigit():
        NoticeNumber.typed(reference)


def _found(practices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if not practices:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    return {"practices": list(practices), "next_cursor": None}


def _cursor(place: int) -> str:
    return urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def _place(cursor: str | None) -> int | None:
    """Read a cursor of ours. Raises Refused(INVALID_REQUEST)."""
    if not cursor:
        return None
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        return int(text) if len(text) < 19 and text.isascii() and text.isdigit() else _no_cursor()
    except ValueError:
        return _no_cursor()


def _no_cursor() -> int:
    raise Refused(ErrorCode.INVALID_REQUEST, {"fields": ["cursor"]})
