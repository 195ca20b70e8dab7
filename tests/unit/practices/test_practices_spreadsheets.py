"""Debt files as spreadsheets and people make them: read as they are meant, or refused by column with a remedy."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ErrorCode, Refused
from contracts.shapes import Beneficiary
from services.practices.debt_file import cells
from services.practices.debt_file import files as debt_file
from services.practices.debt_file.columns import COLUMNS
from services.practices.debt_file.remedies import remedy_of
from services.practices.debt_file.rows import Row
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import ServiceRules

CASES = Path(__file__).parents[4] / "shared" / "cases"
SERVICES = {"TARI": ServiceRules("TARI"), "ESTERI": ServiceRules("ESTERI", allows_anonymous=True)}
HEADER = ";".join(COLUMNS)
GOOD = {
    "codice_debito": "TARI-1",
    "servizio": "TARI",
    "codice_fiscale": "RSSMRA85T10A562S",
    "cognome_nome": "Nicolò D’Angelò",
    "email": "",
    "causale": "Contributo attività – musica",
    "importo": "148,50",
    "scadenza": "31/12/2026",
    "rata": "",
    "rate_totali": "",
}


def line(**changed: str) -> str:
    return ";".join({**GOOD, **changed}[column] for column in COLUMNS)


def read(text: str | bytes) -> list[Row]:
    return list(debt_file.read(text.encode() if isinstance(text, str) else text, SERVICES))


def the_debt(text: str | bytes) -> Debt:
    (row,) = read(text)
    assert row.debt is not None, row
    return row.debt


def case(name: str) -> bytes:
    file = CASES / name
    if not file.exists():
        pytest.skip(f"{file} is not here")
    return file.read_bytes()


# --- encodings ---


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)
def test_a_file_in_the_encoding_of_a_spreadsheet_is_read_with_its_accents(encoding: str) -> None:
    text = f"{HEADER}\r\n{line()}\r\n"
    marks = {"utf-32-be": b"\x00\x00\xfe\xff"}
    debt = the_debt(marks.get(encoding, b"") + text.encode(encoding))
    assert (debt.debtor.full_name, debt.description) == ("Nicolò D’Angelò", "Contributo attività – musica")


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{line(cognome_nome='Nicolò')}\n{line(codice_debito='2', cognome_nome='')}".encode() + b"\xf2",
        f"{HEADER}\n{line(cognome_nome='Dal', causale='x')}\n".encode() + b"\xe2\x80\x99\xff",
        (HEADER + "\n").encode() + line(cognome_nome="Nicolò", causale="x").encode("cp850"),
        (HEADER + "\n").encode() + line(cognome_nome="Nicolò", causale="x").encode("mac-roman"),
        (HEADER + "\n").encode() + b"\x81\x8d",
        b"\xff\xfe" + HEADER.encode("utf-16-le") + b"\x00",
    ],
    ids=["UTF-8 with a byte of 1252", "UTF-8 cut", "MS-DOS", "Macintosh", "no text", "half a UTF-16"],
)
def test_another_encoding_or_two_mixed_is_refused_rather_than_loaded_with_wrong_letters(content: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        read(content)
    assert refusal.value.code is ErrorCode.IMPORT_NOT_UTF8


# --- rows and columns ---


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=; "])
def test_a_line_that_names_the_separator_is_taken_at_its_word(first: str) -> None:
    (row,) = read(f"{first}\r\n{HEADER}\r\n{line()}")
    assert (row.line, row.code) == (3, None)


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_every_separator_of_spreadsheets_is_read_named_or_not(separator: str) -> None:
    record = separator.join(f'"{GOOD[name]}"' for name in COLUMNS)
    for first in ("", f"sep={separator}\n"):
        assert the_debt(f"{first}{separator.join(COLUMNS)}\n{record}").amount_cents == 14_850


@pytest.mark.parametrize(
    ("header", "record"),
    [
        (HEADER + ";;", line() + ";;"),
        (HEADER + ";;", line() + "; ;\u00a0"),
        (HEADER, line() + ";;;;;"),
        (HEADER + ";;;", line()),
        (";" + HEADER, ";" + line()),
        (HEADER.replace(";", " ; ").upper(), line().replace(";", " ; ")),
        (HEADER.replace("_", " ").title(), line()),
        ("\ufeff" + HEADER.replace("codice_debito", "codice_\u200bdebito"), line()),
        (HEADER, line().rstrip(";")),
        (f";;;\n\n{HEADER}", line()),
    ],
)
def test_padding_around_the_columns_is_passed_over(header: str, record: str) -> None:
    assert the_debt(f"{header}\n{record}").debtor.full_name == "Nicolò D’Angelò"


@pytest.mark.parametrize(
    ("header", "record"), [(HEADER + ";;", line() + ";;x"), (HEADER, line() + ";x"), (";" + HEADER, "x;" + line())]
)
def test_a_value_under_no_column_refuses_its_row(header: str, record: str) -> None:
    assert [(row.code, row.column) for row in read(f"{header}\n{record}")] == [(ErrorCode.INVALID_REQUEST, None)]


@pytest.mark.parametrize("blank", [";" * 9, ";" * 20, " ; ;;\t;\u00a0;;;;;", "", '"";;;"";;;;;;'])
def test_rows_that_hold_nothing_are_no_rows(blank: str) -> None:
    rows = read(f"{HEADER}\n{blank}\n{line()}\n{blank}\n{blank}\x1a")
    assert [(row.line, row.code) for row in rows] == [(3, None)]


def test_a_quoted_cell_may_hold_line_breaks_and_the_lines_below_keep_their_numbers() -> None:
    broken = line(causale='"Contributo\r\na.a. 2026/27\n\n(rata unica)"')
    first, second = read(f"{HEADER}\r\n{broken}\r\n{line(codice_debito='TARI-2')}\r\n")
    assert first.debt is not None
    assert first.debt.description == "Contributo a.a. 2026/27 (rata unica)"
    assert (first.line, second.line, second.code) == (2, 6, None)


@pytest.mark.parametrize("count", [1, 30])
def test_an_unclosed_quote_swallows_no_row_below_it(count: int) -> None:
    wrong = line(causale='"Contributo')
    rows = read("\n".join([HEADER, wrong, *(line(codice_debito=f"T-{number}") for number in range(count))]))
    assert [row.code for row in rows] == [ErrorCode.INVALID_REQUEST] + [None] * count


# --- values ---


@pytest.mark.parametrize(
    "written",
    [
        "31/12/2026", "31-12-2026", "31.12.2026", "31/12/26", "31-12-26", "31 12 2026", "2026-12-31", "2026/12/31",
        "31 dicembre 2026", "31 Dic 2026", "31-dic-26", "31-dic-2026", "giovedì 31 dicembre 2026",
        "giovedì, 31 dicembre 2026", "31/12/2026 00:00", "31/12/2026 00:00:00", "2026-12-31T00:00:00",
        "2026-12-31 00:00:00.000", " 31/12/2026 ", '="31/12/2026"', "2026-12-31T00:00", "2026-12-31T00:00:00+01:00",
        "2026-12-30T23:00:00Z", "2026-12-31T22:59:59.999Z", "2026-12-31T00:00:00.000+0100", "46387", "46387,5",
        "46387.0", "31122026", "20261231", "'31/12/2026", "31-Dec-26", "31/dic/2026", "31/12/2026 0.00",
        "31\u00a0dicembre\u200b 2026",
    ],
)  # fmt: skip
def test_a_date_is_read_in_the_forms_of_italians_and_their_spreadsheets(written: str) -> None:
    assert the_debt(f"{HEADER}\n{line(scadenza=written)}").due_date == date(2026, 12, 31)


@pytest.mark.parametrize(("written", "day"), [("1/2/2027", 1), ("01/2/2027", 1), ("1° febbraio 2027", 1)])
def test_days_and_months_need_no_zero(written: str, day: int) -> None:
    assert the_debt(f"{HEADER}\n{line(scadenza=written)}").due_date == date(2027, 2, day)


@pytest.mark.parametrize(
    "written",
    [
        *("1.234,50", "1234,5", "1234.50", "€ 1.234,50", "1.234,50 €", "EUR 1234,50", "1234,50 euro", "1\u202f234,50"),
        *(
            "1,234.50",
            "1 234,50",
            "1\u00a0234,5",
            "€1234.5",
            "'1234,50",
            '="1234,50"',
            "1234,50\u200b",
            "\u00a01234,50 €\u00a0",
        ),
    ],
)
def test_an_amount_is_read_with_decimal_comma_spaces_and_currency(written: str) -> None:
    assert the_debt(f"{HEADER}\n{line(importo=written)}").amount_cents == 123_450


@pytest.mark.parametrize(
    "name",
    [
        "Rossi\u200b Mario",
        "Rossi\u202fMario",
        "\ufeffRossi\u00a0Mario\u2060",
        "Ros\u00adsi  Mario\u200e",
        "Rossi\u3000Mario",
        "Rossi\tMario",
        "Rossi\x0bMario",
        "Ro\u200dssi Ma\u200crio",
        "\u202aRossi Mario\u202c",
        "\u2068Rossi\u2069 Mario\ufe0f",
        "Rossi\u3164Mario",
        "Rossi \u2800 Mario",
        "Ros\u034fsi\u061c Mario",
    ],
)
def test_invisible_characters_are_left_out(name: str) -> None:
    assert the_debt(f"{HEADER}\n{line(cognome_nome=name)}").debtor.full_name == "Rossi Mario"


def test_letters_with_their_accents_apart_are_put_together() -> None:
    apart = "Nicolo\u0300"
    assert the_debt(f"{HEADER}\n{line(cognome_nome=apart)}").debtor.full_name == "Nicolò"


@pytest.mark.parametrize("code", ["TARI-1E5", "1E5", "E+11", "12E", "1,3", "000123", "2026/12E"])
def test_a_reference_that_only_looks_a_bit_like_a_number_is_taken_as_it_is(code: str) -> None:
    (row,) = read(f"{HEADER}\n{line(codice_debito=code)}")
    assert (row.external_id, row.code) == (code, None)


def test_a_code_in_a_formula_keeps_its_zeros() -> None:
    (row,) = read(f"{HEADER}\n{line(codice_debito=chr(61) + chr(34) + '000123' + chr(34))}")
    assert row.external_id == "000123"


@pytest.mark.parametrize("email", ["mario.d'angelo@posta.example", "mario", "mario@", "m rossi@posta.example", "-"])
def test_a_bad_email_is_left_out_with_a_warning_and_the_debt_loads(email: str) -> None:
    (row,) = read(f"{HEADER}\n{line(email=email)}")
    assert row.debt is not None
    assert row.debt.debtor.email is None
    assert (row.code, row.column, row.warning) == (None, "email", "email_left_out")
    assert remedy_of(row.warning, row.column)


@pytest.mark.parametrize("code", ["", "ANONIMO", " anonimo "])
def test_who_has_no_fiscal_code_is_billed_where_the_service_allows_it(code: str) -> None:
    anonymous = the_debt(f"{HEADER}\n{line(servizio='ESTERI', codice_fiscale=code, cognome_nome='Yamada Hanako')}")
    assert (anonymous.debtor.fiscal_code, anonymous.debtor.full_name) == ("ANONIMO", "Yamada Hanako")
    assert anonymous.debtor.entity_type == "F"
    (row,) = read(f"{HEADER}\n{line(codice_fiscale=code)}")
    assert (row.code, row.column) == (ErrorCode.ANONYMOUS_NOT_ALLOWED, "codice_fiscale")


def test_a_company_is_billed_by_its_eleven_digits() -> None:
    assert the_debt(f"{HEADER}\n{line(codice_fiscale='80012345676')}").debtor.entity_type == "G"


@given(st.text(max_size=60))
def test_the_shape_of_a_value_says_none_of_its_letters_and_digits(text: str) -> None:
    shown = cells.shape(text)
    assert len(shown) <= 64
    assert not {one for one in shown.partition("…")[0] if one.isalnum()} - {"A", "9"}


# --- cases from the field ---


@pytest.mark.parametrize(
    ("name", "references"),
    [
        ("b12-empty-rows.csv", ["BUG-E-1", "BUG-E-2"]),
        ("b12-trailing-columns.csv", ["BUG-T-1"]),
        ("b16-cp1252.csv", ["BUG-W-1"]),
        ("b16-sep-line.csv", ["BUG-S-1"]),
        ("b16-utf16.csv", ["BUG-U-1"]),
        ("b22-line-break-in-cell.csv", ["BUG-L-1", "BUG-L-2"]),
        ("b23-email-apostrophe.csv", ["BUG-M-1"]),
        ("b24-foreign-letters.csv", ["BUG-F-1", "BUG-F-2", "BUG-F-3", "BUG-F-4"]),
        ("b48-invisible-characters.csv", ["BUG-Z-1", "BUG-Z-2", "BUG-Z-3"]),
    ],
)
def test_every_row_of_a_case_from_the_field_is_read(name: str, references: list[str]) -> None:
    rows = read(case(name))
    assert [(row.external_id, row.code) for row in rows] == [(reference, None) for reference in references]


def test_the_letters_of_the_cases_are_right() -> None:
    debt = the_debt(case("b16-cp1252.csv"))
    assert (debt.debtor.full_name, debt.description) == ("Nicolò D’Angelò", "Contributo attività – musica")
    names = [row.debt.debtor.full_name for row in read(case("b24-foreign-letters.csv")) if row.debt]
    assert names == ["Đorđević Łukasz", "Østergaard Þór", "Nguyễn Thị Ánh", "Șerban Ştefan"]
    invisible = [row.debt for row in read(case("b48-invisible-characters.csv")) if row.debt]
    assert {debt.debtor.full_name for debt in invisible} == {"Rossi Mario"}
    assert "Contributo" in {debt.description for debt in invisible}


@pytest.mark.parametrize("name", ["b17-collapsed-1-first-person.csv", "b17-collapsed-2-other-person.csv"])
def test_a_collapsed_number_of_the_case_is_no_reference(name: str) -> None:
    (row,) = read(case(name))
    assert (row.external_id, row.code, row.column) == (None, ErrorCode.SPREADSHEET_VALUE, "codice_debito")


# --- whatever a spreadsheet leaves around a value ---


AROUND = ["\u00a0{}", "{}\u00a0", "\u200b{}", "{}\ufeff", " {}\t", "\u2060{}\u00ad", "{}\u3000", "\u3164{}"]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("column", COLUMNS)
def test_spaces_that_nobody_sees_around_a_value_change_nothing_in_any_column(column: str, around: str) -> None:
    values = {**GOOD, "email": "mario.rossi@posta.example", "rata": "1", "rate_totali": "2"}
    plain, padded = (
        list(
            debt_file.read(f"{HEADER}\n{';'.join({**values, **changed}[name] for name in COLUMNS)}".encode(), SERVICES)
        )
        for changed in ({}, {column: around.format(values[column])})
    )
    assert plain[0].debt is not None
    assert padded == plain


@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in {"cognome_nome", "causale"}])
def test_the_apostrophe_that_marks_a_text_is_no_part_of_a_code_a_number_or_a_day(column: str) -> None:
    values = {**GOOD, "email": "mario.rossi@posta.example", "rata": "1", "rate_totali": "2"}
    marked = {**values, column: f"'{values[column]}"}
    assert the_debt(f"{HEADER}\n{';'.join(marked[name] for name in COLUMNS)}") == the_debt(
        f"{HEADER}\n{';'.join(values[name] for name in COLUMNS)}"
    )


@pytest.mark.parametrize(
    ("written", "name"), [("'t Hooft Gerard", "'t Hooft Gerard"), ("'=Rossi", "=Rossi"), ("'-Rossi", "-Rossi")]
)
def test_a_name_keeps_an_apostrophe_of_its_own(written: str, name: str) -> None:
    assert the_debt(f"{HEADER}\n{line(cognome_nome=written)}").debtor.full_name == name


@pytest.mark.parametrize("column", ["posizione", "opzione"])
@pytest.mark.parametrize("written", ["1,23457E+11", "1E+05", "#N/D"])
def test_a_mangled_debt_position_never_joins_the_debts_of_two_people(column: str, written: str) -> None:
    values = {"posizione": "P-1", "opzione": "unica", column: written}
    (row,) = read(f"{HEADER};posizione;opzione\n{line()};{values['posizione']};{values['opzione']}")
    assert (row.debt, row.code, row.column) == (None, ErrorCode.SPREADSHEET_VALUE, column)


@pytest.mark.parametrize(
    "names",
    [
        {"codice_fiscale": "Codice Fiscale *"},
        {"codice_fiscale": "C.F."},
        {"cognome_nome": "Cognome e Nome"},
        {"cognome_nome": "Nominativo"},
        {"email": "E-mail"},
        {"importo": "Importo €"},
        {"importo": "IMPORTO (euro)"},
        {"scadenza": "Data scadenza"},
        {"codice_debito": "codice-debito"},
        {"rate_totali": "Numero rate"},
    ],
)
def test_a_header_is_read_as_people_write_it(names: dict[str, str]) -> None:
    header = ";".join(names.get(column, column) for column in COLUMNS)
    assert the_debt(f"{header}\n{line()}").amount_cents == 14_850


def test_a_column_that_comes_twice_is_told_and_one_that_is_none_of_ours_by_its_place() -> None:
    for header, told in (
        (f"{HEADER};importo", {"repeated": ["importo"]}),
        (f"{HEADER};Importo €", {"repeated": ["importo"]}),
        (f"{HEADER};RSSMRA85T10A562S;;note", {"unknown": [11, 13]}),
    ):
        with pytest.raises(Refused) as refused:
            read(f"{header}\n{line()};1")
        assert refused.value.code is ErrorCode.IMPORT_WRONG_HEADER
        assert {name: refused.value.params[name] for name in told} == told
        assert "RSSMRA" not in str(refused.value.params)


def test_for_whom_it_is_paid_stands_in_four_columns_or_in_none() -> None:
    header = f"{HEADER};beneficiario;corso;scuola;tipo_contributo"
    debt = the_debt(f"{header}\n{line()};Rossi Anna;Pianoforte;Tastiere;Retta")
    assert debt.beneficiary == Beneficiary(
        full_name="Rossi Anna", course="Pianoforte", school="Tastiere", contribution_type="Retta"
    )
    assert the_debt(f"{header}\n{line()};;;;").beneficiary is None
    (row,) = read(f"{header}\n{line()};Rossi Anna;;Tastiere;Retta")
    assert (row.code, row.column) == (ErrorCode.NAME_REQUIRED, "corso")
    assert remedy_of(row.code, row.column)


def test_a_refused_row_keeps_what_it_held_by_our_columns() -> None:
    wrong = line(importo="x", causale="a\x01b")
    (row,) = read(f"{HEADER}\n{wrong}")
    assert row.cells is not None
    assert (row.cells["importo"], row.cells["causale"], row.cells["codice_debito"]) == ("x", "ab", "TARI-1")
    assert "email" not in row.cells


def test_the_columns_of_a_report_are_passed_over_when_its_rows_are_sent_again() -> None:
    header = f"riga;colonna;valore;problema;rimedio;{HEADER}"
    assert the_debt(f"{header}\n3;importo;A;Non si legge.;Scrivi gli euro.;{line()}").amount_cents == 14_850
