"""How an amount is divide into transfers: ours first, the sum exact, five at most, a stamp without account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AmountCents, CreditorFiscalCode
from contracts.errors import Broken
from contracts.message import schema_of
from contracts.shapes import Stamp, Transfer
from services.practices.domain.transfers import STAMP_CATEGORY, Payee, Share, StampShare, divide

PAYEE = Payee(
    fiscal_code=CreditorFiscalCode("80012345676"),
    company_name="Conservatorio",
    iban="IT66N0999915800000000046108",
    postal_iban="IT43A0760115800001012345678",
    category="9/0601100TS/",
)
STAMP = StampShare(
    stamp=Stamp(document_hash="wHpFSLCGZjIvNSXxqtGbxg7275t446DRTk5ZrsdUQ6E=", province="MI"),
    amount_cents=AmountCents(1600),
)


def share(amount_cents: int) -> Share:
    return Share(
        fiscal_code=CreditorFiscalCode("80098765433"),
        company_name="Agenzia",
        iban="IT40W0999915800000000090001",
        category="9/0601127TS/",
        amount_cents=AmountCents(amount_cents),
    )


@given(
    own=st.integers(0, 10**9),
    others=st.lists(st.integers(1, 10**6), max_size=3),
    stamp=st.sampled_from([None, STAMP]),
)
def test_transfers_are_numbered_from_one_valid_and_add_up_to_the_cent(
    own: int, others: list[int], stamp: StampShare | None
) -> None:
    amount_cents = own + sum(others) + (1600 if stamp else 0)
    if amount_cents == 0:
        return
    made = divide(amount_cents, "Iscrizione", PAYEE, [share(cents) for cents in others], stamp)
    assert sum(part.amount_cents for part in made) == amount_cents
    assert [part.id_transfer for part in made] == list(range(1, len(made) + 1))
    assert 1 <= len(made) <= 5
    assert schema_of(Transfer).validate(schema_of(Transfer).dump(made, many=True), many=True) == {}


def test_our_own_share_comes_first_with_its_postal_account_and_the_stamp_last_with_none() -> None:
    own, other, stamp = divide(20_000, "Iscrizione", PAYEE, [share(14_000)], STAMP)
    assert (own.amount_cents, own.postal_iban, own.category) == (4_400, PAYEE.postal_iban, "9/0601100TS/")
    assert (other.fiscal_code, other.postal_iban, other.stamp) == ("80098765433", None, None)
    assert (stamp.iban, stamp.category, stamp.fiscal_code) == (None, STAMP_CATEGORY, "80012345676")
    assert stamp.stamp == STAMP.stamp


def test_an_amount_that_is_all_stamp_has_one_transfer() -> None:
    assert [part.iban for part in divide(1_600, "Bollo", PAYEE, [], STAMP)] == [None]


@pytest.mark.parametrize(("amount_cents", "count"), [(13_999, 1), (100_000, 5)])
def test_what_the_catalogue_should_have_refused_is_a_bug(amount_cents: int, count: int) -> None:
    with pytest.raises(Broken):
        divide(amount_cents, "Iscrizione", PAYEE, [share(14_000)] * count, None)
