"""The feed of published events: pages of an outbox, by position, of what was asked for.

Positions are given by the relay, one relay at a time and without holes, so a reader that asks on from where it was told
misses nothing, whatever order the transactions committed in. A page looks at a bounded part of the outbox: where little
of it was asked for, it has few events or none, and `reached` says how far it came.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contracts.rpc.practices import EventsReply, EventsRequest, FeedItem

LOOKED_AT: Final = 20_000
# No transaction takes so long: what was emitted later than this after another event has a later position.
_OUT_OF_ORDER: Final = timedelta(hours=1)


def page(session: Session, model: Any, asked: EventsRequest) -> EventsReply:
    """Return a page of the published events asked for, oldest first."""
    newest = session.scalar(select(func.max(model.position))) or 0
    after, last = _bounds(session, model, asked, newest)
    # A subject has few events, and an index.
    end = last if asked.subject is not None else min(last, after + LOOKED_AT)
    statement = select(model.position, model.body).where(
        model.position > after, model.position <= end, *_conditions(model, asked)
    )
    rows = session.execute(statement.order_by(model.position).limit(asked.limit)).all()
    reached = rows[-1].position if len(rows) == asked.limit else max(after, end)
    return EventsReply(
        items=[FeedItem(position=row.position, event=row.body) for row in rows],
        reached=reached,
        more=reached < last,
        complete_since=_complete_since(session, model),
    )


def _conditions(model: Any, asked: EventsRequest) -> list[Any]:
    conditions = []
    if asked.types:
        conditions.append(model.type.in_(asked.types))
    if asked.subject is not None:
        conditions.append(model.subject == asked.subject)
    if asked.since is not None:
        conditions.append(model.created_at >= asked.since)
    if asked.until is not None:
        conditions.append(model.created_at < asked.until)
    if asked.entity_code is not None:
        data = model.body["data"]
        entity = func.coalesce(data["entity_code"].astext, data[("creditor", "code")].astext)
        conditions.append(entity == asked.entity_code)
    return conditions


def _bounds(session: Session, model: Any, asked: EventsRequest, newest: int) -> tuple[int, int]:
    """Return between which positions the period lies: behind the first, up to the last."""
    after, last = asked.after, newest
    if asked.since is not None:
        first = session.scalar(select(func.min(model.created_at)).where(model.created_at >= asked.since))
        begins = _outermost(session, model, func.min, first, first and first + _OUT_OF_ORDER)
        after = max(after, begins - 1 if begins is not None else newest)
    if asked.until is not None:
        final = session.scalar(select(func.max(model.created_at)).where(model.created_at < asked.until))
        ends = _outermost(session, model, func.max, final and final - _OUT_OF_ORDER, final)
        last = min(last, ends or 0)
    return after, last


def _outermost(session: Session, model: Any, which: Any, since: datetime | None, until: datetime | None) -> int | None:
    """Return the lowest or highest position of what was emitted in [since, until]."""
    if since is None or until is None:
        return None
    position: int | None = session.scalar(
        select(which(model.position)).where(model.created_at >= since, model.created_at <= until)
    )
    return position


def _complete_since(session: Session, model: Any) -> datetime | None:
    oldest = session.execute(
        select(model.position, model.created_at).where(model.position.is_not(None)).order_by(model.position).limit(1)
    ).first()
    moment: datetime | None = oldest.created_at if oldest is not None and oldest.position > 1 else None
    return moment
