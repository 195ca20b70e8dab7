"""When two practices look like the same payment asked for twice."""

from dataclasses import replace
from typing import Any

import pytest

from services.practices.domain.debt_rules import Debt
from services.practices.domain.duplicates import Owed, are_equal

MARIO = {"entity_type": "F", "fiscal_code": "RSSMRA85T10A562S", "full_name": "Mario Rossi"}
LUCIA = {"entity_type": "F", "fiscal_code": "VRDLCU90A01F839X", "full_name": "Lucia Verdi"}
NOBODY = {"entity_type": "F", "fiscal_code": "ANONIMO", "full_name": "Anna Rossi"}
ANNA = {"full_name": "Anna Rossi", "course": "Pianoforte", "school": "Tastiere", "contribution_type": "Retta annuale"}
BOLLO = Debt("BOLLO_IT", MARIO, "Imposta di bollo", 1600)
FEE = Debt("CONTRIB_IT", MARIO, "Anna Rossi, Pianoforte", 5000, beneficiary=ANNA)


def inserted(debt: Debt, **changes: Any) -> Owed:
    return Owed(replace(debt, **changes), issued=False)


def issued(debt: Debt, **changes: Any) -> Owed:
    return Owed(replace(debt, **changes), issued=True)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (inserted(BOLLO), inserted(BOLLO), True),
        (inserted(BOLLO), inserted(BOLLO, description="Bollo per il certificato"), True),
        (inserted(BOLLO), inserted(BOLLO, service_code="BOLLO_ST"), False),
        (inserted(BOLLO), inserted(BOLLO, amount_cents=3200), False),
        (inserted(BOLLO), inserted(BOLLO, debtor=LUCIA), False),
        (inserted(BOLLO, debtor=NOBODY), inserted(BOLLO, debtor=NOBODY), False),
        (inserted(FEE), inserted(FEE), True),
        (inserted(FEE), inserted(FEE, debtor=LUCIA), True),
        (inserted(FEE, debtor=NOBODY), inserted(FEE, debtor=NOBODY), True),
        (inserted(FEE), inserted(FEE, beneficiary={**ANNA, "full_name": "ROSSI  Anna", "course": "Piano"}), True),
        (inserted(FEE), inserted(FEE, beneficiary={**ANNA, "full_name": "Luca Rossi"}), False),
        (inserted(FEE), inserted(FEE, beneficiary=None), False),
        (inserted(FEE), issued(FEE, description="Retta 2026/2027"), True),
        (issued(FEE), issued(FEE), True),
        (issued(FEE, description="Mensa ottobre"), issued(FEE, description="Mensa novembre"), False),
        (issued(FEE, instalment=(1, 3)), issued(FEE, instalment=(2, 3)), False),
        (issued(FEE, instalment=(1, 3)), inserted(FEE), True),
    ],
)
def test_equal_is_the_same_service_person_and_amount(one: Owed, other: Owed, *, expected: bool) -> None:
    assert are_equal(one, other) is expected
    assert are_equal(other, one) is expected
