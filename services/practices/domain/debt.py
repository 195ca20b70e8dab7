"""The debt a practice is made from, and the plan of instalments that its reference tells of."""

from dataclasses import dataclass
from datetime import date

from contracts.codes import AmountCents
from contracts.shapes import Beneficiary, Instalment, Stamp, Subject


@dataclass(frozen=True, kw_only=True)
class Debt:
    """What is owed, checked. Two equal debts are the same debt: putting it again changes nothing."""

    service_code: str
    debtor: Subject
    description: str
    amount_cents: AmountCents
    beneficiary: Beneficiary | None = None
    due_date: date | None = None
    instalment: Instalment | None = None
    stamp: Stamp | None = None


def plan_references(external_id: str | None, instalment: Instalment | None) -> tuple[str, ...]:
    """Return the entity's references of all instalments of a plan, the first first; none where there is no plan.

    A plan is known by its references: each ends in a hyphen and the instalment's number, and the rest is the same
    (`RETTA-2627-00001-5` is the fifth of seven, `RETTA-2627-00001-1` to `-7`).
    """
    if external_id is None or instalment is None:
        return ()
    stem, separator, ending = external_id.rpartition("-")
    if not stem or not separator or ending != str(instalment.number):
        return ()
    return tuple(f"{stem}-{number}" for number in range(1, instalment.total + 1))
