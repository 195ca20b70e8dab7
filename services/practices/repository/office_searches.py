"""What offices looked for lately: by an id that says nothing, so that an address with it can be sent to a colleague."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.practices.models import OfficeSearch


def save(session: Session, search: OfficeSearch) -> None:
    """Store a search."""
    session.add(search)


def find(session: Session, entity_code: str, search_id: UUID) -> OfficeSearch | None:
    """Return a search of this entity's office."""
    here = (OfficeSearch.id == search_id, OfficeSearch.entity_code == entity_code)
    return session.scalars(select(OfficeSearch).where(*here)).first()


def purge(session: Session, before: datetime) -> None:
    """Delete the searches stored before a moment."""
    session.execute(delete(OfficeSearch).where(OfficeSearch.created_at < before))
