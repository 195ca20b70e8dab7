"""A resource of the JSON API, and what the type checker refuses in it."""

from contracts.rpc import practices
from contracts.shapes import Empty
from gateway.api import answers, bodies
from gateway.api.operation import Access, Asked, Operation, Resource, operation


class DebtResource(Resource):
    """Written as its operations say."""

    @operation(Operation(summary="", tag="", access=Access.KEY, body=bodies.DebtBody, answer=practices.Practice))
    def on_put(self, asked: Asked[bodies.DebtBody], entity: str, external_id: str) -> practices.Practice:
        print(asked.query.limit)  # error: [attr-defined]
        request = practices.AnnulRequest(entity_code=entity, external_id=external_id, reason=asked.body.description)
        asked.visit.call(practices.PUT_DEBT, request)  # error: [misc]
        return asked.visit.call(practices.ANNUL_DEBT, request)

    @operation(Operation(summary="", tag="", access=Access.KEY, query=bodies.EventQuery, answer=answers.EventPage))
    def on_get(self, asked: Asked[Empty, bodies.EventQuery]) -> answers.EventPage:
        print(asked.body.amount_cents)  # error: [attr-defined]
        return answers.EventPage(items=[], next_cursor=asked.query.limit, more=False)  # error: [arg-type]

    @operation(Operation(summary="", tag="", access=Access.KEY))
    def on_delete(self, asked: Asked, entity: str) -> None:
        print(asked.body.reason)  # error: [attr-defined]


class OtherResource(Resource):
    """Written otherwise than its operations say."""

    @operation(Operation(summary="", tag="", access=Access.KEY, body=bodies.DebtBody))  # error: [arg-type]
    def on_put(self, asked: Asked[bodies.AnnulBody]) -> None: ...

    @operation(Operation(summary="", tag="", access=Access.KEY, answer=answers.EventPage))  # error: [arg-type]
    def on_get(self, asked: Asked) -> None: ...

    @operation(Operation(summary="", tag="", access=Access.KEY, query=bodies.EventQuery))  # error: [arg-type]
    def on_delete(self, asked: Asked) -> None: ...
