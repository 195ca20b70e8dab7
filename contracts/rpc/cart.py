"""What cart answers. `owner` is `citizen:<id>` or `visitor:<id>`, made by the gateway."""

from marshmallow import Schema, fields, validate

from contracts.call import Call
from contracts.fields import Empty, Viewer
from contracts.rpc.practices import Practice

_OWNER = validate.Regexp(r"^(citizen|visitor):[A-Za-z0-9_-]{8,128}$")


class CartRequest(Schema):
    """Whose cart, and who is looking (cart asks practices for the rows on the viewer's behalf)."""

    owner = fields.String(required=True, validate=_OWNER)
    viewer = fields.Nested(Viewer, required=True)


class CartItemRequest(CartRequest):
    """One practice into or out of the cart. Adding twice and removing twice are the same as once."""

    practice_id = fields.UUID(required=True)


class CountRequest(Schema):
    """Only the counter: no RPC to practices behind it."""

    owner = fields.String(required=True, validate=_OWNER)


class AdoptRequest(Schema):
    """At login the visitor's cart becomes the citizen's, up to the limit."""

    visitor = fields.String(required=True, validate=_OWNER)
    citizen = fields.String(required=True, validate=_OWNER)


class Cart(Schema):
    """The rows, oldest first. A cart holds practices of one entity. `total_cents` counts the payable rows."""

    entity_code = fields.String(load_default=None, allow_none=True)
    practices = fields.List(fields.Nested(Practice), required=True)
    total_cents = fields.Integer(required=True)


class Count(Schema):
    """How many rows."""

    count = fields.Integer(required=True)


SHOW = Call("cart", "show", CartRequest(), Cart(), idempotent=True)
COUNT = Call("cart", "count", CountRequest(), Count(), idempotent=True, timeout_s=2)
ADD = Call("cart", "add", CartItemRequest(), Count(), idempotent=True)
REMOVE = Call("cart", "remove", CartItemRequest(), Count(), idempotent=True)
CLEAR = Call("cart", "clear", CountRequest(), Count(), idempotent=True)
ADOPT = Call("cart", "adopt", AdoptRequest(), Count(), idempotent=True)
PING = Call("cart", "ping", Empty(), Empty(), idempotent=True, timeout_s=1)
