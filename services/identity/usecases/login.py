"""Logging in with SPID: the way to the identity provider, and back."""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Final
from uuid import uuid4

from chassis.logs import get_logger
from chassis.storage.database import Database, Tx
from contracts.error_details import LoginRefused
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
from services.identity.saml.idp_registry import IdpRegistry
from services.identity.saml.refusal import Reason, ResponseRefused, require
from services.identity.saml.structure import ReceivedResponse
from services.identity.settings import Settings
from services.identity.usecases.views import session_view

log = get_logger("identity.login")

GRANTED: Final = "granted"


@dataclass(frozen=True)
class _Verified:
    """An answer that logs somebody in: the request it answers, and who it is about."""

    pending: AuthnRequest
    assertion: response.VerifiedAssertion
    citizen: Citizen


def providers(registry: IdpRegistry) -> IdentityProviders:
    """Return the identity providers to choose from, in random order as AgID's button does: none stands first."""
    chosen = list(registry)
    secrets.SystemRandom().shuffle(chosen)
    return IdentityProviders(
        providers=[
            identity.IdentityProvider(key=idp.key, name=idp.name, kind="cie" if idp.is_cie else "spid")
            for idp in chosen
        ]
    )


def service_provider_metadata(settings: Settings, request: MetadataRequest) -> Metadata:
    """Return the signed metadata for SPID or for CIE. Raises Refused(INVALID_REQUEST) where CIE is not set up."""
    provider = settings.cie_provider if request.kind == "cie" else settings.provider
    if provider.is_cie and not provider.organization.municipality:
        raise Refused(ErrorCode.INVALID_REQUEST)
    document = metadata.build(provider, settings.key, message_id=settings.metadata_id(provider))
    return Metadata(xml=document.decode())


def start(
    database: Database, settings: Settings, registry: IdpRegistry, request: StartLoginRequest, now: datetime
) -> StartLogin:
    """Begin a login and return where and how to send the browser.

    Raises Refused(UNKNOWN_IDENTITY_PROVIDER), or Refused(INVALID_REQUEST) for a path that is not ours.
    """
    idp = registry.find(request.idp)
    if idp is None:
        raise Refused(ErrorCode.UNKNOWN_IDENTITY_PROVIDER)
    binding = idp.sso_binding(settings.binding)
    asked = authn_request.AuthnRequest(
        id=f"_{secrets.token_hex(20)}",
        issue_instant=now.replace(microsecond=0),
        destination=idp.sso[binding],
        entity_id=settings.provider_for(idp).entity_id,
        force_authn=idp.is_cie,
        level=settings.level_of(request.entity_code),
    )
    # Opaque and not looked at again: the answer is matched by InResponseTo and the browser's cookie.
    signed = authn_request.send(asked, binding, secrets.token_urlsafe(16), settings.key)
    row = AuthnRequest(
        id=asked.id,
        idp_entity_id=idp.entity_id,
        level=asked.level,
        browser_token_sha256=_digest(request.browser_token),
        return_to=domain.return_path(request.return_to),
        entity_code=request.entity_code,
        message_encrypted=settings.trace_cipher.encrypt(signed.document),
        issue_instant=asked.issue_instant,
    )
    with database.transaction() as tx:
        tx.session.add(row)
    return StartLogin(redirect_url=signed.url, form_fields=signed.form_fields)


def finish(
    database: Database, settings: Settings, registry: IdpRegistry, request: FinishLoginRequest, now: datetime
) -> FinishLogin:
    """Take the identity provider's answer and open a session.

    The answer is traced and its request used up whether it is good or not; that is committed before anything is
    refused. Raises Refused(LOGIN_REFUSED) with a reference, by which the reason is found (helpdesk.py).
    """
    with database.transaction() as tx:
        outcome = _outcome(tx, settings, registry, request, now)
        if isinstance(outcome, domain.LoginRefusal):
            repository.save_refusal(tx.session, outcome, now)
    if isinstance(outcome, FinishLogin):
        return outcome
    log.info(
        "login_refused",
        reason=outcome.reason.value,
        anomaly=outcome.anomaly,
        detail=outcome.detail,
        reference=outcome.reference,
        idp=outcome.idp_entity_id,
        request_id=outcome.request_id,
    )
    detail = LoginRefused(
        reference=outcome.reference,
        anomaly=outcome.anomaly,
        entity_code=outcome.entity_code,
        spid_level=outcome.spid_level,
    )
    raise Refused(ErrorCode.LOGIN_REFUSED, detail)


