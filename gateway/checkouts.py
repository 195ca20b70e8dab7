"""Checkouts as their payer asks for them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeVar
from uuid import UUID

from contracts.call import Call
from contracts.errors import ErrorCode, Refused
from contracts.rpc import payments, practices
from gateway.visit import Visit

_MONEY_MAY_BE_ON_ITS_WAY: Final = ("ok", "attesa")

Asking = TypeVar("Asking", bound=payments.CheckoutRequest)


def start(
    visit: Visit, practice_ids: Sequence[UUID], *, idempotency_key: str, return_url: str, pay_anyway: bool
) -> payments.Checkout:
    """Start or resume a checkout of practices this payer may see.

    practices says which others are equal to them, payments whether those were paid or are being paid: then it is
    Refused(EQUAL_PRACTICE_FOUND), unless the payer pays anyway. Raises also what payments.START_CHECKOUT does.
    """
    equals: Sequence[practices.PracticeDuplicates] = ()
    if not pay_anyway:
        asked = practices.GetManyRequest(viewer=visit.viewer, practice_ids=practice_ids)
        equals = visit.call(practices.DUPLICATES, asked).equals
    citizen = visit.registered_citizen
    request = payments.StartCheckoutRequest(
        idempotency_key=idempotency_key,
        payer_ref=visit.owner,
        practice_ids=practice_ids,
        return_url=return_url,
        email=citizen.email if citizen else None,
        equals=equals,
        pay_anyway=pay_anyway,
    )
    try:
        return visit.call(payments.START_CHECKOUT, request)
    except Refused as refusal:
        if refusal.code is not ErrorCode.PRACTICE_BEING_PAID or visit.owner == visit.visitor_owner:
            raise
        # Perhaps by this same browser, before the login.
        return visit.call(payments.START_CHECKOUT, replace(request, payer_ref=visit.visitor_owner))


def money_may_be_on_its_way(checkout: payments.Checkout) -> bool:
    """Return whether pagoPA sent the payer back with "paid" or "not known yet": the receipt decides."""
    return checkout.returned in _MONEY_MAY_BE_ON_ITS_WAY


def find(visit: Visit, checkout_id: UUID) -> payments.Checkout:
    """Return a checkout of this payer's. Raises Refused(CHECKOUT_NOT_FOUND), also for anybody else's."""
    request = payments.CheckoutRequest(checkout_id=checkout_id, payer_ref=visit.owner)
    return ask_as_payer(visit, payments.CHECKOUT, request)


def ask_as_payer(visit: Visit, call: Call[Asking, payments.Checkout], request: Asking) -> payments.Checkout:
    """Ask for a checkout as the citizen, or as the visitor this browser was before logging in.

    `payer_ref` of the request is put in here. Raises Refused(CHECKOUT_NOT_FOUND), also for other people's.
    """
    for owner in dict.fromkeys((visit.owner, visit.visitor_owner)):
        try:
            return visit.call(call, replace(request, payer_ref=owner))
        except Refused as refusal:
            if refusal.code is not ErrorCode.CHECKOUT_NOT_FOUND:
                raise
    raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
