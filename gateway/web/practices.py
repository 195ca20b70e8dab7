"""Pratiche associate, and Storico e quietanze."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

import falcon

from contracts.calendar import rome_day
from contracts.errors import RpcError
from contracts.rpc import practices
from contracts.rpc.practices import LIST_TEXT_MAX_CHARS, Entity, ListRequest, Practice, PracticeList, Totals
from gateway.visit import Visit, visit_of
from gateway.web import addresses, list_choice
from gateway.web.list_choice import ListChoice
from gateway.web.page import Page, checked_form, cleaned, see_other
from gateway.web.states import PAID_STATES

_ROWS_PER_PAGE: Final = 20
_TEXT_FIELD: Final = "testo"
_CURSOR_FIELD: Final = "cursor"
_TOTALS_PARAM: Final = "totali"


@dataclass(frozen=True)
class ShownPlan:
    """A plan that is one row of a list, with all of its instalments by number."""

    practices: Sequence[Practice]

    @property
    def total(self) -> int:
        """How many instalments it has."""
        return max(one.instalment.total if one.instalment else 0 for one in self.practices)

    @property
    def paid(self) -> int:
        """How many of them are paid."""
        return sum(one.state in PAID_STATES for one in self.practices)

    @property
    def left_cents(self) -> int:
        """What is still to be paid."""
        return sum(one.amount_cents for one in self.practices if one.payable or one.state == "unconfirmed")

    @property
    def next(self) -> Practice | None:
        """The first that can be paid."""
        return next((one for one in self.practices if one.payable), None)


@dataclass(frozen=True)
class _Wanted:
    """Which page of a list is asked for."""

    choice: ListChoice
    text: str = ""
    cursor: str | None = None


class _ListPage(Page):
    """A citizen's list: as the address says, else as the browser remembers; what was typed comes by POST alone."""

    name: str
    template: str
    orders: Sequence[str]

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show a page of it."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        visit.require_citizen()
        this_year = rome_day(datetime.now(UTC)).year
        if list_choice.is_said(req.params):
            choice = ListChoice.read(req.params, this_year)
            visit.browser.remember_list_choice(self.name, choice.written)
        elif req.get_param(addresses.ANNOUNCEMENT_PARAM):
            # What was just done must not be hidden by what was chosen before.
            choice = ListChoice()
        else:
            choice = ListChoice.remembered(visit.browser.list_choice(self.name), this_year)
        self._show(req, resp, found_entity, _Wanted(choice, cursor=req.get_param(_CURSOR_FIELD)))

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show what was typed: it may name a person, and so stands in no address. Without it, lead to the list."""
        form = checked_form(req)
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        visit.require_citizen()
        choice = ListChoice.read(form, rome_day(datetime.now(UTC)).year)
        visit.browser.remember_list_choice(self.name, choice.written)
        text = cleaned(form, _TEXT_FIELD)[:LIST_TEXT_MAX_CHARS]
        if text:
            self._show(req, resp, found_entity, _Wanted(choice, text, form.get(_CURSOR_FIELD) or None))
        else:
            see_other(resp, self._address(entity, choice.params or choice.with_state(None)))

    def _address(self, entity_code: str, params: Mapping[str, str]) -> str:
        raise NotImplementedError

    def _narrowed(self, request: ListRequest, choice: ListChoice, today: date) -> ListRequest:
        raise NotImplementedError

    def _totals(self, _req: falcon.Request, _entity: Entity, _wanted: _Wanted) -> Totals | None:
        """Return the sums over the list, where it has some."""
        return None

    def _show(self, req: falcon.Request, resp: falcon.Response, entity: Entity, wanted: _Wanted) -> None:
        page = self._list(visit_of(req), entity.code, wanted)
        choice, params = wanted.choice, wanted.choice.params
        next_params = params | {"cursor": page.next_cursor or ""}
        plans = {plan.practice_id: ShownPlan(plan.practices) for plan in page.plans}
        rows = [(_shown(row, plans.get(row.id), choice), plans.get(row.id)) for row in page.practices]
        self.site.render(
            req,
            resp,
            self.template,
            entity=entity,
            rows=[row for row, _ in rows],
            plans={row.id: plan for row, plan in rows if plan},
            first_address=self._address(entity.code, params),
            next_address=self._address(entity.code, next_params) if page.next_cursor else None,
            next_cursor=page.next_cursor,
            is_short=page.next_cursor is not None and len(page.practices) < _ROWS_PER_PAGE,
            is_first_page=wanted.cursor is None,
            choice=choice,
            text=wanted.text,
            services=entity.services,
            years=list_choice.years_offered(rome_day(datetime.now(UTC)).year),
            orders={name: list_choice.ORDERS[name] for name in self.orders},
            totals=self._totals(req, entity, wanted),
        )

    def _list(self, visit: Visit, entity_code: str, wanted: _Wanted) -> PracticeList:
        request = ListRequest(
            entity_code=entity_code,
            viewer=visit.viewer,
            text=wanted.text or None,
            cursor=wanted.cursor,
            limit=_ROWS_PER_PAGE,
            with_plans=True,
        )
        return visit.call(practices.LIST, self._narrowed(request, wanted.choice, rome_day(datetime.now(UTC))))


class PracticesPage(_ListPage):
    """Pratiche associate: all that the citizen owes or owed."""

    name = "pratiche"
    template = "practices.html"
    orders = tuple(list_choice.ORDERS)

    def _address(self, entity_code: str, params: Mapping[str, str]) -> str:
        return addresses.practices(entity_code, **params)

    def _narrowed(self, request: ListRequest, choice: ListChoice, today: date) -> ListRequest:
        return replace(choice.of(request, today), year=choice.year)

    def _totals(self, req: falcon.Request, entity: Entity, wanted: _Wanted) -> Totals | None:
        if wanted.cursor or wanted.text:
            return None
        return _totals(visit_of(req), entity.code, is_whole=_TOTALS_PARAM in req.params)


class HistoryPage(_ListPage):
    """Storico e quietanze: what was paid."""

    name = "storico"
    template = "history.html"
    orders = list_choice.PAID_ORDERS

    def _address(self, entity_code: str, params: Mapping[str, str]) -> str:
        return addresses.history(entity_code, **params)

    def _narrowed(self, request: ListRequest, choice: ListChoice, today: date) -> ListRequest:
        by_service = ListChoice(service_code=choice.service_code, order=choice.order)
        return replace(by_service.of(request, today), states=[*PAID_STATES], paid_year=choice.year)


def _shown(row: Practice, plan: ShownPlan | None, choice: ListChoice) -> Practice:
    """Return the practice that a row shows: of a plan what can be paid next, unless it was looked for otherwise."""
    return (plan.next if plan and not choice.is_narrowed else None) or row


def _totals(visit: Visit, entity_code: str, *, is_whole: bool) -> Totals | None:
    """Return what is owed and was paid this year; None while it cannot be told: no list fails for its sums."""
    year = rome_day(datetime.now(UTC)).year
    request = practices.TotalsRequest(entity_code=entity_code, viewer=visit.viewer, year=year, whole=is_whole)
    try:
        return visit.call(practices.TOTALS, request)
    except RpcError:
        return None
