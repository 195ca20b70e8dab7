"""The audit in a real database: in the transaction of the change, without holes, and nothing of it changed unseen."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from chassis.audit import entries, verification
from chassis.audit.chain import Content, digest
from chassis.audit.entries import Change
from chassis.audit.verification import Chain, Noted
from chassis.storage.database import Database
from contracts.actors import Actor
from contracts.rpc.audit import AuditRequest
from services.identity.models import AuditEntry

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
MARIO = Actor(kind="operator", id="mario")


@pytest.fixture(name="audited")
def _audited(service_database: Callable[[str], Database]) -> Database:
    return service_database("identity")


def write(database: Database, subject: str, entity_code: str = "PM108", **changes: Any) -> int:
    change = Change(entity_code=entity_code, actor=MARIO, operation="people.invite", subject=subject, **changes)
    with database.transaction() as tx:
        return entries.append(tx, change, NOW)


def tamper(database: Database, statement: str) -> None:
    """What somebody with all rights in the database could do."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_append_only"))
        connection.execute(sa.text(statement))
        connection.execute(sa.text("ALTER TABLE audit_entries ENABLE TRIGGER audit_entries_append_only"))


def problems(database: Database, *noted: Noted) -> tuple[str, ...]:
    (chain,) = verification.verify(database, noted)
    return chain.problems


@pytest.fixture(name="five")
def _five(audited: Database) -> Database:
    for number in range(1, 6):
        assert write(audited, f"subject-{number}", after={"grants": [{"role": "ufficio"}]}) == number
    return audited


def test_entries_of_each_entity_are_counted_and_chained_by_themselves(five: Database) -> None:
    assert write(five, "other", "PM200") == 1
    first, second = verification.verify(five)
    assert (first.entity_code, first.number, first.problems) == ("PM108", 5, ())
    assert (second.entity_code, second.number, second.problems) == ("PM200", 1, ())
    assert first.sha256 != second.sha256


def test_an_entry_is_there_only_if_its_change_is(five: Database) -> None:
    def fails() -> None:
        with five.transaction() as tx:
            entries.append(tx, Change(entity_code="PM108", actor=MARIO, operation="people.invite", subject="x"), NOW)
            raise RuntimeError("the change failed after all")

    with pytest.raises(RuntimeError):
        fails()
    assert write(five, "next") == 6
    assert problems(five) == ()


def test_writers_at_the_same_moment_make_one_chain_without_holes(audited: Database) -> None:
    numbers: list[int] = []

    def writes() -> None:
        numbers.extend(write(audited, "subject") for _ in range(10))

    threads = [threading.Thread(target=writes) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 61))
    (chain,) = verification.verify(audited)
    assert (chain.number, chain.problems) == (60, ())


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET reason = 'x'", "DELETE FROM audit_entries"])
def test_the_database_refuses_to_change_what_was_written(five: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), five.engine.begin() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit_entries SET actor_id = 'giulia' WHERE number = 3", ("entry 3 was changed",)),
        ("UPDATE audit_entries SET after = '{}' WHERE number = 5", ("entry 5 was changed",)),
        ("DELETE FROM audit_entries WHERE number = 2", ("entry 2 was removed",)),
        ("DELETE FROM audit_entries WHERE number IN (2, 3)", ("entries 2 to 3 were removed",)),
        ("DELETE FROM audit_entries WHERE number > 3", ("entries 4 to 5 were removed",)),
        ("DELETE FROM audit_entries", ("entries 1 to 5 were removed",)),
        ("UPDATE audit_heads SET sha256 = decode(repeat('00', 32), 'hex')", ("the head of the chain was changed",)),
        ("DELETE FROM audit_heads", ("the head of the chain is gone",)),
    ],
)
def test_what_was_changed_or_removed_all_the_same_is_named(
    five: Database, statement: str, told: tuple[str, ...]
) -> None:
    tamper(five, statement)
    assert problems(five) == told


def test_an_entry_written_anew_with_its_digest_does_not_fit_the_next_one(five: Database) -> None:
    with five.transaction() as tx:
        row = tx.session.get(AuditEntry, ("PM108", 3))
        assert row is not None
        content = {name: getattr(row, name) for name in Content.__dataclass_fields__}
        anew = digest(row.previous_sha256, Content(**{**content, "actor_id": "giulia"}))
    tamper(five, f"UPDATE audit_entries SET actor_id = 'giulia', sha256 = '\\x{anew.hex()}' WHERE number = 3")
    assert problems(five) == ("entry 4 does not follow entry 3: one of them was written anew",)


def test_a_whole_chain_written_anew_is_found_by_what_was_noted_elsewhere(five: Database) -> None:
    (before,) = verification.verify(five)
    noted = Noted(before.entity_code, before.number, before.sha256)
    assert problems(five, noted) == ()
    tamper(five, "DELETE FROM audit_entries")
    tamper(five, "DELETE FROM audit_heads")
    for number in range(1, 6):
        write(five, f"invented-{number}")
    assert problems(five) == ()
    assert problems(five, noted) == ("entry 5 is not the one that was noted",)
    assert problems(five, Noted("PM108", 9, "00")) == ("entry 9 was noted and is gone",)


def test_the_command_says_which_and_ends_with_an_error(five: Database, start_process: Callable[..., Any]) -> None:
    whole = start_process("-m", "chassis.audit", "verify", "identity")
    assert whole.process.wait(60) == 0
    assert "identity PM108 5 " in whole.log()
    tamper(five, "DELETE FROM audit_entries WHERE number = 4")
    broken = start_process("-m", "chassis.audit", "verify", "identity")
    assert broken.process.wait(60) == 1
    assert "entry 4 was removed" in broken.log()


def test_a_page_holds_what_was_asked_for_newest_first_and_says_where_the_next_begins(five: Database) -> None:
    write(five, "subject-1", reason="once more")
    with five.reading() as session:

        def page(**asked: Any) -> tuple[list[int], int | None]:
            found = entries.page(session, AuditEntry, AuditRequest(entity_code="PM108", **asked))
            return [one.number for one in found.entries], found.next_below

        assert page(limit=4) == ([6, 5, 4, 3], 3)
        assert page(limit=4, below=3) == ([2, 1], None)
        assert page(subject="subject-1") == ([6, 1], None)
        assert page(actor_id="nobody") == ([], None)
        assert page(operation="people.invite", limit=2) == ([6, 5], 5)
        assert page(since=NOW) == ([6, 5, 4, 3, 2, 1], None)
        assert page(until=NOW) == ([], None)
        last = entries.last_of(session, AuditEntry, "PM108", "subject-1")
    assert last is not None
    assert (last.number, last.reason, last.actor) == (6, "once more", MARIO)


def test_a_chain_that_has_not_begun_is_none(audited: Database) -> None:
    assert verification.verify(audited) == []
    assert verification.verify(audited, [Noted("PM108", 1, "00")]) == [
        Chain("PM108", 0, bytes(32).hex(), ("the head of the chain is gone", "entry 1 was noted and is gone"))
    ]
