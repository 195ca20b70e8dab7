"""Settlement as PSPs and banks really do it: numbers of their own, odd flows, wrong totals, credits in parts.

practices is played by a dict of positions; fdr-org by an HTTP server that answers what a test says.
"""

import json
import threading
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from contracts.codes import AmountCents
from contracts.errors import Unavailable
from contracts.rpc.settlement import PutCreditRequest, UnmatchedCreditsRequest, WorklistRequest
from services.payments import models
from services.payments.domain.settlements import Flow, FlowRow, Outcome
from services.payments.metrics import RECEIPTS_UNREPORTED
from services.payments.settings import Settings
from services.payments.settlement.fdr_org import FdrClient
from services.payments.settlement.flow_parser import read_file
from services.payments.usecases import bank_credits, flow_download, reconciliation, settlements
from services.payments.usecases.unreported_receipts import watch_unreported
from tests.integration.payments.payments_actors import (
    CREDITOR,
    START,
    Practices,
    activate,
    ask_node,
    emitted,
    position,
    receipt,
    verify,
)

CASES = Path(__file__).parents[4] / "shared" / "cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the cases of the field are not here")
LATER = START + timedelta(days=1)
FLOW_ID = "2026-11-24ABCDITMM-0000000001"


@pytest.fixture
def practices():
    played = Practices()
    played.issued = {number: position(number) for number in range(1, 6)}
    return played


@pytest.fixture
def node(database, practices):
    return lambda text, at=START: ask_node(database, practices, at, text)


def row(number: int = 1, iur: str = "R1", amount_cents: int = 1000, outcome: Outcome = Outcome.EXECUTED) -> FlowRow:
    return FlowRow(
        iuv=f"{number:017d}", iur=iur, index=1, amount_cents=amount_cents, outcome=outcome, paid_on=date(2026, 11, 23)
    )


def flow(*rows: FlowRow, flow_id: str = FLOW_ID, **changes: Any) -> Flow:
    made = Flow(
        flow_id=flow_id,
        flow_at=LATER,
        revision=1,
        regulation_id="TRN",
        settled_on=date(2026, 11, 24),
        sender_id="ABCDITMM",
        sender_name="Banca",
        receiver_fiscal_code=CREDITOR.fiscal_code,
        count=len(rows),
        total_cents=sum(one.amount_cents for one in rows),
        rows=rows,
    )
    return replace(made, **changes)


@pytest.fixture
def take(database, practices):
    def taken(*rows: FlowRow, **changes: Any) -> dict[str, int]:
        read = flow(*rows, **changes)
        settlements.take_flow(database, practices, read, "PM108", LATER)
        return findings(database, read.flow_id)

    return taken


def findings(database: Any, flow_id: str = FLOW_ID) -> dict[str, int]:
    told = reconciliation.settlement(database, "PM108", flow_id)
    return {one.finding: one.count for one in told.findings}


def told(database: Any, name: str) -> list[dict[str, Any]]:
    return [one.body["data"] for one in emitted(database, name)]


def pay(node, number: int = 1, receipt_id: str = "R1", amount_cents: int = 1000) -> None:
    node(activate(number))
    node(receipt(number, receipt_id, amount_cents, None))


# --- a row whose IUR is not the receipt's id ---


def test_a_row_with_a_number_of_the_psps_own_is_the_receipt_of_that_notice_and_amount(database, node, take):
    pay(node)
    assert take(row(iur="PSP-OWN-NUMBER-0001")) == {"reported": 1}
    assert [one["receipt_id"] for one in told(database, "PaymentReported")] == ["R1"]
    assert len(told(database, "PaymentConfirmed")) == 1
    assert told(database, "PaymentDuplicated") == []


def test_a_second_row_with_a_number_of_its_own_is_for_a_human_and_never_a_payment(database, node, take):
    pay(node)
    assert take(row(iur="OWN-1"), row(iur="OWN-2")) == {"reported": 1, "no_receipt_fits": 1}
    assert len(told(database, "PaymentConfirmed")) == 1
    assert told(database, "PaymentDuplicated") == []
    assert [one.finding for one in reconciliation.worklist(database, WorklistRequest(entity_code="PM108")).items] == [
        "no_receipt_fits"
    ]


def test_a_row_of_a_paid_notice_and_another_amount_is_for_a_human(database, node, take):
    pay(node)
    assert take(row(iur="OWN-1", amount_cents=999)) == {"no_receipt_fits": 1}
    assert len(told(database, "PaymentConfirmed")) == 1


