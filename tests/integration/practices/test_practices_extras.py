"""The fields that a service has of its own, with the practice: inserted, put, imported, told, shown, searched."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis.storage.database import Database
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import InsertRequest, ListRequest, Practice, RefusedRowsRequest, SearchRequest
from contracts.shapes import Subject, Viewer
from services.practices import catalogue_document
from services.practices.models import OutboxMessage
from services.practices.usecases import catalogue, debtor_list, import_reports, import_work, insertion, search
from tests.integration.practices.import_jobs import queue_file, report_of

FOLDER = Path(__file__).parents[3] / "sandbox/data/catalogue"
MARIO = "RSSMRA85T10A562S"
VIEWER = Viewer(citizen_id=UUID(int=1), fiscal_code=FiscalCode(MARIO))
Put = Callable[..., Practice]


@pytest.fixture(autouse=True)
def _comune(database: Database) -> None:
    text = (FOLDER / "BORGO.yaml").read_text()
    catalogue.load_catalogue(database, catalogue_document.read(text, is_json=False).content)


def asked(service_code: str = "COSAP", **changes: Any) -> InsertRequest:
    request: dict[str, Any] = {
        "idempotency_key": "insert-0001",
        "entity_code": "BORGO",
        "service_code": service_code,
        "viewer": VIEWER,
        "debtor": Subject(entity_type="F", fiscal_code=MARIO, full_name="Rossi Mario"),
        "amount_cents": 1_000,
        "extras": {"concessione": "0012/2026", "metri_quadri": "12,5"},
    }
    return InsertRequest(**{**request, **changes})


def values(practice: Practice) -> dict[str, str]:
    return {one.name: one.value for one in practice.extras}


def test_what_a_payer_fills_in_is_kept_composes_the_causale_and_is_told(database: Database, now: datetime) -> None:
    made = insertion.insert(database, asked(), now)
    assert values(made) == {"concessione": "0012/2026", "metri_quadri": "12.5"}
    assert made.extras[0].label.en == "Number of the concession"
    assert made.description == "Canone unico per l'occupazione di suolo pubblico - 0012/2026 - 12.5"
    assert insertion.insert(database, asked(), now).id == made.id
    with pytest.raises(Refused) as refused:
        insertion.insert(database, asked(extras={"concessione": "0013/2026"}), now)
    assert refused.value.code is ErrorCode.IDEMPOTENCY_CONFLICT
    with database.reading() as session:
        (body,) = session.scalars(select(OutboxMessage.body)).all()
    assert body["data"]["extras"] == {"concessione": "0012/2026", "metri_quadri": "12.5"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"extras": {}}, ErrorCode.EXTRA_FIELD_NOT_ALLOWED),
        ({"extras": {"concessione": "12"}}, ErrorCode.EXTRA_FIELD_NOT_ALLOWED),
        ({"extras": {"concessione": "0012/2026", "targa": "AB123CD"}}, ErrorCode.INVALID_REQUEST),
        ({"anonymous": True, "debtor": None}, ErrorCode.NAME_REQUIRED),
    ],
)
def test_what_the_service_does_not_take_is_refused(
    database: Database, now: datetime, changes: dict[str, Any], code: ErrorCode
) -> None:
    with pytest.raises(Refused) as refused:
        insertion.insert(database, asked(**changes), now)
    assert refused.value.code is code


def test_who_pays_without_login_is_the_debtor_by_name(database: Database, now: datetime) -> None:
    ada = Subject(entity_type="F", fiscal_code=MARIO, full_name="Ada Verdi")
    made = insertion.insert(database, asked(anonymous=True, viewer=Viewer(visitor_id="v-1"), debtor=ada), now)
    assert (made.debtor.fiscal_code, made.debtor.full_name) == ("ANONIMO", "Ada Verdi")


def test_a_debt_has_them_and_another_value_amends_it(
    database: Database, put: Put, emitted: Callable[[], list[tuple[str, int]]]
) -> None:
    of_fines: dict[str, Any] = {"entity_code": "BORGO", "service_code": "MULTE"}
    put("M-1", **of_fines, extras={"targa": "ab 123 cd"})
    put("M-1", **of_fines, extras={"targa": "AB123CD"})
    amended = put("M-1", **of_fines, extras={"targa": "AB123CD", "data_violazione": "1/2/2026"})
    assert values(amended) == {"targa": "AB123CD", "data_violazione": "2026-02-01"}
    assert emitted() == [("PracticeCreated.v1", 1), ("PracticeAmended.v1", 2)]


def test_who_knows_only_the_notice_number_is_not_shown_them(database: Database, put: Put, now: datetime) -> None:
    made = put("M-1", entity_code="BORGO", service_code="MULTE", extras={"targa": "AB123CD"})
    request = SearchRequest(entity_code="BORGO", notice_number=made.notice_number)
    (masked,) = search.search(database, request, now).practices
    assert masked.masked
    assert "AB123CD" not in str(masked)
    named = SearchRequest(entity_code="BORGO", fiscal_code=MARIO, reference="M-1")
    (whole,) = search.search(database, named, now).practices
    assert values(whole) == {"targa": "AB123CD"}
    (listed,) = debtor_list.list_practices(database, ListRequest(entity_code="BORGO", viewer=VIEWER), now).practices
    assert values(listed) == {"targa": "AB123CD"}


def test_a_field_that_the_catalogue_no_longer_has_is_shown_by_its_name(
    database: Database, put: Put, now: datetime
) -> None:
    put("M-1", entity_code="BORGO", service_code="MULTE", extras={"targa": "AB123CD"})
    content = deepcopy(catalogue_document.read((FOLDER / "BORGO.yaml").read_text(), is_json=False).content)
    fines = next(one for one in content["entities"][0]["services"] if one["code"] == "MULTE")
    del fines["extra_fields"]
    catalogue.load_catalogue(database, json.loads(json.dumps(content)))
    (listed,) = debtor_list.list_practices(database, ListRequest(entity_code="BORGO", viewer=VIEWER), now).practices
    assert [(one.label.it, one.value) for one in listed.extras] == [("targa", "AB123CD")]


FILE = """\
Num. posizione;Tipo entrata;Cod. fiscale / P. IVA;Contribuente;Oggetto;Importo totale;Targa;verbale;Data Violazione
M-1;MULTE;RSSMRA85T10A562S;Rossi Mario;Verbale 7;60,00;ab123cd;V/7;1 febbraio 2026
M-2;MULTE;RSSMRA85T10A562S;Rossi Mario;Verbale 8;60,00;;V/8;
M-3;MULTE;RSSMRA85T10A562S;Rossi Mario;Verbale 9;60,00;AI123CD;V/9;
M-4;CIE;RSSMRA85T10A562S;Rossi Mario;Carta;22,21;AB123CD;;
"""


def test_a_file_has_them_as_columns_and_what_is_refused_is_told_with_them(database: Database, now: datetime) -> None:
    queued = queue_file(database, now, FILE.encode(), entity_code="BORGO")
    import_work.work_off(database, lambda: now)
    report = report_of(database, queued.id, entity_code="BORGO")
    assert [(row.outcome, row.code, row.column) for row in report.rows] == [
        ("created", None, None),
        ("created", None, None),
        ("refused", "extra_field_not_allowed", "targa"),
        ("refused", "invalid_request", "targa"),
    ]
    shown = debtor_list.list_practices(database, ListRequest(entity_code="BORGO", viewer=VIEWER), now).practices
    assert {one.external_id: values(one) for one in shown} == {
        "M-1": {"verbale": "V/7", "targa": "AB123CD", "data_violazione": "2026-02-01"},
        "M-2": {"verbale": "V/8"},
    }
    refused = import_reports.refused_rows(database, RefusedRowsRequest(entity_code="BORGO", import_id=queued.id))
    assert refused.columns[-2:] == ["targa", "verbale"]
    assert [row.cells["targa"] for row in refused.rows] == ["AI123CD", "AB123CD"]


def test_a_service_numbers_its_notices_under_a_code_of_its_own(database: Database, put: Put, now: datetime) -> None:
    numbers = {
        code: put(f"{code}-1", entity_code="BORGO", service_code=code).notice_number for code in ("MULTE", "TARI")
    }
    assert {code: number[1:3] for code, number in numbers.items()} == {"MULTE": "04", "TARI": "03"}
    row = "RSSMRA85T10A562S;Rossi Mario;Avviso;60,00"
    head = "Num. posizione;Tipo entrata;Cod. fiscale / P. IVA;Contribuente;Oggetto;Importo totale"
    rows = [f"{code}-{number};{code};{row}" for number in range(5) for code in ("MULTE", "TARI", "LAMPADE")]
    queued = queue_file(database, now, "\n".join([head, *rows]).encode(), entity_code="BORGO")
    import_work.work_off(database, lambda: now)
    made = report_of(database, queued.id, entity_code="BORGO").rows
    codes = {(one.external_id or "").split("-")[0]: (one.notice_number or "")[1:3] for one in made}
    assert codes == {"MULTE": "04", "TARI": "03", "LAMPADE": "03"}
    assert len({one.notice_number for one in made}) == 15


@pytest.mark.parametrize(("entity_type", "is_taken"), [("F", True), ("G", False)])
def test_a_service_for_persons_is_not_for_companies(
    database: Database, now: datetime, entity_type: str, *, is_taken: bool
) -> None:
    payer = Subject(entity_type=entity_type, fiscal_code=MARIO, full_name="Rossi Mario")
    request = asked("CIE", amount_cents=2_221, extras={}, description="Carta", debtor=payer)
    if is_taken:
        assert insertion.insert(database, request, now).amount_cents == 2_221
        return
    with pytest.raises(Refused) as refused:
        insertion.insert(database, request, now)
    assert refused.value.code is ErrorCode.PAYER_NOT_ALLOWED
