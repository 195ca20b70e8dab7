"""Links that lead to practices without login: a body's to pay one, and the private one of who inserted some."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest

from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import notices, practices
from contracts.rpc.practices import OpenedLink
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import NOW, Services, make_practice

INSERTION = "/enti/PM108/inserimento/CONTRIB_ST"
TYPED = {
    "anonymous": "si",
    "full_name": "Bianchi Anna",
    "course": "Flauto",
    "school": "Media",
    "contribution_type": "Retta",
    "amount": "16,00",
}


def link(services: Services, kind: str, token: str = "t0ken") -> UUID:
    practice = make_practice(1)
    services.add(practice)
    services.links[token] = OpenedLink(kind=kind, entity_code="PM108", practice_ids=[practice.id], expires_at=NOW)
    return practice.id


def granted(services: Services) -> tuple[list[UUID], list[UUID]]:
    viewer = services.asked(practices.GET_MANY)[-1].viewer
    return list(viewer.granted_practice_ids), list(viewer.identified_practice_ids)


def test_a_pay_link_leads_to_the_page_with_paga_and_shows_no_person(browser: Browser, services: Services) -> None:
    practice_id = link(services, "pay")
    answer = browser.get("/paga/t0ken")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["location"] == f"/enti/PM108/pratiche/{practice_id}"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    page = browser.get(answer.headers["location"])
    assert page_of(page).xpath(f"//form[@action='/enti/PM108/pratiche/{practice_id}/paga']//button[@type='submit']")
    assert granted(services) == ([practice_id], [])
    assert "t0ken" not in page.text
    assert page.headers["referrer-policy"] == "same-origin"


def test_a_private_link_leads_to_the_list_of_what_was_inserted_seen_whole(browser: Browser, services: Services) -> None:
    practice_id = link(services, "private")
    answer = browser.get("/privato/t0ken")
    assert answer.headers["location"] == "/enti/PM108/risultati"
    page = browser.get(answer.headers["location"])
    assert granted(services) == ([practice_id], [practice_id])
    for action in ("paga", "bollettino.pdf"):
        assert page_of(page).xpath(f"//*[contains(@action, '{action}') or contains(@href, '{action}')]")


@pytest.mark.parametrize("address", ["/paga/unknown", "/privato/unknown", "/privato/t0ken", "/paga/" + "x" * 200])
def test_what_is_no_valid_link_says_what_to_do(browser: Browser, services: Services, address: str) -> None:
    link(services, "pay")
    answer = browser.get(address)
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "Questo link non vale più" in text_of(answer)
    assert "codice avviso" in text_of(answer)
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("kind", ["paga", "privato"])
def test_links_are_opened_no_oftener_than_numbers_are_searched(browser: Browser, services: Services, kind: str) -> None:
    statuses = [browser.get(f"/{kind}/unknown").status_code for _ in range(31)]
    assert statuses[-1] == HTTPStatus.TOO_MANY_REQUESTS
    assert len(services.asked(practices.OPEN_LINK)) == 30


def inserted(browser: Browser) -> str:
    """Insert without login; return where that led to."""
    browser.get(INSERTION)
    answer = browser.submit(INSERTION, **TYPED)
    assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
    return str(answer.headers["location"])


def test_who_inserts_without_login_ends_with_a_private_link(browser: Browser, services: Services) -> None:
    page = page_of(browser.get(inserted(browser)))
    (shown,) = page.xpath("//section[@id='link-privato']//a/@href")
    assert shown == "http://localhost:18600/privato/private-0"
    asked = services.asked(practices.MAKE_PRIVATE_LINK)[0]
    assert asked.viewer.visitor_id
    other = Browser(browser._client.app)
    assert other.get("/privato/private-0").headers["location"] == "/enti/PM108/risultati"
    second = inserted(browser)
    assert len(services.asked(practices.MAKE_PRIVATE_LINK)[1].practice_ids) in (1, 2)
    assert "private-1" in browser.get(second).text


def test_what_was_inserted_does_not_fail_for_its_link(browser: Browser, services: Services) -> None:
    link(services, "private")
    browser.get("/privato/t0ken")
    services.failures[practices.MAKE_PRIVATE_LINK.name] = Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    page = page_of(browser.get(inserted(browser)))
    assert page.xpath("//*[@id='codice-avviso']")
    assert not page.xpath("//section[@id='link-privato']")


def mail(browser: Browser, address: str, email: str) -> Any:
    path = address.partition("?")[0].replace("/codice", "/link")
    return browser.submit(path, link_email=email)


def test_the_private_link_is_mailed_to_an_address_that_nobody_keeps(browser: Browser, services: Services) -> None:
    answer = mail(browser, inserted(browser), " anna@posta.example ")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert "posta" not in answer.headers["location"]
    (asked,) = services.asked(notices.MAIL_LINK)
    assert (asked.email, asked.link_token, asked.entity_code) == ("anna@posta.example", "private-0", "PM108")
    assert "posta" not in str(browser.cookies)


@pytest.mark.parametrize(
    ("email", "failure", "sentence"),
    [
        ("", None, "Scrivi l'indirizzo e-mail"),
        ("anna", None, "L'indirizzo e-mail non è corretto."),
        ("anna@posta.example", Unavailable(ErrorCode.SERVICE_UNAVAILABLE), "non riusciamo a mandare e-mail"),
        (
            "anna@posta.example",
            Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["email"])),
            "questo indirizzo non esiste",
        ),
    ],
)
def test_a_link_that_cannot_be_mailed_is_said_at_its_field(
    browser: Browser, services: Services, email: str, failure: Exception | None, sentence: str
) -> None:
    if failure:
        services.failures[notices.MAIL_LINK.name] = failure
    answer = mail(browser, inserted(browser), email)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = page_of(answer)
    assert sentence in page.xpath("//*[@id='link_email-errore']")[0].text_content()
    assert page.xpath("//*[@id='link_email']")[0].get("value") == email


def test_a_private_link_is_revoked_by_who_has_it(browser: Browser, services: Services) -> None:
    inserted(browser)
    assert browser.submit("/privato/revoca").headers["location"] == "/enti/PM108?messaggio=link-revocato"
    assert services.asked(practices.REVOKE_PRIVATE_LINK)[0].link_token == "private-0"
    assert browser.get("/privato/private-0").status_code == HTTPStatus.NOT_FOUND
    browser.submit("/privato/revoca")
    assert len(services.asked(practices.REVOKE_PRIVATE_LINK)) == 1


def test_a_link_fills_in_what_is_to_be_paid_and_the_payer_may_change_it(browser: Browser) -> None:
    browser.log_in()
    page = page_of(browser.get("/enti/PM108/inserimento/BOLLO_IT?importo=16,00&causale=Domanda%20%3Cb%3E%20n.%205"))
    values = {one.get("id"): one.get("value") for one in page.xpath("//input[@id='amount' or @id='description']")}
    assert values == {"amount": "16,00", "description": "Domanda <b> n. 5"}
    assert not page.xpath("//input[@id='amount'][@readonly]")


def test_a_link_fills_in_no_causale_that_the_form_composes(browser: Browser) -> None:
    page = page_of(browser.get(f"{INSERTION}?importo=25&causale=Bianchi"))
    assert page.xpath("//input[@id='amount']/@value") == ["25"]
    assert "Bianchi" not in page.xpath("//main//form")[0].text_content()
