"""GPD-for-ACA, one position a call (pagopa-obligations.md section 1.2)."""

from datetime import date, datetime
from typing import Final
from urllib.parse import quote

from services.payments.archive.http import Answer, PagopaClient
from services.payments.domain.archive import Body, instant
from services.payments.settings import Settings

PAGE_ROWS: Final = 50


class GpdClient:
    """Each method is one call and returns its answer."""

    def __init__(self, settings: Settings) -> None:
        self._client = PagopaClient(settings.aca_url, settings.aca_subscription_key, settings.aca_timeout_s)

    def create(self, creditor: str, body: Body) -> Answer:
        """Create a position, payable at once."""
        return self._client.call("POST", _base(creditor), params={"toPublish": "true"}, json=body)

    def replace(self, creditor: str, body: Body, *, publish: bool) -> Answer:
        """Replace a position whole; without `publish` it is withdrawn and may come back."""
        params = {"toPublish": "true" if publish else "false"}
        return self._client.call("PUT", _one(creditor, body["iupd"]), params=params, json=body)

    def invalidate(self, creditor: str, iupd: str) -> Answer:
        """Withdraw a position for ever."""
        return self._client.call("POST", f"{_one(creditor, iupd)}/invalidate")

    def close(self, creditor: str, notice_number: str, paid_at: datetime) -> Answer:
        """Say that a notice was paid by other channels."""
        path = f"/organizations/{creditor}/paymentoptions/paids/{notice_number}"
        return self._client.call("POST", path, json={"paymentDate": instant(paid_at)})

    def look(self, creditor: str, iupd: str) -> Answer:
        """Ask what there is of a position."""
        return self._client.call("GET", _one(creditor, iupd))

    def listed(self, creditor: str, due_from: date, due_to: date, page: int) -> Answer:
        """List positions with a due date in these days, PAGE_ROWS a page, the first page being 0."""
        params: dict[str, str | int] = {
            "due_date_from": due_from.isoformat(),
            "due_date_to": due_to.isoformat(),
            "limit": PAGE_ROWS,
            "page": page,
            "orderby": "IUPD",
            "ordering": "ASC",
        }
        return self._client.call("GET", _base(creditor), params=params)


def _base(creditor: str) -> str:
    return f"/organizations/{creditor}/debtpositions"


def _one(creditor: str, iupd: str) -> str:
    return f"{_base(creditor)}/{quote(iupd, safe='')}"
