"""What mail learns from events that are there together: what is owed, what was paid, who agreed to be written to.

They come sorted by subject and sequence: of those about one practice or citizen the last is what counts.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from chassis.storage.database import Tx
from contracts.amounts import printed_date
from contracts.call import Rpc
from contracts.events.envelope import Event
from contracts.events.identity import CONSENT_GRANTED, CONSENT_REVOKED, ConsentChanged
from contracts.events.payments import PaymentConfirmed
from contracts.events.practices import PracticeEnded
from contracts.rpc import identity
from contracts.rpc.identity import MailboxRequest
from contracts.rpc.practices import Position
from services.notices.mail import domain
from services.notices.mail.repository import mails, projections
from services.notices.mail.repository.projections import ToldConsent, ToldDebt, ToldEnd, ToldReceipt, ToldRevocation

_PURPOSE: Final = "email_reminders"


def learn_positions(tx: Tx, events: Sequence[Event[Position]], now: datetime) -> None:
    """Take in PracticeCreated or PracticeAmended; of the debtors only what recognises them is saved."""
    latest: dict[object, ToldDebt] = {}
    for position in sorted((event.data for event in events), key=lambda position: position.sequence):
        debtor_sha256 = domain.debtor_sha256(position.debtor.fiscal_code)
        latest[position.practice_id] = ToldDebt(
            practice_id=position.practice_id,
            sequence=position.sequence,
            is_open=not position.cancelled,
            debtor_sha256=debtor_sha256.hex() if debtor_sha256 else None,
            due_date=printed_date(position.due_date, position.schedule),
            created_at=position.created_at,
        )
    projections.fold_debts(tx.session, list(latest.values()), now)


def learn_ends(tx: Tx, events: Sequence[Event[PracticeEnded]], now: datetime) -> None:
    """Take in PracticeCancelled or PracticeExpired."""
    ended = sorted((event.data for event in events), key=lambda end: end.sequence)
    latest = {end.practice_id: ToldEnd(end.practice_id, end.sequence) for end in ended}
    projections.fold_ends(tx.session, list(latest.values()), now)


def learn_payments(tx: Tx, events: Sequence[Event[PaymentConfirmed]]) -> None:
    """Take in PaymentConfirmed. Its time is the event's: what the receipt says of it may be days ago."""
    told = [
        ToldReceipt(event.data.receipt_id, event.data.practice_id, event.time)
        for event in events
        if event.data.practice_id is not None
    ]
    projections.add_receipts(tx.session, told)


def learn_again(tx: Tx, rpc: Rpc, events: Sequence[Event[ConsentChanged]], now: datetime) -> None:
    """Take in what identity tells again of citizens' consents: the last of each stands above what is here."""
    latest = _latest_of_each(events)
    for event in latest:
        projections.forget_consent(tx.session, event.data.citizen_id, int(event.sequence))
    learn_consents(tx, rpc, [event for event in latest if event.type == CONSENT_GRANTED.type])
    learn_revocations(tx, [event for event in latest if event.type == CONSENT_REVOKED.type], now)


def learn_consents(tx: Tx, rpc: Rpc, events: Sequence[Event[ConsentChanged]]) -> None:
    """Take in ConsentGranted: ask identity what exactly was agreed to, and how to recognise the citizens' debts."""
    told = []
    for event in _latest_of_each(events):
        granted = event.data
        mailbox = rpc.call(identity.MAILBOX, MailboxRequest(citizen_id=granted.citizen_id)).mailbox
        if mailbox is None:
            # Revoked meanwhile: that event is on its way, and has the higher number.
            continue
        debtor_sha256 = domain.debtor_sha256(mailbox.fiscal_code)
        told.append(
            ToldConsent(
                citizen_id=granted.citizen_id,
                sequence=int(event.sequence),
                since=granted.at,
                messages=list(mailbox.messages),
                debtor_sha256=debtor_sha256.hex() if debtor_sha256 else None,
            )
        )
    projections.fold_consents(tx.session, told)


def learn_revocations(tx: Tx, events: Sequence[Event[ConsentChanged]], now: datetime) -> None:
    """Take in ConsentRevoked: forget whose debts they were and drop what is queued."""
    told = [ToldRevocation(event.data.citizen_id, int(event.sequence)) for event in _latest_of_each(events)]
    for citizen_id in projections.fold_revocations(tx.session, told):
        mails.drop_queued(tx.session, citizen_id, "revoked", now)


def _latest_of_each(events: Sequence[Event[ConsentChanged]]) -> list[Event[ConsentChanged]]:
    """Return of each citizen the last of the events that are about mail."""
    about_mail = sorted((one for one in events if one.data.purpose == _PURPOSE), key=lambda one: int(one.sequence))
    return list({event.data.citizen_id: event for event in about_mail}.values())
