"""The fields that a service has of its own: checked, in a causale, shown, and as columns of a debt file."""

import json
from typing import Any

import pytest

from contracts.error_details import ExtraFieldNotAllowed, InvalidRequest, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.extra_fields import ExtraChoice, ExtraField
from contracts.shapes import LocalisedText
from services.practices.debt_file import files, remedies
from services.practices.debt_file.columns import COLUMNS, FileConventions
from services.practices.debt_file.rows import Row
from services.practices.debt_file.written_rows import cells_of
from services.practices.domain import extras
from services.practices.domain.debt_rules import ServiceRules


def _text(it: str) -> LocalisedText:
    return LocalisedText(it=it, en=f"{it} (en)")


FIELDS = (
    ExtraField(name="concessione", kind="text", label=_text("Concessione"), required=True, shape="9999/9999"),
    ExtraField(name="targa", kind="plate", label=_text("Targa")),
    ExtraField(name="cf_alunno", kind="fiscal_code", label=_text("Codice fiscale"), required=True),
    ExtraField(name="dal", kind="date", label=_text("Dal")),
    ExtraField(
        name="plesso",
        kind="choice",
        label=_text("Scuola"),
        choices=[
            ExtraChoice(value="NIDO", title=_text("Asilo nido")),
            ExtraChoice(value="MEDIA", title=_text("Media")),
        ],
    ),
)
WHOLE = {"concessione": "0012/2026", "cf_alunno": "RSSMRA85T10A562S"}
SERVICES = {"COSAP": ServiceRules("COSAP", extra_fields=FIELDS), "TARI": ServiceRules("TARI")}
CONVENTIONS = FileConventions(extra_columns=frozenset(field.name for field in FIELDS))
GOOD = {
    **dict.fromkeys(COLUMNS, ""),
    "codice_debito": "C-1",
    "servizio": "COSAP",
    "codice_fiscale": "RSSMRA85T10A562S",
    "cognome_nome": "Rossi Mario",
    "causale": "Canone",
    "importo": "10,00",
}


def the_row(values: dict[str, str]) -> Row:
    text = f"{';'.join(values)}\n{';'.join(values.values())}"
    (row,) = files.read(text.encode(), SERVICES, CONVENTIONS)
    return row


def test_values_are_checked_and_stored_in_the_order_of_the_fields() -> None:
    typed = {"plesso": "media", "targa": " ab 123 cd ", **WHOLE, "dal": ""}
    checked = extras.checked_extras(FIELDS, typed, is_inserted=True)
    assert list(checked.items()) == [
        ("concessione", "0012/2026"),
        ("targa", "AB123CD"),
        ("cf_alunno", "RSSMRA85T10A562S"),
        ("plesso", "MEDIA"),
    ]


def test_what_is_required_is_so_of_who_pays_and_not_of_what_the_entity_issues() -> None:
    assert extras.checked_extras(FIELDS, {}, is_inserted=False) == {}
    with pytest.raises(Refused) as refused:
        extras.checked_extras(FIELDS, {"concessione": "0012/2026"}, is_inserted=True)
    assert refused.value.code is ErrorCode.EXTRA_FIELD_NOT_ALLOWED
    assert detail_of(refused.value, ExtraFieldNotAllowed) == ExtraFieldNotAllowed(field="cf_alunno", problem="required")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"concessione": "12/2026"}, ErrorCode.EXTRA_FIELD_NOT_ALLOWED),
        ({"concessione": "1,23457E+11"}, ErrorCode.SPREADSHEET_VALUE),
        ({"concessione": "a\x00b"}, ErrorCode.INVALID_REQUEST),
        ({"altro": "x"}, ErrorCode.INVALID_REQUEST),
    ],
)
def test_what_no_field_takes_is_refused(typed: dict[str, str], code: ErrorCode) -> None:
    with pytest.raises(Refused) as refused:
        extras.checked_extras(FIELDS, typed, is_inserted=False)
    assert refused.value.code is code
    if "altro" in typed:
        assert detail_of(refused.value, InvalidRequest) == InvalidRequest(fields=["extras"])


