"""The only SQL of identity."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID, uuid4

from sqlalchemy import CursorResult, Result, Update, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts import shapes
from contracts.rpc import identity
from services.identity import domain
from services.identity.models import (
    AuthnRequest,
    Beneficiary,
    CalendarFeed,
    Citizen,
    CitizenSession,
    ConsentEvent,
    PrivacyDocument,
    RefusedLogin,
    SamlTrace,
    UsedAssertion,
)

_LEFTOVER_RETENTION: Final = timedelta(days=1)


# ---- logins


def consume_request(session: Session, request_id: str, now: datetime) -> bool:
    """Mark the request as answered; False when it already was. Of two at once, one waits and gets False."""
    statement = update(AuthnRequest).where(AuthnRequest.id == request_id, AuthnRequest.consumed_at.is_(None))
    return _rows(session.execute(statement.values(consumed_at=now))) == 1


def use_assertion(session: Session, issuer: str, assertion_id: str, usable_until: datetime) -> bool:
    """Note that an assertion was used; False when it had been."""
    statement = insert(UsedAssertion).values(issuer=issuer, assertion_id=assertion_id, usable_until=usable_until)
    return _rows(session.execute(statement.on_conflict_do_nothing())) == 1


def save_citizen(session: Session, asserted: domain.AssertedIdentity, now: datetime) -> Citizen:
    """Return the citizen with this fiscal code, made or brought up to date.

    The e-mail of somebody registered is the one they gave then, not SPID's.
    """
    statement = insert(Citizen).values(id=uuid4(), created_at=now, sequence=0, **vars(asserted))
    fresh = statement.excluded
    upsert = statement.on_conflict_do_update(
        index_elements=[Citizen.fiscal_code],
        set_={
            "name": fresh.name,
            "family_name": fresh.family_name,
            "email": case((Citizen.registered_at.is_(None), fresh.email), else_=Citizen.email),
        },
    ).returning(Citizen)
    return session.scalars(upsert, execution_options={"populate_existing": True}).one()


def save_refusal(session: Session, refusal: domain.LoginRefusal, now: datetime) -> None:
    """Save why a login was refused; of two with one reference the first stays."""
    statement = insert(RefusedLogin).values(
        reference=refusal.reference,
        reason=refusal.reason.value,
        detail=refusal.detail,
        anomaly=refusal.anomaly,
        idp_entity_id=refusal.idp_entity_id,
        entity_code=refusal.entity_code,
        request_id=refusal.request_id,
        at=now,
    )
    session.execute(statement.on_conflict_do_nothing())


def find_traces(session: Session, reference: str) -> list[SamlTrace]:
    """Return the traces a help desk's reference, an AuthnRequest id or a citizen id leads to, oldest first."""
    found = (SamlTrace.reference == reference) | (SamlTrace.request_id == reference)
    with suppress(ValueError):
        found |= SamlTrace.citizen_id == UUID(reference)
    return list(session.scalars(select(SamlTrace).where(found).order_by(SamlTrace.received_at)))


# ---- sessions


def find_session(session: Session, token_sha256: bytes) -> tuple[CitizenSession, Citizen] | None:
    """Return the session with this token, live or not, and its citizen."""
    statement = select(CitizenSession, Citizen).join(Citizen, Citizen.id == CitizenSession.citizen_id)
    row = session.execute(statement.where(CitizenSession.token_sha256 == token_sha256)).first()
    return (row[0], row[1]) if row else None


def save_use(session: Session, session_id: UUID, now: datetime) -> None:
    """Save that a session was used; one that was revoked meanwhile stays as it is."""
    statement = update(CitizenSession).where(CitizenSession.id == session_id, CitizenSession.revoked_at.is_(None))
    session.execute(statement.where(CitizenSession.seen_at < now).values(seen_at=now))


def revoke_replaced(session: Session, session_id: UUID, now: datetime) -> None:
    """End the session that a browser had when it logged in again."""
    ended = _revocation(now).where(CitizenSession.id == session_id)
    session.execute(ended.values(end_reason=domain.EndReason.NEW_LOGIN.value))


def revoke_beyond(session: Session, citizen_id: UUID, max_live: int, now: datetime) -> int:
    """End the oldest of a citizen's live sessions beyond `max_live`; return how many."""
    latest = select(CitizenSession.id).where(
        CitizenSession.citizen_id == citizen_id,
        CitizenSession.revoked_at.is_(None),
        CitizenSession.seen_at > now - domain.SESSION_IDLE,
        CitizenSession.created_at > now - domain.SESSION_ABSOLUTE,
    )
    beyond = latest.order_by(CitizenSession.created_at.desc(), CitizenSession.id).offset(max_live)
    ended = _revocation(now).where(CitizenSession.id.in_(beyond))
    return _rows(session.execute(ended.values(end_reason=domain.EndReason.TOO_MANY.value)))


