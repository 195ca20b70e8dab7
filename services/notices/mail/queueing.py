"""Deciding what is to be sent: looks at everything anew each time, and queues nothing twice.

The database's unique key decides, so it may run in any number of processes, after any event, in any order.
"""

from datetime import datetime

from chassis import logs
from chassis.database import Database
from services.notices.mail import domain, repository
from services.notices.mail.settings import MailSettings

log = logs.get_logger(__name__)


def queue(database: Database, settings: MailSettings, now: datetime) -> int:
    """Queue what became due since the last look; return how many mails."""
    today = now.astimezone(domain.ROME).date()
    with database.transaction() as tx:
        count = repository.queue_notices(tx.session, now) + repository.queue_receipts(tx.session, now)
        if domain.is_reminding_time(now, settings.hours):
            before = domain.start_of_day(today)
            for kind, first, last in domain.windows(today):
                count += repository.queue_reminders(tx.session, kind, (first, last), before, now)
    if count:
        log.info("mails_queued", count=count)
    return count
