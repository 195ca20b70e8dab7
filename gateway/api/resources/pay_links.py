"""For the entity's own software: links by which anybody who has one pays a debt, without login."""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from contracts.errors import ErrorCode
from contracts.rpc import practices
from contracts.scopes import Scope
from gateway.api import answers, bodies, examples
from gateway.api.operation import Access, Asked, Operation, Resource, operation
from gateway.api.tags import Tag

_PAGE: Final = "/paga"


class PayLinksResource(Resource):
    """The links to one debt."""

    @operation(
        Operation(
            summary="Make a link that leads to paying a debt, for a mail, for paper or for the entity's own site",
            tag=Tag.DEBTS,
            access=Access.KEY,
            scope=Scope.DEBTS_WRITE,
            body=bodies.PayLinkBody,
            answer=answers.PayLink,
            status=HTTPStatus.CREATED,
            errors=(ErrorCode.PRACTICE_NOT_FOUND,),
            body_example={"valid_days": 90},
            answer_example=examples.PAY_LINK,
        )
    )
    def on_post(self, asked: Asked[bodies.PayLinkBody], entity: str, external_id: str) -> answers.PayLink:
        """Make it; its address is told this once."""
        request = practices.PayLinkRequest(
            entity_code=entity, external_id=external_id, valid_days=asked.body.valid_days
        )
        made = asked.visit.call(practices.MAKE_PAY_LINK, request)
        url = f"{self.context.settings.public_url}{_PAGE}/{made.link_token}"
        return answers.PayLink(id=made.id, url=url, expires_at=made.expires_at)

    @operation(
        Operation(
            summary="Revoke every link to a debt",
            tag=Tag.DEBTS,
            access=Access.KEY,
            scope=Scope.DEBTS_WRITE,
            answer=practices.RevokedLinks,
            errors=(ErrorCode.PRACTICE_NOT_FOUND,),
            answer_example={"count": 2},
        )
    )
    def on_delete(self, asked: Asked, entity: str, external_id: str) -> practices.RevokedLinks:
        """Revoke them."""
        request = practices.PayLinksRevokeRequest(entity_code=entity, external_id=external_id)
        return asked.visit.call(practices.REVOKE_PAY_LINKS, request)


class PayLinkResource(Resource):
    """One of the links to a debt."""

    @operation(
        Operation(
            summary="Revoke a link to a debt",
            tag=Tag.DEBTS,
            access=Access.KEY,
            scope=Scope.DEBTS_WRITE,
            answer=practices.RevokedLinks,
            errors=(ErrorCode.PRACTICE_NOT_FOUND,),
            answer_example={"count": 1},
        )
    )
    def on_delete(self, asked: Asked, entity: str, external_id: str, link_id: UUID) -> practices.RevokedLinks:
        """Revoke it; one that is not there, or no more, is none."""
        request = practices.PayLinksRevokeRequest(entity_code=entity, external_id=external_id, link_id=link_id)
        return asked.visit.call(practices.REVOKE_PAY_LINKS, request)
