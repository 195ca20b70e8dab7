"""The projection of practices' events in batches: the same as one by one, and the same as the domain's fold."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from contracts.codes import AmountCents
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CANCELLED
from services.payments import models
from services.payments.domain.positions import Change, PositionStatus, fold
from services.payments.repository import positions as stored_positions
from services.payments.usecases import positions
from tests.integration.payments.payments_actors import (
    START,
    Practices,
    ask_node,
    emitted,
    ended,
    event,
    position,
    receipt,
)


def told(number: int, sequence: int) -> Any:
    return replace(position(number, sequence), amount_cents=AmountCents(100 * sequence))


def histories(random: Random) -> list[tuple[str, Any]]:
    """What happened to eight practices, late, twice and in any order."""
    changes: list[tuple[str, Any]] = []
    for number in range(1, 9):
        for sequence in range(1, random.randint(2, 6)):
            if random.random() < 0.3:
                changes.append(("end", ended(number, sequence)))
            else:
                changes.append(("terms", told(number, sequence)))
    changes += random.sample(changes, len(changes) // 3)
    random.shuffle(changes)
    return changes


def project(database: Any, changes: Sequence[tuple[str, Any]]) -> None:
    with database.transaction() as tx:
        terms = [event(PRACTICE_AMENDED, data, START) for kind, data in changes if kind == "terms"]
        ends = [event(PRACTICE_CANCELLED, data, START) for kind, data in changes if kind == "end"]
        positions.project_positions(tx, terms, START)
        positions.project_ends(tx, ends, PositionStatus.CANCELLED, START)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("size", [1, 3, 100])
def test_batches_of_any_size_fold_to_what_the_domain_folds(database, seed, size):
    changes = histories(Random(seed))
    expected: dict[Any, Any] = {}
    for kind, data in changes:
        change = Change.of_position(data) if kind == "terms" else Change.of_end(data, PositionStatus.CANCELLED)
        expected[change.practice_id] = fold(expected.get(change.practice_id), change)
    for first in range(0, len(changes), size):
        project(database, changes[first : first + size])
    with database.reading() as session:
        assert stored_positions.by_practice(session, list(expected)) == expected


def test_receipts_that_waited_are_judged_with_the_batch_that_brings_their_notices(database):
    away = Practices()
    first = position(9)
    away.issued = {9: first}
    ask_node(database, away, START, receipt(9, "R9", 1000, None))
    away.away = True
    for number in (1, 2):
        ask_node(database, away, START, receipt(number, f"R{number}", 1000, None))
    project(database, [("terms", position(number)) for number in (1, 2, 3)])
    with database.reading() as session:
        rows = session.scalars(sa.select(models.Receipt)).all()
    judged = {row.receipt_id: row.judgement for row in rows}
    assert judged == {"R9": "expected", "R1": "expected", "R2": "expected"}
    assert len(emitted(database, "PaymentConfirmed")) == 3


def test_what_was_paid_survives_a_batch(database):
    known = Practices()
    known.issued = {1: position(1)}
    ask_node(database, known, START, receipt(1, "R1", 1000, None))
    project(database, [("terms", told(1, 2)), ("end", ended(1, 3))])
    with database.reading() as session:
        stored = session.get_one(models.Position, position(1).practice_id)
    assert (stored.status, stored.paid_receipt_id, stored.amount_cents) == ("cancelled", "R1", 200)


def test_a_batch_takes_no_more_statements_than_one_event(database):
    statements: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *told_of: statements.append(told_of[2]))
    project(database, [("terms", position(1))])
    of_one = len(statements)
    statements.clear()
    project(database, [("terms", position(number)) for number in range(2, 100)])
    assert len(statements) <= of_one <= 6


def test_the_newest_name_of_a_creditor_stays(database):
    newer = replace(position(1), creditor=replace(position(1).creditor, company_name="Nuovo nome"))
    with database.transaction() as tx:
        events = [
            event(PRACTICE_AMENDED, newer, START + timedelta(hours=1)),
            event(PRACTICE_AMENDED, position(2), START),
        ]
        positions.project_positions(tx, events, START)
    with database.reading() as session:
        creditor = stored_positions.creditor(session, position(1).creditor.fiscal_code)
    assert creditor is not None
    assert creditor.company_name == "Nuovo nome"
