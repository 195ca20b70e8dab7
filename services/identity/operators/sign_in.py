"""The seam between logging in and working in an office: who was vouched for becomes who has a session.

SAML (SPID, CIE) comes here from `usecases/login.py`; a body's own identity provider by OpenID Connect would come here
too, with the same few facts.
"""

import secrets
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from chassis.storage.database import Tx
from contracts.error_details import SpidLevelTooLow
from contracts.errors import ErrorCode, Refused
from services.identity.models import OperatorSession
from services.identity.operators import repository
from services.identity.operators.domain import operator_rules
from services.identity.operators.domain.operator_rules import SignedInPerson


def digest(token: str) -> bytes:
    """Return what is stored of a token."""
    return sha256(token.encode()).digest()


def open_session(tx: Tx, person: SignedInPerson, now: datetime) -> str | None:
    """Open an office session and return its token; None for who works in no office and is invited to none.

    Of a stranger nothing is stored. Raises Refused(SPID_LEVEL_TOO_LOW).
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
    return token
