"""pagoPA Checkout: `POST /carts` as in checkout_v1.json and checkout_v2.json, and the payment page (pagopa.md 4.1)."""

import json
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import falcon
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from sandbox.pagopa.forms import read_form
from sandbox.pagopa.node_client import NodeClient, StationFault
from sandbox.pagopa.pages import Pages
from sandbox.pagopa.payments import Outcome, Payments
from sandbox.pagopa.registry import Registry
from sandbox.pagopa.settings import Settings
from sandbox.pagopa.store import Cart, Store

_MAX_NOTICES: Final = 5
_UNREACHABLE: Final = ("PPT_STAZIONE_INT_PA_TIMEOUT", "PPT_STAZIONE_INT_PA_IRRAGGIUNGIBILE")


class _Lenient(Schema):
    class Meta:
        unknown = EXCLUDE


class PaymentNotice(_Lenient):
    """One notice of a cart."""

    noticeNumber = fields.String(required=True, validate=validate.Length(equal=18))  # noqa: N815 -- the wire's names
    fiscalCode = fields.String(required=True, validate=validate.Length(equal=11))  # noqa: N815 -- as above
    amount = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    companyName = fields.String(required=True, validate=validate.Length(max=140))  # noqa: N815 -- as above
    description = fields.String(required=True, validate=validate.Length(max=140))


class ReturnUrls(_Lenient):
    """Where the browser goes afterwards."""

    returnOkUrl = fields.Url(required=True, require_tld=False)  # noqa: N815 -- as above
    returnCancelUrl = fields.Url(required=True, require_tld=False)  # noqa: N815 -- as above
    returnErrorUrl = fields.Url(required=True, require_tld=False)  # noqa: N815 -- as above


class ReturnUrlsV2(ReturnUrls):
    """In v2 also where it goes while the outcome is not known."""

    returnWaitingUrl = fields.Url(required=True, require_tld=False)  # noqa: N815 -- as above


class CartRequest(_Lenient):
    """The body of `POST /carts` in v1."""

    emailNotice = fields.Email()  # noqa: N815 -- as above
    paymentNotices = fields.List(  # noqa: N815 -- as above
        fields.Nested(PaymentNotice), required=True, validate=validate.Length(min=1)
    )
    returnUrls = fields.Nested(ReturnUrls, required=True)  # noqa: N815 -- as above
    idCart = fields.String()  # noqa: N815 -- as above
    allCCP = fields.Boolean()  # noqa: N815 -- as above


class CartRequestV2(CartRequest):
    """The body of `POST /carts` in v2."""

    returnUrls = fields.Nested(ReturnUrlsV2, required=True)  # noqa: N815 -- as above


class Problem(Exception):
    """A ProblemJson answer."""

    def __init__(self, status: HTTPStatus, title: str, detail: str) -> None:
        super().__init__(title)
        self.body = {"type": "about:blank", "title": title, "status": int(status), "detail": detail}

    @staticmethod
    def show(_req: falcon.Request, resp: falcon.Response, error: Any, _params: Any) -> None:
        """Write the answer."""
        resp.status = error.body["status"]
        resp.content_type = "application/problem+json"
        resp.text = json.dumps(error.body)


class Carts:
    """Opens carts for creditors, in one version of the API."""

    def __init__(
        self, request: CartRequest, settings: Settings, store: Store, node: NodeClient, registry: Registry
    ) -> None:
        self._request = request
        self._settings = settings
        self._store = store
        self._node = node
        self._registry = registry

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Check a cart, every notice of it with its creditor, and answer where to send the payer."""
        self._check_key(req)
        cart = self._read(req)
        self._check_notices(cart["paymentNotices"])
        cart_id = str(uuid4())
        self._store.add_cart(cart_id, cart)
        resp.status = HTTPStatus.FOUND
        resp.location = f"{self._settings.url}/ecommerce/checkout/v1/carts/{cart_id}/redirect?clientId=CHECKOUT_CART"

    def _read(self, req: falcon.Request) -> dict[str, Any]:
        try:
            cart: dict[str, Any] = self._request.load(req.get_media())
        except (
            ValidationError,
            falcon.MediaMalformedError,
            falcon.MediaNotFoundError,
            falcon.HTTPUnsupportedMediaType,
        ):
            raise Problem(HTTPStatus.BAD_REQUEST, "Request validation error", "The input request is invalid") from None
        return cart

    def _check_key(self, req: falcon.Request) -> None:
        key = req.get_header("Ocp-Apim-Subscription-Key") or req.get_param("subscription-key")
        if self._settings.subscription_key and key != self._settings.subscription_key:
            raise Problem(HTTPStatus.UNAUTHORIZED, "Access denied", "Missing or wrong subscription key")

    def _check_notices(self, notices: list[dict[str, Any]]) -> None:
        if len(notices) > _MAX_NOTICES:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "Multiple payment notices not processable",
                "Too many payment notices, expected max 5",
            )
        if len({(notice["fiscalCode"], notice["noticeNumber"]) for notice in notices}) < len(notices):
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid payment info", "Duplicate payment notice values found."
            )
        for notice in notices:
            self._check_with_body(notice)

    def _check_with_body(self, notice: dict[str, Any]) -> None:
        """Ask the creditor, as checkPosition does; no answer is another matter than a refusal."""
        try:
            self._node.verify(self._registry.creditor(notice["fiscalCode"]), notice["noticeNumber"])
        except StationFault as fault:
            if fault.code in _UNREACHABLE:
                raise Problem(HTTPStatus.BAD_GATEWAY, "Bad gateway", fault.code) from None
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid payment info", "Invalid payment notice data"
            ) from None


class PaymentPage:
    """Where the payer pays, and the tester chooses how that goes."""

    def __init__(self, pages: Pages, store: Store, payments: Payments, late_s: float) -> None:
        self._pages = pages
        self._store = store
        self._payments = payments
        self._late_s = late_s

    def on_get(self, req: falcon.Request, resp: falcon.Response, cart_id: str) -> None:
        """Show the cart."""
        self._show(resp, self._cart(cart_id))

    def on_post(self, req: falcon.Request, resp: falcon.Response, cart_id: str) -> None:
        """End the cart and send the browser back to the creditor."""
        cart = self._cart(cart_id)
        outcome = read_form(req).get("outcome", "")
        if outcome not in set(Outcome):
            raise falcon.HTTPBadRequest(title="unknown outcome")
        if not self._store.claim_cart(cart_id, outcome):
            self._show(resp, self._cart(cart_id))
            return
        resp.status = HTTPStatus.SEE_OTHER
        resp.location = self._payments.end_cart(cart, Outcome(outcome))

    def _show(self, resp: falcon.Response, cart: Cart) -> None:
        self._pages.show(resp, "checkout.html", cart=cart, late_s=round(self._late_s))

    def _cart(self, cart_id: str) -> Cart:
        cart = self._store.cart(cart_id)
        if cart is None:
            raise falcon.HTTPNotFound
        return cart
