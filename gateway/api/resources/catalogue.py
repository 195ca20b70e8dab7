"""Creditors and their services: the same for everybody, worth keeping for a while."""

from typing import Any, Final

from contracts.errors import ErrorCode
from contracts.rpc import practices
from gateway.api import examples, schemas
from gateway.api.operation import Access, Asked, Operation, Resource, operation

_CACHE_S: Final = 300
_TAG: Final = "Catalogue"


class CreditorResource(Resource):
    """One public body."""

    @operation(
        Operation(
            summary="A creditor: name, fiscal code, contacts",
            tag=_TAG,
            access=Access.ANYONE,
            answer=schemas.PublicBody(),
            errors=(ErrorCode.UNKNOWN_ENTITY,),
            cache_s=_CACHE_S,
            answer_example=examples.CREDITOR,
        )
    )
    def on_get(self, asked: Asked, entity: str) -> dict[str, Any]:
        """Show the creditor."""
        return asked.visit.call(practices.ENTITY, entity_code=entity)


class ServicesResource(Resource):
    """What a public body may be paid for."""

    @operation(
        Operation(
            summary="The services of a creditor, with their rules for amounts and beneficiaries",
            tag=_TAG,
            access=Access.ANYONE,
            answer=schemas.Services(),
            errors=(ErrorCode.UNKNOWN_ENTITY,),
            cache_s=_CACHE_S,
            answer_example={"items": [examples.SERVICE]},
        )
    )
    def on_get(self, asked: Asked, entity: str) -> dict[str, Any]:
        """List the services."""
        return {"items": asked.visit.call(practices.ENTITY, entity_code=entity)["services"]}
