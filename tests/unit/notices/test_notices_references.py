"""The four official reference documents, word by word: the same words, every edge of every box within 1 mm.

What is known to differ stands in a list of places, each with its reason, and nothing else may. The references are
set in Titillium Sans Pro, for which Titillium Web stands in: the same letters, but figures of one width, so that a line
of figures ends elsewhere; they say an older release of the texts (3.0; ours is 3.2); and they have Poste's marks as
pictures.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.codes import NoticeNumber
from services.notices.documents.domain.content import Artworks, NoticeContent, Party, Payee, Payment, PostalAccount
from services.notices.documents.pdf.notice import render_notice
from tests.unit.notices.conftest import Box
from tests.unit.notices.words import words_of

REFERENCE = Path(__file__).parents[4] / "shared" / "specs" / "avviso" / "reference"
FILES = ("scenario_ft_01.pdf", "scenario_ft_03.pdf", "scenario_ft_09.pdf", "scenario_ft_15.pdf")
SLIPS = {"scenario_ft_03.pdf": [[201.6]], "scenario_ft_15.pdf": [[201.6], [110.3, 171.2, 232.1]]}
"""Upper edges of the postal slips, page by page."""

FIRST_PAGE = (
    Box("sul sito dell'ente, now with the body's name", 131, 108, 187, 112.5),
    Box("the rest of that sentence", 113, 112.5, 187, 117),
    Box("altri Esercenti Convenzionati, now Operatori Abilitati", 136, 133, 172, 137),
    Box("per intero oppure in, now o in", 42, 118, 66, 122),
    Box("the amount's figures", 10, 108, 46, 114),
)
MARKS = (Box("pagoPA's logo", 10, 10, 25, 20),)
ENDING_IN_FIGURES = (Box("due date", 68, 104, 104, 114), Box("until when, in the bar", 140, 142, 201, 147))
"""Against a right edge: there they must end where the reference does."""


def slip_marks(top: float) -> tuple[Box, ...]:
    return (
        Box("BancoPosta", 59, top, 80, top + 7.9),
        Box("Posteitaliane and the seal of the circuit", 10, top + 12, 50, top + 36),
        Box("the euro", 59, top + 12, 68, top + 22),
        Box("the figures of the authorisation", 34, top + 51, 56, top + 63),
    )


def read(file: str) -> NoticeContent:
    """Compose the notice from the reference's own input."""
    inputs = json.loads((REFERENCE / "inputs.json").read_text())
    creditor, debtor, notice = inputs["creditor"], inputs["debtor"], inputs["documents"][file]["notice"]
    return NoticeContent(
        language="it",
        subject=notice["subject"],
        payee=Payee(
            creditor["tax_code"],
            creditor["name"],
            creditor["department"],
            creditor["info"],
            creditor["cbill"],
            has_website=creditor["web_channel"],
        ),
        recipient=Party(
            debtor["tax_code"],
            debtor["full_name"],
            (
                f"{debtor['address']} {debtor['building']}",
                f"{debtor['postal_code']} {debtor['city']} ({debtor['province']})",
            ),
        ),
        payment=payment(notice),
        instalments=tuple(payment(item, number) for number, item in enumerate(notice["installments"], start=1)),
        postal=PostalAccount(creditor["postal_account"], creditor["name"], creditor["postal_authorisation"])
        if file in SLIPS
        else None,
        artworks=Artworks(),
    )


def payment(item: dict[str, Any], instalment: int | None = None) -> Payment:
    due_date = datetime.strptime(item["due_date"], "%d/%m/%Y").date()  # noqa: DTZ007 - a day, nowhere
    return Payment(NoticeNumber(item["code"]), item["amount_cents"], due_date, instalment)


def places(file: str, page: int) -> tuple[list[Box], list[Box]]:
    """Where the words of a page may differ, and where lines may begin elsewhere but must end alike."""
    slips = SLIPS.get(file, [[], []])
    tops = slips[page] if page < len(slips) else []
    differing = [*MARKS, *(FIRST_PAGE if page == 0 else ()), *(mark for top in tops for mark in slip_marks(top))]
    ending = [*(ENDING_IN_FIGURES if page == 0 else ())]
    ending += [Box("until when, on the slip", 140, top, 201, top + 7.9) for top in tops]
    return differing, ending


def is_in(word: Box, areas: list[Box]) -> bool:
    return any(
        area.left <= word.left
        and word.right <= area.right + 0.5
        and area.top <= word.top
        and word.bottom <= area.bottom
        for area in areas
    )


def far(one: Box, other: Box) -> float:
    """Largest distance between two edges of the same side."""
    return max(
        abs(one.left - other.left),
        abs(one.top - other.top),
        abs(one.right - other.right),
        abs(one.bottom - other.bottom),
    )


def take_nearest(word: Box, words: list[Box]) -> Box | None:
    same = [other for other in words if other.text.lower() == word.text.lower()]
    nearest = min(same, key=lambda other: far(word, other), default=None)
    if nearest is None or far(word, nearest) >= 1:
        return None
    words.remove(nearest)
    return nearest


@pytest.mark.parametrize("file", FILES)
def test_the_words_are_those_of_the_official_reference_and_stand_where_it_has_them(file):
    if not REFERENCE.exists():
        pytest.skip(f"no reference documents at {REFERENCE}")
    ours, theirs = words_of(render_notice(read(file))), words_of((REFERENCE / file).read_bytes())
    assert len(ours) == len(theirs)
    for number, (ours_here, theirs_here) in enumerate(zip(ours, theirs, strict=True)):
        differing, ending = places(file, number)
        left_over = [word for word in ours_here if not is_in(word, [*differing, *ending])]
        wanted = [word for word in theirs_here if not is_in(word, [*differing, *ending])]
        assert len(wanted) > 0.75 * len(theirs_here)
        assert [word for word in wanted if take_nearest(word, left_over) is None] == []
        assert left_over == []
        for area in ending:
            our_line = [word for word in ours_here if is_in(word, [area])]
            their_line = [word for word in theirs_here if is_in(word, [area])]
            # The slip of the references says `entro 31/12/2024`, ours what the bar above says.
            assert [word.text for word in our_line if word.text != "il"] == [
                w.text for w in their_line if w.text != "il"
            ]
            assert abs(our_line[-1].right - their_line[-1].right) < 1, area.text
            assert abs(our_line[-1].bottom - their_line[-1].bottom) < 1, area.text
