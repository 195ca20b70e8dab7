"""The debt files of an office, newest first, and the form that sends another one, to be previewed."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import chain
from typing import Final
from uuid import UUID, uuid4

import falcon

from contracts.error_details import WrongHeader, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import practices
from contracts.rpc.operators import actor_of
from gateway import debt_file_parts
from gateway.debt_file_parts import FILE_MAX_BYTES, SentFile
from gateway.edge.bodies import read_form
from gateway.edge.incoming_files import Incoming, begin_file_form
from gateway.messages import MESSAGES
from gateway.office import addresses
from gateway.office.desk import LOST, Desk, OfficePage, write_lost
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.page import Form, checked_or_stale, form_key, see_other

_IMPORTS_PER_PAGE: Final = 20
_PIECE_BYTES: Final = practices.IMPORT_PART_MAX_BYTES
_NO_FILE: Final = _("Scegli il file da caricare.")
_AGAIN: Final = _("Scegli di nuovo il file: non era arrivato.")
_IN_THE_FORM: Final = frozenset(
    {
        ErrorCode.IMPORT_EMPTY,
        ErrorCode.IMPORT_NOT_UTF8,
        ErrorCode.IMPORT_TOO_LARGE,
        ErrorCode.IMPORT_WRONG_HEADER,
    }
)
"""What is said beside the field of the file; anything else has its own page."""


class ImportsPage(OfficePage):
    """Carica un file."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the form and the files sent so far, those before `dopo`. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.IMPORT_DEBTS)
        self._write(req, resp, desk)

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Take the file and show its preview, which is made meanwhile; or the form again with what is wrong."""
        fields, file = _form(req)
        form, is_stale = checked_or_stale(req, fields)
        try:
            desk = self.enter(req, entity, Operation.IMPORT_DEBTS)
        except Refused as refusal:
            if refusal.code not in LOST:
                raise
            _drain(file)
            write_lost(self, req, resp, entity, form)
            return
        pieces = file.pieces(_PIECE_BYTES, FILE_MAX_BYTES) if file else iter(())
        try:
            self._take(req, resp, desk, form, file, pieces, is_stale=is_stale)
        except Refused as refusal:
            if refusal.code not in _IN_THE_FORM:
                raise
            _drain(file)
            self._write(req, resp, desk, MESSAGES[refusal.code].sentence, detail_of(refusal, WrongHeader))

    def _take(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        form: Form,
        file: Incoming | None,
        pieces: Iterator[bytes],
        *,
        is_stale: bool,
    ) -> None:
        first = next(pieces, b"")
        if file is None or not first or is_stale:
            _drain(file)
            self._write(req, resp, desk, _AGAIN if file is None or is_stale else _NO_FILE)
            return
        sent = SentFile(
            entity_code=desk.entity.code,
            name=file.name,
            key=form_key(form),
            preview=True,
            service_codes=desk.services(Operation.IMPORT_DEBTS),
            actor=actor_of(desk.operator),
        )
        report = debt_file_parts.queue(visit_of(req), sent, chain([first], pieces))
        see_other(resp, addresses.debt_import(desk.entity.code, report.id))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        error: str | None = None,
        header: WrongHeader | None = None,
    ) -> None:
        after = _id(req.get_param("dopo"))
        request = practices.ImportListRequest(
            entity_code=desk.entity.code,
            service_codes=desk.services(Operation.IMPORT_DEBTS),
            after=after,
            limit=_IMPORTS_PER_PAGE,
        )
        page = visit_of(req).call(practices.LIST_IMPORTS, request)
        self.show(
            req,
            resp,
            "imports.html",
            desk,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            key=str(uuid4()),
            errors={"file": error} if error else {},
            header=header,
            imports=page.imports,
            next_after=page.next_after,
            is_first_page=after is None,
        )


def _form(req: falcon.Request) -> tuple[Mapping[str, str], Incoming | None]:
    """Begin to read the form; the page of a lost session sends it again without its file, as other forms are sent."""
    if (req.content_type or "").startswith("multipart/form-data"):
        return begin_file_form(req, FILE_MAX_BYTES)
    return read_form(req), None


def _drain(file: Incoming | None) -> None:
    """Read what is still coming, and drop it: a browser that is not heard to the end shows no answer."""
    for _piece in range(practices.IMPORT_PARTS_MAX):
        if file is None or not file.stream.read(_PIECE_BYTES):
            return


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
