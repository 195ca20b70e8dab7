"""Ricerca pratica: a practice found by what somebody typed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.codes import FiscalCode
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import Practice, PracticeList, SearchRequest
from services.practices import records
from services.practices.domain import display
from services.practices.domain.typed_notice import digits_on_paper, notice_number_in
from services.practices.repository import catalogue, practices


def search(database: Database, request: SearchRequest, now: datetime) -> PracticeList:
    """Find by notice number (masked), or by fiscal code and reference together (whole).

    Whoever types a notice number with a fiscal code is asking for both to match.
    Raises Refused(PRACTICE_NOT_FOUND), the same for what does not exist and for what is somebody else's;
    Refused(INVALID_NOTICE_NUMBER) with NotANoticeNumber, (INVALID_REQUEST) with `fields`, (INVALID_FISCAL_CODE),
    (UNKNOWN_ENTITY).
    """
    typed_number, typed_code = _typed(request.notice_number), _typed(request.fiscal_code)
    typed_reference = _typed(request.reference)
    entity_code = catalogue.readable_code(request.entity_code)

    def read(session: Session) -> list[Practice]:
        if typed_number and not typed_code:
            rows = practices.by_notice_number(session, entity_code, notice_number_in(typed_number))
            return [display.masked(records.practice_of(row, now)) for row in rows]
        reference = notice_number_in(typed_number) if typed_number else _compact(typed_reference)
        missing = [name for name, text in (("fiscal_code", typed_code), ("reference", reference)) if not text]
        if missing:
            raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=missing))
        rows = practices.by_reference(session, entity_code, FiscalCode.typed(typed_code), reference)
        if not rows:
            _check_notice_digits(reference)
        return [records.practice_of(row, now) for row in rows]

    def of_the_entity(session: Session) -> list[Practice]:
        """Look whether there is such an entity only where nothing else is there to show."""
        try:
            found = read(session)
        except Refused:
            catalogue.entity(session, entity_code)
            raise
        if not found:
            catalogue.entity(session, entity_code)
        return found

    return _found(database.read(of_the_entity))


def _typed(text: str | None) -> str:
    """Return what was typed without what no keyboard sends."""
    return "".join(character for character in text or "" if character.isprintable()).strip()


def _compact(reference: str) -> str:
    """Return a reference of digits without the spaces it is printed with; any other as it is.

    The text of a notice's code stands for its number.
    """
    digits = reference.replace(" ", "")
    return digits if digits.isdigit() else digits_on_paper(reference) or reference


def _check_notice_digits(reference: str) -> None:
    """Tell a mistyped notice number from one that is not there; no more than the typist knows already."""
    if len(reference) == 18 and reference.isdigit():
        notice_number_in(reference)


def _found(found: Sequence[Practice]) -> PracticeList:
    if not found:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    return PracticeList(practices=found)
