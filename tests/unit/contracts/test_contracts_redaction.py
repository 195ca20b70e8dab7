"""What is left of an event without the person in it: all that it says of money, and the shape of its type."""

import json
from pathlib import Path
from typing import Any

import pytest

from chassis.messaging.events import read_event
from contracts.events import EVENTS
from contracts.events.redaction import BENEFICIARY_TYPES, DEBTOR_TYPES, without_debtors_code, without_person

SAMPLES = Path(__file__).parents[3] / "contracts" / "samples"
PERSONAL = ["PaymentConfirmed", "PaymentDuplicated", "PaymentReported", "PracticeAmended", "PracticeCreated"]
STUDENT = {"full_name": "Anna Rossi", "course": "Pianoforte", "school": "Scuola", "contribution_type": "Retta"}
DEBTOR = {
    "entity_type": "G",
    "fiscal_code": "80012345676",
    "full_name": "Rossi Anna",
    "email": "anna@posta.example",
    "city": "Taranto",
}


def sample(name: str, **data: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((SAMPLES / f"{name}.v1.json").read_text())
    return {**body, "data": {**body["data"], **data}}


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return what of the data is another after than before; nothing is lost and nothing comes to it."""
    assert before["data"].keys() == after["data"].keys()
    return {name: value for name, value in after["data"].items() if value != before["data"][name]}


def test_these_events_carry_a_person() -> None:
    assert sorted(one.removesuffix(".v1") for one in DEBTOR_TYPES | BENEFICIARY_TYPES) == PERSONAL


@pytest.mark.parametrize("name", PERSONAL[:3])
def test_money_is_told_without_its_beneficiary(name: str) -> None:
    told = sample(name, beneficiary=STUDENT)
    left = without_person(told)
    assert left["redacted"] is True
    assert changed(told, left) == {"beneficiary": None}
    assert {**left, "data": None, "redacted": None} == {**told, "data": None, "redacted": None}


@pytest.mark.parametrize("name", PERSONAL[3:])
@pytest.mark.parametrize(("public", "shown"), [("Retta 2026", "Retta 2026"), (None, "-")])
def test_what_is_owed_is_told_without_debtor_and_causale(name: str, public: str | None, shown: str) -> None:
    written = {"debtor": DEBTOR, "beneficiary": STUDENT, "description": "Retta di Anna", "public_description": public}
    told = sample(name, **written)
    transfers = [{**one, "remittance_information": "Retta di Anna"} for one in told["data"]["transfers"]]
    told["data"]["transfers"] = transfers
    left = without_person(told)
    assert left["redacted"] is True
    assert changed(told, left) == {
        "debtor": {"entity_type": "F", "fiscal_code": "ANONIMO", "full_name": "-"},
        "description": shown,
        "beneficiary": None,
        "transfers": [{**one, "remittance_information": shown} for one in transfers],
    }
    assert "Anna" not in json.dumps(left)
    assert read_event(EVENTS[left["type"]], json.dumps(left).encode()).data


@pytest.mark.parametrize("name", PERSONAL[3:])
def test_the_entitys_books_are_told_who_owes_and_no_code_and_no_address(name: str) -> None:
    told = sample(name, debtor=DEBTOR)
    left = without_debtors_code(told)
    assert changed(told, left) == {
        "debtor": {"entity_type": "G", "full_name": "Rossi Anna", "fiscal_code": "ANONIMO"},
    }
    assert {**left, "data": None} == {**told, "data": None}


def test_an_event_without_debtor_is_told_as_it_is() -> None:
    told = sample("PaymentConfirmed", beneficiary=STUDENT)
    assert without_debtors_code(told) == told
