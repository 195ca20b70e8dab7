"""Checkouts as their payer asks for them."""

from typing import Any
from uuid import UUID

from contracts.call import Call
from contracts.errors import ErrorCode, Refused
from gateway.visit import Visit


def ask_as_payer(visit: Visit, call: Call, checkout_id: UUID, **asked: Any) -> dict[str, Any]:
    """Ask for a checkout as the citizen, or as the visitor this browser was before logging in.

    Raises Refused(CHECKOUT_NOT_FOUND), also for other people's.
    """
    for owner in dict.fromkeys((visit.owner, visit.visitor_owner)):
        try:
            return visit.call(call, checkout_id=checkout_id, payer_ref=owner, **asked)
        except Refused as refusal:
            if refusal.code is not ErrorCode.CHECKOUT_NOT_FOUND:
                raise
    raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
