"""Finding practices for the pages, as far as this browser may see them."""

from collections.abc import Sequence
from uuid import UUID

from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import Practice
from gateway.visit import Visit


def one_practice(visit: Visit, entity_code: str, practice_id: UUID) -> Practice:
    """Return a practice of the entity.

    Raises Refused: LOGIN_REQUIRED when logging in may help, else PRACTICE_NOT_FOUND, also for anybody else's.
    """
    found = many_practices(visit, [practice_id])
    if found and found[0].entity_code == entity_code:
        return found[0]
    visit.require_citizen()
    raise Refused(ErrorCode.PRACTICE_NOT_FOUND)


def many_practices(visit: Visit, practice_ids: Sequence[UUID]) -> Sequence[Practice]:
    """Return those of the practices that this browser may see, in the order asked."""
    if not practice_ids:
        return []
    request = practices.GetManyRequest(viewer=visit.viewer, practice_ids=practice_ids)
    return visit.call(practices.GET_MANY, request).practices
