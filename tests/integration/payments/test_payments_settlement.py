"""Settlement on real parts: what flows do to practices, and that every cent stays in the books."""

import base64
import csv
import io
import os
import re
import signal
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from lxml import etree

from contracts.codes import AmountCents
from contracts.errors import ErrorCode
from contracts.rpc import settlement
from services.payments import models
from tests.integration.payments.conftest import CREDITOR, KEY
from tests.integration.payments.payments_actors import verify

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "pagopa"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="the official pagoPA schema is not here")
DAY = date(2026, 11, 21)


def row(iuv, iur, amount_cents, *, index=1, outcome=0):
    return f"""<datiSingoliPagamenti><identificativoUnivocoVersamento>{iuv}</identificativoUnivocoVersamento>
<identificativoUnivocoRiscossione>{iur}</identificativoUnivocoRiscossione>
<indiceDatiSingoloPagamento>{index}</indiceDatiSingoloPagamento>
<singoloImportoPagato>{amount_cents // 100}.{amount_cents % 100:02d}</singoloImportoPagato>
<codiceEsitoSingoloPagamento>{outcome}</codiceEsitoSingoloPagamento>
<dataEsitoSingoloPagamento>2026-11-20</dataEsitoSingoloPagamento></datiSingoliPagamenti>"""


def flow(flow_id, total_cents, *rows, at="2026-11-21T23:40:00", body=CREDITOR, day=DAY):
    return f"""<FlussoRiversamento xmlns="http://www.digitpa.gov.it/schemas/2011/Pagamenti/">
<versioneOggetto>1.0</versioneOggetto><identificativoFlusso>{flow_id}</identificativoFlusso>
<dataOraFlusso>{at}</dataOraFlusso><identificativoUnivocoRegolamento>TRN</identificativoUnivocoRegolamento>
<dataRegolamento>{day}</dataRegolamento><istitutoMittente><identificativoUnivocoMittente>
<tipoIdentificativoUnivoco>B</tipoIdentificativoUnivoco>
<codiceIdentificativoUnivoco>BESEITM1</codiceIdentificativoUnivoco></identificativoUnivocoMittente>
<denominazioneMittente>=Banca</denominazioneMittente></istitutoMittente><istitutoRicevente>
<identificativoUnivocoRicevente><tipoIdentificativoUnivoco>G</tipoIdentificativoUnivoco>
<codiceIdentificativoUnivoco>{body}</codiceIdentificativoUnivoco></identificativoUnivocoRicevente></istitutoRicevente>
<numeroTotalePagamenti>{len(rows)}</numeroTotalePagamenti>
<importoTotalePagamenti>{total_cents // 100}.{total_cents % 100:02d}</importoTotalePagamenti>
{"".join(rows)}</FlussoRiversamento>"""


def take(town, content):
    encoded = base64.b64encode(content.encode()).decode()
    request = settlement.TakeSettlementRequest(entity_code="PM108", content_base64=encoded)
    return town.rpc.call(settlement.TAKE_SETTLEMENT, request)


def worklist(town):
    return town.rpc.call(settlement.WORKLIST, settlement.WorklistRequest(entity_code="PM108", limit=1000)).items


def findings(report):
    return {found.finding: (found.count, found.amount_cents) for found in report.findings}


@pytest.fixture
def flow_id():
    return f"2026-11-21BESEITM1-{uuid4().hex[:12]}"


@pytest.fixture
def paid(town, eventually):
    """A factory: debts paid at a counter, their receipts acknowledged."""

    def pay(count=1):
        issued = [town.issue() for _ in range(count)]
        eventually(lambda: all(town.pay_at_counter(practice).ok for practice in issued))
        eventually(lambda: town.delivered(*issued))
        return [(practice, town.receipts(practice.id)[0]) for practice in issued]

    return pay


