"""Rows that grow, columns and amounts as pagoPA's own templates have them; places in mm, measured on their prints."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pytest

from services.notices.documents.domain.content import NoticeContent
from services.notices.documents.pdf import pagination
from services.notices.documents.pdf.notice import render_notice
from tests.unit.notices.conftest import Box, instalments
from tests.unit.notices.test_notices_variants import all_codes, check_boxes, expected_codes
from tests.unit.notices.words import texts_at, words_of

LONG_SUBJECT = (
    "Contributo per la refezione scolastica dell'anno 2026/2027 per le scuole primarie, con il servizio di trasporto"
    " e di doposcuola"
)
LONG_NAME = "Unione dei Comuni Montani della Valle del Fiume Grande e dei Laghi Minori"


def with_slips(notice: NoticeContent, count: int, **changes: Any) -> NoticeContent:
    return replace(notice, instalments=instalments(count), **changes)


def without_slips(notice: NoticeContent, count: int, **changes: Any) -> NoticeContent:
    return replace(notice, instalments=instalments(count), postal=None, **changes)


def place(page: list[Box], text: str, which: int = 0) -> tuple[float, float]:
    """Left edge and lowest ink of a text, the first one or another."""
    found = texts_at(page, text)
    assert len(found) > which, (text, found)
    return found[which].left, found[which].bottom


def letters_of(page: pikepdf.Page) -> set[float]:
    return {float(one.operands[1]) for one in pikepdf.parse_content_stream(page, "Tf")}


def test_two_instalments_with_slips_say_in_both_boxes_what_for_and_to_whom(notice):
    _, page = words_of(render_notice(with_slips(notice, 2)))
    for column, left in enumerate((10.0, 111.0)):
        for text, bottom in (
            ("Oggetto del pagamento", 101.7),
            ("Avviso Pagamento di TEST", 105.6),
            ("Ente Creditore", 110.3),
            ("Comune di Test", 114.3),
            ("Inquadra il codice QR con la tua app di pagamento o usa i dati sopra", 122.5),
        ):
            # Above both boxes the subject stands once more, as the title.
            which = column + (text == "Avviso Pagamento di TEST")
            assert place(page, text, which) == pytest.approx((left, bottom), abs=1)
    for which, bottom in enumerate((136.0, 206.9)):
        assert place(page, "BOLLETTINO POSTALE PA", which) == pytest.approx((10.2, bottom), abs=1)


def test_every_instalment_says_what_for_and_to_whom_but_where_three_have_their_slips(notice):
    for count in range(2, 10):
        pages = words_of(render_notice(without_slips(notice, count)))
        assert sum(len(texts_at(page, "Oggetto del pagamento")) for page in pages) == count + 1
        assert sum(len(texts_at(page, "Comune di Test")) for page in pages) >= count + 1


@pytest.mark.parametrize(
    ("count", "first", "further"),
    [
        (2, 2, []),
        (3, 3, []),
        (4, 2, [2]),
        (5, 2, [3]),
        (6, 2, [2, 2]),
        (7, 3, [2, 2]),
        (8, 2, [3, 3]),
        (9, 3, [3, 3]),
    ],
)
def test_instalment_columns_are_those_of_the_official_service(notice, count, first, further):
    pages = words_of(render_notice(without_slips(notice, count)))
    assert len(pages) == 1 + bool(further)
    assert rows_on(pages[0]) == [first]
    assert [columns for page in pages[1:] for columns in rows_on(page)] == further


@pytest.mark.parametrize(
    ("count", "pages"),
    [
        (2, [2]),
        (3, [3]),
        (4, [2, 2]),
        (5, [2, 3]),
        (6, [3, 3]),
        (7, [3, 2, 2]),
        (8, [2, 3, 3]),
        (9, [3, 3, 3]),
        (10, [3, 3, 2, 2]),
        (11, [2, 3, 3, 3]),
    ],
)
def test_with_slips_each_page_has_the_columns_of_the_official_service(notice, count, pages):
    _, *further = words_of(render_notice(with_slips(notice, count)))
    assert [rows_on(page) for page in further] == [[columns] for columns in pages]
    slips = [len(texts_at(page, "BOLLETTINO POSTALE PA")) for page in further]
    assert slips == pages


def rows_on(page: list[Box]) -> list[int]:
    """How many instalments each row has, by the bars that say `Rata 1`."""
    bars = [round(box.bottom) for number in range(1, 20) for box in texts_at(page, f"Rata {number}") if box.left < 150]
    return [bars.count(bottom) for bottom in sorted(set(bars))]


@pytest.mark.parametrize("count", range(1, 200))
def test_no_page_mixes_twos_and_threes_and_none_is_lost(count):
    assert (
        sum(pagination.rows(count)) == sum(pagination.rows_with_slips(count)) == sum(pagination.pairs(count)) == count
    )
    assert set(pagination.rows_with_slips(count)) <= ({1} if count == 1 else {2, 3})
    further = pagination.rows(count)[1:]
    assert len(set(further)) < 2 or count > pagination.SERVICE_MAX


def test_without_department_everything_below_moves_up_as_in_the_template(notice):
    usual = words_of(render_notice(notice))[0]
    without = words_of(render_notice(replace(notice, payee=replace(notice.payee, office=None))))[0]
    assert place(without, "Info di Test")[1] - place(usual, "Info di Test")[1] == pytest.approx(-4.76, abs=0.3)
    for text in ("QUANTO E QUANDO PAGARE?", "DATI PER IL PAGAMENTO", "Cod CBILL", "BOLLETTINO POSTALE PA", "P1"):
        (_, above), (_, below) = place(usual, text), place(without, text)
        assert above - below == pytest.approx(3.97, abs=0.3), text


def test_without_department_and_contacts_the_address_alone_holds_the_rows_open(notice):
    usual = words_of(render_notice(notice))[0]
    without = words_of(render_notice(replace(notice, payee=replace(notice.payee, office=None, info=None))))[0]
    (_, above), (_, below) = place(usual, "DATI PER IL PAGAMENTO"), place(without, "DATI PER IL PAGAMENTO")
    assert above - below == pytest.approx(3.97, abs=0.3)
    nobody = replace(notice.recipient, address=())
    bare = replace(notice, recipient=nobody, payee=replace(notice.payee, office=None, info=None))
    assert place(words_of(render_notice(bare))[0], "DATI PER IL PAGAMENTO")[1] == pytest.approx(above - 9.74, abs=0.3)


@pytest.mark.parametrize("slips", [True, False])
@pytest.mark.parametrize("count", [0, 2, 3, 5])
def test_where_the_template_grows_a_row_letters_stay_as_large_as_it_has_them(notice, count, slips):
    """The usual notice has the template's sizes; none of a long one is smaller, in the notice and in the slips."""
    make = with_slips if slips else without_slips
    usual = pikepdf.open(BytesIO(render_notice(make(notice, count))))
    payee = replace(
        notice.payee, name=LONG_NAME, office="Settore Politiche Scolastiche, Educative e Giovanili dell'Unione"
    )
    long = make(notice, count, subject=LONG_SUBJECT, payee=payee)
    if long.postal:
        long = replace(long, postal=replace(long.postal, holder=LONG_NAME))
    pdf = render_notice(long)
    grown = pikepdf.open(BytesIO(pdf))
    sizes = set().union(*(letters_of(page) for page in usual.pages))
    assert set().union(*(letters_of(page) for page in grown.pages)) <= sizes


