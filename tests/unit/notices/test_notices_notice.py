import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import combinations
from typing import Any

import page as ua_checker
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notices.documents.domain.content import DatedAmount, Party
from services.notices.documents.domain.payment_codes import POSTAL_AMOUNT_MAX_CENTS, postal_text, qr_text
from services.notices.documents.pdf.fonts import printable
from services.notices.documents.pdf.formats import amount_text
from services.notices.documents.pdf.notice import render_notice
from services.notices.documents.pdf.protocol import write_content
from services.notices.documents.pdf.render import render
from tests.unit.notices.variants import every_variant

MAX_FILE_BYTES = 60_000


def slip_text(content):
    return postal_text(
        notice_number=content.payment.notice_number,
        account=content.postal.number,
        amount_cents=content.payment.amount_cents,
        creditor_fiscal_code=content.payee.fiscal_code,
        debtor_fiscal_code=content.recipient.fiscal_code or "",
        debtor_name=content.recipient.full_name,
        description=content.subject,
    )


def qr_of(content):
    payment = content.payment
    return qr_text(payment.notice_number, content.payee.fiscal_code, payment.amount_cents)


@pytest.mark.parametrize("language", ["it", "en"])
def test_both_codes_read_back_as_the_strings_of_the_specification(notice, codes_in, language):
    content = replace(notice, language=language)
    assert codes_in(render_notice(content)) == {"QR Code": qr_of(content), "Data Matrix": slip_text(content)}


def test_a_notice_without_a_postal_account_has_the_qr_code_alone(notice, codes_in, text_of):
    pdf = render_notice(replace(notice, postal=None))
    assert list(codes_in(pdf)) == ["QR Code"]
    assert "BOLLETTINO" not in text_of(pdf)


def test_the_italian_page_says_number_amount_and_due_date(notice, text_of):
    text = text_of(render_notice(notice))
    for words in (
        "4700 0000 8800 9990 51",
        "1.500,00 Euro",
        "Rata unica entro il 31/12/2024",
        "QUANTO E QUANDO PAGARE?",
    ):
        assert words in text


def test_the_english_page_says_number_amount_and_due_date(notice, text_of):
    text = text_of(render_notice(replace(notice, language="en")))
    for words in ("4700 0000 8800 9990 51", "1,500.00 Euro", "Full amount Due Date 31/12/2024", "HOW MUCH AND WHEN"):
        assert words in text


def test_without_a_due_date_the_page_does_not_speak_of_one(notice, text_of):
    text = text_of(render_notice(replace(notice, payment=replace(notice.payment, due_date=None))))
    assert "QUANTO PAGARE?" in text
    assert "entro il" not in text


def test_an_instalment_is_called_by_its_number(notice, text_of):
    text = text_of(render_notice(replace(notice, payment=replace(notice.payment, instalment=5))))
    assert "Rata 5 entro il 31/12/2024" in text
    assert "Rata unica" not in text


def test_asterisks_in_a_name_are_printed(notice, text_of):
    masked = Party("RSS*********562S", "M**** R****")
    text = text_of(render_notice(replace(notice, recipient=masked, payee=replace(notice.payee, name="Ente ** Prova"))))
    assert "M**** R****" in text
    assert "sul sito di Ente ** Prova" in text


def test_the_document_has_title_language_and_author(notice):
    document = opened(render_notice(replace(notice, language="en")))
    assert document.metadata.title == "Payment Notice 4700 0000 8800 9990 51"
    assert document.metadata.author == "Comune di Test"
    assert document.root_object["/Lang"] == "en"
    assert document.root_object["/ViewerPreferences"]["/DisplayDocTitle"]


def test_only_subsets_of_the_four_fonts_are_embedded(notice):
    document = opened(render_notice(notice))
    fonts = document.pages[0]["/Resources"]["/Font"].values()
    embedded = {font["/BaseFont"].split("+")[1] for font in fonts if "/FontFile2" in font.get("/FontDescriptor", {})}
    assert embedded == {"TitilliumWeb-Regular", "TitilliumWeb-Bold", "RobotoMono-Regular", "RobotoMono-Bold"}


