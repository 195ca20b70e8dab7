"""Error codes: a closed list that only grows, each in one family and with one HTTP status."""

from pathlib import Path

import pytest

from contracts.errors import Broken, ErrorCode, Refused, RpcError, Unavailable

FROZEN = (Path(__file__).parent / "frozen" / "error_codes.txt").read_text().split()


def test_no_published_error_code_was_renamed_or_removed() -> None:
    assert set(FROZEN) <= {code.value for code in ErrorCode}


def test_every_error_code_is_frozen() -> None:
    assert {code.value for code in ErrorCode} <= set(FROZEN), "add it to tests/contract/frozen/error_codes.txt"


@pytest.mark.parametrize("family", [Refused, Unavailable, Broken])
def test_an_error_takes_only_codes_of_the_list(family: type[RpcError]) -> None:
    with pytest.raises(ValueError, match="no_such_code"):
        family("no_such_code")


def test_every_error_code_has_one_http_status() -> None:
    from gateway.statuses import STATUS_OF

    assert set(STATUS_OF) == set(ErrorCode)
