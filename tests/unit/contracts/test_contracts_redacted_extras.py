"""What a service asks for besides is taken out of events with the persons it is about."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.events.redaction import without_debtors_code, without_person

SAMPLES = Path(__file__).parents[3] / "contracts" / "samples"
EXTRAS = {"alunno": "Rossi Ada", "cf_alunno": "RSSMRA85T10A562S", "ente": "80012345676", "targa": "AB123CD"}


def event(**data: Any) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / "PracticeCreated.v1.json").read_text())
    return {**sample, "data": {**sample["data"], **data}}


def test_the_entitys_own_queue_has_them_but_for_fiscal_codes() -> None:
    told = without_debtors_code(event(extras=EXTRAS))
    assert told["data"]["extras"] == {"alunno": "Rossi Ada", "targa": "AB123CD"}


def test_without_its_person_an_event_has_none() -> None:
    assert without_person(event(extras=EXTRAS))["data"]["extras"] == {}


@pytest.mark.parametrize("redact", [without_debtors_code, without_person])
def test_an_event_of_a_release_that_knew_none_gets_none(redact: Any) -> None:
    old = event()
    del old["data"]["extras"]
    assert "extras" not in redact(old)["data"]
