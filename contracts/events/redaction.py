"""What is left of an event once nobody needs the person in it: who was told, when, how much, and not of whom.

The two events that carry a debtor do so for payments, which has it after seconds. Those about money name the
beneficiary, for the entity's books. Their copies in the outbox stay for the feed; the person in them does not.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from contracts.codes import ANONYMOUS_FISCAL_CODE
from contracts.events.payments import PAYMENT_CONFIRMED, PAYMENT_DUPLICATED, PAYMENT_REPORTED
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CREATED

REDACTED: Final = "redacted"
"""The attribute of an envelope that says so, a CloudEvents extension."""

DEBTOR_TYPES: Final = frozenset({PRACTICE_CREATED.type, PRACTICE_AMENDED.type})
"""Without their person they are history, and must not become news to anybody."""
BENEFICIARY_TYPES: Final = frozenset({PAYMENT_CONFIRMED.type, PAYMENT_DUPLICATED.type, PAYMENT_REPORTED.type})
"""Without their person they say the same of the money."""
PERSONAL_TYPES: Final = DEBTOR_TYPES | BENEFICIARY_TYPES
_NOBODY: Final = {"entity_type": "F", "fiscal_code": ANONYMOUS_FISCAL_CODE, "full_name": "-"}
_NOTHING: Final = "-"
_FISCAL_CODE: Final = re.compile(r"[A-Z0-9]{16}|[0-9]{11}")


def without_debtors_code(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event without the debtor's fiscal code, address and e-mail; one that carries no debtor as it is.

    The name stays: the entity's books say who owes. Of what the service asks for besides, fiscal codes go too. It still
    has the shape of its type.
    """
    if body["type"] not in DEBTOR_TYPES:
        return dict(body)
    data = body["data"]
    debtor = {name: data["debtor"][name] for name in ("entity_type", "full_name")}
    extras = {name: text for name, text in data.get("extras", {}).items() if not _FISCAL_CODE.fullmatch(text)}
    told = {**data, "debtor": {**debtor, "fiscal_code": ANONYMOUS_FISCAL_CODE}}
    return {**body, "data": {**told, "extras": extras} if "extras" in data else told}


def without_person(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of PERSONAL_TYPES without debtor and beneficiary, and without what was written of anybody.

    It still has the shape of its type. The causale gives way to what strangers may read.
    """
    data = body["data"]
    if body["type"] in BENEFICIARY_TYPES:
        return {**body, REDACTED: True, "data": {**data, "beneficiary": None}}
    shown = data.get("public_description") or _NOTHING
    transfers = [{**transfer, "remittance_information": shown} for transfer in data["transfers"]]
    kept = {**data, "debtor": _NOBODY, "description": shown, "transfers": transfers, "beneficiary": None}
    return {**body, REDACTED: True, "data": {**kept, "extras": {}} if "extras" in data else kept}
