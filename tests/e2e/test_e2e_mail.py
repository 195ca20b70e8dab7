"""Mail and calendar: what reaches a citizen outside the portal."""

from http import HTTPStatus
from uuid import uuid4

import icalendar
import pytest
import requests

from tests.e2e.browser import Browser
from tests.e2e.running import PortalCopy, until

GIULIA = {"fiscal_code": "BNCGLI82D63L049K", "full_name": "Bianchi Giulia"}
MAIL_S = 90

pytestmark = pytest.mark.timeout(400)


def mails_about(portal: PortalCopy, notice_number: str) -> list[dict[str, str]]:
    grouped = " ".join(notice_number[start : start + 4] for start in range(0, 18, 4))
    mails: list[dict[str, str]] = requests.get(f"{portal.mail_url}/sandbox/messages", timeout=30).json()
    return [mail for mail in mails if grouped in mail["text"]]


def owed(portal: PortalCopy) -> dict[str, str]:
    debt: dict[str, str] = portal.put_debt(f"e2e-mail-{uuid4().hex[:8]}", **GIULIA)
    return debt


def test_who_agreed_gets_mail_and_who_revoked_gets_none(browser: Browser, portal: PortalCopy) -> None:
    browser.enter("giulia-bianchi").open_portal("/profilo/privacy")
    browser.submit("/concedi", email="giulia@posta.example")
    first = owed(portal)
    (mail,) = until(lambda: mails_about(portal, first["notice_number"]), timeout_s=MAIL_S, what="word of the practice")
    assert mail["to"] == "giulia@posta.example"
    assert mail["subject"].startswith("Nuova pratica da pagare")
    link = next(word for word in mail["text"].split() if word.startswith(f"{portal.url}/paga/"))
    browser.open(link)
    assert first["description"] in browser.text
    assert portal.pay_at_counter(first["notice_number"])
    until(lambda: len(mails_about(portal, first["notice_number"])) == 2, timeout_s=MAIL_S, what="the confirmation")
    assert mails_about(portal, first["notice_number"])[0]["subject"].startswith("Pagamento confermato")

    browser.open_portal("/profilo/privacy")
    revoking = browser.page.xpath('//form[contains(@action, "/revoca")][.//input[@value="email_reminders"]]')[0]
    browser.send(revoking, {**dict(revoking.form_values()), "conferma": "si"})
    unheard = owed(portal)
    browser.submit("/concedi", email="giulia@posta.example")
    heard = owed(portal)
    until(lambda: mails_about(portal, heard["notice_number"]), timeout_s=MAIL_S, what="word of the practice")
    assert mails_about(portal, unheard["notice_number"]) == []


def test_a_calendar_follows_what_is_paid(browser: Browser, portal: PortalCopy) -> None:
    browser.enter("giulia-bianchi").open_portal("/profilo/privacy")
    browser.submit("/profilo/calendario/crea")
    address = str(browser.page.get_element_by_id("indirizzo-calendario").text)
    debt = portal.put_debt(f"e2e-calendar-{uuid4().hex[:8]}", **GIULIA, due_date="2099-12-30")

    def status() -> str:
        calendar = icalendar.Calendar.from_ical(requests.get(address, timeout=30).text)
        found = {str(event["UID"]): str(event["STATUS"]) for event in calendar.walk("VEVENT")}
        return found.get(f"{debt['id']}@pratiche", "")

    assert status() == "CONFIRMED"
    assert portal.pay_at_counter(debt["notice_number"])
    until(lambda: status() == "CANCELLED", timeout_s=MAIL_S, what="the cancelled event")
    browser.open_portal("/profilo/privacy").submit("/profilo/calendario/revoca")
    assert requests.get(address, timeout=30).status_code == HTTPStatus.NOT_FOUND
