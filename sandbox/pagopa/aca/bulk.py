"""GPD-for-ACA in files (pagopa-obligations.md section 1.9): taken at once, worked off while it is asked about."""

import io
import json
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import falcon

from sandbox.pagopa.aca.api import Gate
from sandbox.pagopa.aca.positions import Positions
from sandbox.pagopa.aca.rules import Refusal

BASE: Final = "/upload/aca/debt-positions-service/v2/brokers/{broker}/organizations/{cf}/debtpositions"
_ZIP_MAX_BYTES: Final = 5 * 1024 * 1024
_JSON_MAX_BYTES: Final = 104_857_600
_DELETED_MAX: Final = 100_000
_RETRY_AFTER_MS: Final = 500
_MESSAGES: Final = {
    201: "Debt position CREATED",
    200: "Debt position operation OK",
    404: "Debt position NOT FOUND",
    409: "Debt position IUPD or NAV/IUV already exists for organization code",
    400: "Bad request",
}


@dataclass
class Upload:
    """A file and what became of its positions: their ids by status. It is in progress for so many questions more."""

    id: str
    submitted: int
    started_at: str
    questions_left: int
    ended_at: str | None = None
    results: dict[int, list[str]] = field(default_factory=dict)

    @property
    def processed(self) -> int:
        """How many positions it is through with."""
        return sum(len(iupds) for iupds in self.results.values())

    @property
    def is_ended(self) -> bool:
        """Return whether the report can be read."""
        return self.ended_at is not None and self.questions_left <= 0

    @property
    def status(self) -> str:
        """OperationStatus; it says nothing about single positions."""
        if not self.is_ended:
            return "IN_PROGRESS"
        refused = sum(len(iupds) for code, iupds in self.results.items() if code not in (200, 201))
        if not refused:
            return "COMPLETED"
        return "COMPLETED_WITH_WARNINGS" if refused < self.submitted else "COMPLETED_UNSUCCESSFULLY"


@dataclass
class Uploads:
    """The files of this process. `questions` are asked before one is through."""

    positions: Positions
    questions: int = 2
    files: dict[str, Upload] = field(default_factory=dict)

    def take(self, broker: str, cf: str, content: bytes, work: Callable[[Any], int], name: str) -> Upload:
        """Take a file and start working it off. Raises Refusal for what is no such file."""
        items = _items(content, name)
        upload = Upload(f"{broker}_{cf}_{uuid4().hex}", len(items), _now(), self.questions)
        self.files[upload.id] = upload
        threading.Thread(target=self._work_off, args=(upload, items, work), daemon=True).start()
        return upload

    def _work_off(self, upload: Upload, items: list[Any], work: Callable[[Any], int]) -> None:
        chunk = 1_000
        for start in range(0, len(items), chunk):
            with self.positions.together():
                for item in items[start : start + chunk]:
                    iupd = item if isinstance(item, str) else str(item.get("iupd"))
                    upload.results.setdefault(work(item), []).append(iupd)
        upload.ended_at = _now()


class Files:
    """…/debtpositions/file."""

    def __init__(self, uploads: Uploads, gate: Gate) -> None:
        self._uploads = uploads
        self._gate = gate

    def on_post(self, req: falcon.Request, resp: falcon.Response, broker: str, cf: str) -> None:
        """Create the positions of a file."""
        positions = self._uploads.positions
        self._take(req, resp, broker, cf, 201, lambda item: positions.create(cf, item, publish=True))

    def on_put(self, req: falcon.Request, resp: falcon.Response, broker: str, cf: str) -> None:
        """Replace the positions of a file."""
        positions = self._uploads.positions
        self._take(req, resp, broker, cf, 200, lambda item: positions.replace(cf, item["iupd"], item, publish=True))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, broker: str, cf: str) -> None:
        """Take the positions of a file away."""
        positions = self._uploads.positions
        self._take(req, resp, broker, cf, 200, lambda item: positions.delete(cf, item), name="paymentPositionIUPDs")

    def _take(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        broker: str,
        cf: str,
        done: int,
        change: Callable[[Any], object],
        name: str = "paymentPositions",
    ) -> None:
        self._gate.pass_through(req, cf)

        def work(item: Any) -> int:
            try:
                change(item)
            except Refusal as refusal:
                return refusal.status
            return done

        upload = self._uploads.take(broker, cf, _uploaded(req), work, name)
        resp.status = falcon.HTTP_202
        resp.set_header("Location", f"brokers/{broker}/organizations/{cf}/debtpositions/file/{upload.id}/status")
        resp.set_header("Retry-After", f"{_RETRY_AFTER_MS} ms")


