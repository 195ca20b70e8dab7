"""When two practices look like the same payment asked for twice."""

from dataclasses import dataclass

from contracts.codes import ANONYMOUS_FISCAL_CODE
from services.practices.domain.debt_rules import Debt


@dataclass(frozen=True)
class Owed:
    """A debt of one body and who asked for it. `issued`: the body itself, not a payer."""

    debt: Debt
    issued: bool


def are_equal(one: Owed, other: Owed) -> bool:
    """Say whether both are for the same service, person and amount.

    The person is the student, by the words of the name in any order, and where there is none the debtor. What else was
    typed is not compared: whoever types twice spells twice, and who is warned can still pay. The body knows what it
    asks for: two debts of its own are equal only if they also read the same, and never as instalments of a plan.
    """
    mine, theirs = one.debt, other.debt
    if (mine.service_code, mine.amount_cents) != (theirs.service_code, theirs.amount_cents):
        return False
    if one.issued and other.issued and _words(mine.description) != _words(theirs.description):
        return False
    if mine.instalment and theirs.instalment and mine.instalment != theirs.instalment:
        return False
    return _same_person(mine, theirs)


def _same_person(one: Debt, other: Debt) -> bool:
    if one.beneficiary and other.beneficiary:
        return _words(one.beneficiary["full_name"]) == _words(other.beneficiary["full_name"])
    if one.beneficiary or other.beneficiary:
        return False
    code = one.debtor["fiscal_code"]
    return bool(code == other.debtor["fiscal_code"] != ANONYMOUS_FISCAL_CODE)


def _words(text: str) -> list[str]:
    return sorted(text.casefold().split())
