"""Instalments of one plan in one notice, and documents that anybody can verify."""

import base64
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pypdfium2
import pytest
import sqlalchemy as sa

from contracts.errors import ErrorCode, Refused
from contracts.events.payments import CHECKOUT_STARTED, CheckoutStarted
from contracts.rpc import notices, practices
from contracts.rpc.notices import CartReceiptRequest, NoticeRequest, Verification, VerifyRequest
from contracts.rpc.practices import PlanRequest
from contracts.shapes import Instalment, Viewer
from services.notices.documents.usecases import document_store
from services.notices.models import Document
from services.notices.settings import Settings
from tests.integration.notices.conftest import MARIO

CODE = re.compile(r"/verifica/([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})")


def text_of(pdf):
    pages = (page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf))
    return " ".join(" ".join(pages).split())


def plan(office, total, **changes):
    stem = f"RETTA-{uuid4().hex[:8]}"
    return [
        office.owed(
            external_id=f"{stem}-{number}",
            description=f"Retta 2026/2027, rata {number} di {total} - Rossi Sofia",
            instalment=Instalment(number=number, total=total),
            **changes,
        )
        for number in range(1, total + 1)
    ]


def print_plan(office, practice, viewer=MARIO, **wishes):
    request = NoticeRequest(practice_id=practice.id, viewer=viewer, language="it", whole_plan=True, **wishes)
    return base64.b64decode(office.rpc.call(notices.NOTICE, request).content_base64)


def verify(office, pdf):
    (code,) = set(CODE.findall(text_of(pdf)))
    return office.rpc.call(notices.VERIFY, VerifyRequest(code=code))


def test_all_instalments_of_a_plan_stand_in_one_notice(office):
    owed = plan(office, 4)
    text = text_of(print_plan(office, owed[2]))
    assert "Puoi pagare in 4 rate" in text
    assert "Retta 2026/2027 - Rossi Sofia" in text
    for number, practice in enumerate(owed, start=1):
        assert f"Rata {number}" in text
        digits = practice.notice_number
        assert " ".join(digits[start : start + 4] for start in range(0, 18, 4)) in text


def test_an_instalment_that_is_paid_is_left_out(office, eventually):
    owed = plan(office, 3, amount_cents=14_850)
    office.pay(owed[0])
    eventually(lambda: office.state_of(owed[0]) == "paid")
    text = text_of(print_plan(office, owed[0]))
    assert "Puoi pagare in 2 rate" in text
    assert owed[0].notice_number[-6:] not in text.replace(" ", "")


def start_paying(publish_event, practice):
    started = CheckoutStarted(
        checkout_id=uuid4(),
        entity_code=practice.entity_code,
        practice_ids=[practice.id],
        total_cents=practice.amount_cents,
        started_at=datetime.now(UTC),
        open_until=datetime.now(UTC) + timedelta(minutes=30),
    )
    publish_event(CHECKOUT_STARTED, started, subject=str(started.checkout_id), sequence=1)


def test_an_instalment_that_is_being_paid_is_left_out_and_a_plan_of_such_is_refused(office, eventually, publish_event):
    owed = plan(office, 3, amount_cents=14_850)
    start_paying(publish_event, owed[1])
    eventually(lambda: office.state_of(owed[1]) == "unconfirmed")
    text = text_of(print_plan(office, owed[0]))
    assert "Puoi pagare in 2 rate" in text
    assert owed[1].notice_number[-6:] not in text.replace(" ", "")
    for practice in (owed[0], owed[2]):
        start_paying(publish_event, practice)
    eventually(lambda: {office.state_of(one) for one in owed} == {"unconfirmed"})
    with pytest.raises(Refused) as refused:
        print_plan(office, owed[0])
    assert refused.value.code == ErrorCode.PRACTICE_BEING_PAID


def test_a_practice_of_no_plan_is_printed_alone(office):
    practice = office.owed()
    assert "Rata unica" in text_of(print_plan(office, practice))


def test_who_knows_only_a_notice_number_sees_no_other_instalment(office):
    owed = plan(office, 3)
    visitor = Viewer(visitor_id="v1", granted_practice_ids=[owed[1].id])
    text = text_of(print_plan(office, owed[1], visitor))
    assert "Rata 2 entro" in text
    assert "Puoi pagare in" not in text


