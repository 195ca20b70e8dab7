"""Every page of the office, asked for in every role, for one's own entity and for another: the whole matrix.

What each page needs stands here a second time, by the letters of the roles; a page that is not here fails the test.
"""

from http import HTTPStatus
from itertools import product
from typing import Any
from urllib.parse import quote
from uuid import UUID

import falcon
import falcon.inspect
import pytest

from gateway.app import create_app
from gateway.settings import Settings
from tests.unit.gateway.administration_services import (
    CONSUMER,
    DAY,
    FLOW_ID,
    KEY,
    LETTER_ID,
    WEBHOOK,
    Administration,
)
from tests.unit.gateway.gateway_browser import Browser
from tests.unit.gateway.gateway_services import Services, make_practice
from tests.unit.gateway.office_imports import IMPORT
from tests.unit.gateway.office_papers import JOB
from tests.unit.gateway.office_payments import MESSAGE, REFUSED
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
    ("GET", "/ufficio/{entity}/inserisci/piano"): "su",
    ("POST", "/ufficio/{entity}/inserisci/piano"): "su",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/avviso.pdf"): "su",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/quietanza.pdf"): "su",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}"): "sucr",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/modifica"): "u",
    ("POST", "/ufficio/{entity}/pratiche/{practice_id:uuid}/modifica"): "u",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/annulla"): "u",
    ("POST", "/ufficio/{entity}/pratiche/{practice_id:uuid}/annulla"): "u",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/ripristina"): "u",
    ("POST", "/ufficio/{entity}/pratiche/{practice_id:uuid}/ripristina"): "u",
    ("GET", "/ufficio/{entity}/importa"): "u",
    ("POST", "/ufficio/{entity}/importa"): "u",
    ("GET", "/ufficio/{entity}/importa/{import_id:uuid}"): "u",
    ("POST", "/ufficio/{entity}/importa/{import_id:uuid}/carica"): "u",
    ("POST", "/ufficio/{entity}/importa/{import_id:uuid}/annulla"): "u",
    ("POST", "/ufficio/{entity}/importa/{import_id:uuid}/sospendi"): "u",
    ("POST", "/ufficio/{entity}/importa/{import_id:uuid}/riprendi"): "u",
    ("GET", "/ufficio/{entity}/importa/{import_id:uuid}/correggi"): "u",
    ("POST", "/ufficio/{entity}/importa/{import_id:uuid}/correggi"): "u",
    ("GET", "/ufficio/{entity}/importa/{import_id:uuid}/mancanti"): "u",
    ("GET", "/ufficio/{entity}/importa/{import_id:uuid}/da-correggere.csv"): "u",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/email"): "su",
    ("POST", "/ufficio/{entity}/pratiche/{practice_id:uuid}/email"): "su",
    ("GET", "/ufficio/{entity}/pratiche/{practice_id:uuid}/storia"): "sucr",
    ("POST", "/ufficio/{entity}/pratiche/{practice_id:uuid}/storia/messaggio"): "cr",
    ("GET", "/ufficio/{entity}/ricevute"): "cr",
    ("POST", "/ufficio/{entity}/ricevute/{call_id:int(min=1)}/prendi"): "c",
    ("POST", "/ufficio/{entity}/ricevute/file"): "c",
    ("POST", "/ufficio/{entity}/ricevute/recupera"): "c",
    ("GET", "/ufficio/{entity}/assistenza"): "sucr",
    ("GET", "/ufficio/{entity}/stampa"): "su",
    ("POST", "/ufficio/{entity}/stampa"): "su",
    ("GET", "/ufficio/{entity}/stampa/{job_id:uuid}"): "su",
    ("GET", "/ufficio/{entity}/stampa/{job_id:uuid}/avvisi.zip"): "su",
    ("GET", "/ufficio/{entity}/stampa/{job_id:uuid}/avvisi.pdf"): "su",
    ("GET", "/ufficio/{entity}/stampa/{job_id:uuid}/senza-avviso.csv"): "su",
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
    ("GET", "/ufficio/{entity}/riconciliazione"): "cr",
    ("GET", "/ufficio/{entity}/riconciliazione/giorni/{day}"): "cr",
    ("POST", "/ufficio/{entity}/riconciliazione/giorni/{day}"): "c",
    ("GET", "/ufficio/{entity}/riconciliazione/giorni/{day}/riapri"): "c",
    ("POST", "/ufficio/{entity}/riconciliazione/giorni/{day}/riapri"): "c",
    ("GET", "/ufficio/{entity}/riconciliazione/giorni/{day}/rapporto.csv"): "cr",
    ("GET", "/ufficio/{entity}/riconciliazione/giorni/{day}/rapporto.pdf"): "cr",
    ("GET", "/ufficio/{entity}/riconciliazione/flussi/{flow_id}"): "cr",
    ("GET", "/ufficio/{entity}/riconciliazione/carica-flusso"): "c",
    ("POST", "/ufficio/{entity}/riconciliazione/carica-flusso"): "c",
    ("GET", "/ufficio/{entity}/riconciliazione/registra-accredito"): "c",
    ("POST", "/ufficio/{entity}/riconciliazione/registra-accredito"): "c",
    ("GET", "/ufficio/{entity}/riconciliazione/da-guardare"): "cr",
    ("GET", "/ufficio/{entity}/riconciliazione/accrediti"): "cr",
    ("GET", "/ufficio/{entity}/statistiche"): "cr",
    ("GET", "/ufficio/{entity}/statistiche/{kind}"): "cr",
    ("GET", "/ufficio/{entity}/catalogo"): "ar",
    ("GET", "/ufficio/{entity}/catalogo/ente"): "a",
    ("POST", "/ufficio/{entity}/catalogo/ente"): "a",
    ("GET", "/ufficio/{entity}/catalogo/logo"): "a",
    ("POST", "/ufficio/{entity}/catalogo/logo"): "a",
    ("GET", "/ufficio/{entity}/catalogo/nuovo-servizio"): "a",
    ("POST", "/ufficio/{entity}/catalogo/nuovo-servizio"): "a",
    ("GET", "/ufficio/{entity}/catalogo/servizi/{service}"): "a",
    ("POST", "/ufficio/{entity}/catalogo/servizi/{service}"): "a",
    ("GET", "/ufficio/{entity}/catalogo/servizi/{service}/ritira"): "a",
    ("POST", "/ufficio/{entity}/catalogo/servizi/{service}/ritira"): "a",
    ("GET", "/ufficio/{entity}/chiavi"): "ar",
    ("GET", "/ufficio/{entity}/chiavi/nuova"): "a",
    ("POST", "/ufficio/{entity}/chiavi/nuova"): "a",
    ("GET", "/ufficio/{entity}/chiavi/{key_id:uuid}/rinnova"): "a",
    ("POST", "/ufficio/{entity}/chiavi/{key_id:uuid}/rinnova"): "a",
    ("GET", "/ufficio/{entity}/chiavi/{key_id:uuid}/revoca"): "a",
    ("POST", "/ufficio/{entity}/chiavi/{key_id:uuid}/revoca"): "a",
    ("GET", "/ufficio/{entity}/notifiche"): "ar",
    ("GET", "/ufficio/{entity}/notifiche/nuova"): "a",
    ("POST", "/ufficio/{entity}/notifiche/nuova"): "a",
    ("GET", "/ufficio/{entity}/notifiche/{webhook_id:uuid}"): "ar",
    ("GET", "/ufficio/{entity}/notifiche/{webhook_id:uuid}/modifica"): "a",
    ("POST", "/ufficio/{entity}/notifiche/{webhook_id:uuid}/modifica"): "a",
    ("POST", "/ufficio/{entity}/notifiche/{webhook_id:uuid}/prova"): "a",
    ("POST", "/ufficio/{entity}/notifiche/{webhook_id:uuid}/rimanda"): "a",
    ("GET", "/ufficio/{entity}/notifiche/{webhook_id:uuid}/segreto"): "a",
    ("POST", "/ufficio/{entity}/notifiche/{webhook_id:uuid}/segreto"): "a",
    ("GET", "/ufficio/{entity}/notifiche/{webhook_id:uuid}/elimina"): "a",
    ("POST", "/ufficio/{entity}/notifiche/{webhook_id:uuid}/elimina"): "a",
    ("GET", "/ufficio/{entity}/fermi"): "ar",
    ("GET", "/ufficio/{entity}/fermi/{consumer}"): "ar",
    ("GET", "/ufficio/{entity}/fermi/{consumer}/{letter_id}"): "ar",
    ("POST", "/ufficio/{entity}/fermi/{consumer}/{letter_id}/rimanda"): "a",
    ("GET", "/ufficio/{entity}/fermi/{consumer}/{letter_id}/elimina"): "a",
    ("POST", "/ufficio/{entity}/fermi/{consumer}/{letter_id}/elimina"): "a",
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
    "practices.office_insert_plan",
    "practices.office_amend",
    "practices.office_annul",
    "practices.office_restore",
    "practices.import_part",
    "practices.queue_import",
    "practices.apply_import",
    "practices.cancel_import",
    "practices.hold_import",
    "notices.start_job",
    "notices.mail_practice",
    "payments.read_node_message",
    "payments.take_receipt",
    "payments.take_refused_receipt",
    "payments.recover_receipt",
    "identity.make_api_key",
    "identity.rotate_api_key",
    "identity.revoke_api_key",
    "payments.create_webhook",
    "payments.change_webhook",
    "payments.delete_webhook",
    "payments.rotate_webhook_secret",
    "payments.test_webhook",
    "payments.resend_webhook",
    "payments.take_settlement",
    "payments.put_bank_credit",
    "payments.close_settlement_day",
    "payments.reopen_settlement_day",
    "practices.replay_dead_letters",
    "practices.publish_service",
    "practices.withdraw_service",
    "practices.publish_entity",
    "practices.publish_logo",
    "practices.drop_dead_letters",
    "payments.move_case",
    "payments.export_refunds",
    "payments.settle_export",
}
# Forms with a file, and the name of its field.
UPLOADS = {
    "/ufficio/{entity}/riconciliazione/carica-flusso": "flusso",
    "/ufficio/{entity}/catalogo/logo": "logo",
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
    "rate": "2",
    "prima": "2026-12-31",
    "messaggio": MESSAGE,
    "iur": "IUR-1",
    "che": "avviso",
    "invia-3": "si",
    "r3-importo": "148,50",
    "permesso-debts:read": "si",
    "url": "https://gestionale.example/portale",
    "event_id": str(UUID(int=2)),
    "flows_count": "1",
    "rows_count": "3",
    "total_cents": "3702",
    "credited_cents": "3600",
    "nota": "Visto",
    "riferimento": "CRO-3",
    "passo": "pubblica",
    "codice": "MENSA",
    "titolo_it": "Mensa",
    "titolo_en": "Canteen",
    "categoria": "9/0601126IM/",
    "spontaneo": "si",
    "data": "2026-11-20",
    "conto": "IT60X0542811101000000123456",
    "giorno": "2030-01-02",
}


