"""How the amount of a practice is divided: ours first, then the other bodies', then the digital stamp (pagopa.md 3.3).

Ours comes first because a payment at the post office wants the postal account in transfer 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.errors import Broken

TRANSFERS_MAX: Final = 5
# @e.bollo: its money goes to Agenzia delle Entrate, whatever the service it is sold with.
STAMP_CATEGORY: Final = "9/1201105IM/"


@dataclass(frozen=True)
class Payee:
    """The body that issues the notice, and what its own share is for."""

    fiscal_code: str
    company_name: str
    iban: str
    postal_iban: str | None
    category: str


def divided(
    amount_cents: int,
    description: str,
    payee: Payee,
    shares: Sequence[Mapping[str, Any]],
    stamp: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
    """Return contracts.fields.Transfer, adding up to `amount_cents`.

    `shares` are those of the catalogue file; `stamp` is contracts.fields.Stamp with its `amount_cents`.
    """
    parts = [_to_account(share, share["amount_cents"]) for share in shares]
    if stamp is not None:
        parts.append(_stamp(payee, stamp))
    own_cents = amount_cents - sum(part["amount_cents"] for part in parts)
    if own_cents:
        parts.insert(0, _to_account(vars(payee), own_cents))
    if own_cents < 0 or len(parts) > TRANSFERS_MAX:
        raise Broken
    return [
        {"id_transfer": number, "remittance_information": description, **part}
        for number, part in enumerate(parts, start=1)
    ]


def _to_account(receiver: Mapping[str, Any], amount_cents: int) -> dict[str, Any]:
    names = ("fiscal_code", "company_name", "iban", "postal_iban", "category")
    return {**{name: receiver.get(name) for name in names}, "amount_cents": amount_cents, "stamp": None}


def _stamp(payee: Payee, stamp: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "fiscal_code": payee.fiscal_code,
        "company_name": payee.company_name,
        "iban": None,
        "postal_iban": None,
        "category": STAMP_CATEGORY,
        "amount_cents": stamp["amount_cents"],
        "stamp": {"document_hash": stamp["document_hash"], "province": stamp["province"]},
    }
