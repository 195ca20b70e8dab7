"""paForNode messages: what is read, what is refused unread, and that every answer is valid by the official schema."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from lxml import etree

from contracts.codes import AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.shapes import Creditor, Stamp, Subject, Transfer
from services.payments.domain.node import Fault
from services.payments.domain.positions import PaymentTerms, Position, PositionStatus
from services.payments.hostile_xml import Unreadable
from services.payments.soap import responses
from services.payments.soap.envelope import MAX_ENVELOPE_CHARS, open_envelope, soap_fault
from services.payments.soap.receipts import read_receipt
from services.payments.soap.requests import Operation, read_message

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "pagopa"
SAMPLES = SPECS / "samples"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="the official pagoPA schemas and samples are not here")

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEAD = "<idPA>77777777777</idPA><idBrokerPA>77777777777</idBrokerPA><idStation>77777777777_01</idStation>"
QR = "<qrCode><fiscalCode>77777777777</fiscalCode><noticeNumber>311111111112222222</noticeNumber></qrCode>"
CREDITOR = Creditor(
    code="PM108",
    fiscal_code=CreditorFiscalCode("77777777777"),
    company_name="Conservatorio di Prova",
    office_name="Segreteria",
    broker_fiscal_code=CreditorFiscalCode("77777777777"),
    station_id="77777777777_01",
)
DEBTOR = Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Mario Rossi", email="m.rossi@prova.it")
TRANSFER = Transfer(
    id_transfer=1,
    amount_cents=AmountCents(123456),
    fiscal_code=CreditorFiscalCode("77777777777"),
    company_name="Conservatorio di Prova",
    iban="IT60X0542811101000000123456",
    postal_iban="IT45R0760103200000000001016",
    remittance_information="/RFB/01000000000000144/1234.56",
    category="9/0601126IM/",
)


def envelope(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns:p="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"><s:Header/><s:Body>{body}</s:Body></s:Envelope>'
    )


def verify(inside: str = HEAD + QR) -> str:
    return envelope(f"<p:paVerifyPaymentNoticeReq>{inside}</p:paVerifyPaymentNoticeReq>")


def sample(name: str) -> str:
    return (SAMPLES / name).read_text()


TERMS = PaymentTerms(
    amount_cents=AmountCents(123456),
    description="Contributo iscrizione",
    due_date=None,
    payable_until=None,
    debtor=DEBTOR,
    transfers=(TRANSFER,),
    created_at=NOW,
)


POSITION = Position(
    practice_id=UUID(int=1),
    entity_code="PM108",
    creditor_fiscal_code=CreditorFiscalCode("77777777777"),
    notice_number=NoticeNumber("311111111112222222"),
    iuv=Iuv("11111111112222222"),
    status=PositionStatus.OPEN,
    sequence=1,
    terms=TERMS,
    terms_sequence=1,
)


@pytest.fixture(scope="module")
def official() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SPECS / "xsd" / "wsdl" / "xsd" / "paForNode.xsd"))


def assert_valid(official: etree.XMLSchema, answer: str) -> etree._Element:
    body = open_envelope(answer)
    official.assertValid(body)
    return body


@needs_specs
@pytest.mark.parametrize(
    ("name", "operation", "notice_number"),
    [
        ("01_paVerifyPaymentNotice_request.xml", Operation.VERIFY, "311111111112222222"),
        ("04_paGetPayment_request.xml", Operation.GET_PAYMENT, "311111111112222222"),
        ("06_paGetPaymentV2_request_POSTAL.xml", Operation.GET_PAYMENT_V2, "311111111112222222"),
        ("08_paSendRT_request.xml", Operation.SEND_RECEIPT, "311111111112222222"),
        ("10_paSendRTV2_request.xml", Operation.SEND_RECEIPT_V2, "311111111112222222"),
        ("12_paSendRTV2_request_with_MBDAttachment.xml", Operation.SEND_RECEIPT_V2, "310119120748198567"),
        ("13_paDemandPaymentNotice_request.xml", Operation.DEMAND_NOTICE, ""),
    ],
)
def test_every_official_request_is_read_and_passes_our_schema(name, operation, notice_number):
    message = read_message(sample(name), f'"{operation.value}"')
    assert message.problem is None
    assert message.operation is operation
    assert message.notice_number == notice_number


@needs_specs
def test_an_official_receipt_is_read_whole():
    received = read_receipt(read_message(sample("10_paSendRTV2_request.xml"), "paSendRTV2"), NOW)
    assert received.facts.receipt_id == "c110729d258c4ab1b765fe902aae41d6"
    assert received.facts.amount_cents == 3000
    assert received.facts.own_share_cents == 2000
    assert received.facts.paid_at == datetime(2021, 10, 1, 15, 48, 22, tzinfo=UTC)
    assert received.payment_note == "id_cart"
    assert received.application_date == date(2021, 10, 1)
    assert received.details.fee_cents == 200
    assert received.details.debtor.full_name == "John Doe"
    assert [transfer.amount_cents for transfer in received.details.transfers] == [2000, 1000]


@needs_specs
def test_a_receipt_with_a_digital_stamp_has_a_transfer_without_iban():
    received = read_receipt(read_message(sample("12_paSendRTV2_request_with_MBDAttachment.xml"), ""), NOW)
    assert received.details.transfers[0].iban is None


@needs_specs
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*_response_*.xml")), ids=lambda path: path.name)
def test_a_response_is_not_taken_for_a_request(path):
    with pytest.raises(Unreadable):
        read_message(path.read_text(), "")


@pytest.mark.parametrize("action", ["paVerifyPaymentNotice", '"paVerifyPaymentNotice"', "", '""'])
def test_soap_action_may_be_quoted_bare_or_missing(action):
    assert read_message(verify(), action).problem is None


def test_soap_action_must_not_contradict_the_body():
    assert read_message(verify(), "paSendRT").problem == "SOAPAction paSendRT does not go with this body"


@pytest.mark.parametrize(
    ("inside", "element"),
    [
        (HEAD, "paVerifyPaymentNoticeReq"),
        (HEAD + QR.replace("311111111112222222", "31111111111222222"), "noticeNumber"),
        (HEAD + QR.replace("311111111112222222", "31111111111222222X"), "noticeNumber"),
        (HEAD + QR.replace("77777777777", "7777777777"), "fiscalCode"),
        (QR + HEAD, "idPA"),
        (HEAD.replace("77777777777_01", "7" * 36) + QR, "idStation"),
        (HEAD + QR + "<extra/>", "extra"),
    ],
)
def test_a_request_that_breaks_the_schema_is_read_only_as_far_as_its_head(inside, element):
    message = read_message(verify(inside), "")
    assert message.problem is not None
    assert "311111111112222222" not in message.problem
    assert element in message.problem or "RELAXNG" in message.problem


def test_children_that_a_toolkit_qualifies_are_read_like_unqualified_ones():
    plain = HEAD + QR
    message = read_message(verify(plain.replace("</", "</p:").replace("<", "<p:").replace("<p:/p:", "</p:")), "")
    assert message.problem is None
    assert (message.id_pa, message.notice_number) == ("77777777777", "311111111112222222")


def test_children_of_another_namespace_are_not_taken_for_ours():
    assert read_message(verify(HEAD + QR.replace("<qrCode>", '<qrCode xmlns="urn:other">')), "").problem is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        "<a>",
        "<a/>",
        envelope(""),
        envelope("<a/><b/>"),
        envelope("<paVerifyPaymentNoticeReq/>"),
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><a/></s:Body></s:Envelope>',
        verify().replace("</p:paVerify", "</p:paverify"),
        "\ud800",
    ],
)
def test_what_is_no_request_at_all_is_unreadable(text):
    with pytest.raises(Unreadable):
        read_message(text, "")


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>',
        '<!doctype a [<!entity x "y">]>',
    ],
)
def test_document_types_and_so_entities_are_refused_before_parsing(doctype):
    text = verify().replace("?>", "?>" + doctype, 1)
    with pytest.raises(Unreadable, match="document types are refused"):
        read_message(text, "")


def test_ten_megabytes_are_refused_before_parsing():
    with pytest.raises(Unreadable, match="too large"):
        read_message(verify() + " " * MAX_ENVELOPE_CHARS, "")


def test_deep_nesting_is_refused():
    with pytest.raises(Unreadable):
        read_message(envelope("<a>" * 5000 + "</a>" * 5000), "")


def test_an_encoding_declared_for_other_bytes_does_not_matter_to_text():
    text = verify(HEAD.replace("77777777777_01", "stazione_è") + QR).replace("UTF-8", "ISO-8859-1")
    assert read_message(text, "").station == "stazione_è"


def test_comments_and_instructions_are_not_read_as_content():
    message = read_message(verify(HEAD.replace("<idPA>7", "<idPA>7<!-- x --><?y z?>") + QR), "")
    assert message.id_pa == "77777777777"


@needs_specs
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("code", Fault)
def test_every_fault_of_every_operation_is_valid(official, operation, code):
    body = assert_valid(official, responses.fault(operation, code, "77777777777", "why"))
    assert body.findtext("outcome") == "KO"
    assert body.findtext("fault/faultCode") == code.value
    assert body.findtext("fault/faultString") == code.text
    assert body.findtext("fault/id") == "77777777777"


@needs_specs
@pytest.mark.parametrize("operation", [Operation.SEND_RECEIPT, Operation.SEND_RECEIPT_V2])
def test_an_acknowledgement_is_valid(official, operation):
    body = assert_valid(official, responses.acknowledged(operation))
    assert [child.tag for child in body] == ["outcome"]


@needs_specs
def test_a_verified_notice_is_valid_and_names_no_debtor(official):
    answer = responses.verified(Operation.VERIFY, CREDITOR, replace(TERMS, due_date=date(2026, 12, 31)))
    body = assert_valid(official, answer)
    option = body.find("paymentList/paymentOptionDescription")
    assert option is not None
    assert option.findtext("amount") == "1234.56"
    assert option.findtext("options") == "EQ"
    assert option.findtext("dueDate") == "2026-12-31"
    assert option.findtext("allCCP") == "true"
    assert "RSSMRA85T10A562S" not in answer
    assert "Mario" not in answer


def test_all_ccp_is_false_as_soon_as_one_transfer_has_no_postal_account():
    shares = (TRANSFER, replace(TRANSFER, id_transfer=2, postal_iban=None))
    answer = responses.verified(Operation.VERIFY, CREDITOR, replace(TERMS, transfers=shares))
    assert "<allCCP>false</allCCP>" in answer


@needs_specs
@pytest.mark.parametrize("operation", [Operation.GET_PAYMENT, Operation.GET_PAYMENT_V2])
@pytest.mark.parametrize("postal", [True, False])
@pytest.mark.parametrize("count", [1, 5])
def test_a_payment_is_valid_with_one_to_five_transfers(official, operation, postal, count):
    shares = tuple(replace(TRANSFER, id_transfer=number) for number in range(1, count + 1))
    asked = replace(TERMS, transfers=shares)
    body = assert_valid(official, responses.payment(operation, CREDITOR, POSITION, asked, postal=postal))
    iban = TRANSFER.postal_iban if postal else TRANSFER.iban
    assert [share.findtext("IBAN") for share in body.iterfind("data/transferList/transfer")] == [iban] * count
    assert (body.find("data/transferList/transfer/companyName") is not None) == (operation is Operation.GET_PAYMENT_V2)


STAMP = replace(
    TRANSFER,
    id_transfer=2,
    iban=None,
    postal_iban=None,
    category="9/1201105IM/",
    stamp=Stamp(document_hash="wHpFSLCGZjIvNSXxqtGbxg7275t446DRTk5ZrsdUQ6E=", province="MI"),
)


@needs_specs
@pytest.mark.parametrize("postal", [True, False])
def test_a_digital_stamp_is_asked_for_as_the_official_sample_asks(official, postal):
    with_stamp = replace(TERMS, transfers=(TRANSFER, STAMP))
    answer = responses.payment(Operation.GET_PAYMENT_V2, CREDITOR, POSITION, with_stamp, postal=postal)
    body = assert_valid(official, answer)
    asked = body.find("data/transferList/transfer[2]/richiestaMarcaDaBollo")
    sample = open_envelope((SAMPLES / "07_paGetPaymentV2_response_OK_marcaDaBollo_and_IBAN.xml").read_text())
    theirs = sample.find("data/transferList/transfer/richiestaMarcaDaBollo")
    assert asked is not None
    assert theirs is not None
    assert [(part.tag, part.text) for part in asked] == [(part.tag, part.text) for part in theirs]
    assert "<allCCP>false</allCCP>" in responses.verified(Operation.VERIFY, CREDITOR, with_stamp)


@needs_specs
def test_a_notice_demanded_at_a_psp_is_answered_validly_with_its_number(official):
    answer = responses.demanded(Operation.DEMAND_NOTICE, CREDITOR, POSITION.notice_number, TERMS)
    body = assert_valid(official, answer)
    assert body.findtext("qrCode/noticeNumber") == "311111111112222222"
    assert body.findtext("paymentList/paymentOptionDescription/amount") == "1234.56"
    assert body.findtext("companyName") == "Conservatorio di Prova"


@needs_specs
def test_a_notice_without_due_date_gets_a_far_one(official):
    body = assert_valid(official, responses.payment(Operation.GET_PAYMENT_V2, CREDITOR, POSITION, TERMS, postal=False))
    assert body.findtext("data/dueDate") == "2099-12-31"


@needs_specs
def test_what_the_official_schema_would_not_take_of_a_debtor_is_left_out(official):
    odd = replace(
        DEBTOR,
        full_name="Ng\x07uy\x00ễn <&> " + "x" * 100,
        email="not an address",
        country="Italia",
        city="",
        street_name="Via Roma " * 20,
    )
    answer = responses.payment(Operation.GET_PAYMENT_V2, CREDITOR, POSITION, replace(TERMS, debtor=odd), postal=False)
    debtor = assert_valid(official, answer).find("data/debtor")
    assert debtor is not None
    assert [child.tag for child in debtor] == ["uniqueIdentifier", "fullName", "streetName"]


@needs_specs
def test_a_postal_account_is_told_aside_when_the_bank_account_is_asked_for(official):
    answer = responses.payment(Operation.GET_PAYMENT_V2, CREDITOR, POSITION, TERMS, postal=False)
    entry = assert_valid(official, answer).find("data/transferList/transfer/metadata/mapEntry")
    assert entry is not None
    assert (entry.findtext("key"), entry.findtext("value")) == ("IBANAPPOGGIO", TRANSFER.postal_iban)


def test_a_message_of_no_known_operation_gets_a_soap_fault():
    assert open_envelope(soap_fault("not well formed")).tag == "{http://schemas.xmlsoap.org/soap/envelope/}Fault"
