"""Delivery of what is queued: each mail at most once.

That a mail is being handed over is committed before the first byte of it leaves. A process that dies after that
leaves it `sending`, and later `unknown`: nobody can tell any more whether it was taken, so it is not sent again but
shown to ops. A process that dies before leaves it queued.
"""

from datetime import datetime
from typing import Final

from prometheus_client import Counter

from chassis import logs
from chassis.storage.database import Database
from contracts.errors import Unavailable
from services.notices.mail import domain, smtp
from services.notices.mail.domain import State
from services.notices.mail.repository import addresses, mails
from services.notices.mail.usecases import bounces, message
from services.notices.mail.usecases.dependencies import MailDependencies
from services.notices.mail.usecases.message import RenderedMessage
from services.notices.models import Mail

log = logs.get_logger(__name__)

_ENDED: Final = Counter("mails_total", "Mails that came to an end, by what it was.", ["kind", "state"])


def send_next(dependencies: MailDependencies, now: datetime) -> bool:
    """Take up the next mail that is due and send it, or put it off; False where none is due."""
    with dependencies.database.transaction() as tx:
        mail = mails.claim(tx.session, now)
    if mail is None:
        return False
    _send(dependencies, mail, now)
    return True


def note_lost(database: Database, now: datetime) -> None:
    """Tell ops of mails whose hand-over was cut off."""
    with database.transaction() as tx:
        lost = mails.lose(tx.session, now)
    for mail_id, kind in lost:
        _ENDED.labels(kind, State.UNKNOWN.value).inc()
        log.error("mail_outcome_unknown", mail_id=str(mail_id), kind=kind)


def _send(dependencies: MailDependencies, mail: Mail, now: datetime) -> None:
    try:
        answer = _hand_over(dependencies, mail, message.compose(dependencies, mail, now), now)
    except message.NotToBeSentError as reason:
        _end(dependencies, mail, State.DROPPED, str(reason), now)
    except message.NotNowError:
        _put_off(dependencies, mail, now + domain.BUSY_PAUSE, "being_paid", counts=False)
    except Unavailable as error:
        _put_off(dependencies, mail, now + domain.OUTAGE_PAUSE, error.code.value, counts=False)
    except smtp.TryAgainError as error:
        _try_again(dependencies, mail, str(error), now)
    except smtp.RefusedError as error:
        _come_back(dependencies, mail, error, now)
    except smtp.OutcomeUnknownError as error:
        log.error("mail_outcome_unknown", mail_id=str(mail.id), reason=str(error))  # noqa: TRY400 -- no trace: the reason says it
        _end(dependencies, mail, State.UNKNOWN, str(error), now)
    except Exception as error:
        # A bug, or an answer that does not fit: the next mail must not wait for this one.
        log.exception("mail_failed", mail_id=str(mail.id))
        _try_again(dependencies, mail, type(error).__name__, now)
    else:
        if answer is not None:
            _end(dependencies, mail, State.SENT, answer, now)


def _hand_over(dependencies: MailDependencies, mail: Mail, rendered: RenderedMessage, now: datetime) -> str | None:
    address_sha256 = domain.address_sha256(rendered.recipient)
    with dependencies.database.transaction() as tx:
        if addresses.is_refused(tx.session, mail.citizen_id, address_sha256):
            raise message.NotToBeSentError("address_refused")
        mails.note_address(tx.session, mail, address_sha256)

    def begin() -> bool:
        with dependencies.database.transaction() as tx:
            return mails.begin(tx.session, mail, now)

    sender = dependencies.settings.envelope_sender(mail.id.hex)
    return smtp.hand_over(dependencies.settings, sender, rendered.recipient, rendered.content, begin)


def _try_again(dependencies: MailDependencies, mail: Mail, reason: str, now: datetime) -> None:
    delay = domain.retry_delay(mail.attempts)
    if delay is None:
        _end(dependencies, mail, State.GIVEN_UP, reason, now)
    else:
        _put_off(dependencies, mail, now + delay, reason, counts=True)


def _put_off(dependencies: MailDependencies, mail: Mail, until: datetime, reason: str, *, counts: bool) -> None:
    with dependencies.database.transaction() as tx:
        mails.put_off(tx.session, mail, until, reason, counts=counts)
    log.warning("mail_put_off", mail_id=str(mail.id), kind=mail.kind, reason=reason, until=until.isoformat())


def _come_back(dependencies: MailDependencies, mail: Mail, error: smtp.RefusedError, now: datetime) -> None:
    hard = error.by_recipient and domain.is_hard(str(error))
    with dependencies.database.transaction() as tx:
        if mails.end(tx.session, mail, State.BOUNCED, str(error), now):
            bounces.note(tx.session, mail.id, hard=hard, status=str(error), now=now)
    _tell(mail, State.BOUNCED, str(error))


def _end(dependencies: MailDependencies, mail: Mail, state: State, reason: str | None, now: datetime) -> None:
    with dependencies.database.transaction() as tx:
        mails.end(tx.session, mail, state, reason, now)
    _tell(mail, state, reason)


def _tell(mail: Mail, state: State, reason: str | None) -> None:
    _ENDED.labels(mail.kind, state.value).inc()
    log.info("mail_ended", mail_id=str(mail.id), kind=mail.kind, state=state.value, reason=reason)
