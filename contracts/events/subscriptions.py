"""Who listens to which event: what a relay must find declared before it publishes.

A relay does not carry the other services' code, yet an event published before its consumer's queue exists would reach
nobody. The services' entrypoints and this list are kept the same by a test.
"""

from dataclasses import dataclass
from typing import Final

from contracts.events.envelope import AnyEventType
from contracts.events.identity import CONSENT_GRANTED, CONSENT_REVOKED
from contracts.events.payments import (
    CHECKOUT_ABANDONED,
    CHECKOUT_STARTED,
    PAYMENT_CONFIRMED,
    PAYMENT_DUPLICATED,
    PAYMENT_REPORTED,
    WEBHOOK_DISABLED,
)
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CANCELLED, PRACTICE_CREATED, PRACTICE_EXPIRED


@dataclass(frozen=True)
class Subscription:
    """One handler, `service.method`, of one type of event. The name stands in its queue and in its inbox."""

    consumer: str
    event_type: AnyEventType

    @property
    def queue_name(self) -> str:
        """The durable queue the handler consumes, named as nameko names it."""
        return f"evt-{self.event_type.source}-{self.event_type.type}--{self.consumer}"


SUBSCRIPTIONS: Final = (
    Subscription("cart.on_payment_confirmed", PAYMENT_CONFIRMED),
    Subscription("notices.on_consent_granted", CONSENT_GRANTED),
    Subscription("notices.on_consent_revoked", CONSENT_REVOKED),
    Subscription("notices.on_payment_confirmed", PAYMENT_CONFIRMED),
    Subscription("notices.on_practice_amended", PRACTICE_AMENDED),
    Subscription("notices.on_practice_cancelled", PRACTICE_CANCELLED),
    Subscription("notices.on_practice_created", PRACTICE_CREATED),
    Subscription("notices.on_practice_expired", PRACTICE_EXPIRED),
    Subscription("notices.on_webhook_disabled", WEBHOOK_DISABLED),
    Subscription("payments.on_practice_amended", PRACTICE_AMENDED),
    Subscription("payments.on_practice_cancelled", PRACTICE_CANCELLED),
    Subscription("payments.on_practice_created", PRACTICE_CREATED),
    Subscription("payments.on_practice_expired", PRACTICE_EXPIRED),
    Subscription("practices.on_checkout_abandoned", CHECKOUT_ABANDONED),
    Subscription("practices.on_checkout_started", CHECKOUT_STARTED),
    Subscription("practices.on_payment_confirmed", PAYMENT_CONFIRMED),
    Subscription("practices.on_payment_duplicated", PAYMENT_DUPLICATED),
    Subscription("practices.on_payment_reported", PAYMENT_REPORTED),
)
