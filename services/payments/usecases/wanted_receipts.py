"""An operator wants a receipt that never came."""

from datetime import datetime
from typing import Final

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.storage.database import Database
from contracts.actors import Actor
from contracts.errors import ErrorCode, Refused
from services.payments.repository import positions, recoveries
from services.payments.repository.recoveries import Reason, State

_WANTED: Final = "payments.recover_receipt"


def want(
    database: Database, entity_code: str, iur: str, iuv: str | None, now: datetime, actor: Actor | None = None
) -> str:
    """Note that a receipt is wanted and return how it stands: one that is here, or was asked for already, is left.

    What was given up on is asked for anew. `actor` stands in the audit. Raises Refused(UNKNOWN_ENTITY).
    """
    with database.transaction() as tx:
        creditor = positions.creditor_of_entity(tx.session, entity_code)
        if creditor is None:
            raise Refused(ErrorCode.UNKNOWN_ENTITY)
        if recoveries.has_come(tx.session, creditor.fiscal_code, iur):
            return State.ARRIVED.value
        known = recoveries.by_iur(tx.session, creditor.fiscal_code, iur)
        if known is None or known.state != State.WAITING or known.reason != Reason.OPERATOR:
            recoveries.request(tx.session, creditor.fiscal_code, iur, iuv, Reason.OPERATOR, now)
            if actor is not None:
                change = Change(entity_code=entity_code, actor=actor, operation=_WANTED, subject=iur)
                entries.append(tx, change, now)
        return State.WAITING.value
