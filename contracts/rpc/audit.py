"""The audit of what people and programs changed, as each service that owns data answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from marshmallow.validate import Length, Range

from contracts.actors import Actor
from contracts.call import Call
from contracts.message import Message

AUDIT_PAGE_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry(Message):
    """One change: who, what (`operation`) of what (`subject`), and the fields it changed, as they were and are.

    `number` counts the entries of the entity in this service, from 1 and without holes. `sha256` (hexadecimal) is of
    this entry and of the one before.
    """

    number: int
    at: datetime
    actor: Actor
    operation: str
    subject: str
    reason: str | None = None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    correlation_id: str | None = None
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRequest(Message):
    """Entries of an entity, newest first, those numbered below `below`.

    Where they are said: about this `subject`, by this actor, of this `operation`, made in [since, until).
    """

    entity_code: Annotated[str, Length(1, 35)]
    subject: str | None = None
    actor_id: str | None = None
    operation: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    below: int | None = None
    limit: Annotated[int, Range(1, AUDIT_PAGE_MAX)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage(Message):
    """Entries; `next_below` is None on the last page."""

    entries: Sequence[AuditEntry]
    next_below: int | None = None


IDENTITY_AUDIT = Call("identity", "audit", AuditRequest, AuditPage, idempotent=True)
PAYMENTS_AUDIT = Call("payments", "audit", AuditRequest, AuditPage, idempotent=True)
PRACTICES_AUDIT = Call("practices", "audit", AuditRequest, AuditPage, idempotent=True)
