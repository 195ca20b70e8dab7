"""Registration and consents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.storage.database import Database, Tx
from contracts.codes import FiscalCode
from contracts.error_details import ConsentMissing, InvalidRequest
from contracts.errors import Broken, ErrorCode, Refused
from contracts.events.envelope import Data, EventType
from contracts.events.identity import (
    CITIZEN_REGISTERED,
    CONSENT_GRANTED,
    CONSENT_REVOKED,
    CitizenRegistered,
    ConsentChanged,
)
from contracts.rpc import identity
from contracts.rpc.identity import (
    Mailbox,
    MailboxReply,
    MailboxRequest,
    Privacy,
    PurposeRequest,
    RegisterRequest,
    TokenRequest,
)
from services.identity import domain, repository
from services.identity.models import Citizen, CitizenSession, ConsentEvent
from services.identity.settings import Settings
from services.identity.usecases import sessions
from services.identity.usecases.views import is_registered, session_view, times_of


@dataclass(frozen=True)
class _Provenance:
    """How a choice was made: in which session, by `web` or `api`, the text read in which language."""

    session_id: UUID
    channel: str
    language: str | None

    @classmethod
    def of(cls, session: CitizenSession, request: RegisterRequest | PurposeRequest) -> "_Provenance":
        return cls(session.id, request.channel, request.language)


@dataclass(frozen=True)
class _Version:
    """Which version of which document a choice is about."""

    document_id: str
    version: str

    @classmethod
    def of(cls, document: domain.PrivacyDocument) -> "_Version":
        return cls(document.id, document.version)


def show(database: Database, settings: Settings, request: TokenRequest, now: datetime) -> Privacy:
    """Return the documents in force, what is granted, and the history. Raises Refused(SESSION_EXPIRED)."""
    with database.reading() as session:
        _, citizen = sessions.live(session, request.session_token, now)
        return _view(settings, repository.history(session, citizen.id), now)


def register(database: Database, settings: Settings, request: RegisterRequest, now: datetime) -> identity.Session:
    """Acknowledge the privacy notice in force and choose the optional purposes; return the session.

    Asking again after it was done changes nothing but purposes newly chosen; a new version of the notice revokes
    nothing, nor the address that reminders go to. Raises Refused: SESSION_EXPIRED,
    CONSENT_MISSING when the document is not the one in force, INVALID_REQUEST for reminders without an address.
    """
    with database.transaction() as tx:
        session, citizen = _locked(tx, request.session_token, now)
        provenance = _Provenance.of(session, request)
        notice = domain.in_force(settings.documents, now)[domain.REGISTRATION]
        if request.document_id != notice.id:
            raise Refused(ErrorCode.CONSENT_MISSING, ConsentMissing(document_id=notice.id))
        if not is_registered(citizen, settings, now):
            _acknowledge(tx, citizen, provenance, notice, now)
            reminded = domain.EMAIL_REMINDERS in domain.granted(repository.history(tx.session, citizen.id))
            citizen.email = request.email or (citizen.email if reminded else None)
        citizen.language = request.language or citizen.language
        for purpose in sorted(domain.OPTIONAL_PURPOSES.intersection(request.purposes)):
            _grant(tx, settings, citizen, provenance, purpose, now)
        return session_view(session, citizen, settings, now)


def grant(database: Database, settings: Settings, request: PurposeRequest, now: datetime) -> Privacy:
    """Grant an optional purpose, by the text in force, also where an older one was agreed to.

    Raises Refused: SESSION_EXPIRED, CONSENT_MISSING before registration, INVALID_REQUEST for `registration` (see
    `register`) and for reminders without an address.
    """
    if request.purpose not in domain.OPTIONAL_PURPOSES:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="purpose"))
    with database.transaction() as tx:
        session, citizen = _locked(tx, request.session_token, now)
        provenance = _Provenance.of(session, request)
        if not is_registered(citizen, settings, now):
            raise Refused(ErrorCode.CONSENT_MISSING)
        citizen.email = request.email or citizen.email
        citizen.language = request.language or citizen.language
        _grant(tx, settings, citizen, provenance, request.purpose, now)
        return _view(settings, repository.history(tx.session, citizen.id), now)


def revoke(database: Database, settings: Settings, request: PurposeRequest, now: datetime) -> Privacy:
    """Revoke a purpose, at once; `registration` closes the account. Raises Refused(SESSION_EXPIRED)."""
    with database.transaction() as tx:
        session, citizen = _locked(tx, request.session_token, now)
        provenance = _Provenance.of(session, request)
        granted = domain.granted(repository.history(tx.session, citizen.id))
        closing = request.purpose == domain.REGISTRATION
        for purpose in granted if closing else [one for one in granted if one == request.purpose]:
            version = _last_version(tx, citizen.id, purpose)
            _record(tx, citizen, provenance, purpose, "revoked", version, now)
            _emit_change(tx, CONSENT_REVOKED, citizen, purpose, version, now)
        if closing:
            _close(tx, citizen, now)
        return _view(settings, repository.history(tx.session, citizen.id), now)


def mailbox(database: Database, settings: Settings, request: MailboxRequest) -> MailboxReply:
    """Return where to write to a citizen and what the consent given is for; None without consent or address."""
    with database.reading() as session:
        citizen = repository.find_citizen(session, request.citizen_id)
        if citizen is None or citizen.fiscal_code is None or citizen.email is None:
            return MailboxReply()
        agreed = domain.agreed_document(repository.history(session, request.citizen_id), domain.EMAIL_REMINDERS)
    documents = [one for one in settings.documents if one.id == agreed]
    if not documents:
        return MailboxReply()
    found = Mailbox(
        fiscal_code=FiscalCode(citizen.fiscal_code),
        email=citizen.email,
        language=citizen.language or domain.DEFAULT_LANGUAGE,
        messages=documents[0].messages,
    )
    return MailboxReply(mailbox=found)


def _locked(tx: Tx, token: str, now: datetime) -> tuple[CitizenSession, Citizen]:
    """Return the live session and its citizen, locked: two changes of one citizen's consents come after each other."""
    session, citizen = sessions.live(tx.session, token, now)
    citizen = repository.lock_citizen(tx.session, citizen.id)
    # Closing the account in another window may have ended this session while we waited for the lock.
    tx.session.refresh(session)
    if not times_of(session).is_live(now):
        raise Refused(ErrorCode.SESSION_EXPIRED)
    return session, citizen


