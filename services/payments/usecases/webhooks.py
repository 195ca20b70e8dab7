"""Webhooks of an entity: made, changed, tested, their history, and what is sent again."""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

from chassis.audit import entries
from chassis.audit.chain import Json
from chassis.audit.entries import Change
from chassis.storage.database import Database, Tx
from contracts.actors import Actor
from contracts.errors import ErrorCode, Refused
from contracts.rpc import webhooks as contract
from contracts.shapes import Empty
from services.payments.domain.webhooks import OLD_SECRET_LIVES, host_of
from services.payments.models import OutboxMessage, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from services.payments.repository import webhooks

TEST_TYPE: Final = "WebhookTested.v1"
"""The type of what the test sends: it is no event, and stands in no outbox."""
MADE: Final = "webhooks.make"
CHANGED: Final = "webhooks.change"
DELETED: Final = "webhooks.delete"
ROTATED: Final = "webhooks.rotate_secret"
RESENT: Final = "webhooks.resend"
"""What the audit calls each write."""
_SECRET_BYTES: Final = 32


def create(database: Database, request: contract.CreateWebhookRequest, now: datetime) -> contract.WebhookWithSecret:
    """Make a webhook; the same id again is the same webhook. Raises Refused(TOO_MANY_REQUESTS), (NOT_FOUND)."""
    with database.transaction() as tx:
        known = tx.session.get(WebhookEndpoint, request.id)
        if known is not None:
            if known.entity_code != request.entity_code:
                raise Refused(ErrorCode.NOT_FOUND)
            return _with_secret(known)
        if len(webhooks.of_entity(tx.session, request.entity_code)) >= contract.WEBHOOKS_MAX:
            raise Refused(ErrorCode.TOO_MANY_REQUESTS)
        made = WebhookEndpoint(
            id=request.id,
            entity_code=request.entity_code,
            url=request.url,
            types=list(request.types),
            secret=_new_secret(),
            enabled=True,
            position=webhooks.newest_position(tx.session),
            created_at=now,
        )
        tx.session.add(made)
        _note(tx, made, request.actor, MADE, now, after=_audited(made))
        return _with_secret(made)


def listed(database: Database, request: contract.WebhooksRequest) -> contract.Webhooks:
    """Return the webhooks of an entity."""
    with database.reading() as session:
        return contract.Webhooks(
            webhooks=[contract.Webhook(**_shown(one)) for one in webhooks.of_entity(session, request.entity_code)]
        )


def change(database: Database, request: contract.ChangeWebhookRequest, now: datetime) -> contract.Webhook:
    """Change a webhook. One that is enabled again is sent what it missed. Raises Refused(NOT_FOUND)."""
    with database.transaction() as tx:
        endpoint = _locked(tx.session, request.entity_code, request.id)
        before = _audited(endpoint)
        endpoint.url, endpoint.types = request.url, list(request.types)
        if request.enabled:
            endpoint.disabled_reason = endpoint.failing_since = None
        elif endpoint.enabled:
            endpoint.disabled_reason = "by_hand"
        endpoint.enabled = request.enabled
        after = _audited(endpoint)
        changed = [name for name in after if after[name] != before[name]]
        if changed:
            said = {
                "before": {name: before[name] for name in changed},
                "after": {name: after[name] for name in changed},
            }
            _note(tx, endpoint, request.actor, CHANGED, now, **said)
        return contract.Webhook(**_shown(endpoint))


def delete(database: Database, request: contract.WebhookRequest, now: datetime) -> Empty:
    """Delete a webhook with its history; one that is not there is deleted."""
    with database.transaction() as tx:
        endpoint = webhooks.one(tx.session, request.entity_code, request.id, lock=True)
        if endpoint is not None:
            tx.session.delete(endpoint)
            _note(tx, endpoint, request.actor, DELETED, now, before=_audited(endpoint))
    return Empty()


def rotate(database: Database, request: contract.WebhookRequest, now: datetime) -> contract.WebhookWithSecret:
    """Give a webhook another secret; for a day messages are signed with both. Raises Refused(NOT_FOUND)."""
    with database.transaction() as tx:
        endpoint = _locked(tx.session, request.entity_code, request.id)
        endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + OLD_SECRET_LIVES
        endpoint.secret = _new_secret()
        _note(tx, endpoint, request.actor, ROTATED, now)
        return _with_secret(endpoint)


