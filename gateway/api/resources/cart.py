"""The cart of the session or visitor, and paying several practices at once."""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from contracts.errors import ErrorCode, Refused
from contracts.rpc import cart, payments
from gateway.api import bodies, examples
from gateway.api.operation import Access, Asked, IdempotencyKey, Operation, Resource, operation
from gateway.api.resources.practices import visible
from gateway.api.tags import Tag
from gateway.checkouts import find, start
from gateway.edge.rates import CHECKOUT

_NOT_PAYABLE: Final = (
    ErrorCode.PRACTICE_PAID,
    ErrorCode.PRACTICE_UNDERPAID,
    ErrorCode.AMOUNT_NOT_KNOWN,
    ErrorCode.NOTHING_DUE,
    ErrorCode.PRACTICE_BEING_PAID,
    ErrorCode.PRACTICE_EXPIRED,
    ErrorCode.PRACTICE_CANCELLED,
)


class CartResource(Resource):
    """The cart."""

    @operation(
        Operation(
            summary="The cart: its practices, oldest first, and what is to pay",
            tag=Tag.CART,
            access=Access.PAYER,
            answer=cart.Cart,
            answer_example=examples.CART,
        )
    )
    def on_get(self, asked: Asked) -> cart.Cart:
        """Show the cart."""
        return _shown(asked)


class CartItemsResource(Resource):
    """All rows of the cart."""

    @operation(
        Operation(
            summary="Empty the cart",
            tag=Tag.CART,
            access=Access.PAYER,
            answer=cart.Count,
            answer_example={"count": 0},
        )
    )
    def on_delete(self, asked: Asked) -> cart.Count:
        """Take everything out."""
        _shown(asked)
        return asked.visit.call(cart.CLEAR, cart.CountRequest(owner=asked.visit.owner))


class CartItemResource(Resource):
    """One practice in the cart."""

    @operation(
        Operation(
            summary="Put a practice into the cart; again is the same as once",
            tag=Tag.CART,
            access=Access.PAYER,
            answer=cart.Count,
            errors=(
                ErrorCode.PRACTICE_NOT_FOUND,
                ErrorCode.CART_FULL,
                ErrorCode.CART_OTHER_ENTITY,
                *_NOT_PAYABLE,
            ),
            answer_example={"count": 1},
        )
    )
    def on_put(self, asked: Asked, practice_id: UUID) -> cart.Count:
        """Add it, for who may see it."""
        visible(asked.visit, [practice_id])
        return asked.visit.call(cart.ADD, _item(asked, practice_id))

    @operation(
        Operation(
            summary="Take a practice out of the cart; again is the same as once",
            tag=Tag.CART,
            access=Access.PAYER,
            answer=cart.Count,
            answer_example={"count": 0},
        )
    )
    def on_delete(self, asked: Asked, practice_id: UUID) -> cart.Count:
        """Remove it."""
        _shown(asked)
        return asked.visit.call(cart.REMOVE, _item(asked, practice_id))


class CheckoutsResource(Resource):
    """Paga."""

    @operation(
        Operation(
            summary="Start to pay one to five practices of a creditor; the payer goes on at `redirect_url`",
            tag=Tag.CHECKOUTS,
            access=Access.PAYER,
            body=bodies.CheckoutBody,
            answer=payments.Checkout,
            status=HTTPStatus.CREATED,
            idempotency=IdempotencyKey.REQUIRED,
            errors=(
                ErrorCode.PRACTICE_NOT_FOUND,
                ErrorCode.CART_EMPTY,
                ErrorCode.CART_FULL,
                ErrorCode.CART_OTHER_ENTITY,
                *_NOT_PAYABLE,
                ErrorCode.EQUAL_PRACTICE_FOUND,
                ErrorCode.AMOUNT_CHANGED,
                ErrorCode.OPTION_CLOSED,
                ErrorCode.CHECKOUT_REFUSED,
                ErrorCode.CHECKOUT_NOTICE_REFUSED,
                ErrorCode.CHECKOUT_NOTICES_REPEATED,
                ErrorCode.CHECKOUT_TOO_MANY_NOTICES,
                ErrorCode.CHECKOUT_NOT_ALLOWED,
                ErrorCode.CHECKOUT_UNAVAILABLE,
                ErrorCode.CHECKOUT_BUSY,
                ErrorCode.CHECKOUT_ERROR,
                ErrorCode.TOO_MANY_REQUESTS,
            ),
            body_example={"practice_ids": [examples.PRACTICE["id"]]},
            answer_example=examples.CHECKOUT,
        )
    )
    def on_post(self, asked: Asked[bodies.CheckoutBody]) -> payments.Checkout:
        """Check that the payer may see them all and they are payable, then ask pagoPA."""
        self.context.rates.check(asked.req, CHECKOUT)
        practice_ids = list(dict.fromkeys(asked.body.practice_ids))
        entities = {practice.entity_code for practice in visible(asked.visit, practice_ids)}
        if len(entities) > 1:
            raise Refused(ErrorCode.CART_OTHER_ENTITY)
        checkout = start(
            asked.visit,
            practice_ids,
            idempotency_key=asked.idempotency_key,
            return_url=f"{self.context.settings.public_url}/enti/{entities.pop()}/esito/{{checkout_id}}",
            pay_anyway=asked.body.pay_anyway,
            shown_total_cents=asked.body.total_cents,
        )
        asked.resp.location = f"/api/v1/checkouts/{checkout.id}"
        return checkout


class CheckoutResource(Resource):
    """One checkout."""

    @operation(
        Operation(
            summary="A checkout, with the truth about each of its practices",
            tag=Tag.CHECKOUTS,
            access=Access.PAYER,
            answer=payments.Checkout,
            errors=(ErrorCode.CHECKOUT_NOT_FOUND,),
            answer_example=examples.CHECKOUT,
        )
    )
    def on_get(self, asked: Asked, checkout_id: UUID) -> payments.Checkout:
        """Show it to the payer who started it."""
        visit = asked.visit
        checkout = find(visit, checkout_id)
        visit.enter(checkout.entity_code)
        if not visit.is_too_weak:
            return checkout
        try:
            return find(visit, checkout_id)
        except Refused:
            visit.require_login()
            raise


def _item(asked: Asked, practice_id: UUID) -> cart.CartItemRequest:
    return cart.CartItemRequest(owner=asked.visit.owner, viewer=asked.visit.viewer, practice_id=practice_id)


def _shown(asked: Asked) -> cart.Cart:
    """Return the cart. Raises Refused(SPID_LEVEL_TOO_LOW) where the entity it belongs to wants a higher level."""
    request = cart.CartRequest(owner=asked.visit.owner, viewer=asked.visit.viewer)
    shown = asked.visit.call(cart.SHOW, request)
    if shown.entity_code:
        asked.visit.enter(shown.entity_code)
        if asked.visit.is_too_weak:
            asked.visit.require_login()
    return shown
