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


def of_payments(visit: Visit, request: payments.PaymentsRequest) -> Iterator[bytes]:
    """Return the payments asked for as a CSV file. The first page is asked for now: its errors are raised here."""
    return csv_file(_PAYMENTS_HEADER, _payment_pages(visit, request))


def of_debts(visit: Visit, request: practices.DebtListRequest) -> Iterator[bytes]:
    """Return the practices asked for as a CSV file. The first page is asked for now: its errors are raised here."""
    return csv_file(_DEBTS_HEADER, _debt_pages(visit, request))


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
