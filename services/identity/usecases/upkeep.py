"""Forgetting what has no more reason to be kept, and reading a trace for the authority."""

from datetime import datetime
from typing import Any

from chassis.logs import get_logger
from chassis.storage.database import Database
from services.identity import repository
from services.identity.settings import Settings

log = get_logger("identity.upkeep")


def delete_expired(database: Database, now: datetime) -> dict[str, int]:
    """Delete traces after 24 months, and requests, assertions, sessions and unregistered persons left over."""
    with database.transaction() as tx:
        deleted = repository.delete_expired(tx.session, now)
    if any(deleted.values()):
        log.info("expired_deleted", **deleted)
    return deleted


def extract_traces(database: Database, settings: Settings, reference: str) -> list[dict[str, Any]]:
    """Return in clear the traces that a help desk reference, an AuthnRequest id or a citizen id leads to."""
    with database.reading() as session:
        traces = repository.find_traces(session, reference)
    return [
        {
            "AuthnReq_ID": trace.request_id,
            "AuthnReq_IssueInstant": trace.request_instant.isoformat(),
            "Resp_ID": trace.response_id,
            "Resp_IssueInstant": trace.response_instant,
            "Resp_Issuer": trace.response_issuer,
            "Assertion_ID": trace.assertion_id,
            "Assertion_subject": trace.assertion_subject,
            "Assertion_subject_NameQualifier": trace.assertion_subject_qualifier,
            "outcome": trace.outcome,
            "reference": trace.reference,
            "citizen_id": str(trace.citizen_id) if trace.citizen_id else None,
            "AuthnRequest": settings.trace_cipher.decrypt(trace.request_encrypted).decode(),
            "Response": settings.trace_cipher.decrypt(trace.response_encrypted).decode(),
        }
        for trace in traces
    ]
