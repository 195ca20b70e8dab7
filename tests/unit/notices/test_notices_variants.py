"""Every variant of the notice: instalments in columns and over pages, with slips, in five languages, in two at once."""

import re
import subprocess
import unicodedata
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from shutil import which

import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notices.documents.domain.content import NoticeContent, Party, Verification
from services.notices.documents.domain.payment_codes import postal_text, qr_text
from services.notices.documents.pdf.notice import render_notice
from services.notices.documents.pdf.render import render
from tests.unit.notices.conftest import instalments
from tests.unit.notices.variants import LINK, NAMES, every_variant

LANGUAGES = ("it", "en", "de", "fr", "sl")
SLIPS_PER_PAGE = {0: [], 2: [2], 3: [3], 4: [2, 2], 9: [3, 3, 3], 13: [3, 3, 3, 2, 2]}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZàèéìòùçñäöüßšžđłőŁÅÆØ'’-./,:()&*  WWWiii"


def variant(notice, count, *, single, slips, **changes):
    content = replace(notice, instalments=instalments(count), **changes)
    content = content if single else replace(content, payment=None)
    return content if slips else replace(content, postal=None)


def expected_codes(content):
    payee, recipient = content.payee.fiscal_code, content.recipient
    codes = {qr_text(payment.notice_number, payee, payment.amount_cents) for payment in content.payments}
    for payment in content.payments if content.postal else ():
        codes.add(
            postal_text(
                notice_number=payment.notice_number,
                account=content.postal.number,
                amount_cents=payment.amount_cents,
                creditor_fiscal_code=payee,
                debtor_fiscal_code=recipient.fiscal_code or "",
                debtor_name=recipient.full_name,
                description=content.subject,
            )
        )
    return codes


def all_codes(pdf):
    zxing = pytest.importorskip("zxingcpp")
    pages = (page.render(scale=300 / 72).to_pil() for page in pypdfium2.PdfDocument(pdf))
    # Lines of letters may pass for a bar code, and the page has none.
    kinds = (zxing.BarcodeFormat.QRCode, zxing.BarcodeFormat.DataMatrix)
    return {code.text for page in pages for code in zxing.read_barcodes(page, formats=kinds)}


SHAPES = [
    pytest.param(count, single, slips, id=f"{count}{' and single' * single}{' with slips' * slips}")
    for count in (2, 3, 4, 9, 13)
    for single in (True, False)
    for slips in (True, False)
]


@pytest.mark.parametrize("name", NAMES)
def test_in_no_variant_is_anything_overlapping_outside_of_the_page_or_too_small_to_read(
    notice, receipt, boxes_of, name
):
    content = every_variant(notice, receipt)[name]
    pdf = render(content)
    pages = boxes_of(pdf)
    check_boxes(pages)
    codes = sum(box.text == "(code)" for page in pages for box in page)
    assert codes == len(getattr(content, "payments", ())) * (2 if getattr(content, "postal", None) else 1)
    with pikepdf.open(BytesIO(pdf)) as document:
        sizes = {float(size) for page in document.pages for size in font_sizes(page)}
    # Five points is the seal of the postal circuit, a picture.
    assert min(sizes - {5}) >= 6


def font_sizes(page):
    instructions = pikepdf.parse_content_stream(page, "Tf")
    return [instruction.operands[1] for instruction in instructions]


@pytest.mark.parametrize(("count", "single", "slips"), SHAPES)
def test_every_instalment_has_its_codes_and_nothing_overlaps_or_leaves_the_page(notice, boxes_of, count, single, slips):
    content = variant(notice, count, single=single, slips=slips)
    pdf = render_notice(content)
    assert all_codes(pdf) == expected_codes(content)
    check_boxes(boxes_of(pdf))


@pytest.mark.parametrize(("count", "pages"), [(2, 1), (3, 1), (4, 2), (12, 2), (13, 3)])
def test_three_instalments_stand_on_the_first_page_and_nine_on_each_further_one(notice, count, pages):
    content = variant(notice, count, single=False, slips=False)
    assert len(pypdfium2.PdfDocument(render_notice(content))) == pages


@pytest.mark.parametrize(("count", "pages"), [(2, 2), (3, 2), (4, 3), (9, 4)])
def test_with_slips_every_page_after_the_first_has_three_instalments_at_most(notice, count, pages):
    content = variant(notice, count, single=True, slips=True)
    assert len(pypdfium2.PdfDocument(render_notice(content))) == pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_words_and_the_slip_stays_italian(notice, text_of, boxes_of, language):
    title = {
        "it": "AVVISO DI PAGAMENTO",
        "en": "PAYMENT NOTICE",
        "de": "ZAHLUNGSMITTEILUNG",
        "fr": "AVIS DE PAIEMENT",
        "sl": "OBVESTILO O PLAČILU",
    }
    content = variant(notice, 3, single=True, slips=True, language=language)
    pdf = render_notice(content)
    text = text_of(pdf)
    assert title[language] in text
    assert "BOLLETTINO POSTALE PA" in text
    assert "Rata unica entro il 31/12/2024" in text
    check_boxes(boxes_of(pdf))