def revoke_by_token(session: Session, token_sha256: bytes, now: datetime) -> None:
    """End the session with this token, if there is one."""
    session.execute(_revocation(now).where(CitizenSession.token_sha256 == token_sha256))


def revoke_one(session: Session, citizen_id: UUID, session_id: UUID, now: datetime) -> None:
    """End one session, if it is this citizen's."""
    statement = _revocation(now).where(CitizenSession.id == session_id, CitizenSession.citizen_id == citizen_id)
    session.execute(statement, execution_options={"synchronize_session": False})


def revoke_of_citizen(session: Session, citizen_id: UUID, now: datetime) -> None:
    """End every session of a citizen."""
    session.execute(_revocation(now).where(CitizenSession.citizen_id == citizen_id))


def revoke_of_person(session: Session, fiscal_code: str | None, now: datetime) -> int:
    """End every session of who has a fiscal code, None for everybody's; return how many."""
    statement = _revocation(now)
    if fiscal_code is not None:
        of_person = select(Citizen.id).where(Citizen.fiscal_code == fiscal_code).scalar_subquery()
        statement = statement.where(CitizenSession.citizen_id.in_(of_person))
    return _rows(session.execute(statement, execution_options={"synchronize_session": False}))


def revoke_of_subject(session: Session, idp_entity_id: str, name_id: str, now: datetime) -> int:
    """End the sessions made by this answer of this identity provider; return how many."""
    statement = _revocation(now).where(CitizenSession.idp_entity_id == idp_entity_id)
    return _rows(session.execute(statement.where(CitizenSession.name_id == name_id)))


def sessions_of(session: Session, citizen_id: UUID) -> list[CitizenSession]:
    """Return the sessions of a citizen that are still stored, oldest first."""
    statement = select(CitizenSession).where(CitizenSession.citizen_id == citizen_id)
    return list(session.scalars(statement.order_by(CitizenSession.created_at)))


# ---- beneficiaries


def save_beneficiary(session: Session, citizen_id: UUID, beneficiary: shapes.Beneficiary, now: datetime) -> None:
    """Save a beneficiary, or that it was used again; delete those beyond BENEFICIARIES_MAX."""
    statement = insert(Beneficiary).values(
        id=uuid4(),
        citizen_id=citizen_id,
        used_at=now,
        full_name=beneficiary.full_name,
        course=beneficiary.course,
        school=beneficiary.school,
        contribution_type=beneficiary.contribution_type,
    )
    session.execute(
        statement.on_conflict_do_update(constraint="uq_beneficiaries_all_fields", set_={"used_at": now}),
    )
    latest = [one.id for one in beneficiaries_of(session, citizen_id)[: domain.BENEFICIARIES_MAX]]
    session.execute(delete(Beneficiary).where(Beneficiary.citizen_id == citizen_id, Beneficiary.id.not_in(latest)))


def delete_beneficiary(session: Session, citizen_id: UUID, beneficiary_id: UUID) -> None:
    """Delete a beneficiary of this citizen's."""
    session.execute(delete(Beneficiary).where(Beneficiary.citizen_id == citizen_id, Beneficiary.id == beneficiary_id))


def delete_beneficiaries(session: Session, citizen_id: UUID) -> None:
    """Delete all beneficiaries of a citizen."""
    session.execute(delete(Beneficiary).where(Beneficiary.citizen_id == citizen_id))


def beneficiaries_of(session: Session, citizen_id: UUID) -> list[Beneficiary]:
    """Return the beneficiaries a citizen paid for, the latest first."""
    statement = select(Beneficiary).where(Beneficiary.citizen_id == citizen_id)
    return list(session.scalars(statement.order_by(Beneficiary.used_at.desc(), Beneficiary.id)))


# ---- the calendar


def find_feed(session: Session, citizen_id: UUID) -> CalendarFeed | None:
    """Return the citizen's feed, if there is one."""
    return session.get(CalendarFeed, citizen_id)


def find_reader(session: Session, token_sha256: bytes) -> tuple[CalendarFeed, Citizen] | None:
    """Return the feed with this token and its citizen."""
    statement = select(CalendarFeed, Citizen).join(Citizen, Citizen.id == CalendarFeed.citizen_id)
    row = session.execute(statement.where(CalendarFeed.token_sha256 == token_sha256)).first()
    return (row[0], row[1]) if row else None


