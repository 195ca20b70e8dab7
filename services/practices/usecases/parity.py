"""Prove the states against payments, tell payments what its positions are proven against, and repair states."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from chassis.messaging.events import read_event
from chassis.parity.rounds import Rounds, Sides
from chassis.storage.database import Database, Tx
from chassis.storage.parity_lines import CountedSide
from contracts.call import Rpc
from contracts.events.envelope import AnyEventType, Event
from contracts.events.payments import (
    CHECKOUT_ABANDONED,
    CHECKOUT_STARTED,
    PAYMENT_CONFIRMED,
    PAYMENT_DUPLICATED,
    PAYMENT_REPORTED,
)
from contracts.rpc.parity import Changed, ChangedRequest, TellAgainRequest, ToldAgain
from services.practices import clients
from services.practices.repository import parity, practices
from services.practices.usecases import payment_events

PROJECTION: Final = "practices.states"

Fold = Callable[[Tx, Event[Any]], None]
_FOLDS: Final[Mapping[AnyEventType, Fold]] = {
    CHECKOUT_STARTED: lambda tx, event: payment_events.checkout_started(tx, event.data),
    CHECKOUT_ABANDONED: lambda tx, event: payment_events.checkout_abandoned(tx, event.data),
    PAYMENT_CONFIRMED: lambda tx, event: payment_events.payment_confirmed(tx, event.data),
    PAYMENT_DUPLICATED: lambda tx, event: payment_events.payment_duplicated(tx, event.data),
    PAYMENT_REPORTED: lambda tx, event: payment_events.payment_reported(tx, event.data, event.time),
}
_TYPES: Final = {event_type.type: event_type for event_type in _FOLDS}


def positions(database: Database) -> CountedSide:
    """Return what payments' positions are compared with."""
    return CountedSide(database, parity.POSITIONS)


def prove_states(database: Database, rpc: Rpc, rounds: Rounds, now: datetime) -> None:
    """Do what is due of a round that compares the states with payments. Raises RpcError."""
    own = CountedSide(database, parity.STATES)
    rounds.look(database, Sides(own, clients.PaymentsSide(rpc), partial(repair, database, rpc)), now)


def repair(database: Database, rpc: Rpc, practice_ids: Sequence[UUID]) -> None:
    """Fold what payments has told of these practices once more. Raises RpcError.

    The inbox is not asked: it may know an event whose effect is lost. Folding one twice changes nothing (ADR 5).
    """
    events = [_read(body) for body in clients.tell_again(rpc, practice_ids, list(_TYPES))]
    with database.transaction() as tx:
        # All at once and in the order in which everybody locks practices.
        practices.locked(tx.session, {*practice_ids, *(named for _, event in events for named in _practices_of(event))})
        for event_type, event in events:
            _FOLDS[event_type](tx, event)


def changed(database: Database, asked: ChangedRequest) -> Changed:
    """Return which practices our events of a period are about."""
    with database.reading() as session:
        return parity.changed(session, asked)


def tell_again(database: Database, asked: TellAgainRequest) -> ToldAgain:
    """Return our published events about practices."""
    with database.reading() as session:
        return parity.told_again(session, asked)


def _read(body: Mapping[str, Any]) -> tuple[AnyEventType, Event[Any]]:
    event_type = _TYPES[body["type"]]
    return event_type, read_event(event_type, body)


def _practices_of(event: Event[Any]) -> Sequence[UUID]:
    """Return the practices an event is about: one, or those of a checkout."""
    return getattr(event.data, "practice_ids", None) or [event.data.practice_id]
