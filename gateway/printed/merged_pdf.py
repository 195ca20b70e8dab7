"""One PDF out of many, sent while it is put together; pages, structure and titles of each document are kept.

Libraries that merge hold every document until they save, and lose the structure tree on the way. This copies a
document at a time, object by object, and forgets it: what stays is some hundred bytes of each (ISO 32000-1 section 7.5:
pages, structure and bookmarks of a document hang on nodes of its own, which the last objects of the file list).

For documents as notices makes them: no forms, no encryption, page attributes on the pages themselves.
"""

import hashlib
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from itertools import accumulate, islice
from typing import Final
from xml.sax.saxutils import escape

import pikepdf

from gateway.printed.pdf_objects import ObjectWriter, ReachableObjects, text_string

_CATALOG, _PAGES, _STRUCTURE, _WHOLE, _PARENTS, _OUTLINES, _INFO = range(1, 8)
"""Numbers of the objects that stand last, in one object stream; then that stream and the metadata."""
_LAST_STREAM: Final = 8
_METADATA: Final = 9
_FIRST_FREE: Final = 10

_XMP: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title><pdfuaid:part>1</pdfuaid:part>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def merged(documents: Iterable[bytes], title: str, *, two_sided: bool = False) -> Iterator[bytes]:
    """Yield one PDF, called `title`, holding all `documents`, one at least.

    With `two_sided` an empty page fills the last sheet of each document, so that no sheet holds two of them.
    The same documents always give the same bytes. Raises ValueError where there is no document, pikepdf.PdfError where
    one is none.
    """
    file = _MergedFile(title, two_sided=two_sided)
    coming = iter(documents)
    current = next(coming, None)
    if current is None:
        raise ValueError("nothing to merge")
    yield file.begin()
    while current is not None:
        following = next(coming, None)
        yield file.add(current, is_last=following is None)
        current = following
    yield file.end()


