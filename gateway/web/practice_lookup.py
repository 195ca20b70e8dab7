"""Finding practices for the pages, as far as this browser may see them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from gateway.visit import Visit

Practice = Mapping[str, Any]


def one_practice(visit: Visit, entity_code: str, practice_id: UUID) -> Practice:
    """Return a practice of the entity.

    Raises Refused: LOGIN_REQUIRED when logging in may help, else PRACTICE_NOT_FOUND, also for other people's.
    """
    found = visit.call(practices.GET_MANY, viewer=visit.viewer, practice_ids=[practice_id])["practices"]
    if found and found[0]["entity_code"] == entity_code:
        practice: Practice = found[0]
        return practice
    visit.require_citizen()
    raise Refused(ErrorCode.PRACTICE_NOT_FOUND)


def many_practices(visit: Visit, practice_ids: list[UUID]) -> list[Practice]:
    """Return those of the practices that this browser may see, in the order asked."""
    if not practice_ids:
        return []
    found: list[Practice] = visit.call(practices.GET_MANY, viewer=visit.viewer, practice_ids=practice_ids)["practices"]
    return found
