"""Logging in with SPID: the way to the identity provider, and back."""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final
from uuid import uuid4

from chassis.logs import get_logger
from chassis.storage.database import Database, Tx
from contracts.errors import ErrorCode, Refused
from services.identity import domain, repository
from services.identity.models import AuthnRequest, Citizen, CitizenSession, SamlTrace
from services.identity.saml import authn_request, metadata, response
from services.identity.saml.refusal import Reason, ResponseRefused, require
from services.identity.saml.structure import ReceivedResponse
from services.identity.settings import Settings
from services.identity.usecases.views import session_view

log = get_logger("identity.login")

GRANTED: Final = "granted"


@dataclass(frozen=True)
class _Failed:
    """A login that ended without a session. `reference` is what the person is shown."""

    refusal: ResponseRefused
    reference: str
    pending: AuthnRequest | None


def providers(settings: Settings) -> dict[str, Any]:
    """Return the identity providers to choose from, in random order as AgID's button does: none stands first."""
    chosen = list(settings.registry)
    secrets.SystemRandom().shuffle(chosen)
    kinds = {True: "cie", False: "spid"}
    return {
        "providers": [{"key": idp.key, "name": idp.name, "logo": None, "kind": kinds[idp.is_cie]} for idp in chosen]
    }


def service_provider_metadata(settings: Settings, kind: str) -> dict[str, Any]:
    """Return the signed metadata for SPID or for CIE. Raises Refused(INVALID_REQUEST) where CIE is not set up."""
    provider = settings.cie_provider if kind == "cie" else settings.provider
    if provider.is_cie and not provider.organization.municipality:
        raise Refused(ErrorCode.INVALID_REQUEST)
    document = metadata.build(provider, settings.key, message_id=settings.metadata_id(provider))
    return {"xml": document.decode()}


