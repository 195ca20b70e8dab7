"""How long mails and what they were about are stored."""

from datetime import datetime

from chassis.storage.database import Database
from services.notices.mail import domain
from services.notices.mail.repository import entity_mails, mails


def purge(database: Database, now: datetime) -> None:
    """Delete what was over long ago."""
    with database.transaction() as tx:
        mails.purge(tx.session, now)
        entity_mails.purge(tx.session, now - domain.RETENTION)
