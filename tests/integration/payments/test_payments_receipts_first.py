"""Receipts are stored first and acknowledged: the table of pagopa-obligations.md section 3.2, row by row.

practices is played by a dict of positions that can be away.
"""

import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from contracts.codes import CreditorFiscalCode
from contracts.events.practices import PRACTICE_CANCELLED
from contracts.rpc.payments import CheckoutRequest, NodeRequest, PaymentsRequest, TakeReceiptRequest
from services.payments import models
from services.payments.domain.positions import PositionStatus
from services.payments.domain.receipt_table import ROWS, Flag
from services.payments.metrics import RECEIPTS_FLAGGED
from services.payments.usecases import late_receipt, positions, receipt_list, receipts, timeline
from services.payments.usecases.checkouts import checkout_return
from services.payments.usecases.node.answer import answer_node
from services.payments.usecases.node.context import NodeContext
from tests.conftest import PROJECT
from tests.integration.payments.payments_actors import (
    CREDITOR,
    START,
    Practices,
    activate,
    ask_node,
    emitted,
    ended,
    event,
    position,
    receipt,
    start,
    starter_at,
    verify,
)

CASES = Path(__file__).parents[4] / "shared" / "cases"
PAID = START + timedelta(hours=1)


@pytest.fixture
def practices():
    played = Practices()
    played.issued = {number: position(number) for number in range(1, 6)}
    return played


@pytest.fixture
def node(database, practices):
    """The node: what it says is answered with an envelope."""
    return lambda text, at=PAID: ask_node(database, practices, at, text)


def stored(database: Any) -> list[models.Receipt]:
    with database.reading() as session:
        return list(session.scalars(sa.select(models.Receipt).order_by(models.Receipt.id)))


def outcome(answer: str) -> str:
    return "OK" if "<outcome>OK" in answer else answer.split("<faultCode>")[1].split("<", maxsplit=1)[0]


def counted(flag: str) -> float:
    value: float = RECEIPTS_FLAGGED.labels(flag)._value.get()
    return value


def usual(receipt_id: str = "R1", number: int = 1, amount_cents: int = 1000) -> str:
    return receipt(number, receipt_id, amount_cents, None)


def head_changed(old: str, new: str) -> str:
    return usual().replace(old, new)


@dataclass(frozen=True)
class Expected:
    """A situation of the table: what is said first, what comes then, how it is answered, what is stored and flagged."""

    situation: str
    text: str
    answer: str = "OK"
    flags: tuple[Flag, ...] = ()
    before: tuple[str, ...] = field(default=(activate(1),))
    receipts: int = 1


