"""What mail knows of practices, payments and consents: each folded by the number of its events."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from services.notices.models import MailDebt, MailReceipt, MailSubscription


def fold_debt(
    session: Session,
    *,
    practice_id: UUID,
    sequence: int,
    is_open: bool,
    debtor_sha256: bytes | None,
    due_date: date | None,
    created_at: datetime,
    now: datetime,
) -> None:
    """Take in what an event says of a practice, unless a later one was here before."""
    debt = insert(MailDebt).values(
        practice_id=practice_id,
        sequence=sequence,
        is_open=is_open,
        debtor_sha256=debtor_sha256,
        due_date=due_date,
        created_at=created_at,
        changed_at=now,
    )
    _fold_debt(session, debt, ("is_open", "debtor_sha256", "due_date", "created_at"))


def fold_end(session: Session, *, practice_id: UUID, sequence: int, now: datetime) -> None:
    """Take in that a practice is not to be paid any more, unless a later event was here before."""
    debt = insert(MailDebt).values(practice_id=practice_id, sequence=sequence, is_open=False, changed_at=now)
    _fold_debt(session, debt, ("is_open",))


def _fold_debt(session: Session, debt: Insert, names: Sequence[str]) -> None:
    session.execute(
        debt.on_conflict_do_update(
            index_elements=[MailDebt.practice_id],
            set_={name: debt.excluded[name] for name in ("sequence", "changed_at", *names)},
            where=MailDebt.sequence < debt.excluded.sequence,
        )
    )


def add_receipt(session: Session, receipt_id: str, practice_id: UUID, confirmed_at: datetime) -> None:
    """Note a payment, once."""
    values = {"receipt_id": receipt_id, "practice_id": practice_id, "confirmed_at": confirmed_at}
    session.execute(insert(MailReceipt).values(values).on_conflict_do_nothing())


def fold_consent(
    session: Session,
    *,
    citizen_id: UUID,
    sequence: int,
    since: datetime,
    messages: Sequence[str],
    debtor_sha256: bytes | None,
) -> None:
    """Take in that a citizen agreed, unless a later event was here before. An address refused stays refused."""
    subscription = insert(MailSubscription).values(
        citizen_id=citizen_id, sequence=sequence, since=since, messages=list(messages), debtor_sha256=debtor_sha256
    )
    _fold_subscription(session, subscription, ("since", "messages", "debtor_sha256"))


def fold_revocation(session: Session, *, citizen_id: UUID, sequence: int) -> bool:
    """Take in that a citizen revoked, unless a later event was here before; return whether it was news."""
    subscription = insert(MailSubscription).values(
        citizen_id=citizen_id,
        sequence=sequence,
        since=None,
        messages=[],
        debtor_sha256=None,
        refused_address_sha256=None,
    )
    names = ("since", "messages", "debtor_sha256", "refused_address_sha256")
    return _fold_subscription(session, subscription, names)


def _fold_subscription(session: Session, subscription: Insert, names: Sequence[str]) -> bool:
    folded = subscription.on_conflict_do_update(
        index_elements=[MailSubscription.citizen_id],
        set_={name: subscription.excluded[name] for name in ("sequence", *names)},
        where=MailSubscription.sequence < subscription.excluded.sequence,
    )
    return session.scalar(folded.returning(MailSubscription.citizen_id)) is not None
