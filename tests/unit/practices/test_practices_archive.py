"""Which practices belong into pagoPA's archive of notices (pagopa-obligations.md 1.10)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from contracts.rpc.practices import ArchiveTerms
from services.practices.domain.archive import ArchivedPractice, ArchiveSettings, archive_terms

ISSUED = ArchivedPractice(origin="issued", debtor_code="RSSMRA80A01H501U", has_stamp=False, payable_until=None)


def test_every_notice_payable_at_a_psp_is_fed_unless_the_service_says_otherwise() -> None:
    assert archive_terms(ArchiveSettings(), ISSUED) == ArchiveTerms(pay_stand_in=True, switch_to_expired=False)
    assert archive_terms(ArchiveSettings(fed=False), ISSUED) is None


def test_pay_stand_in_is_the_service_s_own_setting() -> None:
    terms = archive_terms(ArchiveSettings(pay_stand_in=False), ISSUED)
    assert terms is not None
    assert not terms.pay_stand_in


@pytest.mark.parametrize(
    ("settings", "last_day", "expected"),
    [
        (ArchiveSettings(), None, False),
        (ArchiveSettings(), date(2026, 12, 31), True),
        (ArchiveSettings(switch_to_expired=True), None, True),
        (ArchiveSettings(switch_to_expired=False), date(2026, 12, 31), True),
    ],
)
def test_switch_to_expired_follows_the_last_day_and_the_setting(
    settings: ArchiveSettings, last_day: date | None, *, expected: bool
) -> None:
    terms = archive_terms(settings, replace(ISSUED, payable_until=last_day))
    assert terms is not None
    assert terms.switch_to_expired is expected


@pytest.mark.parametrize(
    "changes", [{"origin": "spontaneous"}, {"debtor_code": "ANONIMO"}, {"debtor_code": ""}, {"has_stamp": True}]
)
def test_what_is_excluded_is_not_fed(changes: dict[str, Any]) -> None:
    assert archive_terms(ArchiveSettings(), replace(ISSUED, **changes)) is None


@pytest.mark.parametrize("changes", [{"origin": "spontaneous"}, {"debtor_code": "ANONIMO"}])
def test_a_service_may_take_an_exclusion_back(changes: dict[str, Any]) -> None:
    assert archive_terms(ArchiveSettings(excluded=[]), replace(ISSUED, **changes)) is not None


def test_a_stamp_is_never_fed_for_no_psp_may_sell_it() -> None:
    assert archive_terms(ArchiveSettings(excluded=[]), replace(ISSUED, has_stamp=True)) is None
