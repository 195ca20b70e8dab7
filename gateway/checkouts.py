"""Checkouts as their payer asks for them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from contracts.codes import is_checkout_email
from contracts.errors import ErrorCode, Refused
from contracts.rpc import payments, practices
from contracts.rpc.payments import Checkout
from gateway.visit import Visit

_MONEY_MAY_BE_ON_ITS_WAY: Final = ("ok", "attesa")


def start(
    visit: Visit,
    practice_ids: Sequence[UUID],
    *,
    idempotency_key: str,
    return_url: str,
    pay_anyway: bool,
    email: str | None = None,
    shown_total_cents: int | None = None,
) -> Checkout:
    """Start or resume a checkout of practices this payer may see.

    `email`: where pagoPA writes how it went; else the citizen's own. practices says which others look like the same
    payment, payments whether those were paid or are being paid: then it is Refused(EQUAL_PRACTICE_FOUND), unless the
    payer pays anyway. `shown_total_cents`: what the payer was told; where it is no longer so, Refused(AMOUNT_CHANGED).
    Raises also what payments.START_CHECKOUT does.
    """
    citizen = visit.registered_citizen
    written_to = email or (citizen.email if citizen else None)
    request = payments.StartCheckoutRequest(
        idempotency_key=idempotency_key,
        payer_ref=visit.owner,
        practice_ids=practice_ids,
        return_url=return_url,
        # An address that Checkout refuses would stop the payment; the citizen was told at registration.
        email=written_to if written_to and is_checkout_email(written_to) else None,
        equals=[] if pay_anyway else _duplicates(visit, practice_ids),
        pay_anyway=pay_anyway,
        shown_total_cents=shown_total_cents,
    )
    # Being paid, perhaps, by this same browser before the login: that goes on. A stranger's gives way to the debtor.
    before_login = replace(request, payer_ref=visit.visitor_owner)
    attempts = [request] if before_login == request else [request, before_login]
    for attempt in attempts:
        try:
            return visit.call(payments.START_CHECKOUT, attempt)
        except Refused as refusal:
            if refusal.code is not ErrorCode.PRACTICE_BEING_PAID:
                raise
    return visit.call(payments.START_CHECKOUT, _as_debtor(visit, request))


def _as_debtor(visit: Visit, request: payments.StartCheckoutRequest) -> payments.StartCheckoutRequest:
    """Say what the payer has shown: who they are, and whose fiscal code they know."""
    identified = set(visit.viewer.identified_practice_ids)
    return replace(
        request,
        payer_fiscal_code=visit.viewer.fiscal_code,
        identified_practice_ids=[one for one in request.practice_ids if one in identified],
    )


def find(visit: Visit, checkout_id: UUID) -> Checkout:
    """Return a checkout of this payer's. Raises Refused(CHECKOUT_NOT_FOUND), also for anybody else's."""

    def ask(payer_ref: str) -> Checkout:
        return visit.call(payments.CHECKOUT, payments.CheckoutRequest(checkout_id=checkout_id, payer_ref=payer_ref))

    return _as_payer(visit, ask)


def note_return(visit: Visit, checkout_id: UUID, outcome: str) -> Checkout:
    """Note with which of payments.RETURN_OUTCOMES the payer came back. Raises as `find` does."""

    def note(payer_ref: str) -> Checkout:
        request = payments.ReturnedRequest(checkout_id=checkout_id, payer_ref=payer_ref, outcome=outcome)
        return visit.call(payments.RETURNED, request)

    return _as_payer(visit, note)


def money_may_be_on_its_way(checkout: Checkout) -> bool:
    """Return whether pagoPA sent the payer back with "paid" or "not known yet": the receipt decides."""
    return checkout.returned in _MONEY_MAY_BE_ON_ITS_WAY


def _duplicates(visit: Visit, practice_ids: Sequence[UUID]) -> Sequence[practices.PracticeDuplicates]:
    request = practices.GetManyRequest(viewer=visit.viewer, practice_ids=practice_ids)
    return visit.call(practices.DUPLICATES, request).equals


def _as_payer(visit: Visit, ask: Callable[[str], Checkout]) -> Checkout:
    """Ask as the citizen, then as the visitor this browser was before the login."""
    for owner in dict.fromkeys((visit.owner, visit.visitor_owner)):
        try:
            return ask(owner)
        except Refused as refusal:
            if refusal.code is not ErrorCode.CHECKOUT_NOT_FOUND:
                raise
    raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
