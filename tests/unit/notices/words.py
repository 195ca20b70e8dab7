"""Every word on the pages of a document, and where its ink is."""

import pypdfium2

from tests.unit.notices.conftest import MM, Box


def words_of(pdf: bytes) -> list[list[Box]]:
    """Every word, page by page, with the box of its ink in mm; apostrophes made straight, no full stop at its end."""
    return [_words_on(page) for page in pypdfium2.PdfDocument(pdf)]


def _words_on(page: pypdfium2.PdfPage) -> list[Box]:
    text, height = page.get_textpage(), page.get_height()
    found: list[Box] = []
    is_open = False
    for index in range(text.count_chars()):
        character = text.get_text_range(index, 1)
        if not character.strip():
            is_open = False
            continue
        left, bottom, right, top = text.get_charbox(index)
        ink = Box(character, left / MM, (height - top) / MM, right / MM, (height - bottom) / MM)
        # A word that follows at once, in another line or column, has no space before it.
        if is_open and -3 < ink.left - found[-1].right < 3 and abs(ink.bottom - found[-1].bottom) < 2.5:
            found[-1] = joined(found[-1], ink)
        else:
            found.append(ink)
        is_open = True
    return [Box(box.text.replace("’", "'").rstrip("."), box.left, box.top, box.right, box.bottom) for box in found]


def joined(word: Box, letter: Box) -> Box:
    return Box(
        word.text + letter.text,
        min(word.left, letter.left),
        min(word.top, letter.top),
        max(word.right, letter.right),
        max(word.bottom, letter.bottom),
    )


def texts_at(page: list[Box], text: str) -> list[Box]:
    """Find the words of a text where they stand on one line; each found one as a box of them all."""
    wanted = text.split()
    found = []
    for start in range(len(page) - len(wanted) + 1):
        words = page[start : start + len(wanted)]
        if [word.text for word in words] == wanted:
            box = words[0]
            for word in words[1:]:
                box = joined(box, word)
            found.append(Box(text, box.left, box.top, box.right, box.bottom))
    return found
