"""The cursor of a list that is ordered by place: opaque to whoever gets it, checked when it comes back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused


def cursor(place: int) -> str:
    """Return the cursor behind a place."""
    return urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def place(written: str | None) -> int | None:
    """Read a cursor of ours. Raises Refused(INVALID_REQUEST)."""
    if not written:
        return None
    try:
        text = urlsafe_b64decode(written + "=" * (-len(written) % 4)).decode("ascii")
    except ValueError:
        text = ""
    if len(text) < 19 and text.isascii() and text.isdigit():
        return int(text)
    raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["cursor"]))
