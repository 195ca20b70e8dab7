"""Tables of notices. Times are UTC."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import OutboxMixin


class Base(DeclarativeBase):
    """The metadata of this service's database."""


class OutboxMessage(OutboxMixin, Base):
    """Events on their way out."""

    __tablename__ = "outbox"


class Document(Base):
    """A rendered document, found by the hash of everything it was made from (domain.content_sha256)."""

    __tablename__ = "documents"

    content_sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    practice_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    language: Mapped[str] = mapped_column(Text)
    pdf: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
