"""What is left of an event once nobody needs the person in it: who was told, when, how much, and not of whom.

The two events that carry a debtor do so for payments, which has it after seconds. Their copies in the outbox stay for
the feed; the person in them does not.
"""

from collections.abc import Mapping
from typing import Any, Final

from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CREATED

REDACTED: Final = "redacted"
"""The attribute of an envelope that says so, a CloudEvents extension."""

PERSONAL_TYPES: Final = frozenset({PRACTICE_CREATED.type, PRACTICE_AMENDED.type})
_NOBODY: Final = {"entity_type": "F", "fiscal_code": "ANONIMO", "full_name": "-"}
_NOTHING: Final = "-"


def without_person(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of PERSONAL_TYPES without the debtor and without what was written of anybody.

    It still has the shape of its type. The causale gives way to what strangers may read.
    """
    data = body["data"]
    shown = data.get("public_description") or _NOTHING
    transfers = [{**transfer, "remittance_information": shown} for transfer in data["transfers"]]
    kept = {**data, "debtor": _NOBODY, "description": shown, "transfers": transfers}
    return {**body, REDACTED: True, "data": kept}
