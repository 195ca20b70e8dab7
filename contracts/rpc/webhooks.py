"""What payments answers about webhooks: addresses of an entity's software to which its events are sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from marshmallow.validate import Length, OneOf, Range, Regexp

from contracts.actors import Actor
from contracts.call import Call
from contracts.events import EVENTS
from contracts.message import Message
from contracts.shapes import Empty

WEBHOOK_TYPES: Final = tuple(name for name, event in EVENTS.items() if event.source == "payments")
"""Of which types of events they can be: those of the service that sends."""
WEBHOOKS_MAX: Final = 10
RESENT_MAX: Final = 10_000
HTTPS_PATTERN: Final = r"^https://[^\s/?#@]+(/[^\s#]*)?\Z"
DISABLED_REASONS: Final = ("failing", "gone", "by_hand")
DELIVERY_STATES: Final = ("waiting", "delivered", "given_up")

WebhookUrl = Annotated[str, Length(max=500), Regexp(HTTPS_PATTERN)]
WebhookTypes = Annotated[Sequence[Annotated[str, OneOf(WEBHOOK_TYPES)]], Length(max=len(WEBHOOK_TYPES))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Message):
    """An address to which events are sent, without its secret. No `types` are all types.

    `disabled_reason`: `failing` for three days, `gone` as it answered 410, or `by_hand`. What happens meanwhile is sent
    once it is enabled again.
    """

    id: UUID
    url: str
    types: Sequence[str]
    enabled: bool
    disabled_reason: Annotated[str, OneOf(DISABLED_REASONS)] | None = None
    failing_since: datetime | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookWithSecret(Webhook):
    """The same, with the secret its messages are signed with (Standard Webhooks, `whsec_…`): told this once."""

    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks(Message):
    """Those of an entity, oldest first."""

    webhooks: Sequence[Webhook]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksRequest(Message):
    """The webhooks of an entity."""

    entity_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateWebhookRequest(Message):
    """A new one, under an id that the caller has made up: events emitted from now on are sent to it.

    At most WEBHOOKS_MAX of an entity; one more is Refused(TOO_MANY_REQUESTS). `actor`: who, for the audit.
    """

    entity_code: str
    id: UUID
    url: WebhookUrl
    types: WebhookTypes = field(default_factory=list)
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWebhookRequest(Message):
    """Its address, types, and whether it is sent to. Refused(NOT_FOUND): the entity has none of this id."""

    entity_code: str
    id: UUID
    url: WebhookUrl
    types: WebhookTypes = field(default_factory=list)
    enabled: bool = True
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest(Message):
    """One of an entity's. Refused(NOT_FOUND): it has none of this id. `actor`: who, where it is changed."""

    entity_code: str
    id: UUID
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAttempt(Message):
    """One try: `status` is what was answered; `problem` why there was no answer that counts."""

    at: datetime
    status: int | None = None
    problem: str | None = None
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery(Message):
    """One event on its way to one address, with each attempt. `test`: made by the test, of no event."""

    id: int
    event_id: UUID
    type: str
    test: bool
    state: Annotated[str, OneOf(DELIVERY_STATES)]
    next_at: datetime | None = None
    created_at: datetime
    attempts: Sequence[WebhookAttempt]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDeliveriesRequest(Message):
    """The newest deliveries below an id."""

    entity_code: str
    id: UUID
    before: int | None = None
    limit: Annotated[int, Range(1, 100)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDeliveries(Message):
    """Newest first; `next_before` is None on the last page."""

    deliveries: Sequence[WebhookDelivery]
    next_before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendRequest(Message):
    """Send again: the event of an id, or those emitted in [since, until), RESENT_MAX of them at most."""

    entity_code: str
    id: UUID
    event_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resent(Message):
    """How many will be sent again."""

    count: int


CREATE_WEBHOOK = Call("payments", "create_webhook", CreateWebhookRequest, WebhookWithSecret, idempotent=True)
WEBHOOKS = Call("payments", "webhooks", WebhooksRequest, Webhooks, idempotent=True)
CHANGE_WEBHOOK = Call("payments", "change_webhook", ChangeWebhookRequest, Webhook, idempotent=True)
DELETE_WEBHOOK = Call("payments", "delete_webhook", WebhookRequest, Empty, idempotent=True)
ROTATE_WEBHOOK_SECRET = Call("payments", "rotate_webhook_secret", WebhookRequest, WebhookWithSecret, idempotent=False)
TEST_WEBHOOK = Call("payments", "test_webhook", WebhookRequest, WebhookDelivery, idempotent=False)
WEBHOOK_DELIVERIES = Call(
    "payments", "webhook_deliveries", WebhookDeliveriesRequest, WebhookDeliveries, idempotent=True
)
RESEND = Call("payments", "resend_webhook", ResendRequest, Resent, idempotent=True)
