"""Tables of practices. Times are UTC; due dates are Europe/Rome calendar days; amounts are euro cents."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from chassis.audit.tables import AuditEntryMixin, AuditHeadMixin
from chassis.storage.tables import IdempotencyMixin, InboxMixin, OutboxMixin, ParityRoundMixin
from services.practices.domain.states import State

Json = dict[str, Any]
"""A JSON object in a column: a document of ours, of which SQLAlchemy knows no type. `stored_json` reads it into one."""


DEBTOR_NAME: Final = """(lower(debtor ->> 'full_name') COLLATE "C")"""
"""By what an office finds a debtor's name: its index holds this expression."""
DEBTOR_WORDS: Final = "to_tsvector('simple'::regconfig, debtor ->> 'full_name')"
"""The words of a debtor's name, of which an office may know any: its index holds this expression."""
UNFINISHED: Final = "state IN ('waiting', 'checking', 'loading')"
TO_FORGET: Final = "forgotten_at IS NULL AND state IN ('paid', 'reported', 'expired', 'cancelled')"
# What is due on no day is due after everything else.
DUE_KEY: Final = "COALESCE(due_date, '2099-12-31'::date)"
# 32 bytes from PostgreSQL's own strong random source.
_RANDOM_KEY: Final = text("decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')")


class Base(DeclarativeBase):
    """The metadata of this service's database."""


class EntityRow(Base):
    """A public body that collects: how pagoPA knows it, where its money goes, how it presents itself."""

    __tablename__ = "entities"
    __table_args__ = (UniqueConstraint("creditor_fiscal_code", "segregation_code"),)

    code: Mapped[str] = mapped_column(String(35), primary_key=True)
    creditor_fiscal_code: Mapped[str] = mapped_column(String(11))
    company_name: Mapped[str] = mapped_column(String(140))
    office_name: Mapped[str | None] = mapped_column(String(140))
    broker_fiscal_code: Mapped[str] = mapped_column(String(11))
    station_id: Mapped[str] = mapped_column(String(35))
    segregation_code: Mapped[str] = mapped_column(String(2))
    iban: Mapped[str] = mapped_column(String(35))
    postal_iban: Mapped[str | None] = mapped_column(String(35))
    website: Mapped[str | None] = mapped_column(Text)
    contact_email: Mapped[str | None] = mapped_column(Text)
    logo: Mapped[str | None] = mapped_column(Text)
    cbill: Mapped[str | None] = mapped_column(Text)
    postal_account: Mapped[str | None] = mapped_column(Text)
    postal_account_holder: Mapped[str | None] = mapped_column(Text)
    postal_authorisation: Mapped[str | None] = mapped_column(Text)
    debt_file: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    contacts: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    colours: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    retention: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    languages: Mapped[list[str]] = mapped_column(JSONB, server_default=text('\'["it", "en"]\''))


class ServiceRow(Base):
    """A service of an entity's catalogue. `withdrawn`: no longer in the catalogue, its practices stay.

    `revision` grows when what payments is told of its practices changes: `told_digest` of it. `segregation_code`: under
    which its notice numbers are issued, the entity's where it is null.
    """

    __tablename__ = "catalogue_services"

    entity_code: Mapped[str] = mapped_column(ForeignKey("entities.code"), primary_key=True)
    code: Mapped[str] = mapped_column(String(35), primary_key=True)
    place: Mapped[int] = mapped_column(Integer)
    title: Mapped[Json] = mapped_column(JSONB)
    note: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    category: Mapped[str] = mapped_column(String(140))
    spontaneous: Mapped[bool]
    allows_anonymous: Mapped[bool]
    requires_beneficiary: Mapped[bool]
    accepts_late: Mapped[bool]
    min_cents: Mapped[int | None] = mapped_column(BigInteger)
    max_cents: Mapped[int | None] = mapped_column(BigInteger)
    unit_cents: Mapped[int | None] = mapped_column(BigInteger)
    fixed_cents: Mapped[int | None] = mapped_column(BigInteger)
    demand: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    shares: Mapped[list[Json]] = mapped_column(JSONB, server_default=text("'[]'"))
    stamp_cents: Mapped[int | None] = mapped_column(BigInteger)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    archive: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    accounting_code: Mapped[str | None] = mapped_column(String(35))
    choices: Mapped[list[Json]] = mapped_column(JSONB, server_default=text("'[]'"))
    schedule: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    takes_beneficiary: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    extra_fields: Mapped[list[Json]] = mapped_column(JSONB, server_default=text("'[]'"))
    payers: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    notice_text: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    segregation_code: Mapped[str | None] = mapped_column(String(2))
    amount_question: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    told_digest: Mapped[str | None] = mapped_column(String(64))