def test_a_causale_is_composed_of_what_fits_whole_and_never_of_a_fiscal_code() -> None:
    values = {**WHOLE, "targa": "AB123CD", "plesso": "MEDIA"}
    assert extras.composed_description("Canone", FIELDS, values) == "Canone - 0012/2026 - AB123CD - Media"
    assert extras.composed_description("C" * 135, FIELDS, values) == "C" * 135
    assert extras.composed_description("C" * 131, FIELDS, values) == "C" * 131 + " - Media"
    assert extras.composed_description("C" * 200, FIELDS, values) == "C" * 140


def test_values_are_shown_with_their_labels_also_those_of_fields_that_are_gone() -> None:
    shown = extras.shown_extras(FIELDS, {"vecchio": "1", "plesso": "MEDIA", "concessione": "0012/2026"})
    assert [(one.name, one.label.it, one.value, one.title and one.title.it) for one in shown] == [
        ("concessione", "Concessione", "0012/2026", None),
        ("plesso", "Scuola", "MEDIA", "Media"),
        ("vecchio", "vecchio", "1", None),
    ]


def test_each_field_is_a_column_of_the_entitys_files_in_any_order() -> None:
    values = {"Concessione": "0012/2026", "dal": "1 gennaio 2026", **GOOD, "cf alunno": "rssmra85t10a562s"}
    row = the_row(values)
    assert row.debt is not None
    assert row.debt.extras == {"concessione": "0012/2026", "cf_alunno": "RSSMRA85T10A562S", "dal": "2026-01-01"}
    written = cells_of("C-1", row.debt)
    assert the_row(written).debt == row.debt


def test_a_file_need_not_have_them_and_a_row_may_end_before_them() -> None:
    debt = the_row(GOOD).debt
    assert debt is not None
    assert debt.extras == {}
    text = f"{';'.join(GOOD)};targa\n{';'.join(GOOD.values()).rstrip(';')}"
    (row,) = files.read(text.encode(), SERVICES, CONVENTIONS)
    assert row.debt == debt


@pytest.mark.parametrize(
    ("changed", "code", "column"),
    [
        ({"concessione": "12-2026"}, ErrorCode.EXTRA_FIELD_NOT_ALLOWED, "concessione"),
        ({"targa": "1,23E+11"}, ErrorCode.SPREADSHEET_VALUE, "targa"),
        ({"dal": "31/02/2026"}, ErrorCode.INVALID_DATE, "dal"),
        ({"targa": "AB123CD", "servizio": "TARI"}, ErrorCode.INVALID_REQUEST, "targa"),
    ],
)
def test_a_wrong_one_is_refused_by_its_column_with_a_remedy(
    changed: dict[str, str], code: ErrorCode, column: str
) -> None:
    row = the_row({**GOOD, **changed})
    assert (row.code, row.column) == (code, column)
    assert remedies.remedy_of(code.value, column) is not None


def test_a_header_that_is_no_field_of_the_entity_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        files.read(f"{';'.join(GOOD)};targa\n".encode(), SERVICES)
    assert refused.value.code is ErrorCode.IMPORT_WRONG_HEADER


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"targa": "AB123CD", "concessione": None}, None),
        ({"altro": "x"}, ErrorCode.INVALID_REQUEST),
        ("AB123CD", ErrorCode.INVALID_REQUEST),
    ],
)
def test_in_json_they_stand_under_extras(given: Any, code: ErrorCode | None) -> None:
    item = {
        "external_id": "C-1",
        "service_code": "COSAP",
        "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario",
        "amount_cents": 1000,
        "description": "Canone",
        "extras": given,
    }
    (row,) = files.read(json.dumps(item).encode(), SERVICES, CONVENTIONS)
    assert row.code is code
    if code is None:
        assert row.debt is not None
        assert row.debt.extras == {"targa": "AB123CD"}
