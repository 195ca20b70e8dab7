"""A catalogue that says otherwise is told of every practice still to be paid."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from chassis.storage.database import Database
from contracts.rpc.practices import AnnulRequest, DebtRequest, EntityRequest
from services.practices.models import OutboxMessage, PracticeRow
from services.practices.usecases import catalogue, catalogue_news, debts

FILE = Path(__file__).parents[3] / "sandbox/data/catalogue.json"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def put(database: Database, external_id: str, service_code: str = "TARI") -> None:
    request = DebtRequest(
        entity_code="PM108",
        external_id=external_id,
        service_code=service_code,
        fiscal_code="RSSMRA85T10A562S",
        full_name="Mario Rossi",
        amount_cents=1_234,
        description="TARI 2026",
    )
    debts.put_debt(database, request, NOW)


def amended(database: Database) -> list[dict[str, Any]]:
    with database.reading() as session:
        statement = select(OutboxMessage.body).where(OutboxMessage.type == "PracticeAmended.v1")
        return [body["data"] for body in session.scalars(statement.order_by(OutboxMessage.id))]


def load(database: Database, **changes: Any) -> None:
    document = deepcopy(json.loads(FILE.read_text()))
    next(item for item in document["entities"][0]["services"] if item["code"] == "TARI").update(changes)
    catalogue.load_catalogue(database, document)


@pytest.fixture
def told(database: Database) -> Database:
    """Give a database in which nothing is to be told."""
    load(database)
    catalogue_news.tell_all(database, NOW)
    return database


@pytest.mark.parametrize("prefix", ["6", "7", "8", "9"])
def test_each_taxonomy_prefix_is_loaded_and_told(told: Database, prefix: str) -> None:
    put(told, f"prefix-{prefix}")
    load(told, category=f"{prefix}/0101101IM/")
    catalogue_news.tell_all(told, NOW)
    put(told, f"prefix-{prefix}-later")
    with told.reading() as session:
        statement = select(OutboxMessage.body).order_by(OutboxMessage.id.desc()).limit(1)
        newest = session.scalars(statement).one()
    assert newest["data"]["transfers"][0]["category"] == f"{prefix}/0101101IM/"


def test_a_changed_prefix_reaches_the_practices_that_are_still_to_be_paid(told: Database) -> None:
    put(told, "changed-prefix")
    put(told, "annulled-before")
    debts.annul_debt(told, AnnulRequest(entity_code="PM108", external_id="annulled-before", reason="errore"), NOW)
    before = len(amended(told))
    load(told, category="6/0101101IM/")
    catalogue_news.tell_all(told, NOW)
    news = amended(told)[before:]
    with told.reading() as session:
        rows = select(func.count()).where(PracticeRow.service_code == "TARI", PracticeRow.state == "to_pay")
        open_count = session.scalar(rows.where(PracticeRow.entity_code == "PM108"))
    assert len(news) == open_count
    assert {one["transfers"][0]["category"] for one in news} == {"6/0101101IM/"}
    assert len({one["practice_id"] for one in news}) == len(news)


def test_the_same_catalogue_again_tells_nothing(told: Database) -> None:
    put(told, "same-again")
    before = len(amended(told))
    load(told)
    assert catalogue_news.tell_all(told, NOW) == 0
    assert len(amended(told)) == before


def test_settings_of_the_archive_reach_the_practices_that_are_there(told: Database) -> None:
    put(told, "archive-settings")
    load(told, archive={"fed": True, "pay_stand_in": False})
    catalogue_news.tell_all(told, NOW)
    assert amended(told)[-1]["archive"] == {"pay_stand_in": False, "switch_to_expired": False}
    load(told, archive={"fed": False})
    catalogue_news.tell_all(told, NOW)
    assert amended(told)[-1]["archive"] is None


def test_a_debt_paid_elsewhere_is_told_as_such(told: Database) -> None:
    put(told, "paid-elsewhere")
    request = AnnulRequest(entity_code="PM108", external_id="paid-elsewhere", reason="pagato", paid_elsewhere=True)
    debts.annul_debt(told, request, NOW)
    with told.reading() as session:
        statement = select(OutboxMessage.body).where(OutboxMessage.type == "PracticeCancelled.v1")
        newest = session.scalars(statement.order_by(OutboxMessage.id.desc()).limit(1)).one()
    assert newest["data"]["reason"] == "paid_elsewhere"


def test_practices_that_were_there_before_the_archive_are_told_of_once(told: Database) -> None:
    put(told, "before-the-archive")
    with told.transaction() as tx:
        # As the migration leaves them.
        tx.session.execute(
            update(PracticeRow).where(PracticeRow.external_id == "before-the-archive").values(service_revision=0)
        )
    before = len(amended(told))
    assert catalogue_news.tell_all(told, NOW) == 1
    assert catalogue_news.tell_all(told, NOW) == 0
    [news] = amended(told)[before:]
    assert news["archive"] == {"pay_stand_in": True, "switch_to_expired": False}


def test_the_account_a_service_is_booked_under_is_told_and_told_anew_when_it_changes(told: Database) -> None:
    load(told, accounting_code="3.0.1.02.16")
    catalogue_news.tell_all(told, NOW)
    put(told, "booked")
    with told.reading() as session:
        statement = select(OutboxMessage.body).order_by(OutboxMessage.id.desc()).limit(1)
        created = session.scalars(statement).one()["data"]
    assert (created["external_id"], created["accounting_code"]) == ("booked", "3.0.1.02.16")
    load(told, accounting_code="3.0.1.02.99")
    before = len(amended(told))
    catalogue_news.tell_all(told, NOW)
    news = [one for one in amended(told)[before:] if one["external_id"] == "booked"]
    assert [one["accounting_code"] for one in news] == ["3.0.1.02.99"]


def test_everybody_is_shown_the_catalogue_without_the_accounts(told: Database) -> None:
    load(told, accounting_code="3.0.1.02.16")
    assert "3.0.1.02.16" not in str(catalogue.entity(told, EntityRequest(entity_code="PM108")))
