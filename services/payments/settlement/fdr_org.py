"""Settlement flows from pagoPA's REST API for creditors, fdr-org (pagopa.md section 5.2)."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import requests

from contracts.calendar import rome_day
from contracts.error_details import OutOfReach, Unreadable
from contracts.errors import ErrorCode, Refused, Unavailable
from services.payments.domain.node_time import from_node
from services.payments.domain.settlements import Flow, FlowRow, Outcome
from services.payments.settings import Settings

# An object as fdr-org describes it, read into a Flow at once.
_Foreign = dict[str, Any]
_PAGE: Final = 1_000
# Far more pages than an entity has flows in the thirty days that pagoPA has them.
_PAGES_MAX: Final = 1_000
_OUTCOMES: Final = {
    "EXECUTED": Outcome.EXECUTED,
    "REVOKED": Outcome.REVOKED,
    "STAND_IN": Outcome.STAND_IN,
    "STAND_IN_NO_RPT": Outcome.STAND_IN_WITHOUT_REQUEST,
    "NO_RPT": Outcome.WITHOUT_REQUEST,
}


class FdrClient:
    """fdr-org. Every method raises Unavailable where it gives no usable answer."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.fdr_url
        self._timeout_s = settings.fdr_timeout_s
        self._headers = {"Ocp-Apim-Subscription-Key": settings.fdr_subscription_key or ""}

    def flows(self, creditor_fiscal_code: str, published_after: datetime | None) -> Iterator[Flow]:
        """Return the entity's flows published since, each whole."""
        since = {"publishedGt": published_after.isoformat().replace("+00:00", "Z")} if published_after else {}
        base = f"{self._url}/organizations/{creditor_fiscal_code}/fdrs"
        for published in self._pages(base, since):
            try:
                address = f"{base}/{published['fdr']}/revisions/{published['revision']}/psps/{published['pspId']}"
                yield _flow(self._get(address, {}), list(self._pages(f"{address}/payments", {})))
            except (KeyError, TypeError, ValueError, ArithmeticError):
                raise Refused(
                    ErrorCode.SETTLEMENT_UNREADABLE, Unreadable(reason="not as fdr-org describes it")
                ) from None

    def _pages(self, url: str, query: dict[str, str]) -> Iterator[_Foreign]:
        for number in range(1, _PAGES_MAX + 1):
            page = self._get(url, {**query, "page": str(number), "size": str(_PAGE)})
            yield from page.get("data", ())
            if number >= page.get("metadata", {}).get("totPage", 1):
                return

    def _get(self, url: str, query: dict[str, str]) -> _Foreign:
        try:
            answer = requests.get(url, params=query, headers=self._headers, timeout=self._timeout_s)
            answer.raise_for_status()
            # Amounts are JSON numbers: as binary fractions they would not add up.
            read: _Foreign = answer.json(parse_float=Decimal)
        except requests.RequestException:
            raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE, OutOfReach(part="fdr-org")) from None
        return read


def _flow(flow: _Foreign, payments: list[_Foreign]) -> Flow:
    sender = flow["sender"]
    return Flow(
        flow_id=flow["fdr"],
        flow_at=_moment(flow["fdrDate"]),
        revision=int(flow["revision"]),
        regulation_id=flow["regulation"],
        settled_on=date.fromisoformat(flow["regulationDate"]),
        sender_id=sender["pspId"],
        sender_name=sender.get("pspName"),
        receiver_fiscal_code=flow["receiver"]["organizationId"],
        count=int(flow["totPayments"]),
        total_cents=_cents(flow["sumPayments"]),
        rows=tuple(_row(payment) for payment in payments),
    )


def _row(payment: _Foreign) -> FlowRow:
    return FlowRow(
        iuv=payment["iuv"],
        iur=payment["iur"],
        index=int(payment["idTransfer"]),
        amount_cents=_cents(payment["pay"]),
        outcome=_OUTCOMES[payment["payStatus"]],
        paid_on=rome_day(_moment(payment["payDate"])),
    )


def _moment(text: str) -> datetime:
    return from_node(datetime.fromisoformat(text))


def _cents(amount: Any) -> int:
    cents = Decimal(amount) * 100
    if cents != int(cents):
        raise ValueError("a fraction of a cent")
    return int(cents)
