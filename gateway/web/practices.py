"""Pratiche associate, Storico e quietanze, and the page of one practice."""

from typing import Final
from uuid import UUID

import falcon

from contracts.errors import RpcError
from contracts.rpc import payments, practices
from gateway.visit import Visit, visit_of
from gateway.web.page import Page
from gateway.web.practice_lookup import Practice, one_practice
from gateway.web.states import PAID_STATES, STATES
from gateway.web.timeline import Happening, happenings

_ROWS_PER_PAGE: Final = 20


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
            rows=page["practices"],
            next_cursor=page["next_cursor"],
            is_first_page=cursor is None,
            state=state,
        )


class HistoryPage(Page):
    """Storico e quietanze: what was paid."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show a page of paid rows with their receipts."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        visit.require_citizen()
        cursor = req.get_param("cursor")
        page = _list(visit, entity, list(PAID_STATES), cursor)
        self.site.render(
            req,
            resp,
            "history.html",
            entity=found_entity,
            rows=page["practices"],
            next_cursor=page["next_cursor"],
            is_first_page=cursor is None,
        )


class PracticePage(Page):
    """One practice: its state, since when, how we know, what to do next, and what happened."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Show it; without payments' part while payments does not answer."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        practice = one_practice(visit, entity, practice_id)
        story = _story(visit, practice)
        receipts = story[1] if story else []
        self.site.render(
            req,
            resp,
            "practice.html",
            entity=found_entity,
            practice=practice,
            story_known=story is not None,
            happenings=story[0] if story else [],
            receipts=receipts,
        )


def _list(visit: Visit, entity_code: str, states: list[str], cursor: str | None) -> dict[str, object]:
    return visit.call(
        practices.LIST,
        entity_code=entity_code,
        viewer=visit.viewer,
        states=states,
        cursor=cursor,
        limit=_ROWS_PER_PAGE,
    )


def _story(visit: Visit, practice: Practice) -> tuple[list[Happening], list[dict[str, object]]] | None:
    """What payments knows of the practice: what happened, and the receipts."""
    try:
        entries = visit.call(payments.TIMELINE, practice_id=practice["id"])["entries"]
        receipts = visit.call(payments.RECEIPTS, practice_id=practice["id"])["receipts"]
    except RpcError:
        return None
    return happenings(practice, entries), receipts
