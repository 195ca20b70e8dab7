"""What is stuck, in the office: of this entity alone, without the persons in it; sent again; dropped with a reason."""

from dataclasses import replace
from http import HTTPStatus

import pytest

from contracts.actors import Actor
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.events.subscriptions import SUBSCRIPTIONS
from contracts.rpc import dead_letters
from gateway.office.failure_words import CONSUMERS
from tests.unit.gateway.administration_services import CONSUMER, LETTER, LETTER_ID, Administration
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import Services
from tests.unit.gateway.office_services import MARIA, OFFICE_TOKEN, Office

STUCK = "/ufficio/PM108/fermi"
LETTERS = f"{STUCK}/{CONSUMER}"
ONE = f"{LETTERS}/{LETTER_ID}"
OPERATOR = Actor(kind="operator", id=str(MARIA))


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    return Office(services)


@pytest.fixture(name="stuck")
def _stuck(services: Services, office: Office) -> Administration:
    return Administration(services, office)


@pytest.fixture(name="desk")
def _desk(browser: Browser, stuck: Administration) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("path", [STUCK, LETTERS, ONE, f"{ONE}/elimina"])
def test_a_page_is_made_for_everybody_and_no_text_of_others_becomes_code(
    desk: Browser, path: str, language: str
) -> None:
    desk.language = language
    answer = desk.get(path)
    assert answer.status_code == HTTPStatus.OK
    page = page_of(answer)
    assert len(page.xpath("//h1")) == 1
    assert not page.xpath("//*[@style] | //style | //script[not(@src)] | //main//b")


def test_what_is_stuck_is_asked_of_every_service_for_this_entity_alone(desk: Browser, services: Services) -> None:
    page = page_of(desk.get(STUCK))
    assert page.xpath("//main//ul//a/@href") == [LETTERS]
    for service in dead_letters.HEARING:
        (asked,) = services.asked(dead_letters.queues_call(service))
        assert asked.entity_code == "PM108"
    desk.get(LETTERS)
    assert services.asked(dead_letters.letters_call("practices"))[-1].entity_code == "PM108"


def test_a_service_that_does_not_answer_is_named_and_the_others_are_shown(desk: Browser, services: Services) -> None:
    services.failures[dead_letters.queues_call("cart").name] = Unavailable()
    shown = text_of(desk.get(STUCK))
    assert "Adesso non rispondono: cart." in shown
    assert "La pratica pagata resta da pagare" in shown


def test_one_is_looked_at_and_leads_to_its_practice(desk: Browser, stuck: Administration, office: Office) -> None:
    office.become("amministratore", "ufficio")
    stuck.letter = replace(LETTER, type="PracticeCreated.v1", subject="00000000-0000-0000-0000-000000000001")
    page = page_of(desk.get(ONE))
    assert "<b>" in page.xpath("string(//pre)")
    assert page.xpath("//main//a[contains(@href, '/pratiche/00000000')]")


def test_it_is_sent_again_in_the_operators_name(desk: Browser, services: Services) -> None:
    answer = desk.submit_and_follow(f"{ONE}/rimanda")
    assert "mandato di nuovo" in text_of(answer)
    (asked,) = services.asked(dead_letters.replay_call("practices"))
    assert (asked.consumer, asked.id, asked.entity_code, asked.actor) == (CONSUMER, LETTER_ID, "PM108", OPERATOR)


def test_it_is_dropped_with_a_reason_alone(desk: Browser, services: Services) -> None:
    answer = desk.submit(f"{ONE}/elimina", motivo=" ")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert services.asked(dead_letters.drop_call("practices")) == []
    answer = desk.submit_and_follow(f"{ONE}/elimina", motivo=" La pratica\tnon esiste più ")
    (asked,) = services.asked(dead_letters.drop_call("practices"))
    assert (asked.id, asked.reason, asked.entity_code, asked.actor) == (
        LETTER_ID,
        "La pratica non esiste più",
        "PM108",
        OPERATOR,
    )


def test_what_is_gone_or_of_no_service_is_not_found(desk: Browser, services: Services) -> None:
    services.failures[dead_letters.letters_call("practices").name] = Refused(ErrorCode.NOT_FOUND)
    for path in (LETTERS, ONE, f"{ONE}/elimina", f"{STUCK}/identity.on_x", f"{STUCK}/x"):
        assert desk.get(path).status_code == HTTPStatus.NOT_FOUND


def test_a_revisore_looks_and_has_no_button(desk: Browser, office: Office) -> None:
    office.become("revisore")
    page = page_of(desk.get(ONE))
    assert not page.xpath("//main//form | //main//a[contains(@href, 'elimina')]")


def test_everything_that_hears_events_has_its_words() -> None:
    assert set(CONSUMERS) == {one.consumer for one in SUBSCRIPTIONS}