def test_two_receipts_of_one_notice_are_each_reported_by_one_row(database, node, take):
    pay(node)
    node(receipt(1, "R2", 1000, None))
    assert take(row(iur="OWN-1"), row(iur="OWN-2")) == {"reported": 2}
    assert len(told(database, "PaymentReported")) == 1


def test_the_receipt_that_comes_later_is_matched_when_the_row_is_looked_at_again(database, node, take):
    pay(node)
    assert take(row(iur="OWN-1"), row(iur="OWN-2")) == {"reported": 1, "no_receipt_fits": 1}
    node(receipt(1, "R2", 1000, None), LATER)
    settlements.match_pending(database, LATER)
    assert findings(database) == {"reported": 2}


def test_a_receipt_that_comes_after_its_row_under_another_id_takes_the_makeshifts_place(database, node, take):
    node(activate(1))
    assert take(row(iur="OWN-1")) == {"recovered": 1}
    node(receipt(1, "R1", 1000, None), LATER)
    node(receipt(1, "R1", 1000, None), LATER)
    with database.reading() as session:
        [one] = session.scalars(sa.select(models.Receipt))
    assert (one.receipt_id, one.node_receipt_id, one.source) == ("OWN-1", "R1", "node")
    assert len(told(database, "PaymentConfirmed")) == 1
    assert told(database, "PaymentDuplicated") == []


def test_the_makeshifts_own_receipt_after_another_shows_that_there_were_two_payments(database, node, take):
    node(activate(1))
    take(row(iur="OWN-1"))
    node(receipt(1, "R2", 1000, None), LATER)
    node(receipt(1, "OWN-1", 1000, None), LATER)
    assert [one["receipt_id"] for one in told(database, "PaymentConfirmed")] == ["OWN-1", "R2"]
    assert [one["reason"] for one in told(database, "PaymentDuplicated")] == ["already_paid"]


@needs_cases
def test_the_flow_of_the_field_whose_iur_is_no_receipt_id(database, practices, node):
    pay(node)
    text = (CASES / "b02-iur-is-not-receiptId.xml.tmpl").read_text()
    text = text.replace("@AMOUNT@", "10.00").replace("@IUV_OF_A_PAID_PRACTICE@", f"{1:017d}")
    read = read_file(text.encode())
    settlements.take_flow(database, practices, read, "PM108", LATER)
    assert findings(database, read.flow_id) == {"reported": 1}
    assert len(told(database, "PaymentConfirmed")) == 1


# --- rows of another owner ---


def of_other_owner(number: int, receipt_id: str) -> str:
    text = receipt(number, receipt_id, 1000, None)
    return text.replace("<fiscalCode>80012345676", "<fiscalCode>77777777777")


def test_a_row_of_another_owners_notice_with_our_iuv_does_not_settle_our_practice(database, node, take):
    pay(node)
    node(of_other_owner(1, "R9"))
    assert take(row(iur="R9")) == {"reported": 1}
    assert told(database, "PaymentReported") == []
    assert take(row(iur="R1"), flow_id=f"{FLOW_ID}b") == {"reported": 1}
    assert len(told(database, "PaymentReported")) == 1


def test_two_receipts_of_one_id_and_iuv_for_two_owners_are_told_apart(database, node, take):
    node(of_other_owner(1, "R1").replace("10.00", "7.00"))
    pay(node)
    assert take(row(iur="R1")) == {"reported": 1}
    assert len(told(database, "PaymentReported")) == 1


def test_an_ordinary_row_of_a_notice_we_were_never_asked_about_is_for_a_human(database, node, take):
    node(verify(1))
    assert take(row(iur="X")) == {"never_activated": 1}
    assert told(database, "PaymentConfirmed") == []
    node(receipt(1, "X", 1000, None), LATER)
    settlements.match_pending(database, LATER)
    assert findings(database) == {"reported": 1}


@pytest.mark.parametrize("outcome", [Outcome.STAND_IN, Outcome.STAND_IN_WITHOUT_REQUEST, Outcome.WITHOUT_REQUEST])
def test_a_stand_in_row_of_a_notice_we_were_never_asked_about_is_recovered(database, node, take, outcome):
    node(verify(1))
    assert take(row(iur="X", outcome=outcome)) == {"recovered": 1}
    assert len(told(database, "PaymentConfirmed")) == 1


