"""Whoever holds a notice number reads at no door of payments what the causale says of a person."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given

from contracts.codes import NoticeNumber
from contracts.shapes import Subject
from dev.paths import ROOT
from services.payments.domain.positions import UNNAMED, PaymentTerms
from services.payments.soap import responses
from services.payments.soap.requests import Operation
from services.payments.usecases.checkouts import reservation
from tests.unit.payments.test_payments_soap import CREDITOR, NOW, POSITION, TERMS, TRANSFER
from tests.unit.personal_texts import NAMES, SECRETS, SURNAMES, TEXTS

PUBLIC: Final = "Retta di frequenza 2027"
NUMBER: Final = NoticeNumber("311111111112222222")
WORDS: Final = (*NAMES, *SURNAMES, *SECRETS, "dell", "aquila", "3471234567", "alighieri", "posta.example")


def terms_of(causale: str, person: str, *, public: str | None) -> PaymentTerms:
    return replace(
        TERMS,
        description=causale[:140],
        public_description=public,
        transfers=(replace(TRANSFER, remittance_information=causale[:140]),),
        debtor=Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name=person[:70]),
    )


def payment(operation: Operation, terms: PaymentTerms) -> str:
    """Return what a PSP is told to take the money; the debtor, whom the schema asks for, aside (ADR 18)."""
    answer = responses.payment(operation, CREDITOR, replace(POSITION, terms=terms), terms, postal=False)
    without, count = re.subn(r"<debtor>.*</debtor>", "", answer, flags=re.DOTALL)
    assert count == 1
    return without


DOORS: Final[Mapping[str, Callable[[PaymentTerms], str]]] = {
    "paVerifyPaymentNotice": lambda terms: responses.verified(Operation.VERIFY, CREDITOR, terms),
    "paDemandPaymentNotice": lambda terms: responses.demanded(Operation.DEMAND_NOTICE, CREDITOR, NUMBER, terms),
    "paGetPayment": lambda terms: payment(Operation.GET_PAYMENT, terms),
    "paGetPaymentV2": lambda terms: payment(Operation.GET_PAYMENT_V2, terms),
    "a checkout: its outcome page, the API, pagoPA's cart": lambda terms: str(
        reservation.item_of(0, replace(POSITION, terms=terms), NOW).description
    ),
}


@pytest.mark.parametrize("public", [PUBLIC, None])
@pytest.mark.parametrize("door", DOORS)
@given(one=TEXTS, other=TEXTS)
def test_at_no_door_can_two_causali_be_told_apart(door: str, public: str | None, one: str, other: str) -> None:
    assert DOORS[door](terms_of(one, other, public=public)) == DOORS[door](terms_of(other, one, public=public))


@pytest.mark.parametrize("public", [PUBLIC, None])
@pytest.mark.parametrize("door", DOORS)
@given(causale=TEXTS)
def test_no_word_of_a_person_stands_at_any_door(door: str, public: str | None, causale: str) -> None:
    told = DOORS[door](terms_of(causale, causale, public=public)).casefold()
    known = DOORS[door](replace(TERMS, public_description=public)).casefold()
    for word in (one.casefold() for one in WORDS):
        if len(word) > 2 and word in causale.casefold() and word not in known:
            assert word not in told


@pytest.mark.parametrize("door", DOORS)
def test_a_door_tells_the_service_and_the_year(door: str) -> None:
    assert PUBLIC in DOORS[door](terms_of("Mario Rossi", "Mario Rossi", public=PUBLIC))
    assert UNNAMED in DOORS[door](terms_of("Mario Rossi", "Mario Rossi", public=None))


def test_nothing_else_in_payments_reads_the_causale_of_a_position() -> None:
    """Where it is stored and compared it is read by name; a door yet to come is found here."""
    allowed = {"services/payments/domain/positions.py"}
    reads = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "services" / "payments").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "description" and "terms" in ast.unparse(node.value)
    }
    assert reads <= allowed
    remittance = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "services" / "payments" / "soap").rglob("*.py")
        if re.search(r"\.remittance_information", path.read_text(encoding="utf-8"))
    }
    assert remittance == set()
