"""Money that goes to several: another body's share, and digital revenue stamps from the insertion to the settlement."""

import base64
from typing import Any

import pytest
from lxml import etree

from contracts.errors import Refused
from contracts.rpc import settlement as fdr
from sandbox.pagopa.registry import PSPS
from sandbox.pagopa.stamps import StampIssuer
from tests.integration.payments.node_messages import (
    ASKING,
    CREDITOR,
    HEAD,
    deliver,
    envelope,
    fault_of,
    notice,
    outcome_of,
    receipt,
    said,
)

AGENCY = "80098765433"
ENROLMENT_CENTS = 39_000


def enrolled(town: Any) -> Any:
    return town.issue(ENROLMENT_CENTS, service_code="ISCRIZIONE", description="Iscrizione 2026/2027")


def transfers(answer: str) -> list[tuple[str | None, ...]]:
    names = ("idTransfer", "transferAmount", "fiscalCodePA", "IBAN", "transferCategory")
    found = etree.fromstring(answer.encode()).iterfind(".//transfer")
    return [tuple(transfer.findtext(name) for name in names) for transfer in found]


@pytest.mark.parametrize("action", ["paGetPayment", "paGetPaymentV2"])
@pytest.mark.parametrize(("kind", "account"), [("POSTAL", "07601"), ("PAGOPA", "09999")])
def test_a_notice_of_two_bodies_is_divided_ours_first_and_only_ours_has_a_postal_account(
    town: Any, action: str, kind: str, account: str
) -> None:
    number = enrolled(town).notice_number
    assert said(town.ask(envelope(ASKING[0], HEAD + notice(number))), "allCCP") == "false"
    answer = town.ask(envelope(action, HEAD + notice(number) + f"<transferType>{kind}</transferType>"), action)
    own, other = transfers(answer)
    assert said(answer, "paymentAmount") == "390.00"
    assert (own[:3], own[4]) == (("1", "250.00", CREDITOR), "9/0601100TS/")
    assert str(own[3])[5:10] == account
    assert other == ("2", "140.00", AGENCY, "IT40W0999915800000000090001", "9/0601127TS/")
    assert (said(answer, "key") == "IBANAPPOGGIO") == (kind == "PAGOPA")


def test_each_body_of_a_notice_gets_its_receipt_and_is_told_of_its_share(town: Any, eventually: Any) -> None:
    practice = enrolled(town)
    [receipt_id] = {*town.pay_at_counter(practice).json()["receipt_ids"]}
    eventually(lambda: town.practice(practice.id).state == "paid")
    eventually(lambda: len(town.confirmed(receipt_id)) == 2)
    ours, theirs = sorted(town.confirmed(receipt_id), key=lambda data: data["entity_code"] != "PM108")
    assert (ours["creditor_fiscal_code"], ours["amount_cents"]) == (CREDITOR, ENROLMENT_CENTS)
    assert ours["practice_id"] == str(practice.id)
    assert (theirs["creditor_fiscal_code"], theirs["amount_cents"]) == (AGENCY, 14_000)
    assert (theirs["entity_code"], theirs["practice_id"]) == ("ARDS", None)
    assert [told.get("missing_cents") for told in (ours, theirs)] == [None, None]


