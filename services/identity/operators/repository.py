"""The only SQL of operators."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from contracts.roles import Grant
from services.identity.domain import EndReason
from services.identity.models import ApiKey, Operator, OperatorInvitation, OperatorSession
from services.identity.operators.domain import operator_rules

_LEFTOVER_RETENTION: Final = timedelta(days=1)


def grants_of(stored: Sequence[dict[str, str]]) -> list[Grant]:
    """Read roles from their column."""
    return [Grant(role=one["role"], service_code=one.get("service_code")) for one in stored]


def stored_grants(grants: Sequence[Grant]) -> list[dict[str, str]]:
    """Write roles for their column, and for the audit."""
    return [{"role": one.role} | ({"service_code": one.service_code} if one.service_code else {}) for one in grants]


# ---- sessions


def find_session(session: Session, token_sha256: bytes) -> OperatorSession | None:
    """Return the session with this token, live or not."""
    return session.scalars(select(OperatorSession).where(OperatorSession.token_sha256 == token_sha256)).first()


def save_use(session: Session, session_id: UUID, now: datetime) -> None:
    """Save that a session was used; one that was ended meanwhile stays as it is."""
    statement = update(OperatorSession).where(OperatorSession.id == session_id, OperatorSession.revoked_at.is_(None))
    session.execute(statement.where(OperatorSession.seen_at < now).values(seen_at=now))


def end_session(session: Session, token_sha256: bytes, now: datetime) -> None:
    """End the session with this token, if there is one."""
    _end(session, now, OperatorSession.token_sha256 == token_sha256)


def end_sessions_of(session: Session, fiscal_code: str | None, now: datetime) -> int:
    """End every office session of a person, None for everybody's; return how many."""
    return _end(session, now, *([] if fiscal_code is None else [OperatorSession.fiscal_code == fiscal_code]))


def end_sessions_of_subject(session: Session, provider: str, subject: str, now: datetime) -> None:
    """End the sessions that a provider vouched for under this name."""
    _end(session, now, OperatorSession.provider == provider, OperatorSession.subject == subject)


def end_replaced(session: Session, session_id: UUID, now: datetime) -> None:
    """End the session that a browser had when it logged in again."""
    _end(session, now, OperatorSession.id == session_id, reason=EndReason.NEW_LOGIN)


def end_beyond(session: Session, fiscal_code: str, max_live: int, now: datetime) -> int:
    """End the oldest of a person's live sessions beyond `max_live`; return how many."""
    latest = select(OperatorSession.id).where(
        OperatorSession.fiscal_code == fiscal_code,
        OperatorSession.revoked_at.is_(None),
        OperatorSession.seen_at > now - operator_rules.SESSION_IDLE,
        OperatorSession.created_at > now - operator_rules.SESSION_ABSOLUTE,
    )
    beyond = latest.order_by(OperatorSession.created_at.desc(), OperatorSession.id).offset(max_live)
    return _end(session, now, OperatorSession.id.in_(beyond), reason=EndReason.TOO_MANY)


def _end(session: Session, now: datetime, *which: Any, reason: EndReason | None = None) -> int:
    ended = update(OperatorSession).where(OperatorSession.revoked_at.is_(None), *which)
    ended = ended.values(revoked_at=now, end_reason=reason.value if reason else None)
    done = session.execute(ended.returning(OperatorSession.id), execution_options={"synchronize_session": False})
    return len(done.all())


# ---- operators


def operator_of(session: Session, entity_code: str, fiscal_code: str) -> Operator | None:
    """Return the person as an operator of an entity; None for who is none, or is no longer."""
    statement = select(Operator).where(
        Operator.entity_code == entity_code, Operator.fiscal_code == fiscal_code, Operator.removed_at.is_(None)
    )
    return session.scalars(statement, execution_options={"populate_existing": True}).first()


def entities_of(session: Session, fiscal_code: str) -> Sequence[str]:
    """Return in which entities' offices a person works."""
    statement = select(Operator.entity_code).where(Operator.fiscal_code == fiscal_code, Operator.removed_at.is_(None))
    return session.scalars(statement.order_by(Operator.entity_code)).all()


def name_person(session: Session, person: operator_rules.SignedInPerson) -> None:
    """Write a person's names as they were vouched for now wherever they work."""
    here = update(Operator).where(Operator.fiscal_code == person.fiscal_code, Operator.removed_at.is_(None))
    session.execute(here.values(name=person.name, family_name=person.family_name))


def operators(session: Session, entity_code: str) -> Sequence[Operator]:
    """Return all operators an entity has or had, by name, those removed last."""
    statement = select(Operator).where(Operator.entity_code == entity_code)
    by_name = (Operator.removed_at.is_not(None), Operator.family_name, Operator.name, Operator.id)
    return session.scalars(statement.order_by(*by_name)).all()


