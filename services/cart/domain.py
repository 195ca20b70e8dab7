"""What fits in a cart: at most five notices, all of one entity."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from contracts.codes import MAX_NOTICES_PER_CHECKOUT
from contracts.error_details import CartFull
from contracts.errors import ErrorCode, Refused

RETENTION: Final = timedelta(days=30)


@dataclass(frozen=True)
class Item:
    """A practice in a cart."""

    practice_id: UUID
    entity_code: str


def may_add(cart: Sequence[Item], item: Item) -> bool:
    """Return whether adding `item` changes the cart: False when it is in there already.

    Raises Refused(CART_OTHER_ENTITY), or Refused(CART_FULL) with `max`.
    """
    if any(item.practice_id == other.practice_id for other in cart):
        return False
    if any(item.entity_code != other.entity_code for other in cart):
        raise Refused(ErrorCode.CART_OTHER_ENTITY)
    if len(cart) >= MAX_NOTICES_PER_CHECKOUT:
        raise Refused(ErrorCode.CART_FULL, CartFull(max=MAX_NOTICES_PER_CHECKOUT))
    return True


def items_that_fit(cart: Sequence[Item], others: Iterable[Item]) -> list[Item]:
    """Return which of `others` still fit beside what is in the cart, in their order."""
    merged = list(cart)
    for item in others:
        try:
            if may_add(merged, item):
                merged.append(item)
        except Refused:
            continue
    return merged[len(cart) :]
