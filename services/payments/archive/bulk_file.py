"""The ZIP of a bulk upload: one JSON file, within pagoPA's sizes."""

import io
import zipfile
from types import TracebackType
from typing import Final, Self

import orjson

from services.payments.domain.archive import Body

# Published: 5 MB packed, 104 857 600 bytes unpacked. What one more chunk may add stays below.
_PACKED_MAX_BYTES: Final = 5_000_000 - 400_000
_UNPACKED_MAX_BYTES: Final = 104_857_600 - 4_000_000
_NAME: Final = "positions.json"


class BulkFile:
    """Positions are added until it is full; `content` is the ZIP, once it is closed."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._zip = zipfile.ZipFile(self._bytes, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._entry = self._zip.open(_NAME, "w")
        self._unpacked = 0
        self._is_empty = True

    def __enter__(self) -> Self:
        """Begin the list."""
        self._write(b'{"paymentPositions":[')
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the list and the file."""
        self._write(b"]}")
        self._entry.close()
        self._zip.close()

    def add(self, body: Body) -> None:
        """Append a position."""
        self._write(orjson.dumps(body) if self._is_empty else b"," + orjson.dumps(body))
        self._is_empty = False

    @property
    def is_full(self) -> bool:
        """Return whether no chunk more should be added. Asked between chunks of at most a thousand positions."""
        return self._bytes.tell() > _PACKED_MAX_BYTES or self._unpacked > _UNPACKED_MAX_BYTES

    @property
    def content(self) -> bytes:
        """The ZIP."""
        return self._bytes.getvalue()

    def _write(self, piece: bytes) -> None:
        self._entry.write(piece)
        self._unpacked += len(piece)
