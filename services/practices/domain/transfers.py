"""How the amount of a practice is divided: ours first, then the other entities', then the stamp (pagopa.md 3.3).

Ours comes first because a payment at the post office wants the postal account in transfer 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from contracts.codes import AmountCents, CreditorFiscalCode
from contracts.errors import Broken
from contracts.message import Message
from contracts.shapes import Stamp, Transfer

TRANSFERS_MAX: Final = 5
# @e.bollo: its money goes to Agenzia delle Entrate, whatever the service it is sold with.
STAMP_CATEGORY: Final = "9/1201105IM/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """The entity that issues the notice, and what its own share is for."""

    fiscal_code: CreditorFiscalCode
    company_name: str
    iban: str
    postal_iban: str | None
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Message):
    """The fixed part of each payment of a service that goes to another entity; so it stands in the catalogue file."""

    fiscal_code: CreditorFiscalCode
    company_name: str
    iban: str
    postal_iban: str | None = None
    category: str
    amount_cents: AmountCents


@dataclass(frozen=True, slots=True, kw_only=True)
class StampShare:
    """The part of a payment that buys a digital revenue stamp: for which document, and its price."""

    stamp: Stamp
    amount_cents: AmountCents


def divide(
    amount_cents: int, description: str, payee: Payee, shares: Sequence[Share], stamp: StampShare | None
) -> list[Transfer]:
    """Return the transfers of a payment, adding up to `amount_cents`; what is neither share nor stamp is the payee's.

    Raises Broken where they do not fit: the catalogue file should have been refused.
    """
    others_cents = sum(share.amount_cents for share in shares) + (stamp.amount_cents if stamp else 0)
    own_cents = amount_cents - others_cents
    if own_cents < 0:
        raise Broken
    parts = [_to_account(payee, AmountCents(own_cents), description)] if own_cents else []
    parts += [_to_account(share, share.amount_cents, description) for share in shares]
    if stamp is not None:
        parts.append(_to_revenue_agency(payee, stamp, description))
    if len(parts) > TRANSFERS_MAX:
        raise Broken
    return [replace(part, id_transfer=number) for number, part in enumerate(parts, start=1)]


def _to_account(receiver: Payee | Share, amount_cents: AmountCents, description: str) -> Transfer:
    return Transfer(
        id_transfer=1,
        amount_cents=amount_cents,
        fiscal_code=receiver.fiscal_code,
        company_name=receiver.company_name,
        iban=receiver.iban,
        postal_iban=receiver.postal_iban,
        remittance_information=description,
        category=receiver.category,
    )


def _to_revenue_agency(payee: Payee, stamp: StampShare, description: str) -> Transfer:
    """Return the transfer that buys the stamp: in the payee's name, and to no account."""
    return Transfer(
        id_transfer=1,
        amount_cents=stamp.amount_cents,
        fiscal_code=payee.fiscal_code,
        company_name=payee.company_name,
        stamp=stamp.stamp,
        remittance_information=description,
        category=STAMP_CATEGORY,
    )