def test_what_is_partly_paid_is_not_reported_as_a_payment(database, node, take):
    pay(node, amount_cents=600)
    assert take(row(iur="R1", amount_cents=600)) == {"reported": 1}
    assert told(database, "PaymentReported") == []


# --- flows that do not add up ---


@pytest.mark.parametrize("changes", [{"total_cents": 1100}, {"count": 2}, {"total_cents": 0}])
def test_a_flow_that_does_not_add_up_is_stored_and_flagged_and_its_rows_count(database, node, take, changes):
    pay(node)
    assert take(row(), **changes) == {"reported": 1}
    stored = reconciliation.settlement(database, "PM108", FLOW_ID)
    assert (stored.adds_up, stored.reconciled) == (False, False)
    assert len(told(database, "PaymentReported")) == 1


@needs_cases
def test_the_flow_of_the_field_with_a_wrong_total_leaves_a_trace(database, practices, node):
    node(verify(1))
    read = read_file((CASES / "b56-wrong-declared-total.xml").read_bytes())
    settlements.take_flow(database, practices, read, "PM108", LATER)
    assert not reconciliation.settlement(database, "PM108", read.flow_id).adds_up


@needs_cases
@pytest.mark.parametrize("case", ["b04-fdr-xsi-schemaLocation.xml", "b05-fdr-indented-values.xml"])
def test_flows_of_the_field_that_the_official_schema_allows_are_read(case):
    read = read_file((CASES / case).read_bytes())
    assert (read.count, read.total_cents, read.adds_up) == (1, 1000, True)


FLOW_OF_THE_FIELD = "b05-fdr-indented-values.xml"
XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
WRITTEN_OTHERWISE = {
    "a schema without namespace, on an inner element": lambda text: text.replace(
        "<pay_i:istitutoMittente>", f'<pay_i:istitutoMittente {XSI} i:noNamespaceSchemaLocation="a.xsd">'
    ),
    "xsi:type": lambda text: text.replace(
        "<pay_i:istitutoRicevente>", f'<pay_i:istitutoRicevente {XSI} i:type="pay_i:ctIstitutoRicevente">'
    ),
    "no prefix": lambda text: text.replace("xmlns:pay_i=", "xmlns=").replace("pay_i:", ""),
    "instructions and comments": lambda text: text.replace(
        "<pay_i:numeroTotalePagamenti>", "<?a b?><!-- c --><pay_i:numeroTotalePagamenti>"
    ),
    "Windows' ends of lines": lambda text: text.replace("\n", "\r\n"),
}


@needs_cases
@pytest.mark.parametrize("written", WRITTEN_OTHERWISE)
def test_a_flow_of_the_field_is_read_however_its_xml_is_written(written):
    text = (CASES / FLOW_OF_THE_FIELD).read_text()
    changed = WRITTEN_OTHERWISE[written](text)
    assert changed != text
    read = read_file(changed.encode())
    assert (read.count, read.total_cents, read.adds_up) == (1, 1000, True)


@pytest.mark.parametrize("iur", ["own-number-0001", "20261123BESEITM1-000000000000000017"])
def test_a_row_under_any_number_of_the_psps_own_is_of_the_receipt_that_no_flow_has_reported(database, node, take, iur):
    pay(node)
    assert take(row(iur=iur)) == {"reported": 1}
    assert take(row(iur=f"{iur}-2"), flow_id=f"{FLOW_ID}b") == {"no_receipt_fits": 1}
    assert len(told(database, "PaymentConfirmed")) == 1
    assert told(database, "PaymentDuplicated") == []


# --- downloading ---


class FdrOrg(BaseHTTPRequestHandler):
    """fdr-org: answers by path what a test has put there, a status and its headers or JSON."""

    url: ClassVar[str] = ""
    answers: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[tuple[float, str]]] = []

    def do_GET(self):
        path = self.path.split("?")[0].split("/fdrs", 1)[1]
        self.asked.append((time.monotonic(), path))
        answer = self.answers.get(path, 404)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        status, headers = (
            (answer, {}) if isinstance(answer, int) else answer if isinstance(answer, tuple) else (200, {})
        )
        body = json.dumps(answer).encode() if status == 200 else b"{}"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def fdr_org() -> Iterator[Any]:
    FdrOrg.answers, FdrOrg.asked = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), FdrOrg) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        FdrOrg.url = f"http://127.0.0.1:{server.server_port}"
        yield FdrOrg
        server.shutdown()


