"""Every case from the field has a test with its right value: none is forgotten, and none is named in vain."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
CASES = TESTS.parents[1] / "shared" / "cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the cases of the field (../shared/cases) are not here")

_IMPORT = "integration/practices/test_practices_field_cases.py"
_READ = "unit/practices/test_practices_spreadsheets.py::test_every_row_of_a_case_from_the_field_is_read"
_RECEIPT = (
    "integration/payments/test_payments_receipts_first.py::test_receipts_of_the_field_that_were_refused_are_stored"
)
_FLOW = "integration/payments/test_payments_reconciliation.py"
# File -> the test that has its right value.
SHOWN_BY = {
    "b01a-1-amount-100.csv": f"{_IMPORT}::test_the_case_of_the_two_amounts_ends_with_the_amount_sent_last",
    "b01a-2-amount-90.csv": f"{_IMPORT}::test_the_case_of_the_two_amounts_ends_with_the_amount_sent_last",
    "b01b-unknown-service.csv": f"{_IMPORT}::test_a_row_of_an_unknown_service_loads_once_the_catalogue_has_it",
    "b02-iur-is-not-receiptId.xml.tmpl": f"{_FLOW}::test_the_flow_of_the_field_whose_iur_is_no_receipt_id",
    "b03-receipt-other-station.xml.tmpl": _RECEIPT,
    "b04-fdr-xsi-schemaLocation.xml": f"{_FLOW}::test_flows_of_the_field_that_the_official_schema_allows_are_read",
    "b05-fdr-indented-values.xml": f"{_FLOW}::test_flows_of_the_field_that_the_official_schema_allows_are_read",
    "b06-name-and-cf-in-causale.csv": (
        f"{_IMPORT}::test_a_stranger_reads_nothing_of_the_person_in_the_causale_of_the_case"
    ),
    "b07-b25-bank-credits.json": (
        "unit/payments/test_payments_settlements.py"
        "::test_the_flow_that_a_bank_credit_of_the_field_names_is_found_in_its_text"
    ),
    "b08-b09-fdr-org.json": f"{_FLOW}::test_the_flows_of_the_field_are_taken",
    "b12-empty-rows.csv": _READ,
    "b12-trailing-columns.csv": _READ,
    "b13-no-fiscal-code.csv": f"{_IMPORT}::test_people_without_fiscal_code_are_billed_where_the_service_allows_it",
    "b16-cp1252.csv": _READ,
    "b16-sep-line.csv": _READ,
    "b16-utf16.csv": _READ,
    "b17-collapsed-1-first-person.csv": f"{_IMPORT}::test_collapsed_references_of_two_people_are_refused_by_name",
    "b17-collapsed-2-other-person.csv": f"{_IMPORT}::test_collapsed_references_of_two_people_are_refused_by_name",
    "b18-no-issuer.xml.tmpl": (
        "unit/identity/test_identity_response.py::test_the_case_from_the_field_is_told_as_cancelled_by_the_person"
    ),
    "b20-emails.txt": (
        "unit/contracts/test_contracts_codes.py::test_no_address_from_the_field_that_was_refused_is_sent_again"
    ),
    "b21-receipt-xsi.xml.tmpl": _RECEIPT,
    "b22-line-break-in-cell.csv": _READ,
    "b23-email-apostrophe.csv": _READ,
    "b24-foreign-letters.csv": "unit/practices/test_practices_spreadsheets.py::test_the_letters_of_the_cases_are_right",
    "b38-company-name-line-breaks.json": (
        "unit/practices/test_practices_catalogue_file.py::test_the_case_from_the_field_is_trimmed"
    ),
    "b48-invisible-characters.csv": _READ,
    "b49-same-twice.json": (
        "integration/notices/test_notices_jobs.py::test_the_printing_job_of_the_field_has_one_notice"
    ),
    "b56-wrong-declared-total.xml": f"{_FLOW}::test_the_flow_of_the_field_with_a_wrong_total_leaves_a_trace",
}


@needs_cases
def test_every_case_of_the_field_is_shown_by_a_test() -> None:
    there = {path.name for path in CASES.iterdir() if path.name != "README.md"}
    assert there == set(SHOWN_BY), "name its test here"


@pytest.mark.parametrize("case", SHOWN_BY)
def test_the_test_that_is_named_is_there_and_speaks_of_its_case(case: str) -> None:
    path, _, name = SHOWN_BY[case].partition("::")
    source = (TESTS / path).read_text()
    assert name in {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    # `b01a-{name}.csv` is written with its parts apart.
    assert case in source or f'"{case.split("-", 1)[0]}-' in source
