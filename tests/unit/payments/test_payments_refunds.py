"""Files of refunds: valid for a bank, adding up, the same each time, and nothing in them that a bank cannot carry."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from lxml import etree

from contracts.actors import Actor
from contracts.codes import AmountCents, CreditorFiscalCode, Iban, NoticeNumber
from services.payments.models import RefundExport, RefundExportItem
from services.payments.refunds.credit_transfer import carried, credit_transfer
from services.payments.refunds.refund_table import refund_table

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parent / "credit_transfer.xsd"))
P = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
ACCOUNT, OTHER = "IT60X0542811101000000123456", "DE89370400440532013000"


def item(place: int, amount_cents: int = 1_234, holder: str = "Mario Rossi", iban: str = ACCOUNT) -> RefundExportItem:
    return RefundExportItem(
        export_id=UUID(int=7),
        place=place,
        case_id=UUID(int=place),
        end_to_end_id=f"{UUID(int=place).hex}-1",
        amount_cents=AmountCents(amount_cents),
        iban=Iban(iban),
        holder=holder,
        remittance_text=f"Rimborso avviso 3{place:017d} ricevuta R{place}",
        notice_number=NoticeNumber(f"3{place:017d}"),
        receipt_id=f"R{place}",
    )


def export(*items: RefundExportItem, name: str = "Conservatorio di Musica") -> RefundExport:
    return RefundExport(
        id=UUID(int=7),
        entity_code="PM108",
        created_at=datetime(2026, 11, 28, 9, 30, 15, 999_999, tzinfo=UTC),
        created_by=Actor(kind="operator", id="maria"),
        pay_on=date(2026, 12, 1),
        account_iban=Iban(ACCOUNT),
        account_name=name,
        account_fiscal_code=CreditorFiscalCode("80012345676"),
        items=list(items),
    )


def read(content: str) -> etree._Element:
    document = etree.fromstring(content.encode())
    SCHEMA.assertValid(document)
    return document


def values(document: etree._Element, path: str) -> list[str]:
    return [str(one.text) for one in document.iterfind(f".//{path}", namespaces=P)]


def test_a_file_for_the_bank_is_valid_and_adds_up() -> None:
    made = export(item(1, 1_234), item(2, 99_999_999_999, iban=OTHER), item(3, 1))
    document = read(credit_transfer(made))
    assert values(document, "p:NbOfTxs") == ["3", "3"]
    assert values(document, "p:CtrlSum") == ["1000000012.34", "1000000012.34"]
    assert values(document, "p:InstdAmt") == ["12.34", "999999999.99", "0.01"]
    assert values(document, "p:CdtrAcct/p:Id/p:IBAN") == [ACCOUNT, OTHER, ACCOUNT]
    assert values(document, "p:DbtrAcct/p:Id/p:IBAN") == [ACCOUNT]
    assert values(document, "p:ReqdExctnDt/p:Dt") == ["2026-12-01"]
    assert values(document, "p:CreDtTm") == ["2026-11-28T09:30:15Z"]
    assert values(document, "p:MsgId") == [UUID(int=7).hex]
    assert len(set(values(document, "p:EndToEndId"))) == 3
    assert values(document, "p:InitgPty/p:Id/p:OrgId/p:Othr/p:Id") == ["80012345676"]
    assert credit_transfer(made) == credit_transfer(made)


@pytest.mark.parametrize(
    ("holder", "written"),
    [
        ("Łukasz Nuñez-Höß", "Lukasz Nunez-Hoss"),
        ("Renée D'Ascenzo & Figli", "Renee D'Ascenzo + Figli"),
        ("Rossi <script>", "Rossi .script."),
        ("Лев Толстой", "NOTPROVIDED"),
        ("A" * 90, "A" * 70),
        ("Rossi\u0000\u0007 Mario", "Rossi.. Mario"),
    ],
)
def test_a_name_is_written_in_what_every_bank_of_sepa_carries(holder: str, written: str) -> None:
    assert carried(holder, 70) == written
    document = read(credit_transfer(export(item(1, holder=holder), name=holder)))
    assert values(document, "p:Cdtr/p:Nm") == [written]


def test_a_file_for_a_spreadsheet_has_a_line_for_each_and_runs_no_cell() -> None:
    made = export(item(1), item(2, 500, holder="=HYPERLINK()", iban=OTHER))
    rows = list(csv.DictReader(io.StringIO(refund_table(made)), delimiter=";"))
    assert [(row["iban"], row["importo"], row["intestatario"]) for row in rows] == [
        (ACCOUNT, "12,34", "Mario Rossi"),
        (OTHER, "5,00", "'=HYPERLINK()"),
    ]
    assert [row["riferimento"] for row in rows] == values(read(credit_transfer(made)), "p:EndToEndId")
    assert {row["eseguire_il"] for row in rows} == {"2026-12-01"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<ChrgBr>SLEV</ChrgBr>", ""),
        ('Ccy="EUR"', 'Ccy="USD"'),
        ("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>CHK</PmtMtd>"),
        ("Mario Rossi", "Mario Rossì"),
        ("12.34</InstdAmt>", "12.345</InstdAmt>"),
    ],
)
def test_the_schema_of_these_tests_refuses_what_a_bank_would(old: str, new: str) -> None:
    content = credit_transfer(export(item(1)))
    assert old in content
    assert not SCHEMA.validate(etree.fromstring(content.replace(old, new).encode()))
