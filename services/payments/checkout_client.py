"""pagoPA Checkout over HTTP (pagopa.md section 4.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import requests

from chassis import correlation
from contracts.codes import DESCRIPTION_MAX_CHARS, AmountCents, CreditorFiscalCode, NoticeNumber
from contracts.error_details import CheckoutProblem
from contracts.errors import ErrorCode, Refused, RpcError, Unavailable
from services.payments.settings import Settings

_V2: Final = "v2"
_LONGEST_WAIT_S: Final = 3_600
# Each 422 by the detail of its problem: the node's check of the notices (checkPosition), and two about the cart itself.
_REFUSED_CARTS: Final[Mapping[str, ErrorCode]] = {
    "Invalid payment notice data": ErrorCode.CHECKOUT_NOTICE_REFUSED,
    "Duplicate payment notice values found.": ErrorCode.CHECKOUT_NOTICES_REPEATED,
    "Too many payment notices, expected max 5": ErrorCode.CHECKOUT_TOO_MANY_NOTICES,
}
_NOT_ALLOWED: Final = (requests.codes.unauthorized, requests.codes.forbidden, requests.codes.not_found)


# JSON as Checkout's API describes it.
_CartRequest = dict[str, Any]


@dataclass(frozen=True)
class CartNotice:
    """One notice of a cart."""

    notice_number: NoticeNumber
    creditor_fiscal_code: CreditorFiscalCode
    company_name: str
    description: str
    amount_cents: AmountCents


@dataclass(frozen=True)
class Cart:
    """What Checkout is asked to open (CartRequest, CartRequestV2). `id` comes back as paymentNote in the receipts.

    `waiting_url`: where the browser goes when pagoPA does not know yet how the payment ended; only v2 asks for it.
    """

    id: UUID
    notices: tuple[CartNotice, ...]
    ok_url: str
    cancel_url: str
    error_url: str
    waiting_url: str
    email: str | None
    all_postal: bool

    def body(self, version: str) -> _CartRequest:
        """Return the JSON of the request."""
        return_urls = {
            "returnOkUrl": self.ok_url,
            "returnCancelUrl": self.cancel_url,
            "returnErrorUrl": self.error_url,
        }
        body: _CartRequest = {
            "paymentNotices": [
                {
                    "noticeNumber": notice.notice_number,
                    "fiscalCode": notice.creditor_fiscal_code,
                    "amount": notice.amount_cents,
                    "companyName": notice.company_name[:140],
                    "description": notice.description[:DESCRIPTION_MAX_CHARS],
                }
                for notice in self.notices
            ],
            "returnUrls": return_urls | ({"returnWaitingUrl": self.waiting_url} if version == _V2 else {}),
            "idCart": str(self.id),
            "allCCP": self.all_postal,
        }
        return body | ({"emailNotice": self.email} if self.email else {})


class CheckoutClient:
    """`POST /carts`, in the version with which the address ends: v1 or v2."""

    def __init__(self, settings: Settings) -> None:
        self._url = f"{settings.checkout_url}/carts"
        self._version = settings.checkout_url.rpartition("/")[2]
        self._timeout_s = (min(3.0, settings.checkout_timeout_s), settings.checkout_timeout_s)
        self._key = settings.checkout_subscription_key

    def open(self, cart: Cart) -> str:
        """Return the address to send the payer to.

        Raises Refused(CHECKOUT_REFUSED, CHECKOUT_NOTICE_REFUSED, CHECKOUT_NOTICES_REPEATED, CHECKOUT_TOO_MANY_NOTICES,
        CHECKOUT_NOT_ALLOWED) and Unavailable(CHECKOUT_BUSY, CHECKOUT_ERROR), with `status`, `title` and `detail` of the
        problem; Unavailable(CHECKOUT_UNAVAILABLE) when no answer came. After an Unavailable the cart may exist, but
        nobody has its address.
        """
        headers = {"X-Correlation-ID": correlation.get() or ""}
        if self._key:
            headers["Ocp-Apim-Subscription-Key"] = self._key
        body = cart.body(self._version)
        try:
            answer = requests.post(
                self._url, json=body, headers=headers, timeout=self._timeout_s, allow_redirects=False
            )
        except requests.RequestException:
            raise Unavailable(ErrorCode.CHECKOUT_UNAVAILABLE) from None
        location = answer.headers.get("Location", "")
        if answer.status_code == requests.codes.found and urlsplit(location).scheme in ("https", "http"):
            return location
        raise _what_is_wrong(answer)


def _what_is_wrong(answer: requests.Response) -> RpcError:
    """Return what an answer other than a redirect means: Unavailable where trying again may help."""
    problem = _problem(answer)
    match answer.status_code:
        case status if status in _NOT_ALLOWED:
            return Refused(ErrorCode.CHECKOUT_NOT_ALLOWED, problem)
        case requests.codes.unprocessable_entity:
            return Refused(_REFUSED_CARTS.get(problem.detail or "", ErrorCode.CHECKOUT_REFUSED), problem)
        case requests.codes.bad_request:
            return Refused(ErrorCode.CHECKOUT_REFUSED, problem)
        case requests.codes.too_many_requests:
            return Unavailable(ErrorCode.CHECKOUT_BUSY, replace(problem, retry_after_s=_retry_after_s(answer)))
        case _:
            return Unavailable(ErrorCode.CHECKOUT_ERROR, problem)


def _retry_after_s(answer: requests.Response) -> int | None:
    """Read how long Checkout wants to be left alone, where it says so in seconds."""
    text = answer.headers.get("Retry-After", "")
    wait_s = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_LONGEST_WAIT_S)) else 0
    return wait_s if 0 < wait_s <= _LONGEST_WAIT_S else None


def _problem(answer: requests.Response) -> CheckoutProblem:
    """Read a ProblemJson as far as it goes; observed ones lack fields (pagopa.md section 4.1)."""
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        body = {}
    fields = body if isinstance(body, dict) else {}
    title, detail = (str(fields[name])[:200] if name in fields else None for name in ("title", "detail"))
    return CheckoutProblem(status=answer.status_code, title=title, detail=detail)
