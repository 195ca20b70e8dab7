"""For the entity's own software: the notices of many debts, printed as a job, fetched as one ZIP or one merged PDF."""

import base64
import csv
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from io import StringIO
from itertools import chain
from typing import Final
from uuid import UUID

import falcon

from contracts.call import Call, Request
from contracts.rpc import notices
from contracts.scopes import Scope
from contracts.shapes import Empty
from gateway.api import bodies, examples
from gateway.api.operation import Access, Asked, IdempotencyKey, Operation, Resource, operation
from gateway.api.tags import Tag
from gateway.printed.merged_pdf import merged
from gateway.printed.zip_archive import zipped
from gateway.visit import Visit

# Of 10,000 references of 70 characters, each of up to 6 bytes in JSON.
_BODY_MAX_BYTES: Final = 5 * 1024 * 1024
_DOCUMENTS_A_PAGE: Final = 20
_NAMES_A_PAGE: Final = 50
_TITLE: Final = "Avvisi di pagamento"


class PrintJobsResource(Resource):
    """Jobs that print."""

    @operation(
        Operation(
            summary="Print the notices of up to 10,000 debts as a job",
            tag=Tag.PRINTING,
            access=Access.KEY,
            scope=Scope.NOTICES_PRINT,
            body=bodies.PrintJobBody,
            body_max_bytes=_BODY_MAX_BYTES,
            answer=notices.Job,
            status=HTTPStatus.ACCEPTED,
            idempotency=IdempotencyKey.REQUIRED,
            body_example={"external_ids": ["TARI-2026-00001-1", "TARI-2026-00001-2"], "language": "it"},
            answer_example=examples.PRINT_JOB,
        )
    )
    def on_post(self, asked: Asked[bodies.PrintJobBody], entity: str) -> notices.Job:
        """Take the job; its progress stands at the address in Location."""
        request = notices.JobRequest(
            idempotency_key=asked.idempotency_key,
            entity_code=entity,
            external_ids=asked.body.external_ids,
            language=asked.body.language,
            second_language=asked.body.second_language,
        )
        job = _existing(asked.visit, notices.START_JOB, request)
        asked.resp.location = f"/api/v1/creditors/{entity}/print-jobs/{job.id}"
        return job


class PrintJobResource(Resource):
    """One job."""

    @operation(
        Operation(
            summary="How far a printing job is",
            tag=Tag.PRINTING,
            access=Access.KEY,
            scope=Scope.NOTICES_PRINT,
            answer=notices.Job,
            answer_example=examples.PRINT_JOB,
        )
    )
    def on_get(self, asked: Asked, entity: str, job_id: UUID) -> notices.Job:
        """Show it."""
        return _job(asked.visit, entity, job_id)


class PrintArchiveResource(Resource):
    """What a job has printed so far."""

    @operation(
        Operation(
            summary="The notices printed so far as one ZIP; `refused.csv` in it lists the debts without one, and why",
            tag=Tag.PRINTING,
            access=Access.KEY,
            scope=Scope.NOTICES_PRINT,
            media_type="application/zip",
        )
    )
    def on_get(self, asked: Asked, entity: str, job_id: UUID) -> None:
        """Send it as it is put together, a few documents at a time."""
        _job(asked.visit, entity, job_id)
        asked.resp.content_type = "application/zip"
        asked.resp.downloadable_as = f"avvisi-{job_id}.zip"
        asked.resp.stream = zipped(_files(_items(asked.visit, entity, job_id)))


class PrintMergedResource(Resource):
    """The same as one document."""

    @operation(
        Operation(
            summary="The notices printed so far as one PDF, in the order of the job; 404 while none is printed",
            tag=Tag.PRINTING,
            access=Access.KEY,
            scope=Scope.NOTICES_PRINT,
            media_type="application/pdf",
            query=bodies.MergedQuery,
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.MergedQuery], entity: str, job_id: UUID) -> None:
        """Send it as it is put together; each notice keeps its bookmark and its structure for screen readers."""
        _job(asked.visit, entity, job_id)
        printed = _printed(_items(asked.visit, entity, job_id))
        first = next(printed, None)
        if first is None:
            raise falcon.HTTPNotFound
        asked.resp.content_type = "application/pdf"
        asked.resp.downloadable_as = f"avvisi-{job_id}.pdf"
        asked.resp.stream = merged(chain([first], printed), _TITLE, two_sided=asked.query.two_sided)


class PrintRefusalsResource(Resource):
    """What a job could not print."""

    @operation(
        Operation(
            summary="The debts without a notice and why, as CSV: `waiting` is not printed yet",
            tag=Tag.PRINTING,
            access=Access.KEY,
            scope=Scope.NOTICES_PRINT,
            media_type="text/csv",
        )
    )
    def on_get(self, asked: Asked, entity: str, job_id: UUID) -> None:
        """Send what the ZIP holds as refused.csv."""
        _job(asked.visit, entity, job_id)
        asked.resp.content_type = "text/csv; charset=utf-8"
        asked.resp.downloadable_as = f"avvisi-{job_id}-rifiutati.csv"
        items = _items(asked.visit, entity, job_id, with_content=False)
        asked.resp.data = _refusals(item for item in items if item.file_name is None)


def _job(visit: Visit, entity: str, job_id: UUID) -> notices.Job:
    return _existing(visit, notices.JOB, notices.JobGetRequest(entity_code=entity, job_id=job_id))


def _existing(visit: Visit, call: Call[Request, notices.JobReply], request: Request) -> notices.Job:
    job = visit.call(call, request).job
    if job is None:
        raise falcon.HTTPNotFound
    return job


def _items(visit: Visit, entity: str, job_id: UUID, *, with_content: bool = True) -> Iterator[notices.JobDocument]:
    """Yield the documents in the order of the job, a page of them in memory at a time."""
    after: int | None = 0
    while after is not None:
        request = notices.JobDocumentsRequest(
            entity_code=entity,
            job_id=job_id,
            after=after,
            limit=_DOCUMENTS_A_PAGE if with_content else _NAMES_A_PAGE,
            with_content=with_content,
        )
        page = visit.call(notices.JOB_DOCUMENTS, request)
        yield from page.items
        after = page.next_after


def _printed(items: Iterable[notices.JobDocument]) -> Iterator[bytes]:
    return (base64.b64decode(item.content_base64) for item in items if item.content_base64)


def _files(items: Iterable[notices.JobDocument]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the ZIP: the notices, then the list of what has none."""
    left_out = []
    for item in items:
        if item.content_base64:
            yield f"{item.place:05d}-{item.file_name}", base64.b64decode(item.content_base64)
        else:
            left_out.append(item)
    yield "refused.csv", _refusals(left_out)


def _refusals(items: Iterable[notices.JobDocument]) -> bytes:
    written = StringIO(newline="")
    rows = csv.writer(written, delimiter=";")
    rows.writerow(("codice_debito", "motivo"))
    rows.writerows((item.external_id, item.code or "waiting") for item in items)
    return written.getvalue().encode()
