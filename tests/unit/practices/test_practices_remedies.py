"""Every refusal of a row says what to do, and those of one column what to do there."""

import pytest

from contracts.errors import ErrorCode
from services.practices.debt_file.remedies import remedy_of

OF_COLUMNS = {
    "invalid_request": (
        *("codice_debito", "cognome_nome", "causale", "rata", "posizione", "json", "ente", "azione", "beneficiari"),
        *("giorni_ridotto", None),
    ),
    "name_required": ("beneficiario", "corso", "scuola", "tipo_contributo"),
    "invalid_amount": ("interessi_annui",),
    "amount_out_of_range": ("interessi_annui",),
    "schedule_not_allowed": ("importo_ridotto", "giorni_ridotto", "data_notifica", "importo_valido_fino"),
}
OF_CODES = [
    *("spreadsheet_value", "duplicate_reference", "unknown_service", "stamp_required", "invalid_fiscal_code"),
    *("anonymous_not_allowed", "name_required", "name_too_long", "description_required", "description_too_long"),
    *("invalid_amount", "amount_out_of_range", "amount_not_allowed", "schedule_not_allowed", "invalid_date"),
    *("debtor_changed", "practice_cancelled", "practice_not_amendable", "notice_number_left_out", "email_left_out"),
    "invalid_request",
]


@pytest.mark.parametrize(("code", "column"), [(code, one) for code, columns in OF_COLUMNS.items() for one in columns])
def test_a_refusal_of_a_column_has_a_remedy_of_its_own(code: str, column: str | None) -> None:
    found = remedy_of(code, column)
    assert found is not None
    assert found != remedy_of(code, "another column")


@pytest.mark.parametrize("code", OF_CODES)
def test_a_refusal_has_a_remedy_whatever_column_it_is_of(code: str) -> None:
    assert remedy_of(code, "another column") is not None


def test_what_is_no_refusal_of_a_row_has_none() -> None:
    assert remedy_of(None, "importo") is None
    assert remedy_of(ErrorCode.PRACTICE_PAID, None) is None
