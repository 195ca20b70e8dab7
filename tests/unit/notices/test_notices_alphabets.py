"""Names in whatever letters people have: in their own on the page, in Latin ones where a counter must read them."""

import csv
import io
import re
import unicodedata
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont
from reportlab.pdfgen.canvas import Canvas

from services.notices.documents.domain.content import Party
from services.notices.documents.domain.payment_codes import postal_charset
from services.notices.documents.pdf.fonts import (
    BOLD,
    REGULAR,
    fonts_dir,
    in_reading_direction,
    latin,
    printable,
    show,
    spelt,
    width_pt,
)
from services.notices.documents.pdf.notice import render_notice
from services.notices.documents.pdf.text_layout import Paragraph, fit
from tests.unit.notices.words import texts_at, words_of

CASES = Path(__file__).parents[4] / "shared" / "cases"
ALPHABETS = {
    "Greek": ("Γεώργιος Παπαδόπουλος", "NotoSans-Bold"),
    "Cyrillic": ("Владимир Їжакевич", "NotoSans-Bold"),
    "Arabic": ("محمد عبد الله", "NotoSansArabic-Bold"),
    "Hebrew": ("יוסף בן דוד", "NotoSansHebrew-Bold"),
    "Han": ("王小明", "NotoSansSC-Bold"),
    "Kana": ("やまだ タロウ", "NotoSansSC-Bold"),
    "Hangul": ("김민수", "NotoSansKR-Bold"),
    "Ethiopic": ("ተስፋዬ ኃይሌ", "NotoSansEthiopic-Bold"),
    "Armenian": ("Արամ Խաչատրյան", "NotoSansArmenian-Bold"),
    "Georgian": ("ნინო ბერიძე", "NotoSansGeorgian-Bold"),
    "Vietnamese": ("Nguyễn Thị Phượng", "NotoSans-Bold"),
}


@pytest.mark.parametrize(
    ("name", "ascii_name"),
    [
        ("Đorđe Łukasz", "DORDE LUKASZ"),
        ("Ørsted Þóra", "ORSTED THORA"),
        ("Æneas Œuvre", "AENEAS OEUVRE"),
        ("Weiß Ħal Ŋ", "WEISS HAL NG"),
        ("Iğdır Ðuro", "IGDIR DURO"),
        ("Владимир Жуков", "VLADIMIR ZHUKOV"),
        ("Γεώργιος", "GEORGIOS"),
        ("王小明", "WANGXIAOMING"),
        ("김민수", "GIMMINSU"),
        ("Niccolò D’Àlia – 3º", "NICCOLO D'ALIA - 3O"),
        ("e\u0301te\u0301", "ETE"),
        ("عمر", "'MR"),
        ("Mario 😀 Rossi", "MARIO   ROSSI"),
        ("Verbale № 5 del 2²", "VERBALE NO 5 DEL 22"),
        ("ﬁrma ｄｉ 3½ ㎏", "FIRMA DI 31/2 KG"),
        ("“10 €” — ‘Straße’", "\"10 E\" - 'STRASSE'"),
    ],
)
def test_letters_are_transliterated_in_the_data_matrix(name, ascii_name):
    assert postal_charset(name) == ascii_name


@pytest.mark.parametrize("first", range(0xA0, 0x3000, 0x100))
def test_the_data_matrix_carries_upper_case_ascii_alone(first):
    assert re.fullmatch(r"[ -`{-~]*", postal_charset("".join(map(chr, range(first, first + 0x100)))))


def test_the_slip_keeps_the_letters_it_has_and_transliterates_the_others(notice):
    name = "Đorđe Владимир 王小明"
    content = replace(notice, recipient=Party("ZZZZZZ80A01Z219Z", name))
    (page,) = words_of(render_notice(content))
    assert texts_at(page, "Destinatario Đorđe Vladimir WangXiaoMing")
    assert latin("Nguyễn Thị", BOLD) == "Nguyen Thi"
    assert latin("José Müller", BOLD) == "José Müller"


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_letters_the_fonts_lack_are_printed_with_an_embedded_subset_of_noto(notice, alphabet):
    name, font = ALPHABETS[alphabet]
    pdf = render_notice(replace(notice, recipient=Party(None, name)))
    assert "?" not in printable(name, REGULAR)
    with pikepdf.open(BytesIO(pdf)) as document:
        fonts = document.pages[0].Resources.Font
        embedded = {str(one.BaseFont)[8:]: one for one in fonts.values()}
        assert "/FontFile2" in embedded[font].FontDescriptor
    assert len(pdf) < 200_000
    # The letters that were drawn, in whichever order and form, are those of the name.
    page = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert set(spelt("".join(name.split()))) <= set(spelt(page))


def test_arabic_is_joined_and_runs_from_right_to_left_and_is_read_out_as_it_is_spelt(notice):
    name = "محمد علي"
    drawn = in_reading_direction(printable(name, BOLD))
    # alef maqsura's neighbours: the last letter stands first, each in the form its place in the word gives it.
    assert [f"{ord(letter):04X}" for letter in drawn if letter != " "] == [
        "FEF2",
        "FEE0",
        "FECB",
        "FEAA",
        "FEE4",
        "FEA4",
        "FEE3",
    ]
    with pikepdf.open(BytesIO(render_notice(replace(notice, recipient=Party(None, name))))) as document:
        content = document.pages[0].Contents.read_bytes().decode("latin-1")
    assert f"/Span <</ActualText <FEFF{name.encode('utf-16-be').hex()}>>> BDC" in content


