"""Mails that came back, and the addresses that are not used any more because of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notices.models import Mail, MailBounce, MailSubscription


def add_bounce(session: Session, mail_id: UUID, *, hard: bool, status: str, now: datetime) -> bool:
    """Note that a mail came back; False where that is noted already."""
    statement = insert(MailBounce).values(mail_id=mail_id, hard=hard, status=status, at=now).on_conflict_do_nothing()
    return session.scalar(statement.returning(MailBounce.mail_id)) is not None


def refuse_address_of(session: Session, mail_id: UUID, *, after: int) -> None:
    """Use a mail's address no more when it refused as many mails to its citizen."""
    mail = session.get_one(Mail, mail_id)
    refusals = (
        select(func.count())
        .select_from(MailBounce)
        .join(Mail, Mail.id == MailBounce.mail_id)
        .where(MailBounce.hard, Mail.citizen_id == mail.citizen_id, Mail.address_sha256 == mail.address_sha256)
    )
    if (session.scalar(refusals) or 0) >= after:
        subscription = update(MailSubscription).where(MailSubscription.citizen_id == mail.citizen_id)
        session.execute(subscription.values(refused_address_sha256=mail.address_sha256))


def is_refused(session: Session, citizen_id: UUID, address_sha256: bytes) -> bool:
    """Return whether an address of a citizen is not used any more."""
    statement = select(MailSubscription.citizen_id).where(
        MailSubscription.citizen_id == citizen_id, MailSubscription.refused_address_sha256 == address_sha256
    )
    return session.scalar(statement) is not None
