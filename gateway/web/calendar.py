"""The due date of one practice as a calendar entry, to take away."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import falcon

from contracts.errors import ErrorCode, Refused
from gateway.translations import marked as _
from gateway.translations import translate
from gateway.visit import visit_of
from gateway.web import addresses, ical
from gateway.web.page import Page
from gateway.web.practice_lookup import one_practice

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
_TITLE: Final = _("Scadenza:")
_PAID: Final = _("Pagato:")
_UNDERPAID: Final = _("Pagamento parziale:")
_OVER: Final = _("Non più da pagare:")
_UNPAID_STATES: Final = frozenset({"to_pay", "unconfirmed"})
_PAID_STATES: Final = frozenset({"paid", "reported"})


class DueDateEntry(Page):
    """scadenza.ics: an entry for the whole day, with an alarm the day before; cancelled when nothing is to pay."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Answer the entry. Raises Refused(PRACTICE_NOT_FOUND) for a practice without a due date."""
        visit = visit_of(req)
        practice = one_practice(visit, entity, practice_id)
        day = practice.printed_date or practice.due_date
        if day is None:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        title = translate(visit.language, title_of(practice.state))
        due_date = ical.DueDate(
            practice_id=practice.id,
            due_date=day,
            summary=f"{title} {practice.description}",
            description=f"{practice.creditor_name} - {practice.notice_number.grouped}",
            url=self.site.settings.public_url + addresses.practice(entity, practice_id),
            # Taken away again after a change, it replaces the entry taken before: the newer stamp decides.
            changed_at=datetime.now(UTC),
            is_over=is_over(practice.state),
        )
        resp.content_type = MEDIA_TYPE
        resp.downloadable_as = "scadenza.ics"
        resp.text = ical.calendar([due_date])


def is_over(state: str) -> bool:
    """Return whether there is nothing to be done any more about a practice in this state."""
    return state not in _UNPAID_STATES


def title_of(state: str) -> str:
    """Return what an entry begins with."""
    if not is_over(state):
        return _TITLE
    if state == "underpaid":
        return _UNDERPAID
    return _PAID if state in _PAID_STATES else _OVER
