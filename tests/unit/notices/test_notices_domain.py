from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from contracts.codes import AmountCents, CreditorFiscalCode, Iuv, NoticeNumber
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc.payments import Receipt, ReceivedTransfer
from contracts.rpc.practices import PRACTICE_STATES, Entity, Practice
from contracts.shapes import Creditor, Instalment, LocalisedText, Subject
from services.notices.documents.domain import composition, document_key
from services.notices.documents.domain.content import Artwork, Artworks, Share
from services.notices.documents.pdf.notice import render_notice
from services.notices.documents.pdf.protocol import read_content, write_content

DEBTOR = Subject(
    entity_type="F",
    fiscal_code="RSSMRA85T10A562S",
    full_name="Mario Rossi",
    street_name="Via Nazionale",
    civic_number="1",
    postal_code="00100",
    city="Roma",
    province="RM",
    country="IT",
    email="mario.rossi@example.org",
)
CREDITOR_CODE = CreditorFiscalCode("80012345676")
PRACTICE = Practice(
    id=UUID(int=1),
    entity_code="PM108",
    creditor_name="Conservatorio di Prova",
    service_code="CONTRIBUTO",
    service_title=LocalisedText(it="Contributo", en="Fee"),
    origin="issued",
    debtor=DEBTOR,
    description="Contributo 2026/2027",
    amount_cents=AmountCents(15_000),
    notice_number=NoticeNumber("301000000000000144"),
    iuv=Iuv("01000000000000144"),
    due_date=date(2026, 12, 31),
    state="to_pay",
    state_since=datetime(2026, 9, 1, tzinfo=UTC),
    overdue=False,
    payable=True,
    created_at=datetime(2026, 9, 1, tzinfo=UTC),
)
ENTITY = Entity(
    code="PM108",
    creditor=Creditor(
        code="PM108",
        fiscal_code=CREDITOR_CODE,
        company_name="Conservatorio di Prova",
        office_name="Segreteria",
        broker_fiscal_code=CREDITOR_CODE,
        station_id="80012345676_01",
    ),
    website="https://www.conservatorio.example/",
    contact_email="pagamenti@conservatorio.example",
    cbill="cjm08",
    postal_account="001012345678",
    services=[],
)
RECEIPT = Receipt(
    receipt_id="c110729d258c4ab1b765fe902aae41d6",
    entity_code="PM108",
    creditor_fiscal_code=CREDITOR_CODE,
    company_name="Conservatorio di Prova",
    notice_number=PRACTICE.notice_number,
    iuv=PRACTICE.iuv,
    amount_cents=AmountCents(15_000),
    description=PRACTICE.description,
    debtor=DEBTOR,
    payer=DEBTOR,
    psp_id="ABI00001",
    psp_name="Banca di Prova",
    transfers=[ReceivedTransfer(id_transfer=1, amount_cents=AmountCents(15_000), fiscal_code=CREDITOR_CODE)],
    paid_at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
    received_at=datetime(2026, 12, 31, 23, 31, tzinfo=UTC),
)


def notice(practice=None, entity=None, language="it"):
    practice, entity = replace(PRACTICE, **practice or {}), replace(ENTITY, **entity or {})
    return composition.notice_content([practice], entity, Artworks(), language)


def quietanza(practice=None, receipts=(RECEIPT,)):
    return composition.receipt_content(replace(PRACTICE, **practice or {}), ENTITY, receipts, Artworks(), "it")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("paid", ErrorCode.PRACTICE_PAID),
        ("reported", ErrorCode.PRACTICE_PAID),
        ("underpaid", ErrorCode.PRACTICE_UNDERPAID),
        ("cancelled", ErrorCode.PRACTICE_CANCELLED),
        ("expired", ErrorCode.PRACTICE_EXPIRED),
    ],
)
def test_a_notice_with_nothing_left_to_pay_is_refused_with_its_code(state, code):
    with pytest.raises(Refused) as refused:
        composition.refuse_unprintable(replace(PRACTICE, state=state))
    assert refused.value.code == code


@pytest.mark.parametrize(
    "state", sorted(set(PRACTICE_STATES) - {"paid", "reported", "underpaid", "cancelled", "expired"})
)
def test_a_notice_that_can_still_be_paid_is_printed(state):
    composition.refuse_unprintable(replace(PRACTICE, state=state))


def test_the_person_is_printed_with_the_address_in_lines():
    assert notice().recipient.address == ("Via Nazionale 1", "00100 Roma (RM)")


def test_an_anonymous_debtor_has_no_fiscal_code_on_the_page():
    assert notice({"debtor": replace(DEBTOR, fiscal_code="ANONIMO")}).recipient.fiscal_code is None


def test_a_foreign_address_names_the_country():
    assert notice({"debtor": replace(DEBTOR, country="DE")}).recipient.address[-1] == "DE"


