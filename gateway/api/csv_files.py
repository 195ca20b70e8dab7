"""Payments and debts as CSV, a page of them in memory at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from contracts import spreadsheets
from contracts.rpc import payments, practices
from contracts.shapes import Beneficiary, Instalment
from gateway.csv_text import Row, csv_file
from gateway.visit import Visit

ROWS_A_PAGE: Final = 500
_BOOKS: Final = ("riferimento", "servizio", "conto", "rata", "rate_totali", "beneficiario")
_PAYMENTS_HEADER: Final = (
    "ricevuta",
    "pagato_il",
    "ricevuto_il",
    "data_applicazione",
    "avviso",
    "iuv",
    *_BOOKS,
    "importo",
    "commissione",
    "causale",
    "codice_fiscale_debitore",
    "debitore",
    "psp",
    "metodo",
    "doppio",
    "pratica",
)
_DEBTS_HEADER: Final = (
    "creato_il",
    "avviso",
    "iuv",
    *_BOOKS,
    "importo",
    "scadenza",
    "causale",
    "codice_fiscale_debitore",
    "debitore",
    "origine",
    "stato",
    "stato_dal",
    "motivo",
    "pratica",
)
# Before what a refused row held, and passed over when it is sent again.
_REFUSAL_HEADER: Final = ("riga", "colonna", "valore", "problema", "rimedio")


def of_payments(visit: Visit, request: payments.PaymentsRequest) -> Iterator[bytes]:
    """Return the payments asked for as a CSV file. The first page is asked for now: its errors are raised here."""
    return csv_file(_PAYMENTS_HEADER, _payment_pages(visit, request))


def of_debts(visit: Visit, request: practices.DebtListRequest) -> Iterator[bytes]:
    """Return the practices asked for as a CSV file. The first page is asked for now: its errors are raised here."""
    return csv_file(_DEBTS_HEADER, _debt_pages(visit, request))


def of_refused(visit: Visit, request: practices.RefusedRowsRequest) -> Iterator[bytes]:
    """Return the refused rows of an import as a debt file: to be corrected, and sent again as it is then.

    The first page is asked for now: its errors are raised here.
    """
    first = visit.call(practices.REFUSED_ROWS, request)
    pages = _refused_pages(visit, request, first)
    return csv_file((*_REFUSAL_HEADER, *first.columns), pages)


def _payment_pages(visit: Visit, asked: payments.PaymentsRequest) -> Iterator[Sequence[Row]]:
    cursor: str | None = None
    while True:
        page = visit.call(payments.LIST_PAYMENTS, replace(asked, cursor=cursor, limit=ROWS_A_PAGE))
        yield [_payment(receipt) for receipt in page.receipts]
        cursor = page.next_cursor
        if cursor is None:
            return


def _debt_pages(visit: Visit, asked: practices.DebtListRequest) -> Iterator[Sequence[Row]]:
    cursor: str | None = None
    while True:
        page = visit.call(practices.LIST_DEBTS, replace(asked, cursor=cursor, limit=ROWS_A_PAGE))
        yield [_debt(practice) for practice in page.practices]
        cursor = page.next_cursor
        if cursor is None:
            return


def _refused_pages(
    visit: Visit, asked: practices.RefusedRowsRequest, first: practices.RefusedRows
) -> Iterator[Sequence[Row]]:
    page = first
    while True:
        yield [_refused(one, first.columns) for one in page.rows]
        if page.next_after is None:
            return
        page = visit.call(practices.REFUSED_ROWS, replace(asked, after_line=page.next_after))


def _refused(refused: practices.RefusedRow, columns: Sequence[str]) -> Row:
    row = refused.row
    # What is known of a row without cells is its reference.
    cells = {"codice_debito": row.external_id or "", **refused.cells}
    told = (row.line, row.column or "", row.value_shape or "", row.problem or "", row.remedy or "")
    return (*told, *(cells.get(column, "") for column in columns))


def _payment(receipt: payments.Receipt) -> Row:
    return (
        receipt.receipt_id,
        spreadsheets.rome_time(receipt.paid_at),
        spreadsheets.rome_time(receipt.received_at),
        receipt.application_date or "",
        receipt.notice_number,
        receipt.iuv,
        *_books(
            receipt.external_id,
            receipt.service_code,
            receipt.accounting_code,
            receipt.instalment,
            receipt.beneficiary,
        ),
        spreadsheets.euro(receipt.amount_cents),
        "" if receipt.fee_cents is None else spreadsheets.euro(receipt.fee_cents),
        receipt.description,
        receipt.debtor.fiscal_code,
        receipt.debtor.full_name,
        receipt.psp_name,
        receipt.payment_method or "",
        "sì" if receipt.duplicate else "no",
        receipt.practice_id or "",
    )


def _debt(practice: practices.BookedPractice) -> Row:
    return (
        spreadsheets.rome_time(practice.created_at),
        practice.notice_number,
        practice.iuv,
        *_books(
            practice.external_id,
            practice.service_code,
            practice.accounting_code,
            practice.instalment,
            practice.beneficiary,
        ),
        spreadsheets.euro(practice.amount_cents),
        practice.due_date or "",
        practice.description,
        practice.debtor.fiscal_code,
        practice.debtor.full_name,
        practice.origin,
        practice.state,
        spreadsheets.rome_time(practice.state_since),
        practice.state_reason or "",
        practice.id,
    )


def _books(
    external_id: str | None,
    service_code: str | None,
    accounting_code: str | None,
    instalment: Instalment | None,
    beneficiary: Beneficiary | None,
) -> Row:
    numbers = (instalment.number, instalment.total) if instalment else ("", "")
    return (
        external_id or "",
        service_code or "",
        accounting_code or "",
        *numbers,
        beneficiary.full_name if beneficiary else "",
    )
