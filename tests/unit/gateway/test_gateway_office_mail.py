"""A notice or a receipt sent by e-mail from the office: what is offered, what is wrong, what notices is asked."""

from http import HTTPStatus
from uuid import UUID

import pytest

from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import notices
from contracts.rpc.operators import actor_of
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import Services, make_practice, make_receipt
from tests.unit.gateway.office_services import MARIA, OFFICE_TOKEN, Office

PRACTICE = f"/ufficio/PM108/pratiche/{UUID(int=1)}"
MAIL = f"{PRACTICE}/email"
TYPED = {"che": "avviso", "email": "mario@posta.example", "lingua": "en"}


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    services.add(make_practice(1))
    found = Office(services)
    found.become("sportello")
    return found


@pytest.fixture(name="desk")
def _desk(browser: Browser, office: Office) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


def offered(desk: Browser) -> list[str]:
    return list(page_of(desk.get(MAIL)).xpath("//input[@type='radio']/@value"))


def test_what_can_be_sent_is_offered(desk: Browser, services: Services) -> None:
    assert offered(desk) == ["avviso"]
    assert page_of(desk.get(PRACTICE)).xpath(f"//a[@href='{MAIL}']")
    paid = make_practice(1, state="paid", payable=False)
    services.add(paid)
    assert offered(desk) == []
    assert "non c'è nulla da mandare" in text_of(desk.get(MAIL))
    assert not page_of(desk.get(PRACTICE)).xpath(f"//a[@href='{MAIL}']")
    services.receipts = [make_receipt(paid, "RT-1")]
    assert offered(desk) == ["quietanza"]


def test_it_is_sent_by_who_is_there(desk: Browser, office: Office, services: Services) -> None:
    answer = desk.submit_and_follow(MAIL, **TYPED)
    assert "è stata mandata" in page_of(answer).text_content()
    (asked,) = services.asked(notices.MAIL_PRACTICE)
    assert (asked.entity_code, asked.practice_id, asked.kind, asked.email, asked.language, asked.actor) == (
        "PM108",
        UUID(int=1),
        "notice",
        "mario@posta.example",
        "en",
        actor_of(office.people[MARIA]),
    )


@pytest.mark.parametrize(
    ("changes", "wrong"), [({"email": ""}, "email"), ({"email": "mario"}, "email"), ({"che": "altro"}, "che")]
)
def test_what_is_wrong_is_said_and_nothing_is_sent(
    desk: Browser, services: Services, changes: dict[str, str], wrong: str
) -> None:
    answer = desk.submit(MAIL, **{**TYPED, **changes})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert page.xpath(f"//div[@role='alert']//a[@href='#{wrong}']")
    assert page.xpath("//input[@id='email']/@value") == [{**TYPED, **changes}["email"]]
    assert services.asked(notices.MAIL_PRACTICE) == []


def test_what_the_mail_server_says_is_told(desk: Browser, office: Office) -> None:
    office.papers.mail_failure = Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["email"]))
    assert "questo indirizzo non esiste" in text_of(desk.submit(MAIL, **TYPED))
    office.papers.mail_failure = Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    assert "non riusciamo a mandare e-mail" in text_of(desk.submit(MAIL, **TYPED))
    office.papers.mail_failure = Refused(ErrorCode.RECEIPT_NOT_FOUND)
    assert desk.submit(MAIL, **TYPED).status_code == HTTPStatus.NOT_FOUND
