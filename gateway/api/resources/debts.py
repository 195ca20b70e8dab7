"""For the entity's own software: debts one by one, and whole files."""

from dataclasses import replace
from http import HTTPStatus
from uuid import UUID

from contracts.errors import ErrorCode
from contracts.rpc import practices
from contracts.scopes import Scope
from contracts.shapes import Empty
from gateway import refused_rows
from gateway.api import answers, bodies, csv_files, debt_files, examples
from gateway.api.cursors import link_next
from gateway.api.operation import Access, Asked, IdempotencyKey, Operation, Resource, operation
from gateway.api.tags import Tag


class DebtResource(Resource):
    """A debt under the entity's own reference."""

    @operation(
        Operation(
            summary="A debt, as it stands now",
            tag=Tag.DEBTS,
            access=Access.KEY,
            scope=Scope.DEBTS_READ,
            answer=practices.BookedPractice,
            errors=(ErrorCode.PRACTICE_NOT_FOUND,),
            answer_example=examples.BOOKED_PRACTICE,
        )
    )
    def on_get(self, asked: Asked, entity: str, external_id: str) -> practices.BookedPractice:
        """Show it."""
        request = practices.DebtGetRequest(entity_code=entity, external_id=external_id)
        return asked.visit.call(practices.DEBT, request)

    @operation(
        Operation(
            summary="Create or amend a debt; the same content again changes nothing",
            tag=Tag.DEBTS,
            access=Access.KEY,
            scope=Scope.DEBTS_WRITE,
            body=bodies.DebtBody,
            answer=practices.Practice,
            errors=(
                ErrorCode.UNKNOWN_ENTITY,
                ErrorCode.UNKNOWN_SERVICE,
                ErrorCode.INVALID_FISCAL_CODE,
                ErrorCode.NAME_REQUIRED,
                ErrorCode.NAME_TOO_LONG,
                ErrorCode.AMOUNT_OUT_OF_RANGE,
                ErrorCode.AMOUNT_NOT_ALLOWED,
                ErrorCode.SCHEDULE_NOT_ALLOWED,
                ErrorCode.EXTRA_FIELD_NOT_ALLOWED,
                ErrorCode.DESCRIPTION_REQUIRED,
                ErrorCode.DESCRIPTION_TOO_LONG,
                ErrorCode.BENEFICIARY_REQUIRED,
                ErrorCode.ANONYMOUS_NOT_ALLOWED,
                ErrorCode.SPREADSHEET_VALUE,
                ErrorCode.DEBTOR_CHANGED,
                ErrorCode.PRACTICE_NOT_AMENDABLE,
            ),
            body_example=examples.DEBT,
            answer_example=examples.PRACTICE,
        )
    )
    def on_put(self, asked: Asked[bodies.DebtBody], entity: str, external_id: str) -> practices.Practice:
        """Put it."""
        debt = asked.body
        request = practices.DebtRequest(
            entity_code=entity,
            external_id=external_id,
            service_code=debt.service_code,
            fiscal_code=debt.fiscal_code,
            full_name=debt.full_name,
            email=debt.email,
            beneficiary=debt.beneficiary,
            amount_cents=debt.amount_cents,
            description=debt.description,
            due_date=debt.due_date,
            instalment=debt.instalment,
            schedule=debt.schedule,
            debt_position=debt.debt_position,
            option=debt.option,
            extras=debt.extras,
            actor=asked.key.actor,
        )
        return asked.visit.call(practices.PUT_DEBT, request)

    @operation(
        Operation(
            summary="Annul a debt, saying why",
            tag=Tag.DEBTS,
            access=Access.KEY,
            scope=Scope.DEBTS_WRITE,
            body=bodies.AnnulBody,
            answer=practices.Practice,
            errors=(
                ErrorCode.PRACTICE_NOT_FOUND,
                ErrorCode.PRACTICE_PAID,
                ErrorCode.PRACTICE_UNDERPAID,
                ErrorCode.PRACTICE_BEING_PAID,
                ErrorCode.PRACTICE_NOT_AMENDABLE,
            ),
            body_example={"reason": "Emesso per errore"},
            answer_example=examples.PRACTICE,
        )
    )
    def on_delete(self, asked: Asked[bodies.AnnulBody], entity: str, external_id: str) -> practices.Practice:
        """Withdraw it."""
        request = practices.AnnulRequest(
            entity_code=entity,
            external_id=external_id,
            reason=asked.body.reason,
            paid_elsewhere=asked.body.paid_elsewhere,
            actor=asked.key.actor,
        )
        return asked.visit.call(practices.ANNUL_DEBT, request)


