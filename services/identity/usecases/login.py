"""Logging in with SPID: the way to the identity provider, and back."""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Final
from uuid import UUID, uuid4

from chassis.logs import get_logger
from chassis.storage.database import Database, Tx
from contracts.error_details import InvalidRequest, LoginRefused
from contracts.errors import ErrorCode, Refused
from contracts.rpc import identity
from contracts.rpc.identity import (
    FinishLogin,
    FinishLoginRequest,
    IdentityProviders,
    Metadata,
    MetadataRequest,
    StartLogin,
    StartLoginRequest,
)
from services.identity import domain, repository
from services.identity.models import AuthnRequest, Citizen, CitizenSession, SamlTrace
from services.identity.saml import authn_request, metadata, response
from services.identity.saml.idp_registry import IdentityProvider, IdpRegistry
from services.identity.saml.refusal import Reason, ResponseRefused, require
from services.identity.saml.structure import ReceivedResponse
from services.identity.settings import Settings
from services.identity.usecases.views import session_view

log = get_logger("identity.login")

GRANTED: Final = "granted"


@dataclass(frozen=True)
class LoginWanted:
    """A login to be begun. `level` is the least that will do; `replaced_session_id`: of the session it will end."""

    idp: str
    entity_code: str | None
    return_to: str
    browser_token: str
    level: int
    replaced_session_id: UUID | None = None
    fresh: bool = False
    purpose: str | None = None
    office: bool = False


@dataclass(frozen=True)
class Verified:
    """An answer that logs somebody in: the request it answers, who it is about, and its row in the register."""

    pending: AuthnRequest
    assertion: response.VerifiedAssertion
    asserted: domain.AssertedIdentity
    trace: SamlTrace


def providers(settings: Settings, registry: IdpRegistry) -> IdentityProviders:
    """Return the identity providers to choose from, in random order as AgID's button does: none stands first."""
    chosen = list(registry)
    secrets.SystemRandom().shuffle(chosen)
    return IdentityProviders(
        providers=[identity.IdentityProvider(key=idp.key, name=idp.name, kind=idp.kind) for idp in chosen],
        purposes=list(settings.purposes),
    )


def service_provider_metadata(settings: Settings, request: MetadataRequest) -> Metadata:
    """Return the signed metadata for SPID or for CIE. Raises Refused(INVALID_REQUEST) where CIE is not set up."""
    provider = settings.cie_provider if request.kind == "cie" else settings.provider_of(request.entity_code)
    if provider.is_cie and not provider.organization.municipality:
        raise Refused(ErrorCode.INVALID_REQUEST)
    document = metadata.build(provider, settings.key, message_id=settings.metadata_id(provider))
    return Metadata(xml=document.decode())


def start(
    database: Database, settings: Settings, registry: IdpRegistry, request: StartLoginRequest, now: datetime
) -> StartLogin:
    """Begin a login and return where and how to send the browser.

    Raises Refused(UNKNOWN_IDENTITY_PROVIDER), or Refused(INVALID_REQUEST) for a path that is not ours or a purpose
    that is not offered.
    """
    if request.purpose is not None and request.purpose not in settings.purposes:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="purpose"))
    with database.reading() as session:
        had = repository.find_session(session, _digest(request.session_token)) if request.session_token else None
    wanted = LoginWanted(
        idp=request.idp,
        entity_code=request.entity_code,
        return_to=request.return_to,
        browser_token=request.browser_token,
        level=settings.level_of(request.entity_code),
        replaced_session_id=had[0].id if had else None,
        fresh=request.fresh,
        purpose=request.purpose,
    )
    return begin(database, settings, registry, wanted, now)


def begin(
    database: Database, settings: Settings, registry: IdpRegistry, wanted: LoginWanted, now: datetime
) -> StartLogin:
    """Save a login as begun and return where and how to send the browser. Raises as `start` does."""
    idp = registry.find(wanted.idp)
    if idp is None:
        raise Refused(ErrorCode.UNKNOWN_IDENTITY_PROVIDER)
    if wanted.purpose is not None and idp.kind != "spid":
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="purpose"))
    binding = idp.sso_binding(settings.binding)
    asked = authn_request.AuthnRequest(
        id=f"_{secrets.token_hex(20)}",
        issue_instant=now.replace(microsecond=0),
        destination=idp.sso[binding],
        entity_id=settings.provider_for(idp, wanted.entity_code).entity_id,
        force_authn=idp.is_cie or wanted.fresh,
        level=wanted.level,
        attribute_service=_attribute_service(idp, wanted.purpose),
        purpose=wanted.purpose,
    )
    # Opaque and not looked at again: the answer is matched by InResponseTo and the browser's cookie.
    signed = authn_request.send(asked, binding, secrets.token_urlsafe(16), settings.key)
    row = AuthnRequest(
        id=asked.id,
        idp_entity_id=idp.entity_id,
        level=asked.level,
        browser_token_sha256=_digest(wanted.browser_token),
        return_to=domain.return_path(wanted.return_to),
        entity_code=wanted.entity_code,
        message_encrypted=settings.trace_cipher.encrypt(signed.document),
        issue_instant=asked.issue_instant,
        sp_entity_id=asked.entity_id,
        purpose=wanted.purpose,
        office=wanted.office,
        replaced_session_id=wanted.replaced_session_id,
    )
    with database.transaction() as tx:
        tx.session.add(row)
    return StartLogin(redirect_url=signed.url, form_fields=signed.form_fields)


