"""A settlement flow as a file: XML 1.0.4 or 1.0.5, as it is, in base64, or as the one entry of a ZIP."""

import base64
import binascii
import io
import re
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from lxml import etree

from contracts.error_details import TooLarge, Unreadable
from contracts.errors import ErrorCode, Refused
from services.payments import hostile_xml
from services.payments.domain.node_time import read_day, read_moment
from services.payments.domain.settlements import Flow, FlowRow, LargeFlow, Outcome, UnreadRow

_NS: Final = "http://www.digitpa.gov.it/schemas/2011/Pagamenti/"
_IUV: Final = f"{{{_NS}}}identificativoUnivocoVersamento"
_IUR: Final = f"{{{_NS}}}identificativoUnivocoRiscossione"
_INDEX: Final = f"{{{_NS}}}indiceDatiSingoloPagamento"
_AMOUNT: Final = f"{{{_NS}}}singoloImportoPagato"
_OUTCOME: Final = f"{{{_NS}}}codiceEsitoSingoloPagamento"
_PAID_ON: Final = f"{{{_NS}}}dataEsitoSingoloPagamento"
_ROW: Final = f"{{{_NS}}}datiSingoliPagamenti"
_LAST_NAME: Final = re.compile(r":(\w+)(?:\[\d+\])?$")
SCHEMA_FILE: Final = Path(__file__).with_name("flusso_riversamento.rng")

# Some 50,000 rows; a flow is one bank credit of one day.
MAX_XML_BYTES: Final = 24 * 1024 * 1024
# Some 5,000 rows, which are read, stored and matched within seconds also where others use the processors.
LARGE_FROM_BYTES: Final = 2 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_MAX_RATIO: Final = 200
_RATIO_COUNTS_FROM_BYTES: Final = 1024 * 1024
_READ_BYTES: Final = 256 * 1024
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
# Where something is broken, rows are held against the schema so many at once: most of them are right.
_ROWS_TOGETHER: Final = 100


def read_file(content: bytes) -> Flow:
    """Read a flow.

    Raises Refused(SETTLEMENT_UNREADABLE) with a `reason`, Refused(IMPORT_EMPTY) and Refused(IMPORT_TOO_LARGE).
    """
    return _read_xml(_unwrapped(content))


def read_unless_large(content: bytes) -> Flow | LargeFlow:
    """Read a flow, or only the head of a large one: whether its rows are as they must be is not known then.

    Raises what `read_file` raises.
    """
    xml = _unwrapped(content)
    return _read_xml(xml) if len(xml) < LARGE_FROM_BYTES else LargeFlow(_read_head(xml))


def _unwrapped(content: bytes) -> bytes:
    """Take off base64, then ZIP."""
    if not content.strip():
        raise Refused(ErrorCode.IMPORT_EMPTY)
    start = content.removeprefix(_BOM).lstrip()
    if not start.startswith((b"<", b"PK")):
        try:
            content = base64.b64decode(b"".join(start.split()), validate=True)
        except binascii.Error:
            raise _unreadable("neither XML nor base64 nor ZIP") from None
    if content.startswith(b"PK"):
        content = _only_entry(content)
    if len(content) > MAX_XML_BYTES:
        raise _too_large()
    return content


def _only_entry(content: bytes) -> bytes:
    """Return the one file in a ZIP, reading no more of it than is allowed, whatever its directory says."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(files) != 1:
                raise _unreadable("a ZIP must hold one file")
            if files[0].compress_type not in _METHODS or files[0].flag_bits & _ENCRYPTED:
                raise _unreadable("a file in a ZIP must be stored or deflated, without a password")
            return _bounded(archive, files[0])
    except Refused:
        raise
    except Exception:  # noqa: BLE001 -- whatever zipfile, zlib and their like raise over it, the file is the sender's
        raise _unreadable("the ZIP cannot be opened") from None


def _bounded(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Read a file, counting: neither its size nor its ratio is what the directory says."""
    read = bytearray()
    packed_bytes = max(entry.compress_size, 1)
    with archive.open(entry) as file:
        while piece := file.read(_READ_BYTES):
            read += piece
            is_bomb = len(read) > _RATIO_COUNTS_FROM_BYTES and len(read) > packed_bytes * _MAX_RATIO
            if is_bomb or len(read) > MAX_XML_BYTES:
                raise _too_large()
    return bytes(read)


def _parsed(content: bytes) -> etree._Element:
    content = content.lstrip()
    # UTF-16 would hide a document type from the search; the schema's documents are UTF-8 or Latin-1.
    if b"\x00" in content:
        raise _unreadable("document types are refused")
    try:
        return hostile_xml.parse(content)
    except hostile_xml.Unreadable as unreadable:
        raise _unreadable(str(unreadable)) from None


def _read_head(content: bytes) -> Flow:
    """Read what stands before the rows, of a document that nobody has held against the schema yet."""
    root = _parsed(content)
    try:
        head = _head(root)
    except (ValueError, ArithmeticError):
        raise _unreadable("the head of the flow") from None
    if root.tag != f"{{{_NS}}}FlussoRiversamento" or not (head.flow_id and head.receiver_fiscal_code):
        raise _unreadable("the head of the flow")
    return head


