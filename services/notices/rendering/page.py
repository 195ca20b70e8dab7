"""A sheet to draw on, in millimetres from the top left corner; everything is drawn in reading order."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Final

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from services.notices.rendering import fonts
from services.notices.rendering.fitting import MM, Paragraph, Span, fit, fit_line
from services.notices.rendering.svg import draw_svg, read_svg
from services.notices.rendering.symbols import Cells

rl_config.useA85 = 0  # binary streams: text armour would add a quarter to every file

WIDTH: Final = 210.0
HEIGHT: Final = 297.0

BLACK: Final = HexColor("#000000")
GREY: Final = HexColor("#7C7C7B")
BAR: Final = HexColor("#ECECEC")
BLUE: Final = HexColor("#0066CC")
WHITE: Final = HexColor("#FFFFFF")

Point = tuple[float, float]


class Page:
    """One document being drawn, page after page. The same calls always give the same bytes."""

    def __init__(self, *, title: str, author: str, subject: str, language: str) -> None:
        self._buffer = BytesIO()
        self._canvas = Canvas(
            self._buffer, pagesize=(WIDTH * MM, HEIGHT * MM), invariant=1, pageCompression=1, lang=language
        )
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setSubject(subject)
        self._canvas.setCreator("Back Office Pagatore")
        self._canvas.setViewerPreference("DisplayDocTitle", "true")

    def finish(self) -> bytes:
        """Close the document and return the PDF."""
        self._canvas.showPage()
        self._canvas.save()
        return self._buffer.getvalue()

    def turn(self) -> None:
        """Start the next page."""
        self._canvas.showPage()

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
        color: HexColor = BLACK,
    ) -> float:
        """Set one line starting (or with `right` ending) at `x`, smaller where `width` asks; return its width."""
        drawable, fitting_size = fit_line(text, font, size, width)
        taken = fonts.width_pt(drawable, font, fitting_size) / MM
        start = x - taken if right else x
        self.spans([Span(drawable, start, baseline, font, fitting_size)], color)
        return taken

    def fitted(self, paragraphs: Sequence[Paragraph], bottom: float, color: HexColor = BLACK) -> None:
        """Set paragraphs above `bottom` by the rule of fitting.py; empty ones take no room."""
        self.spans(fit([paragraph for paragraph in paragraphs if paragraph.text], bottom), color)

    def spans(self, spans: Iterable[Span], color: HexColor = BLACK) -> None:
        """Draw pieces of text where fitting put them."""
        self._canvas.setFillColor(color)
        document = self._canvas._doc  # noqa: SLF001 - reportlab's own way to the font subsets
        for span in spans:
            place = f"BT 1 0 0 1 {span.x * MM:.3f} {(HEIGHT - span.baseline) * MM:.3f} Tm"
            self._canvas.addLiteral(
                " ".join((place, *fonts.font(span.font).show(span.text, span.size, document), "ET"))
            )

    def box(self, left: float, top: float, right: float, bottom: float, color: HexColor = BAR) -> None:
        """Fill a rectangle."""
        self._canvas.setFillColor(color)
        self._canvas.rect(left * MM, (HEIGHT - bottom) * MM, (right - left) * MM, (bottom - top) * MM, stroke=0, fill=1)

    def cells(self, cells: Cells, left: float, top: float, side: float) -> None:
        """Draw a two-dimensional code as one filled path, `side` wide and high, quiet zone not included."""
        step = side / len(cells) * MM
        runs = " ".join(
            f"{start} {-row - 1} {length} 1 re" for row, line in enumerate(cells) for start, length in _runs(line)
        )
        self._canvas.setFillColor(BLACK)
        # In cells, not in points: the path is a third as long.
        self._canvas.addLiteral(f"q {step:.5f} 0 0 {step:.5f} {left * MM:.3f} {(HEIGHT - top) * MM:.3f} cm {runs} f Q")

    def polygon(self, points: Sequence[Point], color: HexColor = BLACK) -> None:
        """Fill a closed shape of straight sides."""
        path = self._canvas.beginPath()
        path.moveTo(*_place(points[0]))
        for point in points[1:]:
            path.lineTo(*_place(point))
        path.close()
        self._canvas.setFillColor(color)
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
        self._pen(thickness, color)
        self._canvas.drawPath(path, stroke=1, fill=0)

    def circle(
        self, center: Point, radius: float, *, thickness: float = 0, color: HexColor = BLACK, fill: bool = False
    ) -> None:
        """Draw a circle: filled, or as a ring of `thickness`."""
        self._pen(thickness, color)
        self._canvas.setFillColor(color)
        self._canvas.circle(*_place(center), radius * MM, stroke=int(not fill), fill=int(fill))

    def arc(self, center: Point, radius: float, thickness: float, color: HexColor, *, degrees: Point) -> None:
        """Draw the part of a circle from one angle to another, counter-clockwise from three o'clock."""
        x, y = center
        start, end = degrees
        self._pen(thickness, color)
        path = self._canvas.beginPath()
        path.arc(*_place((x - radius, y + radius)), *_place((x + radius, y - radius)), start, end - start)
        self._canvas.drawPath(path, stroke=1, fill=0)

    def rounded(self, left: float, top: float, right: float, bottom: float, *, thickness: float) -> None:
        """Draw the outline of a rectangle with rounded corners, white inside."""
        self._pen(thickness, BLACK)
        self._canvas.setFillColor(WHITE)
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

    def _pen(self, thickness: float, color: HexColor) -> None:
        self._canvas.setLineWidth(thickness * MM)
        self._canvas.setStrokeColor(color)


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
