"""Download an entity's settlement flows from pagoPA."""

from dataclasses import dataclass, field
from datetime import datetime

from chassis.storage.database import Database
from contracts.call import Rpc
from contracts.errors import ErrorCode, Refused
from services.payments.repository import positions
from services.payments.settlement.fdr_org import FdrClient
from services.payments.usecases.settlements import take_flow


@dataclass
class Downloaded:
    """How many flows were taken, and those that could not be."""

    taken: int = 0
    refused: list[tuple[str, Refused]] = field(default_factory=list)


def download(
    database: Database,
    rpc: Rpc,
    fdr: FdrClient,
    entity_code: str,
    published_after: datetime | None,
    now: datetime,
) -> Downloaded:
    """Take an entity's flows; one that is refused does not stop the others.

    Raises Refused(UNKNOWN_ENTITY) and Unavailable.
    """
    with database.reading() as session:
        creditor = positions.creditor_of_entity(session, entity_code)
    if creditor is None:
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    downloaded = Downloaded()
    for flow in fdr.flows(creditor.fiscal_code, published_after):
        try:
            take_flow(database, rpc, flow, entity_code, now)
            downloaded.taken += 1
        except Refused as refusal:
            downloaded.refused.append((flow.flow_id, refusal))
    return downloaded
