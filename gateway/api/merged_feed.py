"""The feed of an entity's events: those of practices and those of payments, merged by time."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Final

from contracts.call import Call
from contracts.events import EVENTS
from contracts.events.ownership import entity_of
from contracts.rpc import payments, practices
from gateway.api import answers, bodies
from gateway.api.cursors import FeedCursor
from gateway.visit import Visit

Feed = Call[practices.EventsRequest, practices.EventsReply]

_SOURCES: Final[Mapping[str, Feed]] = {"practices": practices.EVENTS, "payments": payments.EVENTS}


def page(visit: Visit, query: bodies.EventQuery, entity_code: str) -> answers.EventPage:
    """Return a page of what happened to the entity's practices and payments.

    The cursor also moves past what is not asked for, so a page may be empty with `more` still true.
    """
    cursor = FeedCursor.parse(query.after)
    before = {"practices": cursor.practices, "payments": cursor.payments}
    replies = {
        name: visit.call(_SOURCES[name], _request(query, entity_code, before[name])) for name in _asked(query.type)
    }
    labelled = [[(item.event["time"], name, item) for item in reply.items] for name, reply in replies.items()]
    taken = list(heapq.merge(*labelled, key=lambda row: row[0]))[: query.limit]
    after, more = dict(before), False
    for name, reply in replies.items():
        positions = [item.position for _, source, item in taken if source == name]
        whole = len(positions) == len(reply.items)
        after[name] = _position(reply, positions, before[name], whole=whole)
        more = more or not whole or _has_more(reply, query.limit)
    own = [item.event for _, _, item in taken if entity_of(item.event) == entity_code]
    back_to = [reply.complete_since for reply in replies.values() if reply.complete_since is not None]
    return answers.EventPage(
        items=own, next_cursor=str(FeedCursor(**after)), more=more, complete_since=max(back_to, default=None)
    )


def _asked(types: Sequence[str]) -> list[str]:
    """Return the sources of these types, all where none is named."""
    sources = {EVENTS[name].source for name in types}
    return [name for name in _SOURCES if not types or name in sources]


def _request(query: bodies.EventQuery, entity_code: str, after: int) -> practices.EventsRequest:
    return practices.EventsRequest(
        after=after,
        limit=query.limit,
        types=query.type,
        subject=query.subject,
        since=query.since,
        until=query.until,
        entity_code=entity_code,
    )


def _position(reply: practices.EventsReply, positions: Sequence[int], before: int, *, whole: bool) -> int:
    """Return where to ask on: where the source came to, or behind the last event that is handed on."""
    if whole and reply.reached is not None:
        return max(reply.reached, before)
    return positions[-1] if positions else before


def _has_more(reply: practices.EventsReply, limit: int) -> bool:
    """Return whether a source has more; one of the release before does not say so."""
    return reply.more or (reply.reached is None and len(reply.items) == limit)