def test_what_stands_in_latin_letters_is_drawn_as_before_and_loads_no_other_font(notice):
    with pikepdf.open(BytesIO(render_notice(notice))) as document:
        names = {str(one.BaseFont) for one in document.pages[0].Resources.Font.values()}
    assert not [name for name in names if "Noto" in name]


SHAPED = {
    "Devanagari": "अनिल शर्मा",
    "Bengali": "সুমন চক্রবর্তী",
    "Gurmukhi": "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "Gujarati": "ક્રિષ્ણા",
    "Oriya": "ଓଡ଼ିଆ କୃଷ୍ଣ",
    "Tamil": "கொடுங்கோல்",
    "Telugu": "తెలుగు క్రిష్ణ",
    "Kannada": "ಕನ್ನಡ ಕೃಷ್ಣ",
    "Malayalam": "മലയാളം ക്ഷേത്രം",
    "Sinhala": "ශ්\u200dරී කුමාර",
    "Thai": "ที่นี่ น้ำใจ",
    "Lao": "ສະບາຍດີ ຂ້ອຍ",
    "Myanmar": "မြန်မာ ကျော်",
    "Khmer": "ខ្មែរ ស្រី",
}


@pytest.mark.parametrize("alphabet", SHAPED)
def test_letters_that_change_place_and_form_are_drawn_as_another_program_draws_them(alphabet):
    words = SHAPED[alphabet].split()
    for word in words:
        ours, theirs = ink(drawn_by_us(word)), ink(drawn_by_freetype(word, f"NotoSans{alphabet}_700Bold"))
        assert abs(ours.width - theirs.width) <= 3, word
        assert abs(ours.height - theirs.height) <= 3, word
        assert likeness(ours, theirs) > 0.8, word


@pytest.mark.parametrize("alphabet", SHAPED)
def test_shaped_letters_are_embedded_and_read_out_as_they_are_spelt(notice, alphabet):
    name = SHAPED[alphabet]
    pdf = render_notice(replace(notice, recipient=Party(None, name)))
    with pikepdf.open(BytesIO(pdf)) as document:
        embedded = {str(one.BaseFont)[8:]: one for one in document.pages[0].Resources.Font.values()}
        assert "/FontFile2" in embedded[f"NotoSans{alphabet}-Bold"].FontDescriptor
        content = document.pages[0].Contents.read_bytes().decode("latin-1")
    assert f"/Span <</ActualText <FEFF{spelt(name).encode('utf-16-be').hex()}>>> BDC" in content
    assert len(pdf) < 200_000


def test_a_joiner_makes_letters_grow_together_and_leaves_without_them():
    with_it, without = "ශ්\u200dරී", "ශ්රී"
    assert width_pt(printable(with_it, BOLD), BOLD, 10) < width_pt(printable(without, BOLD), BOLD, 10)
    assert printable("Ma\u200drio", BOLD) == "Mario"


def test_a_long_word_breaks_in_front_of_a_letter_never_of_its_mark():
    word = printable("ที่นี่น้ำใจ" * 12, REGULAR)
    pieces = [span.text for spans in fit([Paragraph(word, 0, 40, 5)], 200) for span in spans]
    assert len(pieces) > 1
    assert "".join(pieces) == word
    assert not [piece for piece in pieces if unicodedata.category(piece[0])[0] == "M"]


@pytest.mark.parametrize(("name", "printed"), [("བོད་ཡིག", "Bod-yig"), ("ᠮᠣᠩᠭᠣᠯ", "Monggol")])
def test_the_alphabets_without_a_font_here_are_written_in_latin_letters_never_misspelt(name, printed):
    assert printable(name, REGULAR) == printed


def drawn_by_us(word: str) -> Image.Image:
    file = BytesIO()
    canvas = Canvas(file, pagesize=(400, 100))
    operators = " ".join(show(printable(word, BOLD), BOLD, 40, canvas._doc))
    canvas.addLiteral(f"BT 1 0 0 1 20 40 Tm {operators} ET")
    canvas.save()
    drawn: Image.Image = pypdfium2.PdfDocument(file.getvalue())[0].render(scale=2).to_pil()
    return drawn.convert("L")


def drawn_by_freetype(word: str, font: str) -> Image.Image:
    page = Image.new("L", (800, 200), 255)
    family = ImageFont.truetype(fonts_dir() / f"{font}.ttf", 80, layout_engine=ImageFont.Layout.RAQM)
    ImageDraw.Draw(page).text((40, 120), word, fill=0, font=family, anchor="ls")
    return page


def ink(page: Image.Image) -> Image.Image:
    dark = page.point(lambda shade: 255 if shade < 128 else 0)
    return dark.crop(dark.getbbox())


def likeness(one: Image.Image, other: Image.Image) -> float:
    other = other.resize(one.size)
    both = ImageChops.logical_and(one.convert("1"), other.convert("1"))
    either = ImageChops.logical_or(one.convert("1"), other.convert("1"))
    return both.histogram()[255] / either.histogram()[255]


def test_the_case_of_foreign_letters_prints_without_blanks_or_question_marks(notice):
    file = CASES / "b24-foreign-letters.csv"
    if not file.exists():
        pytest.skip(f"no case at {file}")
    text = file.read_text()
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text.splitlines()[0] else ","))
    assert rows
    for row in rows:
        for value in filter(None, row.values()):
            letters = [one for one in value if one.isalpha()]
            assert "?" not in printable(value, REGULAR).replace("?", "", value.count("?"))
            assert len(re.sub("[^A-Z]", "", postal_charset(value))) >= len(letters)