def locked_operators(session: Session, entity_code: str) -> dict[UUID, Operator]:
    """Return the operators of an entity, locked in one order: of two administrators one waits for the other."""
    statement = select(Operator).where(Operator.entity_code == entity_code, Operator.removed_at.is_(None))
    locked = statement.order_by(Operator.id).with_for_update()
    return {row.id: row for row in session.scalars(locked, execution_options={"populate_existing": True})}


def named(session: Session, entity_code: str, operator_ids: Collection[UUID]) -> Sequence[Operator]:
    """Return operators of an entity by id, those removed too."""
    statement = select(Operator).where(Operator.entity_code == entity_code, Operator.id.in_(list(operator_ids)))
    return session.scalars(statement).all()


# ---- invitations


def invitations(session: Session, entity_code: str, now: datetime) -> Sequence[OperatorInvitation]:
    """Return the invitations of an entity that can be accepted, the newest first."""
    statement = select(OperatorInvitation).where(OperatorInvitation.entity_code == entity_code, *_open(now))
    return session.scalars(statement.order_by(OperatorInvitation.created_at.desc(), OperatorInvitation.id)).all()


def is_invited(session: Session, fiscal_code: str, now: datetime) -> bool:
    """Return whether a person is invited into any office."""
    waiting = exists().where(OperatorInvitation.fiscal_code == fiscal_code, *_open(now))
    return bool(session.scalar(select(waiting)))


def open_invitation(session: Session, token_sha256: bytes, now: datetime) -> OperatorInvitation | None:
    """Return the invitation with this token, locked, if it can be accepted."""
    statement = select(OperatorInvitation).where(OperatorInvitation.token_sha256 == token_sha256, *_open(now))
    return session.scalars(statement.with_for_update(), execution_options={"populate_existing": True}).first()


def withdraw_of_person(session: Session, entity_code: str, fiscal_code: str, now: datetime) -> None:
    """Make the open invitations of a person into an office void."""
    _withdraw(
        session, now, OperatorInvitation.entity_code == entity_code, OperatorInvitation.fiscal_code == fiscal_code
    )


def withdraw_one(session: Session, entity_code: str, invitation_id: UUID, now: datetime) -> bool:
    """Make an invitation of an entity void; return whether it was open."""
    return _withdraw(
        session, now, OperatorInvitation.entity_code == entity_code, OperatorInvitation.id == invitation_id
    )


def _withdraw(session: Session, now: datetime, *which: Any) -> bool:
    void = update(OperatorInvitation).where(*which, *_open(now)).values(withdrawn_at=now)
    done = session.execute(void.returning(OperatorInvitation.id), execution_options={"synchronize_session": False})
    return bool(done.all())


def _open(now: datetime) -> tuple[Any, ...]:
    return (
        OperatorInvitation.accepted_at.is_(None),
        OperatorInvitation.withdrawn_at.is_(None),
        OperatorInvitation.expires_at > now,
    )


def delete_expired(session: Session, now: datetime) -> None:
    """Delete sessions and invitations that have no more reason to be stored."""
    old_session = OperatorSession.created_at < now - operator_rules.SESSION_ABSOLUTE - _LEFTOVER_RETENTION
    old_invitation = OperatorInvitation.created_at < now - operator_rules.INVITATION_RETENTION
    for statement in (delete(OperatorSession).where(old_session), delete(OperatorInvitation).where(old_invitation)):
        session.execute(statement, execution_options={"synchronize_session": False})


# ---- API keys


def api_keys(session: Session, entity_code: str) -> Sequence[ApiKey]:
    """Return all keys an entity has or had, by name, those revoked last."""
    statement = select(ApiKey).where(ApiKey.entity_code == entity_code)
    return session.scalars(statement.order_by(ApiKey.revoked_at.is_not(None), ApiKey.name, ApiKey.created_at)).all()


def new_api_key(
    session: Session, entity_code: str, name: str, scopes: list[str], sha256: bytes, now: datetime
) -> ApiKey:
    """Store a new key of an entity and return it."""
    row = ApiKey(
        id=uuid4(), entity_code=entity_code, name=name, scopes=scopes, sha256=sha256, version=1, created_at=now
    )
    session.add(row)
    return row


def locked_api_key(session: Session, entity_code: str, key_id: UUID) -> ApiKey | None:
    """Return a key of an entity, in force or not, locked."""
    statement = select(ApiKey).where(ApiKey.id == key_id, ApiKey.entity_code == entity_code).with_for_update()
    return session.scalars(statement, execution_options={"populate_existing": True}).first()


def api_key_by_sha256(session: Session, sha256: bytes) -> ApiKey | None:
    """Return the key one of whose two texts has this SHA-256, in force or not."""
    statement = select(ApiKey).where(or_(ApiKey.sha256 == sha256, ApiKey.previous_sha256 == sha256))
    return session.scalars(statement).first()


def save_key_use(session: Session, key_id: UUID, now: datetime) -> None:
    """Save that a key was used."""
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(used_at=now))
