"""The queue of what is to be sent: filling it looks at everything anew each time, and queues nothing twice.

The database's unique key decides, so it may run in any number of processes, after any event, in any order.
"""

from datetime import datetime

from chassis import logs
from chassis.storage.database import Database
from contracts.calendar import rome_day
from services.notices.mail import domain
from services.notices.mail.repository import mails
from services.notices.mail.settings import MailSettings

log = logs.get_logger(__name__)


def queue_news(database: Database, now: datetime) -> int:
    """Queue word of what is newly owed and of what was paid; return how many mails."""
    with database.transaction() as tx:
        count = mails.queue_notices(tx.session, now) + mails.queue_receipts(tx.session, now)
    return _told(count)


def queue_reminders(database: Database, settings: MailSettings, now: datetime) -> int:
    """Queue the reminders of today, within the hours set for them; return how many mails."""
    if not domain.is_reminding_time(now, settings.hours):
        return 0
    today = rome_day(now)
    before = domain.start_of_day(today)
    with database.transaction() as tx:
        count = sum(
            mails.queue_reminders(tx.session, kind, (first, last), before, now)
            for kind, first, last in domain.windows(today)
        )
    return _told(count)


def _told(count: int) -> int:
    if count:
        log.info("mails_queued", count=count)
    return count
