"""The debt a practice is made from, and the plan of instalments that its reference tells of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from contracts.amounts import AmountSchedule
from contracts.codes import ANONYMOUS_FISCAL_CODE, AmountCents
from contracts.shapes import Beneficiary, Instalment, OptionPart, Stamp, Subject

PLAN_BY_REFERENCE: Final = "-*"
_PLAN: Final = "rate"


@dataclass(frozen=True, kw_only=True)
class Debt:
    """What is owed, checked. Two equal debts are the same debt: putting it again changes nothing.

    `extras`: the values of the service's own fields, by name.
    """

    service_code: str
    debtor: Subject
    description: str
    amount_cents: AmountCents
    beneficiary: Beneficiary | None = None
    due_date: date | None = None
    instalment: Instalment | None = None
    stamp: Stamp | None = None
    schedule: AmountSchedule | None = None
    debt_position: str | None = None
    option: str | None = None
    extras: Mapping[str, str] = field(default_factory=dict)


def is_same_debtor(one: Subject, other: Subject) -> bool:
    """Return whether both are the same person: by fiscal code, and who has none by the words of the name."""
    if one.fiscal_code != other.fiscal_code:
        return False
    return one.fiscal_code != ANONYMOUS_FISCAL_CODE or _words(one.full_name) == _words(other.full_name)


def _words(text: str) -> list[str]:
    return sorted(text.casefold().split())


def option_part(debt: Debt, external_id: str | None) -> OptionPart | None:
    """Return which option of which debt position a debt is; by its reference where the entity names no position."""
    if debt.debt_position is not None and debt.option is not None:
        return OptionPart(debt_position=debt.debt_position, option=debt.option, instalment=debt.instalment)
    references = plan_references(external_id, debt.instalment)
    if not references:
        return None
    # No position that an entity names ends so.
    stem = references[0].rpartition("-")[0]
    return OptionPart(debt_position=f"{stem}{PLAN_BY_REFERENCE}", option=_PLAN, instalment=debt.instalment)


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