def test_a_plan_of_somebody_else_does_not_exist(office):
    owed = plan(office, 2)
    with pytest.raises(Refused) as refused:
        office.rpc.call(practices.PLAN, PlanRequest(viewer=Viewer(visitor_id="v2"), practice_id=owed[0].id))
    assert refused.value.code == ErrorCode.PRACTICE_NOT_FOUND


def test_a_second_language_is_printed_beside_the_first(office):
    practice = office.owed()
    text = text_of(print_plan(office, practice, second_language="de"))
    assert "Zahlungsmitteilung" in text
    assert "AVVISO DI PAGAMENTO" in text


def test_a_printed_notice_is_genuine_and_payable_until_it_is_paid(office, eventually):
    practice = office.owed()
    pdf = office.notice(practice)
    assert verify(office, pdf) == Verification(genuine=True, kind="notice", payable=True)
    office.pay(practice)
    eventually(lambda: office.state_of(practice) == "paid")
    assert verify(office, pdf) == Verification(genuine=True, kind="notice", payable=False)
    assert verify(office, office.receipt(practice)) == Verification(genuine=True, kind="receipt", payable=False)


@pytest.mark.parametrize("code", ["0000-0000-0000", "", "no such code", "7Q2M-K0ZC"])
def test_a_code_that_nothing_was_printed_with_is_not_genuine(office, code):
    assert office.rpc.call(notices.VERIFY, VerifyRequest(code=code)).genuine is False


def test_a_purged_pdf_is_drawn_again_and_its_code_still_answers(office):
    practice = office.owed()
    first = office.notice(practice)
    settings = Settings.load().documents
    later = datetime.now(UTC) + timedelta(days=settings.pdf_retention_days + 1)
    document_store.purge(office.documents, settings, later)
    with office.documents.reading() as session:
        stored = session.scalars(sa.select(Document.pdf).where(Document.practice_id == practice.id)).all()
    assert stored == [None]
    assert verify(office, first).genuine
    assert office.notice(practice) == first
    assert len(office.issued(practice)) == 1


def test_a_cart_has_one_receipt_with_all_that_was_paid(office, eventually):
    first, second, unpaid = office.owed(description="TARI 2026"), office.owed(description="Mensa"), office.owed()
    receipts = [office.pay(practice) for practice in (first, second)]
    eventually(lambda: office.state_of(second) == "paid")
    ids = [practice.id for practice in (first, second, unpaid)]
    request = CartReceiptRequest(practice_ids=ids, viewer=MARIO, language="it")
    pdf = base64.b64decode(office.rpc.call(notices.CART_RECEIPT, request).content_base64)
    text = text_of(pdf)
    assert "Pagamento di 2 pratiche" in text
    for words in (*receipts, "TARI 2026", "Mensa", "RICEVUTA 2 DI 2"):
        assert words in text
    assert verify(office, pdf).genuine


def test_a_cart_of_which_nothing_was_paid_has_no_receipt(office):
    request = CartReceiptRequest(practice_ids=[office.owed().id], viewer=MARIO, language="en")
    with pytest.raises(Refused) as refused:
        office.rpc.call(notices.CART_RECEIPT, request)
    assert refused.value.code == ErrorCode.RECEIPT_NOT_FOUND


def test_a_penalty_prints_both_amounts_and_nothing_once_one_is_paid(office, eventually):
    reduced = office.owed(description="Verbale C.D.S. 77", amount_cents=10_000)
    full = office.owed(description="Verbale C.D.S. 77", amount_cents=14_850)

    def printed(**changes):
        request = NoticeRequest(practice_id=reduced.id, full_amount_id=full.id, viewer=MARIO, **changes)
        return base64.b64decode(office.rpc.call(notices.NOTICE, request).content_base64)

    text = text_of(printed())
    assert "Importo scontato del 30%" in text
    assert "dal 6º al 60º giorno" in text
    for practice in (reduced, full):
        assert practice.notice_number.grouped in text
    with pytest.raises(Refused) as refused:
        office.rpc.call(notices.NOTICE, NoticeRequest(practice_id=reduced.id, full_amount_id=uuid4(), viewer=MARIO))
    assert refused.value.code is ErrorCode.PRACTICE_NOT_FOUND
    office.pay(full)
    eventually(lambda: office.state_of(full) in {"paid", "reported"})
    with pytest.raises(Refused) as refused:
        printed()
    assert refused.value.code is ErrorCode.PRACTICE_PAID
