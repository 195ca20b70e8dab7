"""For the entity's own software: debts one by one, and whole files."""

import base64
import hashlib
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from contracts.errors import ErrorCode, Refused
from contracts.message import schema_of
from contracts.rpc import practices
from gateway.api import examples, schemas, uploads
from gateway.api.keys import Scope
from gateway.api.operation import Access, Asked, Key, Operation, Resource, operation

_DEBTS_TAG: Final = "Debts (API key)"
_IMPORTS_TAG: Final = "Imports (API key)"


class DebtResource(Resource):
    """A debt under the entity's own reference."""

    @operation(
        Operation(
            summary="Create or amend a debt; the same content again changes nothing",
            tag=_DEBTS_TAG,
            access=Access.KEY,
            scope=Scope.DEBTS_WRITE,
            body=schemas.DebtBody(),
            answer=schema_of(practices.Practice),
            errors=(
                ErrorCode.UNKNOWN_ENTITY,
                ErrorCode.UNKNOWN_SERVICE,
                ErrorCode.INVALID_FISCAL_CODE,
                ErrorCode.NAME_REQUIRED,
                ErrorCode.NAME_TOO_LONG,
                ErrorCode.AMOUNT_OUT_OF_RANGE,
                ErrorCode.AMOUNT_NOT_ALLOWED,
                ErrorCode.DESCRIPTION_REQUIRED,
                ErrorCode.DESCRIPTION_TOO_LONG,
                ErrorCode.BENEFICIARY_REQUIRED,
                ErrorCode.PRACTICE_NOT_AMENDABLE,
            ),
            body_example=examples.DEBT,
            answer_example=examples.PRACTICE,
        )
    )
    def on_put(self, asked: Asked, entity: str, external_id: str) -> dict[str, Any]:
        """Put it."""
        return asked.visit.call(practices.PUT_DEBT, entity_code=entity, external_id=external_id, **asked.body)

    @operation(
        Operation(
            summary="Annul a debt, saying why",
            tag=_DEBTS_TAG,
            access=Access.KEY,
            scope=Scope.DEBTS_WRITE,
            body=schemas.AnnulBody(),
            answer=schema_of(practices.Practice),
            errors=(
                ErrorCode.PRACTICE_NOT_FOUND,
                ErrorCode.PRACTICE_PAID,
                ErrorCode.PRACTICE_BEING_PAID,
                ErrorCode.PRACTICE_NOT_AMENDABLE,
            ),
            body_example={"reason": "Emesso per errore"},
            answer_example=examples.PRACTICE,
        )
    )
    def on_delete(self, asked: Asked, entity: str, external_id: str) -> dict[str, Any]:
        """Withdraw it."""
        return asked.visit.call(practices.ANNUL_DEBT, entity_code=entity, external_id=external_id, **asked.body)


class ImportsResource(Resource):
    """Debt files."""

    @operation(
        Operation(
            summary="Import a debt file (CSV, UTF-8); the answer says line by line what became of it",
            tag=_IMPORTS_TAG,
            access=Access.KEY,
            scope=Scope.IMPORTS_WRITE,
            file_types=("text/csv", "multipart/form-data"),
            answer=schema_of(practices.ImportReport),
            status=HTTPStatus.CREATED,
            idempotency=Key.OPTIONAL,
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
    def on_post(self, asked: Asked, entity: str) -> dict[str, Any]:
        """Take the file; without an Idempotency-Key its content is the key, so that a repeated send is one import."""
        upload = uploads.receive(asked.req)
        if not upload.content:
            raise Refused(ErrorCode.IMPORT_EMPTY)
        report = asked.visit.call(
            practices.IMPORT,
            idempotency_key=asked.idempotency_key or hashlib.sha256(upload.content).hexdigest(),
            entity_code=entity,
            file_name=upload.name,
            content_base64=base64.b64encode(upload.content).decode(),
        )
        asked.resp.location = f"/api/v1/creditors/{entity}/imports/{report['id']}"
        return report


class ImportResource(Resource):
    """The report of one import."""

    @operation(
        Operation(
            summary="The report of an import, line by line",
            tag=_IMPORTS_TAG,
            access=Access.KEY,
            scope=Scope.IMPORTS_WRITE,
            answer=schema_of(practices.ImportReport),
            errors=(ErrorCode.IMPORT_NOT_FOUND,),
            answer_example=examples.IMPORT,
        )
    )
    def on_get(self, asked: Asked, entity: str, import_id: UUID) -> dict[str, Any]:
        """Show it again."""
        return asked.visit.call(practices.GET_IMPORT, entity_code=entity, import_id=import_id)
