"""Tables of cart."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, String, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.audit.tables import AuditEntryMixin, AuditHeadMixin
from chassis.storage.tables import InboxMixin


class Base(DeclarativeBase):
    """The metadata of this service's database."""


class CartRow(Base):
    """One practice in one cart. `owner`: `citizen:<id>` or `visitor:<id>`."""

    __tablename__ = "carts"

    owner: Mapped[str] = mapped_column(String(140), primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, index=True)
    entity_code: Mapped[str] = mapped_column(String(35))
    added_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class InboxMessage(InboxMixin, Base):
    """Events of payments that have had their effect."""

    __tablename__ = "inbox"


class AuditEntry(AuditEntryMixin, Base):
    """Who settled dead letters of this service."""

    __tablename__ = "audit_entries"


class AuditHead(AuditHeadMixin, Base):
    """The last entry of each entity."""

    __tablename__ = "audit_heads"
