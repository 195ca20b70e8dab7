"""For the entity's own software: addresses to which payments' events are sent, their history, and sending again."""

from http import HTTPStatus
from uuid import UUID, uuid4

from contracts.errors import ErrorCode
from contracts.rpc import webhooks
from contracts.scopes import Scope
from contracts.shapes import Empty
from gateway.api import bodies, examples
from gateway.api.operation import Access, Asked, Operation, Resource, operation
from gateway.api.tags import Tag


class WebhooksResource(Resource):
    """All of an entity."""

    @operation(
        Operation(
            summary="The entity's webhooks, oldest first, without their secrets",
            tag=Tag.WEBHOOKS,
            access=Access.KEY,
            scope=Scope.WEBHOOKS_WRITE,
            answer=webhooks.Webhooks,
            answer_example={"webhooks": [examples.WEBHOOK]},
        )
    )
    def on_get(self, asked: Asked, entity: str) -> webhooks.Webhooks:
        """List them."""
        return asked.visit.call(webhooks.WEBHOOKS, webhooks.WebhooksRequest(entity_code=entity))

    @operation(
        Operation(
            summary="Make a webhook; the answer is the only one with its secret",
            tag=Tag.WEBHOOKS,
            access=Access.KEY,
            scope=Scope.WEBHOOKS_WRITE,
            body=bodies.WebhookBody,
            answer=webhooks.WebhookWithSecret,
            status=HTTPStatus.CREATED,
            errors=(ErrorCode.TOO_MANY_REQUESTS,),
            body_example={"url": examples.WEBHOOK["url"], "types": examples.WEBHOOK["types"]},
            answer_example=examples.WEBHOOK_WITH_SECRET,
        )
    )
    def on_post(self, asked: Asked[bodies.WebhookBody], entity: str) -> webhooks.WebhookWithSecret:
        """Make one: events emitted from now on are sent to it."""
        request = webhooks.CreateWebhookRequest(
            entity_code=entity,
            id=uuid4(),
            url=asked.body.url,
            types=asked.body.types,
            actor=asked.key.actor,
        )
        made = asked.visit.call(webhooks.CREATE_WEBHOOK, request)
        asked.resp.location = f"/api/v1/creditors/{entity}/webhooks/{made.id}"
        return made


class WebhookResource(Resource):
    """One of them."""

    @operation(
        Operation(
            summary="Change a webhook's address and types, disable it, or enable it again",
            tag=Tag.WEBHOOKS,
            access=Access.KEY,
            scope=Scope.WEBHOOKS_WRITE,
            body=bodies.WebhookChangeBody,
            answer=webhooks.Webhook,
            errors=(ErrorCode.NOT_FOUND,),
            body_example={"url": examples.WEBHOOK["url"], "types": [], "enabled": True},
            answer_example=examples.WEBHOOK,
        )
    )
    def on_put(self, asked: Asked[bodies.WebhookChangeBody], entity: str, webhook_id: UUID) -> webhooks.Webhook:
        """Change it."""
        request = webhooks.ChangeWebhookRequest(
            entity_code=entity,
            id=webhook_id,
            url=asked.body.url,
            types=asked.body.types,
            enabled=asked.body.enabled,
            actor=asked.key.actor,
        )
        return asked.visit.call(webhooks.CHANGE_WEBHOOK, request)

    @operation(
        Operation(
            summary="Delete a webhook with its history; again is the same as once",
            tag=Tag.WEBHOOKS,
            access=Access.KEY,
            scope=Scope.WEBHOOKS_WRITE,
            status=HTTPStatus.NO_CONTENT,
        )
    )
    def on_delete(self, asked: Asked, entity: str, webhook_id: UUID) -> None:
        """Delete it."""
        request = webhooks.WebhookRequest(entity_code=entity, id=webhook_id, actor=asked.key.actor)
        asked.visit.call(webhooks.DELETE_WEBHOOK, request)


class WebhookSecretResource(Resource):
    """Its secret."""

    @operation(
        Operation(
            summary="Give a webhook another secret; for a day messages are signed with both",
            tag=Tag.WEBHOOKS,
            access=Access.KEY,
            scope=Scope.WEBHOOKS_WRITE,
            answer=webhooks.WebhookWithSecret,
            errors=(ErrorCode.NOT_FOUND,),
            answer_example=examples.WEBHOOK_WITH_SECRET,
        )
    )
    def on_post(self, asked: Asked, entity: str, webhook_id: UUID) -> webhooks.WebhookWithSecret:
        """Rotate it."""
        request = webhooks.WebhookRequest(entity_code=entity, id=webhook_id, actor=asked.key.actor)
        return asked.visit.call(webhooks.ROTATE_WEBHOOK_SECRET, request)


class WebhookTestsResource(Resource):
    """Whether it works."""

    @operation(
        Operation(
            summary="Send a webhook a message that tells nothing; its answer stands in the history",
            tag=Tag.WEBHOOKS,
            access=Access.KEY,
            scope=Scope.WEBHOOKS_WRITE,
            answer=webhooks.WebhookDelivery,
            errors=(ErrorCode.NOT_FOUND,),
            answer_example=examples.WEBHOOK_DELIVERY,
        )
    )
    def on_post(self, asked: Asked, entity: str, webhook_id: UUID) -> webhooks.WebhookDelivery:
        """Test it."""
        request = webhooks.WebhookRequest(entity_code=entity, id=webhook_id)
        return asked.visit.call(webhooks.TEST_WEBHOOK, request)


class WebhookDeliveriesResource(Resource):
    """What was sent to it."""

    @operation(
        Operation(
            summary="What was sent to a webhook, newest first, with each attempt and its answer",
            tag=Tag.WEBHOOKS,
            access=Access.KEY,
            scope=Scope.WEBHOOKS_WRITE,
            query=bodies.DeliveryQuery,
            answer=webhooks.WebhookDeliveries,
            errors=(ErrorCode.NOT_FOUND,),
            answer_example={"deliveries": [examples.WEBHOOK_DELIVERY], "next_before": None},
        )
    )
    def on_get(
        self, asked: Asked[Empty, bodies.DeliveryQuery], entity: str, webhook_id: UUID
    ) -> webhooks.WebhookDeliveries:
        """List one page."""
        request = webhooks.WebhookDeliveriesRequest(
            entity_code=entity, id=webhook_id, before=asked.query.before, limit=asked.query.limit
        )
        return asked.visit.call(webhooks.WEBHOOK_DELIVERIES, request)


class WebhookResendsResource(Resource):
    """Sent again."""

    @operation(
        Operation(
            summary="Send a webhook one event again, or those of a period",
            tag=Tag.WEBHOOKS,
            access=Access.KEY,
            scope=Scope.WEBHOOKS_WRITE,
            body=bodies.ResendBody,
            answer=webhooks.Resent,
            errors=(ErrorCode.NOT_FOUND,),
            body_example={"event_id": examples.EVENTS["items"][0]["id"]},
            answer_example={"count": 1},
        )
    )
    def on_post(self, asked: Asked[bodies.ResendBody], entity: str, webhook_id: UUID) -> webhooks.Resent:
        """Send again."""
        request = webhooks.ResendRequest(
            entity_code=entity,
            id=webhook_id,
            event_id=asked.body.event_id,
            since=asked.body.since,
            until=asked.body.until,
            actor=asked.key.actor,
        )
        return asked.visit.call(webhooks.RESEND, request)