def test_a_name_of_two_lines_moves_down_everything_below_it(notice):
    usual = words_of(render_notice(notice))[0]
    long = words_of(render_notice(replace(notice, payee=replace(notice.payee, name=LONG_NAME, has_website=False))))[0]
    for text in ("Settore di Test", "Via Nazionale 1", "QUANTO E QUANDO PAGARE?", "DATI PER IL PAGAMENTO", "P1"):
        (_, above), (_, below) = place(usual, text), place(long, text)
        assert below - above == pytest.approx(5.95, abs=0.3), text


def test_three_slips_that_grow_leave_room_for_two_to_a_page(notice):
    content = with_slips(notice, 3, subject=LONG_SUBJECT)
    pages = words_of(render_notice(content))
    assert [len(texts_at(page, "BOLLETTINO POSTALE PA")) for page in pages] == [1, 2, 1]
    assert all_codes(render_notice(content)) == expected_codes(content)


def penalty(notice: NoticeContent, **changes: Any) -> NoticeContent:
    content = replace(
        notice, payment=None, instalments=instalments(2), penalty=True, subject="Verbale C.D.S. Prot. 20039749"
    )
    return replace(content, **changes)


def test_a_penalty_offers_the_reduced_amount_within_five_days_and_the_full_one_within_sixty(notice, boxes_of):
    content = penalty(notice, postal=None)
    pdf = render_notice(content)
    (page,) = words_of(pdf)
    for text, left, bottom in (
        ("Importo scontato del 30%", 10.0, 106.7),
        ("100,01 Euro", 10.0, 113.9),
        ("entro 5 giorni", 10.0, 119.3),
        ("Importo ridotto", 57.0, 106.4),
        ("100,02 Euro", 57.0, 113.9),
        ("dal 6º al 60º giorno", 57.0, 119.3),
        ("Come si calcolano le scadenze?", 16.0, 130.5),
        ("Cosa succede in caso di giacenza?", 16.0, 144.4),
        ("Scegli l'importo corretto", 17.7, 168.3),
        ("IMPORTO SCONTATO DEL 30%", 10.2, 178.1),
        ("entro 5 giorni dalla notifica", 159.6, 178.7),
        ("3010 0000 0000 0000 01", 94.2, 225.2),
        ("IMPORTO RIDOTTO", 10.2, 235.1),
        ("dal 6º al 60º giorno dalla notifica", 150.4, 235.7),
        ("3010 0000 0000 0000 02", 94.2, 282.1),
    ):
        found = texts_at(page, text)
        assert any((box.left, box.bottom) == pytest.approx((left, bottom), abs=1) for box in found), (text, found)
    assert all_codes(pdf) == expected_codes(content)
    check_boxes(boxes_of(pdf))


