"""Whether the API works, for programs that ask before they begin (`/status` of the Italian interoperability model)."""

from typing import Final

from contracts.rpc import cart, identity, notices, payments, practices
from contracts.shapes import Empty
from gateway.api import answers
from gateway.api.operation import Access, Asked, Operation, Resource, operation
from gateway.api.tags import Tag

_PINGS: Final = (identity.PING, practices.PING, cart.PING, payments.PING, notices.PING)


class StatusResource(Resource):
    """The API and all that it needs."""

    @operation(
        Operation(
            summary="Whether the API works; 503 while one of its parts does not answer",
            tag=Tag.STATUS,
            access=Access.ANYONE,
            answer=answers.Status,
            answer_example={"status": "up"},
        )
    )
    def on_get(self, asked: Asked) -> answers.Status:
        """Ask every part for a sign of life."""
        for ping in _PINGS:
            asked.visit.call(ping, Empty())
        return answers.Status(status="up")