class DebtsResource(Resource):
    """All of them, with what citizens inserted."""

    @operation(
        Operation(
            summary="The entity's practices of a period, oldest first: its debts, and what citizens inserted",
            tag=Tag.DEBTS,
            access=Access.KEY,
            scope=Scope.DEBTS_READ,
            query=bodies.DebtQuery,
            answer=answers.DebtPage,
            errors=(ErrorCode.UNKNOWN_ENTITY,),
            answer_example={"items": [examples.BOOKED_PRACTICE], "next_cursor": None},
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.DebtQuery], entity: str) -> answers.DebtPage:
        """List one page."""
        request = replace(_listed(entity, asked.query), cursor=asked.query.cursor, limit=asked.query.limit)
        page = asked.visit.call(practices.LIST_DEBTS, request)
        link_next(asked.req, asked.resp, "cursor", page.next_cursor)
        return answers.DebtPage(items=page.practices, next_cursor=page.next_cursor)


class DebtsFileResource(Resource):
    """The same as a file."""

    @operation(
        Operation(
            summary="The entity's practices of a period, oldest first, as CSV for a spreadsheet",
            tag=Tag.DEBTS,
            access=Access.KEY,
            scope=Scope.DEBTS_READ,
            query=bodies.DebtFileQuery,
            media_type="text/csv",
            errors=(ErrorCode.UNKNOWN_ENTITY,),
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.DebtFileQuery], entity: str) -> None:
        """Send it as it is put together."""
        asked.resp.stream = csv_files.of_debts(asked.visit, _listed(entity, asked.query))
        asked.resp.content_type = "text/csv; charset=utf-8"
        asked.resp.downloadable_as = f"debiti-{entity}.csv"


def _listed(entity: str, query: bodies.DebtFileQuery) -> practices.DebtListRequest:
    return practices.DebtListRequest(
        entity_code=entity,
        since=query.since,
        until=query.until,
        states=query.state,
        service_code=query.service_code,
        origin=query.origin,
    )


class ImportsResource(Resource):
    """Debt files."""

    @operation(
        Operation(
            summary="Import a debt file (CSV, JSON Lines or JSON, also in gzip): a small one at once, with its report, "
            "others as a job",
            tag=Tag.IMPORTS,
            access=Access.KEY,
            scope=Scope.IMPORTS_WRITE,
            query=bodies.ImportSendQuery,
            file_types=(*debt_files.MEDIA_TYPES, "multipart/form-data"),
            answer=practices.ImportReport,
            status=HTTPStatus.CREATED,
            as_a_job="The file is loaded as a job: its report, which grows, stands at the address in Location. So are "
            "files of more than 256 KiB, packed ones, those behind another file of the entity, and any on the wish "
            "`Prefer: respond-async`.",
            idempotency=IdempotencyKey.OPTIONAL,
            errors=(
                ErrorCode.UNKNOWN_ENTITY,
                ErrorCode.IMPORT_WRONG_HEADER,
                ErrorCode.IMPORT_NOT_UTF8,
                ErrorCode.IMPORT_TOO_LARGE,
                ErrorCode.IMPORT_EMPTY,
            ),
            answer_example=examples.IMPORT,
        )
    )
    def on_post(self, asked: Asked[Empty, bodies.ImportSendQuery], entity: str) -> practices.ImportReport:
        """Take the file. Without an Idempotency-Key each send is an import of its own: debts change in between."""
        report = debt_files.take(asked, entity, preview=asked.query.preview)
        if report.state != "done":
            asked.resp.status = HTTPStatus.ACCEPTED
        asked.resp.location = f"/api/v1/creditors/{entity}/imports/{report.id}"
        return report


