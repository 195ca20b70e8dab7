"""The catalogue: loaded by ops, shown to everybody."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError
from sqlalchemy import func, select

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import EntityRequest
from services.practices.models import EntityRow, ServiceRow
from services.practices.usecases import catalogue
from tests.conftest import PROJECT

FILE = Path(__file__).parents[3] / "sandbox/data/catalogue.json"


def shown(database: Database, entity_code: str = "PM108") -> dict[str, Any]:
    reply = catalogue.entity(database, EntityRequest(entity_code=entity_code))
    dumped: dict[str, Any] = practices.ENTITY.reply.dump(reply)
    assert practices.ENTITY.reply.validate(dumped) == {}
    return dumped


def test_an_entity_is_shown_with_its_services_in_the_catalogues_order(database: Database) -> None:
    entity = shown(database)
    assert entity["creditor"]["fiscal_code"] == "80012345676"
    assert [item["code"] for item in entity["services"]] == [
        "BOLLO_IT", "BOLLO_ST", "CONTRIB_IT", "CONTRIB_ST", "CERT_MBD", "TARI", "MENSA", "RETTA", "ISCRIZIONE",
    ]  # fmt: skip
    assert entity["services"][0]["fixed_cents"] == 1_600


def test_every_entity_is_listed_by_its_name(database: Database) -> None:
    listed = catalogue.entities(database).entities
    document = json.loads(FILE.read_text())
    names = {one["code"]: one["creditor"]["company_name"] for one in document["entities"]}
    assert {
        code: listed_name for code, listed_name in ((one.code, one.company_name) for one in listed) if code in names
    } == names
    assert [one.company_name for one in listed] == sorted(one.company_name for one in listed)


@pytest.mark.parametrize("code", ["PM999", "pm108", "", "PM108\x00"])
def test_an_unknown_entity_is_refused(database: Database, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        catalogue.entity(database, EntityRequest(entity_code=code))
    assert refusal.value.code is ErrorCode.UNKNOWN_ENTITY


def test_loading_again_changes_nothing(database: Database) -> None:
    before = shown(database)
    catalogue.load_catalogue(database, json.loads(FILE.read_text()))
    assert shown(database) == before
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(EntityRow)) == 3
        assert session.scalar(select(func.count()).select_from(ServiceRow)) == 18


def test_a_service_left_out_is_no_longer_offered_and_comes_back_when_named_again(database: Database) -> None:
    document = json.loads(FILE.read_text())
    shorter = deepcopy(document)
    removed = shorter["entities"][0]["services"].pop()
    catalogue.load_catalogue(database, shorter)
    assert removed["code"] not in [item["code"] for item in shown(database)["services"]]
    assert removed["code"] in [item["code"] for item in shown(database, "PM200")["services"]]
    catalogue.load_catalogue(database, document)
    assert removed["code"] in [item["code"] for item in shown(database)["services"]]


def test_a_catalogue_with_a_wrong_iban_is_refused_and_nothing_of_it_stored(
    service_database: Callable[[str], Database],
) -> None:
    database = service_database("practices")
    document = json.loads(FILE.read_text())
    document["entities"][0]["iban"] = "IT66N0999915800000000046109"
    with pytest.raises(ValidationError):
        catalogue.load_catalogue(database, document)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(EntityRow)) == 0


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"creditor": {"company_name": "x" * 101}}, "company_name"),
        ({"creditor": {"office_name": "x" * 51}}, "office_name"),
        ({"website": f"https://{'x' * 80}.example", "contact_email": "a@conservatorio.example"}, "at most 100"),
        ({"cbill": "cjm08"}, "cbill"),
        ({"postal_account": "1234567890123"}, "postal_account"),
        ({"postal_account_holder": "x" * 51}, "postal_account_holder"),
    ],
)
def test_an_entity_that_does_not_fit_a_notice_is_refused_when_it_is_loaded(
    service_database: Callable[[str], Database], changes: dict[str, Any], where: str
) -> None:
    document = json.loads(FILE.read_text())
    entity = document["entities"][0]
    entity |= {**changes, "creditor": entity["creditor"] | changes.get("creditor", {})}
    with pytest.raises(ValidationError, match=where):
        catalogue.load_catalogue(service_database("practices"), document)


STAMPED = {"stamp_cents": 1600, "fixed_cents": 1500, "demand": None}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("TARI", {"category": "0101101IM"}),
        ("TARI", {"category": "9/0101101XX/"}),
        ("TARI", {"category": "5/0101101IM/"}),
        ("RETTA", {"accepts_late": False, "archive": {"switch_to_expired": False}}),
        ("TARI", {"archive": {"excluded": ["everybody"]}}),
        ("ISCRIZIONE", {"min_cents": 13_999}),
        ("ISCRIZIONE", {"min_cents": None}),
        ("BOLLO_IT", STAMPED),
        ("BOLLO_IT", {**STAMPED, "stamp_cents": 0}),
        ("CERT_MBD", {"demand": {"service_id": "00009", "subject_id": "PM108"}}),
        ("TARI", {"demand": {"service_id": "00009", "subject_id": "PM108"}}),
        ("BOLLO_IT", {"demand": {"service_id": "1", "subject_id": "PM108"}}),
        ("BOLLO_IT", {"demand": {"service_id": "00002", "subject_id": "PM108"}}),
    ],
)
def test_a_service_whose_money_or_codes_do_not_fit_is_refused(
    database: Database, code: str, changes: dict[str, Any]
) -> None:
    document = json.loads(FILE.read_text())
    next(item for item in document["entities"][0]["services"] if item["code"] == code).update(changes)
    with pytest.raises(ValidationError):
        catalogue.load_catalogue(database, document)


def test_a_service_with_more_than_five_transfers_or_a_bank_account_for_the_post_is_refused(database: Database) -> None:
    for changes in ({"shares": 5}, {"postal_iban": "IT66N0999915800000000046108"}):
        document = json.loads(FILE.read_text())
        service = next(item for item in document["entities"][0]["services"] if item["code"] == "ISCRIZIONE")
        if "shares" in changes:
            service |= {"min_cents": 100_000, "shares": service["shares"] * 5}
        else:
            service["shares"][0] |= changes
        with pytest.raises(ValidationError):
            catalogue.load_catalogue(database, document)


def test_the_command_loads_a_file_and_says_in_one_line_what_is_wrong_with_another(
    database: Database, start_process: Callable[..., Any], tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"entities": []}')
    outcomes = {}
    for name in (str(FILE), str(wrong), str(tmp_path / "missing.json")):
        running = start_process("-m", "services.practices", "load-catalogue", name)
        outcomes[Path(name).name] = (running.process.wait(30), len(running.log().splitlines()))
    assert outcomes == {"catalogue.json": (0, 1), "wrong.json": (1, 1), "missing.json": (1, 1)}
    assert shown(database)["code"] == "PM108"


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("PM108.creditor.fiscal_code", lambda entity: entity["creditor"].update(fiscal_code="80012345677")),
        (
            "PM108.creditor.broker_fiscal_code",
            lambda entity: entity["creditor"].update(broker_fiscal_code="12345678901"),
        ),
        (
            "PM108.ISCRIZIONE.shares[0].fiscal_code",
            lambda entity: entity["services"][-1]["shares"][0].update(fiscal_code="80098765432"),
        ),
    ],
)
def test_a_fiscal_code_that_is_none_is_refused_and_its_place_is_named(
    database: Database, place: str, change: Callable[[dict[str, Any]], None]
) -> None:
    document = json.loads(FILE.read_text())
    change(document["entities"][0])
    with pytest.raises(ValidationError, match=re.escape(place)):
        catalogue.load_catalogue(database, document, may_change=["PM108"])
    assert shown(database)["creditor"]["fiscal_code"] == "80012345676"
    assert catalogue.load_catalogue(database, document, may_change=["PM108"], test_codes=True) == 2


def with_another_code(entity_code: str = "PM108") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FILE.read_text())
    (entity,) = [one for one in document["entities"] if one["code"] == entity_code]
    entity["creditor"]["fiscal_code"] = "00743110157"
    return document


def test_a_live_bodys_code_changes_only_where_that_is_said(database: Database) -> None:
    with pytest.raises(catalogue.CodeChangesError, match="PM108: 80012345676 becomes 00743110157"):
        catalogue.load_catalogue(database, with_another_code())
    with pytest.raises(catalogue.CodeChangesError):
        catalogue.load_catalogue(database, with_another_code(), may_change=["PM200"])
    assert shown(database)["creditor"]["fiscal_code"] == "80012345676"
    catalogue.load_catalogue(database, with_another_code(), may_change=["PM108"])
    assert shown(database)["creditor"]["fiscal_code"] == "00743110157"


def test_without_a_terminal_the_command_changes_no_code_but_says_how(
    database: Database, start_process: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(with_another_code()))
    refused = start_process("-m", "services.practices", "load-catalogue", str(file))
    assert refused.process.wait(60) == 1
    assert "--change-code PM108" in refused.log()
    assert shown(database)["creditor"]["fiscal_code"] == "80012345676"
    told = start_process("-m", "services.practices", "load-catalogue", str(file), "--change-code", "PM108")
    assert told.process.wait(60) == 0
    assert shown(database)["creditor"]["fiscal_code"] == "00743110157"


@pytest.mark.parametrize(("answer", "code"), [("n\n", "80012345676"), ("\n", "80012345676"), ("y\n", "00743110157")])
def test_at_a_terminal_the_command_asks_before_it_changes_a_code(
    database: Database, environment: dict[str, str], tmp_path: Path, answer: str, code: str
) -> None:
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(with_another_code()))
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    command = [sys.executable, "-m", "services.practices", "load-catalogue", str(file)]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, stdin=theirs, capture_output=True, text=True, timeout=60, check=False
    )
    assert "80012345676 becomes 00743110157" in done.stdout
    assert done.returncode == (0 if code == "00743110157" else 1), done.stderr
    assert shown(database)["creditor"]["fiscal_code"] == code
