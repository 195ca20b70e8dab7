"""Logout asked for by an identity provider."""

import secrets
from datetime import datetime

from chassis.logs import get_logger
from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc.identity import Slo, SloRequest
from services.identity import repository
from services.identity.operators import repository as operators
from services.identity.saml import logout
from services.identity.saml.idp_registry import IdpRegistry
from services.identity.saml.refusal import ResponseRefused
from services.identity.settings import Settings

log = get_logger("identity.slo")


def answer(database: Database, settings: Settings, registry: IdpRegistry, request: SloRequest, now: datetime) -> Slo:
    """End the sessions a verified LogoutRequest names and return the LogoutResponse: Success, known or not.

    Raises Refused(INVALID_REQUEST) for a request that is not an identity provider's; the reason is in the log.
    """
    try:
        asked = _read(settings, registry, request, now)
    except ResponseRefused as refusal:
        log.warning("logout_request_refused", reason=refusal.reason.value)
        raise Refused(ErrorCode.INVALID_REQUEST) from None
    with database.transaction() as tx:
        ended = repository.revoke_of_subject(tx.session, asked.idp.entity_id, asked.name_id, now)
        operators.end_sessions_of_subject(tx.session, asked.idp.entity_id, asked.name_id, now)
    log.info("logout_by_identity_provider", idp=asked.idp.entity_id, sessions=ended)
    response = logout.build_response(
        asked, entity_id=settings.provider.entity_id, message_id=f"_{secrets.token_hex(20)}", key=settings.key, now=now
    )
    return Slo(destination=response.destination, saml_response=response.message, relay_state=request.relay_state)


def _read(settings: Settings, registry: IdpRegistry, request: SloRequest, now: datetime) -> logout.LogoutRequest:
    if request.binding == "post":
        return logout.read_post(request.message, registry, settings.provider.slo_url, now)
    return logout.read_redirect(request.query, registry, settings.provider.slo_url, now)