def test_a_penalty_with_slips_has_a_page_for_each_amount(notice, boxes_of):
    content = penalty(notice)
    pdf = render_notice(content)
    reduced, full = words_of(pdf)
    for page, amount, title, when in (
        (reduced, "100,01", "IMPORTO SCONTATO DEL 30%", "entro 5 giorni dalla notifica"),
        (full, "100,02", "IMPORTO RIDOTTO", "dal 6º al 60º giorno dalla notifica"),
    ):
        assert place(page, f"{amount} Euro") == pytest.approx((10.2, 109.4), abs=1)
        assert place(page, title) == pytest.approx((10.2, 171.0), abs=1)
        assert [box.bottom for box in texts_at(page, when) if box.left > 100] == pytest.approx([171.5, 230.5], abs=1)
        assert place(page, "BOLLETTINO POSTALE PA") == pytest.approx((10.2, 230.0), abs=1)
        assert not texts_at(page, "Rata 1")
    assert all_codes(pdf) == expected_codes(content)
    check_boxes(boxes_of(pdf))


@pytest.mark.parametrize("slips", [True, False])
@pytest.mark.parametrize("language", ["it", "en", "de", "fr", "sl"])
@pytest.mark.parametrize("second", [None, "it", "de", "fr"])
def test_a_penalty_in_any_language_with_long_names_overlaps_nowhere(notice, boxes_of, slips, language, second):
    content = penalty(
        notice,
        language=language,
        second_language=second if second != language else None,
        subject=LONG_SUBJECT,
        payee=replace(notice.payee, name=LONG_NAME),
        postal=notice.postal if slips else None,
    )
    pdf = render_notice(content)
    check_boxes(boxes_of(pdf))
    assert len(pypdfium2.PdfDocument(pdf)) == (2 if slips or content.second_language else 1)
