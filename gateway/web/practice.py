"""The page of one practice."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import falcon

from contracts.errors import RpcError
from contracts.rpc import payments, practices
from contracts.rpc.payments import Receipt
from contracts.rpc.practices import Practice
from gateway.visit import Visit, visit_of
from gateway.web.attention import attention_of
from gateway.web.case_states import TOLD_TO_PAYER
from gateway.web.page import Page
from gateway.web.practice_lookup import one_practice
from gateway.web.refund import own_cases
from gateway.web.timeline import TimelineRow, timeline_of


class PracticePage(Page):
    """One practice: its state, since when, how we know, what to do next, and what happened."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Show it; without payments' part while payments does not answer."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        practice = one_practice(visit, entity, practice_id)
        story = _story(visit, practice)
        attention = attention_of(practice, story.receipts if story else [])
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
            attention=attention,
            cases={one.receipt_id: one for one in own_cases(visit, practice)} if attention else {},
            told_to_payer=TOLD_TO_PAYER,
        )


@dataclass(frozen=True)
class _Story:
    """What payments knows of a practice: what happened, and the receipts."""

    timeline: Sequence[TimelineRow]
    receipts: Sequence[Receipt]


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
