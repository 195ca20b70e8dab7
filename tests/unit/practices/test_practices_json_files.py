"""Debt files in JSON: with the API's fields a line, GovPay's and pagoPA's documents, and what breaks off."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ErrorCode, Refused
from contracts.shapes import Beneficiary, Instalment
from services.practices.debt_file import files, json_records
from services.practices.debt_file.columns import FileConventions
from services.practices.debt_file.remedies import remedy_of
from services.practices.debt_file.rows import Row
from services.practices.domain.debt_rules import ServiceRules

SERVICES = {"TARI": ServiceRules("TARI"), "RETTA": ServiceRules("RETTA")}
ENTITY = FileConventions(creditor_fiscal_code="80012345676", service_of_category={"9/0101101IM/": "TARI"})
API = {
    "external_id": "TARI-1",
    "service_code": "TARI",
    "fiscal_code": "RSSMRA85T10A562S",
    "full_name": "Rossi Mario",
    "email": "mario.rossi@posta.example",
    "amount_cents": 14_850,
    "description": "TARI 2026 – è l’ultima",
    "due_date": "2026-12-31",
}
GOVPAY = {
    "idA2A": "GESTIONALE",
    "idPendenza": "TARI-1",
    "idTipoPendenza": "TARI",
    "idDominio": "80012345676",
    "causale": "TARI 2026",
    "soggettoPagatore": {"tipo": "F", "identificativo": "RSSMRA85T10A562S", "anagrafica": "Rossi Mario"},
    "importo": 148.5,
    "dataScadenza": "2026-12-31",
    "voci": [{"idVocePendenza": "1", "importo": 148.5, "descrizione": "TARI", "ibanAccredito": "IT1"}],
}
TRANSFER = {
    "idTransfer": "1",
    "amount": 14_850,
    "organizationFiscalCode": "80012345676",
    "remittanceInformation": "TARI 2026",
    "category": "9/0101101IM/",
    "iban": "IT1",
}
OPTION = {
    "iuv": "01000000000000134",
    "amount": 14_850,
    "description": "TARI 2026",
    "isPartialPayment": False,
    "dueDate": "2026-12-31T00:00:00",
    "transfer": [TRANSFER],
}
POSITION = {
    "iupd": "POS-1",
    "type": "F",
    "fiscalCode": "RSSMRA85T10A562S",
    "fullName": "Rossi Mario",
    "companyName": "Comune",
    "switchToExpired": False,
    "paymentOption": [OPTION],
}


def read(text: str, encoding: str = "utf-8") -> list[Row]:
    return list(files.read(text.encode(encoding), SERVICES, ENTITY))


def lines(*items: dict[str, Any]) -> str:
    return "\n".join(json.dumps(item, ensure_ascii=False) for item in items)


def told(rows: list[Row]) -> list[tuple[int, str | None, str | None, str | None]]:
    return [(row.line, row.external_id, row.code and row.code.value, row.column) for row in rows]


def in_pieces(text: str, size: int) -> list[Row]:
    content = text.encode()

    def pieces() -> Iterator[bytes]:
        return (content[at : at + size] for at in range(0, len(content), size))

    return list(files.read_pieces(pieces, SERVICES, ENTITY))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_line_with_the_fields_of_the_api_is_a_debt(encoding: str) -> None:
    (row,) = read(lines(API), encoding)
    assert row.debt is not None, row
    assert (row.line, row.external_id, row.debt.amount_cents) == (1, "TARI-1", 14_850)
    assert (row.debt.due_date, row.debt.description) == (date(2026, 12, 31), "TARI 2026 – è l’ultima")


def test_everything_that_the_api_takes_of_a_debt_a_line_takes_too() -> None:
    more = {
        "instalment": {"number": 2, "total": 3},
        "schedule": {
            "valid_until": "2026-12-31",
            "surcharge_cents": 500,
            "interest_basis_points": 250,
            "printed_date": None,
        },
        "beneficiary": {
            "full_name": "Rossi Anna",
            "course": "Pianoforte",
            "school": "Tastiere",
            "contribution_type": "Retta",
        },
        "debt_position": "POS-1",
        "option": "rate",
        "email": None,
    }
    (row,) = read(lines({**API, **more}))
    debt = row.debt
    assert debt is not None, row
    assert debt.schedule is not None
    assert debt.instalment == Instalment(number=2, total=3)
    assert (debt.schedule.surcharge_cents, debt.schedule.interest_basis_points) == (500, 250)
    assert debt.beneficiary == Beneficiary(
        full_name="Rossi Anna", course="Pianoforte", school="Tastiere", contribution_type="Retta"
    )
    assert (debt.debt_position, debt.option, debt.debtor.email) == ("POS-1", "rate", None)


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("{", "invalid_request", "json"),
        ("12", "invalid_request", "json"),
        ("[" * 100_000, "invalid_request", "json"),
        ('{"external_id": NaN}', "invalid_request", "json"),
        (json.dumps({**API, "colour": "red"}), "invalid_request", "json"),
        (json.dumps({**API, "instalment": {"of": 3}}), "invalid_request", "json"),
        (json.dumps({**API, "amount_cents": 148.5}), "invalid_amount", "importo"),
        (json.dumps({**API, "amount_cents": "14850"}), "invalid_amount", "importo"),
        (json.dumps({**API, "amount_cents": True}), "invalid_amount", "importo"),
        (json.dumps({**API, "amount_cents": 0}), "amount_out_of_range", "importo"),
        (json.dumps({**API, "amount_cents": -5}), "invalid_amount", "importo"),
        (json.dumps({**API, "amount_cents": None}), "invalid_amount", "importo"),
        ('{"external_id": "A", "amount_cents": 1' + "0" * 4_000 + "}", "amount_out_of_range", "importo"),
        (json.dumps({**API, "fiscal_code": ["x"]}), "invalid_request", "codice_fiscale"),
        (json.dumps({**API, "due_date": "2026-02-30"}), "invalid_date", "scadenza"),
        (json.dumps({**API, "service_code": "PALESTRA"}), "unknown_service", "servizio"),
        (json.dumps({**API, "external_id": "1,23E+11"}), "spreadsheet_value", "codice_debito"),
        (json.dumps({**API, "full_name": "\ud800"}), "invalid_request", "cognome_nome"),
    ],
)
def test_a_wrong_line_is_refused_by_its_number_and_no_other(line: str, code: str, column: str) -> None:
    first, wrong, last = read(
        f"{lines({**API, 'external_id': 'A-1'})}\n{line}\n\n{lines({**API, 'external_id': 'A-2'})}\n"
    )
    assert (wrong.line, wrong.debt, wrong.code, wrong.column) == (2, None, code, column)
    assert remedy_of(code, column)
    assert (first.line, last.line) == (1, 4)
    assert first.debt is not None
    assert last.debt is not None


def test_a_number_is_a_text_as_long_as_it_has_eighteen_digits_and_true_is_no_number() -> None:
    longest = 10**18 - 1
    rows = read(lines(*({**API, "external_id": one} for one in (longest, -longest, longest + 1, True))))
    assert [row.external_id for row in rows] == [str(longest), str(-longest), None, None]
    assert [row.column for row in rows if row.code] == ["codice_debito"] * 2


def test_a_reference_that_comes_twice_is_refused_the_second_time() -> None:
    assert [code for _, _, code, _ in told(read(lines(API, API)))] == [None, "duplicate_reference"]


def test_govpays_document_is_read_with_what_it_annuls_told() -> None:
    document = {
        "idTracciato": "T-1",
        "idDominio": "80012345676",
        "inserimenti": [
            GOVPAY,
            {**GOVPAY, "idPendenza": "TARI-2", "idDominio": None, "importo": 10},
            {**GOVPAY, "idPendenza": "TARI-3", "idDominio": "80098765433"},
            {**GOVPAY, "idPendenza": "TARI-4", "voci": [{"tipoBollo": "01"}]},
            {**GOVPAY, "idPendenza": "TARI-5", "voci": [{"idDominio": "80098765433"}]},
            {
                **GOVPAY,
                "idPendenza": "M-1",
                "documento": {"identificativo": "V", "soglia": {"tipo": "ENTRO", "giorni": 5}},
            },
        ],
        "annullamenti": [{"idA2A": "G", "idPendenza": "TARI-9", "motivoAnnullamento": "errore"}],
    }
    rows = read(json.dumps(document, indent=2))
    assert told(rows) == [
        (1, "TARI-1", None, None),
        (2, "TARI-2", None, None),
        (3, "TARI-3", "invalid_request", "ente"),
        (4, "TARI-4", "stamp_required", "servizio"),
        (5, "TARI-5", "invalid_request", "beneficiari"),
        (6, "M-1", None, None),
        (7, "TARI-9", "invalid_request", "azione"),
    ]
    assert [row.debt.amount_cents for row in rows if row.debt] == [14_850, 1_000, 14_850]
    assert rows[5].debt is not None
    assert (rows[5].debt.debt_position, rows[5].debt.option) == ("V", "ENTRO5")
    assert rows == in_pieces(json.dumps(document), 7)


def test_pagopas_positions_are_read_payment_by_payment_the_service_by_its_category() -> None:
    plan = [{**OPTION, "amount": 7_425, "isPartialPayment": True, "iuv": None} for _ in range(2)]
    other = {**OPTION, "transfer": [TRANSFER, {**TRANSFER, "organizationFiscalCode": "80098765433"}]}
    positions = [
        POSITION,
        {**POSITION, "iupd": "POS-2", "paymentOption": [*plan, {**OPTION, "iuv": ""}]},
        {**POSITION, "iupd": "POS-3", "paymentOption": [other]},
        {**POSITION, "iupd": "POS-4", "paymentOption": [{**OPTION, "transfer": [{**TRANSFER, "category": "9/1/"}]}]},
        {**POSITION, "iupd": "POS-5", "paymentOption": []},
        {**POSITION, "iupd": "POS-6", "paymentOption": [{**OPTION, "amount": 148.5}]},
    ]
    rows = read(json.dumps({"paymentPositions": positions}))
    assert told(rows) == [
        (1, "POS-1", None, "numero_avviso"),
        (2, "POS-2-1-1", None, None),
        (3, "POS-2-1-2", None, None),
        (4, "POS-2-2", None, None),
        (5, "POS-3", "invalid_request", "beneficiari"),
        (6, "POS-4", "unknown_service", "servizio"),
        (7, None, "invalid_request", "json"),
        (8, None, "invalid_amount", "importo"),
    ]
    assert rows[0].warning == "notice_number_left_out"
    debts = [row.debt for row in rows if row.debt]
    assert [debt.amount_cents for debt in debts] == [14_850, 7_425, 7_425, 14_850]
    assert [(debt.debt_position, debt.option) for debt in debts] == [
        (None, None),
        ("POS-2", "1"),
        ("POS-2", "1"),
        ("POS-2", "2"),
    ]
    assert [debt.instalment for debt in debts[1:3]] == [Instalment(number=n, total=2) for n in (1, 2)]
    assert rows == in_pieces(json.dumps({"paymentPositions": positions}), 11)


def test_pagopas_positions_of_the_third_form_have_a_debtor_for_each_option() -> None:
    debtor = {"type": "F", "fiscalCode": "RSSMRA85T10A562S", "fullName": "Rossi Mario"}
    parts = [{**OPTION, "iuv": "", "installmentMetadata": [{"key": "servizio", "value": "RETTA"}]} for _ in range(2)]
    position = {
        "iupd": "POS-1",
        "companyName": "Comune",
        "paymentOption": [
            {"debtor": debtor, "installments": parts, "switchToExpired": False},
            {
                "debtor": {**debtor, "fiscalCode": "VRDLCU99L14A662K", "fullName": "Verdi Luca"},
                "installments": parts[:1],
            },
        ],
    }
    rows = read(json.dumps([position]))
    assert [(row.external_id, row.debt and row.debt.debtor.full_name) for row in rows] == [
        ("POS-1-1-1", "Rossi Mario"),
        ("POS-1-1-2", "Rossi Mario"),
        ("POS-1-2", "Verdi Luca"),
    ]
    assert {row.debt.service_code for row in rows if row.debt} == {"RETTA"}


@pytest.mark.parametrize("size", [1, 3, 50, 100_000])
@pytest.mark.parametrize(
    "text", [lines(API, {**API, "external_id": "B"}), json.dumps([API, {**API, "external_id": "B"}])]
)
def test_json_is_the_same_however_the_file_is_cut(text: str, size: int) -> None:
    assert in_pieces(text, size) == read(text)
    assert [row.external_id for row in read(text)] == ["TARI-1", "B"]


def test_what_is_behind_a_break_in_a_document_is_told_as_one_row() -> None:
    whole = json.dumps([API, {**API, "external_id": "B"}])
    for broken in (whole[:-30], whole.replace("}, {", "} {"), whole[:-1] + "}"):
        rows = read(broken)
        assert rows[0].debt is not None
        assert (rows[-1].code, rows[-1].column) == (ErrorCode.INVALID_REQUEST, "json")


def test_an_object_beyond_all_measure_is_not_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_records, "_OBJECT_MAX_CHARS", 1_000)
    long = json.dumps([{**API, "description": "x" * 5_000}, API])
    assert [(row.line, row.column) for row in in_pieces(long, 100)] == [(1, "json")]


@pytest.mark.parametrize("text", ["[]", "{}", '{"paymentPositions": []}', " \n"])
def test_a_document_without_debts_is_empty_or_refused(text: str) -> None:
    if text == "{}":
        assert [row.code for row in read(text)] == [ErrorCode.INVALID_REQUEST]
        return
    with pytest.raises(Refused) as refused:
        read(text)
    assert refused.value.code is ErrorCode.IMPORT_EMPTY


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*API, *GOVPAY, *POSITION]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(items=st.lists(JSON_VALUES, max_size=4), in_lines=st.booleans())
def test_whatever_json_stands_in_a_file_is_a_debt_or_a_refusal(items: list[Any], *, in_lines: bool) -> None:
    text = "{}\n" + "\n".join(map(json.dumps, items)) if in_lines else json.dumps(items)
    try:
        rows = read(text)
    except Refused:
        return
    assert all((row.debt is None) is (row.code is not None) for row in rows)
    assert len({row.line for row in rows}) == len(rows)
