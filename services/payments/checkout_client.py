"""pagoPA Checkout over HTTP (pagopa.md section 4.1)."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import requests

from chassis import correlation
from contracts.errors import ErrorCode, Refused, Unavailable
from services.payments.settings import Settings

_NOTICE_REFUSED: Final = "Invalid payment notice data"


@dataclass(frozen=True)
class CartNotice:
    """One notice of a cart."""

    notice_number: str
    creditor_fiscal_code: str
    company_name: str
    description: str
    amount_cents: int


@dataclass(frozen=True)
class Cart:
    """What Checkout is asked to open (checkout_v1.json CartRequest). `id` comes back as paymentNote in the receipts."""

    id: UUID
    notices: tuple[CartNotice, ...]
    ok_url: str
    cancel_url: str
    error_url: str
    email: str | None
    all_postal: bool

    def body(self) -> dict[str, Any]:
        """Return the JSON of the request."""
        body: dict[str, Any] = {
            "paymentNotices": [
                {
                    "noticeNumber": notice.notice_number,
                    "fiscalCode": notice.creditor_fiscal_code,
                    "amount": notice.amount_cents,
                    "companyName": notice.company_name[:140],
                    "description": notice.description[:140],
                }
                for notice in self.notices
            ],
            "returnUrls": {
                "returnOkUrl": self.ok_url,
                "returnCancelUrl": self.cancel_url,
                "returnErrorUrl": self.error_url,
            },
            "idCart": str(self.id),
            "allCCP": self.all_postal,
        }
        return body | ({"emailNotice": self.email} if self.email else {})


class CheckoutClient:
    """pagoPA Checkout for creditor bodies, `POST /carts` (pagopa.md section 4.1)."""

    def __init__(self, settings: Settings) -> None:
        self._url = f"{settings.checkout_url}/carts"
        self._timeout_s = (min(3.0, settings.checkout_timeout_s), settings.checkout_timeout_s)
        self._key = settings.checkout_subscription_key

    def open(self, cart: Cart) -> str:
        """Return the address to send the payer to.

        Raises Refused(CHECKOUT_REFUSED, CHECKOUT_NOTICE_REFUSED, CHECKOUT_NOT_ALLOWED) with `status`, `title` and
        `detail` of the problem, and
        Unavailable(CHECKOUT_UNAVAILABLE) when there was no usable answer: the cart may exist then, but nobody has
        its address.
        """
        headers = {"X-Correlation-ID": correlation.get() or ""}
        if self._key:
            headers["Ocp-Apim-Subscription-Key"] = self._key
        try:
            answer = requests.post(
                self._url, json=cart.body(), headers=headers, timeout=self._timeout_s, allow_redirects=False
            )
        except requests.RequestException:
            raise Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE) from None
        if answer.status_code == requests.codes.found and "Location" in answer.headers:
            return answer.headers["Location"]
        if code := _refusal(answer):
            raise Refused(code, _problem(answer))
        raise Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE, {"status": answer.status_code})


def _refusal(answer: requests.Response) -> ErrorCode | None:
    """Say which refusal an answer is; None for one after which trying again may help.

    422 with the detail `Invalid payment notice data` is the node's check of the notices (checkPosition); the other 422s
    and 400 are about the cart itself.
    """
    match answer.status_code:
        case requests.codes.unauthorized | requests.codes.forbidden:
            return ErrorCode.CHECKOUT_NOT_ALLOWED
        case requests.codes.unprocessable_entity if _problem(answer).get("detail") == _NOTICE_REFUSED:
            return ErrorCode.CHECKOUT_NOTICE_REFUSED
        case requests.codes.bad_request | requests.codes.unprocessable_entity:
            return ErrorCode.CHECKOUT_REFUSED
        case _:
            return None


def _problem(answer: requests.Response) -> dict[str, Any]:
    """Read a ProblemJson as far as it goes; observed ones lack fields (pagopa.md section 4.1)."""
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        body = {}
    fields = body if isinstance(body, dict) else {}
    texts = {name: str(fields[name])[:200] for name in ("title", "detail") if name in fields}
    return {"status": answer.status_code, **texts}
