"""What notices learns from events: what is owed, what was paid, who agreed to be written to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Tx
from contracts.rpc import identity
from services.notices.mail import domain, repository

_PURPOSE: Final = "email_reminders"


def learn_position(tx: Tx, event: Mapping[str, Any], now: datetime) -> None:
    """Take in a PracticeCreated or PracticeAmended; of the debtor only what recognises them is kept."""
    data = event["data"]
    values = {
        "practice_id": data["practice_id"],
        "sequence": data["sequence"],
        "is_open": not data["cancelled"],
        "debtor_sha256": domain.debtor_sha256(data["debtor"]["fiscal_code"]),
        "due_date": data["due_date"],
        "created_at": data["created_at"],
        "changed_at": now,
    }
    repository.fold_debt(tx.session, values)


def learn_end(tx: Tx, event: Mapping[str, Any], now: datetime) -> None:
    """Take in a PracticeCancelled or PracticeExpired."""
    data = event["data"]
    values = {"practice_id": data["practice_id"], "sequence": data["sequence"], "is_open": False, "changed_at": now}
    repository.fold_debt(tx.session, values)


def learn_payment(tx: Tx, event: Mapping[str, Any]) -> None:
    """Take in a PaymentConfirmed. Its time is the event's: what the receipt says of it may be days ago."""
    data = event["data"]
    if data["practice_id"] is not None:
        repository.add_receipt(tx.session, data["receipt_id"], data["practice_id"], event["time"])


def learn_consent(tx: Tx, rpc: RpcClient, event: Mapping[str, Any]) -> None:
    """Take in a ConsentGranted: ask identity what exactly was agreed to, and how to recognise the citizen's debts."""
    data = event["data"]
    if data["purpose"] != _PURPOSE:
        return
    mailbox = rpc.call(identity.MAILBOX, {"citizen_id": data["citizen_id"]})["mailbox"]
    if mailbox is None:
        # Revoked meanwhile: that event is on its way, and has the higher number.
        return
    values = {
        "citizen_id": data["citizen_id"],
        "sequence": int(event["sequence"]),
        "since": data["at"],
        "messages": mailbox["messages"],
        "debtor_sha256": domain.debtor_sha256(mailbox["fiscal_code"]),
    }
    repository.fold_subscription(tx.session, values)


def learn_revocation(tx: Tx, event: Mapping[str, Any], now: datetime) -> None:
    """Take in a ConsentRevoked: forget whose debts they were and drop what is queued."""
    data = event["data"]
    if data["purpose"] != _PURPOSE:
        return
    citizen_id: UUID = data["citizen_id"]
    values = {
        "citizen_id": citizen_id,
        "sequence": int(event["sequence"]),
        "since": None,
        "messages": [],
        "debtor_sha256": None,
        "refused_address_sha256": None,
    }
    if repository.fold_subscription(tx.session, values):
        repository.drop_queued(tx.session, citizen_id, "revoked", now)
