"""When two practices look like the same payment asked for twice."""

from dataclasses import dataclass

from contracts.codes import ANONYMOUS_FISCAL_CODE
from services.practices.domain.debt import Debt


@dataclass(frozen=True)
class DuplicateCandidate:
    """A debt and who asked for it. `issued`: the entity itself, not a payer."""

    debt: Debt
    issued: bool


def are_duplicates(one: DuplicateCandidate, other: DuplicateCandidate) -> bool:
    """Return whether both are for the same service, amount and beneficiary, or debtor where there is no beneficiary.

    A beneficiary is known by the words of the name in any order. What else was typed is not compared: whoever types
    twice spells twice, and who is warned can still pay. An entity knows what it asks for: two debts it issued are
    duplicates only if they also read the same, and never as instalments of a plan.
    """
    mine, theirs = one.debt, other.debt
    if (mine.service_code, mine.amount_cents) != (theirs.service_code, theirs.amount_cents):
        return False
    if one.issued and other.issued and _words(mine.description) != _words(theirs.description):
        return False
    if mine.instalment and theirs.instalment and mine.instalment != theirs.instalment:
        return False
    return _are_for_the_same(mine, theirs)


def _are_for_the_same(one: Debt, other: Debt) -> bool:
    if one.beneficiary and other.beneficiary:
        return _words(one.beneficiary.full_name) == _words(other.beneficiary.full_name)
    if one.beneficiary or other.beneficiary:
        return False
    return one.debtor.fiscal_code == other.debtor.fiscal_code != ANONYMOUS_FISCAL_CODE


def _words(text: str) -> list[str]:
    return sorted(text.casefold().split())