def start(database: Database, settings: Settings, request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Begin a login and return where and how to send the browser.

    Raises Refused(UNKNOWN_IDENTITY_PROVIDER), or Refused(INVALID_REQUEST) for a path that is not ours.
    """
    idp = settings.registry.find(request["idp"])
    if idp is None:
        raise Refused(ErrorCode.UNKNOWN_IDENTITY_PROVIDER)
    binding = idp.sso_binding(settings.binding)
    asked = authn_request.AuthnRequest(
        id=f"_{secrets.token_hex(20)}",
        issue_instant=now.replace(microsecond=0),
        destination=idp.sso[binding],
        entity_id=settings.provider_for(idp).entity_id,
        force_authn=idp.is_cie,
        level=settings.level_of(request["entity_code"]),
    )
    # Opaque and not looked at again: the answer is matched by InResponseTo and the browser's cookie.
    outgoing = authn_request.send(asked, binding, secrets.token_urlsafe(16), settings.key)
    row = AuthnRequest(
        id=asked.id,
        idp_entity_id=idp.entity_id,
        level=asked.level,
        browser_token_sha256=_digest(request["browser_token"]),
        return_to=domain.return_path(request["return_to"]),
        entity_code=request["entity_code"],
        message_encrypted=settings.trace_cipher.encrypt(outgoing.document),
        issue_instant=asked.issue_instant,
    )
    with database.transaction() as tx:
        tx.session.add(row)
    return {"redirect_url": outgoing.url, "form_fields": outgoing.form_fields}


def finish(database: Database, settings: Settings, request: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Take the identity provider's answer and open a session.

    The answer is traced and its request used up whether it is good or not; that is committed before anything is
    refused. Raises Refused(LOGIN_REFUSED) with a reference, by which the reason is found (helpdesk.py).
    """
    with database.transaction() as tx:
        outcome = _answer(tx, settings, request, now)
        if isinstance(outcome, _Failed):
            _note_refusal(tx, outcome, now)
    if not isinstance(outcome, _Failed):
        return outcome
    refusal, pending = outcome.refusal, outcome.pending
    log.info(
        "login_refused",
        reason=refusal.reason.value,
        anomaly=refusal.anomaly,
        detail=refusal.detail,
        reference=outcome.reference,
        idp=pending.idp_entity_id if pending else None,
        request_id=pending.id if pending else None,
    )
    params = {
        "reference": outcome.reference,
        "anomaly": refusal.anomaly,
        "entity_code": pending.entity_code if pending else None,
        "spid_level": pending.level if pending else None,
    }
    raise Refused(ErrorCode.LOGIN_REFUSED, {name: value for name, value in params.items() if value is not None})


def _answer(tx: Tx, settings: Settings, request: dict[str, Any], now: datetime) -> dict[str, Any] | _Failed:
    reference = _new_reference()
    pending: AuthnRequest | None = None
    try:
        received = response.receive(request["saml_response"])
        pending = tx.session.get(AuthnRequest, received.in_response_to)
        pending = _checked_request(tx, pending, request["browser_token"], now)
    except ResponseRefused as refusal:
        return _Failed(refusal, reference, pending)
    try:
        verified, citizen = _verified_citizen(tx, settings, received, pending, now)
    except ResponseRefused as refusal:
        _trace(tx, settings, pending, received, outcome=refusal.reason.value, reference=reference, now=now)
        return _Failed(refusal, reference, pending)
    _trace(tx, settings, pending, received, outcome=GRANTED, reference=reference, now=now, citizen=citizen)
    log.info("login_granted", idp=pending.idp_entity_id, spid_level=verified.level, request_id=pending.id)
    return _opened_session(tx, settings, pending, verified, citizen, now)


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


def _verified_citizen(
    tx: Tx, settings: Settings, received: ReceivedResponse, pending: AuthnRequest, now: datetime
) -> tuple[response.VerifiedAssertion, Citizen]:
    idp = settings.registry.find(pending.idp_entity_id)
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
    verified = response.validate(received, expected, idp, now)
    person = domain.person(verified.attributes)
    is_new = repository.use_assertion(tx.session, idp.entity_id, verified.id, verified.usable_until)
    require(is_new, Reason.REPLAYED)
    return verified, repository.save_person(tx.session, person, now)


def _opened_session(
    tx: Tx,
    settings: Settings,
    pending: AuthnRequest,
    verified: response.VerifiedAssertion,
    citizen: Citizen,
    now: datetime,
) -> dict[str, Any]:
    token = secrets.token_urlsafe(32)
    opened = CitizenSession(
        id=uuid4(),
        token_sha256=_digest(token),
        citizen_id=citizen.id,
        level=verified.level,
        idp_entity_id=pending.idp_entity_id,
        name_id=verified.name_id,
        created_at=now,
        seen_at=now,
    )
    tx.session.add(opened)
    return {
        "session_token": token,
        "session": session_view(opened, citizen, settings, now),
        "return_to": pending.return_to,
        "entity_code": pending.entity_code,
    }


def _trace(
    tx: Tx,
    settings: Settings,
    pending: AuthnRequest,
    received: ReceivedResponse,
    *,
    outcome: str,
    reference: str,
    now: datetime,
    citizen: Citizen | None = None,
) -> None:
    fields = response.read_tracing_fields(received)
    trace = SamlTrace(
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
        citizen_id=citizen.id if citizen else None,
        received_at=now,
    )
    tx.session.add(trace)


def _note_refusal(tx: Tx, failed: _Failed, now: datetime) -> None:
    refusal, pending = failed.refusal, failed.pending
    repository.note_refusal(
        tx.session,
        reference=failed.reference,
        reason=refusal.reason.value,
        detail=refusal.detail,
        anomaly=refusal.anomaly,
        idp_entity_id=pending.idp_entity_id if pending else None,
        entity_code=pending.entity_code if pending else None,
        request_id=pending.id if pending else None,
        at=now,
    )


def _new_reference() -> str:
    """Return eight letters and digits that can be read out on the telephone."""
    return b32encode(secrets.token_bytes(5)).decode()


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
