"""A practice paid twice, or after its end: state, alert and advice say one thing."""

from typing import Any

import pytest

from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import Services, make_practice, make_receipt

PAID: dict[str, Any] = {"state": "paid", "payable": False, "not_payable_code": "practice_paid"}
CANCELLED: dict[str, Any] = {"state": "cancelled", "payable": False, "not_payable_code": "practice_cancelled"}


def page_with(browser: Browser, services: Services, practice: Any, *receipts: Any) -> Any:
    services.add(practice)
    services.receipts = list(receipts)
    browser.log_in()
    return browser.get(f"/enti/PM108/pratiche/{practice.id}")


def test_paid_twice_state_alert_and_advice_agree(browser: Browser, services: Services):
    practice = make_practice(1, needs_attention=True, **PAID)
    answer = page_with(
        browser, services, practice, make_receipt(practice, "R1"), make_receipt(practice, "R2", duplicate=True)
    )
    alert = page_of(answer).xpath("//div[contains(@class, 'alert-warning')]")[0].text_content()
    status = page_of(answer).xpath("//section[contains(@class, 'portal-status')]")[0].text_content()
    assert "pagata più di una volta" in alert
    assert "più di una ricevuta" in status
    for part in (alert, status):
        assert "Non pagare di nuovo" in part
        assert "chiedi il rimborso" in part
    assert "Nulla: conserva la quietanza." not in status


def test_a_practice_paid_once_asks_for_nothing(browser: Browser, services: Services):
    practice = make_practice(1, **PAID)
    answer = page_with(browser, services, practice, make_receipt(practice, "R1"))
    assert "Nulla: conserva la quietanza." in text_of(answer)
    assert not page_of(answer).xpath("//div[contains(@class, 'alert-warning')]")


@pytest.mark.parametrize(
    ("changes", "amount_cents", "what"),
    [
        (CANCELLED, None, "l'ente aveva annullato la pratica"),
        (PAID, 1, "un importo diverso da quello dovuto"),
        (PAID, None, "un pagamento non atteso"),
    ],
    ids=["annulled", "another amount", "anything else"],
)
def test_each_unexpected_payment_says_the_same_in_alert_and_advice(
    browser: Browser, services: Services, changes: dict[str, Any], amount_cents: int | None, what: str
):
    practice = make_practice(1, needs_attention=True, **changes)
    receipt = make_receipt(practice, "R1", amount_cents=practice.amount_cents if amount_cents is None else amount_cents)
    answer = page_with(browser, services, practice, receipt)
    alert = page_of(answer).xpath("//div[contains(@class, 'alert-warning')]")[0]
    advice = alert.xpath("./strong")[0].tail.strip()
    assert what in alert.text_content()
    assert text_of(answer).count(advice) == 2
