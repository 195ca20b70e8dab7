"""Tables of notices. Times are UTC."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, ForeignKey, LargeBinary, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import OutboxMixin


class Base(DeclarativeBase):
    """The metadata of this service's database."""


class OutboxMessage(OutboxMixin, Base):
    """Events on their way out."""

    __tablename__ = "outbox"


class Document(Base):
    """A rendered document, found by the hash of everything it was made from (domain.content_sha256).

    `code` is what is printed on it to verify it; `practice_ids` all it speaks of, the first also in `practice_id`.
    `pdf` is None once forgotten: what is left names nobody.
    """

    __tablename__ = "documents"

    content_sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    practice_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    practice_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    code: Mapped[str | None] = mapped_column(Text, index=True)
    language: Mapped[str] = mapped_column(Text)
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PrintJob(Base):
    """Many notices of a body to print. Unfinished until every item is printed or refused."""

    __tablename__ = "print_jobs"
    __table_args__ = (UniqueConstraint("entity_code", "idempotency_key"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    entity_code: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    second_language: Mapped[str | None] = mapped_column(Text)
    total: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PrintJobItem(Base):
    """One debt of a job, by the body's reference: its document once printed, or the `code` why not."""

    __tablename__ = "print_job_items"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("print_jobs.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(Text)
    content_sha256: Mapped[str | None] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
