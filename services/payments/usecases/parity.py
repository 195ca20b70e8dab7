"""Prove the positions against practices, tell practices what its states are proven against, and repair positions."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from chassis.messaging.events import read_event
from chassis.parity.rounds import Rounds, Sides
from chassis.storage.database import Database
from chassis.storage.parity_lines import CountedSide
from contracts.call import Rpc
from contracts.events.practices import PRACTICE_CANCELLED, PRACTICE_EXPIRED
from contracts.rpc.parity import Changed, ChangedRequest, TellAgainRequest, ToldAgain
from services.payments import clients
from services.payments.domain.positions import Change, PositionStatus
from services.payments.repository import parity
from services.payments.usecases.positions import learn_again

PROJECTION: Final = "payments.positions"
_ENDS: Final = {
    PRACTICE_CANCELLED.type: (PRACTICE_CANCELLED, PositionStatus.CANCELLED),
    PRACTICE_EXPIRED.type: (PRACTICE_EXPIRED, PositionStatus.EXPIRED),
}


def states(database: Database) -> CountedSide:
    """Return what practices' states are compared with."""
    return CountedSide(database, parity.STATES)


def prove_positions(database: Database, rpc: Rpc, rounds: Rounds, now: datetime) -> None:
    """Do what is due of a round that compares the positions with practices. Raises RpcError."""
    own = CountedSide(database, parity.POSITIONS)
    rounds.look(database, Sides(own, clients.PracticesSide(rpc), partial(repair, database, rpc, now)), now)


def repair(database: Database, rpc: Rpc, now: datetime, practice_ids: Sequence[UUID]) -> None:
    """Write these positions anew as practices has them now. Raises RpcError.

    The inbox is not asked: it knows the events of a row that is lost. Events that carry a debtor are no longer there
    after thirty days, so practices tells its present terms in their place, and how it ended by the event.
    """
    asked = set(practice_ids)
    # The rest of a debt position comes with it, and how it ended was not asked for.
    told = [one for one in clients.ask_positions(rpc, practice_ids=practice_ids).positions if one.practice_id in asked]
    ends = []
    for body in clients.tell_again(rpc, practice_ids, list(_ENDS)):
        event_type, status = _ENDS[body["type"]]
        ends.append(Change.of_end(read_event(event_type, body).data, status))
    learn_again(database, told, ends, now)


def changed(database: Database, asked: ChangedRequest) -> Changed:
    """Return which practices our events of a period are about."""
    with database.reading() as session:
        return parity.changed(session, asked)


def tell_again(database: Database, asked: TellAgainRequest) -> ToldAgain:
    """Return our published events about practices."""
    with database.reading() as session:
        return parity.told_again(session, asked)