def test(database: Database, request: contract.WebhookRequest, now: datetime) -> contract.WebhookDelivery:
    """Send a message that tells nothing, to see whether it arrives. Raises Refused(NOT_FOUND)."""
    with database.transaction() as tx:
        endpoint = _locked(tx.session, request.entity_code, request.id)
        delivery = WebhookDelivery(
            endpoint_id=endpoint.id,
            event_id=uuid4(),
            type=TEST_TYPE,
            test=True,
            created_at=now,
            next_at=now,
            attempts=0,
        )
        tx.session.add(delivery)
        tx.session.flush()
        return _delivery(delivery, [])


def history(database: Database, request: contract.WebhookDeliveriesRequest) -> contract.WebhookDeliveries:
    """Return what was sent to a webhook, newest first, with each attempt. Raises Refused(NOT_FOUND)."""
    with database.reading() as session:
        if webhooks.one(session, request.entity_code, request.id) is None:
            raise Refused(ErrorCode.NOT_FOUND)
        found = webhooks.deliveries(session, request.id, request.before, request.limit + 1)
        page = found[: request.limit]
        return contract.WebhookDeliveries(
            deliveries=[_delivery(delivery, attempts) for delivery, attempts in page],
            next_before=page[-1][0].id if len(found) > request.limit else None,
        )


def resend(database: Database, request: contract.ResendRequest, now: datetime) -> contract.Resent:
    """Send events again, of one id or of a period. Raises Refused(NOT_FOUND), (INVALID_REQUEST): neither is said."""
    if request.event_id is None and request.since is None:
        raise Refused(ErrorCode.INVALID_REQUEST)
    which: list[Any] = []
    if request.event_id is not None:
        which.append(OutboxMessage.event_id == request.event_id)
    if request.since is not None:
        which.append(OutboxMessage.created_at >= request.since)
    if request.until is not None:
        which.append(OutboxMessage.created_at < request.until)
    with database.transaction() as tx:
        endpoint = _locked(tx.session, request.entity_code, request.id)
        count = webhooks.deliver(tx.session, endpoint, now, *which, at_most=contract.RESENT_MAX)
        if count:
            _note(tx, endpoint, request.actor, RESENT, now, after={"count": count})
    if not count and request.event_id is not None:
        raise Refused(ErrorCode.NOT_FOUND)
    return contract.Resent(count=count)


def _audited(endpoint: WebhookEndpoint) -> Mapping[str, Any]:
    """Return what the audit tells of a webhook.

    Of its address the host and a fingerprint of the whole: what stands behind the host may let in who knows it.
    """
    address = f"https://{host_of(endpoint.url)} ({sha256(endpoint.url.encode()).hexdigest()[:8]})"
    return {"url": address, "types": list(endpoint.types), "enabled": endpoint.enabled}


def _note(
    tx: Tx,
    endpoint: WebhookEndpoint,
    actor: Actor | None,
    operation: str,
    now: datetime,
    *,
    before: Json | None = None,
    after: Json | None = None,
) -> None:
    """Append to the audit; a gateway of the release before does not say who asked."""
    if actor is None:
        return
    change = Change(
        entity_code=endpoint.entity_code,
        actor=actor,
        operation=operation,
        subject=str(endpoint.id),
        before=before or {},
        after=after or {},
    )
    entries.append(tx, change, now)


def _locked(session: Any, entity_code: str, webhook_id: UUID) -> WebhookEndpoint:
    endpoint = webhooks.one(session, entity_code, webhook_id, lock=True)
    if endpoint is None:
        raise Refused(ErrorCode.NOT_FOUND)
    return endpoint


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def _shown(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "types": list(endpoint.types),
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason,
        "failing_since": endpoint.failing_since,
        "created_at": endpoint.created_at,
    }


def _with_secret(endpoint: WebhookEndpoint) -> contract.WebhookWithSecret:
    return contract.WebhookWithSecret(**_shown(endpoint), secret=endpoint.secret)


def _delivery(delivery: WebhookDelivery, attempts: Any) -> contract.WebhookDelivery:
    waiting = "waiting" if delivery.next_at is not None else "given_up"
    return contract.WebhookDelivery(
        id=delivery.id,
        event_id=delivery.event_id,
        type=delivery.type,
        test=delivery.test,
        state="delivered" if delivery.delivered_at is not None else waiting,
        next_at=delivery.next_at,
        created_at=delivery.created_at,
        attempts=[_attempt(attempt) for attempt in attempts],
    )


def _attempt(attempt: WebhookAttempt) -> contract.WebhookAttempt:
    return contract.WebhookAttempt(
        at=attempt.at, status=attempt.status, problem=attempt.problem, duration_ms=attempt.duration_ms
    )
