"""What the audit tells of a debt file: who sent it, had it loaded, stopped it; of its rows the report tells."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.storage.database import Tx
from contracts.actors import Actor
from contracts.roles import Operation
from contracts.rpc.practices import ImportApplyRequest, ImportCancelRequest, ImportQueueRequest


def note_sent(tx: Tx, request: ImportQueueRequest, now: datetime) -> None:
    """Note that an operator sent a file."""
    _append(tx, request.entity_code, request.import_id, request.actor, Operation.IMPORT_DEBTS.value, now)


def note_applied(tx: Tx, request: ImportApplyRequest, foreseen: Mapping[str, int], now: datetime) -> None:
    """Note that a file is to be loaded, and what its preview foresaw: counts by the column of an import."""
    counts = {f"import_{name}": count for name, count in foreseen.items()}
    _append(
        tx,
        request.entity_code,
        request.import_id,
        request.actor,
        "debts.apply_import",
        now,
        reason=request.reason if request.annul_missing else None,
        after=counts,
    )


def note(tx: Tx, request: ImportCancelRequest, operation: str, now: datetime) -> None:
    """Note that a file was cancelled, stopped or let go on."""
    _append(tx, request.entity_code, request.import_id, request.actor, operation, now)


def _append(
    tx: Tx,
    entity_code: str,
    import_id: UUID,
    actor: Actor | None,
    operation: str,
    now: datetime,
    *,
    reason: str | None = None,
    after: Mapping[str, int] | None = None,
) -> None:
    if actor is None:
        return
    change = Change(
        entity_code=entity_code,
        actor=actor,
        operation=operation,
        subject=str(import_id),
        reason=reason,
        after=after or {},
    )
    entries.append(tx, change, now)
