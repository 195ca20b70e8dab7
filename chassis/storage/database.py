"""A service's own PostgreSQL database: transactions with outbox, inbox and idempotency keys, and plain reads.

The driver is psycopg2, which chassis.runtime.green makes green; sessions are opened where work is done, never before.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from math import inf
from time import monotonic
from types import ModuleType
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import orjson
import psycopg2
from sqlalchemy import Engine, Table, create_engine, event, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from chassis import correlation
from chassis.messaging import codec
from chassis.messaging.events import envelope
from chassis.metrics import INBOX_DUPLICATES
from chassis.settings import database_url, environment, with_driver
from chassis.storage import answer_limit, bulk, stored_values
from contracts.errors import ErrorCode, Refused
from contracts.events.envelope import Data, EventType

__all__ = ["OUTBOX_CHANNEL", "Database", "Tx", "database_url", "is_out_of_reach", "make_engine"]

OUTBOX_CHANNEL: Final = "outbox"
_EVENT_COLUMNS: Final = ("event_id", "type", "subject", "body", "created_at")
_COPIED_FROM: Final = 100
T = TypeVar("T")
_STATEMENT_TIMEOUT_S: Final = 15.0
_RESTED_S: Final = 1.0
# The server ends a statement first; only one that is gone is waited for to the end.
_ANSWER_MARGIN_S: Final = 3.0
_SERVER_LIMITS: Final = {
    "lock_timeout": "5s",
    # What a lost client has locked is free again after this.
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
    # The server's side of a line that went silent.
    "tcp_keepalives_idle": 3,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 2,
    "tcp_user_timeout": 8_000,
}
_CLIENT_LIMITS: Final = {
    "connect_timeout": 3,
    "keepalives_idle": 3,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 8_000,
}


def make_engine(url: str, *, pool_size: int = 10, application_name: str = "portal") -> Engine:
    """Make an engine whose statements, lock waits and idle transactions all have an end, and whose server's silence."""
    statement_timeout_s = environment().float("DATABASE_STATEMENT_TIMEOUT_S", _STATEMENT_TIMEOUT_S)
    limits = {"statement_timeout": int(statement_timeout_s * 1_000), **_SERVER_LIMITS}
    engine = create_engine(
        with_driver(url),
        pool_size=pool_size,
        max_overflow=5,  # a handler may read beside its transaction
        pool_timeout=5,
        pool_recycle=1_800,
        hide_parameters=True,
        json_serializer=_json,
        json_deserializer=orjson.loads,
        connect_args={
            **_CLIENT_LIMITS,
            "application_name": application_name,
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            "connection_factory": answer_limit.BoundConnection,
        },
    )
    _ping_after_rest(engine)
    answer_limit.bound(engine, statement_timeout_s + _ANSWER_MARGIN_S)
    return engine


def _ping_after_rest(engine: Engine) -> None:
    """Try a connection before it is used again, but for one that has just answered: a round trip saved where it counts.

    `Database.read` takes another one where that was not enough.
    """

    def checkin(_connection: Any, record: Any) -> None:
        record.info["rests_since_s"] = monotonic()

    def checkout(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("rests_since_s", inf) < _RESTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg2.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine, "checkin", checkin)
    event.listen(engine, "checkout", checkout)


@cache
def _insert_of(outbox: Table) -> Any:
    """Write the insert of events, once. Telling the relay rides on it; PostgreSQL does so once, at the commit."""
    return insert(outbox).returning(func.pg_notify(OUTBOX_CHANNEL, ""))


def _json(value: Any) -> str:
    return codec.write(value).decode()


