"""Versions of an entity's catalogue: kept with who made them, listed, and exported so that they load as they are."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chassis.storage.database import Database
from contracts.amounts import AmountSchedule
from contracts.codes import AmountCents, FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import EntityRequest, InsertRequest, Practice
from contracts.shapes import Subject, Viewer
from services.practices import catalogue_document
from services.practices.usecases import catalogue, insertion
from services.practices.usecases.catalogue import LoadedBy
from tests.integration.practices.conftest import NOW, two_entities

FOLDER = Path(__file__).parents[3] / "sandbox" / "data" / "catalogue"
BORGO = (FOLDER / "BORGO.yaml").read_text()


def load(database: Database, text: str, by: str = "anna") -> None:
    document = catalogue_document.read(text, is_json=False)
    catalogue.load_catalogue(database, document.content, by=LoadedBy(by, "BORGO.yaml"))


def test_each_change_is_a_version_with_who_made_it_and_where(database: Database) -> None:
    load(database, BORGO)
    load(database, BORGO, "bruno")
    load(database, BORGO.replace("cents: 9000", "cents: 9500"), "carla")
    found = catalogue.catalogue_versions(database, "BORGO")
    assert [(one.number, one.loaded_by, one.file_name, list(one.changes)) for one in found] == [
        (2, "carla", "BORGO.yaml", ["services[MENSA].choices[1].cents"]),
        (1, "anna", "BORGO.yaml", []),
    ]
    # Those of others are their own.
    assert [one.number for one in catalogue.catalogue_versions(database, "PM108")] == [1]


def test_what_is_exported_loads_as_it_is_also_an_earlier_version(database: Database) -> None:
    load(database, BORGO)
    load(database, BORGO.replace("cents: 9000", "cents: 9500"))
    load(database, catalogue.export_catalogue(database, "BORGO"))
    assert len(catalogue.catalogue_versions(database, "BORGO")) == 2
    load(database, catalogue.export_catalogue(database, "BORGO", 1), "dario")
    last, *_ = catalogue.catalogue_versions(database, "BORGO")
    assert (last.number, last.loaded_by) == (3, "dario")
    choices = catalogue.entity(database, EntityRequest(entity_code="BORGO")).services[1].choices
    assert [choice.cents for choice in choices] == [2_250, 9_000, 18_000]
    with pytest.raises(LookupError):
        catalogue.export_catalogue(database, "BORGO", 9)
    with pytest.raises(Refused) as refused:
        catalogue.export_catalogue(database, "NESSUNO")
    assert refused.value.code is ErrorCode.UNKNOWN_ENTITY


def test_json_is_exported_as_yaml_that_changes_nothing(database: Database) -> None:
    before = catalogue.entity(database, EntityRequest(entity_code="PM108"))
    load(database, catalogue.export_catalogue(database, "PM108"))
    assert catalogue.entity(database, EntityRequest(entity_code="PM108")) == before
    assert len(catalogue.catalogue_versions(database, "PM108")) == 1


def test_a_refused_catalogue_leaves_no_version(database: Database) -> None:
    load(database, BORGO)
    with pytest.raises(Exception, match="IBAN"):
        load(database, BORGO.replace("IT33U0999915800000000070001", "IT33U0999915800000000070002"))
    assert len(catalogue.catalogue_versions(database, "BORGO")) == 1


def test_contacts_colours_and_choices_are_shown_to_everybody(database: Database) -> None:
    load(database, BORGO)
    entity = catalogue.entity(database, EntityRequest(entity_code="BORGO"))
    assert entity.contacts is not None
    assert entity.colours is not None
    assert (entity.contacts.phone, entity.colours.primary) == ("+39 06 0000 0000", "#1b6b3a")
    assert [choice.title.it for choice in entity.services[1].choices] == ["5 pasti", "20 pasti", "40 pasti"]


@pytest.mark.parametrize(("cents", "is_taken"), [(9_000, True), (9_001, False), (2_000, False)])
def test_of_a_service_with_choices_only_they_are_taken(database: Database, cents: int, *, is_taken: bool) -> None:
    load(database, BORGO)
    request = InsertRequest(
        idempotency_key="insert-0001",
        entity_code="BORGO",
        service_code="MENSA",
        viewer=Viewer(citizen_id=UUID(int=1), fiscal_code=FiscalCode("RSSMRA85T10A562S")),
        debtor=Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Rossi Mario"),
        extras={"alunno": "Rossi Anna", "plesso": "PRIMARIA"},
        amount_cents=cents,
    )
    if is_taken:
        assert insertion.insert(database, request, NOW).amount_cents == cents
        return
    with pytest.raises(Refused) as refused:
        insertion.insert(database, request, NOW)
    assert (refused.value.code, refused.value.params) == (
        ErrorCode.AMOUNT_NOT_ALLOWED,
        {"choices_cents": [2_250, 9_000, 18_000]},
    )


def test_a_debt_has_the_schedule_of_its_service_where_it_says_none_and_has_a_due_date(
    database: Database, put: Callable[..., Practice]
) -> None:
    load(database, BORGO)
    of_tari: dict[str, Any] = {"entity_code": "BORGO", "service_code": "TARI"}
    dated = put("B-1", **of_tari, due_date=NOW.date())
    assert dated.schedule is not None
    assert dated.schedule.interest_basis_points == 200
    assert put("B-2", **of_tari).schedule is None
    own = put("B-3", **of_tari, due_date=NOW.date(), schedule=AmountSchedule(surcharge_cents=AmountCents(100)))
    assert own.schedule is not None
    assert own.schedule.interest_basis_points is None


def test_files_of_both_entities_are_loaded_together_and_each_has_versions_of_its_own(
    service_database: Callable[[str], Database],
) -> None:
    database = service_database("practices")
    document = json.loads(json.dumps(two_entities()))
    document["entities"] += catalogue_document.read(BORGO, is_json=False).content["entities"]
    assert catalogue.load_catalogue(database, document) == 4
    for code in ("PM108", "ARDS", "PM200", "BORGO"):
        assert [one.number for one in catalogue.catalogue_versions(database, code)] == [1]
