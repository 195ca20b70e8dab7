"""The audit: who changed what, browsed and taken away as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Final
from uuid import UUID

import falcon

from contracts import spreadsheets
from contracts.calendar import ROME
from contracts.call import Call
from contracts.roles import Operation
from contracts.rpc.audit import AUDIT_PAGE_MAX, IDENTITY_AUDIT, PAYMENTS_AUDIT, PRACTICES_AUDIT, AuditPage, AuditRequest
from gateway.office.changes import ChangeRow, rows_of
from gateway.office.desk import Desk, OfficePage
from gateway.office.words import OPERATIONS
from gateway.translations import marked as _
from gateway.translations import translate
from gateway.visit import Visit, visit_of

REGISTERS: Final[Mapping[str, Call[AuditRequest, AuditPage]]] = {
    "pratiche": PRACTICES_AUDIT,
    "pagamenti": PAYMENTS_AUDIT,
    "persone": IDENTITY_AUDIT,
}
"""Each service has the audit of what it owns."""
_ROWS_PER_PAGE: Final = 50
_BYTE_ORDER_MARK: Final = "\ufeff"
_HEADER: Final = (
    _("Numero"),
    _("Quando"),
    _("Chi"),
    _("Che cosa"),
    _("Riferimento"),
    _("Motivo"),
    _("Campo"),
    _("Prima"),
    _("Dopo"),
    _("Impronta"),
)


class AuditPageOfOffice(OfficePage):
    """Registro delle modifiche."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show a page of entries, newest first, as the filters in the address say."""
        desk = self.enter(req, entity, Operation.READ_AUDIT)
        visit = visit_of(req)
        filters = _filters(req)
        below = req.get_param("prima_di") or ""
        asked = replace(_request(desk, filters), below=int(below) if _is_number(below) else None, limit=_ROWS_PER_PAGE)
        page = visit.call(REGISTERS[filters["registro"]], asked)
        self.show(
            req,
            resp,
            "audit.html",
            desk,
            filters=filters,
            operations=_operations(filters["registro"]),
            rows=rows_of(visit, desk, page.entries),
            next_below=page.next_below,
            is_first_page=not below,
        )


class AuditFile(OfficePage):
    """The same entries as CSV, all of them, for long-term keeping: a line for each field that changed."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Send the file as it is made; its first page is asked for now, whose errors are a page."""
        desk = self.enter(req, entity, Operation.READ_AUDIT)
        visit = visit_of(req)
        filters = _filters(req)
        pages = _pages(visit, desk, filters)
        first = next(pages, [])
        header = [translate(visit.language, name) for name in _HEADER]
        begun = _BYTE_ORDER_MARK + _line(header) + _lines(first)
        resp.content_type = "text/csv; charset=utf-8"
        resp.downloadable_as = f"registro-{filters['registro']}-{desk.entity.code}.csv"
        resp.stream = chain([begun.encode()], (_lines(page).encode() for page in pages))


def _pages(visit: Visit, desk: Desk, filters: Mapping[str, str]) -> Iterator[list[ChangeRow]]:
    asked = replace(_request(desk, filters), limit=AUDIT_PAGE_MAX)
    while True:
        page = visit.call(REGISTERS[filters["registro"]], asked)
        yield rows_of(visit, desk, page.entries)
        if page.next_below is None:
            return
        asked = replace(asked, below=page.next_below)


def _lines(rows: list[ChangeRow]) -> str:
    return "".join(_line(cells) for row in rows for cells in _cells(row))


def _cells(row: ChangeRow) -> Iterator[list[str]]:
    begin = [str(row.number), spreadsheets.rome_time(row.at), row.who, row.what, row.subject, row.reason or ""]
    for name, before, after in [(one.name, one.before, one.after) for one in row.fields] or [("", "", "")]:
        yield [*begin, name, before, after, row.sha256]


def _line(cells: list[str]) -> str:
    quoted = ('"' + spreadsheets.harmless(cell).replace('"', '""') + '"' for cell in cells)
    return spreadsheets.DELIMITER.join(quoted) + spreadsheets.LINE_END


def _filters(req: falcon.Request) -> dict[str, str]:
    """Return the filters of the address; what is none of ours is left out."""
    register = req.get_param("registro") or ""
    register = register if register in REGISTERS else "pratiche"
    operation = req.get_param("operazione") or ""
    return {
        "registro": register,
        "operazione": operation if operation in _operations(register) else "",
        "persona": _id(req.get_param("persona") or ""),
        "riferimento": _id(req.get_param("riferimento") or ""),
        "dal": _iso_day(req.get_param("dal") or ""),
        "al": _iso_day(req.get_param("al") or ""),
    }


def _request(desk: Desk, filters: Mapping[str, str]) -> AuditRequest:
    return AuditRequest(
        entity_code=desk.entity.code,
        subject=filters["riferimento"] or None,
        actor_id=filters["persona"] or None,
        operation=filters["operazione"] or None,
        since=_midnight(filters["dal"], days=0),
        until=_midnight(filters["al"], days=1),
    )


def _operations(register: str) -> dict[str, str]:
    """Return what stands in one register, by its name."""
    prefix = {"pratiche": "practices.", "pagamenti": "money.", "persone": "people."}[register]
    return {name: label for name, label in OPERATIONS.items() if name.startswith(prefix)}


def _midnight(day: str, *, days: int) -> datetime | None:
    """Return the beginning of a day in Rome, `days` later, in UTC; None for none."""
    if not day:
        return None
    return datetime.combine(date.fromisoformat(day) + timedelta(days=days), time(), ROME).astimezone(UTC)


def _iso_day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return ""
    return day.isoformat() if 2000 <= day.year <= 2099 else ""


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
