"""One HTTP status per error code."""

from contracts.errors import ErrorCode
from gateway.statuses import STATUS_OF


def test_every_error_code_has_an_http_status_that_is_an_error() -> None:
    assert set(STATUS_OF) == set(ErrorCode)
    assert all(status >= 400 for status in STATUS_OF.values())
