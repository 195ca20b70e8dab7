"""What the audit tells of a practice: who changed its amount, due date or state, and from what to what."""

from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.storage.database import Tx
from contracts.actors import Actor
from contracts.error_details import ChangedMeanwhile
from contracts.roles import Operation
from contracts.rpc.audit import AuditEntry as AuditEntryShown
from contracts.rpc.audit import AuditRequest
from services.practices.models import AuditEntry, Json, PracticeRow

_LOOKED_AT: Final = 100


def fields_of(row: PracticeRow) -> Json:
    """Return the fields of a practice that the audit tells, as they are now: none says who the debtor is."""
    due_date = row.due_date.isoformat() if row.due_date else None
    return {"amount_cents": row.amount_cents, "due_date": due_date, "state": row.state}


def note(
    tx: Tx,
    row: PracticeRow,
    actor: Actor,
    operation: Operation,
    before: Json,
    now: datetime,
    *,
    reason: str | None = None,
) -> None:
    """Append a change of a practice to the audit, last in its transaction.

    `before`: its fields before the change, none of a practice that is new.
    """
    after = fields_of(row)
    changed = [name for name, value in after.items() if name not in before or before[name] != value]
    change = Change(
        entity_code=row.entity_code,
        actor=actor,
        operation=operation.value,
        subject=str(row.id),
        reason=reason,
        before={name: before[name] for name in changed if name in before},
        after={name: after[name] for name in changed},
    )
    entries.append(tx, change, now)


def note_mailed(tx: Tx, entity_code: str, practice_id: UUID, actor: Actor, mailed: str, now: datetime) -> None:
    """Append that a notice or a receipt is sent by e-mail, last in its transaction: not to which address."""
    change = Change(
        entity_code=entity_code,
        actor=actor,
        operation="practices.mail",
        subject=str(practice_id),
        after={"mailed": mailed},
    )
    entries.append(tx, change, now)


def changed_meanwhile(tx: Tx, row: PracticeRow) -> ChangedMeanwhile:
    """Return who changed what of a practice last, where that stands in the audit."""
    return _told(entries.last_of(tx.session, AuditEntry, row.entity_code, str(row.id)), row.sequence)


def catalogue_changed(tx: Tx, entity_code: str, number: int) -> ChangedMeanwhile:
    """Return who published the version of a catalogue that is in force; nobody of the office, where a file did."""
    asked = AuditRequest(entity_code=entity_code, limit=_LOOKED_AT)
    found = entries.page(tx.session, AuditEntry, asked).entries
    last = next((one for one in found if one.after.get("version") == number), None)
    return _told(last, number)


def _told(last: AuditEntryShown | None, version: int) -> ChangedMeanwhile:
    if last is None:
        return ChangedMeanwhile(version=version)
    return ChangedMeanwhile(
        version=version,
        actor_kind=last.actor.kind,
        actor_id=last.actor.id,
        operation=last.operation,
        at=last.at,
        fields=sorted({*last.before, *last.after}),
    )
