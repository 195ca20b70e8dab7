"""What cart answers. `owner` is `citizen:<id>` or `visitor:<id>`, made by the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from marshmallow.validate import Regexp

from contracts.call import Call
from contracts.message import Message
from contracts.rpc.practices import Practice
from contracts.shapes import Empty, Viewer

_OWNER = Regexp(r"^(citizen|visitor):[A-Za-z0-9_-]{8,128}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class CartRequest(Message):
    """Whose cart, and who is looking (cart asks practices for the rows on the viewer's behalf)."""

    owner: Annotated[str, _OWNER]
    viewer: Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class CartItemRequest(CartRequest):
    """One practice into or out of the cart. Adding twice and removing twice are the same as once."""

    practice_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRequest(Message):
    """Only the counter: no RPC to practices behind it."""

    owner: Annotated[str, _OWNER]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptRequest(Message):
    """At login the visitor's cart becomes the citizen's, up to the limit."""

    visitor: Annotated[str, _OWNER]
    citizen: Annotated[str, _OWNER]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart(Message):
    """The rows, oldest first. A cart holds practices of one entity. `total_cents` counts the payable rows."""

    entity_code: str | None = None
    practices: Sequence[Practice]
    total_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Message):
    """How many rows."""

    count: int


SHOW = Call("cart", "show", CartRequest, Cart, idempotent=True)
COUNT = Call("cart", "count", CountRequest, Count, idempotent=True, timeout_s=2)
ADD = Call("cart", "add", CartItemRequest, Count, idempotent=True)
REMOVE = Call("cart", "remove", CartItemRequest, Count, idempotent=True)
CLEAR = Call("cart", "clear", CountRequest, Count, idempotent=True)
ADOPT = Call("cart", "adopt", AdoptRequest, Count, idempotent=True)
PING = Call("cart", "ping", Empty, Empty, idempotent=True, timeout_s=1)
