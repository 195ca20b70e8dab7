from dataclasses import replace
from itertools import combinations
from typing import Any

import page as ua_checker
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notices.documents.domain.content import Party, Share
from services.notices.documents.pdf.receipt import render_receipt


def test_the_quietanza_says_who_paid_what_for_whom_and_with_which_proof(receipt, text_of):
    text = text_of(render_receipt(receipt))
    for words in (
        "QUIETANZA DI PAGAMENTO",
        "Comune di Test",
        "Mario Rossi",
        "Luca Verdi · VRDLCU80A01F205X",
        "Anna Rossi",
        "1.500,00 Euro",
        "01000000000000144",
        "c110729d258c4ab1b765fe902aae41d6",
        "3010 0000 0000 0001 44",
        "Banca di Prova S.p.A.",
        "01/07/2026 11:40:05",
        "02/07/2026",
        "1,50 Euro",
        "Pagamento eseguito",
    ):
        assert words in text


def test_the_english_receipt_is_in_english(receipt, text_of):
    text = text_of(render_receipt(replace(receipt, language="en")))
    assert "PAYMENT RECEIPT" in text
    assert "1,500.00 Euro" in text
    assert "Fee of the PSP (not part of the amount) 1.50 Euro" in text


def test_a_payment_to_several_says_who_had_how_much(receipt, paid_receipt, text_of):
    shares = (Share(100_000, "99999000013", "Comune di Test"), Share(50_000, "80012345676", None))
    text = text_of(render_receipt(replace(receipt, receipts=(replace(paid_receipt, shares=shares),))))
    assert "Quota 1 di 2 1.000,00 Euro · Comune di Test · 99999000013" in text
    assert "Quota 2 di 2 500,00 Euro · 80012345676" in text


@pytest.mark.parametrize(
    ("method", "words"), [("cash", "Contanti"), ("creditCard", "Carta di pagamento"), ("qr-pos", "qr-pos")]
)
def test_the_means_of_payment_is_said_in_words_where_the_node_names_it(receipt, paid_receipt, text_of, method, words):
    text = text_of(render_receipt(replace(receipt, receipts=(replace(paid_receipt, payment_method=method),))))
    assert f"Strumento di pagamento {words}" in text


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_receipt_of_a_cart_ends_with_the_total(receipt, paid_receipt, text_of, boxes_of, count):
    several = tuple(replace(paid_receipt, subject=f"Contributo {number}") for number in range(count))
    pdf = render_receipt(replace(receipt, receipts=several))
    assert f"TOTALE PAGATO {count * 1_500:,},00 Euro".replace(",", ".", 1) in text_of(pdf)
    for page in boxes_of(pdf):
        assert not [pair for pair in combinations(page, 2) if pair[0].overlaps(pair[1], tolerance=0.35)]


def test_what_is_not_known_is_left_out_but_the_fee_is_said_to_be_unknown(receipt, paid_receipt, text_of):
    bare = replace(paid_receipt, fee_cents=None, payer=None, payment_method=None, application_date=None)
    text = text_of(render_receipt(replace(receipt, receipts=(bare,), beneficiary=None)))
    assert "non comunicata" in text
    for label in ("Versante", "Beneficiario", "Strumento", "applicazione"):
        assert label not in text


@pytest.mark.parametrize(
    ("language", "label", "amount"),
    [
        ("it", "Pagamento parziale: importo che manca", "500,00 Euro. L’Ente Creditore indicherà come completare."),
        ("en", "Part payment: amount missing", "500.00 Euro. The payee will say how to complete it."),
    ],
)
def test_a_part_payment_says_what_is_missing(receipt, paid_receipt, text_of, language, label, amount) -> None:
    short = replace(receipt, language=language, receipts=(replace(paid_receipt, missing_cents=50_000),))
    text = text_of(render_receipt(short))
    assert label in text
    assert amount in text
    assert label not in text_of(render_receipt(replace(receipt, language=language)))


@pytest.mark.parametrize(("count", "sheets"), [(2, 1), (5, 3)])
def test_every_receipt_of_a_practice_paid_more_than_once_is_listed(
    receipt, paid_receipt, text_of, boxes_of, count, sheets
):
    receipts = tuple(
        replace(paid_receipt, receipt_id=f"iur-number-{number}", duplicate=number > 0) for number in range(count)
    )
    pdf = render_receipt(replace(receipt, receipts=receipts))
    text = text_of(pdf)
    assert [f"iur-number-{number}" in text for number in range(count)] == [True] * count
    assert text.count("Pagamento ulteriore") == count - 1
    pages = boxes_of(pdf)
    assert text.count("Pagina ") == len(pages) == sheets
    assert f"Pagina 1 di {sheets}" in text
    for page in pages:
        assert max(box.bottom for box in page) < 297


def test_the_document_has_a_title_and_a_language(receipt, tmp_path):
    file = tmp_path / "quietanza.pdf"
    file.write_bytes(render_receipt(receipt))
    document: Any = pypdf.PdfReader(file)
    assert document.metadata.title == "Quietanza di pagamento 3010 0000 0000 0001 44"
    assert document.root_object["/Lang"] == "it"


def test_the_same_receipt_has_the_same_bytes_and_is_small(receipt):
    pdf = render_receipt(receipt)
    assert pdf == render_receipt(receipt)
    assert len(pdf) <= 60_000


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_people_are_called_nothing_overlaps_or_leaves_the_page(receipt, paid_receipt, boxes_of, data):
    def text(size):
        letters = st.characters(codec="utf-8", exclude_categories=["Cs"])
        return data.draw(
            st.sampled_from(["W" * size, "Maria " * (size // 6)]) | st.text(letters, min_size=1, max_size=size)
        )

    paid = replace(
        paid_receipt,
        psp=text(140),
        receipt_id=text(35),
        payment_method=text(35),
        payer=Party("W" * 16, text(70)),
        amount_cents=99_999_999_999,
        duplicate=data.draw(st.booleans()),
        shares=(Share(99_999_999_999, "W" * 11, text(140)),) * data.draw(st.sampled_from([0, 2, 5])),
        subject=data.draw(st.none() | st.just("W" * 140)),
    )
    content = replace(
        receipt,
        language=data.draw(st.sampled_from(["it", "en"])),
        subject=text(140),
        payee=replace(receipt.payee, name=text(140), office=text(140)),
        debtor=Party("W" * 16, text(70), (text(88), text(90))),
        beneficiary=text(70),
        receipts=(paid,) * data.draw(st.integers(1, 4)),
    )
    pdf = render_receipt(content)
    assert ua_checker.validate_pdf_bytes(pdf, profile="ua1").is_compliant
    for page in boxes_of(pdf):
        for box in page:
            assert 9.5 <= box.left <= box.right <= 200.5, box
            assert 5 <= box.top <= box.bottom <= 297, box
        overlapping = [pair for pair in combinations(page, 2) if pair[0].overlaps(pair[1], tolerance=0.35)]
        assert not overlapping
