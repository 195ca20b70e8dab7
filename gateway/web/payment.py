"""Paga, and the page a payment comes back to."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.rpc import payments
from gateway.checkouts import ask_as_payer
from gateway.settings import Settings
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.page import Form, Page, checked_form, see_other
from gateway.web.practice_lookup import Practice, many_practices, one_practice

KEY_FIELD: Final = "key"
_KEY: Final = re.compile(r"[0-9a-f-]{36}")
_MONEY_MAY_BE_ON_ITS_WAY: Final = ("ok", "attesa")
_OFTEN: Final = timedelta(minutes=10)
_REFRESH_OFTEN_S: Final = 5
_REFRESH_SELDOM_S: Final = 30


class Pay(Page):
    """Paga on one practice."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Lead who reloads this address to the practice."""
        see_other(resp, addresses.practice(entity, practice_id))

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Open the checkout and send the payer to pagoPA; the same form twice leads to the same checkout."""
        form = checked_form(req)
        visit = visit_of(req)
        self.site.entity(visit, entity)
        practice = one_practice(visit, entity, practice_id)
        check_payable(practice)
        go_to_checkout(resp, visit, self.site.settings, entity, [practice], form)


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
        if checkout["entity_code"] != entity:
            raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
        now = datetime.now(UTC)
        waiting = checkout["state"] == "open" and checkout["returned"] in _MONEY_MAY_BE_ON_ITS_WAY
        self.site.render(
            req,
            resp,
            "outcome.html",
            entity=found_entity,
            checkout=checkout,
            waiting=waiting,
            refresh_s=_refresh_s(checkout, now) if waiting else None,
            payable_ids=_payable_ids(visit, checkout),
        )


def check_payable(practice: Practice) -> None:
    """Raise Refused with the reason why no payment can be started."""
    if not _may_be_tried(practice):
        raise Refused(practice["not_payable_code"])


def go_to_checkout(
    resp: falcon.Response,
    visit: Visit,
    settings: Settings,
    entity_code: str,
    to_pay: Sequence[Practice],
    form: Form,
) -> None:
    """Start or resume the checkout.

    One that has ended since (an old page was sent again), or from which the payer came back saying "paid" or "not known
    yet", is shown instead: nobody is led to pay twice while the receipt is on its way.
    """
    citizen = visit.registered_citizen
    key = form.get(KEY_FIELD, "")
    checkout = visit.call(
        payments.START_CHECKOUT,
        idempotency_key=key if _KEY.fullmatch(key) else str(uuid4()),
        payer_ref=visit.owner,
        practice_ids=[practice["id"] for practice in to_pay],
        return_url=settings.public_url + addresses.outcome(entity_code, "{checkout_id}"),
        email=citizen["email"] if citizen else None,
    )
    may_go_on = checkout["redirect_url"] and checkout["returned"] not in _MONEY_MAY_BE_ON_ITS_WAY
    see_other(resp, checkout["redirect_url"] if may_go_on else addresses.outcome(entity_code, checkout["id"]))


def ask_checkout(visit: Visit, checkout_id: UUID, outcome: str | None) -> dict[str, Any]:
    """Ask for the checkout, or say what the payer came back with.

    Raises Refused: LOGIN_REQUIRED or SPID_LEVEL_TOO_LOW when logging in may help, else CHECKOUT_NOT_FOUND.
    """
    try:
        if outcome is None:
            return ask_as_payer(visit, payments.CHECKOUT, checkout_id)
        return ask_as_payer(visit, payments.RETURNED, checkout_id, outcome=outcome)
    except Refused as refusal:
        if refusal.code is ErrorCode.CHECKOUT_NOT_FOUND:
            visit.require_login()
        raise


def _refresh_s(checkout: Mapping[str, Any], now: datetime) -> int | None:
    """Return how soon to look again; not at all once payments has had its time to end the checkout."""
    if now > checkout["open_until"] + _OFTEN:
        return None
    return _REFRESH_OFTEN_S if now - checkout["created_at"] < _OFTEN else _REFRESH_SELDOM_S


def _payable_ids(visit: Visit, checkout: Mapping[str, Any]) -> set[UUID]:
    """Return which unpaid practices of an ended checkout may be tried again right away.

    practices may not have heard of its end yet and still say "being paid": payments, which said so, decides.
    """
    if checkout["state"] in {"open", "paid"}:
        return set()
    unpaid = [item["practice_id"] for item in checkout["items"] if not item["paid"]]
    return {practice["id"] for practice in many_practices(visit, unpaid) if _may_be_tried(practice)}


def _may_be_tried(practice: Practice) -> bool:
    """A payment under way is no reason against it: payments resumes it for its own payer and refuses everybody else."""
    return bool(practice["payable"]) or practice["not_payable_code"] == ErrorCode.PRACTICE_BEING_PAID