def test_the_body_is_printed_with_its_site_and_address_in_one_line():
    payee = notice().payee
    assert payee.info == "conservatorio.example · pagamenti@conservatorio.example"
    assert payee.cbill == "CJM08"


def test_an_instalment_keeps_its_number_and_a_single_payment_has_none():
    assert notice({"instalment": Instalment(number=5, total=7)}).payment.instalment == 5
    assert notice({"instalment": Instalment(number=1, total=1)}).payment.instalment is None


def test_what_another_body_gets_on_a_bank_account_has_no_slip():
    assert notice({"postal_slip": True}).postal is not None
    assert notice({"postal_slip": False}).postal is None


def test_what_is_paid_only_online_has_no_notice():
    with pytest.raises(Refused, match="practice_online_only"):
        composition.refuse_unprintable(replace(PRACTICE, online_only=True))


def test_a_body_without_a_postal_account_has_no_slip():
    assert notice(entity={"postal_account": None}).postal is None


def test_the_slip_is_in_the_name_of_the_body_when_the_account_has_no_other_holder():
    postal = notice().postal
    assert postal.number == "001012345678"
    assert postal.holder == "Conservatorio di Prova"


def test_an_amount_without_room_in_the_slip_has_no_slip():
    assert notice({"amount_cents": 9_999_999_999}).postal is not None
    assert notice({"amount_cents": 10_000_000_000}).postal is None


def plan(amounts_cents, **changes):
    practices = [
        replace(
            PRACTICE,
            id=UUID(int=number),
            amount_cents=AmountCents(amount_cents),
            instalment=Instalment(number=number, total=len(amounts_cents)),
            **changes,
        )
        for number, amount_cents in enumerate(amounts_cents, start=1)
    ]
    return composition.notice_content(practices, ENTITY, Artworks(), "it")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_instalment_above_the_postal_maximum_leaves_no_slip_to_any(place):
    """A page of slips that lacks one would look as if it were not to be paid."""
    amounts = [15_000, 15_000, 15_000]
    assert plan(amounts).postal is not None
    amounts[place] = 9_999_999_999
    assert plan(amounts).postal is not None
    amounts[place] = 10_000_000_000
    content = plan(amounts)
    assert content.postal is None
    assert [payment.amount_cents for payment in content.instalments] == amounts


@pytest.mark.parametrize("cbill", [None, ""])
def test_a_body_without_cbill_prints_and_leaves_the_code_out(cbill, text_of):
    content = notice(entity={"cbill": cbill})
    assert not content.payee.cbill
    for count in (0, 2, 3):
        shown = replace(content, instalments=plan([15_000] * count).instalments if count else ())
        text = text_of(render_notice(shown))
        assert "Cod. CBILL" not in text
        assert "80012345676" in text


FULL = replace(
    PRACTICE, id=UUID(int=2), amount_cents=AmountCents(20_000), notice_number=NoticeNumber("301000000000000245")
)


def test_a_penalty_is_composed_of_the_reduced_and_the_full_amount():
    content = composition.penalty_content(PRACTICE, FULL, ENTITY, Artworks(), "it", "de")
    assert content.penalty
    assert content.payment is None
    assert [payment.amount_cents for payment in content.payments] == [15_000, 20_000]
    assert (content.subject, content.second_language) == ("Contributo 2026/2027", "de")


@pytest.mark.parametrize(
    ("reduced", "full"),
    [
        (FULL, PRACTICE),
        (PRACTICE, replace(FULL, amount_cents=PRACTICE.amount_cents)),
        (PRACTICE, replace(FULL, entity_code="PM109")),
        (PRACTICE, replace(FULL, debtor=replace(DEBTOR, full_name="Luca Verdi"))),
    ],
    ids=["the lower comes second", "equal", "another body's", "somebody else's"],
)
def test_amounts_that_are_not_those_of_one_penalty_are_refused(reduced, full):
    with pytest.raises(Refused) as refused:
        composition.penalty_content(reduced, full, ENTITY, Artworks(), "it")
    assert refused.value.code is ErrorCode.INVALID_REQUEST
    assert refused.value.detail == InvalidRequest(field="full_amount_id")


def test_the_moment_of_payment_is_told_in_rome():
    assert quietanza().receipts[0].paid_at.isoformat() == "2027-01-01T00:30:00+01:00"


def test_a_practice_without_receipts_has_no_quietanza():
    with pytest.raises(Refused) as refused:
        quietanza(receipts=())
    assert refused.value.code == ErrorCode.RECEIPT_NOT_FOUND


def test_the_quietanza_of_a_masked_practice_names_nobody():
    masked = {"masked": True, "debtor": replace(DEBTOR, fiscal_code="RSS*********562S", full_name="M**** R****")}
    content = quietanza(masked)
    assert content.debtor.full_name == "M**** R****"
    assert content.receipts[0].payer is None
    assert "Mario" not in str(write_content(content))


