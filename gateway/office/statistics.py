"""Statistics: collected by month, service and channel, how soon, and what is late; each figure can be opened."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import falcon

from contracts.calendar import rome_day
from contracts.roles import Operation
from contracts.rpc import statistics
from contracts.rpc.practices import Entity
from contracts.rpc.statistics import DAYS_LATE, DAYS_TO_PAY, PORTAL, UNKNOWN
from gateway.office import addresses
from gateway.office.charts import Chart, Figure, bars
from gateway.office.desk import Desk, OfficePage
from gateway.office.settlement import month_of
from gateway.translations import marked as _
from gateway.translations import translate
from gateway.visit import Visit, visit_of
from gateway.web.formats import filters_of

_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2099
_ROWS_PER_PAGE: Final = 50
_FOREIGN_SERVICE: Final = _("Avvisi di altri enti o non noti")
_CHANNELS: Final[Mapping[str, str]] = {
    PORTAL: _("Da questo portale"),
    "creditCard": _("Carta di pagamento, altrove"),
    "cash": _("Contanti, allo sportello"),
    "bancomat": _("Bancomat"),
    "bankTransfer": _("Bonifico"),
    "directDebit": _("Addebito in conto"),
    "other": _("Altro"),
    UNKNOWN: _("Non detto dalla ricevuta"),
}
_TITLES: Final[Mapping[str, str]] = {
    "collected": _("Pagamenti arrivati"),
    "days_to_pay": _("Pratiche pagate"),
    "overdue": _("Pratiche scadute e non pagate"),
}
KINDS: Final[Mapping[str, str]] = {"incassi": "collected", "giorni": "days_to_pay", "scadute": "overdue"}
"""What can be opened, by its name in addresses."""


@dataclass(frozen=True)
class Section:
    """One question: its chart, and the table of the same figures with their sum."""

    name: str
    title: str
    heading: str
    figures: Sequence[Figure]
    chart: Chart
    count: int
    cents: int


class StatisticsPage(OfficePage):
    """Statistiche of a year."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show them, of the year in the address or the current one. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.READ_PAYMENTS)
        visit = visit_of(req)
        this_year = rome_day(desk.session.idle_until).year
        year = _year(req.get_param("anno") or "") or this_year
        request = statistics.PeriodRequest(
            entity_code=desk.entity.code,
            service_codes=desk.services(Operation.READ_PAYMENTS),
            since=date(year, 1, 1),
            until=date(year, 12, 31),
        )
        found = visit.call(statistics.PERIOD_STATISTICS, request)
        late = visit.call(
            statistics.OVERDUE,
            statistics.OverdueRequest(entity_code=request.entity_code, service_codes=request.service_codes),
        )
        sections = _Sections(visit, desk, year)
        self.show(
            req,
            resp,
            "statistics.html",
            desk,
            year=year,
            year_before=year - 1 if year > _FIRST_YEAR else None,
            year_after=year + 1 if year < this_year else None,
            collected=[
                sections.by_month(found.collected),
                sections.by_service(found.collected),
                sections.by_channel(found.collected),
            ],
            soon=sections.days_to_pay(found.days_to_pay),
            median_days=found.median_days,
            late=[sections.overdue_by_age(late.cells), sections.overdue_by_service(late.cells)],
            today=late.today,
        )


