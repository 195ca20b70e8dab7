"""Debt files of other software: told by their headers, read into the same debts, refused where they ask for more."""

from datetime import date

import pytest

from contracts.errors import ErrorCode, Refused
from services.practices.debt_file import files
from services.practices.debt_file.columns import COLUMNS, FileConventions
from services.practices.debt_file.remedies import remedy_of
from services.practices.debt_file.rows import Row
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import ServiceRules

SERVICES = {"TARI": ServiceRules("TARI"), "MULTE": ServiceRules("MULTE", allows_anonymous=True)}
ENTITY = FileConventions(creditor_fiscal_code="80012345676")
GOVPAY = {
    "idA2A": "GESTIONALE",
    "idPendenza": "TARI-2026-1",
    "idDominio": "80012345676",
    "numeroAvviso": "",
    "tipoPendenza": "TARI",
    "causale": "TARI 2026, rata unica",
    "importo": "148.50",
    "dataValidita": "2026-11-30",
    "dataScadenza": "2026-12-31",
    "tipoSoggettoPagatore": "F",
    "identificativoPagatore": "RSSMRA85T10A562S",
    "anagraficaPagatore": "Rossi Mario",
    "indirizzoPagatore": "Via Roma, 1",
    "emailPagatore": "mario.rossi@posta.example",
    "idVoce1": "1",
    "importoVoce1": "148.50",
    "tipoBolloVoce1": "",
    "idDocumento": "",
    "numeroRata": "",
}
UNIFIED = {
    "IUPD": "",
    "indiceOpzionePagamento": "",
    "iud": "TARI-2026-1",
    "codIUV": "",
    "tipoIdentificativoUnivoco": "F",
    "codiceIdentificativoUnivoco": "RSSMRA85T10A562S",
    "anagraficaPagatore": "Rossi Mario",
    "indirizzoPagatore": "Via Roma, 1",
    "emailPagatore": "mario.rossi@posta.example",
    "dataEsecuzionePagamento": "2026-12-31",
    "importoDovuto": "148.50",
    "tipoDovuto": "TARI",
    "causaleVersamento": "TARI 2026, rata unica",
    "flagMultiBeneficiario": "false",
    "codiceFiscaleEnte_2": "",
    "azione": "I",
}
UNIFIED_2 = {
    "iupdOrg": "",
    "description": "TARI",
    "paymentOptionIndex": "",
    "iud": "TARI-2026-1",
    "iuv": "",
    "entityType": "F",
    "fiscalCode": "RSSMRA85T10A562S",
    "fullName": "Rossi Mario",
    "email": "mario.rossi@posta.example",
    "dueDate": "2026-12-31",
    "amount": "148.50",
    "debtPositionTypeCode": "TARI",
    "remittanceInformation": "TARI 2026, rata unica",
    "flagMultiBeneficiary": "false",
    "action": "I",
    "draft": "",
}
LAYOUTS = pytest.mark.parametrize("layout", [GOVPAY, UNIFIED, UNIFIED_2], ids=["GovPay", "unified", "unified 2"])


def read(*rows: dict[str, str], separator: str = ",", conventions: FileConventions = ENTITY) -> list[Row]:
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    text = "\n".join(separator.join(f'"{cell}"' for cell in cells) for cells in lines)
    return list(files.read(text.encode(), SERVICES, conventions))


def the_debt(row: dict[str, str]) -> Debt:
    (found,) = read(row)
    assert found.debt is not None, found
    return found.debt


@LAYOUTS
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_row_of_another_softwares_file_is_a_debt(layout: dict[str, str], separator: str) -> None:
    (row,) = read(layout, separator=separator)
    assert row.debt is not None, row
    assert (row.external_id, row.debt.service_code, row.warning) == ("TARI-2026-1", "TARI", None)
    assert (row.debt.amount_cents, row.debt.due_date) == (14_850, date(2026, 12, 31))
    assert row.debt.description == "TARI 2026, rata unica"
    debtor = row.debt.debtor
    assert (debtor.fiscal_code, debtor.full_name, debtor.email) == (
        "RSSMRA85T10A562S",
        "Rossi Mario",
        "mario.rossi@posta.example",
    )
    assert (row.debt.debt_position, row.debt.option) == (None, None)


@LAYOUTS
def test_the_columns_of_another_layout_may_come_in_any_order_and_be_written_otherwise(layout: dict[str, str]) -> None:
    turned = {name.upper() + " ": text for name, text in reversed(layout.items())}
    assert the_debt(turned) == the_debt(layout)