def test_a_flow_reports_what_was_paid_and_the_practice_is_settled_once(town, eventually, paid, flow_id):
    (practice, receipt), *others = paid(3)
    rows = [row(known.iuv, known.receipt_id, 1234) for _, known in [(practice, receipt), *others]]
    report = take(town, flow(flow_id, 3702, *rows))
    assert findings(report) == {"reported": (3, 3702)}
    assert (report.pending, report.current, report.reconciled) == (0, True, False)
    assert take(town, flow(flow_id, 3702, *rows)) == report
    told = eventually(lambda: town.events("PaymentReported", practice))
    assert [(event["flow_id"], event["amount_cents"], event["receipt_id"]) for event in told] == [
        (flow_id, 1234, receipt.receipt_id)
    ]
    eventually(lambda: town.practice(practice.id).state == "reported")
    timeline = town.timeline(practice.id)
    assert timeline[-1].kind == "PaymentReported.v1"


@pytest.mark.parametrize("outcome", [4, 8, 9])
def test_a_payment_without_receipt_is_recovered_and_its_late_receipt_changes_nothing(
    town, eventually, flow_id, outcome
):
    practice, iur = town.issue(), uuid4().hex
    eventually(lambda: town.pay_at_counter(practice, "never").ok)
    report = take(town, flow(flow_id, 1234, row(practice.iuv, iur, 1234, outcome=outcome)))
    assert findings(report) == {"recovered": (1, 1234)}
    eventually(lambda: town.practice(practice.id).state == "reported")
    recovered = town.receipts(practice.id)
    assert [(found.receipt_id, found.amount_cents) for found in recovered] == [(iur, 1234)]
    timeline = town.timeline(practice.id)
    assert [entry.kind for entry in timeline[-2:]] == ["PaymentConfirmed.v1", "PaymentReported.v1"]
    held = next(known for known in town.deliveries()["receipts"] if known["notice_number"] == practice.notice_number)
    with town.database.transaction() as tx:
        tx.session.query(models.Receipt).filter_by(receipt_id=iur).update({"receipt_id": held["receipt_id"]})
        tx.session.query(models.SettlementRow).filter_by(iur=iur).update({"iur": held["receipt_id"]})
    town.send_receipt(held["id"])
    eventually(lambda: town.delivered(practice))
    assert len(town.events("PaymentConfirmed", practice)) == 1
    assert town.events("PaymentDuplicated", practice) == []
    with town.database.reading() as session:
        stored = session.query(models.Receipt).filter_by(practice_id=practice.id).one()
    assert (stored.source, "receiptId" in stored.raw_xml) == ("node", True)


def test_what_is_unknown_revoked_or_of_another_amount_goes_onto_the_worklist_and_stops_nothing(town, paid, flow_id):
    [(practice, receipt)] = paid()
    iuv, iur = receipt.iuv, receipt.receipt_id
    rows = [
        row("99999999999999999", "x", 100),
        row(iuv, iur, 1233),
        row(iuv, iur, 1234, outcome=3),
        row(iuv, iur, 1234),
        row(iuv, iur, 1234),
    ]
    report = take(town, flow(flow_id, 100 + 1233 + 3 * 1234, *rows))
    assert findings(report) == {
        "unknown": (1, 100),
        "amount_differs": (1, 1233),
        "revoked": (1, 1234),
        "reported": (1, 1234),
        "repeated": (1, 1234),
    }
    items = worklist(town)
    mine = [item.finding for item in items if item.flow_id == flow_id]
    assert mine == ["unknown", "amount_differs", "revoked", "repeated"]
    assert {item.practice_id for item in items if item.iur == iur} == {practice.id}


def test_a_newer_flow_of_the_same_id_replaces_the_older_and_what_it_no_longer_holds_is_shown(town, paid, flow_id):
    (_, first), (_, second) = paid(2)
    both = [row(first.iuv, first.receipt_id, 1234), row(second.iuv, second.receipt_id, 1234)]
    take(town, flow(flow_id, 2468, *both))
    newer = take(town, flow(flow_id, 1234, both[0], at="2026-11-22T10:00:00"))
    assert (newer.total_cents, findings(newer)) == (1234, {"reported": (1, 1234)})
    older = take(town, flow(flow_id, 2468, *both, at="2026-11-20T10:00:00"))
    assert older == newer
    items = worklist(town)
    assert [(item.finding, item.iur) for item in items if item.flow_id == flow_id] == [("withdrawn", second.receipt_id)]


