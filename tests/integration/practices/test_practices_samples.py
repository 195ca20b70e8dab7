"""practices at both ends of the golden samples: it writes what they say and folds what they say."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from chassis.messaging.events import read_event
from chassis.storage.database import Database
from contracts.amounts import AmountSchedule
from contracts.codes import AmountCents
from contracts.events import EVENTS
from contracts.rpc.practices import AnnulRequest, Practice
from contracts.shapes import Beneficiary, Instalment
from services.practices.models import OutboxMessage, PracticeRow
from services.practices.service import PracticesService
from services.practices.usecases import debts, expiry

SAMPLES = Path(__file__).parents[3] / "contracts/samples"
SAMPLE_PRACTICE = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
Put = Callable[..., Practice]


def sample(event_type: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((SAMPLES / f"{event_type}.json").read_text())
    return content


def shape(value: Any) -> Any:
    """Return the keys of a message, all the way down."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


def test_the_events_practices_writes_have_the_shape_of_their_samples(
    database: Database, put: Put, now: datetime
) -> None:
    put("MENSA-1", service_code="MENSA", due_date=date(2026, 11, 20))
    student = Beneficiary(full_name="Anna Rossi", course="Pianoforte", school="Tastiere", contribution_type="Retta")
    whole = {"instalment": Instalment(number=5, total=7), "beneficiary": student}
    put("TARI-1", debt_position="POSITION-1", option="rate", **whole)
    schedule = AmountSchedule(surcharge_cents=AmountCents(500), interest_basis_points=250)
    put("TARI-1", amount_cents=99, due_date=date(2026, 12, 20), schedule=schedule, **whole)
    request = AnnulRequest(entity_code="PM108", external_id="TARI-1", reason="Per Mario Rossi")
    debts.annul_debt(database, request, now)
    expiry.expire_overdue(database, now)
    with database.reading() as session:
        written = {
            body["type"]: body for body in session.scalars(select(OutboxMessage.body).order_by(OutboxMessage.id))
        }
    assert set(written) == {name for name, event_type in EVENTS.items() if event_type.source == "practices"}
    for name, body in written.items():
        assert shape(body) == shape(sample(name))
    assert "Rossi" not in str(written["PracticeCancelled.v1"])
    told = written["PracticeAmended.v1"]["data"]
    assert (told["external_id"], told["instalment"]) == ("TARI-1", {"number": 5, "total": 7})
    assert told["beneficiary"]["full_name"] == "Anna Rossi"


@pytest.mark.parametrize(
    ("event_type", "method", "state"),
    [
        ("CheckoutStarted.v1", "on_checkout_started", "unconfirmed"),
        ("CheckoutAbandoned.v1", "on_checkout_abandoned", "to_pay"),
        ("PaymentConfirmed.v1", "on_payment_confirmed", "paid"),
        ("PaymentDuplicated.v1", "on_payment_duplicated", "to_pay"),
        ("PaymentReported.v1", "on_payment_reported", "to_pay"),
    ],
)
def test_every_sample_of_payments_is_folded_by_its_handler(
    database: Database, put: Put, event_type: str, method: str, state: str
) -> None:
    practice = put("TARI-1", at=datetime.now(UTC) - timedelta(days=90))
    event = read_event(EVENTS[event_type], sample(event_type))
    with database.transaction() as tx:
        renamed = update(PracticeRow).where(PracticeRow.id == practice.id).values(id=SAMPLE_PRACTICE)
        tx.session.execute(renamed)
        getattr(PracticesService(), method).__wrapped__(PracticesService(), tx, event)
    with database.reading() as session:
        row = session.get_one(PracticeRow, SAMPLE_PRACTICE)
        assert row.state == state
        assert row.facts
