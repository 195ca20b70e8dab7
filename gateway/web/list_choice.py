"""What a citizen's list is narrowed to and ordered by, as addresses and forms say it and the browser remembers it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, urlencode

from contracts.rpc.practices import ListRequest
from gateway.translations import marked as _
from gateway.web.states import STATES

DUE_SOON_DAYS: Final = 30
YEARS_OFFERED: Final = 10
"""As long as receipts of payments have to be at hand (article 2946 of the civil code)."""
EVERY_STATE: Final = "tutte"
EVERY_YEAR: Final = "tutti"
SOON: Final = "presto"
LATE: Final = "passata"
ORDERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "recenti": ("newest", _("Dalla più recente")),
        "vecchie": ("oldest", _("Dalla più vecchia")),
        "scadenza": ("due_soonest", _("Per scadenza, dalla più vicina")),
        "scadenza-lontana": ("due_latest", _("Per scadenza, dalla più lontana")),
        "importo": ("greatest", _("Per importo, dal più alto")),
        "importo-minore": ("smallest", _("Per importo, dal più basso")),
    }
)
"""By their names in addresses: what practices calls them, and what citizens read."""
PAID_ORDERS: Final = ("recenti", "vecchie", "importo", "importo-minore")
"""Those of a list of what was paid: its due dates are over."""
_FIRST_ORDER: Final = "recenti"
_NAMES: Final = ("stato", "servizio", "anno", "scadenza", "ordine")
_UNPAID: Final = ("to_pay", "unconfirmed")
_SERVICE_CODE_MAX_CHARS: Final = 35


@dataclass(frozen=True)
class ListChoice:
    """A list's filters and order; nothing in it says who somebody is."""

    state: str | None = None
    service_code: str | None = None
    year: int | None = None
    due: str | None = None
    order: str = _FIRST_ORDER

    @classmethod
    def read(cls, said: Mapping[str, object], this_year: int) -> "ListChoice":
        """Read what an address or a form says; what it must not say is as if it said nothing."""
        texts = {name: value if isinstance(value := said.get(name), str) else "" for name in _NAMES}
        service_code = texts["servizio"]
        has_service = 0 < len(service_code) <= _SERVICE_CODE_MAX_CHARS and service_code.isprintable()
        return cls(
            state=texts["stato"] if texts["stato"] in STATES else None,
            service_code=service_code if has_service else None,
            year=next((year for year in years_offered(this_year) if str(year) == texts["anno"]), None),
            due=texts["scadenza"] if texts["scadenza"] in (SOON, LATE) else None,
            order=texts["ordine"] if texts["ordine"] in ORDERS else _FIRST_ORDER,
        )

    @classmethod
    def remembered(cls, text: str, this_year: int) -> "ListChoice":
        """Read what `written` wrote."""
        return cls.read(dict(parse_qsl(text)), this_year)

    @property
    def written(self) -> str:
        """The choice as a browser remembers it; empty where nothing was chosen."""
        return urlencode(self.params)

    @property
    def params(self) -> dict[str, str]:
        """The choice as an address says it; empty where nothing was chosen."""
        said = {
            "stato": self.state,
            "servizio": self.service_code,
            "anno": str(self.year) if self.year else None,
            "scadenza": self.due,
            "ordine": self.order if self.order != _FIRST_ORDER else None,
        }
        return {name: value for name, value in said.items() if value}

    @property
    def is_narrowed(self) -> bool:
        """Return whether something is left out of the list."""
        return any((self.state, self.service_code, self.year, self.due))

    @property
    def is_more_than_a_state(self) -> bool:
        """Return whether anything but a state was chosen."""
        return replace(self, state=None) != ListChoice()

    def with_state(self, state: str | None) -> dict[str, str]:
        """Return what an address says of the same choice for another state, or of every state."""
        return replace(self, state=state).params | ({} if state else {"stato": EVERY_STATE})

    def with_year(self, year: int | None) -> dict[str, str]:
        """Return what an address says of the same choice for another year, or of every year."""
        return replace(self, year=year).params | ({} if year else {"anno": EVERY_YEAR})

    def of(self, request: ListRequest, today: date) -> ListRequest:
        """Return a request of the list as it is chosen, its year apart."""
        request = replace(request, service_code=self.service_code, order=ORDERS[self.order][0])
        if self.state:
            request = replace(request, states=[self.state])
        if self.due is None:
            return request
        is_soon = self.due == SOON
        return replace(
            request,
            states=request.states or [*_UNPAID],
            due_from=today if is_soon else None,
            due_until=today + timedelta(days=DUE_SOON_DAYS if is_soon else -1),
            order=ORDERS["scadenza"][0] if self.order == _FIRST_ORDER else request.order,
        )


def is_said(said: Mapping[str, object]) -> bool:
    """Return whether an address says anything of filters or order."""
    return any(name in said for name in _NAMES)


def years_offered(this_year: int) -> range:
    """Return the years that a list can be narrowed to, this one first."""
    return range(this_year, this_year - YEARS_OFFERED, -1)
