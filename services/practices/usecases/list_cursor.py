"""Where a page of a debtor's list ends, as callers carry it to the next."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date

from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from services.practices.domain.list_filter import Mark, Order, SortKey


def write(mark: Mark) -> str:
    """Write the cursor of the page behind a mark."""
    text = str(mark.place) if mark.value is None else f"{mark.value} {mark.place}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(cursor: str | None, order: Order) -> Mark | None:
    """Read a cursor of a list in this order. Raises Refused(INVALID_REQUEST)."""
    if not cursor:
        return None
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        value, _, place = text.rpartition(" ")
        return Mark(_read_value(value, order.key), _read_number(place))
    except ValueError:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["cursor"])) from None


def _read_value(text: str, key: SortKey) -> date | int | None:
    if key is SortKey.DUE:
        return date.fromisoformat(text)
    if key is SortKey.AMOUNT:
        return _read_number(text)
    if text:
        raise ValueError(text)
    return None


def _read_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError(text)
    return int(text)
