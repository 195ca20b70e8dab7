"""Mails: queued once, handed over once, ended once."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Select, cast, delete, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from services.notices.mail import domain
from services.notices.mail.domain import Kind, State
from services.notices.models import Mail, MailDebt, MailReceipt, MailSubscription

_COLUMNS: Final = (
    "id",
    "practice_id",
    "citizen_id",
    "kind",
    "occasion",
    "state",
    "attempts",
    "queued_at",
    "not_before",
)


# ---- the queue


def queue_notices(session: Session, now: datetime) -> int:
    """Queue word of what is newly owed by citizens who agreed before it was; return how many."""
    news = _unpaid_of_subscribers(Kind.NOTICE, literal(""), now).where(
        MailDebt.created_at >= now - domain.FRESH, MailDebt.created_at >= MailSubscription.since
    )
    return _queue(session, news)


def queue_reminders(session: Session, kind: Kind, due: tuple[date, date], before: datetime, now: datetime) -> int:
    """Queue a reminder of what is due from one day to another and was owed before a moment; return how many."""
    unpaid = ~exists().where(MailReceipt.practice_id == MailDebt.practice_id)
    coming = _unpaid_of_subscribers(kind, cast(MailDebt.due_date, Text), now).where(
        MailDebt.due_date.between(*due), MailDebt.created_at < before, unpaid
    )
    return _queue(session, coming)


def queue_receipts(session: Session, now: datetime) -> int:
    """Queue the confirmation of payments that were confirmed since the citizen agreed; return how many."""
    paid = (
        select(*_values(Kind.RECEIPT, MailReceipt.receipt_id, now))
        .join(MailDebt, MailDebt.practice_id == MailReceipt.practice_id)
        .join(MailSubscription, MailSubscription.debtor_sha256 == MailDebt.debtor_sha256)
        .where(_agreed(Kind.RECEIPT), MailReceipt.confirmed_at >= now - domain.FRESH)
        .where(MailReceipt.confirmed_at >= MailSubscription.since)
    )
    return _queue(session, paid)


def _unpaid_of_subscribers(kind: Kind, occasion: Any, now: datetime) -> Select[Any]:
    return (
        select(*_values(kind, occasion, now))
        .join(MailSubscription, MailSubscription.debtor_sha256 == MailDebt.debtor_sha256)
        .where(_agreed(kind), MailDebt.is_open)
    )


def _values(kind: Kind, occasion: Any, now: datetime) -> list[Any]:
    """Return what a queued mail is made from, in the order of _COLUMNS."""
    return [
        func.gen_random_uuid(),
        MailDebt.practice_id,
        MailSubscription.citizen_id,
        literal(kind.value),
        occasion,
        literal(State.QUEUED.value),
        literal(0),
        literal(now),
        literal(now),
    ]


def _agreed(kind: Kind) -> Any:
    return MailSubscription.since.is_not(None) & (literal(kind.message) == func.any(MailSubscription.messages))


def _queue(session: Session, chosen: Select[Any]) -> int:
    # Queuing looks every few seconds at what was queued long ago: the key must not be tried for each of those.
    chosen = chosen.where(
        ~exists().where(
            Mail.practice_id == MailDebt.practice_id,
            Mail.citizen_id == MailSubscription.citizen_id,
            Mail.kind == chosen.selected_columns[3],
            Mail.occasion == chosen.selected_columns[4],
        )
    )
    statement = insert(Mail).from_select(_COLUMNS, chosen).on_conflict_do_nothing()
    return len(session.scalars(statement.returning(Mail.id)).all())


# ---- sending


def claim(session: Session, now: datetime) -> Mail | None:
    """Take the next mail that is due; nobody else gets it before the lease ends."""
    free = or_(Mail.claimed_until.is_(None), Mail.claimed_until < now)
    due = select(Mail.id).where(Mail.state == State.QUEUED, Mail.not_before <= now, free)
    one = due.order_by(Mail.not_before, Mail.id).limit(1).with_for_update(skip_locked=True).scalar_subquery()
    values = {"claim": uuid4(), "claimed_until": now + domain.LEASE, "attempts": Mail.attempts + 1}
    return session.scalars(update(Mail).where(Mail.id == one).values(values).returning(Mail)).first()


def begin(session: Session, mail: Mail, now: datetime) -> bool:
    """Note that a mail is being handed over; False where it is no longer ours to send."""
    statement = update(Mail).where(Mail.id == mail.id, Mail.claim == mail.claim, Mail.state == State.QUEUED)
    begun = statement.values(state=State.SENDING, sending_at=now)
    return session.scalar(begun.returning(Mail.id)) is not None


def put_off(session: Session, mail: Mail, until: datetime, reason: str, *, counts: bool) -> None:
    """Give a mail back until later; `counts`: the attempt was one of those that have an end."""
    queued = _ours(mail).values(state=State.QUEUED, not_before=until, reason=reason, claimed_until=None)
    session.execute(queued if counts else queued.values(attempts=Mail.attempts - 1))


def end(session: Session, mail: Mail, state: State, reason: str | None, now: datetime) -> bool:
    """End a mail. What the server said after all also corrects `unknown`. False where it was not ours any more."""
    ended = _ours(mail).values(state=state, reason=reason, ended_at=now, claimed_until=None)
    return session.scalar(ended.returning(Mail.id)) is not None


def note_address(session: Session, mail: Mail, address_sha256: bytes) -> None:
    """Note where a mail is about to go, for when it comes back."""
    ours = update(Mail).where(Mail.id == mail.id, Mail.claim == mail.claim)
    session.execute(ours.values(address_sha256=address_sha256))


def _ours(mail: Mail) -> Any:
    alive = Mail.state.in_([State.QUEUED, State.SENDING, State.UNKNOWN])
    return update(Mail).where(Mail.id == mail.id, Mail.claim == mail.claim, alive)


def lose(session: Session, now: datetime) -> list[tuple[UUID, str]]:
    """Mark as unknown what has been under way for too long; return which, with their kinds."""
    statement = update(Mail).where(Mail.state == State.SENDING, Mail.sending_at < now - domain.LOST_AFTER)
    lost = statement.values(state=State.UNKNOWN, ended_at=now).returning(Mail.id, Mail.kind)
    return [(mail_id, kind) for mail_id, kind in session.execute(lost)]


def drop_queued(session: Session, citizen_id: UUID, reason: str, now: datetime) -> None:
    """Drop what is queued for a citizen."""
    statement = update(Mail).where(Mail.citizen_id == citizen_id, Mail.state == State.QUEUED)
    session.execute(statement.values(state=State.DROPPED, reason=reason, ended_at=now))


def send_again(session: Session, mail_id: UUID, now: datetime) -> bool:
    """Queue once more, at the word of ops, a mail whose outcome is unknown or that was given up."""
    statement = update(Mail).where(Mail.id == mail_id, Mail.state.in_([State.UNKNOWN, State.GIVEN_UP]))
    queued = statement.values(state=State.QUEUED, reason=None, attempts=0, not_before=now, claim=None, ended_at=None)
    return session.scalar(queued.returning(Mail.id)) is not None


def came_back(session: Session, mail_id: UUID, status: str, now: datetime) -> bool:
    """Mark a mail that had left as bounced; False where there is none."""
    had_left = Mail.state.in_([State.SENDING, State.SENT, State.UNKNOWN, State.BOUNCED])
    statement = update(Mail).where(Mail.id == mail_id, had_left)
    bounced = statement.values(state=State.BOUNCED, reason=status, ended_at=now, claim=None)
    return session.scalar(bounced.returning(Mail.id)) is not None


# ---- looking, purging


def in_state(session: Session, state: str) -> Sequence[Mail]:
    """Return the mails in a state, the latest first."""
    return session.scalars(select(Mail).where(Mail.state == state).order_by(Mail.queued_at.desc()).limit(1_000)).all()


def counts(session: Session) -> dict[tuple[str, str], int]:
    """Return how many mails there are by kind and state."""
    statement = select(Mail.kind, Mail.state, func.count()).group_by(Mail.kind, Mail.state).order_by(Mail.kind)
    return {(kind, state): count for kind, state, count in session.execute(statement)}


def purge(session: Session, now: datetime) -> None:
    """Delete what was over long ago: by then its due date and its news are too old to be queued again."""
    before = now - domain.RETENTION
    session.execute(delete(Mail).where(Mail.queued_at < before))
    session.execute(delete(MailReceipt).where(MailReceipt.confirmed_at < before))
    over = func.coalesce(MailDebt.due_date, func.date(MailDebt.changed_at)) < before.date()
    session.execute(delete(MailDebt).where(MailDebt.changed_at < before, over))
