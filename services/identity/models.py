"""Tables of identity. Times are UTC. Tokens are stored as their SHA-256, SAML messages encrypted."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.audit.tables import AuditEntryMixin, AuditHeadMixin
from chassis.storage.tables import OutboxMixin


class Base(DeclarativeBase):
    """The metadata of this service's database."""


class OutboxMessage(OutboxMixin, Base):
    """Events on their way out."""

    __tablename__ = "outbox"


class Citizen(Base):
    """Who logged in, by fiscal code.

    Closing the account erases everything but `id` and the times; a later login then makes a new citizen.
    `sequence` counts the events about the citizen; `language` is what to write to the citizen in.
    """

    __tablename__ = "citizens"
    __table_args__ = (
        CheckConstraint(
            "closed_at IS NULL OR (fiscal_code IS NULL AND name IS NULL AND family_name IS NULL AND email IS NULL)",
            name="ck_citizens_closed_is_erased",
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    fiscal_code: Mapped[str | None] = mapped_column(Text, unique=True)
    name: Mapped[str | None] = mapped_column(Text)
    family_name: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    registered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_document_id: Mapped[str | None] = mapped_column(ForeignKey("privacy_documents.id"))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sequence: Mapped[int] = mapped_column(Integer, default=0)


class AuthnRequest(Base):
    """A login that was begun: answered once, by the browser that began it, within 15 minutes.

    `replaced_session_id`: the session this browser had then, which the new one ends. `sp_entity_id`: as whom we asked;
    `purpose`: on whose behalf. `office`: it opens a session of an operator, and none of a citizen.
    """

    __tablename__ = "authn_requests"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    idp_entity_id: Mapped[str] = mapped_column(Text)
    level: Mapped[int] = mapped_column(Integer)
    browser_token_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    return_to: Mapped[str] = mapped_column(Text)
    entity_code: Mapped[str | None] = mapped_column(Text)
    message_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    issue_instant: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    replaced_session_id: Mapped[UUID | None] = mapped_column(Uuid)
    sp_entity_id: Mapped[str | None] = mapped_column(Text)
    purpose: Mapped[str | None] = mapped_column(Text)
    office: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    consumed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SamlTrace(Base):
    """The register of transactions the law wants for 24 months: AuthnRequest and Response of a login, good or not.

    The fields stand as the messages state them. `outcome` is `granted` or the reason of the refusal; `reference` is
    the code shown to who was refused.
    """

    __tablename__ = "saml_traces"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[str] = mapped_column(Text, unique=True)
    request_instant: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    response_id: Mapped[str] = mapped_column(Text)
    response_instant: Mapped[str] = mapped_column(Text)
    response_issuer: Mapped[str] = mapped_column(Text)
    assertion_id: Mapped[str] = mapped_column(Text)
    assertion_subject: Mapped[str] = mapped_column(Text)
    assertion_subject_qualifier: Mapped[str] = mapped_column(Text)
    request_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    response_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    outcome: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text, index=True)
    citizen_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class RefusedLogin(Base):
    """Why a login was refused, by the reference that was shown: for the help desk, a month, nothing personal.

    `idp_entity_id`, `entity_code` and `request_id` are None where the answer matched no login of ours.
    """

    __tablename__ = "refused_logins"

    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    anomaly: Mapped[int | None] = mapped_column(Integer)
    idp_entity_id: Mapped[str | None] = mapped_column(Text)
    entity_code: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class UsedAssertion(Base):
    """An assertion that logged somebody in; it must not do so again while it is valid."""

    __tablename__ = "used_assertions"

    issuer: Mapped[str] = mapped_column(Text, primary_key=True)
    assertion_id: Mapped[str] = mapped_column(Text, primary_key=True)
    usable_until: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class CitizenSession(Base):
    """A session of a citizen, found by its token's SHA-256. (IdP, NameID) is what a single logout names.

    `end_reason`: why it was revoked, where its browser has a right to know (domain.EndReason). `body_code`: the
    aggregated body in whose pages alone it counts; `organization_...`: whom the citizen acts for.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_idp_name_id", "idp_entity_id", "name_id"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    level: Mapped[int] = mapped_column(Integer)
    idp_entity_id: Mapped[str] = mapped_column(Text)
    name_id: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    body_code: Mapped[str | None] = mapped_column(Text)
    organization_fiscal_code: Mapped[str | None] = mapped_column(Text)
    organization_name: Mapped[str | None] = mapped_column(Text)


class Beneficiary(Base):
    """A beneficiary the citizen paid for, offered the next time; erased with the account."""

    __tablename__ = "beneficiaries"
    __table_args__ = (
        UniqueConstraint(
            "citizen_id", "full_name", "course", "school", "contribution_type", name="uq_beneficiaries_all_fields"
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"))
    full_name: Mapped[str] = mapped_column(Text)
    course: Mapped[str] = mapped_column(Text)
    school: Mapped[str] = mapped_column(Text)
    contribution_type: Mapped[str] = mapped_column(Text)
    used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CalendarFeed(Base):
    """The address under which a citizen's calendar reads the due dates, found by its token's SHA-256.

    `level` is the SPID level of the session that made it, `body_code` its aggregated body; gone with the account.
    """

    __tablename__ = "calendar_feeds"

    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    level: Mapped[int] = mapped_column(Integer)
    body_code: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PrivacyDocument(Base):
    """A document that somebody agreed to, word for word; written once, when the first consent names it."""

    __tablename__ = "privacy_documents"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    text: Mapped[dict[str, str]] = mapped_column(JSONB)
    sha256: Mapped[str] = mapped_column(Text)


class ConsentEvent(Base):
    """One line of the consent ledger: appended, never changed (the database refuses UPDATE and DELETE).

    How: in a session that SPID opened, by `channel` (`web` or `api`), the text read in `language` where that is known.
    """

    __tablename__ = "consent_events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    purpose: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    document_id: Mapped[str] = mapped_column(ForeignKey("privacy_documents.id"))
    session_id: Mapped[UUID] = mapped_column(Uuid)
    channel: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Operator(Base):
    """A person of an entity's office, by fiscal code; `removed_at`: works there no more, the audit names them still.

    `grants`: contracts.roles.Grant as JSON. `version` grows with each change of them.
    """

    __tablename__ = "operators"
    __table_args__ = (
        Index(
            "uq_operators_present",
            "entity_code",
            "fiscal_code",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_operators_fiscal_code", "fiscal_code"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    entity_code: Mapped[str] = mapped_column(Text)
    fiscal_code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    family_name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    grants: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class OperatorInvitation(Base):
    """An invitation into an entity's office, found by its token's SHA-256; good once, for one fiscal code, for a week.

    `invited_by`: the operator who did; None where a command did.
    """

    __tablename__ = "operator_invitations"
    __table_args__ = (Index("ix_operator_invitations_person", "fiscal_code", "entity_code"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    entity_code: Mapped[str] = mapped_column(Text, index=True)
    fiscal_code: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    grants: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    invited_by: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class OperatorSession(Base):
    """A session of who works in offices, found by its token's SHA-256; of which offices, `operators` says each time.

    `provider` and `subject`: by whom and as whom the person was vouched for. `body_code`, `end_reason`: as of a
    citizen's session.
    """

    __tablename__ = "operator_sessions"
    __table_args__ = (Index("ix_operator_sessions_subject", "provider", "subject"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    fiscal_code: Mapped[str] = mapped_column(Text, index=True)
    name: Mapped[str] = mapped_column(Text)
    family_name: Mapped[str] = mapped_column(Text)
    level: Mapped[int] = mapped_column(Integer)
    provider: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body_code: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)


class ApiKey(Base):
    """A key of an entity's software, found by the SHA-256 of its text; `name` is whose, as the audit names it.

    Until `previous_until` the text before is good too. `used_at` is at most an hour behind. `version` grows with each
    change.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("uq_api_keys_in_force", "entity_code", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    entity_code: Mapped[str] = mapped_column(Text, index=True)
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    previous_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    previous_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AuditEntry(AuditEntryMixin, Base):
    """Who invited, changed and removed whom, and made which API keys."""

    __tablename__ = "audit_entries"


class AuditHead(AuditHeadMixin, Base):
    """The last entry of each entity."""

    __tablename__ = "audit_heads"
