"""For the entity's own software: the notices of many debts, printed as a job, fetched as one ZIP or one merged PDF."""

from http import HTTPStatus
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
from gateway.printed.job_files import JobFiles
from gateway.visit import Visit

# Of 10,000 references of 70 characters, each of up to 6 bytes in JSON.
_BODY_MAX_BYTES: Final = 5 * 1024 * 1024


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
        _files(asked.visit, entity, job_id).write_zip(asked.resp)


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
        _files(asked.visit, entity, job_id).write_merged(asked.resp, two_sided=asked.query.two_sided)


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
        _files(asked.visit, entity, job_id).write_refusals(asked.resp)


def _job(visit: Visit, entity: str, job_id: UUID) -> notices.Job:
    return _existing(visit, notices.JOB, notices.JobGetRequest(entity_code=entity, job_id=job_id))


def _existing(visit: Visit, call: Call[Request, notices.JobReply], request: Request) -> notices.Job:
    job = visit.call(call, request).job
    if job is None:
        raise falcon.HTTPNotFound
    return job


def _files(visit: Visit, entity: str, job_id: UUID) -> JobFiles:
    """Return the documents of a job. Raises falcon.HTTPNotFound where the entity has none such."""
    _job(visit, entity, job_id)
    return JobFiles(visit, notices.JobGetRequest(entity_code=entity, job_id=job_id))