def client(fdr_org, interval_s: float = 0.0) -> FdrClient:
    return FdrClient(replace(Settings.load(), fdr_url=fdr_org.url, fdr_interval_s=interval_s))


def listed(*flow_ids: str) -> dict[str, Any]:
    data = [{"fdr": one, "pspId": "ABCDITMM", "revision": 1, "published": "2026-11-25T08:00:00Z"} for one in flow_ids]
    return {"metadata": {"totPage": 1}, "count": len(data), "data": data}


def detail(flow_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "revision": 1,
        "fdr": flow_id,
        "fdrDate": "2026-11-25T08:00:00Z",
        "regulation": "SEPA",
        "regulationDate": "2026-11-24",
        "sender": {"pspId": "ABCDITMM", "pspName": "Banca"},
        "receiver": {"organizationId": "80012345676"},
        "computedTotPayments": 3,
        "computedSumPayments": 0.3,
        "totPayments": 3,
        "sumPayments": 0.3,
    } | changes


PAYMENTS = {
    "metadata": {"totPage": 1},
    "data": [
        {
            "index": n,
            "iuv": f"0100000000000991{n}",
            "iur": f"iur{n}",
            "idTransfer": 1,
            "pay": 0.1,
            "payStatus": "EXECUTED",
            "payDate": "2026-11-24T10:00:00Z",
        }
        for n in (1, 2, 3)
    ],
}
IDS = [f"2026-11-24ABCDITMM-000000000{number}" for number in range(1, 6)]


def publish(fdr_org, flow_id: str, answer: Any = None, payments: Any = None) -> None:
    base = f"/{flow_id}/revisions/1/psps/ABCDITMM"
    fdr_org.answers[base] = answer or detail(flow_id)
    fdr_org.answers[f"{base}/payments"] = payments or PAYMENTS


@pytest.fixture
def download(database, practices, node, fdr_org):
    node(verify(1))

    def run(interval_s: float = 0.0) -> flow_download.Downloaded:
        return flow_download.download(database, practices, client(fdr_org, interval_s), "PM108", None, LATER)

    return run


ODD_FLOWS = {
    "no receiver": detail(IDS[1], receiver=None),
    "no date": {name: value for name, value in detail(IDS[1]).items() if name != "fdrDate"},
    "a date that is none": detail(IDS[1], regulationDate="24/11/2026"),
    "gone": 404,
    "an amount with a fraction of a cent": detail(IDS[1], sumPayments=0.305),
    "another body's": detail(IDS[1], receiver={"organizationId": "77777777777"}),
    "a server that fails": 500,
}


@pytest.mark.parametrize("oddity", ODD_FLOWS)
def test_one_odd_flow_is_listed_with_its_reason_and_the_others_are_taken(download, fdr_org, oddity):
    fdr_org.answers[""] = listed(*IDS[:3])
    for flow_id in IDS[:3]:
        publish(fdr_org, flow_id, ODD_FLOWS[oddity] if flow_id == IDS[1] else None)
    downloaded = download()
    assert (downloaded.taken, [name for name, _ in downloaded.refused]) == (2, [IDS[1]])
    assert downloaded.refused[0][1].code in ("settlement_unreadable", "settlement_other_body", "service_unavailable")


ODD_PAYMENTS = {
    "no status": {"payStatus": None},
    "a status nobody knows": {"payStatus": "PERHAPS"},
    "no amount": {"pay": None},
    "a fraction of a cent": {"pay": 0.1005},
    "a day that is none": {"payDate": "2026-02-30T10:00:00Z"},
    "an index that is none": {"idTransfer": "first"},
}


@pytest.mark.parametrize("oddity", ODD_PAYMENTS)
def test_one_odd_row_of_a_downloaded_flow_is_named_and_the_others_are_taken(database, download, fdr_org, oddity):
    fdr_org.answers[""] = listed(IDS[0])
    published: dict[str, Any] = deepcopy(dict(PAYMENTS))
    rows = published["data"]
    rows[1] |= ODD_PAYMENTS[oddity]
    publish(fdr_org, IDS[0], payments=published)
    assert download().taken == 1
    stored = reconciliation.settlement(database, "PM108", IDS[0])
    assert [row.position for row in stored.unread] == [2]
    assert (sum(found.count for found in stored.findings), stored.adds_up) == (2, False)


