"""The citizen's calendar: a secret address, and what stands behind it as another program reads it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Unavailable
from contracts.rpc import identity
from gateway.app import create_app
from gateway.settings import Settings
from gateway.web import ical
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import FISCAL_CODE, NOW, Services, make_practice

CREATE, REVOKE = "/profilo/calendario/crea", "/profilo/calendario/revoca"


@pytest.fixture(autouse=True)
def _logged_in(browser: Browser):
    browser.log_in()


def create(browser: Browser) -> str:
    """Make the address and return its path."""
    answer = browser.submit(CREATE)
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["Cache-Control"] == "no-store"
    return str(urlsplit(page_of(answer).get_element_by_id("indirizzo-calendario").text).path)


def subscribed(browser: Browser, path: str) -> Any:
    """Fetch as a calendar does: without cookies and without a language."""
    kept, browser.cookies = browser.cookies, {}
    answer = browser.get(path)
    assert browser.cookies == {}
    browser.cookies = kept
    return answer


def events_of(answer: Any) -> dict[str, Any]:
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["Content-Type"].startswith("text/calendar")
    calendar = icalendar.Calendar.from_ical(answer.text)
    assert not calendar.errors
    return {str(event["UID"]): event for event in calendar.walk("VEVENT")}


def test_the_address_is_made_and_shown_once(browser: Browser, services: Services):
    assert "Crea l'indirizzo" in text_of(browser.get("/profilo/privacy"))
    path = create(browser)
    token = path.removeprefix("/calendario/").removesuffix(".ics")
    assert len(token) >= 43
    assert FISCAL_CODE not in path
    page = browser.get("/profilo/privacy")
    assert token not in page.text
    assert "Crea un nuovo indirizzo" in text_of(page)
    assert browser.get(CREATE).headers["location"] == "/profilo/privacy"
    assert len(services.asked(identity.RENEW_CALENDAR_FEED)) == 1


def test_a_calendar_reads_what_is_to_be_paid_without_cookies(browser: Browser, services: Services):
    practice = make_practice(1, due_date=date(2026, 12, 31), description="Contributo di Lucia Bianchi")
    services.add(practice)
    services.add(make_practice(2, due_date=None))
    answer = subscribed(browser, create(browser))
    (event,) = events_of(answer).values()
    assert str(event["UID"]) == f"{practice.id}@pratiche"
    assert event["DTSTART"].dt == date(2026, 12, 31)
    assert event["DTEND"].dt == date(2027, 1, 1)
    assert str(event["SUMMARY"]) == "Scadenza: Tassa rifiuti (TARI), 214,50\xa0€"
    assert "Conservatorio di Musica «Niccolò Jommelli» - 3010" in str(event["DESCRIPTION"])
    assert str(event["URL"]).endswith(f"/enti/PM108/pratiche/{practice.id}")
    assert str(event["STATUS"]) == "CONFIRMED"
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == datetime(2026, 12, 30, 8, tzinfo=UTC)
    for personal in (FISCAL_CODE, "Rossi", "Lucia", "Bianchi"):
        assert personal not in answer.text


@pytest.mark.parametrize(
    ("due_date", "alarm_at"),
    [
        (date(2026, 1, 1), datetime(2025, 12, 31, 8, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 28, 8, tzinfo=UTC)),
        (date(2026, 3, 30), datetime(2026, 3, 29, 7, tzinfo=UTC)),
        (date(2026, 7, 1), datetime(2026, 6, 30, 7, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 24, 7, tzinfo=UTC)),
        (date(2026, 10, 26), datetime(2026, 10, 25, 8, tzinfo=UTC)),
        (date(2028, 3, 1), datetime(2028, 2, 29, 8, tzinfo=UTC)),
    ],
)
def test_the_alarm_is_at_nine_in_rome_on_the_day_before_whatever_the_clocks_do(
    browser: Browser, services: Services, due_date: date, alarm_at: datetime
):
    practice = make_practice(1, due_date=due_date)
    services.add(practice)
    (event,) = events_of(subscribed(browser, create(browser))).values()
    (taken,) = events_of(browser.get(f"/enti/PM108/pratiche/{practice.id}/scadenza.ics")).values()
    for one in (event, taken):
        (alarm,) = one.walk("VALARM")
        assert (alarm["TRIGGER"].dt, alarm["TRIGGER"].params.get("VALUE")) == (alarm_at, "DATE-TIME")
        assert one["DTSTART"].dt == due_date


@pytest.mark.parametrize(
    ("state", "title"), [("paid", "Pagato:"), ("reported", "Pagato:"), ("cancelled", "Non più"), ("expired", "Non più")]
)
def test_an_entry_taken_away_when_nothing_is_to_pay_is_cancelled_and_rings_no_bell(
    browser: Browser, services: Services, state: str, title: str
):
    practice = make_practice(1, state=state)
    services.add(practice)
    (taken,) = events_of(browser.get(f"/enti/PM108/pratiche/{practice.id}/scadenza.ics")).values()
    assert (str(taken["STATUS"]), taken.walk("VALARM")) == ("CANCELLED", [])
    assert str(taken["SUMMARY"]).startswith(title)


def test_an_amended_due_date_moves_the_event_of_the_same_id(browser: Browser, services: Services):
    practice = make_practice(1, due_date=date(2026, 12, 31))
    services.add(practice)
    path = create(browser)
    ((uid, before),) = events_of(subscribed(browser, path)).items()
    services.add(replace(practice, due_date=date(2027, 1, 31)))
    services.revision = 3
    ((same, after),) = events_of(subscribed(browser, path)).items()
    assert (same, after["DTSTART"].dt, after["SEQUENCE"] > before["SEQUENCE"]) == (uid, date(2027, 1, 31), True)
    (alarm,) = after.walk("VALARM")
    assert alarm["TRIGGER"].dt == datetime(2027, 1, 30, 8, tzinfo=UTC)


def test_without_due_date_there_is_no_entry_and_no_far_day_stands_in_for_it(browser: Browser, services: Services):
    practice = make_practice(1, due_date=None)
    services.add(practice)
    assert events_of(subscribed(browser, create(browser))) == {}
    assert browser.get(f"/enti/PM108/pratiche/{practice.id}/scadenza.ics").status_code == HTTPStatus.NOT_FOUND
    for path in (f"/enti/PM108/pratiche/{practice.id}", f"/api/v1/practices/{practice.id}", "/enti/PM108/pratiche"):
        answer = browser.get(path)
        assert answer.status_code == HTTPStatus.OK
        assert "2099" not in answer.text


@pytest.mark.parametrize(
    ("state", "title"),
    [
        ("paid", "Pagato:"),
        ("reported", "Pagato:"),
        ("underpaid", "Pagamento parziale:"),
        ("cancelled", "Non più"),
        ("expired", "Non più"),
    ],
)
def test_what_is_over_is_a_cancelled_event_of_the_same_id_and_a_higher_sequence(
    browser: Browser, services: Services, state: str, title: str
):
    practice = make_practice(1)
    services.add(practice)
    path = create(browser)
    ((uid, before),) = events_of(subscribed(browser, path)).items()
    services.add(replace(practice, state=state))
    services.revision = 3
    after = events_of(subscribed(browser, path))[uid]
    assert str(after["STATUS"]) == "CANCELLED"
    assert str(after["SUMMARY"]).startswith(title)
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert not after.walk("VALARM")


def test_a_new_address_voids_the_old_one_and_revoking_voids_it_for_good(browser: Browser, services: Services):
    old = create(browser)
    new = create(browser)
    assert subscribed(browser, old).status_code == HTTPStatus.NOT_FOUND
    assert subscribed(browser, new).status_code == HTTPStatus.OK
    revoked = browser.submit_and_follow(REVOKE)
    assert "L'indirizzo del calendario è stato revocato." in text_of(revoked)
    assert subscribed(browser, new).status_code == HTTPStatus.NOT_FOUND
    assert "Crea l'indirizzo" in text_of(browser.get("/profilo/privacy"))


def test_entities_that_want_a_higher_level_are_left_out(browser: Browser, services: Services):
    services.add(make_practice(1))
    path = create(browser)
    services.excluded_entity_codes = ["PM108"]
    assert events_of(subscribed(browser, path)) == {}


@pytest.mark.parametrize("token", ["x", "x" * 4_000, "../../etc/passwd", "%00"])
def test_an_address_nobody_made_is_not_found(browser: Browser, token: str):
    assert subscribed(browser, f"/calendario/{token}.ics").status_code == HTTPStatus.NOT_FOUND


def test_guessing_is_slowed_down(settings: Settings, services: Services):
    browser = Browser(create_app(replace(settings, calendar_rate="3/day"), services))
    answers = [subscribed(browser, f"/calendario/guess-{number}.ics").status_code for number in range(5)]
    assert answers == [HTTPStatus.NOT_FOUND] * 3 + [HTTPStatus.TOO_MANY_REQUESTS] * 2


def test_nobody_makes_one_for_somebody_else(browser: Browser, services: Services):
    browser.cookies.pop("session")
    for path in (CREATE, REVOKE):
        assert browser.submit(path).status_code in {HTTPStatus.SEE_OTHER, HTTPStatus.UNAUTHORIZED}
    assert services.calendar_token is None


def test_a_service_that_is_down_is_said_so_and_the_calendar_keeps_what_it_has(browser: Browser, services: Services):
    path = create(browser)
    services.failures["practices"] = Unavailable()
    assert subscribed(browser, path).status_code == HTTPStatus.SERVICE_UNAVAILABLE


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_is_read_back_as_it_was_from_lines_of_75_bytes(summary: str, description: str):
    due_date = ical.DueDate(
        practice_id=make_practice(1).id,
        due_date=date(2026, 12, 31),
        summary=f"a{summary}z",
        description=f"a{description}\nz",
        url="https://portale.example/",
        changed_at=NOW,
    )
    written = ical.calendar([due_date], name=f"a{summary}z")
    assert all(len(line.encode()) <= 75 for line in written.split("\r\n"))
    calendar = icalendar.Calendar.from_ical(written)
    (event,) = calendar.walk("VEVENT")
    assert str(event["SUMMARY"]) == f"a{summary}z"
    assert str(event["DESCRIPTION"]) == f"a{description}\nz"
