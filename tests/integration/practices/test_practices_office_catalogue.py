"""The catalogue changed in an office: tried out, published as a version, audited; what a file says beside it stays."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from chassis.audit import entries, verification
from contracts.actors import Actor
from contracts.errors import Refused
from contracts.rpc import office_catalogue as contract
from contracts.rpc.audit import AuditRequest
from contracts.rpc.practices import Colours, Contacts, EntityRequest
from contracts.shapes import LocalisedText
from services.practices import models
from services.practices.usecases import catalogue, office_catalogue
from services.practices.usecases.catalogue import LoadedBy
from tests.conftest import PROJECT
from tests.unit.practices.test_practices_logos import png

ACTOR = Actor(kind="operator", id="0f0e")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NEW = contract.ServiceContent(
    code="RISTORO",
    title=LocalisedText(it="Mensa", en="Canteen"),
    category="9/0601126IM/",
    spontaneous=True,
    allows_anonymous=False,
    requires_beneficiary=False,
    accepts_late=True,
    min_cents=100,
    max_cents=5000,
)


@pytest.fixture(name="database")
def _database(service_database: Any) -> Any:
    database = service_database("practices")
    document = yaml.safe_load((PROJECT / "sandbox/data/catalogue/PM108.yaml").read_text())
    document["services"][2]["shares"] = [
        {
            "fiscal_code": "80012345676",
            "company_name": "Altro ente",
            "iban": "IT60X0542811101000000123456",
            "category": "9/0601112AP/",
            "amount_cents": 100,
        }
    ]
    catalogue.load_catalogue(database, {"entities": [document]}, test_codes=True, by=LoadedBy("ops", "PM108.yaml"))
    return database


def show(database: Any) -> contract.OfficeCatalogue:
    return office_catalogue.show(database, contract.CatalogueRequest(entity_code="PM108"))


def publish(database: Any, service: contract.ServiceContent, **changes: Any) -> contract.Published:
    asked: dict[str, Any] = {"version": show(database).version, "is_new": True, **changes}
    request = contract.PublishServiceRequest(entity_code="PM108", actor=ACTOR, service=service, **asked)
    return office_catalogue.publish_service(database, request, NOW)


def service_of(database: Any, code: str) -> contract.ServiceContent:
    return next(one for one in show(database).services if one.code == code)


def audited(database: Any) -> list[tuple[str, str, list[str]]]:
    with database.reading() as session:
        page = entries.page(session, models.AuditEntry, AuditRequest(entity_code="PM108"))
    return [(one.operation, one.subject, one.after["changes"]) for one in reversed(page.entries)]


def test_the_catalogue_is_shown_as_the_file_has_it(database: Any) -> None:
    found = show(database)
    assert (found.version, found.published_by) == (1, "ops")
    assert found.entity.website == "https://www.conservatorio-jommelli.example"
    assert found.entity.office_name == "Segreteria didattica"
    assert [one.code for one in found.services][:4] == ["BOLLO_IT", "BOLLO_ST", "CONTRIB_IT", "CONTRIB_ST"]
    contribution = service_of(database, "CONTRIB_IT")
    assert (contribution.min_cents, contribution.unit_cents) == (2500, 2500)
    assert contribution.accounting_code == "3.0.1.02.16"
    assert contribution.from_file == ["demand", "shares"]


def test_a_new_service_is_tried_out_and_then_published_once(database: Any) -> None:
    tried = publish(database, NEW, is_trial=True)
    assert (tried.version, tried.wrong_fields) == (1, [])
    assert tried.service is not None
    assert tried.service.title.it == "Mensa"
    assert "RISTORO" not in [one.code for one in show(database).services]
    assert publish(database, NEW).version == 2
    public = catalogue.entity(database, EntityRequest(entity_code="PM108"))
    assert public.services[-1].code == "RISTORO"
    assert audited(database) == [
        ("catalogue.publish_service", "RISTORO", audited(database)[0][2]),
    ]
    assert "services[RISTORO].min_cents" in audited(database)[0][2]
    assert show(database).published_by == "operator 0f0e"


def test_a_change_keeps_what_the_form_does_not_have(database: Any) -> None:
    with database.reading() as session:
        before = session.get(models.ServiceRow, ("PM108", "CONTRIB_IT"))
        shares, demand, revision = before.shares, before.demand, before.revision
    changed = replace(service_of(database, "CONTRIB_IT"), note=None, unit_cents=None, max_cents=6000)
    assert publish(database, changed, is_new=False).version == 2
    with database.reading() as session:
        row = session.get(models.ServiceRow, ("PM108", "CONTRIB_IT"))
        assert (row.shares, row.demand, row.note, row.unit_cents, row.max_cents) == (shares, demand, None, None, 6000)
        assert row.revision == revision
    assert audited(database)[0][2] == [
        "services[CONTRIB_IT].max_cents",
        "services[CONTRIB_IT].note.en",
        "services[CONTRIB_IT].note.it",
        "services[CONTRIB_IT].unit_cents",
    ]
    assert all(chain.problems == () for chain in verification.verify(database))


def test_the_same_again_is_no_version_and_no_entry(database: Any) -> None:
    assert publish(database, service_of(database, "BOLLO_IT"), is_new=False).version == 1
    assert audited(database) == []


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"category": "0601126IM"}, ["category"]),
        ({"min_cents": 6000}, ["max_cents"]),
        ({"fixed_cents": 100}, ["fixed_cents"]),
        ({"code": "con spazi"}, ["code"]),
        ({"accounting_code": "x" * 36}, ["accounting_code"]),
        ({"title": LocalisedText(it="Mensa", en="")}, ["en"]),
        ({"max_cents": 0}, ["max_cents"]),
    ],
)
def test_what_will_not_do_is_named_by_its_field_and_nothing_is_published(
    database: Any, changes: dict[str, Any], wrong: list[str]
) -> None:
    for is_trial in (True, False):
        assert publish(database, replace(NEW, **changes), is_trial=is_trial).wrong_fields == wrong
    assert show(database).version == 1
    assert audited(database) == []


def test_the_code_of_a_service_is_used_once_for_ever(database: Any) -> None:
    for code in ("BOLLO_IT",):
        with pytest.raises(Refused, match="duplicate_reference"):
            publish(database, replace(NEW, code=code))
    publish(database, NEW)
    request = contract.WithdrawServiceRequest(entity_code="PM108", actor=ACTOR, version=2, service_code="RISTORO")
    assert office_catalogue.withdraw_service(database, request, NOW).version == 3
    public = catalogue.entity(database, EntityRequest(entity_code="PM108"))
    assert "RISTORO" not in [one.code for one in public.services]
    with pytest.raises(Refused, match="duplicate_reference"):
        publish(database, NEW)
    with pytest.raises(Refused, match="unknown_service"):
        publish(database, NEW, is_new=False)
    with pytest.raises(Refused, match="unknown_service"):
        office_catalogue.withdraw_service(database, replace(request, version=3), NOW)


def test_the_second_of_two_is_told_who_was_faster(database: Any) -> None:
    publish(database, NEW)
    with pytest.raises(Refused, match="changed_meanwhile") as refusal:
        publish(database, replace(NEW, code="ALTRO"), version=1)
    assert refusal.value.params["actor_id"] == "0f0e"
    assert refusal.value.params["operation"] == "catalogue.publish_service"


def test_texts_contacts_and_colours_are_published_and_emptied(database: Any) -> None:
    def change(entity: contract.EntityContent) -> contract.Published:
        request = contract.PublishEntityRequest(
            entity_code="PM108", actor=ACTOR, version=show(database).version, entity=entity
        )
        return office_catalogue.publish_entity(database, request, NOW)

    contacts = Contacts(phone="+39 081 123456", office_hours=LocalisedText(it="lun-ven", en="Mon-Fri"))
    colours = Colours(primary="#8a1538", dark="#5c0e25")
    assert (
        change(contract.EntityContent(website="https://nuovo.example", contacts=contacts, colours=colours)).version == 2
    )
    public = catalogue.entity(database, EntityRequest(entity_code="PM108"))
    assert (public.website, public.contact_email, public.contacts, public.colours) == (
        "https://nuovo.example",
        None,
        contacts,
        colours,
    )
    assert public.creditor.office_name is None
    assert public.cbill == "CJM08"
    for entity, wrong in (
        (contract.EntityContent(website="javascript:alert(1)"), ["website"]),
        (contract.EntityContent(contact_email="nessuna"), ["contact_email"]),
        (contract.EntityContent(office_name="x" * 51), ["office_name"]),
        (contract.EntityContent(colours=Colours(primary="#ffff00", dark="#000000")), ["primary"]),
        (contract.EntityContent(website="https://" + "x" * 95), ["website"]),
    ):
        assert change(entity).wrong_fields == wrong
    assert show(database).version == 2


def test_an_entity_that_was_loaded_before_versions_were_kept_has_none_to_change(database: Any) -> None:
    with database.transaction() as tx:
        tx.session.query(models.CatalogueVersion).delete()
    with pytest.raises(Refused, match="not_found"):
        show(database)
    with pytest.raises(Refused, match="unknown_entity"):
        office_catalogue.show(database, contract.CatalogueRequest(entity_code="PM999"))


def test_a_logo_is_stored_under_its_content_and_named_by_the_catalogue(database: Any) -> None:
    def change(content: bytes) -> contract.Published:
        request = contract.PublishLogoRequest(
            entity_code="PM108",
            actor=ACTOR,
            version=show(database).version,
            content_base64=base64.b64encode(content).decode(),
        )
        return office_catalogue.publish_logo(database, request, NOW)

    assert change(b"<svg/>").wrong_fields == ["logo"]
    for _ in range(2):
        assert change(png(96, 96)).version == 2
    name = catalogue.entity(database, EntityRequest(entity_code="PM108")).logo
    assert name is not None
    stored = office_catalogue.logo(database, contract.LogoRequest(entity_code="PM108", name=name))
    assert base64.b64decode(stored.content_base64) == png(96, 96)
    assert audited(database) == [("catalogue.publish_logo", "PM108", ["logo"])]
    for entity_code, other in (("PM200", name), ("PM108", "pm108.svg"), ("PM108", "\x00")):
        with pytest.raises(Refused, match="not_found"):
            office_catalogue.logo(database, contract.LogoRequest(entity_code=entity_code, name=other))