def save_feed(session: Session, asking: CitizenSession, token_sha256: bytes, now: datetime) -> None:
    """Save the feed of a session's citizen, in the place of the one before."""
    citizen_id = asking.citizen_id
    values = {"token_sha256": token_sha256, "level": asking.level, "body_code": asking.body_code, "created_at": now}
    statement = insert(CalendarFeed).values(citizen_id=citizen_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[CalendarFeed.citizen_id], set_=values))


def delete_feed(session: Session, citizen_id: UUID) -> None:
    """Delete a citizen's feed."""
    session.execute(delete(CalendarFeed).where(CalendarFeed.citizen_id == citizen_id))


# ---- consents


def find_citizen(session: Session, citizen_id: UUID) -> Citizen | None:
    """Return a citizen by id."""
    return session.get(Citizen, citizen_id)


def lock_citizen(session: Session, citizen_id: UUID) -> Citizen:
    """Return the citizen; whoever else changes the same one waits."""
    statement = select(Citizen).where(Citizen.id == citizen_id).with_for_update()
    return session.scalars(statement, execution_options={"populate_existing": True}).one()


def archive_document(session: Session, document: domain.PrivacyDocument) -> str:
    """Save the text of `document` for ever and return the SHA-256 of the text that is stored under its id."""
    values = {
        "id": document.id,
        "purpose": document.purpose,
        "version": document.version,
        "valid_from": document.valid_from,
        "title": dict(document.title),
        "text": dict(document.text),
        "sha256": document.sha256,
    }
    session.execute(insert(PrivacyDocument).values(values).on_conflict_do_nothing())
    return session.scalars(select(PrivacyDocument.sha256).where(PrivacyDocument.id == document.id)).one()


def history(session: Session, citizen_id: UUID) -> list[identity.ConsentEvent]:
    """Return the consent ledger of a citizen, oldest first."""
    statement = (
        select(
            ConsentEvent.at,
            ConsentEvent.purpose,
            ConsentEvent.action,
            ConsentEvent.document_id,
            ConsentEvent.channel,
            PrivacyDocument.version.label("document_version"),
        )
        .join(PrivacyDocument, PrivacyDocument.id == ConsentEvent.document_id)
        .where(ConsentEvent.citizen_id == citizen_id)
        .order_by(ConsentEvent.id)
    )
    return [
        identity.ConsentEvent(
            at=row.at,
            purpose=row.purpose,
            action=row.action,
            document_id=row.document_id,
            document_version=row.document_version,
            channel=row.channel,
        )
        for row in session.execute(statement)
    ]


def traces_of(session: Session, citizen_id: UUID) -> list[SamlTrace]:
    """Return the register of transactions as far as it is about a citizen, oldest first."""
    statement = select(SamlTrace).where(SamlTrace.citizen_id == citizen_id)
    return list(session.scalars(statement.order_by(SamlTrace.received_at)))


# ---- upkeep


def delete_expired(session: Session, now: datetime) -> dict[str, int]:
    """Delete what has no more reason to be stored; return how many rows of each table."""
    unregistered = select(Citizen.id).where(
        Citizen.registered_at.is_(None),
        Citizen.closed_at.is_(None),
        ~select(CitizenSession.id)
        .where(CitizenSession.citizen_id == Citizen.id, CitizenSession.created_at > now - _LEFTOVER_RETENTION)
        .exists(),
        ~select(ConsentEvent.id).where(ConsentEvent.citizen_id == Citizen.id).exists(),
    )
    statements = {
        "refused_logins": delete(RefusedLogin).where(RefusedLogin.at < now - domain.REFUSAL_RETENTION),
        "saml_traces": delete(SamlTrace).where(SamlTrace.received_at < now - domain.TRACE_RETENTION),
        "authn_requests": delete(AuthnRequest).where(AuthnRequest.issue_instant < now - _LEFTOVER_RETENTION),
        "used_assertions": delete(UsedAssertion).where(UsedAssertion.usable_until < now - _LEFTOVER_RETENTION),
        "sessions": delete(CitizenSession).where(
            (CitizenSession.created_at < now - domain.SESSION_ABSOLUTE - _LEFTOVER_RETENTION)
            | CitizenSession.citizen_id.in_(unregistered)
        ),
        "citizens": delete(Citizen).where(Citizen.id.in_(unregistered), Citizen.created_at < now - _LEFTOVER_RETENTION),
    }
    options = {"synchronize_session": False}
    return {table: _rows(session.execute(one, execution_options=options)) for table, one in statements.items()}


def _revocation(now: datetime) -> Update:
    return update(CitizenSession).where(CitizenSession.revoked_at.is_(None)).values(revoked_at=now)


def _rows(result: Result[Any]) -> int:
    return cast("CursorResult[Any]", result).rowcount
