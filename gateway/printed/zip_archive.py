"""A ZIP sent while it is put together, a document at a time."""

import zipfile
from collections.abc import Iterable, Iterator
from typing import Final

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield a ZIP of files, each its name and content. The same files always give the same bytes.

    They are stored as they are: PDF is compressed already.
    """
    chunks = _Chunks()
    with zipfile.ZipFile(chunks, "w") as archive:  # type: ignore[call-overload]  # -- write is all it needs
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
            yield chunks.take()
    yield chunks.take()


class _Chunks:
    """A file that only grows: what zipfile writes to it is taken away at once."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, content: bytes) -> int:
        """Take what is written."""
        self._written += content
        return len(content)

    def flush(self) -> None:
        """Nothing waits."""

    def take(self) -> bytes:
        """Hand over what was written since the last time."""
        content = bytes(self._written)
        self._written.clear()
        return content
