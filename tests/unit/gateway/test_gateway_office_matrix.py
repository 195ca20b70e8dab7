"""Every page of the office, asked for in every role, for one's own entity and for another: the whole matrix.

What each page needs stands here a second time, by the letters of the roles; a page that is not here fails the test.
"""

from http import HTTPStatus
from itertools import product
from typing import Any
from uuid import UUID

import falcon
import falcon.inspect
import pytest

from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.gateway_browser import Browser
from tests.unit.gateway.gateway_services import Services, make_practice
from tests.unit.gateway.office_services import CARLO, CASE, EXPORT, INVITED, OFFICE_TOKEN, Office

PRACTICE = UUID(int=1)
ROLES = {"s": "sportello", "u": "ufficio", "c": "contabile", "a": "amministratore", "r": "revisore"}
ALL = "sucar"
# s: sportello, u: ufficio, c: contabile, a: amministratore, r: revisore
DOORS = {
    ("GET", "/ufficio/{entity}"): ALL,
    ("GET", "/ufficio/{entity}/pratiche"): "sucr",
    ("POST", "/ufficio/{entity}/pratiche"): "sucr",
    ("GET", "/ufficio/{entity}/inserisci"): "su",
    ("POST", "/ufficio/{entity}/inserisci"): "su",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/avviso.pdf"): "su",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/quietanza.pdf"): "su",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}"): "sucr",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/modifica"): "u",
    ("POST", "/ufficio/{entity}/pratiche/{practice_id:uuid}/modifica"): "u",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/annulla"): "u",
    ("POST", "/ufficio/{entity}/pratiche/{practice_id:uuid}/annulla"): "u",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/ripristina"): "u",
    ("POST", "/ufficio/{entity}/pratiche/{practice_id:uuid}/ripristina"): "u",
    ("GET", "/ufficio/{entity}/pagamenti-non-attesi"): "cr",
    ("GET", "/ufficio/{entity}/pagamenti-non-attesi/{case_id:uuid}"): "cr",
    ("GET", "/ufficio/{entity}/pagamenti-non-attesi/{case_id:uuid}/{step}"): "c",
    ("POST", "/ufficio/{entity}/pagamenti-non-attesi/{case_id:uuid}/{step}"): "c",
    ("GET", "/ufficio/{entity}/rimborsi"): "c",
    ("POST", "/ufficio/{entity}/rimborsi"): "c",
    ("GET", "/ufficio/{entity}/rimborsi/{export_id:uuid}/rimborsi.{ending}"): "c",
    ("POST", "/ufficio/{entity}/rimborsi/{export_id:uuid}/pagato"): "c",
    ("GET", "/ufficio/{entity}/colleghi"): "ar",
    ("GET", "/ufficio/{entity}/colleghi/invita"): "a",
    ("POST", "/ufficio/{entity}/colleghi/invita"): "a",
    ("POST", "/ufficio/{entity}/colleghi/inviti/{invitation_id:uuid}/ritira"): "a",
    ("GET", "/ufficio/{entity}/colleghi/{operator_id:uuid}"): "a",
    ("POST", "/ufficio/{entity}/colleghi/{operator_id:uuid}"): "a",
    ("GET", "/ufficio/{entity}/colleghi/{operator_id:uuid}/rimuovi"): "a",
    ("POST", "/ufficio/{entity}/colleghi/{operator_id:uuid}/rimuovi"): "a",
    ("GET", "/ufficio/{entity}/registro"): "ar",
    ("GET", "/ufficio/{entity}/registro.csv"): "ar",
}
# The doors before there is a desk: they ask for no role.
BEFORE_A_DESK = {
    "/ufficio",
    "/ufficio/esci",
    "/ufficio/invito",
    "/ufficio/invito/accetta",
    "/ufficio/invito/{token}",
    "/ufficio/{entity}/accesso",
}
WRITES = {
    "identity.invite",
    "identity.withdraw_invitation",
    "identity.change_roles",
    "identity.remove_operator",
    "practices.office_insert",
    "practices.office_amend",
    "practices.office_annul",
    "practices.office_restore",
    "payments.move_case",
    "payments.export_refunds",
    "payments.settle_export",
}
FORM = {
    "version": "1",
    "importo": "150,00",
    "scadenza": "2026-12-31",
    "motivo": "Errore",
    "testo": "RSSMRA85T10A562S",
    "email": "nuovo@ente.example",
    "fiscal_code": "BNCGLI82D63L049K",
    "ruolo-sportello": "si",
    "servizio": "TARI",
    "nome": "Rossi Mario",
    "causale": "TARI 2026",
    "conto": "IT60X0542811101000000123456",
    "giorno": "2030-01-02",
}


