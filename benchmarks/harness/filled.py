"""Practices by the thousand, written by the database itself, and events about them."""

from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from chassis.messaging.events import wrap
from chassis.storage.database import Database
from contracts.codes import AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.events.practices import PRACTICE_CREATED
from contracts.rpc.practices import Position
from contracts.shapes import Creditor, Subject, Transfer

ENTITY: Final = "PM108"
CREDITOR_CODE: Final = CreditorFiscalCode("80012345676")
DEBTOR: Final = "RSSMRA85T10A562S"
_CHUNK: Final = 20_000  # well within the time a statement may take
_CREDITOR: Final = Creditor(
    code=ENTITY,
    fiscal_code=CREDITOR_CODE,
    company_name="Conservatorio",
    broker_fiscal_code=CREDITOR_CODE,
    station_id=f"{CREDITOR_CODE}_01",
)
_PRACTICES: Final = """
INSERT INTO practices (id, entity_code, service_code, creditor_fiscal_code, origin, external_id, notice_number, iuv,
    debtor, debtor_fiscal_code, description, amount_cents, due_date, payable_until, state, state_since, needs_attention,
    facts, sequence, created_at)
SELECT gen_random_uuid(), :entity, 'TARI', :creditor, 'issued', :debtor || '-' || n, '301' || lpad(n::text, 15, '0'),
    '01' || lpad(n::text, 15, '0'),
    jsonb_build_object('entity_type', 'F', 'fiscal_code', CAST(:debtor AS text), 'full_name', 'Mario Rossi'), :debtor,
    'TARI 2026; utenza di via Duomo ' || n, 1000 + n % 10000, current_date + 30, current_date + 30, 'to_pay', now(),
    false, '{}', 1, now()
FROM generate_series(CAST(:first AS bigint), :last) AS n
"""


def add_practices(database: Database, count: int, *, debtor: str = DEBTOR, first: int = 1) -> None:
    """Write `count` practices to pay of one debtor, numbered from `first`; no two fills may share numbers."""
    values = {"entity": ENTITY, "creditor": CREDITOR_CODE, "debtor": debtor}
    for chunk in range(first, first + count, _CHUNK):
        last = min(chunk + _CHUNK, first + count) - 1
        with database.transaction() as tx:
            tx.session.execute(sa.text(_PRACTICES), {**values, "first": chunk, "last": last})


def analyse(database: Database) -> None:
    """Let the planner know what is there."""
    with database.reading() as session:
        session.execute(sa.text("ANALYZE"))


def position(number: int) -> Position:
    """Return a new practice as PracticeCreated tells it; `number` makes its codes."""
    transfer = Transfer(
        id_transfer=1,
        amount_cents=AmountCents(1000),
        fiscal_code=CREDITOR_CODE,
        company_name="Conservatorio",
        iban="IT60X0542811101000000123456",
        remittance_information="TARI",
        category="9/0601112AP/",
    )
    return Position(
        practice_id=uuid4(),
        sequence=1,
        creditor=_CREDITOR,
        service_code="TARI",
        origin="issued",
        notice_number=NoticeNumber(f"3{number:017d}"),
        iuv=Iuv(f"{number:017d}"),
        amount_cents=AmountCents(1000),
        description="TARI",
        debtor=Subject(entity_type="F", fiscal_code=DEBTOR, full_name="Mario Rossi"),
        transfers=[transfer],
        created_at=datetime.now(UTC),
    )


def created(number: int) -> dict[str, object]:
    """Return the envelope of a PracticeCreated."""
    data = position(number)
    subject = str(data.practice_id)
    return wrap(PRACTICE_CREATED, data, event_id=uuid4(), subject=subject, sequence=1, time=datetime.now(UTC))
