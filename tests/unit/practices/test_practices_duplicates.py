"""When two practices look like the same payment asked for twice."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.codes import AmountCents
from contracts.shapes import Beneficiary, Instalment, Subject
from services.practices.domain.debt import Debt
from services.practices.domain.duplicates import DuplicateCandidate, are_duplicates

MARIO = Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Mario Rossi")
LUCIA = Subject(entity_type="F", fiscal_code="VRDLCU90A01F839X", full_name="Lucia Verdi")
NOBODY = Subject(entity_type="F", fiscal_code="ANONIMO", full_name="Anna Rossi")
ANNA = Beneficiary(full_name="Anna Rossi", course="Pianoforte", school="Tastiere", contribution_type="Retta annuale")
BOLLO = Debt(service_code="BOLLO_IT", debtor=MARIO, description="Imposta di bollo", amount_cents=AmountCents(1600))
FEE = Debt(
    service_code="CONTRIB_IT",
    debtor=MARIO,
    description="Anna Rossi, Pianoforte",
    amount_cents=AmountCents(5000),
    beneficiary=ANNA,
)
FIRST, SECOND = (Instalment(number=number, total=3) for number in (1, 2))


def inserted(debt: Debt, **changes: Any) -> DuplicateCandidate:
    return DuplicateCandidate(replace(debt, **changes), issued=False)


def issued(debt: Debt, **changes: Any) -> DuplicateCandidate:
    return DuplicateCandidate(replace(debt, **changes), issued=True)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (inserted(BOLLO), inserted(BOLLO), True),
        (inserted(BOLLO), inserted(BOLLO, description="Bollo per il certificato"), True),
        (inserted(BOLLO), inserted(BOLLO, service_code="BOLLO_ST"), False),
        (inserted(BOLLO), inserted(BOLLO, amount_cents=AmountCents(3200)), False),
        (inserted(BOLLO), inserted(BOLLO, debtor=LUCIA), False),
        (inserted(BOLLO, debtor=NOBODY), inserted(BOLLO, debtor=NOBODY), False),
        (inserted(FEE), inserted(FEE), True),
        (inserted(FEE), inserted(FEE, debtor=LUCIA), True),
        (inserted(FEE, debtor=NOBODY), inserted(FEE, debtor=NOBODY), True),
        (inserted(FEE), inserted(FEE, beneficiary=replace(ANNA, full_name="ROSSI  Anna", course="Piano")), True),
        (inserted(FEE), inserted(FEE, beneficiary=replace(ANNA, full_name="Luca Rossi")), False),
        (inserted(FEE), inserted(FEE, beneficiary=None), False),
        (inserted(FEE), issued(FEE, description="Retta 2026/2027"), True),
        (issued(FEE), issued(FEE), True),
        (issued(FEE, description="Mensa ottobre"), issued(FEE, description="Mensa novembre"), False),
        (issued(FEE, instalment=FIRST), issued(FEE, instalment=SECOND), False),
        (issued(FEE, instalment=FIRST), inserted(FEE), True),
    ],
)
def test_a_duplicate_is_of_the_same_service_amount_and_beneficiary_or_debtor(
    one: DuplicateCandidate, other: DuplicateCandidate, *, expected: bool
) -> None:
    assert are_duplicates(one, other) is expected
    assert are_duplicates(other, one) is expected
