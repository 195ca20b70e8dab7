"""The debt file: refused whole, refused line by line, or read."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ErrorCode, Refused
from contracts.shapes import Instalment
from services.practices.debt_file import files as debt_file
from services.practices.debt_file.columns import COLUMNS
from services.practices.debt_file.remedies import remedy_of
from services.practices.debt_file.rows import Row
from services.practices.domain.debt_rules import AmountRules, ServiceRules

SERVICES = {code: ServiceRules(code, amounts=AmountRules(max_cents=1_000_000)) for code in ("TARI", "RETTA")}
HEADER = ";".join(COLUMNS)
GOOD = {
    "codice_debito": "TARI-1",
    "servizio": "TARI",
    "codice_fiscale": "RSSMRA85T10A562S",
    "cognome_nome": "Rossi Mario",
    "email": "mario.rossi@posta.example",
    "causale": "TARI 2026",
    "importo": "148,50",
    "scadenza": "02/12/2026",
    "rata": "",
    "rate_totali": "",
}


def line(**changed: str) -> str:
    return ";".join({**GOOD, **changed}[column] for column in COLUMNS)


def read(*lines: str, header: str = HEADER) -> list[Row]:
    return list(debt_file.read("\n".join([header, *lines]).encode(), SERVICES))


def refused_whole(content: bytes) -> Refused:
    with pytest.raises(Refused) as refusal:
        debt_file.read(content, SERVICES)
    return refusal.value


def test_a_good_line_becomes_a_debt() -> None:
    (row,) = read(line(rata="5", rate_totali="7"))
    assert (row.line, row.external_id, row.code) == (2, "TARI-1", None)
    assert row.debt is not None
    assert row.debt.amount_cents == 14_850
    assert row.debt.due_date == date(2026, 12, 2)
    assert row.debt.instalment == Instalment(number=5, total=7)
    assert row.debt.debtor.full_name == "Rossi Mario"


@pytest.mark.parametrize(
    ("changed", "code", "column"),
    [
        ({"codice_debito": ""}, "invalid_request", "codice_debito"),
        ({"codice_debito": "x" * 71}, "invalid_request", "codice_debito"),
        ({"servizio": "PALESTRA"}, "unknown_service", "servizio"),
        ({"codice_fiscale": "RSSMRA85T10A562T"}, "invalid_fiscal_code", "codice_fiscale"),
        ({"codice_fiscale": ""}, "anonymous_not_allowed", "codice_fiscale"),
        ({"codice_fiscale": "anonimo"}, "anonymous_not_allowed", "codice_fiscale"),
        ({"codice_fiscale": "8,00123E+10"}, "spreadsheet_value", "codice_fiscale"),
        ({"codice_debito": "1,23457E+11"}, "spreadsheet_value", "codice_debito"),
        ({"codice_debito": "1.3E+11"}, "spreadsheet_value", "codice_debito"),
        ({"codice_debito": "1E+15"}, "spreadsheet_value", "codice_debito"),
        ({"codice_debito": "1,3e11"}, "spreadsheet_value", "codice_debito"),
        ({"codice_debito": " 1,3E+11\u200b"}, "spreadsheet_value", "codice_debito"),
        ({"codice_debito": "#NOME?"}, "spreadsheet_value", "codice_debito"),
        ({"codice_debito": "########"}, "spreadsheet_value", "codice_debito"),
        ({"causale": "#N/D"}, "spreadsheet_value", "causale"),
        ({"importo": "#VALORE!"}, "spreadsheet_value", "importo"),
        ({"scadenza": "#####"}, "spreadsheet_value", "scadenza"),
        ({"codice_fiscale": "80012345675"}, "invalid_fiscal_code", "codice_fiscale"),
        ({"cognome_nome": " "}, "name_required", "cognome_nome"),
        ({"cognome_nome": "x" * 71}, "name_too_long", "cognome_nome"),
        ({"causale": ""}, "description_required", "causale"),
        ({"causale": "x" * 141}, "description_too_long", "causale"),
        ({"causale": "a\x01b"}, "invalid_request", "causale"),
        ({"importo": "148,505"}, "invalid_amount", "importo"),
        ({"importo": "148.505"}, "invalid_amount", "importo"),
        ({"importo": "-5"}, "invalid_amount", "importo"),
        ({"importo": "1e3"}, "invalid_amount", "importo"),
        ({"importo": ""}, "invalid_amount", "importo"),
        ({"importo": "0,00"}, "amount_out_of_range", "importo"),
        ({"importo": "1.000.000.000,00"}, "amount_out_of_range", "importo"),
        ({"importo": "10.000,01"}, "amount_not_allowed", "importo"),
        ({"scadenza": "31/11/2026"}, "invalid_date", "scadenza"),
        ({"servizio": "1E+05"}, "spreadsheet_value", "servizio"),
        ({"servizio": "#RIF!"}, "spreadsheet_value", "servizio"),
        ({"cognome_nome": "1,23E+11"}, "spreadsheet_value", "cognome_nome"),
        ({"causale": "2,5E+15"}, "spreadsheet_value", "causale"),
        ({"importo": "1,5E+03"}, "spreadsheet_value", "importo"),
        ({"rate_totali": "#N/D"}, "spreadsheet_value", "rate_totali"),
        ({"importo": "12 50"}, "invalid_amount", "importo"),
        ({"importo": "1.234"}, "invalid_amount", "importo"),
        ({"importo": "1,234"}, "invalid_amount", "importo"),
        # 4 January 2027 without its zero, or 10 November 2009; before 2013, and after 2036.
        ({"scadenza": "40127"}, "invalid_date", "scadenza"),
        ({"scadenza": "41299"}, "invalid_date", "scadenza"),
        ({"scadenza": "50000"}, "invalid_date", "scadenza"),
        ({"scadenza": "4638"}, "invalid_date", "scadenza"),
        ({"scadenza": "311226"}, "invalid_date", "scadenza"),
        ({"scadenza": "20261301"}, "invalid_date", "scadenza"),
        ({"scadenza": "31062026"}, "invalid_date", "scadenza"),
        ({"scadenza": "2026-12-31T25:00:00Z"}, "invalid_date", "scadenza"),
        ({"scadenza": "12/31/2026"}, "invalid_date", "scadenza"),
        ({"scadenza": "31/12-2026"}, "invalid_date", "scadenza"),
        ({"scadenza": "31 dicembrino 2026"}, "invalid_date", "scadenza"),
        ({"scadenza": "2026-13-01"}, "invalid_date", "scadenza"),
        ({"scadenza": "01/01/0206"}, "invalid_date", "scadenza"),
        ({"rata": "5"}, "invalid_request", "rata"),
        ({"rata": "8", "rate_totali": "7"}, "invalid_request", "rata"),
        ({"rata": "cinque", "rate_totali": "7"}, "invalid_request", "rata"),
    ],
)
def test_a_wrong_value_refuses_its_row_by_code_and_column_and_no_other(
    changed: dict[str, str], code: str, column: str
) -> None:
    wrong, good = read(line(**changed), line(codice_debito="TARI-2"))
    assert (wrong.line, wrong.debt, wrong.code, wrong.column) == (2, None, code, column)
    assert remedy_of(code, column)
    assert good.debt is not None


@pytest.mark.parametrize("record", ["TARI-1;TARI", line() + ";x", '"' + line(), '"TARI-1"x;' + line()[7:]])
def test_a_line_that_cannot_be_split_into_the_columns_is_refused_alone(record: str) -> None:
    wrong, good = read(record, line(codice_debito="TARI-2"))
    assert (wrong.debt, wrong.code, wrong.column) == (None, ErrorCode.INVALID_REQUEST, None)
    assert good.debt is not None


def test_the_second_line_with_the_same_reference_is_refused() -> None:
    first, second = read(line(), line(importo="1,00"))
    assert first.debt is not None
    assert (second.debt, second.code, second.column) == (None, ErrorCode.DUPLICATE_REFERENCE, "codice_debito")
    assert second.external_id == "TARI-1"


def test_quoted_fields_hold_separators_and_quotes() -> None:
    (row,) = read(line(cognome_nome='"Panificio ""La Spiga""; s.n.c."', codice_fiscale="80012345676"))
    assert row.debt is not None
    assert row.debt.debtor.full_name == 'Panificio "La Spiga"; s.n.c.'


@pytest.mark.parametrize("separator", [";", ","])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_both_separators_any_line_end_and_a_byte_order_mark_are_read(
    separator: str, line_end: str, mark: bytes
) -> None:
    record = separator.join('"148,50"' if name == "importo" else GOOD[name] for name in COLUMNS)
    text = line_end.join([separator.join(COLUMNS), record, "", ""])
    (row,) = debt_file.read(mark + text.encode(), SERVICES)
    assert row.debt is not None
    assert row.debt.amount_cents == 14_850


def test_columns_may_come_in_any_order_and_blank_lines_are_passed_over() -> None:
    names = list(reversed(COLUMNS))
    rows = read("", ";".join(GOOD[name] for name in names), " ", header=";".join(name.upper() for name in names))
    assert [(row.line, row.external_id) for row in rows] == [(3, "TARI-1")]


@pytest.mark.parametrize(
    "header",
    [
        HEADER.replace("importo", "amount"),
        HEADER + ";note",
        HEADER.replace(";rata;", ";"),
        "RSSMRA85T10A562S;Rossi",
        '"x',
    ],
)
def test_another_header_refuses_the_whole_file_without_echoing_it(header: str) -> None:
    refusal = refused_whole(f"{header}\n{line()}\n".encode())
    assert refusal.code is ErrorCode.IMPORT_WRONG_HEADER
    assert set(refusal.params["expected"]) == set(COLUMNS)
    assert "RSSMRA" not in str(refusal.params)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", f"{HEADER}\n\n".encode()])
def test_a_file_without_rows_is_empty(content: bytes) -> None:
    assert refused_whole(content).code is ErrorCode.IMPORT_EMPTY


def test_more_than_5_mib_or_20_000_rows_is_too_large() -> None:
    assert refused_whole(b"x" * (5 * 1024 * 1024 + 1)).code is ErrorCode.IMPORT_TOO_LARGE
    assert refused_whole((HEADER + "\n" + "x\n" * 20_001).encode()).code is ErrorCode.IMPORT_TOO_LARGE
    assert len(list(debt_file.read((HEADER + "\n" + "x\n" * 20_000).encode(), SERVICES))) == 20_000


@given(st.binary(max_size=300))
def test_whatever_bytes_follow_the_header_are_read_or_refused_never_crashed_into(tail: bytes) -> None:
    try:
        rows = list(debt_file.read(HEADER.encode() + b"\n" + tail, SERVICES))
    except Refused:
        return
    assert all((row.debt is None) is (row.code is not None) for row in rows)


@given(st.lists(st.text(max_size=30), min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_whatever_text_stands_in_a_row_is_a_debt_or_a_refusal(values: list[str]) -> None:
    record = ";".join(values).replace("\ud800", "")
    try:
        rows = list(debt_file.read(f"{HEADER}\n{record}".encode(errors="ignore"), SERVICES))
    except Refused:
        assert not record.replace(";", "").strip("\x1a").strip()
        return
    assert all((row.debt is None) is (row.code is not None) for row in rows)
