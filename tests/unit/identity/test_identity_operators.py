"""The rules of an office's people: how long they are let in, which roles they may have, who they are."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.errors import ErrorCode, Refused
from contracts.roles import Grant
from services.identity.operators.domain.operator_rules import (
    OfficeTimes,
    checked_email,
    checked_grants,
    checked_person,
    has_administrator,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def grant(role: str, service_code: str | None = None) -> Grant:
    return Grant(role=role, service_code=service_code)


def test_an_office_session_ends_after_fifteen_minutes_unused() -> None:
    times = OfficeTimes(created_at=NOW - timedelta(hours=1), seen_at=NOW, revoked_at=None)
    assert times.is_live(NOW + timedelta(minutes=15) - SECOND)
    assert not times.is_live(NOW + timedelta(minutes=15))


def test_an_office_session_in_use_ends_after_ten_hours() -> None:
    ends_at = NOW + timedelta(hours=10)
    times = OfficeTimes(created_at=NOW, seen_at=ends_at - SECOND, revoked_at=None)
    assert times.expires_at == times.idle_until == ends_at
    assert times.is_live(ends_at - SECOND)
    assert not times.is_live(ends_at)


def test_an_office_session_that_was_ended_is_over() -> None:
    assert not OfficeTimes(created_at=NOW, seen_at=NOW, revoked_at=NOW).is_live(NOW)


def test_roles_are_kept_once_in_order_and_a_role_for_all_services_swallows_its_own_for_one() -> None:
    asked = [grant("ufficio", "TARI"), grant("ufficio", "MENSA"), grant("sportello"), grant("ufficio", "TARI")]
    assert checked_grants(asked) == [grant("sportello"), grant("ufficio", "MENSA"), grant("ufficio", "TARI")]
    assert checked_grants([*asked, grant("ufficio")]) == [grant("sportello"), grant("ufficio")]
    assert checked_grants([grant("amministratore"), grant("contabile", "TARI")]) == [
        grant("amministratore"),
        grant("contabile", "TARI"),
    ]


@pytest.mark.parametrize("grants", [[], [grant("amministratore", "TARI")], [grant("ufficio"), grant("revisore", "X")]])
def test_no_role_at_all_and_a_role_of_the_whole_entity_for_one_service_are_refused(grants: list[Grant]) -> None:
    with pytest.raises(Refused) as refused:
        checked_grants(grants)
    assert refused.value.code is ErrorCode.INVALID_REQUEST
    assert refused.value.params == {"field": "grants"}


def test_who_works_in_an_office_is_a_person() -> None:
    assert checked_person("rssmra85t10a562s") == "RSSMRA85T10A562S"
    for code in ("80012345676", "RSSMRA85T10A562X", ""):
        with pytest.raises(Refused) as refused:
            checked_person(code)
        assert refused.value.code is ErrorCode.INVALID_FISCAL_CODE


def test_an_address_is_trimmed_and_must_be_one() -> None:
    assert checked_email(" anna.rossi@comune.example ") == "anna.rossi@comune.example"
    with pytest.raises(Refused) as refused:
        checked_email("anna.rossi")
    assert (refused.value.code, refused.value.params) == (ErrorCode.INVALID_REQUEST, {"field": "email"})


def test_an_office_has_an_administrator_where_one_of_its_people_is() -> None:
    assert has_administrator([[grant("ufficio")], [grant("sportello"), grant("amministratore")]])
    assert not has_administrator([[grant("ufficio")], []])
    assert not has_administrator([])