def _acknowledge(
    tx: Tx, citizen: Citizen, provenance: _Provenance, notice: domain.PrivacyDocument, now: datetime
) -> None:
    _archive(tx, notice)
    _record(tx, citizen, provenance, domain.REGISTRATION, "acknowledged", _Version.of(notice), now)
    if citizen.registered_at is None:
        citizen.registered_at = now
        _emit(tx, CITIZEN_REGISTERED, citizen, CitizenRegistered(citizen_id=citizen.id, at=now), now)
    citizen.acknowledged_document_id = notice.id


def _grant(tx: Tx, settings: Settings, citizen: Citizen, provenance: _Provenance, purpose: str, now: datetime) -> None:
    """Agree to the text in force, unless that is done already."""
    if purpose == domain.EMAIL_REMINDERS and not citizen.email:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="email"))
    document = domain.in_force(settings.documents, now)[purpose]
    if document.id == domain.agreed_document(repository.history(tx.session, citizen.id), purpose):
        return
    _archive(tx, document)
    _record(tx, citizen, provenance, purpose, "granted", _Version.of(document), now)
    _emit_change(tx, CONSENT_GRANTED, citizen, purpose, _Version.of(document), now)


def _close(tx: Tx, citizen: Citizen, now: datetime) -> None:
    """End the sessions and erase the profile. The id stays, for the ledger and the traces that the law keeps."""
    repository.revoke_of_citizen(tx.session, citizen.id, now)
    repository.delete_beneficiaries(tx.session, citizen.id)
    repository.delete_feed(tx.session, citizen.id)
    citizen.fiscal_code = citizen.name = citizen.family_name = citizen.email = citizen.language = None
    citizen.closed_at = now


def _archive(tx: Tx, document: domain.PrivacyDocument) -> None:
    if repository.archive_document(tx.session, document) != document.sha256:
        # Somebody agreed to other words under this id: the file was edited where a new version was due.
        raise Broken(ErrorCode.INTERNAL_ERROR)


def _record(
    tx: Tx, citizen: Citizen, provenance: _Provenance, purpose: str, action: str, version: _Version, now: datetime
) -> None:
    event = ConsentEvent(
        citizen_id=citizen.id,
        purpose=purpose,
        action=action,
        document_id=version.document_id,
        session_id=provenance.session_id,
        channel=provenance.channel,
        language=provenance.language,
        at=now,
    )
    tx.session.add(event)
    tx.session.flush()


def _emit_change(
    tx: Tx, event_type: EventType[ConsentChanged], citizen: Citizen, purpose: str, version: _Version, now: datetime
) -> None:
    changed = ConsentChanged(
        citizen_id=citizen.id,
        purpose=purpose,
        document_id=version.document_id,
        document_version=version.version,
        at=now,
    )
    _emit(tx, event_type, citizen, changed, now)


def _emit(tx: Tx, event_type: EventType[Data], citizen: Citizen, data: Data, now: datetime) -> None:
    citizen.sequence += 1
    tx.emit(event_type, data, subject=str(citizen.id), sequence=citizen.sequence, now=now)


def _last_version(tx: Tx, citizen_id: UUID, purpose: str) -> _Version:
    """Return what the citizen last agreed to for this purpose."""
    last = [one for one in repository.history(tx.session, citizen_id) if one.purpose == purpose][-1]
    return _Version(last.document_id, last.document_version)


def _view(settings: Settings, history: Sequence[identity.ConsentEvent], now: datetime) -> Privacy:
    documents = [
        identity.PrivacyDocument(
            id=one.id,
            purpose=one.purpose,
            version=one.version,
            valid_from=one.valid_from,
            title=one.title,
            text=one.text,
        )
        for one in domain.in_force(settings.documents, now).values()
    ]
    documents.sort(key=lambda one: one.purpose != domain.REGISTRATION)
    return Privacy(documents=documents, granted=domain.granted(history), history=history)
