"""A sheet to draw on, in millimetres from the top left corner; everything is drawn in reading order."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from typing import Final, NamedTuple

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFString
from reportlab.pdfgen.canvas import Canvas

from services.notices.documents.pdf import fonts
from services.notices.documents.pdf.structure import ARTIFACT, END, Structure, read_as, spoken
from services.notices.documents.pdf.svg import draw_svg, read_svg
from services.notices.documents.pdf.symbols import Cells
from services.notices.documents.pdf.text_layout import MM, Paragraph, Span, fit, fit_line

rl_config.useA85 = 0  # binary streams: text armour would add a quarter to every file

WIDTH: Final = 210.0
HEIGHT: Final = 297.0

BLACK: Final = HexColor("#000000")
GREY: Final = HexColor("#7C7C7B")
BAR: Final = HexColor("#ECECEC")
BLUE: Final = HexColor("#0066CC")
WHITE: Final = HexColor("#FFFFFF")

_BOW: Final = 0.552285
"""How far the handles of a quarter circle's curve reach, in radiuses."""

SECOND_SIZE: Final = 8.0
"""Size of the second language beside larger type."""

Point = tuple[float, float]
Piece = tuple[str, str]
"""A text and the name of its font."""


@dataclass(frozen=True)
class Style:
    """What a line is in the structure, its colour, and the same in the second language, set after a dot."""

    tag: str = "P"
    color: HexColor = BLACK
    second: str | None = None
    second_color: HexColor = GREY


PLAIN: Final = Style()


def bar_title(second: str | None = None, tag: str = "H2") -> Style:
    """Style of a heading on a grey bar, both languages in black."""
    return Style(tag, second=second, second_color=BLACK)


class Placed(NamedTuple):
    """Where paragraphs came to stand: the first baseline of each, and the last of all (0 when there are none)."""

    first_baselines: list[float]
    last_baseline: float


@dataclass
class Flow:
    """What a page's contents have grown by: `shift` moves what follows down (up where it is negative).

    `room` is how much more the page can take.
    """

    room: float
    shift: float = 0.0

    def grow(self, by: float) -> None:
        """Note that something took `by` more than the layout has for it; beyond the room it took its own white."""
        by = min(by, self.room)
        self.shift += by
        self.room -= by


