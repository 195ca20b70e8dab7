"""The summary of a year on paper: it adds up to the cent over as many pages as it takes."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import page as ua_checker
import pypdfium2
import pytest

from contracts.codes import AmountCents, CreditorFiscalCode, FiscalCode, Iuv, NoticeNumber
from contracts.rpc.notices import YearSummaryRequest
from contracts.rpc.practices import YearPayment
from contracts.shapes import Beneficiary, Creditor, LocalisedText, Subject, Viewer
from services.notices.documents.domain.content import YearSummaryContent
from services.notices.documents.domain.summary import year_summary_content
from services.notices.documents.pdf.protocol import read_content, write_content
from services.notices.documents.pdf.render import render
from services.notices.documents.pdf.year_summary import render_year_summary

CREDITOR = Creditor(
    code="PM108",
    fiscal_code=CreditorFiscalCode("80012345676"),
    company_name="Conservatorio di Musica «Niccolò Jommelli»",
    broker_fiscal_code=CreditorFiscalCode("80012345676"),
    station_id="80012345676_01",
)
MARIO = Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Rossi Mario")
ANNA = Beneficiary(full_name="Rossi Anna", course="Flauto", school="Media", contribution_type="Retta")


def payment(number: int, **changes: Any) -> YearPayment:
    values: dict[str, Any] = {
        "practice_id": UUID(int=1),
        "service_title": LocalisedText(it="Contributi", en="Fees"),
        "description": f"Retta numero {number}",
        "debtor": MARIO,
        "notice_number": NoticeNumber("301000000000000019"),
        "iuv": Iuv(f"{number:017d}"),
        "receipt_id": f"R{number}",
        "paid_at": datetime(2026, 1 + number % 12, 1 + number % 28, 12, tzinfo=UTC),
        "amount_cents": AmountCents(100_000 + number),
    }
    return YearPayment(**(values | changes))


def summary(*payments: YearPayment, language: str = "it") -> YearSummaryContent:
    request = YearSummaryRequest(
        entity_code="PM108", viewer=Viewer(fiscal_code=FiscalCode(MARIO.fiscal_code)), year=2026, language=language
    )
    return year_summary_content(request, CREDITOR, payments, datetime(2027, 3, 1, 10, tzinfo=UTC))


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(sheet.get_textpage().get_text_range().split()) for sheet in pypdfium2.PdfDocument(pdf))


def test_payments_stand_in_their_order_and_add_up_over_several_pages() -> None:
    told = summary(*(payment(number) for number in range(60)))
    pdf = render_year_summary(told)
    text = text_of(pdf)
    assert len(pypdfium2.PdfDocument(pdf)) == 4
    assert "Pagina 4 di 4" in text
    assert [one.paid_on for one in told.payments] == sorted(one.paid_on for one in told.payments)
    printed = [int(found.replace(".", "").replace(",", "")) for found in re.findall(r"([\d.]+,\d\d) Euro", text)]
    assert printed[-1] == sum(printed[:-1]) == sum(100_000 + number for number in range(60))
    assert "Totale pagato, 60 pagamenti" in text


def test_a_payment_says_when_for_what_for_whom_and_by_which_codes_it_is_known() -> None:
    # Half an hour after midnight in Rome.
    late = datetime(2026, 12, 30, 23, 30, tzinfo=UTC)
    text = text_of(render_year_summary(summary(payment(7, beneficiary=ANNA, stamp_cents=1600, paid_at=late))))
    for expected in (
        "Pagamenti del 2026",
        "Conservatorio di Musica «Niccolò Jommelli» · codice fiscale 80012345676",
        "Pagamenti di Rossi Mario · codice fiscale RSSMRA85T10A562S",
        "31/12/2026 Contributi 1.000,07 Euro",
        "Per Rossi Anna · IUV 00000000000000007 · ricevuta R7 · di cui imposta di bollo 16,00 Euro",
        "Retta numero 7",
    ):
        assert expected in text


@pytest.mark.parametrize("language", ["it", "en"])
def test_it_travels_to_the_renderer_and_breaks_no_rule_of_pdf_ua_1(language: str) -> None:
    told = summary(*(payment(number) for number in range(30)), language=language)
    assert read_content(write_content(told)) == told
    pdf = render(told)
    assert pdf == render_year_summary(told)
    checked = ua_checker.validate_pdf_bytes(pdf, profile="ua1")
    assert [(failure.rule_id, failure.message) for failure in checked.failures] == []
    assert ("Fees" if language == "en" else "Contributi") in text_of(pdf)
