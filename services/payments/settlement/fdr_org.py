"""Settlement flows from pagoPA's REST API for creditors, fdr-org (pagopa.md section 5.2)."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import requests

from chassis.logs import get_logger
from contracts.calendar import rome_day
from contracts.error_details import OutOfReach, Unreadable
from contracts.errors import ErrorCode, Refused, Unavailable
from services.payments.domain.node_time import read_moment
from services.payments.domain.settlements import Flow, FlowRow, Outcome, UnreadRow
from services.payments.settings import Settings

log = get_logger(__name__)

# An object as fdr-org describes it, read into a Flow at once.
_Foreign = dict[str, Any]
_PAGE: Final = 1_000
# Far more pages than an entity has flows in the thirty days that pagoPA has them.
_PAGES_MAX: Final = 1_000
_TRIES: Final = 5
# Several times what pagoPA allows, and no more than an index holds.
_TEXT_MAX_CHARS: Final = 255
# What the columns hold.
_NUMBER_MAX: Final = 2**31 - 1
_CENTS_MAX: Final = 2**63 - 1
_PAUSE_MAX_S: Final = 120.0
_BUSY: Final = (429, 502, 503, 504)
_KEY_REFUSED: Final = (401, 403)
_OUTCOMES: Final = {
    "EXECUTED": Outcome.EXECUTED,
    "REVOKED": Outcome.REVOKED,
    "STAND_IN": Outcome.STAND_IN,
    "STAND_IN_NO_RPT": Outcome.STAND_IN_WITHOUT_REQUEST,
    "NO_RPT": Outcome.WITHOUT_REQUEST,
}
_WRONG: Final = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError)


@dataclass(frozen=True, slots=True)
class PublishedFlow:
    """A flow in the list of those published. What could not be read of an odd entry is empty or None."""

    flow_id: str
    revision: int | None
    psp_id: str


class FdrClient:
    """fdr-org, at the pace it allows. Every method raises Unavailable where it gives no usable answer."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.fdr_url
        self._timeout_s = settings.fdr_timeout_s
        self._interval_s = settings.fdr_interval_s
        self._next_at_s = 0.0
        self._headers = {"Ocp-Apim-Subscription-Key": settings.fdr_subscription_key or ""}

    def published(self, creditor_fiscal_code: str, published_after: datetime | None) -> Iterator[PublishedFlow]:
        """Return which flows the entity has, of those published since."""
        since = {"publishedGt": published_after.isoformat().replace("+00:00", "Z")} if published_after else {}
        for entry in self._pages(self._base(creditor_fiscal_code), since):
            yield _published(entry)

    def flow(self, creditor_fiscal_code: str, known: PublishedFlow) -> Flow:
        """Return a flow whole. Raises Refused(SETTLEMENT_UNREADABLE)."""
        if known.revision is None or not known.flow_id or not known.psp_id:
            raise _unreadable("an entry of the list without fdr, revision or pspId")
        base = self._base(creditor_fiscal_code)
        address = f"{base}/{known.flow_id}/revisions/{known.revision}/psps/{known.psp_id}"
        detail, payments = self._get(address, {}), list(self._pages(f"{address}/payments", {}))
        try:
            return _flow(detail, payments)
        except _WRONG as error:
            raise _unreadable(f"not as fdr-org describes it: {type(error).__name__}") from None

    def _base(self, creditor_fiscal_code: str) -> str:
        return f"{self._url}/organizations/{creditor_fiscal_code}/fdrs"

    def _pages(self, url: str, query: dict[str, str]) -> Iterator[_Foreign]:
        for number in range(1, _PAGES_MAX + 1):
            page = self._get(url, {**query, "page": str(number), "size": str(_PAGE)})
            try:
                entries, pages = _page(page)
            except _WRONG:
                raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE, OutOfReach(part="fdr-org")) from None
            yield from entries
            if number >= pages:
                return

    def _get(self, url: str, query: dict[str, str]) -> _Foreign:
        for attempt in range(1, _TRIES + 1):
            self._keep_pace()
            try:
                answer = requests.get(url, params=query, headers=self._headers, timeout=self._timeout_s)
                if answer.status_code in _BUSY and attempt < _TRIES:
                    time.sleep(_pause_s(answer, attempt))
                    continue
                if answer.status_code in _KEY_REFUSED:
                    raise _our_key_is_refused(answer.status_code)
                answer.raise_for_status()
                # Amounts are JSON numbers: as binary fractions they would not add up.
                read: Any = answer.json(parse_float=Decimal)
            except (requests.RequestException, RecursionError):
                break
            if isinstance(read, dict):
                return read
            break
        raise Unavailable(ErrorCode.SERVICE_UNAVAILABLE, OutOfReach(part="fdr-org"))

    def _keep_pace(self) -> None:
        """Wait until the next call is allowed."""
        now = time.monotonic()
        if now < self._next_at_s:
            time.sleep(self._next_at_s - now)
        self._next_at_s = max(now, self._next_at_s) + self._interval_s