def test_a_row_is_looked_at_again_once_its_notice_is_known(town, eventually, flow_id):
    practice = town.issue()
    with town.database.transaction() as tx:
        eventually(lambda: tx.session.get(models.Position, practice.id, populate_existing=True))
        tx.session.delete(tx.session.get_one(models.Position, practice.id))
    report = take(town, flow(flow_id, 1234, row(practice.iuv, uuid4().hex, 1234, outcome=9)))
    assert findings(report) == {"unknown": (1, 1234)}
    eventually(lambda: town.pay_at_counter(practice, "never").ok)
    asked = settlement.SettlementRequest(entity_code="PM108", flow_id=flow_id)
    eventually(lambda: findings(town.rpc.call(settlement.SETTLEMENT, asked)) == {"recovered": (1, 1234)})


def test_a_flow_with_wrong_totals_is_stored_and_flagged(town, flow_id):
    report = take(town, flow(flow_id, 101, row("1", "x", 100)))
    assert (report.adds_up, report.total_cents, findings(report)) == (False, 101, {"unknown": (1, 100)})


def test_another_body_and_an_unknown_flow_are_refused_and_nothing_is_kept(town, refused, flow_id):
    one = row("1", "x", 100)
    assert refused(lambda: take(town, flow(flow_id, 100, one, body="00743110157")))[0] == (
        ErrorCode.SETTLEMENT_OTHER_BODY
    )
    asked = settlement.SettlementRequest(entity_code="PM108", flow_id=flow_id)
    assert refused(lambda: town.rpc.call(settlement.SETTLEMENT, asked))[0] == ErrorCode.SETTLEMENT_NOT_FOUND


def put_credit(town, flow_id, amount_cents):
    request = settlement.PutCreditRequest(
        entity_code="PM108",
        reference=uuid4().hex,
        booked_on=DAY + timedelta(days=1),
        amount_cents=AmountCents(amount_cents),
        remittance_text=f"/PUR/LGPE-RIVERSAMENTO pagamenti del 20261121/URI/{flow_id}",
    )
    return town.rpc.call(settlement.PUT_CREDIT, request)


def test_the_banks_credit_is_matched_by_flow_and_amount_whichever_comes_first(town, flow_id):
    assert not put_credit(town, flow_id, 99).flow_known
    early = put_credit(town, flow_id, 100)
    assert (early.flow_id, early.reconciled) == (flow_id, False)
    report = take(town, flow(flow_id, 100, row("1", "x", 100)))
    assert (report.reconciled, report.credit_reference) == (True, early.reference)
    assert put_credit(town, flow_id, 100).reconciled


def test_the_report_of_a_day_adds_up_to_the_cent(town, paid, flow_id):
    day = date(2026, 3, 2)
    sums = {flow_id: 0, f"{flow_id}b": 0}
    for number, name in enumerate(sums):
        known = paid(2)
        rows = [row(found.iuv, found.receipt_id, 1234) for _, found in known] + [row("9", f"u{number}", 7)]
        sums[name] = 2 * 1234 + 7
        take(town, flow(name, sums[name], *rows, day=day))
    put_credit(town, flow_id, sums[flow_id])
    report = town.rpc.call(settlement.DAY_REPORT, settlement.DayRequest(entity_code="PM108", day=day))
    header, *lines = csv.reader(io.StringIO(report.csv), delimiter=";")
    cents = [int(line[-1].replace(",", "")) for line in lines]
    of = lambda kind: sum(amount for line, amount in zip(lines, cents, strict=True) if line[0] == kind)  # noqa: E731
    assert header[-1] == "importo"
    assert of("pagamento") == of("totale flusso") == of("totale giorno") == sum(sums.values())
    assert of("accredito bancario") == of("totale accrediti") == sums[flow_id]
    assert of("differenza") == sum(sums.values()) - sums[flow_id]
    assert {line[3] for line in lines if line[0] == "pagamento"} == {"'=Banca"}


