"""Who knows only a notice number: what of two worlds that differ only in persons can be told apart at any address."""

import re
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon
import falcon.inspect
import pytest

from contracts.rpc.payments import BoughtStamp, TimelineEntry
from contracts.shapes import Beneficiary, Subject
from gateway.app import create_app
from gateway.settings import Settings
from services.practices.domain import display
from tests.unit.gateway.gateway_browser import Browser
from tests.unit.gateway.gateway_services import NOW, Services, make_practice, make_receipt

STATES: Final = ("to_pay", "unconfirmed", "underpaid", "paid", "reported", "expired", "cancelled")
# What an answer holds that no other has, whoever asks: tokens, references, the moment.
OF_EACH_ANSWER: Final = re.compile(rb"[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{8}T\d{6}Z")
# Providers are listed in no order.
OF_PROVIDERS: Final = b"idp="
UNTOLD: Final = re.compile(r"{(?!entity|practice_id)")


def persons(number: int) -> dict[str, Any]:
    """What a body may write about a person, in one world or in the other."""
    name = ("Mario Rossi", "Giuseppina D'Aquila")[number]
    code = ("RSSMRA85T10A562S", "DQLGPP70A41A345X")[number]
    return {
        "debtor": Subject(
            entity_type="F", fiscal_code=code, full_name=name, city=name[:35], email=f"p{number}@posta.example"
        ),
        "beneficiary": Beneficiary(full_name=name, course=name, school=name, contribution_type=name),
        "description": f"{name} {code} nato il {number + 1}/2/1999",
        "external_id": f"{name}-{code}",
    }


def world(services: Services, number: int, state: str) -> None:
    """One practice as a stranger gets it from practices, with what payments knows of its persons."""
    words = {"state_reason": f"Emesso a {persons(number)['debtor'].full_name}"} if state == "cancelled" else {}
    known = make_practice(1, **persons(number), **words, state=state, payable=state == "to_pay", paid_at=NOW)
    services.add(replace(display.masked(known), masked=True))
    who = replace(known.debtor, email=None)
    stamp = BoughtStamp(transfer=1, document_hash=f"{number}" * 43 + "=", iubd=f"IUBD-{number}")
    services.receipts = [
        make_receipt(known, "IUR-1", payer=who, stamps=[stamp], beneficiary=known.beneficiary),
        make_receipt(known, "IUR-2", payer=who, description=known.description, external_id=known.external_id),
    ]
    services.timeline = [
        TimelineEntry(at=NOW - timedelta(days=1), kind="activated", source="node", detail={"payer": who.full_name}),
        TimelineEntry(at=NOW, kind="PracticeCancelled.v1", source="practices", detail={"reason": known.description}),
        TimelineEntry(at=NOW, kind="PaymentConfirmed.v1", source="node", detail={"receipt_id": "IUR-1", "payer": who}),
    ]


def addresses(app: falcon.App[Any, Any]) -> list[str]:
    """Every address of an entity, and of the API, that a stranger may open who was shown one practice."""
    found = []
    for route in falcon.inspect.inspect_routes(app):
        methods = {method.method for method in route.methods if not method.internal}
        if "GET" in methods and not UNTOLD.search(route.path) and route.path.startswith(("/enti/", "/api/v1/p")):
            path = re.sub(r"\{practice_id(?::\w+)?\}", str(UUID(int=1)), route.path)
            found.append(re.sub(r"\{entity(?::\w+)?\}", "PM108", path))
    return found


def told(settings: Settings, number: int, state: str) -> dict[str, tuple[int, bytes]]:
    services = Services()
    world(services, number, state)
    app = create_app(settings, services)
    browser = Browser(app)
    found = browser.submit("/enti/PM108/ricerca", notice_number=make_practice(1).notice_number)
    assert found.status_code == HTTPStatus.SEE_OTHER
    answers = {}
    for language in ("it", "en"):
        browser.language = language
        for address in addresses(app):
            answer = browser.get(address)
            lines = [one for one in answer.content.split(b"\n") if OF_PROVIDERS not in one]
            answers[f"{language} {address}"] = (answer.status_code, OF_EACH_ANSWER.sub(b"", b"\n".join(lines)))
    return answers


@pytest.mark.parametrize("state", STATES)
def test_two_worlds_that_differ_only_in_persons_are_the_same_at_every_address(settings: Settings, state: str):
    one, other = told(settings, 0, state), told(settings, 1, state)
    assert len(one) > 40
    assert f"it /enti/PM108/pratiche/{UUID(int=1)}" in one
    assert f"it /api/v1/practices/{UUID(int=1)}" in one
    assert [address for address in one if one[address] != other[address]] == []