class StatisticRowsPage(OfficePage):
    """What a figure was counted from."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, kind: str) -> None:
        """Show a page of it, as the address says. What is none of ours in the address is left out."""
        desk = self.enter(req, entity, Operation.READ_PAYMENTS)
        if kind not in KINDS:
            raise falcon.HTTPNotFound
        visit = visit_of(req)
        year = _year(req.get_param("anno") or "") or rome_day(desk.session.idle_until).year
        params = _narrowing(req, KINDS[kind])
        month = month_of(params["mese"])
        after = req.get_param("dopo") or None
        request = statistics.RowsRequest(
            entity_code=desk.entity.code,
            service_codes=desk.services(Operation.READ_PAYMENTS),
            since=date(year, 1, 1),
            until=date(year, 12, 31),
            kind=KINDS[kind],
            service_code=params["servizio"] or None,
            month=month,
            channel=params["canale"] or None,
            days_from=int(params["giorni"]) if params["giorni"] else None,
            after=after,
            limit=_ROWS_PER_PAGE,
        )
        found = visit.call(statistics.STATISTIC_ROWS, request)
        self.show(
            req,
            resp,
            "statistic_rows.html",
            desk,
            kind=kind,
            year=year,
            title=_TITLES[KINDS[kind]],
            chosen=_chosen(visit.language, desk.entity, KINDS[kind], params, year),
            params={"anno": str(year), **params},
            rows=found.rows,
            next_after=found.next_after,
            is_first_page=after is None,
            service_name=lambda code: _service(visit.language, desk.entity, code),
            channel_name=lambda channel: translate(visit.language, _CHANNELS.get(channel, channel)),
        )


class _Sections:
    """Makes the sections of a page in the reader's language, with addresses of what each figure is made of."""

    def __init__(self, visit: Visit, desk: Desk, year: int) -> None:
        self._language = visit.language
        self._entity = desk.entity
        self._year = year

    def by_month(self, cells: Sequence[statistics.CollectedCell]) -> Section:
        """All twelve months, those without money too."""
        name_of = filters_of(self._language)["month_name"]
        months = [date(self._year, month, 1) for month in range(1, 13)]
        figures = [
            self._figure(
                name_of(month), [one for one in cells if one.month == month], "incassi", mese=month.isoformat()[:7]
            )
            for month in months
        ]
        return self._section("mesi", _("Per mese"), _("Mese"), figures)

    def by_service(self, cells: Sequence[statistics.CollectedCell]) -> Section:
        """Those with money, the most first."""
        figures = self._grouped(cells, lambda one: one.service_code, self._service_name, "incassi", "servizio")
        return self._section("servizi", _("Per servizio"), _("Servizio"), figures)

    def by_channel(self, cells: Sequence[statistics.CollectedCell]) -> Section:
        """The same by how it was paid."""
        figures = self._grouped(cells, lambda one: one.channel, self._channel_name, "incassi", "canale")
        return self._section("canali", _("Per canale"), _("Canale"), figures)

    def days_to_pay(self, cells: Sequence[statistics.DaysCell]) -> Section:
        """How many days after a practice was made its money came."""
        figures = self._buckets(cells, DAYS_TO_PAY, "giorni")
        return self._section("giorni", _("Quanto tempo passa"), _("Giorni"), figures, by_count=True)

    def overdue_by_age(self, cells: Sequence[statistics.DaysCell]) -> Section:
        """How many days late."""
        return self._section("ritardi", _("Per ritardo"), _("Giorni"), self._buckets(cells, DAYS_LATE, "scadute"))

    def overdue_by_service(self, cells: Sequence[statistics.DaysCell]) -> Section:
        """The same by service."""
        figures = self._grouped(cells, lambda one: one.service_code, self._service_name, "scadute", "servizio")
        return self._section("scadute-servizi", _("Scadute, per servizio"), _("Servizio"), figures)

    def _service_name(self, code: str) -> str:
        return _service(self._language, self._entity, code)

    def _channel_name(self, channel: str) -> str:
        return translate(self._language, _CHANNELS.get(channel, channel))

    def _buckets(self, cells: Sequence[statistics.DaysCell], starts: Sequence[int], kind: str) -> list[Figure]:
        return [
            self._figure(
                _bucket(self._language, starts, place),
                [one for one in cells if one.days_from == start],
                kind,
                giorni=str(start),
            )
            for place, start in enumerate(starts)
        ]

    def _grouped(
        self,
        cells: Sequence[Any],
        key_of: Callable[[Any], str],
        name_of: Callable[[str], str],
        kind: str,
        param: str,
    ) -> list[Figure]:
        keys = sorted({key_of(one) for one in cells})
        figures = [
            self._figure(name_of(key), [one for one in cells if key_of(one) == key], kind, **{param: key})
            for key in keys
        ]
        return sorted(figures, key=lambda one: -one.cents)

    def _figure(self, label: str, cells: Iterable[Any], kind: str, **params: str) -> Figure:
        found = list(cells)
        return Figure(
            label,
            sum(one.count for one in found),
            sum(one.cents for one in found),
            addresses.statistic_rows(self._entity.code, kind, anno=str(self._year), **params),
        )

    def _section(
        self, name: str, title: str, heading: str, figures: Sequence[Figure], *, by_count: bool = False
    ) -> Section:
        euro = filters_of(self._language)["euro"]
        values = [str(one.count) if by_count else euro(one.cents) for one in figures]
        return Section(
            name=name,
            title=translate(self._language, title),
            heading=translate(self._language, heading),
            figures=figures,
            chart=bars(figures, values, by_count=by_count),
            count=sum(one.count for one in figures),
            cents=sum(one.cents for one in figures),
        )


def _service(language: str, entity: Entity, code: str) -> str:
    if code == UNKNOWN:
        return translate(language, _FOREIGN_SERVICE)
    localised = filters_of(language)["localised"]
    return next((localised(one.title) for one in entity.services if one.code == code), code)


def _bucket(language: str, starts: Sequence[int], place: int) -> str:
    """Return a bucket of days in words."""
    start = starts[place]
    if start == 0:
        return translate(language, _("lo stesso giorno"))
    if place == len(starts) - 1:
        return translate(language, _("oltre %(days)s")) % {"days": start - 1}
    return translate(language, _("da %(first)s a %(last)s")) % {"first": start, "last": starts[place + 1] - 1}


def _year(text: str) -> int | None:
    is_year = text.isascii() and text.isdigit() and len(text) == 4
    return int(text) if is_year and _FIRST_YEAR <= int(text) <= _LAST_YEAR else None


def _narrowing(req: falcon.Request, kind: str) -> dict[str, str]:
    """Return what narrows a figure down; what cannot is left out."""
    month = req.get_param("mese") or ""
    days = req.get_param("giorni") or ""
    starts = {"days_to_pay": DAYS_TO_PAY, "overdue": DAYS_LATE}.get(kind, ())
    return {
        "mese": month if kind == "collected" and month_of(month) else "",
        "servizio": (req.get_param("servizio") or "")[:35],
        "canale": (req.get_param("canale") or "")[:70] if kind == "collected" else "",
        "giorni": days if days in {str(start) for start in starts} else "",
    }


def _chosen(language: str, entity: Entity, kind: str, params: Mapping[str, str], year: int) -> list[str]:
    """Return in words what the rows are of."""
    filters = filters_of(language)
    month = month_of(params["mese"])
    told = [] if kind == "overdue" else [filters["month_name"](month) if month else str(year)]
    if params["servizio"]:
        told.append(_service(language, entity, params["servizio"]))
    if params["canale"]:
        told.append(translate(language, _CHANNELS.get(params["canale"], params["canale"])))
    if params["giorni"]:
        starts = DAYS_TO_PAY if kind == "days_to_pay" else DAYS_LATE
        bucket = _bucket(language, starts, starts.index(int(params["giorni"])))
        told.append(f"{translate(language, _('Giorni'))}: {bucket}")
    return told
