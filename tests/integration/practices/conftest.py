"""Practices on a real database, with the catalogue of the running example and a second entity."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from chassis.storage.database import Database
from contracts.rpc.practices import DebtRequest, Practice
from contracts.shapes import Viewer
from services.practices.models import OutboxMessage
from services.practices.usecases import catalogue, debts

CATALOGUE: dict[str, Any] = json.loads((Path(__file__).parents[3] / "sandbox/data/catalogue.json").read_text())
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def two_entities() -> dict[str, Any]:
    document = deepcopy(CATALOGUE)
    other = deepcopy(document["entities"][0])
    other["code"] = other["creditor"]["code"] = "PM200"
    other["creditor"] |= {"fiscal_code": "80184430587", "company_name": "Comune di Altrove"}
    document["entities"].append(other)
    return document


@pytest.fixture
def database(service_database: Callable[[str], Database]) -> Database:
    opened = service_database("practices")
    catalogue.load_catalogue(opened, two_entities())
    return opened


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def viewer() -> Callable[..., Viewer]:
    def make(**known: Any) -> Viewer:
        return Viewer(**known)

    return make


@pytest.fixture
def debt() -> Callable[..., DebtRequest]:
    """Make a DebtRequest as it arrives in the service."""

    def make(external_id: str = "TARI-1", **changed: Any) -> DebtRequest:
        request: dict[str, Any] = {
            "entity_code": "PM108",
            "external_id": external_id,
            "service_code": "TARI",
            "fiscal_code": "RSSMRA85T10A562S",
            "full_name": "Rossi Mario",
            "amount_cents": 14_850,
            "description": "TARI 2026",
        }
        return DebtRequest(**{**request, **changed})

    return make


@pytest.fixture
def put(database: Database, debt: Callable[..., DebtRequest]) -> Callable[..., Practice]:
    def put_debt(external_id: str = "TARI-1", *, at: datetime = NOW, **changed: Any) -> Practice:
        return debts.put_debt(database, debt(external_id, **changed), at)

    return put_debt


@pytest.fixture
def emitted(database: Database) -> Callable[[], list[tuple[str, int]]]:
    """Return (event type, sequence) of every event in the outbox, oldest first."""

    def read() -> list[tuple[str, int]]:
        with database.reading() as session:
            bodies = session.scalars(select(OutboxMessage.body).order_by(OutboxMessage.id)).all()
        return [(body["type"], int(body["sequence"])) for body in bodies]

    return read
