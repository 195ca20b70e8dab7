"""The debtor of what a citizen inserts: from the session, never from the form."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.codes import FiscalCode

_FULL_NAME_MAX_CHARS: Final = 70


def debtor_of(citizen: Mapping[str, Any]) -> dict[str, Any]:
    """Make the contract's Subject of a session's citizen."""
    return {
        "entity_type": FiscalCode(citizen["fiscal_code"]).entity_type,
        "fiscal_code": citizen["fiscal_code"],
        "full_name": f"{citizen['name']} {citizen['family_name']}"[:_FULL_NAME_MAX_CHARS],
        "email": citizen["email"],
    }