@pytest.mark.parametrize(
    ("layout", "changed", "code", "column"),
    [
        (GOVPAY, {"importo": "0"}, "invalid_request", "azione"),
        (GOVPAY, {"importo": "0.00"}, "invalid_request", "azione"),
        (GOVPAY, {"importo": "148.505"}, "invalid_amount", "importo"),
        (GOVPAY, {"idDominio": "80098765433"}, "invalid_request", "ente"),
        (GOVPAY, {"tipoBolloVoce1": "01"}, "stamp_required", "servizio"),
        (GOVPAY, {"tipoPendenza": "LIBERO"}, "unknown_service", "servizio"),
        (GOVPAY, {"idPendenza": "1,23E+11"}, "spreadsheet_value", "codice_debito"),
        (GOVPAY, {"idDocumento": "1,23E+11", "numeroRata": "1"}, "spreadsheet_value", "posizione"),
        (GOVPAY, {"identificativoPagatore": "ANONIMO"}, "anonymous_not_allowed", "codice_fiscale"),
        (UNIFIED, {"azione": "A"}, "invalid_request", "azione"),
        (UNIFIED, {"flagMultiBeneficiario": "true"}, "invalid_request", "beneficiari"),
        (UNIFIED, {"codiceFiscaleEnte_2": "80098765433"}, "invalid_request", "beneficiari"),
        (UNIFIED, {"iud": ""}, "invalid_request", "codice_debito"),
        (UNIFIED_2, {"action": "a"}, "invalid_request", "azione"),
        (UNIFIED_2, {"draft": "true"}, "invalid_request", "azione"),
        (UNIFIED_2, {"dueDate": "2026-02-30"}, "invalid_date", "scadenza"),
    ],
)
def test_what_asks_for_more_than_a_debt_refuses_its_row_by_column_and_no_other(
    layout: dict[str, str], changed: dict[str, str], code: str, column: str
) -> None:
    wrong, good = read(
        {**layout, **changed},
        {**layout, "idPendenza": "TARI-2"} if "idPendenza" in layout else {**layout, "iud": "TARI-2"},
    )
    assert (wrong.debt, wrong.code, wrong.column) == (None, code, column)
    assert remedy_of(code, column)
    assert good.debt is not None


@pytest.mark.parametrize(("layout", "column"), [(GOVPAY, "numeroAvviso"), (UNIFIED, "codIUV"), (UNIFIED_2, "iuv")])
def test_a_notice_number_of_another_software_is_left_out_and_told(layout: dict[str, str], column: str) -> None:
    (row,) = read({**layout, column: "301000000000000134"})
    assert row.debt is not None
    assert (row.warning, row.column) == ("notice_number_left_out", "numero_avviso")
    assert remedy_of(row.warning, row.column)


@pytest.mark.parametrize(
    ("part", "option"), [("1", "rate"), ("2", "rate"), ("ENTRO5", "ENTRO5"), ("OLTRE5", "OLTRE5"), ("", "unica")]
)
def test_debts_of_one_document_are_ways_of_paying_it(part: str, option: str) -> None:
    debt = the_debt({**GOVPAY, "idDocumento": "VERBALE-1", "numeroRata": part})
    assert (debt.debt_position, debt.option) == ("VERBALE-1", option)


def test_an_option_of_the_unified_platform_is_one_of_its_position() -> None:
    debt = the_debt({**UNIFIED, "IUPD": "POS-1", "indiceOpzionePagamento": "2"})
    assert (debt.debt_position, debt.option) == ("POS-1", "2")
    alone = the_debt({**UNIFIED, "indiceOpzionePagamento": "1"})
    assert (alone.debt_position, alone.option) == (None, None)


def test_validity_stands_for_a_due_date_that_is_not_there() -> None:
    assert the_debt({**GOVPAY, "dataScadenza": ""}).due_date == date(2026, 11, 30)


# --- a body's own names ---

THEIRS = ["Num. posizione", "Tipo", "Cod. fiscale / P. IVA", "Contribuente", "Oggetto", "Importo totale", "Indirizzo"]
OURS = ["codice_debito", "servizio", "codice_fiscale", "cognome_nome", "causale", "importo", ""]
MAPPED = FileConventions(columns=dict(zip(THEIRS, OURS, strict=True)))
VALUES = ["TARI-1", "TARI", "RSSMRA85T10A562S", "Rossi Mario", "TARI 2026", "148,50", "Via Roma 1"]


def of_body(header: list[str], values: list[str], conventions: FileConventions) -> Row:
    text = f"{';'.join(header)}\n{';'.join(values)}"
    (row,) = files.read(text.encode(), SERVICES, conventions)
    return row


def test_a_bodys_names_are_read_as_its_catalogue_says_and_its_other_columns_passed_over() -> None:
    row = of_body([name.upper() for name in THEIRS], VALUES, MAPPED)
    assert row.debt is not None
    assert (row.external_id, row.debt.amount_cents, row.debt.due_date) == ("TARI-1", 14_850, None)
    # Ours may stand beside them.
    more = of_body([*THEIRS, "scadenza"], [*VALUES, "31/12/2026"], MAPPED)
    assert more.debt is not None
    assert more.debt.due_date == date(2026, 12, 31)


def test_what_a_body_has_no_column_for_may_be_the_same_in_every_row() -> None:
    without = [one for one in zip(THEIRS, VALUES, strict=True) if one[0] != "Tipo"]
    conventions = FileConventions(columns=MAPPED.columns, constants={"servizio": "TARI"})
    row = of_body([name for name, _ in without], [text for _, text in without], conventions)
    assert row.debt is not None
    assert row.debt.service_code == "TARI"
    # A column that is there says it itself.
    named = of_body(THEIRS, ["TARI-1", "MULTE", *VALUES[2:]], conventions)
    assert named.debt is not None
    assert named.debt.service_code == "MULTE"


def test_a_bodys_names_are_for_its_own_files_and_ours_go_on_being_read() -> None:
    ours = dict(zip(OURS, VALUES, strict=True))
    record = ";".join(ours.get(name, "") for name in COLUMNS)
    (row,) = files.read(f"{';'.join(COLUMNS)}\n{record}".encode(), SERVICES, MAPPED)
    assert row.debt is not None
    (govpay,) = read(GOVPAY, conventions=MAPPED)
    assert govpay.debt is not None
    for header in (THEIRS[1:], [*THEIRS, "altro"]):
        with pytest.raises(Refused) as refused:
            of_body(header, VALUES, MAPPED)
        assert refused.value.code is ErrorCode.IMPORT_WRONG_HEADER
