"""What the citizen paid in a year, for the tax return: as a table and on paper."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import falcon

from contracts import spreadsheets
from contracts.calendar import rome_day
from contracts.errors import ErrorCode, Refused
from contracts.rpc import notices, practices
from contracts.rpc.practices import Entity, YearPayment
from gateway import csv_text
from gateway.edge.rates import DOCUMENT
from gateway.visit import Visit, visit_of
from gateway.web.documents import answer_document
from gateway.web.formats import filters_of
from gateway.web.list_choice import years_offered
from gateway.web.page import Page

_HEADER: Final = (
    "data_pagamento",
    "ente",
    "codice_fiscale_ente",
    "servizio",
    "causale",
    "debitore",
    "codice_fiscale_debitore",
    "per_conto_di",
    "avviso",
    "iuv",
    "ricevuta",
    "importo",
    "di_cui_bollo",
)


class PaidYearTable(Page):
    """730-2026.csv: a row for each payment."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, year: str) -> None:
        """Send it as it is put together. Raises Refused: LOGIN_REQUIRED, NOT_FOUND for a year that is not offered."""
        self.site.rates.check(req, DOCUMENT)
        visit = visit_of(req)
        visit.require_citizen()
        found_entity = self.site.entity(visit, entity)
        asked = practices.PaidYearRequest(entity_code=entity, viewer=visit.viewer, year=_offered(year))
        resp.stream = csv_text.csv_file(_HEADER, _pages(visit, found_entity, asked))
        resp.content_type = csv_text.MEDIA_TYPE
        resp.downloadable_as = f"pagamenti-{asked.year}.csv"


class PaidYearPdf(Page):
    """730-2026.pdf: the same with its total."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, year: str) -> None:
        """Answer the document. Raises Refused: LOGIN_REQUIRED, NOT_FOUND, RECEIPT_NOT_FOUND where nothing was paid."""
        self.site.rates.check(req, DOCUMENT)
        visit = visit_of(req)
        visit.require_citizen()
        self.site.entity(visit, entity)
        request = notices.YearSummaryRequest(
            entity_code=entity, viewer=visit.viewer, year=_offered(year), language=visit.language
        )
        answer_document(resp, visit.call(notices.YEAR_SUMMARY, request))


def _offered(year: str) -> int:
    """Return the year that an address names. Raises Refused(NOT_FOUND)."""
    found = next((one for one in years_offered(rome_day(datetime.now(UTC)).year) if str(one) == year), None)
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND)
    return found


def _pages(visit: Visit, entity: Entity, asked: practices.PaidYearRequest) -> Iterator[Sequence[csv_text.Row]]:
    cursor: str | None = None
    while True:
        request = practices.PaidYearRequest(
            entity_code=asked.entity_code, viewer=asked.viewer, year=asked.year, cursor=cursor
        )
        page = visit.call(practices.PAID_YEAR, request)
        yield [_row(payment, entity) for payment in page.payments]
        cursor = page.next_cursor
        if cursor is None:
            return


def _row(payment: YearPayment, entity: Entity) -> csv_text.Row:
    # Files are in Italian, whatever language the pages are in: they are for the Italian tax return.
    return (
        rome_day(payment.paid_at),
        entity.creditor.company_name,
        entity.creditor.fiscal_code,
        filters_of("it")["localised"](payment.service_title),
        payment.description,
        payment.debtor.full_name,
        payment.debtor.fiscal_code,
        payment.beneficiary.full_name if payment.beneficiary else "",
        payment.notice_number,
        payment.iuv,
        payment.receipt_id,
        spreadsheets.euro(payment.amount_cents),
        spreadsheets.euro(payment.stamp_cents) if payment.stamp_cents else "",
    )
