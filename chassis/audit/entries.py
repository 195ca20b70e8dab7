"""Entries of the audit: appended in the transaction of a change, and read page by page."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis import correlation
from chassis.audit.chain import FIRST, Content, Json, digest
from chassis.storage.database import Tx
from contracts.actors import Actor
from contracts.rpc.audit import AuditEntry, AuditPage, AuditRequest


@dataclass(frozen=True)
class Change:
    """What an actor did (`operation`) to what (`subject`); `before` and `after`: the fields that changed, as JSON."""

    entity_code: str
    actor: Actor
    operation: str
    subject: str
    reason: str | None = None
    before: Json = field(default_factory=dict)
    after: Json = field(default_factory=dict)


def append(tx: Tx, change: Change, now: datetime) -> int:
    """Append a change and return its number; it is there if and only if the transaction commits.

    Call it last: until the commit others who write for the same entity wait here.
    """
    heads, entries = tx.models.AuditHead, tx.models.AuditEntry
    first = insert(heads).values(entity_code=change.entity_code, number=0, sha256=FIRST)
    tx.session.execute(first.on_conflict_do_nothing())
    locked = select(heads).where(heads.entity_code == change.entity_code).with_for_update()
    head = tx.session.scalars(locked, execution_options={"populate_existing": True}).one()
    content = Content(
        entity_code=change.entity_code,
        number=head.number + 1,
        at=now,
        actor_kind=change.actor.kind,
        actor_id=change.actor.id,
        operation=change.operation,
        subject=change.subject,
        reason=change.reason,
        before=change.before,
        after=change.after,
        correlation_id=correlation.get(),
    )
    sha256 = digest(head.sha256, content)
    tx.session.add(entries(**vars(content), previous_sha256=head.sha256, sha256=sha256))
    head.number, head.sha256 = content.number, sha256
    tx.session.flush()
    return content.number


def page(session: Session, entries: Any, asked: AuditRequest) -> AuditPage:
    """Return the entries that were asked for, newest first; `entries` is the table of a service."""
    statement = select(entries).where(entries.entity_code == asked.entity_code)
    if asked.below is not None:
        statement = statement.where(entries.number < asked.below)
    for column, wanted in (
        (entries.subject, asked.subject),
        (entries.actor_id, asked.actor_id),
        (entries.operation, asked.operation),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if asked.since is not None:
        statement = statement.where(entries.at >= asked.since)
    if asked.until is not None:
        statement = statement.where(entries.at < asked.until)
    rows = session.scalars(statement.order_by(entries.number.desc()).limit(asked.limit + 1)).all()
    shown = rows[: asked.limit]
    return AuditPage(
        entries=[entry_of(row) for row in shown],
        next_below=shown[-1].number if len(rows) > asked.limit else None,
    )


def last_of(session: Session, entries: Any, entity_code: str, subject: str) -> AuditEntry | None:
    """Return the last change of a subject; None where there was none."""
    request = AuditRequest(entity_code=entity_code, subject=subject, limit=1)
    return next(iter(page(session, entries, request).entries), None)


def entry_of(row: Any) -> AuditEntry:
    """Return a stored entry as it is shown."""
    return AuditEntry(
        number=row.number,
        at=row.at,
        actor=Actor(kind=row.actor_kind, id=row.actor_id),
        operation=row.operation,
        subject=row.subject,
        reason=row.reason,
        before=row.before,
        after=row.after,
        correlation_id=row.correlation_id,
        sha256=row.sha256.hex(),
    )