class CatalogueVersion(Base):
    """What an entity's catalogue said from a moment on, and who had it say so. `digest`: of `content`."""

    __tablename__ = "catalogue_versions"

    entity_code: Mapped[str] = mapped_column(ForeignKey("entities.code"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[Json] = mapped_column(JSONB)
    digest: Mapped[str] = mapped_column(String(64))
    loaded_by: Mapped[str] = mapped_column(String(140))
    file_name: Mapped[str] = mapped_column(String(200))
    loaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class EntityLogo(Base):
    """A logo that an office published. `name` is made of its content, so that it never changes."""

    __tablename__ = "entity_logos"

    entity_code: Mapped[str] = mapped_column(ForeignKey("entities.code"), primary_key=True)
    name: Mapped[str] = mapped_column(String(70), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    added_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class NoticeSequence(Base):
    """The counter of a creditor's notice numbers under one segregation code. Holes are fine, reuse is not.

    `permutation_key` and `permuted_from` say which base a place of the counter means (domain.notice_bases); bases below
    `permuted_from` were issued in sequence. They must never change: two keys would give the same number twice.
    """

    __tablename__ = "notice_sequences"

    creditor_fiscal_code: Mapped[str] = mapped_column(String(11), primary_key=True)
    segregation_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    next_base: Mapped[int] = mapped_column(BigInteger)
    permutation_key: Mapped[bytes] = mapped_column(LargeBinary, server_default=_RANDOM_KEY)
    permuted_from: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))


class PracticeRow(Base):
    """One thing owed.

    `place` orders a list, newest highest. `facts`: those of domain.practice_status as JSON; the state columns are
    derived from it. `inserted_by`: the viewer of a spontaneous one (`citizen:<id>`, `visitor:<id>`).
    `demand_digest`: what was asked for at a PSP's counter. `shares`: what of the amount goes to other entities, as
    the catalogue had it then. `sequence` is the number of the last event about it, `service_revision` the revision of
    its service that this event told. `closes_options`: money has come, and other options of its debt position may be
    open still. `forgotten_at`: since when it names nobody.
    """

    __tablename__ = "practices"
    __table_args__ = (
        ForeignKeyConstraint(
            ["entity_code", "service_code"], ["catalogue_services.entity_code", "catalogue_services.code"]
        ),
        UniqueConstraint("creditor_fiscal_code", "iuv"),
        UniqueConstraint("entity_code", "external_id"),
        UniqueConstraint("place"),
        CheckConstraint("amount_cents > 0", name="amount_is_positive"),
        CheckConstraint("sequence > 0", name="sequence_is_positive"),
        Index("ix_practices_notice_number", "notice_number"),
        Index("ix_practices_debtor", "debtor_fiscal_code", "entity_code", "place"),
        Index("ix_practices_debtor_state", "debtor_fiscal_code", "entity_code", "state", "place"),
        Index("ix_practices_debtor_due", "debtor_fiscal_code", "entity_code", "state", text(DUE_KEY), "place"),
        Index("ix_practices_debtor_amount", "debtor_fiscal_code", "entity_code", "state", "amount_cents", "place"),
        Index("ix_practices_expiring", "payable_until", postgresql_where=text("state = 'to_pay'")),
        Index(
            "ix_practices_to_tell",
            "entity_code",
            "service_code",
            "service_revision",
            postgresql_where=text("state IN ('to_pay', 'unconfirmed')"),
        ),
        Index("ix_practices_entity", "entity_code", "created_at", "place"),
        Index(
            "ix_practices_debt_position",
            "entity_code",
            "debt_position",
            postgresql_where=text("debt_position IS NOT NULL"),
        ),
        Index("ix_practices_closing", "id", postgresql_where=text("closes_options")),
        # In the database with COLLATE "C", which reflection does not tell.
        Index("ix_practices_debtor_name", "entity_code", text("lower(debtor ->> 'full_name')"), "place"),
        Index(
            "ix_practices_debtor_words",
            text("(to_tsvector('simple'::regconfig, debtor ->> 'full_name'))"),
            postgresql_using="gin",
        ),
        Index(
            "ix_practices_receipts",
            text("(facts -> 'receipts')"),
            postgresql_using="gin",
            postgresql_where=text("facts ? 'receipts'"),
        ),
        Index("ix_practices_to_forget", "entity_code", "state_since", postgresql_where=text(TO_FORGET)),
        Index("ix_practices_demanded", "demand_digest", postgresql_where=text("demand_digest IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    place: Mapped[int] = mapped_column(BigInteger, Identity())
    entity_code: Mapped[str] = mapped_column(ForeignKey("entities.code"))
    service_code: Mapped[str] = mapped_column(String(35))
    creditor_fiscal_code: Mapped[str] = mapped_column(String(11))
    origin: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str | None] = mapped_column(String(70))
    notice_number: Mapped[str] = mapped_column(String(18))
    iuv: Mapped[str] = mapped_column(String(35))
    debtor: Mapped[Json] = mapped_column(JSONB)
    debtor_fiscal_code: Mapped[str] = mapped_column(String(16))
    beneficiary: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    description: Mapped[str] = mapped_column(String(140))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    due_date: Mapped[date | None] = mapped_column(Date)
    payable_until: Mapped[date | None] = mapped_column(Date)
    instalment_number: Mapped[int | None] = mapped_column(Integer)
    instalment_total: Mapped[int | None] = mapped_column(Integer)
    shares: Mapped[list[Json]] = mapped_column(JSONB, server_default=text("'[]'"))
    stamp: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    schedule: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    debt_position: Mapped[str | None] = mapped_column(String(70))
    option: Mapped[str | None] = mapped_column(String(35))
    extras: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    closes_options: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    demand_digest: Mapped[str | None] = mapped_column(String(64))
    inserted_by: Mapped[str | None] = mapped_column(String(140))
    state: Mapped[str] = mapped_column(String(16), default=State.TO_PAY.value)
    state_since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    state_reason: Mapped[str | None] = mapped_column(String(140))
    needs_attention: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[Json] = mapped_column(JSONB, default=dict)
    sequence: Mapped[int] = mapped_column(Integer, default=1)
    service_revision: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    forgotten_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    entity: Mapped[EntityRow] = relationship(lazy="raise", viewonly=True)
    service: Mapped[ServiceRow] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin=(
            "and_(foreign(PracticeRow.entity_code) == ServiceRow.entity_code,"
            " foreign(PracticeRow.service_code) == ServiceRow.code)"
        ),
    )


Stored = PracticeRow | Row[Any]
"""A practice as an object of the session, or as the columns of one that is only read."""


class AccessLink(Base):
    """A link that leads to practices without login, found by its token's SHA-256.

    `kind`: one of contracts.rpc.practices.LINK_KINDS. `practice_id` is what it was made for, `practice_ids` all of it.
    """

    __tablename__ = "access_links"
    __table_args__ = (
        Index("ix_access_links_practice", "practice_id"),
        Index("ix_access_links_expiring", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    entity_code: Mapped[str] = mapped_column(ForeignKey("entities.code"))
    practice_id: Mapped[UUID] = mapped_column(Uuid)
    practice_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Import(Base):
    """A debt file: loaded at once, or taken in parts and loaded as a job.

    `state`: one of contracts.rpc.practices.IMPORT_STATES, `previewed` or `paused`. `checked_line` is the last that
    stands in `import_staged`, `checked_rows` how many rows do or did. `code`: why the whole file was refused.
    `has_leftovers`: it may have parts or staged rows.
    `queued_at`, by the database's clock: the files of an entity are loaded in this order.
    `preview`: what would become of its rows is told first, up to `previewed_line`, and nothing loaded before that is
    asked for. `created` and `amended` are among the accepted. `missing`: debts of its `services` that it does not name;
    they are annulled where there is an `annul_reason`. `allowed_services`: those of the roles of the operator who sent
    it, None for every one.
    """

    __tablename__ = "imports"
    __table_args__ = (
        Index("ix_imports_unfinished", "entity_code", "queued_at", postgresql_where=text(UNFINISHED)),
        Index("ix_imports_to_forget", "entity_code", "created_at", postgresql_where=text("forgotten_at IS NULL")),
        Index("ix_imports_leftovers", "created_at", postgresql_where=text("has_leftovers")),
        Index("ix_imports_newest", "entity_code", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    entity_code: Mapped[str] = mapped_column(ForeignKey("entities.code"))
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    accepted: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(String(16), server_default="done")
    queued_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    checked_line: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    checked_rows: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    code: Mapped[str | None] = mapped_column(String(64))
    preview: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    previewed_line: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    amended: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    missing: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    services: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    annul_reason: Mapped[str | None] = mapped_column(String(140))
    has_leftovers: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    allowed_services: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    forgotten_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class OfficeSearch(Base):
    """What an operator looked for, for 30 days: by its id it stands in an address."""

    __tablename__ = "office_searches"
    __table_args__ = (Index("ix_office_searches_created_at", "created_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    entity_code: Mapped[str] = mapped_column(String(35))
    text: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ImportPart(Base):
    """A piece of a file, as it was received: deleted once every row of it is staged, or the import is given up."""

    __tablename__ = "import_parts"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class StagedRow(Base):
    """A row of a file, checked and not loaded yet: a debt, or why it is refused. Deleted with its loading.

    Without foreign keys, which are looked up row by row.

    `service_code` is null where the row is refused: `cells` is what it held then, or its service alone, where the
    columns of a debt are there. The columns from `code` to `warning` are those of import_rows.
    """

    __tablename__ = "import_staged"

    import_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    external_id: Mapped[str | None] = mapped_column(String(70))
    code: Mapped[str | None] = mapped_column(String(64))
    column_name: Mapped[str | None] = mapped_column(String(64))
    value_shape: Mapped[str | None] = mapped_column(String(64))
    warning: Mapped[str | None] = mapped_column(String(64))
    service_code: Mapped[str | None] = mapped_column(String(35))
    fiscal_code: Mapped[str | None] = mapped_column(String(16))
    full_name: Mapped[str | None] = mapped_column(String(70))
    email: Mapped[str | None] = mapped_column(String(256))
    description: Mapped[str | None] = mapped_column(String(140))
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)
    due_date: Mapped[date | None] = mapped_column(Date)
    instalment_number: Mapped[int | None] = mapped_column(Integer)
    instalment_total: Mapped[int | None] = mapped_column(Integer)
    schedule: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    debt_position: Mapped[str | None] = mapped_column(String(70))
    option: Mapped[str | None] = mapped_column(String(35))
    beneficiary: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    extras: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    cells: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))


class RefusedCells(Base):
    """What a refused line of a debt file held, for its sender to correct and send again; deleted after some days."""

    __tablename__ = "import_refused"
    __table_args__ = (Index("ix_import_refused_created_at", "created_at"),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    cells: Mapped[Json] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ImportRow(Base):
    """What became of one line of a debt file. Holds no personal data: the file itself is not stored."""

    __tablename__ = "import_rows"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    outcome: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str | None] = mapped_column(String(70))
    notice_number: Mapped[str | None] = mapped_column(String(18))
    code: Mapped[str | None] = mapped_column(String(64))
    column_name: Mapped[str | None] = mapped_column(String(64))
    value_shape: Mapped[str | None] = mapped_column(String(64))
    warning: Mapped[str | None] = mapped_column(String(64))


class OutboxMessage(OutboxMixin, Base):
    """Events written with the change they tell of."""

    __tablename__ = "outbox"


class InboxMessage(InboxMixin, Base):
    """Events of payments that have had their effect."""

    __tablename__ = "inbox"


class IdempotencyKey(IdempotencyMixin, Base):
    """Keys of insertions and imports, with the id of what they made."""

    __tablename__ = "idempotency_keys"


class ParityRound(ParityRoundMixin, Base):
    """How far the states have been proven against payments."""

    __tablename__ = "parity_rounds"


class AuditEntry(AuditEntryMixin, Base):
    """Who amended, annulled and restored what."""

    __tablename__ = "audit_entries"


class AuditHead(AuditHeadMixin, Base):
    """The last entry of each entity."""

    __tablename__ = "audit_heads"