def is_out_of_reach(error: BaseException) -> bool:
    """Return whether `error` means that the database could not be reached or was too busy, so that later may work."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_gone(error: BaseException) -> bool:
    """Return whether `error` means that there is no connection to the database: whatever is tried next fails too."""
    if isinstance(error, PoolTimeout):
        return True
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or (is_out_of_reach(error) and getattr(error.orig, "pgcode", None) is None)
    )


@dataclass
class Tx:
    """A running transaction: the session, and what must be written in the same commit."""

    session: Session
    models: ModuleType
    _events: list[tuple[object, ...]] = field(default_factory=list)

    def emit(self, event_type: EventType[Data], data: Data, *, subject: str, sequence: int, now: datetime) -> UUID:
        """Note an event for the outbox and return its id; the relay publishes it after the commit.

        All events of a transaction are written at once, just before it commits.
        """
        event_id = uuid4()
        body = envelope(
            event_type,
            data,
            event_id=event_id,
            subject=subject,
            sequence=sequence,
            time=now,
            correlation_id=correlation.get(),
        )
        self._events.append((event_id, event_type.type, subject, body, now))
        return event_id

    def write_events(self) -> None:
        """Write the events noted so far into the outbox; `transaction` does so before it commits."""
        events, self._events = self._events, []
        if not events:
            return
        table = self.models.OutboxMessage.__table__
        if len(events) >= _COPIED_FROM and bulk.may_copy():
            bulk.copy_rows(self.session, table, _EVENT_COLUMNS, events)
            self.session.execute(select(func.pg_notify(OUTBOX_CHANNEL, "")))
            return
        rows = [dict(zip(_EVENT_COLUMNS, event, strict=True)) for event in events]
        self.session.execute(_insert_of(table), rows)

    def first_time(self, consumer: str, message_id: UUID) -> bool:
        """Note that `consumer` has `message_id`; False when it had it before."""
        inbox = self.models.InboxMessage
        note = insert(inbox).values(consumer=consumer, message_id=message_id).on_conflict_do_nothing()
        is_new = self.session.execute(note.returning(inbox.message_id)).first() is not None
        if not is_new:
            INBOX_DUPLICATES.labels(consumer).inc()
        return is_new

    def new_among(self, consumer: str, message_ids: Collection[UUID]) -> set[UUID]:
        """Note that `consumer` has these messages; return those it had not before."""
        inbox = self.models.InboxMessage
        # In one order for all: two processes that were given the same events wait for each other, and not crosswise.
        rows = [{"consumer": consumer, "message_id": message_id} for message_id in sorted(set(message_ids))]
        note = insert(inbox).values(rows).on_conflict_do_nothing().returning(inbox.message_id)
        new = set(self.session.scalars(note))
        INBOX_DUPLICATES.labels(consumer).inc(len(message_ids) - len(new))
        return new

    def once(
        self, scope: str, key: str, request: Mapping[str, Any], make: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return what `make` returns, made only once per (scope, key), now or in an earlier transaction.

        A second caller at the same moment waits at the primary key for the first one's commit. When `make` raises,
        the transaction rolls back and the key is free again. UUIDs and times in the reply come back as such.
        Raises Refused(IDEMPOTENCY_CONFLICT) when the key came with another request.
        """
        keys = self.models.IdempotencyKey
        here = (keys.scope == scope, keys.key == key)
        sha256 = stored_values.fingerprint(request)
        claim = insert(keys).values(scope=scope, key=key, request_sha256=sha256)
        claimed = self.session.execute(claim.on_conflict_do_nothing().returning(keys.key)).first()
        if claimed is None:
            stored = self.session.execute(select(keys.request_sha256, keys.reply).where(*here)).one()
            if stored.request_sha256 != sha256:
                raise Refused(ErrorCode.IDEMPOTENCY_CONFLICT)
            earlier: dict[str, Any] = stored_values.decode(stored.reply)
            return earlier
        encoded = stored_values.encode(make())
        self.session.execute(update(keys).where(*here).values(reply=encoded))
        reply: dict[str, Any] = stored_values.decode(encoded)
        return reply


class Database:
    """The database of one service in one process. `models` is its models module."""

    def __init__(self, url: str, models: ModuleType, *, pool_size: int = 10, application_name: str = "portal") -> None:
        self.models = models
        self.engine = make_engine(url, pool_size=pool_size, application_name=application_name)

    @classmethod
    def of_service(
        cls, service: str, models: ModuleType, *, pool_size: int = 10, application_name: str | None = None
    ) -> "Database":
        """Open the database that the environment names for `service`, under a name that the server shows."""
        return cls(database_url(service), models, pool_size=pool_size, application_name=application_name or service)

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Commit on leaving, roll back on an exception."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            tx = Tx(session, self.models)
            yield tx
            tx.write_events()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for pure reads: each statement for itself, without BEGIN and COMMIT round trips."""
        with Session(self.engine, expire_on_commit=False) as session:
            # On the driver's connection: what SQLAlchemy has for it takes two round trips more.
            connection: Any = session.connection().connection.driver_connection
            connection.autocommit = True
            try:
                yield session
            finally:
                if not connection.closed:
                    connection.autocommit = False

    def read(self, ask: Callable[[Session], T]) -> T:
        """Return what `ask` reads, asked once more where the connection it was given had died meanwhile."""
        try:
            with self.reading() as session:
                return ask(session)
        except DBAPIError as error:
            if not error.connection_invalidated or isinstance(error.orig, answer_limit.NoAnswer):
                raise
        with self.reading() as session:
            return ask(session)

    def ping(self) -> None:
        """Ask the server for anything; raises OperationalError when it does not answer."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
