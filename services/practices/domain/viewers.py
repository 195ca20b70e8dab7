"""Who may see a practice, and how much of it."""

from collections.abc import Mapping
from enum import Enum
from typing import Any
from uuid import UUID

from contracts.codes import ANONYMOUS_FISCAL_CODE


class Sight(Enum):
    """How a viewer sees a practice: not at all, with names shortened, or whole."""

    NONE = 0
    MASKED = 1
    WHOLE = 2


def name_of(viewer: Mapping[str, Any]) -> str | None:
    """Return who is asking as it is kept with what they insert: `citizen:<id>`, `visitor:<id>`, or None."""
    if viewer["citizen_id"] is not None:
        return f"citizen:{viewer['citizen_id']}"
    return f"visitor:{viewer['visitor_id']}" if viewer["visitor_id"] else None


def sight(viewer: Mapping[str, Any], practice_id: UUID, debtor_fiscal_code: str, inserted_by: str | None) -> Sight:
    """Return how the viewer sees a practice.

    The debtor, whoever inserted it and whoever found it by fiscal code see it whole; whoever found it by notice
    number alone sees it masked.
    """
    is_debtor = viewer["fiscal_code"] == debtor_fiscal_code != ANONYMOUS_FISCAL_CODE
    has_inserted = inserted_by is not None and inserted_by in _names(viewer)
    if is_debtor or has_inserted or practice_id in viewer["identified_practice_ids"]:
        return Sight.WHOLE
    return Sight.MASKED if practice_id in viewer["granted_practice_ids"] else Sight.NONE


def _names(viewer: Mapping[str, Any]) -> set[str]:
    """Return every name the viewer goes by: a citizen's browser was a visitor's before the login."""
    names = {f"citizen:{viewer['citizen_id']}"} if viewer["citizen_id"] is not None else set()
    return names | ({f"visitor:{viewer['visitor_id']}"} if viewer["visitor_id"] else set())
