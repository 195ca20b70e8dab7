"""Who knows only a notice number sees nothing about a person, whatever was written where."""

from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AmountCents, Iuv, NoticeNumber
from contracts.message import schema_of
from contracts.rpc.practices import Practice
from contracts.shapes import Beneficiary, Instalment, LocalisedText, Stamp, Subject
from services.practices.domain import display
from tests.unit.personal_texts import NAMES, SECRETS, SURNAMES, TEXTS

NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)
HIDDEN: Final = {
    *("external_id", "debtor", "beneficiary", "description", "state_reason", "stamp", "masked", "warnings"),
    *("received_cents", "missing_cents", "paid_at", "schedule", "debt_cents", "debt_position", "option", "extras"),
}

PLAIN = Practice(
    id=UUID(int=1),
    entity_code="PM108",
    creditor_name="Conservatorio",
    service_code="RETTA",
    service_title=LocalisedText(it="Retta di frequenza", en="Tuition fee"),
    origin="issued",
    debtor=Subject(entity_type="F", fiscal_code="ANONIMO", full_name="-"),
    description="Retta",
    amount_cents=AmountCents(5_000),
    notice_number=NoticeNumber("301000000000000142"),
    iuv=Iuv("01000000000000142"),
    due_date=date(2027, 1, 31),
    instalment=Instalment(number=2, total=7),
    state="to_pay",
    state_since=NOON,
    overdue=False,
    payable=True,
    created_at=NOON,
)


def _practice(code: str, texts: tuple[str, str, str], *, is_company: bool, has_beneficiary: bool) -> Practice:
    """Make PLAIN with a person's data wherever one can be."""
    name, causale, other = texts
    return replace(
        PLAIN,
        debtor=Subject(
            entity_type="G" if is_company else "F",
            fiscal_code=code,
            full_name=name[:70],
            street_name=other[:70],
            city=causale[:35],
            email="mario.rossi@posta.example",
        ),
        beneficiary=Beneficiary(full_name=other[:70], course=name[:70], school=causale[:70], contribution_type="Retta")
        if has_beneficiary
        else None,
        description=causale[:140],
        external_id=other[:70],
        stamp=Stamp(document_hash="A" * 43 + "=", province="SI") if is_company else None,
        state="cancelled",
        state_reason=name,
    )


PRACTICES: Final = st.builds(
    _practice,
    st.sampled_from(["RSSMRA85T10A562S", "80012345676", "ANONIMO"]),
    st.tuples(TEXTS, TEXTS, TEXTS),
    is_company=st.booleans(),
    has_beneficiary=st.booleans(),
)


@given(one=PRACTICES, other=PRACTICES)
def test_two_practices_that_differ_only_in_persons_are_the_same_to_a_stranger(one: Practice, other: Practice) -> None:
    assert display.masked(one) == display.masked(other)


@given(practice=PRACTICES)
def test_no_word_of_a_person_is_in_any_field_of_a_masked_practice(practice: Practice) -> None:
    shown = str(asdict(display.masked(practice))).casefold()
    written = " ".join(
        str(asdict(part)) if not isinstance(part, str | None) else part or ""
        for part in (practice.debtor, practice.beneficiary, practice.description, practice.external_id)
    ).casefold()
    known = str(asdict(display.masked(PLAIN))).casefold()
    for secret in (*NAMES, *SURNAMES, *SECRETS, "dell", "aquila", "3471234567", "alighieri", "posta.example"):
        word = secret.casefold()
        if len(word) > 2 and word in written and word not in known:
            assert word not in shown


def test_every_field_of_a_practice_is_either_shown_to_strangers_or_hidden_from_them() -> None:
    assert {one.name for one in fields(Practice)} == {*display.SHOWN_MASKED, *HIDDEN}


def test_a_stranger_sees_service_year_amount_due_date_and_state() -> None:
    masked = display.masked(PLAIN)
    assert masked.description == "Retta di frequenza 2027"
    shown = (masked.service_title, masked.amount_cents, masked.due_date, masked.state, masked.instalment)
    assert shown == (PLAIN.service_title, 5_000, date(2027, 1, 31), "to_pay", PLAIN.instalment)
    assert masked.masked
    assert schema_of(Practice).validate(schema_of(Practice).dump(masked)) == {}


@pytest.mark.parametrize(
    ("title", "changed", "expected"),
    [
        ("TARI 2027", {}, "TARI 2027"),
        ("TARI", {"due_date": None}, "TARI 2026"),
        ("TARI", {"due_date": None, "created_at": datetime(2026, 12, 31, 23, 30, tzinfo=UTC)}, "TARI 2027"),
        ("x" * 200, {}, "x" * 135 + " 2027"),
        ("x" * 139 + " 2027", {}, "x" * 135 + " 2027"),
    ],
)
def test_instead_of_the_causale_stands_the_service_with_the_year_in_rome(
    title: str, changed: dict[str, Any], expected: str
) -> None:
    practice = replace(PLAIN, service_title=LocalisedText(it=title, en="x"), **changed)
    assert display.masked(practice).description == expected


@pytest.mark.parametrize(
    ("state", "reason", "shown"),
    [
        ("cancelled", "Emesso a Mario Rossi per errore", None),
        ("to_pay", "checkout_failed", "checkout_failed"),
        ("expired", "late_not_accepted", "late_not_accepted"),
        ("paid", "receipt", "receipt"),
    ],
)
def test_why_it_is_in_its_state_is_told_in_our_words_only(state: str, reason: str, shown: str | None) -> None:
    assert display.masked(replace(PLAIN, state=state, state_reason=reason)).state_reason == shown
