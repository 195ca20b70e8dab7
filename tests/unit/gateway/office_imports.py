"""Debt files behind the office's pages, as the pages meet them."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.error_details import NotApplicable, WrongHeader
from contracts.errors import ErrorCode, Refused
from contracts.rpc import office, practices
from contracts.rpc.practices import ImportReport, ImportRow, RefusedRow
from contracts.shapes import Empty
from tests.unit.gateway.gateway_services import NOW

IMPORT = UUID(int=0xF)
COLUMNS = ["codice_debito", "servizio", "codice_fiscale", "cognome_nome", "causale", "importo"]
GOOD = ImportRow(line=2, outcome="created", external_id="A-1")
WRONG = ImportRow(
    line=3,
    outcome="refused",
    external_id="A-2",
    code="invalid_amount",
    column="importo",
    value_shape="AAA",
    problem="L'importo non si legge.",
    remedy="Scrivilo come 148,50.",
)
CELLS = {
    "codice_debito": "A-2",
    "servizio": "TARI",
    "codice_fiscale": "RSSMRA85T10A562S",
    "cognome_nome": "Rossi Mario",
    "causale": 'Con "virgolette"; e altro',
    "importo": "uno",
}


class SentFiles:
    """What a test arranges and looks at: the one file that there is, and the bytes that were sent."""

    def __init__(self) -> None:
        self.report = ImportReport(
            id=IMPORT,
            entity_code="PM108",
            file_name="tari.csv",
            created_at=NOW,
            state="waiting",
            previewed=True,
            checked_rows=2,
            accepted=1,
            refused=1,
            created=1,
            missing=2,
            rows=[GOOD, WRONG],
        )
        self.missing: Sequence[office.OfficePractice] = ()
        self.next_after: UUID | None = None
        self.content = b""
        self.refusal: Refused | None = None
        """What the file, or its loading, is refused with."""

    def answers(self) -> dict[Any, Any]:
        return {
            practices.LIST_IMPORTS: self._list,
            practices.GET_IMPORT: self._get,
            practices.IMPORT_PART: self._part,
            practices.QUEUE_IMPORT: lambda _: self.report,
            practices.APPLY_IMPORT: self._apply,
            practices.CANCEL_IMPORT: lambda _: self._become(state="cancelled", previewed=False),
            practices.HOLD_IMPORT: lambda asked: self._become(paused=asked.paused, previewed=False),
            practices.REFUSED_ROWS: self._refused,
            office.IMPORT_MISSING: lambda _: office.FoundPractices(practices=self.missing, next_cursor="7"),
        }

    def _become(self, **changes: Any) -> ImportReport:
        self.report = replace(self.report, **changes)
        return self.report

    def _check(self, import_id: UUID, services: Sequence[str] | None) -> None:
        if import_id != IMPORT or (services is not None and "TARI" not in services):
            raise Refused(ErrorCode.IMPORT_NOT_FOUND)

    def _list(self, asked: practices.ImportListRequest) -> practices.ImportList:
        found = [] if asked.after else [replace(self.report, rows=[])]
        return practices.ImportList(imports=found, next_after=self.next_after)

    def _get(self, asked: practices.ImportGetRequest) -> ImportReport:
        self._check(asked.import_id, asked.service_codes)
        rows = [one for one in self.report.rows if asked.outcome in (None, one.outcome) and one.line > asked.after_line]
        return replace(self.report, rows=rows)

    def _part(self, asked: practices.ImportPartRequest) -> Empty:
        if self.refusal is not None:
            raise self.refusal
        self.content += b64decode(asked.content_base64)
        return Empty()

    def _apply(self, asked: practices.ImportApplyRequest) -> ImportReport:
        self._check(asked.import_id, asked.service_codes)
        if self.refusal is not None:
            raise self.refusal
        if asked.annul_missing and not asked.reason:
            raise Refused(ErrorCode.DESCRIPTION_REQUIRED)
        return self._become(state="loading", previewed=False)

    def _refused(self, asked: practices.RefusedRowsRequest) -> practices.RefusedRows:
        self._check(asked.import_id, asked.service_codes)
        rows = [RefusedRow(row=WRONG, cells=CELLS)] if asked.after_line < WRONG.line else []
        return practices.RefusedRows(columns=COLUMNS, rows=rows)


WRONG_HEADER = Refused(
    ErrorCode.IMPORT_WRONG_HEADER, WrongHeader(expected=COLUMNS, missing=["importo"], repeated=["causale"])
)
WITHOUT_REFERENCE = Refused(ErrorCode.IMPORT_NOT_APPLICABLE, NotApplicable(without_reference=1))
