"""Bytes that no door has a use for: NUL and other control characters, and what is no UTF-8 (lone surrogates with it).

Databases, XML and PDF refuse them deep inside, where a refusal looks like a fault of ours. So one gate stands before
all doors and looks at path, query, headers, cookies, and the text of forms and JSON.
"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import falcon

# Tab, line feed and carriage return are text.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_IN_A_LINE: Final = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED: Final = rb"(?<!\\)(?:\\\\)*\\"
_IN_JSON: Final = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|" + _ESCAPED + rb"(?:u00(?:0[0-8bcef]|1[0-9a-f]|7f)|ud[89a-f]|[bf])", re.IGNORECASE
)
_PAIR_IN_JSON: Final = re.compile(rb"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}", re.IGNORECASE)
_TEXT_MAX_BYTES: Final = 256 * 1024
_FORM: Final = "application/x-www-form-urlencoded"


class StrangeBytesError(falcon.HTTPBadRequest):
    """The request holds bytes that nothing of ours can mean."""


class StrangePathError(falcon.HTTPNotFound):
    """There is no such address, and none can be shown."""


class BrokenBodyError(falcon.HTTPBadRequest):
    """The body does not end as it said: chunks that are none, or less than its length."""


class StrangeBytes:
    """Middleware: the gate. Later than what every answer needs (its id, the visit), before every door."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Raise StrangeBytesError or StrangePathError, or leave a request whose text can be read by all."""
        if not _is_path(req.env.get("PATH_INFO", "")):
            raise StrangePathError
        if not _is_query(req.query_string):
            raise StrangeBytesError
        if any(_IN_A_LINE.search(value.replace("\t", "")) for value in _header_values(req.env)):
            raise StrangeBytesError
        if "\\" in (req.get_header("Cookie") or "") and any(_IN_A_LINE.search(value) for value in req.cookies.values()):
            raise StrangeBytesError
        stream = req.stream if req.env.get("wsgi.input_terminated") else req.bounded_stream
        req.stream = BodyStream(stream)
        _check_text(req)


class BodyStream:
    """The body as it arrives. Whatever its server raises over it is the sender's doing: BrokenBodyError."""

    def __init__(self, stream: Any, begun: bytes = b"") -> None:
        self._stream = stream
        self._begun = io.BytesIO(begun)

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to `size` bytes, all that is left without it, none at the end."""
        begun = self._begun.read(-1 if size is None else size)
        if begun and size is not None and 0 <= size <= len(begun):
            return begun
        return begun + self._rest("read", -1 if size is None or size < 0 else size - len(begun))

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return the next line, or as much of it as `size`."""
        line = self._begun.readline(-1 if size is None else size)
        if line.endswith(b"\n") or (size is not None and 0 <= size <= len(line)):
            return line
        return line + self._rest("readline", -1 if size is None or size < 0 else size - len(line))

    def readlines(self, _hint: int | None = -1, /) -> list[bytes]:
        """Return the lines that are left."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def _rest(self, how: str, size: int) -> bytes:
        try:
            rest: bytes = getattr(self._stream, how)(size)
        except Exception as error:
            raise BrokenBodyError from error
        return rest


def is_plain(text: str) -> bool:
    """Return whether a text from outside may go on: the gate's rule, for what it cannot see (parts of a multipart)."""
    return _CONTROL.search(text) is None and not any("\ud800" <= char <= "\udfff" for char in text)


def _is_path(path: str) -> bool:
    """Return whether this is a path: as WSGI has it, each byte a character."""
    try:
        return _IN_A_LINE.search(path.encode("latin-1").decode("utf-8")) is None
    except UnicodeError:
        return False


def _is_query(query: str) -> bool:
    try:
        return is_plain(unquote_to_bytes(query.encode("latin-1")).decode("utf-8"))
    except UnicodeError:
        return False


def _is_form(begun: bytes) -> bool:
    try:
        return is_plain(codecs.getincrementaldecoder("utf-8")().decode(unquote_to_bytes(begun)))
    except UnicodeError:
        return False


def _header_values(env: dict[str, Any]) -> Iterator[str]:
    for name, value in env.items():
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            yield value


def _check_text(req: falcon.Request) -> None:
    """Look at a body that is a form or JSON, as far as any door takes one. The doors refuse what is longer."""
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    is_form = media_type == _FORM
    if not is_form and media_type != "application/json" and not media_type.endswith("+json"):
        return
    if (req.content_length or 0) > _TEXT_MAX_BYTES:
        return
    begun = req.stream.read(_TEXT_MAX_BYTES)
    req.stream = BodyStream(req.stream, begun)
    if (is_form and not _is_form(begun)) or (not is_form and _IN_JSON.search(_PAIR_IN_JSON.sub(b"", begun))):
        raise StrangeBytesError