def filled(path: str, entity_code: str) -> str:
    values = {
        "{entity}": entity_code,
        "{practice_id:uuid}": str(PRACTICE),
        "{operator_id:uuid}": str(CARLO),
        "{invitation_id:uuid}": str(INVITED),
        "{case_id:uuid}": str(CASE),
        "{export_id:uuid}": str(EXPORT),
        "{step}": "conferma",
        "{ending}": "csv",
    }
    for name, value in values.items():
        path = path.replace(name, value)
    return path


@pytest.fixture(name="app")
def _app(settings: Settings, services: Services) -> falcon.App[Any, Any]:
    services.add(make_practice(1))
    return create_app(settings, services)


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    office = Office(services)
    office.more_entities = {"PM200"}
    return office


def ask(browser: Browser, method: str, path: str) -> falcon.testing.Result:
    return browser.get(path) if method == "GET" else browser.submit(path, **FORM)


def test_every_page_of_the_office_is_in_the_matrix(app: falcon.App[Any, Any]) -> None:
    found = {
        (method.method, route.path)
        for route in falcon.inspect.inspect_routes(app)
        if route.path.startswith("/ufficio")
        for method in route.methods
        if not method.internal and method.method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }
    assert {(method, path) for method, path in found if path not in BEFORE_A_DESK} == set(DOORS)


@pytest.mark.parametrize(("door", "role"), list(product(DOORS, ROLES)), ids=str)
def test_a_role_opens_what_the_matrix_says_and_nothing_of_another_entity(
    app: falcon.App[Any, Any], office: Office, services: Services, door: tuple[str, str], role: str
) -> None:
    method, path = door
    office.become(ROLES[role])
    browser = Browser(app)
    browser.cookies["office"] = OFFICE_TOKEN
    theirs = ask(browser, method, filled(path, "PM200"))
    assert theirs.status_code == HTTPStatus.NOT_FOUND, theirs.text
    assert not WRITES & {name for name, _, _ in services.calls}
    mine = ask(browser, method, filled(path, "PM108"))
    if role in DOORS[door]:
        assert mine.status_code in (HTTPStatus.OK, HTTPStatus.SEE_OTHER), mine.text
    else:
        assert mine.status_code == HTTPStatus.FORBIDDEN, mine.text
        assert not WRITES & {name for name, _, _ in services.calls}


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_who_is_not_logged_in_opens_nothing(
    app: falcon.App[Any, Any], office: Office, services: Services, door: tuple[str, str]
) -> None:
    method, path = door
    for token in (None, "a" * 43):
        browser = Browser(app)
        if token:
            browser.cookies["office"] = token
        browser.log_in()  # a citizen's session is none
        answer = ask(browser, method, filled(path, "PM108"))
        assert answer.status_code in (HTTPStatus.SEE_OTHER, HTTPStatus.UNAUTHORIZED), answer.text
        if answer.status_code == HTTPStatus.SEE_OTHER:
            assert answer.headers["location"].startswith("/ufficio/PM108/accesso")
    assert not WRITES & {name for name, _, _ in services.calls}
    assert office.entries == []


@pytest.mark.parametrize("door", [door for door in DOORS if "practice_id" in door[1]], ids=str)
def test_a_role_for_another_service_does_not_find_the_practice(
    app: falcon.App[Any, Any], office: Office, services: Services, door: tuple[str, str]
) -> None:
    method, path = door
    browser = Browser(app)
    browser.cookies["office"] = OFFICE_TOKEN
    office.become("ufficio", service_code="BOLLO_IT")
    before = dict(services.practices)
    assert ask(browser, method, filled(path, "PM108")).status_code == HTTPStatus.NOT_FOUND
    assert services.practices == before
    office.become("ufficio", service_code="TARI")
    assert ask(browser, method, filled(path, "PM108")).status_code in (HTTPStatus.OK, HTTPStatus.SEE_OTHER)
