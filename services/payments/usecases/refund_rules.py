"""Whether an entity wants a second person to confirm each refund: said by whoever runs the portal, and audited."""

from datetime import datetime
from typing import Final

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.storage.database import Database
from contracts.actors import Actor
from services.payments.repository import money_cases

OPERATION: Final = "money.change_rules"
_COMMAND: Final = Actor(kind="command", id="refund-rules")


def wants_second_person(database: Database, entity_code: str) -> bool:
    """Return whether it does."""
    with database.reading() as session:
        return money_cases.wants_second_person(session, entity_code)


def change(database: Database, entity_code: str, *, second_person: bool, now: datetime) -> None:
    """Let it be so from now on; what waits for a second person goes on waiting. The same again is not audited."""
    with database.transaction() as tx:
        before = money_cases.wants_second_person(tx.session, entity_code)
        if before == second_person:
            return
        money_cases.save_rules(tx.session, entity_code, second_person=second_person)
        change = Change(
            entity_code=entity_code,
            actor=_COMMAND,
            operation=OPERATION,
            subject=entity_code,
            before={"second_person": before},
            after={"second_person": second_person},
        )
        entries.append(tx, change, now)