@pytest.mark.parametrize("content", [notice(), notice({"due_date": None}), quietanza()])
def test_content_survives_the_way_to_the_renderer(content):
    assert read_content(write_content(content)) == content


def test_the_same_content_has_the_same_key_and_any_difference_another():
    content = notice()
    logo = Artworks(entity=Artwork("image/svg+xml", "PHN2Zy8+"))
    others = [notice(language="en"), notice({"amount_cents": 15_001}), replace(content, artworks=logo), quietanza()]
    keys = {document_key.content_sha256(other) for other in (content, *others)}
    assert document_key.content_sha256(notice()) in keys
    assert len(keys) == 5


def test_file_names_carry_the_notice_number_and_nothing_personal():
    assert document_key.file_name(notice()) == "avviso-301000000000000144.pdf"
    assert document_key.file_name(quietanza()) == "quietanza-301000000000000144.pdf"


def test_a_code_is_read_as_people_type_it():
    assert document_key.verification_code("800000000000001" + "f" * 49) == "G000-0000-0001"
    assert document_key.verification_code("0123456789abcde" + "0" * 49) == "04HM-ASW9-NF6Y"
    code = document_key.verification_code("f" * 64)
    assert code == "ZZZZ-ZZZZ-ZZZZ"
    assert document_key.typed_code(code) == code
    assert document_key.typed_code(f" {code.lower().replace('-', ' ')} ") == code
    assert document_key.typed_code("oil0-0000-0000") == "0110-0000-0000"
    assert document_key.typed_code("U234-0000-0000") is None
    assert document_key.typed_code("0000-0000") is None


def test_a_document_carries_the_code_of_all_that_it_says():
    content = document_key.verifiable(notice(), "https://portale.example")
    assert content.verification.link == f"https://portale.example/verifica/{content.verification.code}"
    again = document_key.verifiable(notice(), "https://portale.example")
    other = document_key.verifiable(notice({"amount_cents": 1}), "https://portale.example")
    assert again == content
    assert other.verification.code != content.verification.code


@pytest.mark.parametrize(
    ("description", "subject"),
    [
        ("Retta 2026/2027, rata 2 di 7 - Rossi Sofia", "Retta 2026/2027 - Rossi Sofia"),
        ("Retta - Rata 2/7", "Retta"),
        ("rata 2 di 7", "Rata 2 di 7"),
        ("Rata 3 di 7 della retta", "Rata 3 di 7 della retta"),
    ],
)
def test_the_subject_of_a_plan_does_not_name_one_instalment(description, subject):
    plan = [
        replace(PRACTICE, description=description, instalment=Instalment(number=number, total=7)) for number in (2, 3)
    ]
    content = composition.notice_content(plan, ENTITY, Artworks(), "it")
    assert content.subject == subject
    assert [payment.instalment for payment in content.instalments] == [2, 3]
    assert content.payment is None


def test_a_cart_names_the_debtor_of_another_practice_beside_its_receipt():
    child = replace(PRACTICE, debtor=replace(DEBTOR, full_name="Anna Rossi"), description="Mensa")
    content = composition.cart_receipt_content([(PRACTICE, [RECEIPT]), (child, [RECEIPT])], ENTITY, Artworks(), "it")
    own, other = content.receipts
    assert own.debtor is None
    assert other.debtor
    assert other.debtor.full_name == "Anna Rossi"
    assert other.subject == "Mensa"
    assert read_content(write_content(content)) == content


def test_what_went_to_several_is_listed_and_one_transfer_is_the_payment_itself():
    parts = [
        ReceivedTransfer(
            id_transfer=1,
            amount_cents=AmountCents(10_000),
            fiscal_code=CREDITOR_CODE,
            company_name="Conservatorio",
        ),
        ReceivedTransfer(id_transfer=2, amount_cents=AmountCents(5_000), fiscal_code=CreditorFiscalCode("99999000013")),
    ]
    shares = (Share(10_000, "80012345676", "Conservatorio"), Share(5_000, "99999000013", None))
    assert quietanza().receipts[0].shares == ()
    content = quietanza(receipts=[replace(RECEIPT, transfers=parts)])
    assert content.receipts[0].shares == shares
    assert read_content(write_content(content)) == content


def test_the_subject_begins_with_a_capital_and_is_else_as_it_was_typed():
    assert notice({"description": "èspositori in fiera, iPad"}).subject == "Èspositori in fiera, iPad"


@pytest.mark.parametrize("state", PRACTICE_STATES)
def test_of_a_plan_nothing_that_cannot_be_paid_now_is_printed(state: str) -> None:
    first = replace(PRACTICE, instalment=Instalment(number=1, total=2))
    second = replace(first, id=UUID(int=2), state=state, payable=False, not_payable_code="practice_paid")
    assert composition.still_to_pay([first, second]) == [first]
    assert composition.still_to_pay([second]) == []