def _read_xml(content: bytes) -> Flow:
    root = _parsed(content)
    schema = hostile_xml.relax_ng(SCHEMA_FILE)
    broken: dict[int, str] = {}
    if not (schema.validate(root) or schema.validate(_loosened(root))):
        entry = schema.error_log.last_error
        broken = _broken_rows(root, schema)
        if len(broken) in (0, len(root.findall(_ROW))):
            raise _unreadable(f"line {entry.line}: {entry.path}" if entry is not None else "does not match the schema")
    rows: list[FlowRow] = []
    for position, row in enumerate(root.iterfind(_ROW), 1):
        if position not in broken:
            try:
                rows.append(_row(row))
            except (ValueError, OverflowError):
                broken[position] = "a date that does not exist"
    if not rows:
        raise _unreadable("a date that does not exist")
    try:
        head = _head(root)
    except (ValueError, OverflowError):
        raise _unreadable("a date that does not exist") from None
    return replace(head, rows=tuple(rows), unread=tuple(UnreadRow(*one) for one in sorted(broken.items())))


def _broken_rows(root: etree._Element, schema: etree.RelaxNG) -> dict[int, str]:
    """Return the positions of rows that break the schema, each with where; every row where something else does."""
    alone = etree.Element(root.tag)
    alone.extend([deepcopy(child) for child in root if child.tag != _ROW])
    rows = [deepcopy(row) for row in root.iterfind(_ROW)]
    broken: dict[int, str] = {}
    for start in range(0, len(rows), _ROWS_TOGETHER):
        together = rows[start : start + _ROWS_TOGETHER]
        if _is_right(alone, together, schema):
            continue
        for position, row in enumerate(together, start + 1):
            if not _is_right(alone, [row], schema):
                broken[position] = _where(schema)
    return broken


def _is_right(alone: etree._Element, rows: Sequence[etree._Element], schema: etree.RelaxNG) -> bool:
    """Return whether a flow of these rows alone keeps the schema."""
    alone.extend(rows)
    is_right = bool(schema.validate(alone))
    for row in rows:
        alone.remove(row)
    return is_right


def _where(schema: etree.RelaxNG) -> str:
    """Return the element that breaks the schema, which was just asked."""
    entry = schema.error_log.last_error
    found = _LAST_NAME.search((entry.path or "") if entry is not None else "")
    return found[1] if found else "datiSingoliPagamenti"


def _loosened(root: etree._Element) -> etree._Element:
    """Take off what the official schema allows and ours does not: xsi attributes, and white space around values."""
    hostile_xml.drop_xsi(root)
    for element in root.iter(etree.Element):
        if len(element) == 0 and element.text and element.text.strip():
            element.text = element.text.strip()
    return root


def _head(root: etree._Element) -> Flow:
    """Return a flow without its rows."""
    sender = "istitutoMittente"
    return Flow(
        flow_id=_text(root, "identificativoFlusso"),
        flow_at=read_moment(_text(root, "dataOraFlusso")),
        revision=0,
        regulation_id=_text(root, "identificativoUnivocoRegolamento"),
        settled_on=read_day(_text(root, "dataRegolamento")),
        sender_id=_text(root, sender, "identificativoUnivocoMittente", "codiceIdentificativoUnivoco"),
        sender_name=_text(root, sender, "denominazioneMittente") or None,
        receiver_fiscal_code=_text(
            root, "istitutoRicevente", "identificativoUnivocoRicevente", "codiceIdentificativoUnivoco"
        ),
        count=int(Decimal(_text(root, "numeroTotalePagamenti"))),
        total_cents=_cents(_text(root, "importoTotalePagamenti")),
        rows=(),
    )


def _row(row: etree._Element) -> FlowRow:
    texts = {child.tag: _trimmed(child.text) for child in row}
    index = texts.get(_INDEX)
    return FlowRow(
        iuv=texts[_IUV],
        iur=texts[_IUR],
        index=int(index) if index else None,
        amount_cents=_cents(texts[_AMOUNT]),
        outcome=Outcome(int(texts[_OUTCOME])),
        paid_on=read_day(texts[_PAID_ON]),
    )


def _text(parent: etree._Element, *path: str) -> str:
    """Return the text of a child."""
    return _trimmed(parent.findtext("/".join(f"{{{_NS}}}{name}" for name in path)))


def _trimmed(text: str | None) -> str:
    """Return a text without the white space around it, unless it is nothing else."""
    return (text or "").strip() or text or ""


def _cents(amount: str) -> int:
    return int(amount.replace(".", ""))


def _unreadable(reason: str) -> Refused:
    return Refused(ErrorCode.SETTLEMENT_UNREADABLE, Unreadable(reason=reason))


def _too_large() -> Refused:
    return Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=MAX_XML_BYTES))