@pytest.mark.parametrize("second", LANGUAGES[1:])
@pytest.mark.parametrize("count", [0, 3])
def test_the_second_language_stands_beside_the_first(notice, text_of, boxes_of, second, count):
    content = variant(notice, count, single=True, slips=not count, second_language=second)
    pdf = render_notice(content)
    text = text_of(pdf)
    assert "QUANTO E QUANDO PAGARE?" in text
    assert {"en": "Payee", "de": "Körperschaft", "fr": "Organisme créancier", "sl": "Upnik"}[second] in text
    check_boxes(boxes_of(pdf))
    assert all_codes(pdf) == expected_codes(content)


def test_instalments_without_due_dates_do_not_speak_of_one(notice, text_of):
    content = replace(notice, payment=None, postal=None, instalments=instalments(3, due=False))
    text = text_of(render_notice(content))
    assert "QUANTO PAGARE?" in text
    assert not re.search("entro il", text, re.IGNORECASE)


def test_the_link_to_verify_is_printed_on_every_page(notice):
    content = variant(notice, 13, single=False, slips=False, verification=Verification("ABCD-EFGH-JKMN", LINK))
    pages = pypdfium2.PdfDocument(render_notice(content))
    assert len(pages) == 3
    for page in pages:
        assert LINK in page.get_textpage().get_text_bounded().replace("\r\n", "")


@pytest.mark.parametrize("name", [name for name in NAMES if "receipt" not in name])
def test_zbar_and_libdmtx_read_every_code_of_every_variant(notice, receipt, tmp_path, name):
    for tool in ("zbarimg", "dmtxread", "pdftoppm"):
        if which(tool) is None:
            pytest.skip(f"no {tool}")
    content = every_variant(notice, receipt)[name]
    assert isinstance(content, NoticeContent)
    (tmp_path / "notice.pdf").write_bytes(render_notice(content))
    qr_codes: set[str] = set()
    matrices: set[str] = set()
    for page in rasterized(tmp_path, "page", "-r", "150"):
        qr_codes |= run("zbarimg", "-q", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", page)
    # libdmtx searches a whole page for seconds: it gets the strip in which the slips have their code, and is told how
    # many there are, so that it need not look on until a time is over.
    strip = ("-r", "200", "-x", "1346", "-W", "260", "-y", "0", "-H", "2339")
    for page, count in zip(rasterized(tmp_path, "strip", *strip), matrices_per_page(content), strict=True):
        matrices |= run("dmtxread", "-n", f"-N{count}", page) if count else set()
    assert qr_codes | matrices == expected_codes(content)
    assert len(qr_codes) == len(content.payments)


def rasterized(folder, name, *options):
    subprocess.run(["pdftoppm", "-gray", *options, "notice.pdf", name], cwd=folder, check=True)
    return sorted(folder.glob(f"{name}-*.pgm"))


def run(*command):
    return set(subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines())


def matrices_per_page(content):
    """A slip for the single payment on the first page, two or three instalments on each further one with theirs."""
    pages = len(pypdfium2.PdfDocument(render_notice(content)))
    if not content.postal:
        return [0] * pages
    if content.penalty:
        return [1, 1]
    return [int(content.payment is not None), *SLIPS_PER_PAGE[len(content.instalments)]]


def check_boxes(pages):
    for page in pages:
        for box in page:
            assert box.left >= 9.5, box
            assert box.right <= 201, box
            assert box.top >= 5, box
            assert box.bottom <= 291, box
        for one, other in combinations(page, 2):
            assert not one.overlaps(other, tolerance=0.35) or is_mark(one) or is_mark(other), (one, other)


def is_mark(box):
    """Return whether it is a sign that stands over, under or in a letter of an alphabet that is shaped."""
    kinds = {unicodedata.category(character) for character in box.text}
    return kinds <= {"Co", "Mn"} and box.right - box.left < 3


def spaced(size):
    return st.text(LETTERS, min_size=1, max_size=size).map(lambda text: text.strip() or "x")


@st.composite
def contents(draw, base):
    """Any shape, language and length that the contracts let through."""
    count = draw(st.sampled_from([0, 2, 3, 5, 9]))
    language = draw(st.sampled_from(LANGUAGES))
    second = draw(st.none() | st.sampled_from([other for other in LANGUAGES if other != language]))
    cents = draw(st.integers(1, 9_999_999_999))
    due = draw(st.booleans())
    payment = replace(base.payment, amount_cents=cents, due_date=base.payment.due_date if due else None)
    several = tuple(replace(item, amount_cents=cents) for item in instalments(count, due=due))
    return replace(
        base,
        language=language,
        second_language=second,
        subject=draw(spaced(140)),
        payee=replace(base.payee, name=draw(spaced(140)), cbill=draw(st.none() | st.just("CBI1234"))),
        recipient=Party("RSSMRA85T10A562S", draw(spaced(70)), ("Via Roma 1", "00100 Roma (RM)")),
        payment=payment if not count or draw(st.booleans()) else None,
        instalments=several,
        postal=replace(base.postal, holder=draw(spaced(140))) if draw(st.booleans()) else None,
        verification=Verification("ABCD-EFGH-JKMN", LINK),
    )


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_is_owed_in_whatever_language_nothing_overlaps_and_every_code_reads(notice, boxes_of, data):
    content = data.draw(contents(notice))
    pdf = render_notice(content)
    check_boxes(boxes_of(pdf))
    assert all_codes(pdf) == expected_codes(content)
