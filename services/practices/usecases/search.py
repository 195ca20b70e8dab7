"""Ricerca pratica: a practice found by what somebody typed."""

from collections.abc import Sequence
from datetime import datetime

from chassis.storage.database import Database
from contracts.codes import FiscalCode, NoticeNumber
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import Practice, PracticeList, SearchRequest
from services.practices import records
from services.practices.domain import display
from services.practices.repository import catalogue, practices


def search(database: Database, request: SearchRequest, now: datetime) -> PracticeList:
    """Find by notice number (masked), or by fiscal code and reference together (whole).

    Whoever types a notice number with a fiscal code is asking for both to match.
    Raises Refused(PRACTICE_NOT_FOUND), the same for what does not exist and for what is somebody else's;
    Refused(INVALID_NOTICE_NUMBER), (INVALID_FISCAL_CODE), (UNKNOWN_ENTITY), (INVALID_REQUEST) with `fields`.
    """
    typed_number, typed_code = _typed(request.notice_number), _typed(request.fiscal_code)
    typed_reference = _typed(request.reference)
    with database.reading() as session:
        entity_code = catalogue.entity(session, request.entity_code).code
        if typed_number:
            typed_reference = number = NoticeNumber.typed(typed_number)
            if not typed_code:
                rows = practices.by_notice_number(session, entity_code, number)
                return _found([display.masked(records.practice_of(row, now)) for row in rows])
        typed = {"fiscal_code": typed_code, "reference": typed_reference}
        missing = [name for name, text in typed.items() if not text]
        if missing:
            raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=missing))
        fiscal_code, reference = FiscalCode.typed(typed_code), _compact(typed_reference)
        rows = practices.by_reference(session, entity_code, fiscal_code, reference)
    if not rows:
        _check_notice_digits(reference)
    return _found([records.practice_of(row, now) for row in rows])


def _typed(text: str | None) -> str:
    """Return what was typed without what no keyboard sends."""
    return "".join(character for character in text or "" if character.isprintable()).strip()


def _compact(reference: str) -> str:
    """Return a reference of digits without the spaces it is printed with; any other as it is."""
    digits = reference.replace(" ", "")
    return digits if digits.isdigit() else reference


def _check_notice_digits(reference: str) -> None:
    """Tell a mistyped notice number from one that is not there; no more than the typist knows already."""
    if len(reference) == 18 and reference.isdigit():
        NoticeNumber.typed(reference)


def _found(found: Sequence[Practice]) -> PracticeList:
    if not found:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    return PracticeList(practices=found)