def fetch(town):
    command = town.run(
        "fetch",
        "-m",
        "services.payments",
        "fetch-settlements",
        "PM108",
        FDR_URL=f"{town.pagopa_url}/fdr-org/service/v1",
        FDR_SUBSCRIPTION_KEY=KEY,
    )
    assert command.process.wait(60) == 0, command.log()


def test_flows_are_fetched_from_pagopa_and_each_revision_once(town, eventually, paid):
    [(practice, receipt)] = paid()
    fetch(town)
    eventually(lambda: town.practice(practice.id).state == "reported")
    flow_id = town.events("PaymentReported", practice)[0]["flow_id"]
    asked = settlement.SettlementRequest(entity_code="PM108", flow_id=flow_id)
    first = town.rpc.call(settlement.SETTLEMENT, asked)
    fetch(town)
    assert town.rpc.call(settlement.SETTLEMENT, asked) == first
    file = requests.get(f"{town.pagopa_url}/settlements/{CREDITOR}/{flow_id}", timeout=10).text
    assert receipt.receipt_id in file
    paid()
    fetch(town)
    second = town.rpc.call(settlement.SETTLEMENT, asked)
    assert second.payments_count == first.payments_count + 1
    assert second.revision > first.revision
    assert findings(second)["reported"][0] >= 2


@needs_specs
def test_the_file_of_the_sandbox_is_valid_by_the_official_schema(town, paid):
    paid()
    official = etree.XMLSchema(etree.parse(SPECS / "xsd" / "xsd-common" / "FlussoRiversamento_1_0_4.xsd"))
    page = requests.get(f"{town.pagopa_url}/settlements", timeout=10).text
    link = re.findall(r'href="(/settlements/[^"]+)"', page)[0]
    file = requests.get(f"{town.pagopa_url}{link}", timeout=10).content
    assert official.validate(etree.fromstring(file)), official.error_log


def test_a_receipt_that_arrives_with_the_flow_is_confirmed_once(town, eventually, flow_id):
    practice = town.issue()
    eventually(lambda: town.pay_at_counter(practice, "never").ok)
    held = next(known for known in town.deliveries()["receipts"] if known["notice_number"] == practice.notice_number)
    town.send_receipt(held["id"])
    take(town, flow(flow_id, 1234, row(practice.iuv, held["receipt_id"], 1234)))
    eventually(lambda: town.delivered(practice))
    eventually(lambda: town.practice(practice.id).state == "reported")
    assert len(town.events("PaymentConfirmed", practice)) == 1
    assert town.events("PaymentDuplicated", practice) == []
    assert datetime.now(UTC) - town.receipts(practice.id)[0].received_at < timedelta(minutes=5)


# --- while the node asks ---


def workers_of(town):
    """The processes that read flows for payments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat, command = (entry / "stat").read_text(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            parent = int(stat.rpartition(")")[2].split()[1])
            if parent == town.running["payments"].process.pid and b"flow_worker" in command:
                found.append(int(entry.name))
    return found


def test_the_node_is_answered_while_a_flow_is_being_read(town, eventually):
    """By order, not by speed: the reader is held, the node asks and is answered, and then the reader goes on.

    So is whoever sends it: the answer is there before any row has been read.
    """
    number = int(town.issue().notice_number[1:])
    rows = [row(f"{one:017d}", f"{one:032x}", 1) for one in range(20_000)]
    answered = take(town, flow("2026-11-21BESEITM1-HELD", 20_000, *rows))
    assert (answered.payments_count, answered.pending) == (20_000, 20_000)
    [reader] = eventually(lambda: workers_of(town))
    os.kill(reader, signal.SIGSTOP)
    try:
        for _ in range(5):
            assert "<outcome>OK</outcome>" in town.ask(verify(number))
        assert workers_of(town) == [reader]
        request = settlement.SettlementRequest(entity_code="PM108", flow_id=answered.flow_id)
        assert town.rpc.call(settlement.SETTLEMENT, request).pending == 20_000
    finally:
        os.kill(reader, signal.SIGCONT)
    eventually(lambda: not town.rpc.call(settlement.SETTLEMENT, request).pending)
    assert workers_of(town) == []
