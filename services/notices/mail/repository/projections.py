"""What mail knows of practices, payments and consents: each folded by the number of its events, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, text, update
from sqlalchemy.orm import Session

from chassis.messaging import codec
from services.notices.models import MailSubscription

# Rows are locked in the order of their keys, so that no two processes wait for each other.
_FOLD_DEBTS: Final = text("""
    INSERT INTO mail_debts AS known (practice_id, sequence, is_open, debtor_sha256, due_date, created_at, changed_at)
    SELECT practice_id, sequence, is_open, decode(debtor_sha256, 'hex'), due_date, created_at, :now
    FROM json_to_recordset(CAST(:told AS json)) AS told(
        practice_id uuid, sequence integer, is_open boolean, debtor_sha256 text, due_date date, created_at timestamptz)
    ORDER BY practice_id
    ON CONFLICT (practice_id) DO UPDATE SET sequence = excluded.sequence, changed_at = excluded.changed_at,
        is_open = excluded.is_open, debtor_sha256 = excluded.debtor_sha256, due_date = excluded.due_date,
        created_at = excluded.created_at
    WHERE known.sequence < excluded.sequence
""")
_FOLD_ENDS: Final = text("""
    INSERT INTO mail_debts AS known (practice_id, sequence, is_open, changed_at)
    SELECT practice_id, sequence, false, :now
    FROM json_to_recordset(CAST(:told AS json)) AS told(practice_id uuid, sequence integer)
    ORDER BY practice_id
    ON CONFLICT (practice_id) DO UPDATE SET sequence = excluded.sequence, changed_at = excluded.changed_at,
        is_open = false
    WHERE known.sequence < excluded.sequence
""")
_ADD_RECEIPTS: Final = text("""
    INSERT INTO mail_receipts (receipt_id, practice_id, confirmed_at)
    SELECT receipt_id, practice_id, confirmed_at
    FROM json_to_recordset(CAST(:told AS json)) AS told(
        receipt_id text, practice_id uuid, confirmed_at timestamptz)
    ORDER BY receipt_id
    ON CONFLICT DO NOTHING
""")
_FOLD_CONSENTS: Final = text("""
    INSERT INTO mail_subscriptions AS known (citizen_id, sequence, since, messages, debtor_sha256)
    SELECT citizen_id, sequence, since, ARRAY(SELECT json_array_elements_text(messages)), decode(debtor_sha256, 'hex')
    FROM json_to_recordset(CAST(:told AS json)) AS told(
        citizen_id uuid, sequence integer, since timestamptz, messages json, debtor_sha256 text)
    ORDER BY citizen_id
    ON CONFLICT (citizen_id) DO UPDATE SET sequence = excluded.sequence, since = excluded.since,
        messages = excluded.messages, debtor_sha256 = excluded.debtor_sha256
    WHERE known.sequence < excluded.sequence
""")
_FOLD_REVOCATIONS: Final = text("""
    INSERT INTO mail_subscriptions AS known (citizen_id, sequence, messages)
    SELECT citizen_id, sequence, ARRAY[]::text[]
    FROM json_to_recordset(CAST(:told AS json)) AS told(citizen_id uuid, sequence integer)
    ORDER BY citizen_id
    ON CONFLICT (citizen_id) DO UPDATE SET sequence = excluded.sequence, since = NULL, messages = excluded.messages,
        debtor_sha256 = NULL, refused_address_sha256 = NULL
    WHERE known.sequence < excluded.sequence
    RETURNING citizen_id
""").columns(citizen_id=Uuid)


@dataclass(frozen=True)
class ToldDebt:
    """What an event says of a practice; of its debtor the hash in hex that recognises them."""

    practice_id: UUID
    sequence: int
    is_open: bool
    debtor_sha256: str | None
    due_date: date | None
    created_at: datetime


@dataclass(frozen=True)
class ToldEnd:
    """That a practice is not to be paid any more."""

    practice_id: UUID
    sequence: int


@dataclass(frozen=True)
class ToldReceipt:
    """A payment, and when it was confirmed."""

    receipt_id: str
    practice_id: UUID
    confirmed_at: datetime


@dataclass(frozen=True)
class ToldConsent:
    """That a citizen agreed to these messages; the hash in hex recognises their debts."""

    citizen_id: UUID
    sequence: int
    since: datetime
    messages: Sequence[str]
    debtor_sha256: str | None


@dataclass(frozen=True)
class ToldRevocation:
    """That a citizen revoked."""

    citizen_id: UUID
    sequence: int


def fold_debts(session: Session, told: Sequence[ToldDebt], now: datetime) -> None:
    """Take in what events say of practices, each another one, unless a later one was here before."""
    session.execute(_FOLD_DEBTS, {"told": codec.write(told).decode(), "now": now})


def fold_ends(session: Session, told: Sequence[ToldEnd], now: datetime) -> None:
    """Take in which practices are not to be paid any more, unless a later event was here before."""
    session.execute(_FOLD_ENDS, {"told": codec.write(told).decode(), "now": now})


def add_receipts(session: Session, told: Sequence[ToldReceipt]) -> None:
    """Note payments, each once."""
    session.execute(_ADD_RECEIPTS, {"told": codec.write(told).decode()})


def forget_consent(session: Session, citizen_id: UUID, sequence: int) -> None:
    """Let an event of this number stand when it is told again, unless a later one was here before."""
    statement = update(MailSubscription).where(
        MailSubscription.citizen_id == citizen_id, MailSubscription.sequence <= sequence
    )
    session.execute(statement.values(sequence=0).execution_options(synchronize_session=False))


def fold_consents(session: Session, told: Sequence[ToldConsent]) -> None:
    """Take in who agreed, unless a later event was here before. An address refused stays refused."""
    session.execute(_FOLD_CONSENTS, {"told": codec.write(told).decode()})


def fold_revocations(session: Session, told: Sequence[ToldRevocation]) -> Sequence[UUID]:
    """Take in who revoked, unless a later event was here before; return for whom it was news."""
    return session.scalars(_FOLD_REVOCATIONS, {"told": codec.write(told).decode()}).all()