TABLE = [
    Expected(
        "idPA is not, and never was, one of our bodies",
        head_changed("<idPA>80012345676", "<idPA>77777777777"),
        answer="PAA_ID_DOMINIO_ERRATO",
        receipts=0,
    ),
    Expected(
        "broker is not the configured one", head_changed("idBrokerPA>8", "idBrokerPA>9"), flags=(Flag.OTHER_BROKER,)
    ),
    Expected("an old station", head_changed("_01</idStation", "_02</idStation"), flags=(Flag.OTHER_STATION,)),
    Expected(
        "station and broker of an aggregator",
        head_changed("_01</idStation", "_77</idStation").replace("idBrokerPA>80012345676", "idBrokerPA>97735020584"),
        flags=(Flag.OTHER_BROKER, Flag.OTHER_STATION),
    ),
    Expected(
        "a broadcast station",
        head_changed("80012345676_01</idStation", "97735020584_09</idStation"),
        flags=(Flag.OTHER_STATION,),
    ),
    Expected(
        "a station in small letters with white space about it",
        head_changed("80012345676_01</idStation", " 80012345676_01x\n</idStation"),
        flags=(Flag.OTHER_STATION,),
    ),
    Expected("noticeNumber unknown", usual(number=99), flags=(Flag.UNKNOWN_NOTICE,)),
    Expected("the same receipt again", usual(), before=(activate(1), usual())),
    Expected(
        "paid already by another receipt",
        usual("R2"),
        flags=(Flag.ALREADY_PAID,),
        before=(activate(1), usual("R1")),
        receipts=2,
    ),
    Expected(
        "the same receiptId, another content",
        usual(amount_cents=900),
        before=(activate(1), usual()),
        flags=(Flag.OTHER_CONTENT,),
    ),
    Expected(
        "the receiptId of a receipt for another notice",
        usual(number=2),
        before=(activate(1), usual(), activate(2)),
        flags=(Flag.ID_OF_OTHER_NOTICE,),
        receipts=2,
    ),
    Expected("more than was due", usual(amount_cents=1001), flags=(Flag.OTHER_AMOUNT,)),
    Expected("less than is due", usual(amount_cents=999), flags=(Flag.UNDERPAID,)),
    Expected("paid in full and we were never asked", usual(), before=(verify(1),), flags=(Flag.NEVER_ACTIVATED,)),
    Expected(
        "stand-in: paid in full and we were never asked",
        usual().replace("</receipt>", "<standIn>true</standIn></receipt>"),
        before=(verify(1),),
    ),
    Expected("an element more", usual().replace("<idPSP>", "<news>1</news><idPSP>"), flags=(Flag.EXTRA_ELEMENTS,)),
    Expected(
        "XML that is none", usual().replace("</receipt>", ""), answer="soap:Fault without an operation", receipts=0
    ),
    Expected(
        "no receiptId",
        usual().replace("<receiptId>R1</receiptId>", ""),
        answer="PAA_SINTASSI_EXTRAXSD",
        receipts=0,
    ),
    Expected("an amount that is none", usual().replace("10.00", "10,00"), answer="PAA_SINTASSI_XSD", receipts=0),
]


@pytest.mark.parametrize("expected", TABLE, ids=[one.situation for one in TABLE])
def test_each_situation_of_the_table_is_answered_stored_and_flagged_as_it_says(database, node, expected):
    for text in expected.before:
        node(text, START)
    counts = {flag: counted(flag) for flag in Flag}
    answer = node(expected.text)
    if expected.answer.startswith("soap:Fault"):
        assert "soapenv:Fault" in answer
    else:
        assert outcome(answer) == expected.answer
    assert len(stored(database)) == expected.receipts
    assert {flag for flag in Flag if counted(flag) > counts[flag]} == set(expected.flags)
    if expected.flags:
        flagged = stored(database)[0 if expected.situation.startswith("the same") else -1]
        assert flagged.flags == [flag.value for flag in expected.flags]


def test_a_receipt_that_cannot_be_parsed_is_told_so_where_the_action_says_what_it_is(database, practices):
    request = NodeRequest(soap_action='"paSendRTV2"', envelope=usual().replace("</receipt>", ""))
    answer = answer_node(NodeContext(database, practices, PAID), request)
    assert outcome(answer.envelope) == "PAA_SINTASSI_EXTRAXSD"


def test_every_flag_and_fault_of_the_table_is_shown_by_a_row_here():
    shown = {flag for one in TABLE for flag in one.flags} | {Flag.CANCELLED, Flag.EXPIRED, Flag.WRONG_STAMP}
    assert shown == {row.flag for row in ROWS if row.flag} == set(Flag)


def test_the_database_away_is_a_system_error_and_the_node_tries_again(database, practices, monkeypatch):
    def away():
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr(database, "transaction", away)
    answer = answer_node(NodeContext(database, practices, PAID), NodeRequest(envelope=usual()))
    assert outcome(answer.envelope) == "PAA_SYSTEM_ERROR"


def test_verify_and_get_payment_go_on_refusing_another_station(node):
    for text in (verify(1), activate(1)):
        assert outcome(node(text.replace("_01</idStation", "_02</idStation"))) == "PAA_STAZIONE_INT_ERRATA"
        assert outcome(node(text.replace("idBrokerPA>8", "idBrokerPA>9"))) == "PAA_ID_INTERMEDIARIO_ERRATO"


