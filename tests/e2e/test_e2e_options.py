"""A debt with a single sum and a plan, paid in both orders, and asked about by pagoPA."""

from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.e2e.browser import Browser
from tests.e2e.running import CREDITOR, ENTITY, PortalCopy, until


def debt_position(portal: PortalCopy) -> dict[str, dict[str, Any]]:
    """Put 100 euro at once, or in two instalments; return them by what they are."""
    mark = f"e2e-option-{uuid4().hex[:8]}"
    single = portal.put_debt(f"{mark}-u", amount_cents=10_000, debt_position=mark, option="unica")
    plan = {
        f"rata {number}": portal.put_debt(
            f"{mark}-{number}",
            amount_cents=5_000,
            debt_position=mark,
            option="rate",
            instalment={"number": number, "total": 2},
        )
        for number in (1, 2)
    }
    return {"unica": single, **plan}


def archived_status(portal: PortalCopy, notice_number: str) -> str | None:
    listed = requests.get(f"{portal.pagopa_url}/sandbox/archive", timeout=30).json()["positions"]
    found = [one["status"] for one in listed if one["paymentOption"][0]["nav"] == notice_number]
    return found[0] if found else None


def state_of(portal: PortalCopy, made: dict[str, Any]) -> str:
    search = {"notice_number": made["notice_number"]}
    found = requests.post(f"{portal.url}/api/v1/creditors/{ENTITY}/searches", json=search, timeout=30)
    return str(found.json()["items"][0]["state"]) if found.ok else ""


def options(portal: PortalCopy, made: dict[str, Any], method: str = "POST") -> dict[str, Any]:
    address = f"{portal.url}/pagopa/payment-options/organizations/{CREDITOR}/notices/{made['notice_number']}"
    answer = requests.request(method, address, timeout=30)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def statuses(portal: PortalCopy, made: dict[str, Any]) -> dict[int, str]:
    """Return the status of each option by its number of instalments."""
    return {one["numberOfInstallments"]: one["status"] for one in options(portal, made)["paymentOptions"]}


def all_archived(portal: PortalCopy, made: dict[str, dict[str, Any]]) -> bool:
    return all(archived_status(portal, one["notice_number"]) == "VALID" for one in made.values())


def test_the_single_sum_closes_the_plan_in_list_node_and_archive(portal: PortalCopy) -> None:
    made = debt_position(portal)
    until(lambda: all_archived(portal, made), timeout_s=60, what="the options in the archive")
    assert options(portal, made["rata 2"], "GET") == options(portal, made["unica"])
    assert statuses(portal, made["unica"]) == {1: "PO_UNPAID", 2: "PO_UNPAID"}
    assert len(portal.pay_at_counter(made["unica"]["notice_number"])) == 1
    chosen = {1: "PO_PAID", 2: "PO_INVALID"}
    until(lambda: statuses(portal, made["rata 1"]) == chosen, what="the receipt of the single sum")
    assert portal.pay_at_counter(made["rata 1"]["notice_number"]) == []
    plan = [made["rata 1"], made["rata 2"]]
    until(lambda: all(state_of(portal, one) == "cancelled" for one in plan), what="the plan closed")
    until(
        lambda: {archived_status(portal, one["notice_number"]) for one in plan} == {"INVALID"},
        timeout_s=60,
        what="the plan withdrawn",
    )


def test_an_instalment_closes_the_single_sum_and_the_plan_goes_on(portal: PortalCopy) -> None:
    made = debt_position(portal)
    until(lambda: all_archived(portal, made), timeout_s=60, what="the options in the archive")
    assert len(portal.pay_at_counter(made["rata 1"]["notice_number"])) == 1
    chosen = {1: "PO_INVALID", 2: "PO_PARTIALLY_PAID"}
    until(lambda: statuses(portal, made["unica"]) == chosen, what="the receipt of the instalment")
    assert portal.pay_at_counter(made["unica"]["notice_number"]) == []
    until(lambda: state_of(portal, made["unica"]) == "cancelled", what="the single sum closed")
    assert len(portal.pay_at_counter(made["rata 2"]["notice_number"])) == 1
    until(lambda: state_of(portal, made["rata 2"]) == "paid", what="the plan paid whole")
    assert statuses(portal, made["rata 2"]) == {1: "PO_INVALID", 2: "PO_PAID"}


@pytest.mark.parametrize("verb", ["POST", "GET"])
def test_a_tester_looks_the_options_up_as_an_app_does_and_pays_one(
    browser: Browser, portal: PortalCopy, verb: str
) -> None:
    made = debt_position(portal)
    whole = {1: "PO_UNPAID", 2: "PO_UNPAID"}
    until(lambda: statuses(portal, made["unica"]) == whole, what="the debt position in payments")
    browser.open(f"{portal.pagopa_url}/opzioni?avviso={made['unica']['notice_number']}")
    browser.submit("/opzioni", ente=CREDITOR, verbo=verb)
    assert "Piano in 2 rate: 100,00" in browser.text
    assert "Pagamento in unica soluzione: 100,00" in browser.text
    assert browser.text.count("PO_UNPAID") == 2
    [form] = [one for one in browser.page.forms if one.fields.get("avviso") == made["rata 1"]["notice_number"]]
    browser.send(form).submit("/psp")
    until(lambda: state_of(portal, made["rata 1"]) == "paid", what="the instalment paid")
    browser.open(f"{portal.pagopa_url}/opzioni?avviso={made['rata 2']['notice_number']}")
    browser.submit("/opzioni", ente=CREDITOR, verbo=verb)
    assert "PO_PARTIALLY_PAID" in browser.text
    assert "PO_INVALID" in browser.text
    assert "un'altra opzione di pagamento è già stata scelta" in browser.text


def test_a_tester_is_told_the_error_as_a_psp_would_be(browser: Browser, portal: PortalCopy) -> None:
    browser.open(f"{portal.pagopa_url}/opzioni?avviso={'3' * 18}").submit("/opzioni", ente=CREDITOR)
    assert "ODP_ERRORE_EMESSO_DA_PAA ODP-107" in browser.text


def test_a_number_that_nobody_knows_is_pagopas_own_error(portal: PortalCopy) -> None:
    address = f"{portal.url}/pagopa/payment-options/organizations/{CREDITOR}/notices/{'3' * 18}"
    answer = requests.post(address, timeout=30)
    assert (answer.status_code, answer.json()["appErrorCode"]) == (404, "ODP-107")