def _attribute_service(idp: IdentityProvider, purpose: str | None) -> int:
    """Return which set of attributes is asked for."""
    if idp.is_eidas:
        return metadata.EIDAS_SERVICES[0].index
    return 0 if purpose is None else metadata.ORGANIZATION_SERVICE.index


def finish(
    database: Database, settings: Settings, registry: IdpRegistry, request: FinishLoginRequest, now: datetime
) -> FinishLogin:
    """Take the identity provider's answer and open a session.

    The answer is traced and its request used up whether it is good or not; that is committed before anything is
    refused. Raises Refused(LOGIN_REFUSED) with a reference, by which the reason is found (helpdesk.py).
    """
    with database.transaction() as tx:
        outcome = _outcome(tx, settings, registry, request, now)
    if isinstance(outcome, FinishLogin):
        return outcome
    raise refusal_of(outcome, registry)


def _outcome(
    tx: Tx, settings: Settings, registry: IdpRegistry, request: FinishLoginRequest, now: datetime
) -> FinishLogin | domain.LoginRefusal:
    judged = verified_answer(tx, settings, registry, request, now, office=False)
    if isinstance(judged, domain.LoginRefusal):
        return judged
    citizen = repository.save_citizen(tx.session, judged.asserted, now)
    judged.trace.citizen_id = citizen.id
    return _opened_session(tx, settings, judged, citizen, now)


def verified_answer(
    tx: Tx, settings: Settings, registry: IdpRegistry, request: FinishLoginRequest, now: datetime, *, office: bool
) -> Verified | domain.LoginRefusal:
    """Return who the identity provider's answer is about, or why it is refused; traced and noted either way.

    An answer to a login into an office logs in no citizen, nor the other way round.
    """
    reference = _new_reference()
    pending: AuthnRequest | None = None
    try:
        received = response.receive(request.saml_response)
        pending = tx.session.get(AuthnRequest, received.in_response_to)
        pending = _checked_request(tx, pending, request.browser_token, now, office=office)
    except ResponseRefused as refused:
        return _refusal(tx, refused, reference, pending, now)
    try:
        assertion, asserted = _verified(tx, settings, registry, received, pending, now)
    except ResponseRefused as refused:
        tx.session.add(_trace(settings, pending, received, refused.reason.value, reference, now))
        return _refusal(tx, refused, reference, pending, now)
    trace = _trace(settings, pending, received, GRANTED, reference, now)
    tx.session.add(trace)
    log.info("login_granted", idp=pending.idp_entity_id, spid_level=assertion.level, request_id=pending.id)
    return Verified(pending, assertion, asserted, trace)


def refusal_of(refusal: domain.LoginRefusal, registry: IdpRegistry) -> Refused:
    """Log why a login was refused, and return what its browser is told."""
    log.info(
        "login_refused",
        reason=refusal.reason.value,
        anomaly=refusal.anomaly,
        detail=refusal.detail,
        reference=refusal.reference,
        idp=refusal.idp_entity_id,
        request_id=refusal.request_id,
    )
    idp = registry.find(refusal.idp_entity_id or "")
    detail = LoginRefused(
        reference=refusal.reference,
        anomaly=domain.told_anomaly(refusal),
        entity_code=refusal.entity_code,
        spid_level=refusal.spid_level,
        reason=domain.told_reason(refusal, is_eidas=idp is not None and idp.is_eidas),
    )
    return Refused(ErrorCode.LOGIN_REFUSED, detail)


def _refusal(
    tx: Tx, refused: ResponseRefused, reference: str, pending: AuthnRequest | None, now: datetime
) -> domain.LoginRefusal:
    refusal = domain.LoginRefusal(
        reference=reference,
        reason=refused.reason,
        detail=refused.detail,
        anomaly=refused.anomaly,
        idp_entity_id=pending.idp_entity_id if pending else None,
        entity_code=pending.entity_code if pending else None,
        spid_level=pending.level if pending else None,
        request_id=pending.id if pending else None,
    )
    repository.save_refusal(tx.session, refusal, now)
    return refusal


