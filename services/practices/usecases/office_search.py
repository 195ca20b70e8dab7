"""What an operator looks for, stored for a while: its address holds no personal data and can be sent to a colleague."""

from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc.office import OfficeSearch, OpenSearchRequest, SaveSearchRequest
from services.practices import models
from services.practices.repository import office_searches

SEARCH_LIFE: Final = timedelta(days=30)


def save(database: Database, request: SaveSearchRequest, now: datetime) -> OfficeSearch:
    """Store a search and return it with its id."""
    found = models.OfficeSearch(id=uuid4(), entity_code=request.entity_code, text=request.text, created_at=now)
    with database.transaction() as tx:
        office_searches.save(tx.session, found)
        return OfficeSearch(id=found.id, text=found.text)


def open_search(database: Database, request: OpenSearchRequest) -> OfficeSearch:
    """Return a search of the entity's office. Raises Refused(NOT_FOUND), also for one that has been deleted by now."""
    with database.reading() as session:
        found = office_searches.find(session, request.entity_code, request.search_id)
        if found is None:
            raise Refused(ErrorCode.NOT_FOUND)
        return OfficeSearch(id=found.id, text=found.text)


def purge(database: Database, now: datetime) -> None:
    """Delete the searches that are old: what was looked for is about persons."""
    with database.transaction() as tx:
        office_searches.purge(tx.session, now - SEARCH_LIFE)
