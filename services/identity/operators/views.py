"""How operators, invitations and sessions are shown to callers."""

from typing import Any

from contracts.rpc import operators
from services.identity.models import ApiKey, Operator, OperatorInvitation, OperatorSession
from services.identity.operators.domain.operator_rules import OfficeTimes
from services.identity.operators.repository import grants_of


def times_of(session: OperatorSession) -> OfficeTimes:
    """Return what decides whether a session is live."""
    return OfficeTimes(session.created_at, session.seen_at, session.revoked_at)


def session_view(session: OperatorSession, operator: Operator) -> operators.OfficeSession:
    """Return a session in the office of one entity."""
    times = times_of(session)
    return operators.OfficeSession(
        operator=operator_view(operator),
        spid_level=session.level,
        idle_until=times.idle_until,
        expires_at=times.expires_at,
    )


def operator_view(row: Operator) -> operators.Operator:
    """Return an operator, without the fiscal code."""
    return operators.Operator(
        id=row.id,
        name=row.name,
        family_name=row.family_name,
        removed=row.removed_at is not None,
        entity_code=row.entity_code,
        email=row.email,
        grants=grants_of(row.grants),
        version=row.version,
        since=row.created_at,
    )


def name_view(row: Operator) -> operators.OperatorName:
    """Return an operator as the audit names them."""
    return operators.OperatorName(
        id=row.id, name=row.name, family_name=row.family_name, removed=row.removed_at is not None
    )


def invitation_view(row: OperatorInvitation) -> operators.Invitation:
    """Return an invitation, without the fiscal code it is for."""
    return operators.Invitation(
        id=row.id,
        entity_code=row.entity_code,
        email=row.email,
        grants=grants_of(row.grants),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def api_key_view(row: ApiKey) -> Any:
    """Return the fields of a key that are shown, by name: its text is not among what is stored."""
    return {
        "id": row.id,
        "name": row.name,
        "scopes": row.scopes,
        "version": row.version,
        "created_at": row.created_at,
        "used_at": row.used_at,
        "previous_until": row.previous_until,
        "revoked_at": row.revoked_at,
    }
