"""Who may see a practice, and how much of it."""

from enum import Enum
from uuid import UUID

from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.shapes import Viewer


class Visibility(Enum):
    """How much of a practice a viewer sees: nothing, what says nothing about a person, or all of it."""

    NONE = 0
    MASKED = 1
    WHOLE = 2


def viewer_key(viewer: Viewer) -> str | None:
    """Return who is asking, as it is stored with what they insert: `citizen:<id>`, `visitor:<id>`, or None."""
    if viewer.citizen_id is not None:
        return f"citizen:{viewer.citizen_id}"
    return f"visitor:{viewer.visitor_id}" if viewer.visitor_id else None


def visibility(viewer: Viewer, practice_id: UUID, debtor_fiscal_code: str, inserted_by: str | None) -> Visibility:
    """Return how much of a practice the viewer sees.

    The debtor, whoever inserted it and whoever found it by fiscal code see it whole; whoever found it by notice
    number alone sees it masked.
    """
    is_debtor = viewer.fiscal_code == debtor_fiscal_code != ANONYMOUS_FISCAL_CODE
    if is_debtor or has_inserted(viewer, inserted_by) or practice_id in viewer.identified_practice_ids:
        return Visibility.WHOLE
    return Visibility.MASKED if practice_id in viewer.granted_practice_ids else Visibility.NONE


def has_inserted(viewer: Viewer, inserted_by: str | None) -> bool:
    """Return whether the viewer is who inserted a practice, as that is stored with it."""
    return inserted_by is not None and inserted_by in _keys(viewer)


def _keys(viewer: Viewer) -> set[str]:
    """Return every key the viewer goes by: a citizen's browser was a visitor's before the login."""
    keys = {f"citizen:{viewer.citizen_id}"} if viewer.citizen_id is not None else set()
    return keys | ({f"visitor:{viewer.visitor_id}"} if viewer.visitor_id else set())
