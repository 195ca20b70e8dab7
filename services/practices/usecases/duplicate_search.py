"""Practices that look like the same payment asked for twice, as far as the viewer may see them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.codes import ANONYMOUS_FISCAL_CODE
from services.practices import records, repository
from services.practices.domain import viewers
from services.practices.domain.duplicates import Owed, are_equal
from services.practices.domain.viewers import Sight
from services.practices.models import PracticeRow

_ISSUED = "issued"
_MAX_EQUALS = 20


def equals(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return which of these practices have equal ones, newest first. Whether those were paid is payments' to say.

    Nobody learns of a practice here that they could not see otherwise, nor by whom a stranger's was paid.
    """
    viewer = request["viewer"]
    with database.reading() as session:
        rows = repository.practices(session, request["practice_ids"])
        asked = [row for row in rows.values() if _is_seen(row, viewer)]
        found = {row.id: _equal_to(session, row, viewer) for row in asked}
    return {
        "equals": [
            {"practice_id": practice_id, "equal_ids": [row.id for row in equal]}
            for practice_id, equal in found.items()
            if equal
        ]
    }


def _equal_to(session: Session, row: PracticeRow, viewer: Mapping[str, Any]) -> list[PracticeRow]:
    seen_here = {*viewer["granted_practice_ids"], *viewer["identified_practice_ids"]}
    code = None if row.debtor_fiscal_code == ANONYMOUS_FISCAL_CODE else row.debtor_fiscal_code
    alike = repository.alike(session, row, code, seen_here)
    return [other for other in alike if _is_seen(other, viewer) and are_equal(_owed(row), _owed(other))][:_MAX_EQUALS]


def _is_seen(row: PracticeRow, viewer: Mapping[str, Any]) -> bool:
    return viewers.sight(viewer, row.id, row.debtor_fiscal_code, row.inserted_by) is not Sight.NONE


def _owed(row: PracticeRow) -> Owed:
    return Owed(records.debt_of(row), row.origin == _ISSUED)
