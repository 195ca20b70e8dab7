"""The citizen's due dates as a calendar to subscribe to, under an address that only the citizen knows.

The address is all there is to show: calendars have no cookies. It holds a random token and nothing about anybody; logs
have the route's template alone. What is read there also reaches whoever runs the citizen's calendar, so it names
service, entity and notice number, not the causale.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import falcon

from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc import identity, practices
from contracts.rpc.practices import DatedPractice
from contracts.shapes import Viewer
from gateway.edge.rates import CALENDAR
from gateway.translations import marked as _
from gateway.translations import translate
from gateway.visit import visit_of
from gateway.web import addresses, ical
from gateway.web.announcements import CALENDAR_REVOKED
from gateway.web.calendar import MEDIA_TYPE, is_over, title_of
from gateway.web.formats import filters_of
from gateway.web.page import Page, checked_form, see_other

_NAME: Final = _("Scadenze dei pagamenti")
_OVER_SHOWN: Final = timedelta(days=90)
_TOKEN_MAX_CHARS: Final = 128


class CalendarFeed(Page):
    """/calendario/TOKEN.ics: what is to be paid by when; what was paid meanwhile stays for a while, as cancelled."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, token: str) -> None:
        """Answer the calendar. Raises Refused: TOO_MANY_REQUESTS, NOT_FOUND for an address that is void."""
        self.site.rates.check(req, CALENDAR)
        visit = visit_of(req)
        if len(token) > _TOKEN_MAX_CHARS:
            raise Refused(ErrorCode.NOT_FOUND)
        reader = visit.call(identity.CALENDAR_READER, identity.CalendarReaderRequest(feed_token=token))
        viewer = Viewer(citizen_id=reader.citizen_id, fiscal_code=FiscalCode(reader.fiscal_code))
        since = datetime.now(UTC) - _OVER_SHOWN
        found = visit.call(practices.DUE_DATES, practices.DueDatesRequest(viewer=viewer, since=since)).practices
        language = reader.language
        shown = [
            self._due_date(one, one.printed_date or one.due_date, language)
            for one in found
            if one.due_date and one.entity_code not in reader.excluded_entity_codes
        ]
        resp.content_type = MEDIA_TYPE
        resp.cache_control = ["private", "max-age=900"]
        resp.set_header("X-Robots-Tag", "noindex")
        resp.text = ical.calendar(shown, name=translate(language, _NAME))

    def _due_date(self, practice: DatedPractice, due_date: date, language: str) -> ical.DueDate:
        title = translate(language, title_of(practice.state))
        written = filters_of(language)
        service, amount = written["localised"](practice.service_title), written["euro"](practice.amount_cents)
        return ical.DueDate(
            practice_id=practice.id,
            due_date=due_date,
            summary=f"{title} {service}, {amount}",
            description=f"{practice.creditor_name} - {practice.notice_number.grouped}",
            url=self.site.settings.public_url + addresses.practice(practice.entity_code, practice.id),
            changed_at=practice.state_since,
            revision=practice.revision,
            is_over=is_over(practice.state),
        )


class RenewCalendarFeed(Page):
    """Crea l'indirizzo, or a new one in the place of the one before."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Lead who reloads this address back to the page: the secret is shown once."""
        see_other(resp, addresses.PRIVACY)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Make the address and show it, this once."""
        checked_form(req)
        visit = visit_of(req)
        visit.require_citizen()
        request = identity.RenewCalendarFeedRequest(session_token=visit.require_token(), language=visit.language)
        made = visit.call(identity.RENEW_CALENDAR_FEED, request)
        url = self.site.settings.public_url + addresses.calendar_feed(made.feed_token)
        resp.set_header("Cache-Control", "no-store")
        self.site.render(req, resp, "calendar_feed.html", url=url, webcal_url=f"webcal://{url.partition('://')[2]}")


class RevokeCalendarFeed(Page):
    """Revoca: the address is worth nothing from now on."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Lead who reloads this address back to the page."""
        see_other(resp, addresses.PRIVACY)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Revoke it."""
        checked_form(req)
        visit = visit_of(req)
        visit.require_citizen()
        visit.call(identity.REVOKE_CALENDAR_FEED, identity.TokenRequest(session_token=visit.require_token()))
        see_other(resp, addresses.announcing(addresses.PRIVACY, CALENDAR_REVOKED, addresses.CALENDAR_PLACE))
