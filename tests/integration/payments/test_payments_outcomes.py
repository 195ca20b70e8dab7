"""The seven outcomes of a payment, each ending in its right state, over HTTP, SOAP and the bus."""

from datetime import UTC, datetime

import pytest
import requests

from services.payments import models


def settled(town, eventually, practice, state):
    eventually(lambda: town.practice(practice.id).state == state)


def test_paid_ends_paid_with_one_receipt_and_one_event(town, eventually):
    practice = town.issue(123456)
    checkout = town.start(practice)
    settled(town, eventually, practice, "unconfirmed")
    answer = town.choose(checkout, "paid")
    assert answer["redirect_url"].endswith(f"/esito/{checkout.id}?esito=ok")
    settled(town, eventually, practice, "paid")
    assert town.checkout(checkout.id).state == "paid"
    [receipt] = town.receipts(practice.id)
    assert (receipt.amount_cents, receipt.duplicate) == (123456, False)
    assert receipt.debtor.fiscal_code == "RSSMRA85T10A562S"
    assert str(receipt.transfers[0].iban).startswith("IT")
    [confirmed] = eventually(lambda: town.events("PaymentConfirmed", practice))
    assert confirmed["receipt_id"] == receipt.receipt_id
    assert confirmed["checkout_id"] == str(checkout.id)
    assert "RSSMRA85T10A562S" not in str(confirmed)
    assert town.events("PaymentDuplicated", practice) == []


@pytest.mark.parametrize(
    ("outcome", "word", "state"), [("refused", "errore", "failed"), ("abandoned", "annullato", "cancelled")]
)
def test_what_is_not_paid_is_free_again_when_the_payer_is_back(town, eventually, outcome, word, state):
    practice = town.issue()
    checkout = town.start(practice)
    answer = town.choose(checkout, outcome)
    assert answer["redirect_url"].endswith(f"?esito={word}")
    ended = town.returned(checkout, word)
    assert (ended.state, ended.redirect_url, ended.returned) == (state, None, word)
    eventually(lambda: town.events("CheckoutAbandoned", practice))
    settled(town, eventually, practice, "to_pay")
    assert town.receipts(practice.id) == []
    assert town.start(practice).state == "open"


def test_the_browser_saying_ok_proves_nothing_until_the_late_receipt_comes(town, eventually):
    practice = town.issue()
    checkout = town.start(practice)
    town.choose(checkout, "late")
    assert town.returned(checkout, "ok").state == "open"
    settled(town, eventually, practice, "unconfirmed")
    settled(town, eventually, practice, "paid")


def test_an_outcome_pagopa_does_not_know_yet_is_waited_for(town, eventually):
    practice = town.issue()
    checkout = town.start(practice)
    assert town.choose(checkout, "pending")["redirect_url"].endswith(f"/esito/{checkout.id}?esito=attesa")
    waiting = town.returned(checkout, "attesa")
    assert (waiting.state, waiting.returned) == ("open", "attesa")
    settled(town, eventually, practice, "paid")


def test_a_receipt_delivered_twice_is_one_payment(town, eventually):
    practice = town.issue()
    town.choose(town.start(practice), "twice")
    eventually(lambda: town.delivered(practice))
    [delivery] = deliveries_of(town, practice)
    assert (delivery["attempts"], delivery["last_answer"]) == (2, "OK")
    settled(town, eventually, practice, "paid")
    assert len(town.receipts(practice.id)) == 1
    assert len(town.events("PaymentConfirmed", practice)) == 1


def test_paid_at_two_psps_is_two_receipts_and_a_flag(town, eventually):
    practice = town.issue()
    checkout = town.start(practice)
    town.choose(checkout, "two_psps")
    duplicated = eventually(lambda: town.events("PaymentDuplicated", practice))
    first, second = town.receipts(practice.id)
    assert (first.duplicate, second.duplicate) == (False, True)
    assert {entry["receipt_id"] for entry in town.events("PaymentConfirmed", practice)} == {
        first.receipt_id,
        second.receipt_id,
    }
    assert duplicated[0]["receipt_id"] == second.receipt_id
    assert duplicated[0]["first_receipt_id"] == first.receipt_id
    assert duplicated[0]["reason"] == "already_paid"
    eventually(lambda: town.practice(practice.id).needs_attention)
    assert town.practice(practice.id).state == "paid"


