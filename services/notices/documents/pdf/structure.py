"""The logical structure of a tagged PDF: what a screen reader hears, in reading order (ISO 32000-1 section 14.8).

reportlab draws pages and writes objects but knows no structure; this adds the tree to its document. Every piece of a
page is either one element of the tree (named on the page by its MCID) or an artifact, which nobody reads out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFObject

ARTIFACT: Final = "/Artifact BMC"
END: Final = "EMC"

Box = tuple[float, float, float, float]

_XMP: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language><pdfuaid:part>1</pdfuaid:part>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


@dataclass(eq=False)
class _Element(PDFObject):
    tag: str
    parent: "_Element | _Root"
    attributes: str = ""
    page: int = 0
    mcid: int | None = None
    annotation: Any = None
    children: list["_Element"] = field(default_factory=list)

    def format(self, document: Any) -> bytes:
        if self.mcid is None:
            kids, page = " ".join(_number(document, child) for child in self.children), ""
        else:
            kids, page = str(self.mcid), f"/Pg {_number(document, document.Pages.pages[self.page])}"
        if self.annotation is not None:
            kids += f"<</Type/OBJR/Obj {_number(document, self.annotation)}>>"
        parent = _number(document, self.parent)
        return f"<</S/{self.tag}/P {parent}{page}{self.attributes}/K[{kids}]>>".encode()


@dataclass(eq=False)
class _Root(PDFObject):
    children: list[_Element] = field(default_factory=list)
    pages: list[list[_Element]] = field(default_factory=list)
    links: list[_Element] = field(default_factory=list)

    def format(self, document: Any) -> bytes:
        kids = " ".join(_number(document, child) for child in self.children)
        parents = [f"[{' '.join(_number(document, element) for element in page)}]" for page in self.pages]
        parents += [_number(document, link) for link in self.links]
        numbered = " ".join(f"{number} {parent}" for number, parent in enumerate(parents))
        return (
            f"<</Type/StructTreeRoot/K[{kids}]/ParentTree<</Nums[{numbered}]>>/ParentTreeNextKey {len(parents)}>>"
        ).encode()


@dataclass(eq=False)
class _Metadata(PDFObject):
    """The XMP packet, as it is: reportlab's stream would name an empty list of filters, where readers stumble."""

    packet: bytes
    __RefOnly__ = 1

    def format(self, _document: Any) -> bytes:
        head = f"<</Type/Metadata/Subtype/XML/Length {len(self.packet)}>>\nstream\n"
        return head.encode() + self.packet + b"\nendstream\n"


class Structure:
    """The tree of one document while it is being drawn."""

    def __init__(self) -> None:
        self._root = _Root()
        self._group = _Element("Document", self._root)
        self._root.children.append(self._group)
        self.turn()

    def turn(self) -> None:
        """Begin a page."""
        self._root.pages.append([])

    @contextmanager
    def group(self, tag: str, language: str | None = None) -> Iterator[None]:
        """Put what is marked meanwhile under one element, in `language` where it is another than the document's."""
        outer = self._group
        self._group = _Element(tag, outer, f"/Lang({language})" if language else "")
        outer.children.append(self._group)
        yield
        self._group = outer

    def link(self, annotation: PDFDictionary) -> None:
        """Make the element marked last the one that stands for a link annotation."""
        element = self._root.pages[-1][-1]
        element.annotation = annotation
        self._root.links.append(element)

    def mark(self, tag: str, *, alternative: str = "", box: Box | None = None) -> str:
        """Return the operator that begins the content of a new element; END ends it.

        A figure has its text `alternative` and its `box` on the page in points.
        """
        attributes = f"/Alt {_text_string(alternative)}" if alternative else ""
        if box:
            attributes += "/A<</O/Layout/BBox[{:.2f} {:.2f} {:.2f} {:.2f}]>>".format(*box)
        marked = self._root.pages[-1]
        element = _Element(tag, self._group, attributes, len(self._root.pages) - 1, len(marked))
        marked.append(element)
        self._group.children.append(element)
        return f"/{tag} <</MCID {element.mcid}>> BDC"

    def write(self, document: Any, *, title: str, language: str) -> None:
        """Add the tree and the metadata of PDF/UA to reportlab's `document`, whose pages are complete."""
        document.Catalog.StructTreeRoot = self._root
        document.Catalog.MarkInfo = PDFDictionary({"Marked": "true"})
        document.Catalog.Metadata = _Metadata(_XMP.format(title=escape(title), language=language).encode())
        for number, page in enumerate(document.Pages.pages):
            page.__Defaults__ = {**page.__Defaults__, "StructParents": number, "Tabs": PDFName("S")}
        for number, link in enumerate(self._root.links, start=len(self._root.pages)):
            link.annotation["StructParent"] = number


def spoken(operators: str, language: str) -> str:
    """Mark a part of an element's content as being in `language`, another than the document's."""
    return f"/Span <</Lang({language})>> BDC {operators} {END}"


def read_as(operators: str, text: str) -> str:
    """Mark letters drawn in another order or form than they are read in: readers take `text` instead."""
    return f"/Span <</ActualText {_text_string(text)}>> BDC {operators} {END}"


def _number(document: Any, item: Any) -> str:
    """Return the object's number as `12 0 R`, giving it one where it has none yet."""
    text: bytes = document.Reference(item).format(document)
    return text.decode()


def _text_string(text: str) -> str:
    return f"<FEFF{text.encode('utf-16-be').hex()}>"
