"""The office's pages of API keys and webhooks: shown once, asked once, told who was faster, and what was typed kept."""

from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

import pytest
import structlog.testing

from contracts.error_details import ChangedMeanwhile
from contracts.errors import ErrorCode, Refused
from contracts.rpc import api_keys, webhooks
from contracts.rpc.webhooks import WEBHOOK_TYPES, WebhookAttempt, WebhookDelivery
from contracts.scopes import ENTITY_SCOPES
from gateway.office.software_words import DISABLED, EVENT_TYPES, PROBLEMS, SCOPES
from tests.unit.gateway.administration_services import KEY, KEY_TEXT, SECRET, WEBHOOK, Administration
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import NOW, Services
from tests.unit.gateway.office_services import CARLO, MARIA, OFFICE_TOKEN, Office

KEYS = "/ufficio/PM108/chiavi"
HOOKS = "/ufficio/PM108/notifiche"
HOOK = f"{HOOKS}/{WEBHOOK}"
PAGES = (
    KEYS,
    f"{KEYS}/nuova",
    f"{KEYS}/{KEY}/rinnova",
    f"{KEYS}/{KEY}/revoca",
    HOOKS,
    f"{HOOKS}/nuova",
    HOOK,
    f"{HOOK}/modifica",
    f"{HOOK}/segreto",
    f"{HOOK}/elimina",
    "/ufficio/PM108/registro?registro=pagamenti",
)


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    return Office(services)


@pytest.fixture(name="software")
def _software(services: Services, office: Office) -> Administration:
    return Administration(services, office)


@pytest.fixture(name="desk")
def _desk(browser: Browser, software: Administration) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_made_for_everybody(desk: Browser, path: str, language: str) -> None:
    desk.language = language
    answer = desk.get(path)
    assert answer.status_code == HTTPStatus.OK
    page = page_of(answer)
    assert page.get("lang") == language
    assert len(page.xpath("//h1")) == 1
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert not page.xpath("//*[@style] | //style | //script[not(@src)]")
    for control in page.xpath("//main//input[not(@type='hidden')] | //main//select"):
        assert page.xpath(f"//label[@for='{control.get('id')}']"), control.get("name")
    for form in page.xpath("//form[@method='post']"):
        assert form.xpath(".//input[@name='csrf_token']"), form.get("action")


# ---- keys