class Page:
    """One document being drawn, page after page, tagged as it is drawn. The same calls always give the same bytes.

    Text is a paragraph of the structure unless its style says otherwise; shapes belong to the `figure` or `decoration`
    they are drawn within, and are decoration by themselves. `has_shrunk`: paragraphs had to become smaller to fit.
    """

    def __init__(
        self, *, title: str, author: str, subject: str, language: str, second_language: str | None = None
    ) -> None:
        self._buffer = BytesIO()
        fonts.font(fonts.REGULAR)
        self._canvas = Canvas(
            self._buffer,
            pagesize=(WIDTH * MM, HEIGHT * MM),
            invariant=1,
            pdfVersion=(1, 7),
            pageCompression=1,
            lang=language,
            # reportlab's own, Helvetica, would be named on the page without being embedded.
            initialFontName=fonts.REGULAR,
        )
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setSubject(subject)
        self._canvas.setCreator("Back Office Pagatore")
        self._canvas.setViewerPreference("DisplayDocTitle", "true")
        self._document = self._canvas._doc  # noqa: SLF001 - reportlab's own way to subsets and objects
        self._title, self._language, self._second_language = title, language, second_language
        self._structure = Structure()
        self._mark = ""
        self.has_shrunk = False

    def finish(self) -> bytes:
        """Close the document and return the PDF."""
        self._canvas.showPage()
        self._structure.write(self._document, title=self._title, language=self._language)
        self._canvas.save()
        return self._buffer.getvalue()

    def turn(self) -> None:
        """Start the next page."""
        self._canvas.showPage()
        self._structure.turn()

    @contextmanager
    def section(self, language: str | None = None) -> Iterator[None]:
        """Group what belongs together; `language` where it is another than the document's."""
        with self._structure.group("Sect", language):
            yield

    @contextmanager
    def figure(self, alternative: str, left: float, top: float, width: float, height: float) -> Iterator[None]:
        """Make what is drawn meanwhile one picture, read out as `alternative`."""
        if self._mark:
            yield
            return
        box = (left * MM, (HEIGHT - top - height) * MM, (left + width) * MM, (HEIGHT - top) * MM)
        with self._marked(self._structure.mark("Figure", alternative=alternative, box=box)):
            yield

    @contextmanager
    def decoration(self) -> Iterator[None]:
        """Leave what is drawn meanwhile out of what is read out."""
        with self._marked(ARTIFACT):
            yield

    def line(
        self,
        text: str,
        x: float,
        baseline: float,
        *,
        font: str,
        size: float,
        width: float,
        right: bool = False,
        style: Style = PLAIN,
    ) -> float:
        """Set one line starting (or with `right` ending) at `x`, smaller where `width` asks; return its width."""
        first, fitting_size = fit_line(text, font, size, width)
        taken = fonts.width_pt(first, font, fitting_size) / MM
        pieces = [(Span(first, 0, baseline, font, fitting_size), style.color)]
        if style.second:
            after = fonts.printable(f"· {style.second}", fonts.REGULAR)
            small = min(size, SECOND_SIZE)
            gap = fonts.width_pt(" ", fonts.REGULAR, small) / MM
            needed = taken + gap + fonts.width_pt(after, fonts.REGULAR, small) / MM
            scale = min(1.0, width / needed)
            pieces = [
                (Span(first, 0, baseline, font, fitting_size * scale), style.color),
                (
                    Span(after, (taken + gap) * scale, baseline, fonts.REGULAR, small * scale, grey=True),
                    style.second_color,
                ),
            ]
            taken = needed * scale
        start = x - taken if right else x
        with self._text(style.tag):
            for span, ink in pieces:
                self._show(replace(span, x=start + span.x), ink)
        return taken

    def pieces_to(self, pieces: Sequence[Piece], right: float, baseline: float, *, size: float, width: float) -> None:
        """Set pieces of one line in fonts of their own, a space between them, ending at `right`."""
        spaced = [(f"{text} ", font) for text, font in pieces[:-1]] + list(pieces[-1:])
        drawable = [(fonts.printable(text, font) + " " * text.endswith(" "), font) for text, font in spaced]
        widths = [fonts.width_pt(text, font, size) / MM for text, font in drawable]
        scale = min(1.0, width / sum(widths))
        x = right - sum(widths) * scale
        with self._text("P"):
            for (text, font), taken in zip(drawable, widths, strict=True):
                self._show(Span(text, x, baseline, font, size * scale), BLACK)
                x += taken * scale

    def link(self, text: str, address: str, x: float, baseline: float, *, size: float, width: float) -> None:
        """Set one small line that leads to `address`."""
        taken = self.line(text, x, baseline, font=fonts.REGULAR, size=size, width=width, style=Style("Link"))
        if self._mark:
            return
        bottom = (HEIGHT - baseline) * MM
        annotation = PDFDictionary(
            {
                "Type": PDFName("Annot"),
                "Subtype": PDFName("Link"),
                "Rect": PDFArray([x * MM, bottom - 2, (x + taken) * MM, bottom + size]),
                "Border": PDFArray([0, 0, 0]),
                "F": 4,
                "Contents": PDFString(text),
                "A": PDFDictionary({"S": PDFName("URI"), "URI": PDFString(address)}),
            }
        )
        self._structure.link(annotation)
        self._canvas._addAnnotation(annotation)  # noqa: SLF001 - linkURL makes one without description

    def width_of(self, text: str, *, font: str, size: float, width: float) -> float:
        """Return the width that `line` will take for the same arguments."""
        first, fitting_size = fit_line(text, font, size, width)
        return fonts.width_pt(first, font, fitting_size) / MM

    def fitted(self, paragraphs: Sequence[Paragraph], bottom: float, color: HexColor = BLACK) -> Placed:
        """Set paragraphs above `bottom` by the rule of text_layout.py; empty ones take no room."""
        filled = [paragraph for paragraph in paragraphs if paragraph.text]
        pieces = fit(filled, bottom)
        if any(
            span.size < paragraph.size for paragraph, spans in zip(filled, pieces, strict=True) for span in spans[:1]
        ):
            self.has_shrunk = True
        for spans in pieces:
            with self._text("P"):
                for span in spans:
                    self._show(span, GREY if span.grey else color)
        placed = [spans for spans in pieces if spans]
        return Placed([spans[0].baseline for spans in placed], placed[-1][-1].baseline if placed else 0.0)

    def _show(self, span: Span, color: HexColor) -> None:
        self._fill(color)
        place = f"BT 1 0 0 1 {span.x * MM:.3f} {(HEIGHT - span.baseline) * MM:.3f} Tm"
        visual = fonts.in_reading_direction(span.text)
        text = " ".join((place, *fonts.show(visual, span.font, span.size, self._document), "ET"))
        if fonts.is_drawn_otherwise(span.text) and self._mark != ARTIFACT:
            text = read_as(text, fonts.spelt(span.text))
        if span.grey and self._second_language and self._mark != ARTIFACT:
            text = spoken(text, self._second_language)
        self._canvas.addLiteral(text)

    def _text(self, tag: str) -> AbstractContextManager[None]:
        return nullcontext() if self._mark else self._marked(self._structure.mark(tag))

    def _shape(self) -> AbstractContextManager[None]:
        return nullcontext() if self._mark else self._marked(ARTIFACT)

    @contextmanager
    def _marked(self, operator: str) -> Iterator[None]:
        self._canvas.addLiteral(operator)
        self._mark = operator
        yield
        self._mark = ""
        self._canvas.addLiteral(END)

    def box(self, left: float, top: float, right: float, bottom: float, color: HexColor = BAR) -> None:
        """Fill a rectangle."""
        with self._shape():
            self._fill(color)
            self._canvas.rect(
                left * MM, (HEIGHT - bottom) * MM, (right - left) * MM, (bottom - top) * MM, stroke=0, fill=1
            )

    def cells(self, cells: Cells, left: float, top: float, side: float) -> None:
        """Draw a two-dimensional code as one filled path, `side` wide and high, quiet zone not included."""
        step = side / len(cells) * MM
        runs = " ".join(
            f"{start} {-row - 1} {length} 1 re" for row, line in enumerate(cells) for start, length in _runs(line)
        )
        self._fill(BLACK)
        # In cells, not in points: the path is a third as long.
        self._canvas.addLiteral(f"q {step:.5f} 0 0 {step:.5f} {left * MM:.3f} {(HEIGHT - top) * MM:.3f} cm {runs} f Q")

    def polygon(self, points: Sequence[Point], color: HexColor = BLACK) -> None:
        """Fill a closed shape of straight sides."""
        path = self._canvas.beginPath()
        path.moveTo(*_place(points[0]))
        for point in points[1:]:
            path.lineTo(*_place(point))
        path.close()
        with self._shape():
            self._fill(color)
            self._canvas.drawPath(path, stroke=0, fill=1)

    def stroke(
        self, points: Sequence[Point], thickness: float, color: HexColor = BLACK, *, closed: bool = False
    ) -> None:
        """Draw straight lines from point to point, `thickness` in millimetres."""
        path = self._canvas.beginPath()
        path.moveTo(*_place(points[0]))
        for point in points[1:]:
            path.lineTo(*_place(point))
        if closed:
            path.close()
        with self._shape():
            self._pen(thickness, color)
            self._canvas.drawPath(path, stroke=1, fill=0)

    def circle(
        self, center: Point, radius: float, *, thickness: float = 0, color: HexColor = BLACK, fill: bool = False
    ) -> None:
        """Draw a circle: filled, or as a ring of `thickness`."""
        with self._shape():
            self._pen(thickness, color)
            self._fill(color)
            self._canvas.addLiteral(_circle(*_place(center), radius * MM) + (" f" if fill else " S"))

    def arc(self, center: Point, radius: float, thickness: float, color: HexColor, *, degrees: Point) -> None:
        """Draw the part of a circle from one angle to another, counter-clockwise from three o'clock."""
        x, y = center
        start, end = degrees
        with self._shape():
            self._pen(thickness, color)
            path = self._canvas.beginPath()
            path.arc(*_place((x - radius, y + radius)), *_place((x + radius, y - radius)), start, end - start)
            self._canvas.drawPath(path, stroke=1, fill=0)

    def rounded(self, left: float, top: float, right: float, bottom: float, *, thickness: float) -> None:
        """Draw the outline of a rectangle with rounded corners, white inside."""
        with self._shape():
            self._pen(thickness, BLACK)
            self._fill(WHITE)
            self._canvas.roundRect(
                left * MM, (HEIGHT - bottom) * MM, (right - left) * MM, (bottom - top) * MM, 0.6 * MM, stroke=1, fill=1
            )

    def photo(self, content: bytes, left: float, top: float, width: float, height: float) -> None:
        """Place a JPEG in the middle of a box, as large as its proportions allow."""
        reader = ImageReader(BytesIO(content))
        pixels_wide, pixels_high = reader.getSize()
        scale = min(width / pixels_wide, height / pixels_high)
        wide, high = pixels_wide * scale, pixels_high * scale
        x, y = left + (width - wide) / 2, top + (height - high) / 2
        self._canvas.drawImage(reader, x * MM, (HEIGHT - y - high) * MM, wide * MM, high * MM)

    def svg(self, content: bytes, left: float, top: float, width: float, height: float) -> None:
        """Place an SVG in the middle of a box, cut at its edges. Raises UnsupportedSvg."""
        drawing = read_svg(content, width * MM, height * MM)
        x, y = left * MM, (HEIGHT - top - height) * MM
        self._canvas.saveState()
        edges = self._canvas.beginPath()
        edges.rect(x, y, width * MM, height * MM)
        self._canvas.clipPath(edges, stroke=0, fill=0)
        draw_svg(self._canvas, drawing, x, y)
        self._canvas.restoreState()

    def _fill(self, color: HexColor) -> None:
        self._canvas.addLiteral(f"{_components(color)} rg")

    def _stroke(self, color: HexColor) -> None:
        self._canvas.addLiteral(f"{_components(color)} RG")

    def _pen(self, thickness: float, color: HexColor) -> None:
        self._canvas.setLineWidth(thickness * MM)
        self._stroke(color)


@cache
def _components(color: HexColor) -> str:
    """Write a colour's three parts; reportlab writes them out anew for every line of text."""
    return " ".join(f"{part:.4g}" for part in color.rgb())


@cache
def _circle(x: float, y: float, radius: float) -> str:
    """Write a circle as four curves; most of a notice's stand where those of all the others do."""
    bow = radius * _BOW
    curves = (
        (radius, bow, bow, radius, 0, radius),
        (-bow, radius, -radius, bow, -radius, 0),
        (-radius, -bow, -bow, -radius, 0, -radius),
        (bow, -radius, radius, -bow, radius, 0),
    )
    places = (" ".join(f"{(x, y)[index % 2] + one:.3f}" for index, one in enumerate(curve)) for curve in curves)
    return f"{x + radius:.3f} {y:.3f} m " + " ".join(f"{place} c" for place in places) + " h"


def _place(point: Point) -> Point:
    return point[0] * MM, (HEIGHT - point[1]) * MM


def _runs(line: Sequence[bool]) -> Iterable[tuple[int, int]]:
    """Yield (start, length) of each run of black cells."""
    start = None
    for index, black in enumerate((*line, False)):
        if black and start is None:
            start = index
        elif not black and start is not None:
            yield start, index - start
            start = None