class ImportApplicationResource(Resource):
    """The loading of an import that was previewed."""

    @operation(
        Operation(
            summary="Load a previewed import: all of it, or the accepted rows; if asked, annul what it does not name",
            tag=Tag.IMPORTS,
            access=Access.KEY,
            scope=Scope.IMPORTS_WRITE,
            body=bodies.ImportApplicationBody,
            answer=practices.ImportReport,
            status=HTTPStatus.ACCEPTED,
            errors=(
                ErrorCode.IMPORT_NOT_FOUND,
                ErrorCode.IMPORT_NOT_APPLICABLE,
                ErrorCode.DESCRIPTION_REQUIRED,
                ErrorCode.DESCRIPTION_TOO_LONG,
            ),
            body_example={"accepted_only": True},
            answer_example={**examples.IMPORT, "state": "loading", "rows": []},
        )
    )
    def on_post(
        self, asked: Asked[bodies.ImportApplicationBody], entity: str, import_id: UUID
    ) -> practices.ImportReport:
        """Begin; the report grows at its address."""
        request = practices.ImportApplyRequest(
            entity_code=entity,
            import_id=import_id,
            accepted_only=asked.body.accepted_only,
            annul_missing=asked.body.annul_missing,
            reason=asked.body.reason,
            actor=asked.key.actor,
        )
        return asked.visit.call(practices.APPLY_IMPORT, request)


class ImportRefusedResource(Resource):
    """The refused rows of one import."""

    @operation(
        Operation(
            summary="The refused rows of an import as a debt file, with what is wrong: to correct and to import again",
            tag=Tag.IMPORTS,
            access=Access.KEY,
            scope=Scope.IMPORTS_WRITE,
            media_type="text/csv",
            errors=(ErrorCode.IMPORT_NOT_FOUND,),
        )
    )
    def on_get(self, asked: Asked, entity: str, import_id: UUID) -> None:
        """Send it as it is put together. After 30 days it holds the references and reasons alone."""
        request = practices.RefusedRowsRequest(entity_code=entity, import_id=import_id)
        asked.resp.stream = refused_rows.as_file(asked.visit, request)
        asked.resp.content_type = "text/csv; charset=utf-8"
        asked.resp.downloadable_as = f"righe-da-correggere-{import_id}.csv"


class ImportResource(Resource):
    """The report of one import."""

    @operation(
        Operation(
            summary="The report of an import, line by line, as far as it is loaded",
            tag=Tag.IMPORTS,
            access=Access.KEY,
            scope=Scope.IMPORTS_WRITE,
            query=bodies.ImportQuery,
            answer=practices.ImportReport,
            errors=(ErrorCode.IMPORT_NOT_FOUND,),
            answer_example=examples.IMPORT,
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.ImportQuery], entity: str, import_id: UUID) -> practices.ImportReport:
        """Show it again."""
        request = practices.ImportGetRequest(
            entity_code=entity,
            import_id=import_id,
            after_line=asked.query.after_line,
            limit=asked.query.limit,
            outcome=asked.query.outcome,
        )
        return asked.visit.call(practices.GET_IMPORT, request)

    @operation(
        Operation(
            summary="Cancel an import that is not over; the rows that are loaded stay",
            tag=Tag.IMPORTS,
            access=Access.KEY,
            scope=Scope.IMPORTS_WRITE,
            answer=practices.ImportReport,
            errors=(ErrorCode.IMPORT_NOT_FOUND,),
            answer_example=examples.IMPORT,
        )
    )
    def on_delete(self, asked: Asked, entity: str, import_id: UUID) -> practices.ImportReport:
        """End it; what is over stays as it is."""
        request = practices.ImportCancelRequest(entity_code=entity, import_id=import_id, actor=asked.key.actor)
        return asked.visit.call(practices.CANCEL_IMPORT, request)