def test_a_key_is_shown_in_the_page_that_made_it_and_nowhere_else(desk: Browser, services: Services) -> None:
    with structlog.testing.capture_logs() as lines:
        answer = desk.submit(f"{KEYS}/nuova", nome=" Contabilità ", **{"permesso-payments:read": "si"})
    assert answer.status_code == HTTPStatus.OK
    assert KEY_TEXT in text_of(answer)
    assert answer.headers["cache-control"] == "no-store"
    (asked,) = services.asked(api_keys.MAKE_API_KEY)
    assert (asked.name, asked.scopes, asked.entity_code) == ("Contabilità", ["payments:read"], "PM108")
    assert KEY_TEXT not in str(lines)
    assert KEY_TEXT not in desk.get(KEYS).text
    assert "Contabilità" in text_of(desk.get(KEYS))


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(desk: Browser, services: Services) -> None:
    answer = desk.submit(f"{KEYS}/nuova", nome="", **{"permesso-payments:read": "si"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page_of(answer).xpath("//input[@name='permesso-payments:read']/@checked")
    answer = desk.submit(f"{KEYS}/nuova", nome="Altro")
    assert "Scegli almeno un permesso." in text_of(answer)
    assert page_of(answer).xpath("//input[@name='nome']/@value") == ["Altro"]
    assert services.asked(api_keys.MAKE_API_KEY) == []
    answer = desk.submit(f"{KEYS}/nuova", nome="Gestionale", **{"permesso-payments:read": "si"})
    assert "C'è già una chiave in uso con questo nome" in text_of(answer)


def test_a_right_that_is_no_entitys_cannot_be_slipped_into_the_form(desk: Browser, services: Services) -> None:
    fields = {"permesso-ops:dead-letters": "si", "permesso-*": "si", "permesso-debts:read": "si"}
    desk.submit(f"{KEYS}/nuova", nome="Altro", entity_code="PM200", **fields)
    (asked,) = services.asked(api_keys.MAKE_API_KEY)
    assert (asked.scopes, asked.entity_code) == (["debts:read"], "PM108")


def test_a_rotation_shows_the_new_text_once_and_until_when_the_old_one_is_good(desk: Browser) -> None:
    page = desk.get(f"{KEYS}/{KEY}/rinnova")
    assert page_of(page).xpath("//input[@name='version']/@value") == ["1"]
    answer = desk.submit(f"{KEYS}/{KEY}/rinnova", version="1")
    assert KEY_TEXT in text_of(answer)
    assert "vale ancora fino al" in text_of(answer)
    assert "Quella di prima vale ancora" in text_of(desk.get(KEYS))


def test_a_revoked_key_moves_among_those_that_were(desk: Browser) -> None:
    answer = desk.submit_and_follow(f"{KEYS}/{KEY}/revoca", version="1")
    assert "La chiave è stata revocata" in text_of(answer)
    assert page_of(answer).xpath("//details//li")
    for action in ("rinnova", "revoca"):
        assert desk.get(f"{KEYS}/{KEY}/{action}").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("action", ["rinnova", "revoca"])
def test_the_second_of_two_is_told_who_was_faster(desk: Browser, office: Office, action: str) -> None:
    office.meanwhile = ChangedMeanwhile(
        version=2, actor_kind="operator", actor_id=str(CARLO), operation="keys.rotate", at=NOW, fields=["name"]
    )
    answer = desk.submit(f"{KEYS}/{KEY}/{action}", version="1")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Chiave rinnovata da Carlo Neri" in text_of(answer)
    assert KEY_TEXT not in answer.text


def test_a_revisore_looks_and_has_no_button(desk: Browser, office: Office) -> None:
    office.become("revisore")
    for path in (KEYS, HOOKS, HOOK):
        page = page_of(desk.get(path))
        assert not page.xpath("//main//form | //main//a[contains(@href, 'nuova') or contains(@href, 'revoca')]")


# ---- webhooks


def test_a_webhook_is_made_in_the_operators_name_and_its_secret_shown_once(desk: Browser, services: Services) -> None:
    form = desk.get(f"{HOOKS}/nuova")
    (key,) = page_of(form).xpath("//input[@name='key']/@value")
    fields = {"url": "https://conti.example/p?x=1", "tipo-PaymentConfirmed.v1": "si", "key": key}
    answer = desk.submit(f"{HOOKS}/nuova", **fields)
    assert SECRET in text_of(answer)
    (asked,) = services.asked(webhooks.CREATE_WEBHOOK)
    assert (asked.id, asked.url, asked.types) == (UUID(key), "https://conti.example/p?x=1", ["PaymentConfirmed.v1"])
    assert asked.actor is not None
    assert (asked.actor.kind, asked.actor.id) == ("operator", str(MARIA))
    for path in (HOOKS, f"{HOOKS}/{key}"):
        assert SECRET not in desk.get(path).text


@pytest.mark.parametrize(
    "url",
    ["", "http://x.example/", "https://", "https://u:p@x.example/", "javascript:alert(1)", "https://x/" + "y" * 500],
)
def test_an_address_that_will_not_do_comes_back_as_typed(desk: Browser, services: Services, url: str) -> None:
    for path in (f"{HOOKS}/nuova", f"{HOOK}/modifica"):
        answer = desk.submit(path, url=url)
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert page_of(answer).xpath("//input[@name='url']/@value") == [url[:501]]
    assert not services.asked(webhooks.CREATE_WEBHOOK)
    assert not services.asked(webhooks.CHANGE_WEBHOOK)


def test_one_webhook_too_many_is_said_in_the_form(desk: Browser, services: Services) -> None:
    services.failures[webhooks.CREATE_WEBHOOK.name] = Refused(ErrorCode.TOO_MANY_REQUESTS)
    answer = desk.submit(f"{HOOKS}/nuova", url="https://conti.example/")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Ci sono già dieci indirizzi" in text_of(answer)


def test_it_is_suspended_and_taken_up_again_by_the_form(desk: Browser, software: Administration) -> None:
    desk.submit_and_follow(f"{HOOK}/modifica", url="https://gestionale.example/y", sospesa="si")
    assert (software.webhooks[WEBHOOK].enabled, software.webhooks[WEBHOOK].url[-1]) == (False, "y")
    assert page_of(desk.get(f"{HOOK}/modifica")).xpath("//input[@name='sospesa']/@checked")
    desk.submit_and_follow(f"{HOOK}/modifica", url="https://gestionale.example/y")
    assert software.webhooks[WEBHOOK].enabled


def test_the_test_button_sends_and_the_history_tells_each_attempt(desk: Browser, software: Administration) -> None:
    answer = desk.submit_and_follow(f"{HOOK}/prova")
    assert "La prova è partita" in text_of(answer)
    assert "Non ancora mandato." in text_of(answer)
    software.deliveries = [
        WebhookDelivery(
            id=9,
            event_id=UUID(int=7),
            type="PaymentConfirmed.v1",
            test=False,
            state="given_up",
            created_at=NOW,
            attempts=[
                WebhookAttempt(at=NOW, status=503, duration_ms=12),
                WebhookAttempt(at=NOW + timedelta(minutes=1), problem="certificate", duration_ms=7),
            ],
        )
    ]
    shown = text_of(desk.get(HOOK))
    assert "Pagamento confermato" in shown
    assert "risposta 503" in shown
    assert "il certificato non è valido" in shown
    assert "Non consegnata" in shown


def test_an_event_is_sent_again_from_the_history(desk: Browser, services: Services) -> None:
    desk.submit_and_follow(f"{HOOK}/rimanda", event_id=str(UUID(int=7)))
    (asked,) = services.asked(webhooks.RESEND)
    assert (asked.id, asked.event_id, asked.since) == (WEBHOOK, UUID(int=7), None)
    assert desk.submit(f"{HOOK}/rimanda", event_id="all").status_code == HTTPStatus.BAD_REQUEST


def test_its_secret_is_turned_and_it_is_deleted_each_after_one_question(
    desk: Browser, software: Administration
) -> None:
    assert SECRET not in desk.get(f"{HOOK}/segreto").text
    assert SECRET in text_of(desk.submit(f"{HOOK}/segreto"))
    assert WEBHOOK in software.webhooks
    answer = desk.submit_and_follow(f"{HOOK}/elimina")
    assert "L'indirizzo è stato eliminato" in text_of(answer)
    assert software.webhooks == {}
    assert desk.get(HOOK).status_code == HTTPStatus.NOT_FOUND


def test_without_the_token_of_a_form_of_ours_no_button_does_anything(desk: Browser, services: Services) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}
    for path in (f"{KEYS}/nuova", f"{KEYS}/{KEY}/revoca", f"{HOOK}/prova", f"{HOOK}/elimina", f"{HOOK}/segreto"):
        assert desk.request("POST", path, headers=headers, body="version=1").status_code == HTTPStatus.FORBIDDEN
    writes = {api_keys.MAKE_API_KEY.name, api_keys.REVOKE_API_KEY.name}
    writes |= {webhooks.TEST_WEBHOOK.name, webhooks.DELETE_WEBHOOK.name}
    assert not {name for name, _, _ in services.calls} & writes


# ---- words


def test_everything_that_can_be_chosen_or_told_has_its_words() -> None:
    assert set(SCOPES) == {scope.value for scope in ENTITY_SCOPES}
    assert set(EVENT_TYPES) == set(WEBHOOK_TYPES)
    assert set(DISABLED) == set(webhooks.DISABLED_REASONS)
    assert set(PROBLEMS) == {"private_address", "certificate", "timed_out", "redirect", "no_answer", "not_resolved"}
