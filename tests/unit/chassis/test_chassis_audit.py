"""The chain of the audit: what an entry's SHA-256 depends on, and what it does not."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest

from chassis.audit.chain import FIRST, Content, digest

CONTENT = Content(
    entity_code="PM108",
    number=1,
    at=datetime(2026, 11, 23, 10, 0, 0, 123_456, tzinfo=UTC),
    actor_kind="operator",
    actor_id="00000000-0000-0000-0000-000000000001",
    operation="practices.amend",
    subject="00000000-0000-0000-0000-000000000002",
    reason="Importo sbagliato: è di più",
    before={"amount_cents": 14_850, "due_date": None},
    after={"amount_cents": 15_000, "due_date": "2026-12-02"},
    correlation_id=None,
)


def test_the_digest_can_be_made_again_by_anybody_from_what_the_entry_says() -> None:
    written = json.dumps(
        {
            "actor_id": CONTENT.actor_id,
            "actor_kind": "operator",
            "after": {"amount_cents": 15_000, "due_date": "2026-12-02"},
            "at": "2026-11-23T10:00:00.123456+00:00",
            "before": {"amount_cents": 14_850, "due_date": None},
            "correlation_id": None,
            "entity_code": "PM108",
            "number": 1,
            "operation": "practices.amend",
            "reason": "Importo sbagliato: è di più",
            "subject": CONTENT.subject,
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )
    assert digest(FIRST, CONTENT) == sha256(bytes(32) + written.encode()).digest()


@pytest.mark.parametrize(
    "changed",
    [
        {"entity_code": "PM200"},
        {"number": 2},
        {"at": CONTENT.at + timedelta(microseconds=1)},
        {"actor_kind": "api_key"},
        {"actor_id": "somebody"},
        {"operation": "practices.annul"},
        {"subject": "another"},
        {"reason": None},
        {"before": {}},
        {"after": {"amount_cents": 15_001, "due_date": "2026-12-02"}},
        {"correlation_id": "c"},
    ],
)
def test_it_depends_on_each_thing_that_an_entry_says(changed: dict[str, object]) -> None:
    assert digest(FIRST, replace(CONTENT, **changed)) != digest(FIRST, CONTENT)  # type: ignore[arg-type]


def test_it_depends_on_the_entry_before_and_not_on_the_order_of_keys_or_the_time_zone() -> None:
    assert digest(b"x" * 32, CONTENT) != digest(FIRST, CONTENT)
    turned = replace(
        CONTENT,
        at=CONTENT.at.astimezone(timezone(timedelta(hours=1))),
        after=dict(reversed(list(CONTENT.after.items()))),
    )
    assert digest(FIRST, turned) == digest(FIRST, CONTENT)
