"""Esito: the page a payment comes back to."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.rpc import payments
from contracts.rpc.payments import Checkout
from gateway.checkouts import find, money_may_be_on_its_way, note_return
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.checkout import may_be_tried
from gateway.web.page import Page, see_other
from gateway.web.practice_lookup import many_practices

_OFTEN: Final = timedelta(minutes=10)
_OFTEN_S: Final = 5
_SELDOM_S: Final = 30


class OutcomePage(Page):
    """Esito: what is known of a payment, never more."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, checkout_id: UUID) -> None:
        """Note what the browser brings back once, then show the truth as payments tells it."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        outcome = req.get_param("esito")
        if outcome in payments.RETURN_OUTCOMES:
            ask_checkout(visit, checkout_id, outcome)
            see_other(resp, addresses.outcome(entity, checkout_id))
            return
        checkout = ask_checkout(visit, checkout_id, None)
        if checkout.entity_code != entity:
            raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
        now = datetime.now(UTC)
        waiting = checkout.state == "open" and money_may_be_on_its_way(checkout)
        self.site.render(
            req,
            resp,
            "outcome.html",
            entity=found_entity,
            checkout=checkout,
            waiting=waiting,
            ask_again_s=_ask_again_s(checkout, now) if waiting else None,
            payable_ids=_payable_ids(visit, checkout),
        )


def ask_checkout(visit: Visit, checkout_id: UUID, outcome: str | None) -> Checkout:
    """Ask for the checkout, or say what the payer came back with.

    Raises Refused: LOGIN_REQUIRED or SPID_LEVEL_TOO_LOW when logging in may help, else CHECKOUT_NOT_FOUND.
    """
    try:
        return find(visit, checkout_id) if outcome is None else note_return(visit, checkout_id, outcome)
    except Refused as refusal:
        if refusal.code is ErrorCode.CHECKOUT_NOT_FOUND:
            visit.require_login()
        raise


def _ask_again_s(checkout: Checkout, now: datetime) -> int | None:
    """Return how soon the page asks again by itself; not at all once payments has had its time to end the checkout."""
    if now > checkout.open_until + _OFTEN:
        return None
    return _OFTEN_S if now - checkout.created_at < _OFTEN else _SELDOM_S


def _payable_ids(visit: Visit, checkout: Checkout) -> set[UUID]:
    """Return which unpaid practices of an ended checkout may be tried again right away.

    practices may not have heard of its end yet and still say "being paid": payments, which said so, decides.
    """
    if checkout.state in {"open", "paid"}:
        return set()
    unpaid = [item.practice_id for item in checkout.items if not (item.paid or item.missing_cents)]
    return {practice.id for practice in many_practices(visit, unpaid) if may_be_tried(practice)}