def _checked_request(
    tx: Tx, pending: AuthnRequest | None, browser_token: str, now: datetime, *, office: bool
) -> AuthnRequest:
    """Return the request being answered, used up by this answer. Raises ResponseRefused."""
    if pending is None or pending.office is not office:
        raise ResponseRefused(Reason.UNSOLICITED)
    # The browser first: somebody else's must not learn anything, nor use the request up.
    is_same = browser_token and compare_digest(_digest(browser_token), pending.browser_token_sha256)
    require(is_same, Reason.OTHER_BROWSER)
    require(now < pending.issue_instant + domain.REQUEST_LIFETIME, Reason.REQUEST_EXPIRED)
    require(repository.consume_request(tx.session, pending.id, now), Reason.REQUEST_CONSUMED)
    return pending


def _verified(
    tx: Tx,
    settings: Settings,
    registry: IdpRegistry,
    received: ReceivedResponse,
    pending: AuthnRequest,
    now: datetime,
) -> tuple[response.VerifiedAssertion, domain.AssertedIdentity]:
    """Return what the answer asserts, and about whom. Raises ResponseRefused."""
    idp = registry.find(pending.idp_entity_id)
    if idp is None:
        raise ResponseRefused(Reason.RESPONSE_ISSUER, detail="no longer trusted")
    expected = response.Expected(
        request_id=pending.id,
        request_instant=pending.issue_instant,
        level=pending.level,
        idp_entity_id=idp.entity_id,
        sp_entity_id=pending.sp_entity_id or settings.provider_for(idp).entity_id,
        acs_url=settings.provider.acs_url,
        issuer_format_required=not idp.is_cie,
    )
    assertion = response.validate(received, expected, idp, now)
    asserted = domain.asserted_identity(assertion.attributes)
    is_new = repository.use_assertion(tx.session, idp.entity_id, assertion.id, assertion.usable_until)
    require(is_new, Reason.REPLAYED)
    return assertion, asserted


def _opened_session(tx: Tx, settings: Settings, verified: Verified, citizen: Citizen, now: datetime) -> FinishLogin:
    token = secrets.token_urlsafe(32)
    attributes = verified.assertion.attributes
    acting_for = domain.asserted_organization(attributes) if verified.pending.purpose else None
    opened = CitizenSession(
        id=uuid4(),
        token_sha256=_digest(token),
        citizen_id=citizen.id,
        level=verified.assertion.level,
        idp_entity_id=verified.pending.idp_entity_id,
        name_id=verified.assertion.name_id,
        created_at=now,
        seen_at=now,
        body_code=settings.body_code(verified.pending.entity_code),
        organization_fiscal_code=acting_for.fiscal_code if acting_for else None,
        organization_name=acting_for.name if acting_for else None,
    )
    tx.session.add(opened)
    tx.session.flush()
    if verified.pending.replaced_session_id is not None:
        repository.revoke_replaced(tx.session, verified.pending.replaced_session_id, now)
    ended = repository.revoke_beyond(tx.session, citizen.id, settings.sessions_max, now)
    if ended:
        log.info("sessions_ended_by_newer", sessions=ended, sessions_max=settings.sessions_max)
    return FinishLogin(
        session_token=token,
        ended_sessions=ended,
        session=session_view(opened, citizen, settings, now),
        return_to=verified.pending.return_to,
        entity_code=verified.pending.entity_code,
    )


def _trace(
    settings: Settings,
    pending: AuthnRequest,
    received: ReceivedResponse,
    outcome: str,
    reference: str,
    now: datetime,
) -> SamlTrace:
    """Return the row of the register of transactions for an answer to `pending`."""
    fields = response.read_tracing_fields(received)
    return SamlTrace(
        request_id=pending.id,
        request_instant=pending.issue_instant,
        response_id=fields.response_id,
        response_instant=fields.response_instant,
        response_issuer=fields.response_issuer,
        assertion_id=fields.assertion_id,
        assertion_subject=fields.assertion_subject,
        assertion_subject_qualifier=fields.assertion_subject_qualifier,
        request_encrypted=pending.message_encrypted,
        response_encrypted=settings.trace_cipher.encrypt(received.document),
        outcome=outcome,
        reference=reference,
        received_at=now,
    )


def _new_reference() -> str:
    """Return eight letters and digits that can be read out on the telephone."""
    return b32encode(secrets.token_bytes(5)).decode()


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
