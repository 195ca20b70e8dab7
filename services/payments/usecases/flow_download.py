"""Download an entity's settlement flows from pagoPA."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chassis.logs import get_logger
from chassis.storage.database import Database, is_out_of_reach
from contracts.call import Rpc
from contracts.error_details import Unreadable
from contracts.errors import ErrorCode, Refused, RpcError, Unavailable
from services.payments.metrics import FLOWS_UNREADABLE
from services.payments.repository import positions, settlements
from services.payments.settlement.fdr_org import FdrClient, PublishedFlow
from services.payments.usecases.settlements import take_flow

log = get_logger(__name__)

# So many flows one after the other that do not come: it is not the flows.
_FAILURES_MAX: Final = 3


@dataclass
class Downloaded:
    """How many flows were taken, how many were here, and those that could not be taken, each with its reason."""

    taken: int = 0
    known: int = 0
    refused: list[tuple[str, RpcError]] = field(default_factory=list)


def download(
    database: Database,
    rpc: Rpc,
    fdr: FdrClient,
    entity_code: str,
    published_after: datetime | None,
    now: datetime,
) -> Downloaded:
    """Take an entity's flows; one that is odd does not stop the others, and one that is here is not asked for again.

    So a download that was stopped goes on where it was when it is run again. Raises Refused(UNKNOWN_ENTITY), and
    Unavailable where pagoPA gives no list, or nothing any more.
    """
    with database.reading() as session:
        creditor = positions.creditor_of_entity(session, entity_code)
    if creditor is None:
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    downloaded, failures = Downloaded(), 0
    for published in fdr.published(creditor.fiscal_code, published_after):
        if _is_here(database, creditor.fiscal_code, published):
            downloaded.known += 1
            continue
        try:
            take_flow(database, rpc, fdr.flow(creditor.fiscal_code, published), entity_code, now)
        except (Refused, Unavailable) as error:
            _note(downloaded, published, error)
            failures = failures + 1 if isinstance(error, Unavailable) else 0
            if failures == _FAILURES_MAX:
                raise
        except Exception as error:
            if is_out_of_reach(error):
                raise
            log.exception("settlement_flow_failed", flow_id=published.flow_id)
            reason = Unreadable(reason=type(error).__name__)
            _note(downloaded, published, Refused(ErrorCode.SETTLEMENT_UNREADABLE, reason))
        else:
            downloaded.taken += 1
            failures = 0
    return downloaded


def download_all(database: Database, rpc: Rpc, fdr: FdrClient, now: datetime) -> None:
    """Take the new flows of every entity; one whose flows do not come does not stop the others, and is named."""
    with database.reading() as session:
        entity_codes = positions.entity_codes(session)
    for entity_code in entity_codes:
        try:
            downloaded = download(database, rpc, fdr, entity_code, None, now)
        except RpcError as error:
            log.error("settlements_not_fetched", entity_code=entity_code, code=error.code, reason=error.params)  # noqa: TRY400 -- the cause is in `reason`
            continue
        log.info(
            "settlements_fetched",
            entity_code=entity_code,
            taken=downloaded.taken,
            known=downloaded.known,
            refused=len(downloaded.refused),
        )


def _is_here(database: Database, creditor_fiscal_code: str, published: PublishedFlow) -> bool:
    if published.revision is None:
        return False
    with database.reading() as session:
        return settlements.has_revision(session, creditor_fiscal_code, published.flow_id, published.revision)


def _note(downloaded: Downloaded, published: PublishedFlow, error: RpcError) -> None:
    FLOWS_UNREADABLE.inc()
    log.warning("settlement_flow_not_taken", flow_id=published.flow_id, code=error.code, reason=error.params)
    downloaded.refused.append((published.flow_id or "?", error))
