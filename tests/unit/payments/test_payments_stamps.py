"""Digital revenue stamps: read from a receipt, checked as far as each can be, compared with what was asked for."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from contracts.rpc.payments import BoughtStamp
from contracts.shapes import Transfer
from sandbox.pagopa.registry import PSPS
from sandbox.pagopa.stamps import StampIssuer
from services.payments.domain.receipts import Judgement, ReceiptFacts, judge
from services.payments.domain.stamps import are_as_asked
from services.payments.soap.stamps import attachment, stamps_of
from tests.unit.payments.test_payments_soap import POSITION, STAMP, TERMS, TRANSFER

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "pagopa"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="the official pagoPA schemas and samples are not here")
HASH = "wHpFSLCGZjIvNSXxqtGbxg7275t446DRTk5ZrsdUQ6E="
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def receipt_with(attached: str) -> etree._Element:
    return etree.fromstring(
        "<receipt><transferList><transfer><idTransfer>1</idTransfer><IBAN>IT</IBAN></transfer><transfer>"
        f"<idTransfer>2</idTransfer><MBDAttachment>{attached}</MBDAttachment></transfer></transferList></receipt>"
    )


def read(stamp: bytes) -> BoughtStamp:
    [found] = stamps_of(receipt_with(base64.b64encode(stamp).decode()))
    return found


@pytest.fixture(scope="module")
def sold() -> bytes:
    return StampIssuer().issue(PSPS[0], NOW, "16.00", HASH)


@needs_specs
def test_the_sandbox_sells_stamps_that_are_valid_by_the_official_schema(sold: bytes) -> None:
    official = etree.XMLSchema(etree.parse(SPECS / "xsd" / "xsd-common" / "MarcaDaBollo.xsd"))
    official.assertValid(etree.fromstring(sold))


def test_a_stamp_is_read_and_its_signature_verified_with_the_certificate_in_it(sold: bytes) -> None:
    stamp = read(sold)
    assert (stamp.transfer, stamp.amount_cents, stamp.document_hash) == (2, 1600, HASH)
    assert (stamp.signature, stamp.problem) == ("verified", None)
    assert (stamp.purchased_at, stamp.seller) == (NOW, PSPS[0].name)
    assert attachment(receipt_with(base64.b64encode(sold).decode()), 2) == sold
    assert attachment(receipt_with("x"), 3) is None


@needs_specs
def test_the_official_stamp_carries_no_certificate_and_is_told_so() -> None:
    stamp = read((SPECS / "samples" / "11_marcaDaBollo.xml").read_bytes())
    assert (stamp.iubd, stamp.amount_cents, stamp.document_hash) == ("1158346812341032", 500, HASH)
    assert (stamp.signature, stamp.problem) == ("unverifiable", None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b">16.00<", b">17.00<"),
        (HASH.encode(), b"A" * 43 + b"="),
        (b'URI=""', b'URI="#other"'),
        (b"X509Certificate>M", b"X509Certificate>N"),
    ],
)
def test_whatever_is_changed_after_signing_is_found(sold: bytes, old: bytes, new: bytes) -> None:
    assert old in sold
    stamp = read(sold.replace(old, new))
    assert (stamp.signature, stamp.problem) == ("wrong", "signature")


@pytest.mark.parametrize(
    ("stamp", "problem"),
    [
        (b"", "unreadable"),
        (b"no xml", "unreadable"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "unreadable"),
        (b"<a/>", "schema"),
        (b"<marcaDaBollo xmlns='http://www.agenziaentrate.gov.it/2014/MarcaDaBollo'/>", "schema"),
    ],
)
def test_what_is_no_stamp_is_told_and_not_refused(stamp: bytes, problem: str) -> None:
    assert read(stamp).problem == problem


@pytest.mark.parametrize(("old", "new"), [(b">01<", b">02<"), (b">16.00<", b">16.001<"), (b"#sha256", b"#sha512")])
def test_a_stamp_of_another_kind_breaks_the_schema(sold: bytes, old: bytes, new: bytes) -> None:
    assert read(sold.replace(old, new)).problem == "schema"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"rsa-sha256", b"unknown"),
        (b"enveloped-signature", b"xslt"),
        (b"<ds:SignedInfo>", b"<ds:SignedInfo><ds:Nothing/>"),
    ],
)
def test_whatever_stands_in_its_signature_a_stamp_is_judged_and_raises_nothing(
    sold: bytes, old: bytes, new: bytes
) -> None:
    assert old in sold
    assert read(sold.replace(old, new)).signature == "wrong"


def test_a_stamp_that_is_not_base64_is_unreadable() -> None:
    [stamp] = stamps_of(receipt_with("%%%"))
    assert stamp.problem == "unreadable"


AS_ASKED = BoughtStamp(transfer=2, amount_cents=TRANSFER.amount_cents, document_hash=HASH)


@pytest.mark.parametrize(
    ("bought", "asked", "right"),
    [
        ([], [TRANSFER], True),
        ([AS_ASKED], [TRANSFER, STAMP], True),
        ([], [TRANSFER, STAMP], False),
        ([AS_ASKED], [TRANSFER], False),
        ([AS_ASKED, AS_ASKED], [TRANSFER, STAMP], False),
        ([replace(AS_ASKED, transfer=1)], [TRANSFER, STAMP], False),
        ([replace(AS_ASKED, amount_cents=1)], [TRANSFER, STAMP], False),
        ([replace(AS_ASKED, document_hash="A" * 43 + "=")], [TRANSFER, STAMP], False),
        ([BoughtStamp(transfer=2, problem="schema")], [TRANSFER, STAMP], False),
    ],
)
def test_each_stamp_must_be_the_one_asked_for_and_no_other(
    bought: list[BoughtStamp], asked: list[Transfer], *, right: bool
) -> None:
    assert are_as_asked(bought, asked) is right


@pytest.mark.parametrize(
    ("stamps", "judgement"),
    [((AS_ASKED,), Judgement.EXPECTED), ((), Judgement.WRONG_STAMP), (None, Judgement.EXPECTED)],
)
def test_money_with_the_wrong_stamp_is_taken_and_flagged_but_a_flow_knows_of_no_stamps(
    stamps: tuple[BoughtStamp, ...] | None, judgement: Judgement
) -> None:
    position = replace(POSITION, terms=replace(TERMS, transfers=(TRANSFER, STAMP)))
    facts = ReceiptFacts("R1", "77777777777", "77777777777", "OK", 123456, 123456, NOW, stamps)
    assert judge(facts, position) is judgement
