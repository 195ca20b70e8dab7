"""The archive of notices from a debt to a payment by stand-in, and a receipt that is lost and recovered."""

import re
from typing import Any
from uuid import uuid4

import requests

from tests.e2e.running import CREDITOR, ENTITY, PortalCopy, until


def debt(portal: PortalCopy, **changes: Any) -> dict[str, Any]:
    return portal.put_debt(f"e2e-archive-{uuid4().hex[:10]}", **changes)


def in_archive(portal: PortalCopy) -> dict[str, dict[str, Any]]:
    """What stands in pagoPA's archive, by notice number."""
    listed = requests.get(f"{portal.pagopa_url}/sandbox/archive", timeout=30).json()["positions"]
    return {one["paymentOption"][0]["nav"]: one for one in listed}


def archived(portal: PortalCopy, notice_number: str) -> dict[str, Any] | None:
    """What pagoPA's archive has of a notice."""
    return in_archive(portal).get(notice_number)


def switch(portal: PortalCopy, **switches: Any) -> None:
    requests.post(f"{portal.pagopa_url}/sandbox/switches", json=switches, timeout=30).raise_for_status()


def confirmed(portal: PortalCopy, practice_id: str) -> list[str]:
    return [
        event["data"]["receipt_id"]
        for event in portal.events()
        if event["type"] == "PaymentConfirmed.v1" and event["data"]["practice_id"] == practice_id
    ]


def state_of(portal: PortalCopy, notice_number: str) -> str:
    address = f"{portal.url}/api/v1/creditors/{ENTITY}/searches"
    found = requests.post(address, json={"notice_number": notice_number}, timeout=30)
    return str(found.json()["items"][0]["state"]) if found.ok else ""


def receipt_of(portal: PortalCopy, receipt_id: str) -> dict[str, Any]:
    """Return a receipt as the accounting gets it, {} while it does not."""
    after: dict[str, str] = {}
    while True:
        page = portal.api("GET", f"/creditors/{ENTITY}/payments", params={"limit": "200", **after}).json()
        found = [one for one in page["items"] if one["receipt_id"] == receipt_id]
        if found or not page["next_cursor"]:
            return found[0] if found else {}
        after = {"cursor": page["next_cursor"]}


def test_a_debt_stands_in_the_archive_as_it_is_now_and_leaves_it(portal: PortalCopy) -> None:
    made = debt(portal)
    number, reference = made["notice_number"], made["external_id"]
    found = until(lambda: archived(portal, number), timeout_s=60, what="the notice in the archive")
    assert (found["status"], found["paymentOption"][0]["amount"]) == ("VALID", 2_500)
    portal.put_debt(reference, amount_cents=3_100)

    def amount() -> bool:
        now = archived(portal, number)
        return now is not None and now["paymentOption"][0]["amount"] == 3_100

    until(amount, timeout_s=60, what="the new amount in the archive")
    portal.api("DELETE", f"/creditors/{ENTITY}/debts/{reference}", json={"reason": "errore"})
    until(
        lambda: (archived(portal, number) or {}).get("status") == "INVALID", timeout_s=60, what="the notice withdrawn"
    )


def test_a_notice_is_paid_by_stand_in_while_our_station_is_off(portal: PortalCopy) -> None:
    made = debt(portal)
    until(lambda: archived(portal, made["notice_number"]), timeout_s=60, what="the notice in the archive")
    switch(portal, station_down_s=600)
    try:
        [receipt_id] = portal.pay_at_counter(made["notice_number"])
    finally:
        switch(portal, station_down_s=0)
    until(lambda: state_of(portal, made["notice_number"]) == "paid", timeout_s=60, what="the practice paid")
    until(lambda: confirmed(portal, made["id"]) == [receipt_id], what="one confirmation")
    until(lambda: receipt_of(portal, receipt_id), what="the receipt for the accounting")
    assert receipt_of(portal, receipt_id)["stand_in"] is True
    assert (archived(portal, made["notice_number"]) or {})["status"] == "PAID"


def test_payments_while_our_station_is_off_are_neither_lost_nor_doubled(portal: PortalCopy) -> None:
    """A small share of an hour of station down with a thousand payments."""
    numbers = portal.issue_many(40)
    until(lambda: set(numbers) <= set(in_archive(portal)), timeout_s=90, what="the notices archived")
    switch(portal, station_down_s=600)
    try:
        receipt_ids = [portal.pay_at_counter(number)[0] for number in numbers]
        # Nobody pays one twice, whatever the station says.
        assert portal.pay_at_counter(numbers[0]) == []
    finally:
        switch(portal, station_down_s=0)

    def counted() -> list[str]:
        return sorted(
            event["data"]["receipt_id"]
            for event in portal.events()
            if event["type"] == "PaymentConfirmed.v1" and event["data"]["notice_number"] in numbers
        )

    until(lambda: len(counted()) >= len(numbers), timeout_s=120, what="all confirmations")
    assert counted() == sorted(receipt_ids)


def test_a_lost_receipt_is_recovered_and_confirmed_once(portal: PortalCopy) -> None:
    made = debt(portal)
    until(lambda: archived(portal, made["notice_number"]), timeout_s=60, what="the notice in the archive")
    [receipt_id] = portal.pay_at_counter(made["notice_number"], "lost")
    assert state_of(portal, made["notice_number"]) == "to_pay"
    with portal.run("-m", "services.payments", "fetch-settlements", ENTITY) as fetching:
        fetching.communicate(timeout=120)
    assert fetching.returncode == 0
    until(lambda: confirmed(portal, made["id"]) == [receipt_id], timeout_s=60, what="the flow's confirmation")

    # A flow knows neither how it was paid nor the hour.
    until(lambda: receipt_of(portal, receipt_id).get("payment_method"), timeout_s=90, what="the receipt itself")
    assert confirmed(portal, made["id"]) == [receipt_id]


def test_a_tester_sees_the_archive_and_switches_the_station(portal: PortalCopy) -> None:
    made = debt(portal)
    until(lambda: archived(portal, made["notice_number"]), timeout_s=60, what="the notice in the archive")
    page = requests.get(f"{portal.pagopa_url}/archive", timeout=30).text
    shown = re.sub(r"\s", "", page)
    assert made["notice_number"] in shown
    off = requests.post(f"{portal.pagopa_url}/archive", data={"do": "off"}, timeout=30).text
    assert "Spenta" in off
    paid = requests.post(
        f"{portal.pagopa_url}/archive",
        data={"do": "pay", "ente": CREDITOR, "avviso": made["notice_number"]},
        timeout=30,
    )
    assert paid.ok
    requests.post(f"{portal.pagopa_url}/archive", data={"do": "on"}, timeout=30)
    until(lambda: state_of(portal, made["notice_number"]) == "paid", timeout_s=60, what="the practice paid")
