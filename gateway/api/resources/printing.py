"""For the entity's own software: the notices of many debts, printed as a job and fetched as one ZIP."""

import base64
import zipfile
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon

from contracts.call import Call
from contracts.rpc import notices
from gateway.api import examples, schemas
from gateway.api.keys import Scope
from gateway.api.operation import Access, Asked, Key, Operation, Resource, operation
from gateway.visit import Visit

_TAG: Final = "Printing (API key)"
_PAGE: Final = 20
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class PrintJobsResource(Resource):
    """Jobs that print."""

    @operation(
        Operation(
            summary="Print the notices of up to 10,000 debts as a job",
            tag=_TAG,
            access=Access.KEY,
            scope=Scope.NOTICES_PRINT,
            body=schemas.PrintJobBody(),
            answer=notices.Job(),
            status=HTTPStatus.ACCEPTED,
            idempotency=Key.REQUIRED,
            body_example={"external_ids": ["TARI-2026-00001-1", "TARI-2026-00001-2"], "language": "it"},
            answer_example=examples.PRINT_JOB,
        )
    )
    def on_post(self, asked: Asked, entity: str) -> dict[str, Any]:
        """Take the job; its progress stands at the address in Location."""
        job = _job(
            asked.visit, notices.START_JOB, entity_code=entity, idempotency_key=asked.idempotency_key, **asked.body
        )
        asked.resp.location = f"/api/v1/creditors/{entity}/print-jobs/{job['id']}"
        return job


class PrintJobResource(Resource):
    """One job."""

    @operation(
        Operation(
            summary="How far a printing job is",
            tag=_TAG,
            access=Access.KEY,
            scope=Scope.NOTICES_PRINT,
            answer=notices.Job(),
            answer_example=examples.PRINT_JOB,
        )
    )
    def on_get(self, asked: Asked, entity: str, job_id: UUID) -> dict[str, Any]:
        """Show it."""
        return _job(asked.visit, notices.JOB, entity_code=entity, job_id=job_id)


class PrintArchiveResource(Resource):
    """What a job has printed so far."""

    @operation(
        Operation(
            summary="The notices printed so far as one ZIP; `refused.csv` in it lists the debts without one, and why",
            tag=_TAG,
            access=Access.KEY,
            scope=Scope.NOTICES_PRINT,
            media_type="application/zip",
        )
    )
    def on_get(self, asked: Asked, entity: str, job_id: UUID) -> None:
        """Send it as it is put together, a few documents at a time."""
        _job(asked.visit, notices.JOB, entity_code=entity, job_id=job_id)
        asked.resp.content_type = "application/zip"
        asked.resp.downloadable_as = f"avvisi-{job_id}.zip"
        asked.resp.stream = _zip(asked.visit, entity, job_id)


def _job(visit: Visit, call: Call, **request: Any) -> dict[str, Any]:
    job: dict[str, Any] | None = visit.call(call, **request)["job"]
    if job is None:
        raise falcon.HTTPNotFound
    return job


class _Outlet:
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


def _zip(visit: Visit, entity: str, job_id: UUID) -> Iterator[bytes]:
    outlet = _Outlet()
    after: int | None = 0
    refused = ["codice_debito;motivo"]
    with zipfile.ZipFile(outlet, "w") as archive:  # type: ignore[call-overload]  # -- write is all it needs
        while after is not None:
            page = visit.call(notices.JOB_DOCUMENTS, entity_code=entity, job_id=job_id, after=after, limit=_PAGE)
            for item in page["items"]:
                if item["content_base64"]:
                    name = zipfile.ZipInfo(f"{item['place']:05d}-{item['file_name']}", _EPOCH)
                    archive.writestr(name, base64.b64decode(item["content_base64"]))
                    yield outlet.take()
                else:
                    refused.append(f"{item['external_id']};{item['code'] or 'waiting'}")
            after = page["next_after"]
        archive.writestr(zipfile.ZipInfo("refused.csv", _EPOCH), "\r\n".join(refused) + "\r\n")
    yield outlet.take()
