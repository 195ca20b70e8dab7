"""Creditors and their services: the same for everybody, worth caching for a while."""

from typing import Final

from contracts.errors import ErrorCode
from contracts.rpc import practices
from gateway.api import answers, examples
from gateway.api.operation import Access, Asked, Operation, Resource, operation

_CACHE_S: Final = 300
_TAG: Final = "Catalogue"


class CreditorResource(Resource):
    """One entity."""

    @operation(
        Operation(
            summary="A creditor: name, fiscal code, contacts",
            tag=_TAG,
            access=Access.ANYONE,
            answer=practices.Entity,
            errors=(ErrorCode.UNKNOWN_ENTITY,),
            cache_s=_CACHE_S,
            answer_example=examples.CREDITOR,
        )
    )
    def on_get(self, asked: Asked, entity: str) -> practices.Entity:
        """Show the creditor."""
        return _entity(asked, entity)


class ServicesResource(Resource):
    """What an entity may be paid for."""

    @operation(
        Operation(
            summary="The services of a creditor, with their rules for amounts and beneficiaries",
            tag=_TAG,
            access=Access.ANYONE,
            answer=answers.Services,
            errors=(ErrorCode.UNKNOWN_ENTITY,),
            cache_s=_CACHE_S,
            answer_example={"items": [examples.SERVICE]},
        )
    )
    def on_get(self, asked: Asked, entity: str) -> answers.Services:
        """List the services."""
        return answers.Services(items=_entity(asked, entity).services)


def _entity(asked: Asked, entity_code: str) -> practices.Entity:
    return asked.visit.call(practices.ENTITY, practices.EntityRequest(entity_code=entity_code))
