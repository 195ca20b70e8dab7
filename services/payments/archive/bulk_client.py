"""GPD-for-ACA in files (pagopa-obligations.md section 1.9)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.payments.archive.http import WAIT_MAX_S, Answer, PagopaClient
from services.payments.settings import Settings

_METHODS: Final = {"create": "POST", "update": "PUT"}
_DIGITS_MAX: Final = 9
_STATUS_END: Final = 1_000


class BulkClient:
    """Each method is one call and returns its answer."""

    def __init__(self, settings: Settings) -> None:
        # A file of five megabytes takes longer than a position.
        timeout_s = max(60.0, settings.aca_timeout_s)
        self._client = PagopaClient(settings.aca_bulk_url, settings.aca_subscription_key, timeout_s)

    def upload(self, broker: str, creditor: str, operation: str, content: bytes) -> Answer:
        """Hand in a ZIP; its id stands in `file_id_of` the answer."""
        files = {"file": ("positions.zip", content, "application/zip")}
        return self._client.call(_METHODS[operation], _file(broker, creditor), files=files)

    def status(self, broker: str, creditor: str, file_id: str) -> Answer:
        """Ask how far a file is."""
        return self._client.call("GET", f"{_file(broker, creditor)}/{file_id}/status")

    def report(self, broker: str, creditor: str, file_id: str) -> Answer:
        """Ask what became of each position."""
        return self._client.call("GET", f"{_file(broker, creditor)}/{file_id}/report")


def file_id_of(answer: Answer) -> str | None:
    """Read the id out of the address where its status is told: …/file/{id}/status."""
    parts = _header(answer.headers, "Location").rstrip("/").split("/")
    return parts[-2] if parts[-1] == "status" and len(parts) > 1 else None


def wait_s_of(answer: Answer, default: float) -> float:
    """Read how long to wait before asking, an hour at most: the header says milliseconds, `500 ms`."""
    number, _, unit = _header(answer.headers, "Retry-After").partition(" ")
    if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS_MAX):
        return default
    return min(int(number) / (1_000 if unit.strip() in ("", "ms") else 1), WAIT_MAX_S)


def results_of(report: Mapping[str, Any]) -> dict[str, int]:
    """Return the status of each position of a report; an entry of it names all those of one result.

    What is no such entry says nothing of any.
    """
    found: dict[str, int] = {}
    for entry in _list(report.get("responses")):
        status = entry.get("statusCode") if isinstance(entry, Mapping) else None
        if isinstance(status, int) and 0 < status < _STATUS_END:
            found |= {
                iupd: status for iupd in _list(entry.get("iupds")) if isinstance(iupd, str) and iupd.isprintable()
            }
    return found


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


def _file(broker: str, creditor: str) -> str:
    return f"/brokers/{broker}/organizations/{creditor}/debtpositions/file"
