"""Prove the projection of consents against identity, and repair it."""

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
from contracts.events.identity import CONSENT_GRANTED, CONSENT_REVOKED
from contracts.rpc import parity
from contracts.rpc.parity import Buckets, BucketsRequest, Changed, ChangedRequest, Lines, LinesRequest, TellAgainRequest
from services.notices.mail.repository.parity import CONSENTS
from services.notices.mail.usecases.projection import learn_again

PROJECTION: Final = "notices.consents"
_TYPES: Final = {event_type.type: event_type for event_type in (CONSENT_GRANTED, CONSENT_REVOKED)}


class IdentitySide:
    """What identity has, to compare the consents with."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def buckets(self, asked: BucketsRequest) -> Buckets:
        """Return counts and hashes. Raises RpcError."""
        return self._rpc.call(parity.IDENTITY_BUCKETS, asked)

    def lines(self, asked: LinesRequest) -> Lines:
        """Return what is known, citizen by citizen. Raises RpcError."""
        return self._rpc.call(parity.IDENTITY_LINES, asked)

    def changed(self, asked: ChangedRequest) -> Changed:
        """Return what events were about. Raises RpcError."""
        return self._rpc.call(parity.IDENTITY_CHANGED, asked)


def prove_consents(database: Database, rpc: Rpc, rounds: Rounds, now: datetime) -> None:
    """Do what is due of a round that compares the consents with identity. Raises RpcError."""
    sides = Sides(CountedSide(database, CONSENTS), IdentitySide(rpc), partial(repair, database, rpc, now))
    rounds.look(database, sides, now)


def repair(database: Database, rpc: Rpc, now: datetime, citizen_ids: Sequence[UUID]) -> None:
    """Take in once more what identity has told last of these citizens' consents. Raises RpcError."""
    told = rpc.call(parity.IDENTITY_TELL_AGAIN, TellAgainRequest(keys=citizen_ids, types=list(_TYPES))).events
    events = [read_event(_TYPES[body["type"]], body) for body in told]
    with database.transaction() as tx:
        learn_again(tx, rpc, events, now)