def settle(town: Any, receipt_id: str, body: str, rows: list[tuple[str, str, str]]) -> fdr.Settlement:
    """Send a flow to a creditor: rows are (iuv, index, amount)."""
    singles = "".join(
        f"<datiSingoliPagamenti><identificativoUnivocoVersamento>{iuv}</identificativoUnivocoVersamento>"
        f"<identificativoUnivocoRiscossione>{receipt_id}</identificativoUnivocoRiscossione>"
        f"<indiceDatiSingoloPagamento>{index}</indiceDatiSingoloPagamento>"
        f"<singoloImportoPagato>{amount}</singoloImportoPagato>"
        "<codiceEsitoSingoloPagamento>0</codiceEsitoSingoloPagamento>"
        "<dataEsitoSingoloPagamento>2026-11-26</dataEsitoSingoloPagamento></datiSingoliPagamenti>"
        for iuv, index, amount in rows
    )
    cents = sum(int(amount.replace(".", "")) for _, _, amount in rows)
    flow = (
        '<FlussoRiversamento xmlns="http://www.digitpa.gov.it/schemas/2011/Pagamenti/"><versioneOggetto>1.0'
        f"</versioneOggetto><identificativoFlusso>2026-11-26BESEITM1-{receipt_id[:12]}</identificativoFlusso>"
        "<dataOraFlusso>2026-11-26T10:00:00</dataOraFlusso><identificativoUnivocoRegolamento>TRN1"
        "</identificativoUnivocoRegolamento><dataRegolamento>2026-11-26</dataRegolamento><istitutoMittente>"
        "<identificativoUnivocoMittente><tipoIdentificativoUnivoco>B</tipoIdentificativoUnivoco>"
        "<codiceIdentificativoUnivoco>BESEITM1</codiceIdentificativoUnivoco></identificativoUnivocoMittente>"
        "</istitutoMittente><istitutoRicevente><identificativoUnivocoRicevente><tipoIdentificativoUnivoco>G"
        f"</tipoIdentificativoUnivoco><codiceIdentificativoUnivoco>{body}</codiceIdentificativoUnivoco>"
        f"</identificativoUnivocoRicevente></istitutoRicevente><numeroTotalePagamenti>{len(rows)}"
        f"</numeroTotalePagamenti><importoTotalePagamenti>{cents // 100}.{cents % 100:02d}</importoTotalePagamenti>"
        f"{singles}</FlussoRiversamento>"
    )
    entity_code = "PM108" if body == CREDITOR else "ARDS"
    encoded = base64.b64encode(flow.encode()).decode()
    request = fdr.TakeSettlementRequest(entity_code=entity_code, content_base64=encoded)
    settled: fdr.Settlement = town.rpc.call(fdr.TAKE_SETTLEMENT, request)
    return settled


def test_a_notice_of_two_bodies_is_reported_by_our_transfer_alone(town: Any, eventually: Any) -> None:
    practice = enrolled(town)
    [receipt_id] = {*town.pay_at_counter(practice).json()["receipt_ids"]}
    eventually(lambda: len(town.confirmed(receipt_id)) == 2)
    theirs = settle(town, receipt_id, AGENCY, [(practice.iuv, "2", "140.00")])
    assert [found.finding for found in theirs.findings] == ["reported"]
    assert town.practice(practice.id).state == "paid"
    settle(town, receipt_id, CREDITOR, [(practice.iuv, "1", "250.00")])
    eventually(lambda: town.practice(practice.id).state == "reported")


# --- digital stamps ---


def certificate(town: Any) -> Any:
    return town.insert("CERT_MBD", 2100, stamp=town.STAMP)


def test_a_stamp_is_sold_only_through_our_checkout(town: Any, eventually: Any) -> None:
    practice = certificate(town)
    refused = town.pay_at_counter(practice)
    assert (refused.status_code, refused.json()["fault"]) == (409, "PAA_SEMANTICA")
    checkout = town.start(practice)
    asked = HEAD + notice(practice.notice_number)
    answer = town.ask(envelope("paVerifyPaymentNotice", asked))
    assert (outcome_of(answer), said(answer, "amount"), said(answer, "allCCP")) == ("OK", "21.00", "false")
    # At a counter meanwhile: no idCart, somebody else's, or version 1.
    noted = f"{asked}<paymentNote>{checkout.id}</paymentNote>"
    for action, inside in (
        ("paGetPaymentV2", asked),
        ("paGetPaymentV2", f"{asked}<paymentNote>00000000-0000-4000-8000-000000000000</paymentNote>"),
        ("paGetPayment", noted),
    ):
        assert fault_of(town.ask(envelope(action, inside), action)) == "PAA_SEMANTICA"
    answer = town.ask(envelope("paGetPaymentV2", noted), "paGetPaymentV2")
    assert transfers(answer)[1] == ("2", "16.00", CREDITOR, None, "9/1201105IM/")
    assert (said(answer, "hashDocumento"), said(answer, "tipoBollo"), said(answer, "provinciaResidenza")) == (
        town.STAMP.document_hash,
        "01",
        "MI",
    )
    town.choose(checkout, "paid")
    eventually(lambda: town.practice(practice.id).state == "paid")


