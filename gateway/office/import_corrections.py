"""Refused rows of a debt file corrected in the page, and sent as a file of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID, uuid4

import falcon

from contracts.roles import Operation
from contracts.rpc import practices
from contracts.rpc.operators import actor_of
from contracts.rpc.practices import RefusedRow, RefusedRows
from gateway import debt_file_parts, refused_rows
from gateway.debt_file_parts import SentFile
from gateway.edge.bodies import read_form
from gateway.office import addresses
from gateway.office.desk import Desk, OfficeForm
from gateway.office.imports import why_refused
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import CORRECTIONS_SENT
from gateway.web.page import Form, cleaned, form_key, see_other

_ROWS_PER_PAGE: Final = 5
_CELL_MAX_CHARS: Final = 1_000
_FIELDS_MAX: Final = 200
"""Five rows of all the columns that a debt file may have."""
_NOTHING_CHOSEN: Final = _("Scegli almeno una riga da inviare.")


@dataclass(frozen=True)
class RowForm:
    """A row as it is corrected: what each of its fields holds, what was wrong, whether it is to be sent."""

    line: int
    cells: Mapping[str, str]
    wrong_column: str | None
    problem: str
    remedy: str
    chosen: bool


class CorrectRows(OfficeForm):
    """Correggi qui: a few refused rows at a time, each with what is wrong of it."""

    operation = Operation.IMPORT_DEBTS

    def read(self, req: falcon.Request) -> Form:
        """Read the form: a field for each cell."""
        return read_form(req, max_fields=_FIELDS_MAX)

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, import_id: UUID) -> None:
        """Show the first rows, or those below the line `dopo`. Raises Refused(IMPORT_NOT_FOUND)."""
        desk = self.enter(req, entity, self.operation)
        self._write(req, resp, desk, import_id, _line(req.get_param("dopo")), {}, str(uuid4()))

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the rows as they were typed."""
        self._write(req, resp, desk, params["import_id"], _line(form.get("dopo")), form, form_key(form))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Send the chosen rows as a file that is loaded at once, and show what becomes of it."""
        import_id, after, key = params["import_id"], _line(form.get("dopo")), form_key(form)
        page = _refused(req, desk, import_id, after)
        rows = [_cells(form, one, page.columns) for one in page.rows if form.get(_box(one.row.line)) == "si"]
        if not rows:
            self._write(req, resp, desk, import_id, after, form, key, {"": _NOTHING_CHOSEN})
            return
        sent = SentFile(
            entity_code=desk.entity.code,
            name=f"correzioni-{str(import_id)[:8]}.csv",
            key=key,
            preview=False,
            service_codes=desk.services(self.operation),
            actor=actor_of(desk.operator),
        )
        content = refused_rows.corrected(page.columns, rows)
        report = debt_file_parts.queue(visit_of(req), sent, iter([content]))
        see_other(resp, announcing(addresses.debt_import(desk.entity.code, report.id), CORRECTIONS_SENT))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        import_id: UUID,
        after: int,
        form: Form,
        key: str,
        errors: Mapping[str, str] | None = None,
    ) -> None:
        page = _refused(req, desk, import_id, after)
        language = visit_of(req).language
        self.show(
            req,
            resp,
            "import_corrections.html",
            desk,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
            import_id=import_id,
            after=after,
            key=key,
            columns=page.columns,
            rows=[_row_form(language, form, one, page.columns) for one in page.rows],
            next_after=page.next_after,
            errors=errors or {},
        )


def _refused(req: falcon.Request, desk: Desk, import_id: UUID, after: int) -> RefusedRows:
    request = practices.RefusedRowsRequest(
        entity_code=desk.entity.code,
        import_id=import_id,
        after_line=after,
        limit=_ROWS_PER_PAGE,
        service_codes=desk.services(Operation.IMPORT_DEBTS),
    )
    return visit_of(req).call(practices.REFUSED_ROWS, request)


def _row_form(language: str, form: Form, refused: RefusedRow, columns: Sequence[str]) -> RowForm:
    row = refused.row
    problem, remedy = why_refused(language, row)
    cells = _cells(form, refused, columns) if form else refused_rows.cells_of(refused)
    chosen = form.get(_box(row.line)) == "si" if form else True
    return RowForm(row.line, cells, row.column, problem, remedy, chosen)


def _cells(form: Form, refused: RefusedRow, columns: Sequence[str]) -> Mapping[str, str]:
    line = refused.row.line
    return {column: cleaned(form, f"r{line}-{column}")[:_CELL_MAX_CHARS] for column in columns}


def _box(line: int) -> str:
    return f"invia-{line}"


def _line(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else 0
