"""Who may see a practice, and how much of it."""

from enum import Enum
from uuid import UUID

from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.shapes import Viewer


class Visibility(Enum):
    """How much of a practice a viewer sees: nothing, shortened names, or all of it."""

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
    has_inserted = inserted_by is not None and inserted_by in _keys(viewer)
    if is_debtor or has_inserted or practice_id in viewer.identified_practice_ids:
        return Visibility.WHOLE
    return Visibility.MASKED if practice_id in viewer.granted_practice_ids else Visibility.NONE


def _keys(viewer: Viewer) -> set[str]:
    """Return every key the viewer goes by: a citizen's browser was a visitor's before the login."""
    keys = {f"citizen:{viewer.citizen_id}"} if viewer.citizen_id is not None else set()
    return keys | ({f"visitor:{viewer.visitor_id}"} if viewer.visitor_id else set())