def test_a_bought_stamp_is_verified_kept_and_not_waited_for_in_the_settlement(town: Any, eventually: Any) -> None:
    practice = certificate(town)
    town.choose(town.start(practice), "paid")
    eventually(lambda: town.practice(practice.id).state == "paid")
    [found] = town.receipts(practice.id)
    [stamp] = found.stamps
    assert (stamp.signature, stamp.problem, stamp.amount_cents) == ("verified", None, 1600)
    assert stamp.document_hash == town.STAMP.document_hash
    assert town.events("PaymentDuplicated", practice) == []
    file = town.stamp(practice.id)
    assert stamp.iubd in file.file_name
    assert stamp.iubd.encode() in base64.b64decode(file.content_base64)
    settle(town, found.receipt_id, CREDITOR, [(practice.iuv, "1", "5.00")])
    eventually(lambda: town.practice(practice.id).state == "reported")
    [reported] = town.events("PaymentReported", practice)
    assert reported["amount_cents"] == 500


def stamped_receipt(number: str, attached: bytes | None) -> str:
    said_so = receipt(number, amount="21.00", shares=[(CREDITOR, "5.00"), (CREDITOR, "16.00")])
    if attached is None:
        return said_so
    first, second = said_so.split("<idTransfer>2</idTransfer>")
    iban = "<IBAN>IT60X0542811101000000123456</IBAN>"
    encoded = base64.b64encode(attached).decode()
    return f"{first}<idTransfer>2</idTransfer>{second.replace(iban, f'<MBDAttachment>{encoded}</MBDAttachment>')}"


OTHER_HASH = "A" * 43 + "="


@pytest.mark.parametrize("wrong", ["missing", "no stamp", "changed", "for another document", "of another amount"])
def test_money_with_a_wrong_stamp_is_acknowledged_kept_and_flagged_for_a_human(
    town: Any, eventually: Any, wrong: str
) -> None:
    practice = certificate(town)
    issuer, asked = StampIssuer(), town.STAMP.document_hash
    at = practice.created_at
    attached = {
        "missing": None,
        "no stamp": b"no stamp",
        "changed": issuer.issue(PSPS[0], at, "15.00", asked).replace(b"15.00", b"16.00"),
        "for another document": issuer.issue(PSPS[0], at, "16.00", OTHER_HASH),
        "of another amount": issuer.issue(PSPS[0], at, "2.00", asked),
    }[wrong]
    text = envelope("paSendRTV2", HEAD + stamped_receipt(practice.notice_number, attached))
    assert outcome_of(town.ask(text, "paSendRTV2")) == "OK"
    [flagged] = eventually(lambda: town.events("PaymentDuplicated", practice))
    assert flagged["reason"] == "wrong_stamp"
    assert len(town.events("PaymentConfirmed", practice)) == 1
    eventually(lambda: town.practice(practice.id).needs_attention)
    assert town.practice(practice.id).state == "paid"
    if attached is not None:
        file = town.stamp(practice.id)
        assert base64.b64decode(file.content_base64) == attached


def test_where_no_stamp_was_bought_there_is_none_to_download(town: Any) -> None:
    practice = town.issue()
    deliver(town, practice.notice_number)
    with pytest.raises(Refused, match="stamp_not_found"):
        town.stamp(practice.id)
