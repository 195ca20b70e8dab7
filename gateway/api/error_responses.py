"""Which errors an operation may answer, and how the OpenAPI document shows each."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from contracts.error_details import (
    AmountChanged,
    AmountNotAllowed,
    ErrorDetail,
    ExtraFieldNotAllowed,
    InvalidRequest,
    ScheduleNotAllowed,
    SpidLevelTooLow,
)
from contracts.errors import ErrorCode
from gateway.api import problems
from gateway.api.json_values import JsonObject
from gateway.api.operation import UNSAFE_METHODS, Access, AnyOperation, IdempotencyKey
from gateway.problems import Problem
from gateway.statuses import STATUS_OF

_LANGUAGE: Final = "en"
_TRY_AGAIN: Final = ("429", "503")
_EXAMPLE_DETAILS: Final[Mapping[ErrorCode, ErrorDetail]] = {
    ErrorCode.INVALID_REQUEST: InvalidRequest(errors=[{"pointer": "/amount_cents", "code": "type"}]),
    ErrorCode.AMOUNT_NOT_ALLOWED: AmountNotAllowed(unit_cents=2500),
    ErrorCode.SCHEDULE_NOT_ALLOWED: ScheduleNotAllowed(field="reduced_days"),
    ErrorCode.EXTRA_FIELD_NOT_ALLOWED: ExtraFieldNotAllowed(field="concessione", problem="too_long"),
    ErrorCode.AMOUNT_CHANGED: AmountChanged(total_cents=12_000),
    ErrorCode.SPID_LEVEL_TOO_LOW: SpidLevelTooLow(entity_code="PM108", spid_level=2, spid_level_wanted=3),
}


def error_responses(method: str, described: AnyOperation, *, has_id: bool) -> JsonObject:
    """Return the responses of an operation that are errors, by HTTP status. `has_id`: its path holds an id."""
    codes = errors_of(method, described, has_id=has_id)
    return dict(sorted({**_problems(codes), **_http_problems(described)}.items()))


def errors_of(method: str, described: AnyOperation, *, has_id: bool) -> list[ErrorCode]:
    """Return all codes of an operation: its own, and those that follow from its path, its caller and its body."""
    codes = [ErrorCode.INVALID_REQUEST]
    if has_id:
        codes += [ErrorCode.NOT_FOUND]  # an id that cannot be one is an address that does not exist
    if described.scope is not None:
        codes += [ErrorCode.API_KEY_INVALID, ErrorCode.SCOPE_MISSING]
    elif method in UNSAFE_METHODS:
        codes += [ErrorCode.CSRF_FAILED]
    if described.access in (Access.CITIZEN, Access.SESSION):
        codes += [ErrorCode.LOGIN_REQUIRED]
    if described.access in (Access.CITIZEN, Access.SESSION, Access.PAYER):
        codes += [ErrorCode.SESSION_EXPIRED]
    if described.access in (Access.CITIZEN, Access.PAYER):
        codes += [ErrorCode.SPID_LEVEL_TOO_LOW]
    if described.access is Access.CITIZEN:
        codes += [ErrorCode.CONSENT_MISSING]
    if described.idempotency is not IdempotencyKey.NONE:
        codes += [ErrorCode.IDEMPOTENCY_CONFLICT]
    codes += [*described.errors, ErrorCode.SERVICE_UNAVAILABLE, ErrorCode.OUTCOME_UNKNOWN, ErrorCode.INTERNAL_ERROR]
    return list(dict.fromkeys(codes))


def _problems(codes: Iterable[ErrorCode]) -> JsonObject:
    by_status: dict[str, list[ErrorCode]] = {}
    for code in sorted(codes, key=lambda code: STATUS_OF[code]):
        by_status.setdefault(str(STATUS_OF[code].value), []).append(code)
    return {
        status: _problem_response({code.value: _example(code) for code in same}) | _headers(status)
        for status, same in by_status.items()
    }


def _headers(status: str) -> JsonObject:
    """Return the headers of a status by which the caller is asked to come again later."""
    if status not in _TRY_AGAIN:
        return {}
    seconds = {"type": "integer", "format": "int32", "minimum": 1, "maximum": 86_400}
    return {"headers": {"Retry-After": {"description": "Seconds to wait, where that helps.", "schema": seconds}}}


def _http_problems(described: AnyOperation) -> JsonObject:
    """Return what HTTP itself refuses about a body, with the code `invalid_request`."""
    if described.body is None and not described.file_types:
        return {}
    statuses = [HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    if described.body is not None:
        statuses.append(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if described.file_types:
        statuses.append(HTTPStatus.LENGTH_REQUIRED)
    return {
        str(status.value): _problem_response({"invalid_request": Problem(status, ErrorCode.INVALID_REQUEST)})
        for status in statuses
    }


def _problem_response(examples_by_code: Mapping[str, Problem]) -> JsonObject:
    shown = {
        code: {"value": problems.as_json(problem, _LANGUAGE, "/api/v1/…")} for code, problem in examples_by_code.items()
    }
    return {
        "description": ", ".join(f"`{code}`" for code in shown),
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": shown}},
    }


def _example(code: ErrorCode) -> Problem:
    detail = _EXAMPLE_DETAILS.get(code)
    return Problem(STATUS_OF[code], code, detail.as_json() if detail else {})