def test_odd_entries_of_the_list_and_odd_rows_do_not_stop_the_others(download, fdr_org):
    fdr_org.answers[""] = listed(*IDS[:2]) | {
        "data": [None, {"fdr": "x"}, *listed(*IDS[:2])["data"]],
    }
    broken = {"metadata": None, "data": [{"iuv": "1"}]}
    publish(fdr_org, IDS[0], payments=broken)
    publish(fdr_org, IDS[1])
    downloaded = download()
    assert (downloaded.taken, len(downloaded.refused)) == (1, 3)


@needs_cases
@pytest.mark.parametrize(
    "name", ["flow_good", "flow_bad_1_only_computed_totals", "flow_bad_2_binary_noise", "flow_bad_3_null_totals"]
)
def test_the_flows_of_the_field_are_taken(database, download, fdr_org, name):
    case = json.loads((CASES / "b08-b09-fdr-org.json").read_text())
    fdr_org.answers[""] = case["list"]
    publish(fdr_org, IDS[0], case[name], case["payments"])
    assert download().taken == 1
    stored = reconciliation.settlement(database, "PM108", IDS[0])
    assert (stored.total_cents, stored.payments_count, stored.adds_up) == (30, 3, True)


def test_a_busy_api_is_left_alone_for_as_long_as_it_says_and_asked_again(download, fdr_org):
    fdr_org.answers[""] = [(429, {"Retry-After": "1"}), listed(IDS[0])]
    publish(fdr_org, IDS[0])
    assert download().taken == 1
    (first, _), (second, _) = fdr_org.asked[:2]
    assert second - first >= 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_pagopa_refuses_is_told_as_one_and_not_tried_again(download, fdr_org, status):
    fdr_org.answers[""] = (status, {})
    with pytest.raises(Unavailable) as told:
        download()
    assert told.value.params == {"part": "fdr-org", "status": status}
    assert len(fdr_org.asked) == 1


def test_the_timer_names_the_entity_whose_flows_do_not_come(database, practices, download, fdr_org):
    fdr_org.answers[""] = (401, {})
    with capture_logs() as lines:
        flow_download.download_all(database, practices, client(fdr_org), LATER)
    (line,) = [one for one in lines if one["event"] == "settlements_not_fetched"]
    assert (line["entity_code"], line["reason"]) == ("PM108", {"part": "fdr-org", "status": 401})


def test_calls_keep_the_pace(download, fdr_org, monkeypatch):
    """On a clock that moves only while somebody sleeps."""
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr("services.payments.settlement.fdr_org.time", clock)
    fdr_org.answers[""] = listed(*IDS[:2])
    for flow_id in IDS[:2]:
        publish(fdr_org, flow_id)
    assert download(1.0).taken == 2
    assert len(fdr_org.asked) == 5
    assert slept == pytest.approx([1.0] * 4)


def test_revisions_that_are_here_are_not_asked_for_again_and_a_stopped_download_goes_on(download, fdr_org):
    fdr_org.answers[""] = listed(*IDS)
    for flow_id in IDS[:2]:
        publish(fdr_org, flow_id)
    for flow_id in IDS[2:]:
        publish(fdr_org, flow_id, 500)
    with pytest.raises(Unavailable):
        download()
    for flow_id in IDS[2:]:
        publish(fdr_org, flow_id)
    fdr_org.asked.clear()
    downloaded = download()
    assert (downloaded.taken, downloaded.known) == (3, 2)
    assert not [path for _, path in fdr_org.asked if IDS[0] in path or IDS[1] in path]


# --- bank credits ---


def credit(
    database: Any, text: str, amount_cents: int = 30, reference: str = "C1", booked_on: date = date(2026, 11, 25)
):
    request = PutCreditRequest(
        entity_code="PM108",
        reference=reference,
        booked_on=booked_on,
        amount_cents=AmountCents(amount_cents),
        remittance_text=text,
    )
    return bank_credits.put_credit(database, request, LATER)


