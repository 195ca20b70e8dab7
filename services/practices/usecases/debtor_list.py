"""A citizen's own practices: a page of the list, and what they come to together."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.calendar import NO_DUE_DATE, rome_day
from contracts.rpc.practices import ListedPlan, ListRequest, Practice, PracticeList, Sum, Totals, TotalsRequest
from services.practices import records
from services.practices.domain import display, plans
from services.practices.domain.list_filter import ORDERS, ListFilter, Mark, words_of
from services.practices.domain.plans import Instalments, Listed
from services.practices.domain.totals import unpaid_and_overdue
from services.practices.repository import catalogue, debtor_list, debtor_totals
from services.practices.usecases import list_cursor

LOOKED_AT_MAX: Final = 500
"""How many practices are looked at for one page: beyond that whoever asks goes on from there."""
TOTALLED_MAX: Final = 100
_NEXT_LOOK_TIMES: Final = 11
_INSTALMENTS_ON_A_PAGE: Final = 400
_NO_DAY: Final = date(1, 1, 1)


def list_practices(database: Database, request: ListRequest, now: datetime) -> PracticeList:
    """Return a page of the practices the viewing citizen is debtor of, an import in its file's order.

    Raises Refused(UNKNOWN_ENTITY), (INVALID_REQUEST) for a cursor of another order.
    """
    wanted = _filter(request)
    after = list_cursor.read(request.cursor, wanted.order)

    def read(session: Session) -> PracticeList:
        page = _page(session, wanted, after, request, now) if wanted.fiscal_code else PracticeList(practices=[])
        if not page.practices:
            catalogue.entity(session, wanted.entity_code)
        return page

    return database.read(read)


def totals(database: Database, request: TotalsRequest, now: datetime) -> Totals:
    """Return what the viewing citizen owes an entity and has paid it in a year.

    Unless the request wants it whole, the newest TOTALLED_MAX count of what is unpaid, and so of what was paid.
    """
    fiscal_code = request.viewer.fiscal_code
    if not fiscal_code:
        return Totals(unpaid=Sum(), overdue=Sum(), paid=Sum())
    code, limit = catalogue.readable_code(request.entity_code), None if request.whole else TOTALLED_MAX
    year = display.rome_year(request.year)

    def read(session: Session) -> Totals:
        sums = debtor_totals.unpaid(session, code, fiscal_code, rome_day(now), limit)
        came = debtor_totals.money_of(session, code, fiscal_code, year, limit)
        changing, changing_overdue = unpaid_and_overdue(sums.changing, now)
        unpaid, overdue = sums.unpaid + changing, sums.overdue + changing_overdue
        is_whole = limit is None or sums.looked_at < limit
        return Totals(
            unpaid=Sum(count=unpaid.count, cents=unpaid.cents, is_whole=is_whole),
            overdue=Sum(count=overdue.count, cents=overdue.cents, is_whole=is_whole),
            paid=Sum(count=came.count, cents=came.cents, is_whole=limit is None or came.looked_at < limit),
        )

    return database.read(read)


def _filter(request: ListRequest) -> ListFilter:
    is_due = request.due_from is not None or request.due_until is not None
    service_code = request.service_code
    return ListFilter(
        entity_code=catalogue.readable_code(request.entity_code),
        fiscal_code=request.viewer.fiscal_code or "",
        states=tuple(request.states),
        order=ORDERS[request.order],
        # No service has a code that a database cannot be asked for.
        service_code=service_code if service_code is None or service_code.isprintable() else "",
        made=display.rome_year(request.year) if request.year else None,
        paid=display.rome_year(request.paid_year) if request.paid_year else None,
        due=(request.due_from or _NO_DAY, request.due_until or NO_DUE_DATE) if is_due else None,
        words=words_of(request.text or ""),
    )


def _page(
    session: Session, wanted: ListFilter, after: Mark | None, request: ListRequest, now: datetime
) -> PracticeList:
    if not (request.with_plans or wanted.needs_looking):
        rows = debtor_list.page(session, wanted, after, request.limit + 1)
        shown = rows[: request.limit]
        return PracticeList(
            practices=[records.practice_of(row, now) for row in shown],
            next_cursor=_cursor_of(shown[-1], wanted) if len(rows) > request.limit else None,
        )
    return _Looking(session, wanted, request).page(after, now)


class _Looking:
    """Going through a debtor's practices in order until a page is full, or enough of them were looked at."""

    def __init__(self, session: Session, wanted: ListFilter, request: ListRequest) -> None:
        self._session = session
        self._wanted = wanted
        self._with_plans = request.with_plans
        self._limit = request.limit
        self._found: list[Listed] = []
        self._members: dict[Instalments, list[Listed]] = {}
        self._leaders: dict[Instalments, int] = {}

    def page(self, after: Mark | None, now: datetime) -> PracticeList:
        """Return the page behind a mark."""
        next_mark = self._look(after)
        found, of_plans = self._within_bounds()
        if len(found) < len(self._found):
            next_mark = found[-1].mark
        places = [one.place for one in found] + [member.place for _, members in of_plans for member in members]
        rows = debtor_list.at_places(self._session, places)
        shown = {place: records.practice_of(row, now) for place, row in rows.items()}
        listed_plans = [
            ListedPlan(
                practice_id=shown[one.place].id,
                practices=sorted((shown[member.place] for member in members), key=_instalment_number),
            )
            for one, members in of_plans
        ]
        return PracticeList(
            practices=[shown[one.place] for one in found],
            plans=listed_plans,
            next_cursor=list_cursor.write(next_mark) if next_mark else None,
        )

    def _within_bounds(self) -> tuple[Sequence[Listed], Sequence[tuple[Listed, Sequence[Listed]]]]:
        """Return what the page has room for, and the plans in it with their instalments: a plan may have hundreds."""
        of_plans: list[tuple[Listed, Sequence[Listed]]] = []
        left = _INSTALMENTS_ON_A_PAGE
        for count, one in enumerate(self._found[: self._limit]):
            members = self._members.get(one.plan, ()) if one.plan else ()
            if len(members) > 1:
                left -= len(members)
                if left < 0 and count:
                    return self._found[:count], of_plans
                of_plans.append((one, members))
        return self._found[: self._limit], of_plans

    def _look(self, after: Mark | None) -> Mark | None:
        """Find a page and one more; return the mark to go on from where that has not ended it, None at the end."""
        left, size = LOOKED_AT_MAX, self._limit + 1
        if self._wanted.needs_looking:
            size = min(left, 2 * size)
        while True:
            looked = debtor_list.look(self._session, self._wanted, after, left, size)
            self._take(looked.found)
            left, after = left - looked.looked_at, looked.end
            if after is None or len(self._found) > self._limit or left <= 0:
                return after
            size = min(left, size * _NEXT_LOOK_TIMES)

    def _take(self, wanted: Sequence[Listed]) -> None:
        if not self._with_plans:
            self._found += wanted
            return
        new = {one.plan for one in wanted if one.plan} - self._members.keys()
        members = debtor_list.members(self._session, self._wanted, list(new))
        for member in members:
            if member.plan in new:
                self._members.setdefault(member.plan, []).append(member)
        self._leaders |= plans.leaders(members, self._wanted.order)
        self._found += [one for one in wanted if self._stands_for_itself(one)]

    def _stands_for_itself(self, one: Listed) -> bool:
        """Return whether it is of no plan, or the one by which its plan is listed."""
        return one.plan is None or self._leaders.get(one.plan, one.place) == one.place


def _instalment_number(practice: Practice) -> int:
    return practice.instalment.number if practice.instalment else 0


def _cursor_of(row: Row[Any], wanted: ListFilter) -> str:
    return list_cursor.write(wanted.mark(row.place, row.due_date, row.amount_cents))