class _MergedFile:
    """The file being written, and what must be remembered until its end: numbers only."""

    def __init__(self, title: str, *, two_sided: bool) -> None:
        self._title = title
        self._two_sided = two_sided
        self._language = ""
        self._position = 0
        self._digest = hashlib.sha256()
        self._next = _FIRST_FREE
        self._next_mark = 0
        self._page_count = 0
        # Of each document: its node among the pages, among the parents, its bookmark, its part of the structure.
        self._page_nodes, self._parent_nodes, self._bookmarks, self._parts = (array("Q") for _ in range(4))
        # Of each document: how many objects its object stream holds, how many streams it has; where all of these begin.
        self._held, self._streams, self._offsets = (array("Q") for _ in range(3))

    def begin(self) -> bytes:
        return self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def add(self, content: bytes, *, is_last: bool) -> bytes:
        with pikepdf.open(BytesIO(content)) as pdf:
            return b"".join(self._copy(pdf, is_last=is_last))

    def _copy(self, pdf: pikepdf.Pdf, *, is_last: bool) -> Iterator[bytes]:
        """Yield the document's objects: in one object stream its nodes and all that is no stream, then the streams."""
        tree = pdf.Root.StructTreeRoot
        (part,) = tree.K
        part.S, part.Lang = pikepdf.Name.Part, pdf.Root.Lang
        found = ReachableObjects(stops=(pdf.Root.Pages.objgen, tree.objgen))
        found.reach([*(page.obj for page in pdf.pages), part])
        page_node, parent_node, bookmark = range(self._next, self._next + 3)
        empty_page = bookmark + 1 if self._two_sided and len(pdf.pages) % 2 else None
        first = (empty_page or bookmark) + 1
        numbers = {one: number for number, one in enumerate(found.plain, start=first)}
        stream_number = first + len(numbers)
        numbers |= {one: number for number, one in enumerate(found.streams, start=stream_number + 1)}
        self._next = stream_number + 1 + len(found.streams)
        writer = ObjectWriter({**numbers, pdf.Root.Pages.objgen: page_node, tree.objgen: _WHOLE}, self._next_mark)
        following = None if is_last else self._next + bookmark - page_node
        plain = [
            self._page_node(writer, pdf, empty_page),
            self._parent_node(writer, tree),
            self._bookmark(writer, pdf, following),
            *([_empty_page(pdf, page_node)] if empty_page else ()),
            *(writer.value(one, is_top=True) for one in found.plain.values()),
        ]
        self._page_count += len(pdf.pages) + (1 if empty_page else 0)
        self._language = self._language or str(pdf.Root.Lang)
        self._page_nodes.append(page_node)
        self._parent_nodes.append(parent_node)
        self._bookmarks.append(bookmark)
        self._parts.append(numbers[part.objgen])
        self._held.append(len(plain))
        self._streams.append(1 + len(found.streams))
        self._offsets.append(self._position)
        yield self._object_stream(stream_number, page_node, plain)
        for object_id, one in found.streams.items():
            self._offsets.append(self._position)
            yield self._stream(numbers[object_id], writer.entries(one), one.read_raw_bytes())

    def _page_node(self, writer: ObjectWriter, pdf: pikepdf.Pdf, empty_page: int | None) -> str:
        kids = [writer.value(page.obj) for page in pdf.pages]
        kids += [f"{empty_page} 0 R"] if empty_page else []
        return f"<</Type/Pages/Parent {_PAGES} 0 R/Count {len(kids)}/Kids[{' '.join(kids)}]>>"

    def _parent_node(self, writer: ObjectWriter, tree: pikepdf.Object) -> str:
        first, entries = self._next_mark, pikepdf.NumberTree(tree.ParentTree)
        numbered = " ".join(f"{first + key} {writer.value(entries[key])}" for key in sorted(entries))
        self._next_mark += int(tree.ParentTreeNextKey)
        return f"<</Limits[{first} {self._next_mark - 1}]/Nums[{numbered}]>>"

    def _bookmark(self, writer: ObjectWriter, pdf: pikepdf.Pdf, following: int | None) -> str:
        page, title = writer.value(pdf.pages[0].obj), text_string(str(pdf.docinfo.Title))
        before = f"/Prev {self._bookmarks[-1]} 0 R" if self._bookmarks else ""
        after = f"/Next {following} 0 R" if following else ""
        return f"<</Title {title}/Parent {_OUTLINES} 0 R/Dest[{page}/XYZ null null null]{before}{after}>>"

    def end(self) -> bytes:
        metadata_at = self._position
        packet = _XMP.format(title=escape(self._title)).encode()
        written = self._stream(_METADATA, "/Type/Metadata/Subtype/XML", packet)
        last_at = self._position
        written += self._object_stream(_LAST_STREAM, _CATALOG, self._last_objects())
        own_at = self._position
        rows = _compressed(self._rows(last_at, metadata_at, own_at))
        identity = self._digest.hexdigest()[:32]
        entries = (
            f"/Type/XRef/Size {self._next + 1}/W[1 6 2]/Root {_CATALOG} 0 R/Info {_INFO} 0 R"
            f"/ID[<{identity}><{identity}>]/Filter/FlateDecode"
        )
        written += self._stream(self._next, entries, rows)
        return written + self._write(f"startxref\n{own_at}\n%%EOF\n".encode())

    def _last_objects(self) -> list[str]:
        """Write what lists all documents, in the order of the numbers at the top."""
        catalog = (
            f"<</Type/Catalog/Pages {_PAGES} 0 R/StructTreeRoot {_STRUCTURE} 0 R/Outlines {_OUTLINES} 0 R"
            f"/Metadata {_METADATA} 0 R/MarkInfo<</Marked true>>/Lang {text_string(self._language)}"
            "/ViewerPreferences<</DisplayDocTitle true>>/PageMode/UseOutlines>>"
        )
        ends = f"/First {self._bookmarks[0]} 0 R/Last {self._bookmarks[-1]} 0 R"
        return [
            catalog,
            f"<</Type/Pages/Count {self._page_count}/Kids[{_references(self._page_nodes)}]>>",
            f"<</Type/StructTreeRoot/K[{_WHOLE} 0 R]/ParentTree {_PARENTS} 0 R/ParentTreeNextKey {self._next_mark}>>",
            f"<</S/Document/P {_STRUCTURE} 0 R/K[{_references(self._parts)}]>>",
            f"<</Kids[{_references(self._parent_nodes)}]>>",
            f"<</Type/Outlines/Count {len(self._parts)}{ends}>>",
            f"<</Title {text_string(self._title)}>>",
        ]

    def _rows(self, last_at: int, metadata_at: int, own_at: int) -> Iterator[bytes]:
        """Yield where each object is, by its number: in which stream and place, or at which byte."""
        yield _row(0, 0, 65_535)
        yield from (_row(2, _LAST_STREAM, place) for place in range(_LAST_STREAM - _CATALOG))
        yield _row(1, last_at, 0)
        yield _row(1, metadata_at, 0)
        number, offsets = _FIRST_FREE, iter(self._offsets)
        for held, streams in zip(self._held, self._streams, strict=True):
            number += held
            yield from (_row(2, number, place) for place in range(held))
            yield from (_row(1, offset, 0) for offset in islice(offsets, streams))
            number += streams
        yield _row(1, own_at, 0)

    def _object_stream(self, number: int, first: int, bodies: Sequence[str]) -> bytes:
        """Write objects numbered from `first` on as one compressed stream (section 7.5.7)."""
        starts = accumulate((len(body) + 1 for body in bodies), initial=0)
        head = " ".join(f"{first + place} {start}" for place, start in zip(range(len(bodies)), starts, strict=False))
        content = "\n".join((head, *bodies)).encode("latin-1")
        entries = f"/Type/ObjStm/N {len(bodies)}/First {len(head) + 1}/Filter/FlateDecode"
        return self._stream(number, entries, zlib.compress(content))

    def _stream(self, number: int, entries: str, content: bytes) -> bytes:
        head = f"{number} 0 obj\n<<{entries}/Length {len(content)}>>\nstream\n"
        return self._write(head.encode("latin-1") + content + b"\nendstream\nendobj\n")

    def _write(self, content: bytes) -> bytes:
        self._position += len(content)
        self._digest.update(content)
        return content


def _empty_page(pdf: pikepdf.Pdf, page_node: int) -> str:
    size = " ".join(str(side) for side in pdf.pages[0].mediabox)
    return f"<</Type/Page/Parent {page_node} 0 R/MediaBox[{size}]/Resources<<>>/Tabs/S>>"


def _references(numbers: Iterable[int]) -> str:
    return " ".join(f"{number} 0 R" for number in numbers)


def _compressed(pieces: Iterable[bytes]) -> bytes:
    """Compress a million rows without holding them."""
    packer = zlib.compressobj()
    return b"".join(filter(None, map(packer.compress, pieces))) + packer.flush()


def _row(kind: int, where: int, place: int) -> bytes:
    return kind.to_bytes(1, "big") + where.to_bytes(6, "big") + place.to_bytes(2, "big")
