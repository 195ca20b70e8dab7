"""Anything that went wrong in a request, told in one shape to pages and API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import falcon

from contracts.errors import Detail, ErrorCode, RpcError
from gateway.statuses import STATUS_OF

_CODE_OF_STATUS: Final[Mapping[int, ErrorCode]] = {
    HTTPStatus.NOT_FOUND: ErrorCode.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorCode.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorCode.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True)
class Problem:
    """An HTTP status, a stable code, what it tells beyond that, and headers of the answer.

    `params` is the detail as JSON values, for problem documents and templates; our code reads `detail`.
    """

    status: HTTPStatus
    code: ErrorCode
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    detail: Detail | None = None


def from_exception(error: Exception) -> Problem:
    """Return what an exception means to the client; what is neither ours nor HTTP's is an internal error."""
    if isinstance(error, RpcError):
        return Problem(STATUS_OF[error.code], error.code, error.params, detail=error.detail)
    if isinstance(error, falcon.HTTPError):
        status = HTTPStatus(error.status_code)
        code = ErrorCode.INTERNAL_ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ErrorCode.INVALID_REQUEST
        return Problem(status, _CODE_OF_STATUS.get(status, code), {}, dict(error.headers or {}))
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, ErrorCode.INTERNAL_ERROR)
