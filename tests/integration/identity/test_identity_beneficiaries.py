"""Beneficiaries a citizen paid for: up to ten, the latest first, gone when asked and with the account."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from uuid import UUID

from contracts.rpc.identity import (
    ForgetBeneficiaryRequest,
    PurposeRequest,
    RememberBeneficiaryRequest,
    RememberedBeneficiary,
    TokenRequest,
)
from contracts.shapes import Beneficiary
from services.identity.usecases import beneficiaries, own_data, privacy
from tests.integration.identity.conftest import GIULIA, MARIO, NOW, Portal
from tests.integration.identity.test_identity_privacy import register


def beneficiary(number: int) -> Beneficiary:
    return Beneficiary(
        full_name=f"Bianchi Anna {number}",
        course="Flauto",
        school="Conservatorio",
        contribution_type="Contributo annuale",
    )


def remember(portal: Portal, token: str, number: int, *, after_s: int = 0) -> Sequence[RememberedBeneficiary]:
    request = RememberBeneficiaryRequest(session_token=token, beneficiary=beneficiary(number))
    return beneficiaries.remember(portal.database, request, NOW + timedelta(seconds=after_s)).beneficiaries


def forget(portal: Portal, token: str, beneficiary_id: UUID) -> None:
    request = ForgetBeneficiaryRequest(session_token=token, beneficiary_id=beneficiary_id)
    beneficiaries.forget(portal.database, request, NOW)


def names(portal: Portal, token: str) -> list[str]:
    return [
        one.full_name
        for one in beneficiaries.show(portal.database, TokenRequest(session_token=token), NOW).beneficiaries
    ]


def test_a_beneficiary_is_offered_the_next_time_and_to_nobody_else(portal: Portal) -> None:
    token = portal.token(GIULIA)
    (remembered,) = remember(portal, token, 1)
    expected = beneficiary(1)
    assert all(getattr(remembered, one.name) == getattr(expected, one.name) for one in fields(expected))
    assert names(portal, portal.token(GIULIA)) == ["Bianchi Anna 1"]
    assert names(portal, portal.token(MARIO)) == []


def test_the_same_beneficiary_again_moves_to_the_front_and_the_eleventh_takes_the_oldests_place(portal: Portal) -> None:
    token = portal.token(GIULIA)
    for number in range(10):
        remember(portal, token, number, after_s=number)
    remember(portal, token, 0, after_s=20)
    remember(portal, token, 10, after_s=21)
    assert names(portal, token) == [f"Bianchi Anna {number}" for number in (10, 0, 9, 8, 7, 6, 5, 4, 3, 2)]


def test_a_beneficiary_can_be_forgotten_but_not_by_somebody_else(portal: Portal) -> None:
    token, stranger = portal.token(GIULIA), portal.token(MARIO)
    (remembered,) = remember(portal, token, 1)
    forget(portal, stranger, remembered.id)
    assert names(portal, token) == ["Bianchi Anna 1"]
    forget(portal, token, remembered.id)
    assert names(portal, token) == []


def test_beneficiaries_are_in_the_export_and_go_with_the_account(portal: Portal) -> None:
    token = portal.token(GIULIA)
    register(portal, token)
    remember(portal, token, 1)
    data = own_data.export(portal.database, TokenRequest(session_token=token), NOW).data
    assert [one["full_name"] for one in data["beneficiaries"]] == ["Bianchi Anna 1"]
    request = PurposeRequest(session_token=token, purpose="registration", language="it")
    privacy.revoke(portal.database, portal.settings, request, NOW)
    assert names(portal, portal.token(GIULIA)) == []
    with portal.database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM beneficiaries").scalar() == 0
