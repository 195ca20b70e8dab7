"""Mails that came back: refused at the door, or reported later by a delivery report (RFC 3464)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis import logs
from chassis.storage.database import Database
from contracts.rpc.notices import Mailing, MailingRequest
from services.notices.mail import domain
from services.notices.mail.delivery_report import read_report
from services.notices.mail.repository import addresses, mails

log = logs.get_logger(__name__)


def note(session: Session, mail_id: UUID, *, hard: bool, status: str, now: datetime) -> None:
    """Note that a mail came back, once; after the third time for the address itself, that is not used any more."""
    if addresses.add_bounce(session, mail_id, hard=hard, status=status, now=now) and hard:
        addresses.refuse_address_of(session, mail_id, after=domain.HARD_BOUNCES_MAX)


def record(database: Database, content: bytes, now: datetime) -> bool:
    """Take in a message from the mailbox of delivery reports; False when it is none about a mail of ours."""
    report = read_report(content)
    if report is None:
        log.info("delivery_report_ignored", reason="not a failure report about a mail of ours")
        return False
    with database.transaction() as tx:
        if not mails.came_back(tx.session, report.mail_id, report.status, now):
            log.info("delivery_report_ignored", reason="no such mail", mail_id=str(report.mail_id))
            return False
        note(tx.session, report.mail_id, hard=domain.is_hard(report.status), status=report.status, now=now)
    log.info("mail_came_back", mail_id=str(report.mail_id), status=report.status)
    return True


def mailing(database: Database, request: MailingRequest) -> Mailing:
    """Return whether the citizen's address is one that is not used any more."""
    address_sha256 = domain.address_sha256(request.email)
    with database.reading() as session:
        return Mailing(address_refused=addresses.is_refused(session, request.citizen_id, address_sha256))
