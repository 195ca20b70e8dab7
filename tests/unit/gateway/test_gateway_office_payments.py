"""The story of a payment in the office, and the receipts that were refused or never came."""

from dataclasses import replace
from http import HTTPStatus
from uuid import UUID

import pytest

from contracts.rpc import office_receipts, payment_story, payments
from contracts.rpc.operators import actor_of
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import Services, make_practice
from tests.unit.gateway.office_payments import MESSAGE, REFUSED, XML
from tests.unit.gateway.office_services import MARIA, OFFICE_TOKEN, Office

STORY = f"/ufficio/PM108/pratiche/{UUID(int=1)}/storia"
RECEIPTS = "/ufficio/PM108/ricevute"
ENVELOPE = b"\xef\xbb\xbf<paSendRTV2Request/>"


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    services.add(make_practice(1))
    found = Office(services)
    found.become("contabile")
    return found


@pytest.fixture(name="desk")
def _desk(browser: Browser, office: Office) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


# ---- the story


def test_the_story_tells_what_happened_and_shows_the_messages_masked(desk: Browser, office: Office) -> None:
    answer = desk.get(STORY)
    assert "L'ente ha emesso la pratica" in text_of(answer)
    page = page_of(answer)
    assert page.xpath("//pre")[0].text_content() == "<receipt>•••</receipt>"
    assert page.xpath(f"//form[@action='{STORY}/messaggio']")
    office.become("sportello")
    assert not page_of(desk.get(STORY)).xpath(f"//form[@action='{STORY}/messaggio']")
    office.payments.message = replace(office.payments.message, masked_xml=None)
    assert "si vede solo intero" in text_of(desk.get(STORY))


def test_a_message_is_read_whole_for_a_reason(desk: Browser, office: Office, services: Services) -> None:
    missing = desk.submit(f"{STORY}/messaggio", messaggio=MESSAGE, motivo=" ")
    assert missing.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page_of(missing).xpath(f"//details[@open]//input[@id='motivo-{MESSAGE}'][@aria-invalid='true']")
    assert XML not in page_of(missing).text_content()
    answer = desk.submit(f"{STORY}/messaggio", messaggio=MESSAGE, motivo="Reclamo 12")
    assert page_of(answer).xpath("//pre")[0].text_content() == XML
    assert "no-store" in answer.headers["cache-control"]
    asked = services.asked(payment_story.READ_MESSAGE)[-1]
    assert (asked.reason, asked.actor, asked.entity_code) == ("Reclamo 12", actor_of(office.people[MARIA]), "PM108")
    assert desk.submit(f"{STORY}/messaggio", messaggio="receipt:8", motivo="x").status_code == HTTPStatus.NOT_FOUND


# ---- receipts


def test_refused_receipts_are_taken_in_by_whoever_may(desk: Browser, office: Office, services: Services) -> None:
    office.payments.next_before = 3
    page = page_of(desk.get(RECEIPTS))
    assert page.xpath(f"//form[@action='{RECEIPTS}/{REFUSED}/prendi']")
    assert page.xpath(f"//a[@href='{RECEIPTS}?prima_di=3']")
    assert "pagoPA non la conosce ancora." in page.text_content()
    answer = desk.submit_and_follow(f"{RECEIPTS}/{REFUSED}/prendi")
    assert "presa in carico" in page_of(answer).text_content()
    (asked,) = services.asked(office_receipts.TAKE_REFUSED)
    assert (asked.id, asked.actor) == (REFUSED, actor_of(office.people[MARIA]))
    office.payments.refused = replace(office.payments.refused, taken=True)
    assert not page_of(desk.get(RECEIPTS)).xpath(f"//form[@action='{RECEIPTS}/{REFUSED}/prendi']")
    office.become("revisore")
    assert not page_of(desk.get(RECEIPTS)).xpath("//main//form")


def test_one_that_is_refused_again_says_why(desk: Browser, office: Office) -> None:
    office.payments.taken = replace(office.payments.taken, fault="PAA_SINTASSI_XSD")
    answer = desk.submit(f"{RECEIPTS}/{REFUSED}/prendi")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "PAA_SINTASSI_XSD" in text_of(answer)
    assert desk.submit(f"{RECEIPTS}/99/prendi").status_code == HTTPStatus.NOT_FOUND


def test_a_receipt_is_taken_in_from_a_file(desk: Browser, office: Office, services: Services) -> None:
    answer = desk.upload(f"{RECEIPTS}/file", ("file", "rt.xml", ENVELOPE), csrf_token=desk.token())
    assert answer.headers["location"].startswith(RECEIPTS)
    (asked,) = services.asked(payments.TAKE_RECEIPT)
    assert (asked.envelope, asked.actor) == ("<paSendRTV2Request/>", actor_of(office.people[MARIA]))
    for content, sentence in ((b"", "Scegli il file"), (b"<a/>", "non c'è una ricevuta"), (b"\xff\xfe\xff", "non c'è")):
        wrong = desk.upload(f"{RECEIPTS}/file", ("file", "rt.xml", content), csrf_token=desk.token())
        assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert sentence in text_of(wrong)
    office.session_live = False
    assert (
        desk.upload(f"{RECEIPTS}/file", ("file", "rt.xml", ENVELOPE), csrf_token=desk.token()).status_code
        == HTTPStatus.UNAUTHORIZED
    )


def test_a_receipt_that_never_came_is_asked_of_pagopa(desk: Browser, office: Office, services: Services) -> None:
    missing = desk.submit(f"{RECEIPTS}/recupera", iur=" ", iuv="123")
    assert missing.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page_of(missing).xpath("//input[@id='iuv']/@value") == ["123"]
    assert "è stata chiesta" in page_of(desk.submit_and_follow(f"{RECEIPTS}/recupera", iur="IUR-2")).text_content()
    office.payments.recovery = replace(office.payments.recovery, state="arrived")
    assert "già arrivata" in page_of(desk.submit_and_follow(f"{RECEIPTS}/recupera", iur="IUR-2")).text_content()
    asked = services.asked(office_receipts.RECOVER_RECEIPT)
    assert {(one.iur, one.iuv) for one in asked} == {("IUR-2", None)}


def test_receipts_of_nobodys_service_are_for_whose_role_is_for_every_service(
    desk: Browser, office: Office, services: Services
) -> None:
    office.become("contabile", service_code="TARI")
    assert desk.get(RECEIPTS).status_code == HTTPStatus.FORBIDDEN
    for answer in (
        desk.submit(f"{RECEIPTS}/{REFUSED}/prendi"),
        desk.submit(f"{RECEIPTS}/recupera", iur="IUR-2"),
        desk.upload(f"{RECEIPTS}/file", ("file", "rt.xml", ENVELOPE), csrf_token=desk.token()),
    ):
        assert answer.status_code == HTTPStatus.FORBIDDEN
    assert services.asked(office_receipts.TAKE_REFUSED) == []
    assert services.asked(office_receipts.RECOVER_RECEIPT) == []
    assert services.asked(payments.TAKE_RECEIPT) == []