def test_a_receipt_through_another_station_pays_the_practice_like_any_other(database, node):
    node(activate(1), START)
    node(head_changed("_01</idStation", "_02</idStation"))
    [confirmed] = emitted(database, "PaymentConfirmed")
    assert confirmed.body["data"]["amount_cents"] == 1000
    assert emitted(database, "PaymentDuplicated") == []
    told = receipt_list.receipts_of(database, position(1).practice_id)
    assert told.receipts[0].flags == ["other_station"]


def test_a_receipt_for_a_cancelled_notice_is_stored_and_flagged(database, node):
    node(activate(1), START)
    with database.transaction() as tx:
        positions.project_ends(tx, [event(PRACTICE_CANCELLED, ended(1, 2), START)], PositionStatus.CANCELLED, START)
    node(usual())
    assert stored(database)[0].flags == ["cancelled"]


def test_a_receipt_for_an_entity_that_left_the_catalogue_is_stored(database, practices, node):
    node(activate(1), START)
    practices.issued.clear()
    practices.gone = True
    assert outcome(node(usual(number=98))) == "OK"
    assert [one.judgement for one in stored(database)] == ["unknown_notice"]


OTHER_BODY = replace(CREDITOR, code="ARDS", fiscal_code=CreditorFiscalCode("80098765433"))


@pytest.mark.parametrize("away", [False, True], ids=["while practices is there", "while practices is away"])
def test_the_share_of_another_body_of_ours_does_not_pay_the_owners_practice(database, practices, node, away):
    practices.creditors.append(OTHER_BODY)
    node(activate(1), START)
    practices.away = away
    # The owner's receipt is still under way. The other body's names its own share of the same notice.
    theirs = head_changed("<idPA>80012345676", "<idPA>80098765433")
    assert outcome(node(theirs.replace("<fiscalCodePA>80012345676", "<fiscalCodePA>80098765433"))) == "OK"
    practices.away = False
    receipts.resolve_waiting(database, practices, PAID)
    [stored_receipt] = stored(database)
    assert (stored_receipt.judgement, stored_receipt.practice_id) == ("secondary", None)
    [told] = confirmed(database)
    assert (told["entity_code"], told["practice_id"]) == ("ARDS", None)
    with database.reading() as session:
        known = session.get_one(models.Position, position(1).practice_id)
    assert (known.paid_receipt_id, known.received_cents or 0) == (None, 0)


def test_a_receipt_refused_earlier_is_taken_in_afterwards_from_its_file(database, practices, tmp_path):
    context = NodeContext(database, practices, PAID)
    broken = usual().replace("10.00", "10,00")
    ask_node(database, practices, START, broken)
    with database.reading() as session:
        kept = session.scalars(sa.select(models.NodeCall.raw_xml).where(models.NodeCall.raw_xml.is_not(None))).one()
    taken = late_receipt.take_late_receipt(context, kept.replace("10,00", "10.00").encode())
    assert (taken.receipt_id, taken.fault) == ("R1", None)
    assert [one.receipt_id for one in stored(database)] == ["R1"]
    assert late_receipt.take_late_receipt(context, kept.encode()).fault == "PAA_SINTASSI_XSD"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1"])
def test_the_message_of_a_receipt_alone_is_taken_in_too(database, practices, encoding):
    text = usual().split("<s:Body>")[1].split("</s:Body>")[0].replace("Prova", "Nicolò")
    namespace = 'xmlns:p="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"'
    message = text.replace("<p:paSendRTV2Request", f"<p:paSendRTV2Request {namespace}")
    content = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>{message}'.encode(encoding)
    assert late_receipt.take_late_receipt(NodeContext(database, practices, PAID), content).fault is None
    assert stored(database)[0].details.debtor.full_name == "Nicolò"


