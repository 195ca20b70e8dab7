"""What is deleted when its retention ends, and the traces for the authority."""

from datetime import datetime
from typing import TypedDict

from chassis.logs import get_logger
from chassis.storage.database import Database
from services.identity import repository
from services.identity.operators import repository as operators
from services.identity.settings import Settings

log = get_logger("identity.upkeep")


def end_sessions(database: Database, fiscal_code: str | None, now: datetime) -> int:
    """End all sessions of a person, as a citizen and in offices, None for those of everybody; return how many."""
    with database.transaction() as tx:
        as_citizen = repository.revoke_of_person(tx.session, fiscal_code, now)
        in_offices = operators.end_sessions_of(tx.session, fiscal_code, now)
    log.warning("sessions_ended_by_command", sessions=as_citizen + in_offices, everybody=fiscal_code is None)
    return as_citizen + in_offices


class ExtractedTrace(TypedDict):
    """A login in the register of transactions, by the names that SPID's rules give its fields."""

    AuthnReq_ID: str
    AuthnReq_IssueInstant: str
    Resp_ID: str
    Resp_IssueInstant: str
    Resp_Issuer: str
    Assertion_ID: str
    Assertion_subject: str
    Assertion_subject_NameQualifier: str
    outcome: str
    reference: str
    citizen_id: str | None
    AuthnRequest: str
    Response: str


def delete_expired(database: Database, now: datetime) -> dict[str, int]:
    """Delete traces after 24 months, and requests, assertions, sessions and unregistered citizens left over.

    Of offices too: sessions and invitations.
    """
    with database.transaction() as tx:
        deleted = repository.delete_expired(tx.session, now)
        operators.delete_expired(tx.session, now)
    if any(deleted.values()):
        log.info("expired_deleted", **deleted)
    return deleted


def extract_traces(database: Database, settings: Settings, reference: str) -> list[ExtractedTrace]:
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
