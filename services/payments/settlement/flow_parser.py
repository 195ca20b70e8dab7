"""A settlement flow as a file: XML 1.0.4 or 1.0.5, as it is, in base64, or as the one entry of a ZIP."""

import base64
import binascii
import io
import zipfile
import zlib
from datetime import date, datetime
from pathlib import Path
from typing import Final

from lxml import etree

from contracts.error_details import TooLarge, Unreadable
from contracts.errors import ErrorCode, Refused
from services.payments import hostile_xml
from services.payments.domain.node_time import from_node
from services.payments.domain.settlements import Flow, FlowRow, Outcome

_NS: Final = "http://www.digitpa.gov.it/schemas/2011/Pagamenti/"
SCHEMA_FILE: Final = Path(__file__).with_name("flusso_riversamento.rng")

# Some 50,000 rows; a flow is one bank credit of one day.
MAX_XML_BYTES: Final = 24 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"


def read_file(content: bytes) -> Flow:
    """Read a flow.

    Raises Refused(SETTLEMENT_UNREADABLE) with a `reason`, Refused(IMPORT_EMPTY) and Refused(IMPORT_TOO_LARGE).
    """
    if not content.strip():
        raise Refused(ErrorCode.IMPORT_EMPTY)
    return _read_xml(_unwrapped(content))


def _unwrapped(content: bytes) -> bytes:
    """Take off base64, then ZIP."""
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
            with archive.open(files[0]) as file:
                unzipped = file.read(MAX_XML_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        raise _unreadable("the ZIP cannot be opened") from None
    if len(unzipped) > MAX_XML_BYTES:
        raise _too_large()
    return unzipped


def _read_xml(content: bytes) -> Flow:
    # UTF-16 would hide a document type from the search; the schema's documents are UTF-8 or Latin-1.
    if b"\x00" in content:
        raise _unreadable("document types are refused")
    try:
        root = hostile_xml.parse(content)
    except hostile_xml.Unreadable as unreadable:
        raise _unreadable(str(unreadable)) from None
    schema = hostile_xml.relax_ng(SCHEMA_FILE)
    if not schema.validate(root):
        entry = schema.error_log.last_error
        raise _unreadable(f"line {entry.line}: {entry.path}" if entry is not None else "does not match the schema")
    try:
        return _flow(root)
    except (ValueError, OverflowError):
        raise _unreadable("a date that does not exist") from None


def _flow(root: etree._Element) -> Flow:
    sender = "istitutoMittente"
    return Flow(
        flow_id=_text(root, "identificativoFlusso"),
        flow_at=from_node(datetime.fromisoformat(_text(root, "dataOraFlusso").strip())),
        revision=0,
        regulation_id=_text(root, "identificativoUnivocoRegolamento"),
        settled_on=_day(_text(root, "dataRegolamento")),
        sender_id=_text(root, sender, "identificativoUnivocoMittente", "codiceIdentificativoUnivoco"),
        sender_name=_text(root, sender, "denominazioneMittente") or None,
        receiver_fiscal_code=_text(
            root, "istitutoRicevente", "identificativoUnivocoRicevente", "codiceIdentificativoUnivoco"
        ),
        count=int(_text(root, "numeroTotalePagamenti")),
        total_cents=_cents(_text(root, "importoTotalePagamenti")),
        rows=tuple(_row(row) for row in root.iterfind(f"{{{_NS}}}datiSingoliPagamenti")),
    )


def _row(row: etree._Element) -> FlowRow:
    index = _text(row, "indiceDatiSingoloPagamento")
    return FlowRow(
        iuv=_text(row, "identificativoUnivocoVersamento"),
        iur=_text(row, "identificativoUnivocoRiscossione"),
        index=int(index) if index else None,
        amount_cents=_cents(_text(row, "singoloImportoPagato")),
        outcome=Outcome(int(_text(row, "codiceEsitoSingoloPagamento"))),
        paid_on=_day(_text(row, "dataEsitoSingoloPagamento")),
    )


def _text(parent: etree._Element, *path: str) -> str:
    return parent.findtext("/".join(f"{{{_NS}}}{name}" for name in path)) or ""


def _cents(amount: str) -> int:
    return int(amount.replace(".", ""))


def _day(text: str) -> date:
    return date.fromisoformat(text.strip()[:10])


def _unreadable(reason: str) -> Refused:
    return Refused(ErrorCode.SETTLEMENT_UNREADABLE, Unreadable(reason=reason))


def _too_large() -> Refused:
    return Refused(ErrorCode.IMPORT_TOO_LARGE, TooLarge(max_bytes=MAX_XML_BYTES))