def _our_key_is_refused(status: int) -> Unavailable:
    """Say so, in the log and to whoever asked: no later try helps, somebody must look at FDR_SUBSCRIPTION_KEY."""
    log.error("pagopa_refuses_our_key", part="fdr-org", status=status, setting="FDR_SUBSCRIPTION_KEY")
    return Unavailable(ErrorCode.SERVICE_UNAVAILABLE, OutOfReach(part="fdr-org", status=status))


def _pause_s(answer: requests.Response, attempt: int) -> float:
    """Return how long the API wants to be left alone; doubled each time where it does not say."""
    try:
        wanted = float(answer.headers.get("Retry-After", ""))
    except ValueError:
        wanted = 2.0 ** (attempt - 1)
    return max(0.0, min(wanted, _PAUSE_MAX_S))


def _page(page: _Foreign) -> tuple[list[Any], int]:
    """Return the entries of a page and how many pages there are. Raises one of _WRONG."""
    entries = page.get("data") or []
    if not isinstance(entries, list):
        raise TypeError("data")
    return entries, int((page.get("metadata") or {}).get("totPage") or 1)


def _published(entry: Any) -> PublishedFlow:
    try:
        return PublishedFlow(_text(entry["fdr"]), _number(entry["revision"]), _text(entry["pspId"]))
    except _WRONG:
        name = entry.get("fdr") if isinstance(entry, dict) else None
        return PublishedFlow(str(name or ""), None, "")


def _flow(flow: _Foreign, payments: list[_Foreign]) -> Flow:
    sender = flow["sender"]
    rows, unread = _rows(payments)
    count, total = (
        _declared(flow, "totPayments", "computedTotPayments"),
        _declared(flow, "sumPayments", "computedSumPayments"),
    )
    sender_name = sender.get("pspName")
    return Flow(
        flow_id=_text(flow["fdr"]),
        flow_at=_moment(flow["fdrDate"]),
        revision=_number(flow["revision"]),
        regulation_id=_text(flow["regulation"]),
        settled_on=date.fromisoformat(flow["regulationDate"][:10]),
        sender_id=_text(sender["pspId"]),
        sender_name=None if sender_name is None else _text(sender_name),
        receiver_fiscal_code=_text(flow["receiver"]["organizationId"]),
        count=len(payments) if count is None else _number(count),
        total_cents=_within(sum(row.amount_cents for row in rows)) if total is None else _cents(total),
        rows=rows,
        unread=unread,
    )


def _rows(payments: list[_Foreign]) -> tuple[tuple[FlowRow, ...], tuple[UnreadRow, ...]]:
    """Return the rows of a flow and those that cannot be read, which stop no other unless there is none."""
    rows: list[FlowRow] = []
    unread: list[UnreadRow] = []
    for position, payment in enumerate(payments, 1):
        try:
            rows.append(_row(payment))
        except _WRONG as error:
            if position == len(payments) and not rows:
                raise
            unread.append(UnreadRow(position, f"not as fdr-org describes it: {type(error).__name__}"))
    return tuple(rows), tuple(unread)


def _declared(flow: _Foreign, *names: str) -> Any:
    """Return the first of these that the flow says; pagoPA leaves out what the PSP declared, or sends null."""
    return next((flow[name] for name in names if flow.get(name) is not None), None)


def _row(payment: _Foreign) -> FlowRow:
    index = payment.get("idTransfer")
    return FlowRow(
        iuv=_text(payment["iuv"]),
        iur=_text(payment["iur"]),
        index=None if index is None else _number(index),
        amount_cents=_cents(payment["pay"]),
        outcome=_OUTCOMES[payment["payStatus"]],
        paid_on=rome_day(_moment(payment["payDate"])),
    )


def _text(value: Any) -> str:
    """Return a text as it stands. Raises ValueError for what is none, or could be neither stored nor compared."""
    if not (isinstance(value, str) and 0 < len(value) <= _TEXT_MAX_CHARS and value.isprintable()):
        raise ValueError("no text")
    return value


def _number(value: Any) -> int:
    """Return a count or a place. Raises ValueError for what no column holds."""
    number = int(value)
    if not 0 <= number <= _NUMBER_MAX:
        raise ValueError("no number of anything")
    return number


def _moment(text: str) -> datetime:
    return read_moment(text)


def _cents(amount: Any) -> int:
    """Read an amount. Sums of binary fractions (0.30000000000000004) are meant to the cent."""
    exact = Decimal(str(amount)) * 100
    cents = round(exact)
    if abs(exact - cents) > Decimal("0.001"):
        raise ValueError("a fraction of a cent")
    return _within(cents)


def _within(cents: int) -> int:
    if abs(cents) > _CENTS_MAX:
        raise ValueError("more than there is")
    return cents


def _unreadable(reason: str) -> Refused:
    return Refused(ErrorCode.SETTLEMENT_UNREADABLE, Unreadable(reason=reason))