def test_a_receipt_that_never_comes_times_out_and_still_wins_when_it_does(town, eventually):
    practice = town.issue()
    checkout = town.start(practice)
    town.choose(checkout, "never")
    with town.database.transaction() as tx:
        tx.session.get_one(models.Checkout, checkout.id).open_until = datetime.now(UTC)
    eventually(lambda: town.checkout(checkout.id).state == "timed_out")
    settled(town, eventually, practice, "to_pay")
    [abandoned] = town.events("CheckoutAbandoned", practice)
    assert abandoned["reason"] == "timed_out"
    [held_back] = deliveries_of(town, practice)
    assert held_back["state"] == "held_back"
    send_held_back(town, held_back)
    settled(town, eventually, practice, "paid")
    assert town.checkout(checkout.id).state == "paid"
    [confirmed] = town.events("PaymentConfirmed", practice)
    assert confirmed["checkout_id"] == str(checkout.id)
    assert town.events("PaymentDuplicated", practice) == []


def deliveries_of(town, practice):
    return [receipt for receipt in town.deliveries()["receipts"] if receipt["notice_number"] == practice.notice_number]


def send_held_back(town, receipt):
    requests.post(f"{town.pagopa_url}/sandbox/receipts/{receipt['id']}/send", timeout=10).raise_for_status()


def test_each_practice_of_a_cart_has_its_own_truth(town, eventually):
    practices = [town.issue(cents) for cents in (100, 200, 300)]
    checkout = town.start(*practices)
    assert checkout.total_cents == 600
    town.choose(checkout, "paid", only=[practices[1].notice_number])
    settled(town, eventually, practices[1], "paid")
    ended = town.returned(checkout, "errore")
    assert ended.state == "partially_paid"
    assert [item.paid for item in ended.items] == [False, True, False]
    settled(town, eventually, practices[0], "to_pay")
    settled(town, eventually, practices[2], "to_pay")
    [abandoned] = town.events("CheckoutAbandoned", *practices)
    assert set(abandoned["practice_ids"]) == {str(practices[0].id), str(practices[2].id)}


def test_the_timeline_tells_what_happened_and_how_we_know(town, eventually):
    practice = town.issue()
    town.choose(town.start(practice), "two_psps")
    eventually(lambda: town.events("PaymentDuplicated", practice))
    entries = town.timeline(practice.id)
    assert [(entry.kind, entry.source) for entry in entries] == [
        ("PracticeCreated.v1", "practices"),
        ("verified", "pagopa_node"),
        ("CheckoutStarted.v1", "pagopa_checkout"),
        ("activated", "pagopa_node"),
        ("PaymentConfirmed.v1", "pagopa_receipt"),
        ("PaymentConfirmed.v1", "pagopa_receipt"),
        ("PaymentDuplicated.v1", "pagopa_receipt"),
    ]


def test_a_notice_is_paid_at_a_counter_without_any_checkout(town, eventually):
    practice = town.issue()
    assert town.pay_at_counter(practice).status_code == 200
    settled(town, eventually, practice, "paid")
    refused = town.pay_at_counter(practice)
    assert (refused.status_code, refused.json()["fault"]) == (409, "PAA_PAGAMENTO_DUPLICATO")


def test_payment_at_a_counter_settles_the_checkout_that_was_open_meanwhile(town, eventually):
    practice = town.issue()
    checkout = town.start(practice)
    town.pay_at_counter(practice)
    eventually(lambda: town.checkout(checkout.id).state == "paid")
    assert town.choose(checkout, "paid")["redirect_url"].endswith("?esito=errore")
    assert len(town.receipts(practice.id)) == 1
