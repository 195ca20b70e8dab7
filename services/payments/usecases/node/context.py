"""What the answers to the node have in common."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.storage.database import Database, Tx
from contracts.calendar import rome_day
from contracts.call import Rpc
from contracts.shapes import Creditor
from services.payments.domain.node import Fault, Situation
from services.payments.domain.positions import Position
from services.payments.repository import node_calls
from services.payments.soap import responses
from services.payments.soap.requests import NodeMessage
from services.payments.usecases.positions import known_creditor

_OF_SYNTAX: Final = (Fault.SYNTAX, Fault.EXTRA_SYNTAX)


@dataclass(frozen=True)
class NodeContext:
    """What answering needs: the database, practices by RPC, and the moment.

    `taken_by`: who takes a receipt in that the node does not send just now; it stands in the audit.
    """

    database: Database
    rpc: Rpc
    now: datetime
    taken_by: Change | None = None

    def note_taken(self, tx: Tx) -> None:
        """Write down who takes a receipt in, last in the transaction that stores it; of the node's own nothing."""
        if self.taken_by is not None:
            entries.append(tx, self.taken_by, self.now)

    def creditor(self, message: NodeMessage) -> Creditor | None:
        """Return the creditor asked about, None when it is none of ours. Raises Unavailable."""
        return known_creditor(self.database, self.rpc, message.id_pa, self.now)

    def situation(
        self, message: NodeMessage, creditor: Creditor | None, position: Position | None, asked_at: datetime
    ) -> Situation:
        """Return what the decision table looks at; `asked_at` decides which day it is."""
        return Situation(
            domain=message.id_pa,
            creditor=creditor,
            broker=message.broker,
            station=message.station,
            well_formed=message.problem is None,
            position=position,
            today=rome_day(asked_at),
        )

    def note(
        self,
        session: Session,
        message: NodeMessage,
        *,
        practice_id: UUID | None = None,
        fault: Fault | None = None,
        raw_xml: str | None = None,
    ) -> None:
        """Write the call into the timeline; a refused receipt is stored whole, for money may hang on it."""
        node_calls.note(
            session,
            operation=message.operation.value,
            creditor_fiscal_code=message.id_pa,
            notice_number=message.notice_number,
            practice_id=practice_id,
            fault=fault.value if fault else None,
            raw_xml=raw_xml,
        )


def refusal(message: NodeMessage, fault: Fault) -> str:
    """Return the envelope that refuses; where the syntax is wrong it says what."""
    return responses.fault(message.operation, fault, message.id_pa, message.problem if fault in _OF_SYNTAX else None)
