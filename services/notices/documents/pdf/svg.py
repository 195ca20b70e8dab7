"""Logos in SVG: filled paths and plain shapes, which is what logos are made of. Anything else is refused."""

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree
from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import (
    FILL_EVEN_ODD,
    FILL_NON_ZERO,
    STATE_DEFAULTS,
    Circle,
    Drawing,
    Group,
    Polygon,
    Rect,
    Shape,
)
from reportlab.graphics.svgpath import SvgPath
from reportlab.lib.colors import Color, HexColor, getAllNamedColors

from services.notices.documents.pdf.fonts import REGULAR

# A drawing names reportlab's default font on the page, text or not; only embedded ones may be named.
STATE_DEFAULTS["fontName"] = REGULAR

_SILENT: Final = {"title", "desc", "metadata", "defs"}
_HEX: Final = re.compile("#([0-9a-fA-F]{3}){1,2}")
_NUMBER: Final = re.compile(r"-?\d*\.?\d+(?:[eE][+-]?\d+)?")


class UnsupportedSvg(Exception):
    """The file is not SVG, or holds more than filled paths, rectangles, circles and polygons."""


def read_svg(content: bytes, width_pt: float, height_pt: float) -> Drawing:
    """Make a drawing, in the middle of the box and as large as its proportions allow. Raises UnsupportedSvg."""
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
        if _name(root) != "svg":
            raise UnsupportedSvg(f"the root element is {_name(root)}")
        left, top, wide, high = _view_box(root)
        scale = min(width_pt / wide, height_pt / high)
        x, y = (width_pt - wide * scale) / 2, (height_pt - high * scale) / 2
        placed = Group(transform=(scale, 0, 0, -scale, x - left * scale, y + (high + top) * scale))
        for shape in _shapes(root, "#000000"):
            placed.add(shape)
        return Drawing(width_pt, height_pt, placed)
    except UnsupportedSvg:
        raise
    except Exception as problem:
        raise UnsupportedSvg(f"not readable: {type(problem).__name__}") from problem


def draw_svg(canvas: object, drawing: Drawing, x_pt: float, y_pt: float) -> None:
    """Put a drawing on a reportlab canvas, its lower left corner at (x, y)."""
    renderPDF.draw(drawing, canvas, x_pt, y_pt)


def _view_box(root: etree._Element) -> tuple[float, float, float, float]:
    numbers = _numbers(root.get("viewBox") or f"0 0 {root.get('width')} {root.get('height')}")
    left, top, wide, high = numbers
    return left, top, wide, high


def _shapes(parent: etree._Element, fill: str) -> Iterator[Shape]:
    for element in parent:
        if element.tag is etree.Entity:
            raise UnsupportedSvg("entities are not supported")
        if not isinstance(element.tag, str):
            continue
        name = _name(element)
        own_fill = _fill(element, fill)
        if name in _SILENT:
            continue
        if name == "g":
            group = Group(*_shapes(element, own_fill))
            group.transform = _transform(element)
            yield group
        else:
            shape = _shape(element, name, own_fill)
            if element.get("transform"):
                shape = Group(shape, transform=_transform(element))
            yield shape


def _shape(element: etree._Element, name: str, fill: str) -> Shape:
    look = {"fillColor": _color(fill), "strokeColor": None, "strokeWidth": 0}
    if name == "path":
        rule = FILL_EVEN_ODD if element.get("fill-rule") == "evenodd" else FILL_NON_ZERO
        return SvgPath(element.get("d") or "", fillMode=rule, **look)
    if name == "rect":
        x, y, wide, high = (float(element.get(key) or 0) for key in ("x", "y", "width", "height"))
        return Rect(x, y, wide, high, **look)
    if name == "circle":
        return Circle(*(float(element.get(key) or 0) for key in ("cx", "cy", "r")), **look)
    if name == "polygon":
        return Polygon(_numbers(element.get("points") or ""), **look)
    raise UnsupportedSvg(f"element {name}")


def _fill(element: etree._Element, inherited: str) -> str:
    if element.get("stroke") not in {None, "none"} or element.get("class") or element.get("clip-path"):
        raise UnsupportedSvg("strokes, classes and clips are not supported")
    style = dict(part.split(":", 1) for part in (element.get("style") or "").split(";") if ":" in part)
    return (style.get("fill") or element.get("fill") or inherited).strip()


def _color(fill: str) -> Color | None:
    """Read a colour by its number or name; reportlab's own reader would evaluate it as an expression."""
    if fill == "none":
        return None
    if _HEX.fullmatch(fill):
        digits = fill[1:] if len(fill) == 7 else "".join(2 * digit for digit in fill[1:])
        return HexColor(f"#{digits}")
    name = "black" if fill == "currentColor" else fill.lower()
    if name not in getAllNamedColors():
        raise UnsupportedSvg(f"colour {fill[:20]}")
    return getAllNamedColors()[name]


def _transform(element: etree._Element) -> tuple[float, ...]:
    text = element.get("transform") or ""
    numbers = _numbers(text)
    if not text:
        return (1, 0, 0, 1, 0, 0)
    if text.count("(") == 1 and text.startswith("matrix"):
        return tuple(numbers)
    if text.count("(") == 1 and text.startswith("translate"):
        return (1, 0, 0, 1, numbers[0], numbers[1] if len(numbers) > 1 else 0)
    if text.count("(") == 1 and text.startswith("scale"):
        return (numbers[0], 0, 0, numbers[-1], 0, 0)
    raise UnsupportedSvg(f"transform {text[:20]}")


def _numbers(text: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text)]


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname)
