from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notices.documents.pdf import text_layout
from services.notices.documents.pdf.fonts import BOLD, REGULAR, printable, width_pt
from services.notices.documents.pdf.text_layout import MM, DoesNotFit, Paragraph, Span, fit_line

WORDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x17F), min_size=1, max_size=30)
TEXTS = st.lists(WORDS, min_size=1, max_size=15).map(" ".join)


def fit(paragraphs: list[Paragraph], bottom: float) -> list[Span]:
    return list(chain.from_iterable(text_layout.fit(paragraphs, bottom)))


def letters(text):
    return "".join(text.split())


@given(text=TEXTS, width=st.floats(10, 190))
def test_every_letter_is_set_and_no_line_is_wider_than_its_box(text, width):
    spans = fit([Paragraph(text, 10, width, 20)], bottom=290)
    assert "".join(letters(span.text) for span in spans) == letters(printable(text, REGULAR))
    for span in spans:
        assert width_pt(span.text, span.font, span.size) / MM <= width + 0.05


@given(texts=st.lists(TEXTS, min_size=1, max_size=4), bottom=st.floats(60, 290))
def test_lines_go_down_the_page_and_end_above_the_bottom(texts, bottom):
    paragraphs = [Paragraph(text, 10, 90, 20 + 5 * index, font=BOLD) for index, text in enumerate(texts)]
    baselines = [span.baseline for span in fit(paragraphs, bottom)]
    assert baselines == sorted(baselines)
    assert all(baseline < bottom for baseline in baselines)


def test_text_that_fits_keeps_its_size_and_its_place():
    (span,) = fit([Paragraph("Comune di Test", 10, 90, 62.44, 14, BOLD)], bottom=80)
    assert (span.x, span.baseline, span.size) == (10, 62.44, 14)


def test_a_longer_paragraph_pushes_the_next_one_down_before_anything_shrinks():
    name, office = Paragraph("Conservatorio " * 5, 10, 90, 62, 14, BOLD, leading=6), Paragraph("Office", 10, 90, 66, 12)
    spans = fit([name, office], bottom=90)
    assert {span.size for span in spans} == {14, 12}
    assert spans[-1].baseline > 66


def test_what_is_too_long_for_the_box_shrinks_evenly():
    spans = fit([Paragraph("word " * 40, 10, 60, 20, 12, leading=5), Paragraph("last", 10, 60, 30, 6)], bottom=38)
    sizes = {span.size for span in spans}
    assert len(sizes) == 2
    assert max(sizes) / min(sizes) == pytest.approx(2)
    assert max(sizes) < 12


def test_a_box_for_nothing_is_a_broken_promise():
    with pytest.raises(DoesNotFit):
        fit([Paragraph("word " * 200, 10, 20, 20)], bottom=21)


def test_bold_marks_work_in_our_own_words_only():
    ours = fit([Paragraph("Scan the **QR Code** now", 10, 90, 20, markup=True)], bottom=30)
    assert [(span.text, span.font) for span in ours] == [("Scan the", REGULAR), ("QR Code", BOLD), ("now", REGULAR)]
    (theirs,) = fit([Paragraph("Scan the **QR Code** now", 10, 90, 20)], bottom=30)
    assert theirs.text == "Scan the **QR Code** now"


def test_a_label_stands_before_the_first_line_only():
    spans = fit([Paragraph("long value " * 20, 10, 60, 20, font=BOLD, label="Label")], bottom=80)
    assert spans[0].text == "Label"
    assert {span.x for span in spans[1:]} == {spans[1].x}
    assert spans[1].x > 10


def test_one_line_shrinks_to_its_width():
    text, size = fit_line("999.999.999,99 Euro", BOLD, 16, 40)
    assert size < 16
    assert width_pt(text, BOLD, size) / MM == pytest.approx(40)


def test_letters_without_a_glyph_take_their_plain_form_or_another_font_or_become_a_question_mark():
    assert printable("Ｍａｒｉｏ", REGULAR) == "Mario"
    assert printable("Ма", REGULAR) == "Ма"
    assert printable("\ue000x", REGULAR) == "?x"
    assert printable("Zoe\u0308 \u200bX", REGULAR) == "Zoë X"