TEXTS = [
    ("/PUR/LGPE-RIVERSAMENTO/URI/2026-11-10PPAYITR1XXX-S099000185 Istituto Prova", "2026-11-10PPAYITR1XXX-S099000185"),
    ("URI NOT PROVIDED RIVERSAMENTO/URI/2026-09-15ABI00000-CC0000001- Istituto", "2026-09-15ABI00000-CC0000001"),
    ("/PUR/LGPE-RIVERSAMENTO/TXT/1/URI/2026-11-24ABCDITMM-0000000001", "2026-11-24ABCDITMM-0000000001"),
    ("/pur/lgpe-riversamento/uri/2026-11-24abcditmm-0000000001", "2026-11-24ABCDITMM-0000000001"),
    ("/PUR/LGPE-RIVERSAMENTO/U\nRI/2026-11-24ABC\nDITMM-0000 000001 ISTITUTO", "2026-11-24ABCDITMM-0000000001"),
    ("/URI/2026-11-24ABCDITMM-0000000001ISTITUTO DI PROVA", "2026-11-24ABCDITMM-0000000001"),
]


@pytest.mark.parametrize(("text", "flow_id"), TEXTS)
@pytest.mark.parametrize("credit_first", [True, False])
def test_a_credit_finds_its_flow_whatever_the_bank_writes_behind_it(
    database, practices, node, take, text, flow_id, credit_first
):
    node(verify(1))
    if credit_first:
        credit(database, text, 1000)
        take(row(9), flow_id=flow_id)
    else:
        take(row(9), flow_id=flow_id)
        assert credit(database, text, 1000).reconciled
    told_of = reconciliation.settlement(database, "PM108", flow_id)
    assert (told_of.credit_reference, told_of.reconciled) == ("C1", True)


@needs_cases
def test_the_bank_credits_of_the_field_name_their_flows(database, node, take):
    node(verify(1))
    cases = json.loads((CASES / "b07-b25-bank-credits.json").read_text())
    named = [(case["text"], case["expected_flow_id"]) for case in cases if "expected_flow_id" in case]
    for flow_id in dict.fromkeys(flow_id for _, flow_id in named):
        take(row(9), flow_id=flow_id)
    assert len(named) == 4
    for number, (text, flow_id) in enumerate(named):
        assert credit(database, text, 1000, f"C{number}").flow_id == flow_id
    assert credit(database, "/PUR/LGPE-RIVERSAMENTO/URI/2", 1000, "C9").flow_id != "2"


def test_two_credits_of_one_flow_reconcile_it_when_they_add_up(database, node, take):
    node(verify(1))
    take(row(9, amount_cents=10_000))
    first = credit(database, f"/URI/{FLOW_ID}", 6_000, "C1")
    assert not first.reconciled
    assert not reconciliation.settlement(database, "PM108", FLOW_ID).reconciled
    assert credit(database, f"/URI/{FLOW_ID}", 4_000, "C2", date(2026, 11, 27)).reconciled
    assert reconciliation.settlement(database, "PM108", FLOW_ID).reconciled
    assert not credit(database, f"/URI/{FLOW_ID}", 1, "C3").reconciled


def test_a_credit_that_names_no_flow_is_listed_with_flows_of_its_day_and_amount(database, node, take):
    node(verify(1))
    take(row(9))
    take(row(9, amount_cents=999), flow_id=f"{FLOW_ID}b")
    credit(database, "/PUR/LGPE-RIVERSAMENTO/URI/2", 1000, "C1")
    credit(database, "BONIFICO DA ROSSI", 5, "C2")
    credit(database, f"/URI/{FLOW_ID}b", 999, "C3")
    request = UnmatchedCreditsRequest(entity_code="PM108")
    listed_credits = bank_credits.unmatched_credits(database, request).credits
    assert [(one.reference, one.flow_id, list(one.candidates)) for one in listed_credits] == [
        ("C1", None, [FLOW_ID]),
        ("C2", None, []),
    ]
    after = bank_credits.unmatched_credits(database, replace(request, after="C1")).credits
    assert [one.reference for one in after] == ["C2"]


# --- receipts in no flow ---


@pytest.mark.parametrize(("days_later", "late"), [(3, 0), (7, 0), (8, 1), (30, 1)])
def test_a_receipt_that_stands_in_no_flow_after_five_working_days_raises_an_alarm(database, node, days_later, late):
    """Paid on Monday 2026-11-23: the fifth working day after is Monday 30."""
    pay(node)
    assert watch_unreported(database, 5, datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(days=days_later)) == late
    assert RECEIPTS_UNREPORTED._value.get() == late


def test_a_reported_receipt_and_one_without_money_raise_no_alarm(database, node, take):
    pay(node)
    node(receipt(2, "R2", 1000, None).replace("<outcome>OK", "<outcome>KO"))
    take(row())
    assert watch_unreported(database, 5, START + timedelta(days=60)) == 0
