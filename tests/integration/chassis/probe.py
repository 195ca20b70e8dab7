"""An invented service that the chassis is tested with, and the tables it needs."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.storage.tables import IdempotencyMixin, InboxMixin, OutboxMixin
from contracts.call import Call
from contracts.events.envelope import EventType
from contracts.events.subscriptions import Subscription
from contracts.message import Message
from contracts.shapes import Empty


class Base(DeclarativeBase):
    """The probe's tables."""


class OutboxMessage(OutboxMixin, Base):
    """Outbox."""

    __tablename__ = "outbox"


class InboxMessage(InboxMixin, Base):
    """Inbox."""

    __tablename__ = "inbox"


class IdempotencyKey(IdempotencyMixin, Base):
    """Idempotency keys."""

    __tablename__ = "idempotency_keys"


class Effect(Base):
    """What a handler did; one row each time."""

    __tablename__ = "effects"
    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    number: Mapped[int]
    correlation_id: Mapped[str | None]


class Attempt(Base):
    """That a handler was entered, kept even where it raised."""

    __tablename__ = "attempts"
    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp())


class Latest(Base):
    """A projection: the newest number of a subject."""

    __tablename__ = "latest"
    subject: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Message):
    """A number to work on, how long, and what to do instead."""

    number: int
    sleep_s: float = 0
    failures: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Message):
    """What came of it."""

    number: int
    id: UUID | None = None
    at: datetime | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Message):
    """Some text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word(Message):
    """A word where a number is due."""

    number: str


NUMBERED = EventType("Numbered", 1, "probe", Number)
UNHEARD = EventType("Unheard", 1, "probe", Number)
LISTENER = Subscription("probe.on_numbered", NUMBERED)
ECHO = Call("probe", "echo", Number, Answer, idempotent=True, timeout_s=5)
ECHO_OF_NOTHING = Call("probe", "echo", Empty, Answer, idempotent=True, timeout_s=5)
ECHO_OF_A_WORD = Call("probe", "echo", Word, Answer, idempotent=True, timeout_s=5)
RELAYED_ECHO = Call("probe", "relayed_echo", Number, Answer, idempotent=True, timeout_s=5)
PAY = Call("probe", "pay", Number, Answer, idempotent=False, timeout_s=1)
EMIT = Call("probe", "emit", Number, Answer, idempotent=True, timeout_s=5)
REPEAT = Call("probe", "repeat", Text, Text, idempotent=True, timeout_s=20)
PING = Call("probe", "ping", Empty, Empty, idempotent=True, timeout_s=1)
NOBODY = Call("nobody", "echo", Number, Answer, idempotent=True, timeout_s=5)
MISSING_METHOD = Call("probe", "missing", Number, Answer, idempotent=True, timeout_s=5)
EXAMPLE_ID = UUID("11111111-2222-4333-8444-555555555555")
EXAMPLE_TIME = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
pause = time.sleep