def test_the_office_takes_in_a_receipt_of_its_own_entity_only(database, practices, refused):
    context = NodeContext(database, practices, PAID)
    ask_node(database, practices, START, verify(1))
    taken = late_receipt.take_for_entity(context, TakeReceiptRequest(entity_code="PM108", envelope=usual()))
    assert taken.fault is None
    other = TakeReceiptRequest(entity_code="OTHER", envelope=usual("R2"))
    assert refused(lambda: late_receipt.take_for_entity(context, other))[0] == "unknown_entity"
    question = TakeReceiptRequest(entity_code="PM108", envelope=verify(1))
    assert refused(lambda: late_receipt.take_for_entity(context, question))[0] == "invalid_request"


def test_the_command_says_what_became_of_the_file(database, environment, tmp_path):
    file = tmp_path / "receipt.xml"
    file.write_text("<html/>")
    command = [sys.executable, "-m", "services.payments", "take-receipt", str(file)]
    ran = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "no operation of paForNode" in ran.stderr


# --- XML that the official schema accepts, and a little more ---

ODD = {
    "xsi attributes": lambda text: text.replace(
        "<receipt>",
        '<receipt xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="p:ctReceiptV2" xsi:nil="0">',
    ),
    "where its schema is, said on an inner element": lambda text: text.replace(
        "<debtor>",
        '<debtor xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:a a.xsd">',
    ),
    "xsi:type on each transfer": lambda text: text.replace(
        "<transfer>",
        '<transfer xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="p:ctTransferPAReceiptV2">',
    ),
    "values as CDATA": lambda text: text.replace(">R1<", "><![CDATA[R1]]><").replace(">PSP<", "><![CDATA[PSP]]><"),
    "values by references": lambda text: text.replace("10.00", "1&#48;&#x2e;00"),
    "instructions for programs": lambda text: text.replace("<receipt>", "<?pagopa v2?><receipt><?a b?>"),
    "Windows' ends of lines": lambda text: text.replace("><", ">\r\n<"),
    "indented values": lambda text: text.replace("10.00", "\n      10.00\n    "),
    "an indented notice number": lambda text: text.replace("<noticeNumber>", "<noticeNumber>\n  "),
    "zeros before numbers": lambda text: text.replace("10.00", "00000010.00").replace("Transfer>1<", "Transfer>01<"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "comments": lambda text: text.replace("10.00", "10<!-- euro -->.00").replace("<receipt>", "<receipt><!-- x -->"),
    "a comment about document types": lambda text: text.replace("<receipt>", "<receipt><!-- <!DOCTYPE x> -->"),
    "another prefix": lambda text: (
        text.replace("<p:", "<pafn:").replace("</p:", "</pafn:").replace("xmlns:p=", "xmlns:pafn=")
    ),
    "the namespace on every element": lambda text: text.replace("<idPA>", "<p:idPA>").replace("</idPA>", "</p:idPA>"),
    "standin": lambda text: text.replace("</receipt>", "<standin>false</standin></receipt>"),
    "standIn 0": lambda text: text.replace("</receipt>", "<standIn> 0 </standIn></receipt>"),
    "an unknown attribute": lambda text: text.replace("<debtor>", '<debtor kind="x">'),
    "an unknown element with more in it": lambda text: text.replace("<transfer>", "<transfer><a><b/>c</a>"),
    "an unknown element after the receipt": lambda text: text.replace("</receipt>", "</receipt><more/>"),
    "elements in another order": lambda text: text.replace("<idPSP>PSP</idPSP>", "").replace(
        "</receipt>", "<idPSP>PSP</idPSP></receipt>"
    ),
    "version 1 with the note of version 2": lambda text: text.replace("paSendRTV2Request", "paSendRTReq").replace(
        "<paymentDateTime>", "<paymentNote>note</paymentNote><paymentDateTime>"
    ),
}


@pytest.mark.parametrize("oddity", ODD)
def test_a_receipt_is_stored_however_its_xml_is_written(database, node, oddity):
    node(activate(1), START)
    assert outcome(node(ODD[oddity](usual()))) == "OK"
    [one] = stored(database)
    assert (one.receipt_id, one.amount_cents, one.judgement, one.psp_id) == ("R1", 1000, "expected", "PSP")
    assert one.details.transfers[0].id_transfer == 1


@pytest.mark.parametrize("case", ["b03-receipt-other-station.xml.tmpl", "b21-receipt-xsi.xml.tmpl"])
def test_receipts_of_the_field_that_were_refused_are_stored(database, node, case):
    if not CASES.is_dir():
        pytest.skip("the cases of the field are not here")
    node(activate(1), START)
    text = (CASES / case).read_text()
    values = {
        "32_HEX": "ab" * 16,
        "NOTICE_NUMBER": f"3{1:017d}",
        "IUV": f"{1:017d}",
        "AMOUNT": "10.00",
        "IBAN_OF_THE_CATALOGUE": "IT60X0542811101000000123456",
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    assert outcome(node(text)) == "OK"
    assert [one.judgement for one in stored(database)] == ["expected"]


# --- money: less than is due, deadlines, ids ---


def confirmed(database):
    return [one.body["data"] for one in emitted(database, "PaymentConfirmed")]


def flagged_as(database):
    return [one.body["data"]["reason"] for one in emitted(database, "PaymentDuplicated")]


def test_less_than_is_due_says_what_is_missing_and_the_rest_completes_it(database, node):
    node(activate(1), START)
    node(usual("R1", amount_cents=600))
    assert [one["missing_cents"] for one in confirmed(database)] == [400]
    assert flagged_as(database) == ["underpaid"]
    node(usual("R2", amount_cents=400))
    assert [one.get("missing_cents") for one in confirmed(database)] == [400, None]
    assert flagged_as(database) == ["underpaid"]
    with database.reading() as session:
        known = session.get_one(models.Position, position(1).practice_id)
    assert (known.received_cents, known.paid_receipt_id) == (1000, "R2")
    node(usual("R3", amount_cents=400))
    assert flagged_as(database) == ["underpaid", "already_paid"]


def test_three_parts_that_add_up_to_more_are_told_as_such(database, node):
    node(activate(1), START)
    for number, cents in enumerate((300, 300, 401), start=1):
        node(usual(f"R{number}", amount_cents=cents))
    assert [one.get("missing_cents") for one in confirmed(database)] == [700, 400, None]
    assert flagged_as(database) == ["underpaid", "underpaid", "other_amount"]


def test_the_rest_of_what_is_underpaid_cannot_be_paid_by_a_checkout_either(
    database, practices, node, pagopa_url, refused
):
    node(activate(1), START)
    node(usual(amount_cents=600))
    code, params = refused(lambda: start(starter_at(pagopa_url), database, practices, [1], START))
    assert (code, params["practice_id"]) == ("practice_underpaid", str(position(1).practice_id))
    node(usual("R2", amount_cents=400))
    assert refused(lambda: start(starter_at(pagopa_url), database, practices, [1], START))[0] == "practice_paid"


def test_a_checkout_in_which_less_came_says_what_is_missing_until_the_rest_has_come(
    database, practices, node, pagopa_url
):
    opened = start(starter_at(pagopa_url), database, practices, [1], START)
    asked = CheckoutRequest(checkout_id=opened.id, payer_ref=opened.payer_ref)

    def shown():
        found = checkout_return.find(database, asked)
        return found.state, found.items[0].paid, found.items[0].missing_cents

    node(activate(1), START)
    node(usual("R1", amount_cents=600))
    assert shown() == ("partially_paid", False, 400)
    node(usual("R2", amount_cents=400))
    assert shown() == ("paid", True, None)


def test_payments_to_look_at_are_listed_alone_with_their_flags(database, node):
    node(activate(1), START)
    node(usual("R1", amount_cents=600))
    node(usual("R2", amount_cents=400))
    listed = receipt_list.payments_page(database, PaymentsRequest(entity_code="PM108", flagged=True)).receipts
    assert [(one.receipt_id, list(one.flags)) for one in listed] == [("R1", ["underpaid"])]
    assert len(receipt_list.payments_page(database, PaymentsRequest(entity_code="PM108")).receipts) == 2


def test_a_full_receipt_never_preceded_by_a_pagetpayment_is_confirmed_and_listed_with_its_flag(database, node):
    node(usual("R1"))
    assert [one.get("missing_cents") for one in confirmed(database)] == [None]
    assert flagged_as(database) == []
    [listed] = receipt_list.payments_page(database, PaymentsRequest(entity_code="PM108", flagged=True)).receipts
    assert list(listed.flags) == ["never_activated"]


def test_a_notice_of_which_a_part_was_paid_is_not_offered_to_others_again(node):
    node(activate(1), START)
    node(usual(amount_cents=600))
    assert outcome(node(verify(1))) == "PAA_PAGAMENTO_DUPLICATO"


# Ahead: whether the node asks too late is decided by the database's time.
DEADLINE = datetime(2090, 11, 23, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("activated_min", "paid_min", "judgement"),
    [
        (-10, 5, "expected"),
        (-29, 1, "expected"),
        (-40, 5, "expired"),
        (None, 5, "expired"),
        (-10, -5, "expected"),
    ],
)
def test_a_payment_activated_before_the_deadline_is_not_late_just_after_midnight(
    database, practices, activated_min, paid_min, judgement
):
    practices.issued[1] = replace(position(1), payable_until=DEADLINE.date())
    ask_node(database, practices, START, verify(1))
    if activated_min is not None:
        ask_node(database, practices, DEADLINE + timedelta(minutes=activated_min), activate(1))
    rome = DEADLINE + timedelta(minutes=paid_min, hours=1)
    text = usual().replace("2026-11-23T13:00:00", rome.strftime("%Y-%m-%dT%H:%M:%S"))
    assert outcome(ask_node(database, practices, DEADLINE + timedelta(hours=1), text)) == "OK"
    assert [one.judgement for one in stored(database)] == [judgement]


def test_the_id_of_a_receipt_for_another_notice_is_a_payment_of_its_own(database, node):
    node(activate(1), START)
    node(activate(2), START)
    node(usual("R1", number=1))
    node(usual("R1", number=2))
    assert [one["practice_id"] for one in confirmed(database)] == [str(position(n).practice_id) for n in (1, 2)]
    node(usual("R1", number=2))
    assert len(stored(database)) == 2


def test_another_content_under_the_same_id_is_kept_whole_for_a_human(database, node):
    node(activate(1), START)
    node(usual(amount_cents=1000))
    node(usual(amount_cents=900))
    with database.reading() as session:
        kept = session.scalars(sa.select(models.NodeCall.raw_xml).where(models.NodeCall.raw_xml.is_not(None))).all()
    assert len(kept) == 1
    assert "9.00" in kept[0]
    assert stored(database)[0].amount_cents == 1000


# --- stand-in ---


def test_stand_in_is_stored_and_shown(database, node):
    node(usual().replace("</receipt>", "<standIn>true</standIn></receipt>"))
    [one] = receipt_list.receipts_of(database, position(1).practice_id).receipts
    assert (one.stand_in, one.flags) == (True, [])
    [told] = [
        entry for entry in timeline.timeline(database, position(1).practice_id).entries if "stand_in" in entry.detail
    ]
    assert told.kind == "PaymentConfirmed.v1"


@pytest.mark.parametrize("ask", [verify, activate])
def test_the_probe_of_eighteen_zeros_is_unknown_and_practices_is_not_asked(database, practices, ask):
    ask_node(database, practices, START, verify(1))
    practices.away = True
    text = ask(1).replace(f"3{1:017d}", "0" * 18)
    assert outcome(ask_node(database, practices, START, text)) == "PAA_PAGAMENTO_SCONOSCIUTO"