def filled(path: str, entity_code: str) -> str:
    values = {
        "{entity}": entity_code,
        "{practice_id:uuid}": str(PRACTICE),
        "{operator_id:uuid}": str(CARLO),
        "{invitation_id:uuid}": str(INVITED),
        "{import_id:uuid}": str(IMPORT),
        "{job_id:uuid}": str(JOB),
        "{call_id:int(min=1)}": str(REFUSED),
        "{key_id:uuid}": str(KEY),
        "{webhook_id:uuid}": str(WEBHOOK),
        "{day}": DAY.isoformat(),
        "{kind}": "incassi",
        "{service}": "TARI",
        "{consumer}": CONSUMER,
        "{letter_id}": quote(LETTER_ID, safe=""),
        "{flow_id}": quote(FLOW_ID, safe=""),
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
    Administration(services, office)
    return office


def ask(browser: Browser, method: str, path: str) -> falcon.testing.Result:
    if method == "GET":
        return browser.get(path)
    if path.endswith("/importa"):
        return browser.upload(path, ("file", "tari.csv", b"codice_debito;servizio\n"), csrf_token=browser.token())
    if path.endswith("/ricevute/file"):
        return browser.upload(path, ("file", "rt.xml", b"<paSendRTV2Request/>"), csrf_token=browser.token())
    for upload, field in UPLOADS.items():
        if path in {filled(upload, code) for code in ("PM108", "PM200")}:
            return browser.upload(path, (field, "file", b"<x/>"), csrf_token=browser.token(), version="4")
    return browser.submit(path, **FORM)


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
    office.become("ufficio", "contabile", service_code="BOLLO_IT")
    before = dict(services.practices)
    assert ask(browser, method, filled(path, "PM108")).status_code == HTTPStatus.NOT_FOUND
    assert services.practices == before
    office.become("ufficio", "contabile", service_code="TARI")
    assert ask(browser, method, filled(path, "PM108")).status_code in (HTTPStatus.OK, HTTPStatus.SEE_OTHER)
