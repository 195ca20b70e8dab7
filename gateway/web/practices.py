"""Pratiche associate, Storico e quietanze, and the page of one practice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

import falcon

from contracts.calendar import rome_day
from contracts.errors import RpcError
from contracts.rpc import payments, practices
from contracts.rpc.payments import Receipt
from contracts.rpc.practices import Practice, PracticeList
from gateway.visit import Visit, visit_of
from gateway.web.attention import attention_of
from gateway.web.page import Page
from gateway.web.practice_lookup import one_practice
from gateway.web.states import PAID_STATES, STATES
from gateway.web.timeline import TimelineRow, timeline_of

_ROWS_PER_PAGE: Final = 20
_YEARS_OFFERED: Final = 10
"""As long as receipts of payments have to be at hand (article 2946 of the civil code)."""


class PracticesPage(Page):
    """Pratiche associate: all that the citizen owes or owed, newest first."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show a page of rows, of one state where `stato` names it."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        visit.require_citizen()
        state = req.get_param("stato")
        state = state if state in STATES else None
        cursor = req.get_param("cursor")
        page = _list(visit, entity, [state] if state else [], cursor)
        self.site.render(
            req,
            resp,
            "practices.html",
            entity=found_entity,
            rows=page.practices,
            next_cursor=page.next_cursor,
            is_first_page=cursor is None,
            state=state,
        )


class HistoryPage(Page):
    """Storico e quietanze: what was paid."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show a page of paid rows with their receipts, of those paid in one year where `anno` names it."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        visit.require_citizen()
        cursor = req.get_param("cursor")
        this_year = rome_day(datetime.now(UTC)).year
        years = range(this_year, this_year - _YEARS_OFFERED, -1)
        asked = req.get_param("anno") or ""
        year = next((one for one in years if str(one) == asked), None)
        page = _list(visit, entity, PAID_STATES, cursor, year)
        self.site.render(
            req,
            resp,
            "history.html",
            entity=found_entity,
            rows=page.practices,
            next_cursor=page.next_cursor,
            is_first_page=cursor is None,
            years=years,
            year=year,
        )


class PracticePage(Page):
    """One practice: its state, since when, how we know, what to do next, and what happened."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Show it; without payments' part while payments does not answer."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        practice = one_practice(visit, entity, practice_id)
        story = _story(visit, practice)
        self.site.render(
            req,
            resp,
            "practice.html",
            entity=found_entity,
            practice=practice,
            options=_options(visit, practice),
            story_known=story is not None,
            timeline=story.timeline if story else [],
            # Where, when and how much somebody paid is for who knows the fiscal code.
            receipts=story.receipts if story and not practice.masked else [],
            attention=attention_of(practice, story.receipts if story else []),
        )


@dataclass(frozen=True)
class _Story:
    """What payments knows of a practice: what happened, and the receipts."""

    timeline: Sequence[TimelineRow]
    receipts: Sequence[Receipt]


def _list(
    visit: Visit, entity_code: str, states: Sequence[str], cursor: str | None, paid_year: int | None = None
) -> PracticeList:
    request = practices.ListRequest(
        entity_code=entity_code,
        viewer=visit.viewer,
        states=states,
        paid_year=paid_year,
        cursor=cursor,
        limit=_ROWS_PER_PAGE,
    )
    return visit.call(practices.LIST, request)


def _options(visit: Visit, practice: Practice) -> Sequence[Sequence[Practice]]:
    """Return the ways in which its debt position can be paid, each by its practices; none where there is one way."""
    if practice.debt_position is None:
        return []
    request = practices.PlanRequest(viewer=visit.viewer, practice_id=practice.id, all_options=True)
    found = visit.call(practices.PLAN, request).practices
    ways = [list(ones) for _, ones in groupby(found, key=attrgetter("option"))]
    return ways if len(ways) > 1 else []


def _story(visit: Visit, practice: Practice) -> _Story | None:
    """Return the story; None while payments does not answer."""
    request = payments.ReceiptsRequest(practice_id=practice.id)
    try:
        entries = visit.call(payments.TIMELINE, request).entries
        receipts = visit.call(payments.RECEIPTS, request).receipts
    except RpcError:
        return None
    return _Story(timeline_of(practice, entries), receipts)
