"""Cart on a real database, with debts of two entities in a real database of practices."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chassis.storage.database import Database
from contracts.rpc.practices import AnnulRequest, DebtRequest, Practice
from services.practices.usecases import catalogue, debts

CATALOGUE: dict[str, Any] = json.loads((Path(__file__).parents[3] / "sandbox/data/catalogue.json").read_text())
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def two_entities() -> dict[str, Any]:
    document = deepcopy(CATALOGUE)
    other = deepcopy(document["entities"][0])
    other["code"] = other["creditor"]["code"] = "PM200"
    other["creditor"]["fiscal_code"] = "80184430587"
    document["entities"].append(other)
    return document


@pytest.fixture
def practices_database(service_database: Callable[[str], Database]) -> Database:
    opened = service_database("practices")
    catalogue.load_catalogue(opened, two_entities())
    return opened


@pytest.fixture
def annul(practices_database: Database) -> Callable[[str], None]:
    def annul_debt(external_id: str) -> None:
        request = AnnulRequest(entity_code="PM108", external_id=external_id, reason="Sgravio")
        debts.annul_debt(practices_database, request, NOW)

    return annul_debt


@pytest.fixture
def put(practices_database: Database) -> Callable[..., Practice]:
    """Put a debt of Mario Rossi with PM108 and return its practice."""

    def put_debt(external_id: str, **changed: Any) -> Practice:
        request: dict[str, Any] = {
            "entity_code": "PM108",
            "external_id": external_id,
            "service_code": "TARI",
            "fiscal_code": "RSSMRA85T10A562S",
            "full_name": "Rossi Mario",
            "amount_cents": 1_000,
            "description": "TARI 2026",
        }
        return debts.put_debt(practices_database, DebtRequest(**{**request, **changed}), NOW)

    return put_debt