def _outcome(
    tx: Tx, settings: Settings, registry: IdpRegistry, request: FinishLoginRequest, now: datetime
) -> FinishLogin | domain.LoginRefusal:
    reference = _new_reference()
    pending: AuthnRequest | None = None
    try:
        received = response.receive(request.saml_response)
        pending = tx.session.get(AuthnRequest, received.in_response_to)
        pending = _checked_request(tx, pending, request.browser_token, now)
    except ResponseRefused as refused:
        return _refusal(refused, reference, pending)
    try:
        verified = _verified(tx, settings, registry, received, pending, now)
    except ResponseRefused as refused:
        tx.session.add(_trace(settings, pending, received, refused.reason.value, reference, now))
        return _refusal(refused, reference, pending)
    trace = _trace(settings, pending, received, GRANTED, reference, now)
    trace.citizen_id = verified.citizen.id
    tx.session.add(trace)
    log.info("login_granted", idp=pending.idp_entity_id, spid_level=verified.assertion.level, request_id=pending.id)
    return _opened_session(tx, settings, verified, now)


def _refusal(refused: ResponseRefused, reference: str, pending: AuthnRequest | None) -> domain.LoginRefusal:
    return domain.LoginRefusal(
        reference=reference,
        reason=refused.reason,
        detail=refused.detail,
        anomaly=refused.anomaly,
        idp_entity_id=pending.idp_entity_id if pending else None,
        entity_code=pending.entity_code if pending else None,
        spid_level=pending.level if pending else None,
        request_id=pending.id if pending else None,
    )


def _checked_request(tx: Tx, pending: AuthnRequest | None, browser_token: str, now: datetime) -> AuthnRequest:
    """Return the request being answered, used up by this answer. Raises ResponseRefused."""
    if pending is None:
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
) -> _Verified:
    """Return who the answer is about, saved as a citizen. Raises ResponseRefused."""
    idp = registry.find(pending.idp_entity_id)
    if idp is None:
        raise ResponseRefused(Reason.RESPONSE_ISSUER, detail="no longer trusted")
    expected = response.Expected(
        request_id=pending.id,
        request_instant=pending.issue_instant,
        level=pending.level,
        idp_entity_id=idp.entity_id,
        sp_entity_id=settings.provider_for(idp).entity_id,
        acs_url=settings.provider.acs_url,
        issuer_format_required=not idp.is_cie,
    )
    assertion = response.validate(received, expected, idp, now)
    asserted = domain.asserted_identity(assertion.attributes)
    is_new = repository.use_assertion(tx.session, idp.entity_id, assertion.id, assertion.usable_until)
    require(is_new, Reason.REPLAYED)
    return _Verified(pending, assertion, repository.save_citizen(tx.session, asserted, now))


def _opened_session(tx: Tx, settings: Settings, verified: _Verified, now: datetime) -> FinishLogin:
    token = secrets.token_urlsafe(32)
    opened = CitizenSession(
        id=uuid4(),
        token_sha256=_digest(token),
        citizen_id=verified.citizen.id,
        level=verified.assertion.level,
        idp_entity_id=verified.pending.idp_entity_id,
        name_id=verified.assertion.name_id,
        created_at=now,
        seen_at=now,
    )
    tx.session.add(opened)
    return FinishLogin(
        session_token=token,
        session=session_view(opened, verified.citizen, settings, now),
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
