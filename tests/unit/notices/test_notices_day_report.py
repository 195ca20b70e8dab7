"""The reconciliation report as a document: it adds up to the cent on paper too, over as many pages as it takes."""

import re
from dataclasses import replace
from datetime import date, datetime

import page as ua_checker
import pypdfium2
import pytest

from contracts.calendar import ROME
from services.notices.documents.domain.content import DayReportContent, Flow, FlowRow
from services.notices.documents.pdf.day_report import render_day_report
from services.notices.documents.pdf.protocol import read_content, write_content
from services.notices.documents.pdf.render import render

FINDINGS = ("reported", "recovered", "revoked", "unknown", "amount_differs", "repeated", None)
AMOUNT = re.compile(r"-?[\d.]+,\d{2}")


def flow(number: int, rows: int, *, credited: bool) -> Flow:
    transfers = tuple(
        FlowRow(
            iuv=f"{number:02d}{place:015d}",
            iur=f"{place:032x}",
            index=1 + place % 5,
            outcome=(0, 3, 4, 8, 9)[place % 5],
            finding=FINDINGS[place % len(FINDINGS)],
            amount_cents=100 * place + number,
        )
        for place in range(1, rows + 1)
    )
    total_cents = sum(row.amount_cents for row in transfers)
    return Flow(
        flow_id=f"2026-11-21BESEITM1-{number:012d}",
        sender="Banca di prova S.p.A.",
        regulation_id=f"SCT{number}",
        rows=transfers,
        total_cents=total_cents,
        credited_cents=total_cents if credited else 0,
        credit_reference=f"CRO-{number}" if credited else None,
        reconciled=credited,
    )


def report(*flows: Flow, language: str = "it") -> DayReportContent:
    return DayReportContent(
        language=language,
        entity_name="Conservatorio di Musica «Niccolò Jommelli»",
        entity_fiscal_code="80012345676",
        day=date(2026, 11, 21),
        made_at=datetime(2026, 11, 22, 9, 30, tzinfo=ROME),
        flows=flows,
        total_cents=sum(one.total_cents for one in flows),
        credited_cents=sum(one.credited_cents for one in flows),
    )


def lines_of(pdf: bytes) -> list[str]:
    sheets = pypdfium2.PdfDocument(pdf)
    text = "\n".join(sheet.get_textpage().get_text_range() for sheet in sheets)
    return [" ".join(line.split()) for line in text.splitlines()]


def cents(text: str) -> int:
    return int(text.replace(".", "").replace(",", ""))


def test_rows_flows_and_day_add_up_to_the_cent_over_several_pages() -> None:
    told = report(flow(1, 90, credited=True), flow(2, 7, credited=False))
    pdf = render_day_report(told)
    assert len(pypdfium2.PdfDocument(pdf)) == 3
    text = " ".join(lines_of(pdf))
    assert "Pagina 3 di 3" in text
    iurs = {row.iur: row.amount_cents for one in told.flows for row in one.rows}
    printed = {found[1]: cents(found[2]) for found in re.finditer(rf"\b([0-9a-f]{{32}})\b.*?({AMOUNT.pattern})", text)}
    assert printed == iurs
    totals = [cents(found) for found in re.findall(rf"Totale flusso, \d+ pagamenti ({AMOUNT.pattern})", text)]
    assert totals == [sum(row.amount_cents for row in one.rows) for one in told.flows]
    [day_total] = re.findall(rf"Totale dei flussi del giorno ({AMOUNT.pattern})", text)
    [credited] = re.findall(rf"Totale degli accrediti bancari ({AMOUNT.pattern})", text)
    [difference] = re.findall(rf"Differenza ({AMOUNT.pattern})", text)
    assert cents(day_total) == sum(totals)
    assert cents(credited) + cents(difference) == cents(day_total)
    by_finding = re.findall(rf", \d+ pagamenti ({AMOUNT.pattern})", text)[: len(FINDINGS)]
    assert sum(map(cents, by_finding)) == cents(day_total)
    assert ("Flusso 2026-11-21BESEITM1-000000000001 riconciliato" in text) is True
    assert ("Flusso 2026-11-21BESEITM1-000000000002 non riconciliato" in text) is True


def test_a_credit_larger_than_the_flow_leaves_a_negative_difference() -> None:
    one = flow(1, 1, credited=False)
    told = report(one)
    more = replace(told, credited_cents=told.total_cents + 1)
    assert "Differenza -0,01 Euro" in " ".join(lines_of(render_day_report(more)))


def test_a_day_without_flows_says_so() -> None:
    assert "No settlement flow with this settlement date." in lines_of(render_day_report(report(language="en")))


@pytest.mark.parametrize("language", ["it", "en"])
def test_it_travels_to_the_renderer_and_breaks_no_rule_of_pdf_ua_1(language: str) -> None:
    told = report(flow(1, 60, credited=True), language=language)
    assert read_content(write_content(told)) == told
    pdf = render(told)
    assert pdf == render_day_report(told)
    checked = ua_checker.validate_pdf_bytes(pdf, profile="ua1")
    assert [(failure.rule_id, failure.message) for failure in checked.failures] == []
