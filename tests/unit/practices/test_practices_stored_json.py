"""What the JSON columns hold: what earlier releases wrote is read, and what is written stays in its form."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.codes import AmountCents, CreditorFiscalCode
from contracts.shapes import Beneficiary, Stamp, Subject
from services.practices import stored_json
from services.practices.domain.practice_status import EndedCheckout, Ending, Facts, OpenCheckout, Receipt, Settlement
from services.practices.domain.transfers import Share, StampShare
from services.practices.models import Json

CHECKOUT_ID = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)
FACTS = Facts(
    open_checkouts={CHECKOUT_ID: OpenCheckout(NOON, NOON.replace(microsecond=500))},
    ended_checkouts={CHECKOUT_ID: EndedCheckout(NOON, "cancelled")},
    receipts={"R1": Receipt(NOON, 1_600)},
    unexpected_money=frozenset({"other_amount", "already_paid"}),
    settlement=Settlement(NOON, "F1"),
    cancelled=Ending(NOON, "Sgravio"),
    expired=Ending(NOON, "late_not_accepted"),
    reopened=Ending(NOON, "amended"),
)
STORED_FACTS: Json = {
    "open_checkouts": {
        str(CHECKOUT_ID): {"started_at": "2026-11-23T11:00:00+00:00", "open_until": "2026-11-23T11:00:00.000500+00:00"}
    },
    "ended_checkouts": {str(CHECKOUT_ID): {"at": "2026-11-23T11:00:00+00:00", "reason": "cancelled"}},
    "receipts": {"R1": {"paid_at": "2026-11-23T11:00:00+00:00", "amount_cents": 1_600}},
    "odd_money": ["already_paid", "other_amount"],
    "settlement": {"at": "2026-11-23T11:00:00+00:00", "flow_id": "F1"},
    "cancelled": {"at": "2026-11-23T11:00:00+00:00", "reason": "Sgravio"},
    "expired": {"at": "2026-11-23T11:00:00+00:00", "reason": "late_not_accepted"},
    "reopened": {"at": "2026-11-23T11:00:00+00:00", "reason": "amended"},
}


@pytest.mark.parametrize(("facts", "stored"), [(FACTS, STORED_FACTS), (Facts(), {})])
def test_facts_are_written_and_read_in_the_form_of_every_release(facts: Facts, stored: Json) -> None:
    assert stored_json.write_facts(facts) == stored
    assert stored_json.read_facts(stored) == facts


@pytest.mark.parametrize("more", [{}, {"email": None}, {"email": None, "city": None, "country": None}])
def test_a_debtor_is_the_same_whether_absent_fields_were_stored_or_not(more: Json) -> None:
    stored = {"entity_type": "F", "fiscal_code": "RSSMRA85T10A562S", "full_name": "Rossi Mario", **more}
    debtor = stored_json.read(stored, Subject)
    assert debtor == Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Rossi Mario")
    assert stored_json.read(stored_json.write(debtor), Subject) == debtor


def test_a_column_that_is_null_holds_nothing() -> None:
    assert stored_json.read_optional(None, Beneficiary) is None
    assert stored_json.write_optional(None) is None
    assert stored_json.read_shares(None) == ()
    assert stored_json.read_stamp(None) is None
    assert stored_json.write_stamp(None) is None


def test_a_share_is_read_with_or_without_a_postal_account() -> None:
    stored: Json = {
        "fiscal_code": "80098765433",
        "company_name": "Agenzia",
        "iban": "IT40W0999915800000000090001",
        "postal_iban": None,
        "category": "9/0601127TS/",
        "amount_cents": 14_000,
    }
    expected = Share(
        fiscal_code=CreditorFiscalCode("80098765433"),
        company_name="Agenzia",
        iban="IT40W0999915800000000090001",
        category="9/0601127TS/",
        amount_cents=AmountCents(14_000),
    )
    assert stored_json.read_shares([stored, stored_json.write(expected)]) == (expected, expected)


def test_a_stamp_is_stored_with_its_price() -> None:
    document_hash = "wHpFSLCGZjIvNSXxqtGbxg7275t446DRTk5ZrsdUQ6E="
    share = StampShare(stamp=Stamp(document_hash=document_hash, province="MI"), amount_cents=AmountCents(1_600))
    stored = stored_json.write_stamp(share)
    assert stored == {"document_hash": document_hash, "province": "MI", "amount_cents": 1_600}
    assert stored_json.read_stamp(stored) == share
