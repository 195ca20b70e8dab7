"""Registration, consents, and the citizen's own data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.storage.database import Database, Tx
from contracts.errors import Broken, ErrorCode, Refused
from contracts.events.envelope import EventType
from contracts.events.identity import CITIZEN_REGISTERED, CONSENT_GRANTED, CONSENT_REVOKED
from services.identity import domain, repository
from services.identity.models import Citizen, CitizenSession, ConsentEvent
from services.identity.settings import Settings
from services.identity.usecases import beneficiaries, sessions
from services.identity.usecases.views import is_registered, session_view, times_of


@dataclass(frozen=True)
class _How:
    """How a choice was made: in which session, by `web` or `api`, the text read in which language."""

    session_id: UUID
    channel: str
    language: str | None

    @classmethod
    def of(cls, session: CitizenSession, request: dict[str, Any]) -> "_How":
        return cls(session.id, request["channel"], request["language"])


def show(database: Database, settings: Settings, token: str, now: datetime) -> dict[str, Any]:
    """Return the documents in force, what is granted, and the history. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        _, citizen = sessions.live(session, token, now)
        return _view(settings, repository.history(session, citizen.id), now)


def register(database: Database, settings: Settings, request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Acknowledge the privacy notice in force and choose the optional purposes; return the session.

    Asking again after it was done changes nothing but purposes newly chosen; a new version of the notice revokes
    nothing, nor the address that reminders go to. Raises Refused: SESSION_EXPIRED,
    CONSENT_MISSING when the document is not the one in force, INVALID_REQUEST for reminders without an address.
    """
    with database.transaction() as tx:
        session, citizen = _locked(tx, request["session_token"], now)
        how = _How.of(session, request)
        notice = domain.in_force(settings.documents, now)[domain.REGISTRATION]
        if request["document_id"] != notice.id:
            raise Refused(ErrorCode.CONSENT_MISSING, {"document_id": notice.id})
        if not is_registered(citizen, settings, now):
            _acknowledge(tx, citizen, how, notice, now)
            reminded = domain.EMAIL_REMINDERS in domain.granted(repository.history(tx.session, citizen.id))
            citizen.email = request["email"] or (citizen.email if reminded else None)
        citizen.language = request["language"] or citizen.language
        for purpose in sorted(domain.OPTIONAL_PURPOSES.intersection(request["purposes"])):
            _grant(tx, settings, citizen, how, purpose, now)
        return session_view(session, citizen, settings, now)


def grant(database: Database, settings: Settings, request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Grant an optional purpose, by the text in force, also where an older one was agreed to.

    Raises Refused: SESSION_EXPIRED, CONSENT_MISSING before registration, INVALID_REQUEST for `registration` (see
    `register`) and for reminders without an address.
    """
    purpose = request["purpose"]
    if purpose not in domain.OPTIONAL_PURPOSES:
        raise Refused(ErrorCode.INVALID_REQUEST, {"field": "purpose"})
    with database.transaction() as tx:
        session, citizen = _locked(tx, request["session_token"], now)
        how = _How.of(session, request)
        if not is_registered(citizen, settings, now):
            raise Refused(ErrorCode.CONSENT_MISSING)
        citizen.email = request["email"] or citizen.email
        citizen.language = request["language"] or citizen.language
        _grant(tx, settings, citizen, how, purpose, now)
        return _view(settings, repository.history(tx.session, citizen.id), now)


def revoke(database: Database, settings: Settings, request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Revoke a purpose, at once; `registration` closes the account. Raises Refused(SESSION_EXPIRED)."""
    with database.transaction() as tx:
        session, citizen = _locked(tx, request["session_token"], now)
        how = _How.of(session, request)
        granted = domain.granted(repository.history(tx.session, citizen.id))
        closing = request["purpose"] == domain.REGISTRATION
        for purpose in granted if closing else [one for one in granted if one == request["purpose"]]:
            document = _last_document(tx, citizen.id, purpose)
            _record(tx, citizen, how, purpose, "revoked", document, now)
            _emit_change(tx, CONSENT_REVOKED, citizen, purpose, document, now)
        if closing:
            _close(tx, citizen, now)
        return _view(settings, repository.history(tx.session, citizen.id), now)


def mailbox(database: Database, settings: Settings, citizen_id: UUID) -> dict[str, Any]:
    """Return where to write to a citizen and what the consent given is for; None without consent or address."""
    with database.reading() as session:
        citizen = repository.find_citizen(session, citizen_id)
        if citizen is None or citizen.fiscal_code is None or citizen.email is None:
            return {"mailbox": None}
        agreed = domain.agreed_document(repository.history(session, citizen_id), domain.EMAIL_REMINDERS)
    messages = [list(one.messages) for one in settings.documents if one.id == agreed]
    if not messages:
        return {"mailbox": None}
    return {
        "mailbox": {
            "fiscal_code": citizen.fiscal_code,
            "email": citizen.email,
            "language": citizen.language or "it",
            "messages": messages[0],
        }
    }


def export(database: Database, token: str, now: datetime) -> dict[str, Any]:
    """Return everything kept about the citizen (GDPR articles 15 and 20), as JSON values."""
    with database.reading() as session:
        _, citizen = sessions.live(session, token, now)
        consents = repository.history(session, citizen.id)
        feed = repository.find_feed(session, citizen.id)
        return {
            "data": {
                "citizen": {
                    "id": str(citizen.id),
                    "fiscal_code": citizen.fiscal_code,
                    "name": citizen.name,
                    "family_name": citizen.family_name,
                    "email": citizen.email,
                    "language": citizen.language,
                    "first_login_at": citizen.created_at.isoformat(),
                    "registered_at": citizen.registered_at.isoformat() if citizen.registered_at else None,
                },
                "consents": [{**event, "at": event["at"].isoformat()} for event in consents],
                "beneficiaries": [
                    {**one, "id": str(one["id"])}
                    for one in beneficiaries.views(repository.beneficiaries_of(session, citizen.id))
                ],
                "calendar_feed": {"created_at": feed.created_at.isoformat()} if feed else None,
                "sessions": [_exported_session(one, now) for one in repository.sessions_of(session, citizen.id)],
                "logins": [
                    {
                        "at": trace.received_at.isoformat(),
                        "identity_provider": trace.response_issuer,
                        "outcome": trace.outcome,
                        "kept_until": (trace.received_at + domain.TRACE_KEPT).isoformat(),
                    }
                    for trace in repository.traces_of(session, citizen.id)
                ],
            }
        }


def _locked(tx: Tx, token: str, now: datetime) -> tuple[CitizenSession, Citizen]:
    """Return the live session and its citizen, locked: two changes of one citizen's consents come after each other."""
    session, citizen = sessions.live(tx.session, token, now)
    citizen = repository.lock_citizen(tx.session, citizen.id)
    # Closing the account in another window may have ended this session while we waited for the lock.
    tx.session.refresh(session)
    if not times_of(session).is_live(now):
        raise Refused(ErrorCode.SESSION_EXPIRED)
    return session, citizen


def _acknowledge(tx: Tx, citizen: Citizen, how: _How, notice: domain.PrivacyDocument, now: datetime) -> None:
    _archive(tx, notice)
    _record(tx, citizen, how, domain.REGISTRATION, "acknowledged", (notice.id, notice.version), now)
    if citizen.registered_at is None:
        citizen.registered_at = now
        _emit(tx, CITIZEN_REGISTERED, citizen, {"citizen_id": citizen.id, "at": now}, now)
    citizen.acknowledged_document_id = notice.id


def _grant(tx: Tx, settings: Settings, citizen: Citizen, how: _How, purpose: str, now: datetime) -> None:
    """Agree to the text in force, unless that is done already."""
    if purpose == domain.EMAIL_REMINDERS and not citizen.email:
        raise Refused(ErrorCode.INVALID_REQUEST, {"field": "email"})
    document = domain.in_force(settings.documents, now)[purpose]
    if document.id == domain.agreed_document(repository.history(tx.session, citizen.id), purpose):
        return
    _archive(tx, document)
    _record(tx, citizen, how, purpose, "granted", (document.id, document.version), now)
    _emit_change(tx, CONSENT_GRANTED, citizen, purpose, (document.id, document.version), now)


def _close(tx: Tx, citizen: Citizen, now: datetime) -> None:
    """End the sessions and erase the profile. The id stays, for the ledger and the traces that the law keeps."""
    repository.revoke_of_citizen(tx.session, citizen.id, now)
    repository.forget_beneficiaries(tx.session, citizen.id)
    repository.forget_feed(tx.session, citizen.id)
    citizen.fiscal_code = citizen.name = citizen.family_name = citizen.email = citizen.language = None
    citizen.closed_at = now


def _archive(tx: Tx, document: domain.PrivacyDocument) -> None:
    if repository.archive_document(tx.session, document) != document.sha256:
        # Somebody agreed to other words under this id: the file was edited where a new version was due.
        raise Broken(ErrorCode.INTERNAL_ERROR)


def _record(
    tx: Tx,
    citizen: Citizen,
    how: _How,
    purpose: str,
    action: str,
    document: tuple[str, str],
    now: datetime,
) -> None:
    event = ConsentEvent(
        citizen_id=citizen.id, purpose=purpose, action=action, document_id=document[0], at=now, **vars(how)
    )
    tx.session.add(event)
    tx.session.flush()


def _emit_change(
    tx: Tx, event_type: EventType, citizen: Citizen, purpose: str, document: tuple[str, str], now: datetime
) -> None:
    data = {
        "citizen_id": citizen.id,
        "purpose": purpose,
        "document_id": document[0],
        "document_version": document[1],
        "at": now,
    }
    _emit(tx, event_type, citizen, data, now)


def _emit(tx: Tx, event_type: EventType, citizen: Citizen, data: dict[str, Any], now: datetime) -> None:
    citizen.sequence += 1
    tx.emit(event_type, data, subject=str(citizen.id), sequence=citizen.sequence, now=now)


def _last_document(tx: Tx, citizen_id: UUID, purpose: str) -> tuple[str, str]:
    """Return the id and version of what the citizen last agreed to for this purpose."""
    events = [one for one in repository.history(tx.session, citizen_id) if one["purpose"] == purpose]
    return events[-1]["document_id"], events[-1]["document_version"]


def _view(settings: Settings, history: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    documents = [
        {
            "id": one.id,
            "purpose": one.purpose,
            "version": one.version,
            "valid_from": one.valid_from,
            "title": dict(one.title),
            "text": dict(one.text),
        }
        for one in domain.in_force(settings.documents, now).values()
    ]
    documents.sort(key=lambda one: one["purpose"] != domain.REGISTRATION)
    return {"documents": documents, "granted": domain.granted(history), "history": history}


def _exported_session(session: CitizenSession, now: datetime) -> dict[str, Any]:
    return {
        "created_at": session.created_at.isoformat(),
        "last_used_at": session.seen_at.isoformat(),
        "spid_level": session.level,
        "identity_provider": session.idp_entity_id,
        "live": times_of(session).is_live(now),
    }
