"""What mail learns from events: what is owed, what was paid, who agreed to be written to."""

from datetime import datetime
from typing import Final

from chassis.storage.database import Tx
from contracts.call import Rpc
from contracts.events.envelope import Event
from contracts.events.identity import ConsentChanged
from contracts.events.payments import PaymentConfirmed
from contracts.events.practices import PracticeEnded
from contracts.rpc import identity
from contracts.rpc.identity import MailboxRequest
from contracts.rpc.practices import Position
from services.notices.mail import domain
from services.notices.mail.repository import mails, projections

_PURPOSE: Final = "email_reminders"


def learn_position(tx: Tx, event: Event[Position], now: datetime) -> None:
    """Take in a PracticeCreated or PracticeAmended; of the debtor only what recognises them is saved."""
    position = event.data
    projections.fold_debt(
        tx.session,
        practice_id=position.practice_id,
        sequence=position.sequence,
        is_open=not position.cancelled,
        debtor_sha256=domain.debtor_sha256(position.debtor.fiscal_code),
        due_date=position.due_date,
        created_at=position.created_at,
        now=now,
    )


def learn_end(tx: Tx, event: Event[PracticeEnded], now: datetime) -> None:
    """Take in a PracticeCancelled or PracticeExpired."""
    projections.fold_end(tx.session, practice_id=event.data.practice_id, sequence=event.data.sequence, now=now)


def learn_payment(tx: Tx, event: Event[PaymentConfirmed]) -> None:
    """Take in a PaymentConfirmed. Its time is the event's: what the receipt says of it may be days ago."""
    paid = event.data
    if paid.practice_id is not None:
        projections.add_receipt(tx.session, paid.receipt_id, paid.practice_id, event.time)


def learn_consent(tx: Tx, rpc: Rpc, event: Event[ConsentChanged]) -> None:
    """Take in a ConsentGranted: ask identity what exactly was agreed to, and how to recognise the citizen's debts."""
    granted = event.data
    if granted.purpose != _PURPOSE:
        return
    mailbox = rpc.call(identity.MAILBOX, MailboxRequest(citizen_id=granted.citizen_id)).mailbox
    if mailbox is None:
        # Revoked meanwhile: that event is on its way, and has the higher number.
        return
    projections.fold_consent(
        tx.session,
        citizen_id=granted.citizen_id,
        sequence=int(event.sequence),
        since=granted.at,
        messages=mailbox.messages,
        debtor_sha256=domain.debtor_sha256(mailbox.fiscal_code),
    )


def learn_revocation(tx: Tx, event: Event[ConsentChanged], now: datetime) -> None:
    """Take in a ConsentRevoked: forget whose debts they were and drop what is queued."""
    revoked = event.data
    if revoked.purpose != _PURPOSE:
        return
    if projections.fold_revocation(tx.session, citizen_id=revoked.citizen_id, sequence=int(event.sequence)):
        mails.drop_queued(tx.session, revoked.citizen_id, "revoked", now)