@pytest.mark.parametrize(
    "name", ["single with slips", "three in it and de", "single with a picture", "receipt of a cart"]
)
def test_the_same_content_has_the_same_bytes_in_another_process_in_another_year(notice, receipt, name):
    program = (
        "import sys, time; time.time = lambda: 4_102_444_800.5;"
        "from services.notices.documents.pdf.protocol import read_content;"
        "from services.notices.documents.pdf.render import render;"
        "sys.stdout.buffer.write(render(read_content(sys.stdin.buffer.read())))"
    )
    content = every_variant(notice, receipt)[name]
    other = subprocess.run(
        [sys.executable, "-c", program],
        input=write_content(content),
        env={**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    render_notice(replace(notice, subject="Another one first"))
    assert render(content) == other.stdout


def opened(pdf: bytes) -> Any:
    return pypdf.PdfReader(BytesIO(pdf))


def letters_of(text):
    return "".join(text.replace("-", "").split())


def spaced(alphabet, size):
    return st.text(alphabet, min_size=1, max_size=size).map(lambda text: text.strip() or "x")


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZàèéìòùçñäöüßšžđłőŁÅÆØ'’-./,:()&*  WWWiii"
ANY = st.characters(codec="utf-8", exclude_categories=["Cs"])


@st.composite
def contents(draw, base, alphabet):
    """Anything that the limits of the contracts let through."""
    address = st.lists(spaced(alphabet, 88), max_size=3).map(tuple)
    cents = draw(st.integers(1, 99_999_999_999))
    due = draw(st.none() | st.dates(date(2020, 1, 1), date(2099, 12, 31)))
    payment = replace(base.payment, amount_cents=cents, due_date=due, instalment=draw(st.none() | st.integers(1, 120)))
    postal = replace(base.postal, holder=draw(spaced(alphabet, 50)))
    return replace(
        base,
        language=draw(st.sampled_from(["it", "en"])),
        subject=draw(spaced(alphabet, 140)),
        payee=replace(
            base.payee,
            name=draw(spaced(alphabet, 140)),
            office=draw(st.none() | spaced(alphabet, 140)),
            info=draw(st.none() | spaced(alphabet, 150)),
            has_website=draw(st.booleans()),
            cbill=draw(st.none() | st.just("CBI1234")),
        ),
        recipient=Party(draw(st.none() | st.just("RSSMRA85T10A562S")), draw(spaced(alphabet, 70)), draw(address)),
        payment=payment,
        postal=postal if draw(st.booleans()) and cents <= POSTAL_AMOUNT_MAX_CENTS else None,
    )


@settings(max_examples=25, deadline=None)
@given(data=st.data(), alphabet=st.sampled_from([LETTERS, "W", ANY]))
def test_whatever_people_are_called_nothing_overlaps_or_leaves_the_page(notice, boxes_of, text_of, data, alphabet):
    content = data.draw(contents(notice, alphabet))
    pdf = render_notice(content)
    assert len(pdf) <= MAX_FILE_BYTES
    assert ua_checker.validate_pdf_bytes(pdf, profile="ua1").is_compliant
    (page,) = boxes_of(pdf)
    for box in page:
        assert box.left >= 9.5, box
        assert box.right <= 200.5, box
        assert box.top >= 5, box
        assert box.bottom <= 290, box
    for one, other in combinations(page, 2):
        assert not one.overlaps(other, tolerance=0.35), (one, other)
    # The reader drops hyphens at the end of a line.
    name, text = printable(content.recipient.full_name, "Titillium-Bold"), text_of(pdf)
    assert letters_of(name) in letters_of(text)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_whatever_people_are_called_the_codes_read_back(notice, codes_in, data):
    content = data.draw(contents(notice, LETTERS))
    expected = {"QR Code": qr_of(content)}
    if content.postal:
        expected["Data Matrix"] = slip_text(content)
    assert codes_in(render_notice(content)) == expected


def test_the_longest_of_everything_at_once_still_fits(notice, boxes_of):
    content = replace(
        notice,
        subject="W" * 140,
        payee=replace(notice.payee, name="W" * 140, office="W" * 140, info="W" * 320),
        recipient=Party("W" * 16, "W" * 70, ("W" * 88, "W" * 90, "DE")),
        payment=replace(notice.payment, amount_cents=POSTAL_AMOUNT_MAX_CENTS),
        postal=replace(notice.postal, holder="W" * 140),
    )
    (page,) = boxes_of(render_notice(content))
    assert not [pair for pair in combinations(page, 2) if pair[0].overlaps(pair[1], tolerance=0.35)]


CHANGING = (
    DatedAmount(7_000, until=date(2027, 3, 6)),
    DatedAmount(10_000, since=date(2027, 3, 7), until=date(2027, 4, 30)),
    DatedAmount(10_501, since=date(2027, 5, 1), grows=True),
)


SAID = {
    "it": (
        "Quanto si paga cambia con i giorni: 70,00 Euro fino al 06/03/2027; 100,00 Euro dal 07/03/2027 al"
        " 30/04/2027; 105,01 Euro il 01/05/2027 e poi ogni giorno di più per gli interessi."
    ),
    "en": (
        "What is to be paid changes with the days: 70.00 Euro until 06/03/2027; 100.00 Euro from 07/03/2027 to"
        " 30/04/2027; 105.01 Euro on 01/05/2027 and then more with each day of interest."
    ),
}


@pytest.mark.parametrize("language", SAID)
def test_an_amount_that_changes_with_the_days_says_what_is_due_until_when(notice, text_of, codes_in, language):
    content = replace(notice, language=language, payment=replace(notice.payment, amount_cents=7_000, amounts=CHANGING))
    pdf = render_notice(content)
    assert SAID[language] in " ".join(text_of(pdf).split())
    assert codes_in(pdf) == {"QR Code": qr_of(content), "Data Matrix": slip_text(content)}


@pytest.mark.parametrize("language", ["it", "en", "de", "fr", "sl"])
@pytest.mark.parametrize(
    "periods",
    [
        (DatedAmount(7_000, reduced_days=5), DatedAmount(10_000)),
        (DatedAmount(7_000, until=date(2027, 3, 6)), DatedAmount(10_000, since=date(2027, 3, 7))),
        (DatedAmount(10_501, grows=True),),
    ],
)
def test_each_kind_of_change_has_words_in_each_language(notice, text_of, language, periods):
    payment = replace(notice.payment, amounts=periods)
    pages = text_of(render_notice(replace(notice, language=language, payment=payment)))
    for period in periods:
        assert amount_text(period.amount_cents, language).replace("\u202f", " ") in pages.replace("\u202f", " ")


def test_a_second_language_says_it_too(notice, text_of):
    content = replace(notice, second_language="de", payment=replace(notice.payment, amounts=CHANGING))
    pages = " ".join(text_of(render_notice(content)).split())
    assert "Quanto si paga cambia con i giorni" in pages
    assert "Der zu zahlende Betrag ändert sich mit den Tagen" in pages
