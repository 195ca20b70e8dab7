"""What payments forgets after the periods of an entity: whom money was of, never how much came and when."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from chassis import clock
from contracts.call import Call
from contracts.rpc import parity, payments, practices
from contracts.rpc.parity import Lines
from contracts.rpc.practices import Practice, Retention
from services.payments.usecases import personal_data
from tests.conftest import wait_until
from tests.integration.payments.conftest import PAYER, Town

PERSONAL = ("RSSMRA85T10A562S", "Mario", "Rossi", PAYER, "localhost")
LATER = timedelta(days=4_000)
TABLES = {"positions": "practice_id", "receipts": "practice_id", "checkout_items": "practice_id"}


class Periods:
    """practices as it is, with these periods; of one practice it says nothing."""

    def __init__(self, town: Town, retention: Retention, *, but: UUID | None = None) -> None:
        self._town = town
        self._retention = retention
        self._but = but

    def call(self, call: Call[Any, Any], request: Any, **more: Any) -> Any:
        reply = self._town.rpc.call(call, request, **more)
        if call is practices.ENTITY:
            return replace(reply, retention=self._retention)
        if call is parity.PRACTICES_LINES:
            return Lines(lines=[line for line in reply.lines if line.key != self._but])
        return reply


def paid(town: Town) -> Practice:
    """Let somebody pay by Checkout."""
    practice = town.issue(description="Retta di Mario Rossi")
    checkout = town.start(practice)
    town.choose(checkout, "paid")
    wait_until(lambda: town.practice(practice.id).state == "paid", timeout_s=90)
    return practice


def written(town: Town, practice: Practice) -> str:
    """Return all that payments has about a practice, as text."""
    found = []
    with town.database.reading() as session:
        for table, key in TABLES.items():
            rows = session.execute(
                sa.text(f"SELECT to_jsonb(t) FROM {table} t WHERE {key} = :id"),
                {"id": practice.id},
            )
            found += [str(row) for row in rows.scalars()]
        checkouts = sa.text(
            "SELECT to_jsonb(c) FROM checkouts c JOIN checkout_items i ON checkout_id = c.id WHERE practice_id = :id"
        )
        found += [str(row) for row in session.execute(checkouts, {"id": practice.id}).scalars()]
    assert len(found) == 4
    return " ".join(found)


def test_after_the_periods_the_money_stays_and_the_persons_are_gone(town: Town) -> None:
    practice, owed = paid(town), town.issue()
    before = town.rpc.call(payments.RECEIPTS, payments.ReceiptsRequest(practice_id=practice.id)).receipts
    assert [word for word in PERSONAL if word in written(town, practice)]
    now = clock.now()
    personal_data.forget(town.database, Periods(town, Retention()), now + timedelta(days=700))
    assert "Mario" in written(town, practice)
    personal_data.forget(town.database, Periods(town, Retention(paused=True)), now + LATER)
    assert "Mario" in written(town, practice)
    personal_data.forget(town.database, Periods(town, Retention()), now + LATER)
    assert not [word for word in PERSONAL if word in written(town, practice)]
    after = town.rpc.call(payments.RECEIPTS, payments.ReceiptsRequest(practice_id=practice.id)).receipts
    money = [(one.receipt_id, one.amount_cents, one.paid_at, one.psp_name) for one in before]
    assert [(one.receipt_id, one.amount_cents, one.paid_at, one.psp_name) for one in after] == money
    with town.database.reading() as session:
        debtor = sa.text("SELECT debtor ->> 'full_name' FROM positions WHERE practice_id = :id")
        assert session.scalar(debtor, {"id": owed.id}) == "Mario Rossi"


def test_a_position_that_practices_knows_otherwise_waits(town: Town) -> None:
    practice = paid(town)
    now = clock.now() + LATER
    debtor = sa.text("SELECT debtor ->> 'full_name' FROM positions WHERE practice_id = :id")

    def name() -> str | None:
        with town.database.reading() as session:
            found: str | None = session.scalar(debtor, {"id": practice.id})
            return found

    personal_data.forget(town.database, Periods(town, Retention(), but=practice.id), now)
    assert name() == "Mario Rossi"
    personal_data.forget(town.database, Periods(town, Retention()), now)
    assert name() == "-"