class Status:
    """…/file/{id}/status."""

    def __init__(self, uploads: Uploads, gate: Gate) -> None:
        self._uploads = uploads
        self._gate = gate

    def on_get(self, req: falcon.Request, resp: falcon.Response, broker: str, cf: str, file_id: str) -> None:
        """Say how far it is."""
        del broker
        self._gate.pass_through(req, cf)
        upload = _known(self._uploads, file_id)
        upload.questions_left -= 1
        resp.media = {
            "fileId": upload.id,
            "processedItem": upload.processed,
            "submittedItem": upload.submitted,
            "startTime": upload.started_at,
            "operationStatus": upload.status,
        }


class Report:
    """…/file/{id}/report."""

    def __init__(self, uploads: Uploads, gate: Gate) -> None:
        self._uploads = uploads
        self._gate = gate

    def on_get(self, req: falcon.Request, resp: falcon.Response, broker: str, cf: str, file_id: str) -> None:
        """Say what became of each position; 425 while it is in progress."""
        del broker
        self._gate.pass_through(req, cf)
        upload = _known(self._uploads, file_id)
        if not upload.is_ended:
            raise Refusal(425, "Report not yet available")
        resp.media = {
            "fileId": upload.id,
            "processedItem": upload.processed,
            "submittedItem": upload.submitted,
            "startTime": upload.started_at,
            "endTime": upload.ended_at,
            "responses": [
                {
                    "statusCode": code,
                    "statusMessage": _MESSAGES.get(code, "Internal Server Error: operation not completed"),
                    "iupds": iupds,
                }
                for code, iupds in sorted(upload.results.items())
            ],
        }


def add_routes(app: falcon.App[Any, Any], uploads: Uploads, gate: Gate) -> None:
    """Register the addresses."""
    app.add_route(f"{BASE}/file", Files(uploads, gate))
    app.add_route(f"{BASE}/file/{{file_id}}/status", Status(uploads, gate))
    app.add_route(f"{BASE}/file/{{file_id}}/report", Report(uploads, gate))


def _known(uploads: Uploads, file_id: str) -> Upload:
    upload = uploads.files.get(file_id)
    if upload is None:
        raise Refusal(404, "NOT FOUND")
    return upload


def _uploaded(req: falcon.Request) -> bytes:
    """Return the bytes of the multipart field `file`. Raises Refusal."""
    for part in req.get_media():
        if part.name == "file":
            content: bytes = part.stream.read()
            return content
    raise Refusal(400, "INVALID FILE")


def _items(content: bytes, name: str) -> list[Any]:
    """Read the one JSON file in a ZIP. Raises Refusal with the text of the specification."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        [entry] = archive.infolist()
    except zipfile.BadZipFile:
        raise Refusal(400, "NOT A ZIP FILE") from None
    except ValueError:
        raise Refusal(400, "INVALID FILE") from None
    if len(content) > _ZIP_MAX_BYTES or not entry.filename.endswith(".json") or entry.file_size > _JSON_MAX_BYTES:
        raise Refusal(400, "INVALID FILE")
    if not entry.file_size:
        raise Refusal(400, "EMPTY FILE")
    try:
        items = json.loads(archive.read(entry))[name]
    except (ValueError, KeyError, TypeError):
        raise Refusal(400, "INVALID JSON") from None
    if not isinstance(items, list) or not items:
        raise Refusal(400, "INVALID JSON")
    if name == "paymentPositionIUPDs" and (len(items) > _DELETED_MAX or len(set(items)) != len(items)):
        raise Refusal(400, "INVALID JSON")
    return items


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
