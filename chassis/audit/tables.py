"""Mixins of the audit's two tables, and the trigger that refuses to change what was written."""

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, DateTime, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from chassis.audit.chain import Json

APPEND_ONLY: Final = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$;
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
"""


class AuditEntryMixin:
    """One change. `number` counts the entries of an entity without holes; `previous_sha256` is the one before's.

    `before` and `after` hold the fields that changed and no others, and nothing that says who a debtor is.
    """

    entity_code: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str] = mapped_column(Text)
    operation: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    before: Mapped[Json] = mapped_column(JSONB)
    after: Mapped[Json] = mapped_column(JSONB)
    correlation_id: Mapped[str | None] = mapped_column(Text)
    previous_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:  # noqa: N805 -- SQLAlchemy hands over the class
        """Index what the browse page filters by."""
        return (
            Index("ix_audit_entries_subject", "entity_code", "subject", "number"),
            Index("ix_audit_entries_actor", "entity_code", "actor_id", "number"),
            Index("ix_audit_entries_at", "entity_code", "at"),
        )


class AuditHeadMixin:
    """The last entry of an entity: whoever appends locks it, so that entries are chained one after the other."""

    entity_code: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
