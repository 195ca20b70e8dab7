"""Carrello: up to five practices of one entity, paid with one online payment."""

from typing import Final
from uuid import UUID

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.rpc import cart
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.announcements import ADDED, CART_CLEARED, REMOVED
from gateway.web.checkout import CheckoutStart
from gateway.web.origins import form_page
from gateway.web.page import Form, Page, checked_form, next_place, see_other
from gateway.web.practice_lookup import one_practice

_PRACTICE_FIELD: Final = "practice_id"


class CartPage(Page):
    """Riepilogo carrello."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the rows; a cart of another entity is shown in that entity's pages."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        shown = _shown(visit)
        other = shown.entity_code
        if shown.practices and other and other != entity:
            see_other(resp, addresses.cart(other))
            return
        self.site.render(req, resp, "cart.html", entity=found_entity, cart=shown)


class CartAction(Page):
    """An action of the cart: POST only; who reloads its address gets the cart."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the cart."""
        see_other(resp, addresses.cart(entity))


class AddToCart(CartAction):
    """Aggiungi pratica al carrello."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Add, and lead back to where it was pressed. Raises Refused(CART_FULL or CART_OTHER_ENTITY)."""
        form = checked_form(req)
        visit = visit_of(req)
        practice = one_practice(visit, entity, _practice_id(form))
        visit.call(cart.ADD, _item(visit, practice.id))
        see_other(
            resp,
            addresses.announcing(form_page(req, addresses.cart(entity)), ADDED, addresses.practice_place(practice.id)),
        )


class RemoveFromCart(CartAction):
    """Rimuovi."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Take one practice out."""
        form = checked_form(req)
        visit = visit_of(req)
        visit.call(cart.REMOVE, _item(visit, _practice_id(form)))
        place = next_place(form, addresses.cart_place)
        see_other(resp, addresses.announcing(addresses.cart(entity), REMOVED, place))


class ClearCart(CartAction):
    """Pulisci carrello."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Empty the cart."""
        checked_form(req)
        visit = visit_of(req)
        visit.call(cart.CLEAR, cart.CountRequest(owner=visit.owner))
        see_other(resp, addresses.announcing(addresses.cart(entity), CART_CLEARED, addresses.MAIN_PLACE))


class PayCart(CartAction):
    """Paga carrello."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Pay the rows that can be paid, as the page said. Raises Refused(CART_EMPTY)."""
        form = checked_form(req)
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        payable = [practice for practice in _shown(visit).practices if practice.payable]
        if not payable:
            raise Refused(ErrorCode.CART_EMPTY)
        if any(practice.entity_code != entity for practice in payable):
            raise Refused(ErrorCode.CART_OTHER_ENTITY)
        CheckoutStart(self.site, req, resp, found_entity, form).answer(payable)


def _shown(visit: Visit) -> cart.Cart:
    return visit.call(cart.SHOW, cart.CartRequest(owner=visit.owner, viewer=visit.viewer))


def _item(visit: Visit, practice_id: UUID) -> cart.CartItemRequest:
    return cart.CartItemRequest(owner=visit.owner, viewer=visit.viewer, practice_id=practice_id)


def _practice_id(form: Form) -> UUID:
    try:
        return UUID(form.get(_PRACTICE_FIELD, ""))
    except ValueError:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND) from None
