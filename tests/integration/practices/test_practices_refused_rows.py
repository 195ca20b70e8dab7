"""Refused rows: what they held is there to be corrected and sent again, for as long as it may be."""

import json
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import ImportReport, ImportRequest, Practice, RefusedRows, RefusedRowsRequest
from services.practices.models import PracticeRow, RefusedCells
from services.practices.usecases import catalogue, debt_import, import_reports
from tests.integration.practices.conftest import CATALOGUE
from tests.integration.practices.import_jobs import import_as_job

HEADER = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"
GOOD = "R-1;TARI;RSSMRA85T10A562S;Rossi Mario;;TARI 2026;148,50;31/12/2026;;"
LUCA = "VRDLCU99L14A662K"
Load = Callable[[str], ImportReport]


@pytest.fixture(params=["at once", "as a job"])
def load(database: Database, now: datetime, request: pytest.FixtureRequest) -> Load:
    def send(text: str) -> ImportReport:
        if request.param == "as a job":
            return import_as_job(database, now, text.encode(), part_bytes=100)
        asked = ImportRequest(
            idempotency_key=uuid4().hex, entity_code="PM108", content_base64=b64encode(text.encode()).decode()
        )
        return debt_import.import_debts(database, asked, now)

    return send


def refused_of(database: Database, import_id: UUID, **more: Any) -> RefusedRows:
    request = RefusedRowsRequest(entity_code="PM108", import_id=import_id, **more)
    reply = import_reports.refused_rows(database, request)
    assert practices.REFUSED_ROWS.reply.validate(practices.REFUSED_ROWS.reply.dump(reply)) == {}
    return reply


def test_what_refused_rows_held_is_told_with_what_is_wrong(
    database: Database, put: Callable[..., Practice], load: Load
) -> None:
    put("R-9")
    rows = [
        GOOD,
        GOOD.replace("R-1", "R-2").replace("148,50", "1.234").replace("TARI 2026", "=1+1"),
        GOOD.replace("148,50", "1,00"),
        GOOD.replace("R-1", "R-9").replace("RSSMRA85T10A562S", LUCA).replace("Rossi Mario", "Verdi Luca"),
        "solo;tre;celle",
    ]
    report = load("\n".join([HEADER, *rows]))
    assert (report.accepted, report.refused) == (1, 4)
    found = refused_of(database, report.id)
    told = [(one.row.line, one.row.code, one.row.column, one.cells.get("codice_debito")) for one in found.rows]
    assert told == [
        (3, "invalid_amount", "importo", "R-2"),
        (4, "duplicate_reference", "codice_debito", "R-1"),
        (5, "debtor_changed", "codice_fiscale", "R-9"),
        (6, "invalid_request", None, None),
    ]
    assert all(one.row.problem and one.row.remedy for one in found.rows)
    first, second, third, _ = (one.cells for one in found.rows)
    assert (first["importo"], first["causale"]) == ("1.234", "=1+1")
    assert (second["importo"], second["scadenza"]) == ("1,00", "31/12/2026")
    assert (third["cognome_nome"], third["importo"]) == ("Verdi Luca", "148,50")
    assert list(found.columns) == HEADER.split(";")


def test_optional_columns_are_told_where_a_refused_row_has_something_under_them(database: Database, load: Load) -> None:
    report = load(f"{HEADER};posizione;opzione;mora\n{GOOD};P-1;unica;\n{GOOD.replace('148,50', 'x')};P-1;unica;")
    assert list(refused_of(database, report.id).columns) == [*HEADER.split(";"), "posizione", "opzione"]


def test_refused_rows_come_in_pages_and_of_their_own_entity_alone(database: Database, load: Load) -> None:
    bad = "\n".join(GOOD.replace("R-1", f"R-{number}").replace("148,50", "x") for number in range(5))
    report = load(f"{HEADER}\n{bad}")
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = refused_of(database, report.id, after_line=after, limit=2)
        seen += [one.row.line for one in page.rows]
        after = page.next_after
    assert seen == [2, 3, 4, 5, 6]
    with pytest.raises(Refused) as refused:
        import_reports.refused_rows(database, RefusedRowsRequest(entity_code="PM200", import_id=report.id))
    assert refused.value.code is ErrorCode.IMPORT_NOT_FOUND


def test_what_they_held_is_forgotten_after_thirty_days_and_the_report_stays(
    database: Database, now: datetime, load: Load
) -> None:
    report = load(f"{HEADER}\n{GOOD.replace('148,50', 'x')}")
    import_reports.forget_refused(database, now + timedelta(days=30))
    assert refused_of(database, report.id).rows[0].cells
    import_reports.forget_refused(database, now + timedelta(days=30, seconds=1))
    (row,) = refused_of(database, report.id).rows
    assert (row.cells, row.row.external_id, row.row.code) == ({}, "R-1", "invalid_amount")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RefusedCells)) == 0


def test_json_lines_are_loaded_with_the_beneficiary_as_by_the_api(database: Database, load: Load) -> None:
    beneficiary = {"full_name": "Rossi Anna", "course": "Piano", "school": "Tastiere", "contribution_type": "Retta"}
    debt = {
        "external_id": "J-1",
        "service_code": "RETTA",
        "fiscal_code": "RSSMRA85T10A562S",
        "full_name": "Rossi Mario",
        "amount_cents": 15_000,
        "description": "Retta",
        "beneficiary": beneficiary,
    }
    report = load("\n".join(json.dumps(one) for one in (debt, {**debt, "external_id": "J-2", "amount_cents": 0})))
    assert [(row.line, row.outcome, row.column) for row in report.rows] == [
        (1, "created", None),
        (2, "refused", "importo"),
    ]
    with database.reading() as session:
        row = session.scalars(select(PracticeRow).where(PracticeRow.external_id == "J-1")).one()
        assert row.beneficiary == beneficiary
    (refused,) = refused_of(database, report.id).rows
    assert (refused.cells["beneficiario"], refused.cells["importo"]) == ("Rossi Anna", "0,00")


def test_a_bodys_own_columns_are_read_once_its_catalogue_names_them(database: Database, load: Load) -> None:
    file = (
        "Num. posizione;Cod. fiscale;Contribuente;Oggetto;Importo totale;Indirizzo\n"
        "R-1;RSSMRA85T10A562S;Rossi Mario;TARI 2026;148,50;Via Roma 1"
    )
    with pytest.raises(Refused) as refused:
        load(file)
    assert refused.value.code is ErrorCode.IMPORT_WRONG_HEADER
    document = deepcopy(CATALOGUE)
    document["entities"][0]["debt_file"] = {
        "columns": {
            "Num. posizione": "codice_debito",
            "Cod. fiscale": "codice_fiscale",
            "Contribuente": "cognome_nome",
            "Oggetto": "causale",
            "Importo totale": "importo",
            "Indirizzo": "",
        },
        "constants": {"servizio": "TARI"},
    }
    catalogue.load_catalogue(database, document)
    assert [row.outcome for row in load(file).rows] == ["created"]
    # Ours are still read.
    assert [row.outcome for row in load(f"{HEADER}\n{GOOD}").rows] == ["amended"]
