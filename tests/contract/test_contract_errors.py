"""Error codes: a closed list that only grows, each in one family and with one HTTP status."""

import re
from pathlib import Path

import pytest

from contracts.error_details import DETAIL_OF, ErrorDetail
from contracts.errors import Broken, ErrorCode, Refused, RpcError, Unavailable

ROOT = Path(__file__).parents[2]
RAISED = re.compile(r"(?:Refused|Unavailable|Broken)\(\s*ErrorCode\.(\w+),\s*(?:details\.)?([A-Z]\w+)\(")
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


def test_every_code_with_a_detail_is_told_it_typed() -> None:
    """A code's detail is one type; raising it with another one is a bug that the wire would hide."""
    assert set(DETAIL_OF) <= set(ErrorCode)
    assert all(issubclass(detail, ErrorDetail) for detail in DETAIL_OF.values())


def test_the_details_raised_in_the_product_are_those_of_their_codes() -> None:
    """Read from the source: `Refused(ErrorCode.X, Detail(...))` names the detail that DETAIL_OF gives X."""
    raised = [
        (ErrorCode[code], detail)
        for folder in ("chassis", "services", "gateway")
        for path in (ROOT / folder).rglob("*.py")
        for code, detail in RAISED.findall(path.read_text())
    ]
    assert len(raised) > 20
    assert [(code, detail) for code, detail in raised if DETAIL_OF[code].__name__ != detail] == []
