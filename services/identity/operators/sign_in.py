"""The seam between logging in and working in an office: who was vouched for becomes who has a session.

SAML (SPID, CIE) comes here from `usecases/login.py`; a body's own identity provider by OpenID Connect would come here
too, with the same few facts.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from chassis.logs import get_logger
from chassis.storage.database import Tx
from contracts.error_details import SpidLevelTooLow
from contracts.errors import ErrorCode, Refused
from services.identity.models import OperatorSession
from services.identity.operators import repository
from services.identity.operators.domain import operator_rules
from services.identity.operators.domain.operator_rules import SignedInPerson

log = get_logger("identity.offices")


@dataclass(frozen=True)
class OpenedSession:
    """A session's token, and how many of the person's oldest ended for it."""

    token: str
    ended_sessions: int


def digest(token: str) -> bytes:
    """Return what is stored of a token."""
    return sha256(token.encode()).digest()


def open_session(
    tx: Tx, person: SignedInPerson, replaced_session_id: UUID | None, now: datetime
) -> OpenedSession | None:
    """Open an office session; None for who works in no office and is invited to none.

    It ends the one that the browser had, and the person's oldest beyond SESSIONS_MAX. Of a stranger nothing is stored.
    Raises Refused(SPID_LEVEL_TOO_LOW).
    """
    if person.level < operator_rules.LEVEL_MIN:
        detail = SpidLevelTooLow(
            entity_code=person.entity_code or "", spid_level=person.level, spid_level_wanted=operator_rules.LEVEL_MIN
        )
        raise Refused(ErrorCode.SPID_LEVEL_TOO_LOW, detail)
    works_somewhere = repository.entities_of(tx.session, person.fiscal_code)
    if not works_somewhere and not repository.is_invited(tx.session, person.fiscal_code, now):
        return None
    repository.name_person(tx.session, person)
    token = secrets.token_urlsafe(32)
    opened = OperatorSession(
        id=uuid4(),
        token_sha256=digest(token),
        fiscal_code=person.fiscal_code,
        name=person.name,
        family_name=person.family_name,
        level=person.level,
        provider=person.provider,
        subject=person.subject,
        body_code=person.body_code,
        created_at=now,
        seen_at=now,
    )
    tx.session.add(opened)
    tx.session.flush()
    if replaced_session_id is not None:
        repository.end_replaced(tx.session, replaced_session_id, now)
    ended = repository.end_beyond(tx.session, person.fiscal_code, operator_rules.SESSIONS_MAX, now)
    if ended:
        log.info("office_sessions_ended_by_newer", sessions=ended, sessions_max=operator_rules.SESSIONS_MAX)
    return OpenedSession(token, ended)
