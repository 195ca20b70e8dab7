"""What is deleted, and when; logout asked for by the identity provider."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from lxml import etree

from contracts.errors import ErrorCode, Refused
from contracts.rpc.help_desk import RefusedLogin, RefusedLoginRequest
from contracts.rpc.identity import RegisterRequest, Session, SessionRequest, Slo, SloRequest
from sandbox.spid.responses import sign_element
from services.identity import models
from services.identity.saml.refusal import Reason
from services.identity.usecases import helpdesk, privacy, sessions, slo, upkeep
from tests.integration.identity.conftest import GIULIA, NOW, Portal, refused_login


def count(portal: Portal, table: type[models.Base]) -> int:
    with portal.database.reading() as session:
        return session.scalars(sa.select(sa.func.count()).select_from(table)).one()


def register(portal: Portal, token: str) -> None:
    request = RegisterRequest(session_token=token, document_id="registration-1.1")
    privacy.register(portal.database, portal.settings, request, NOW)


def current(portal: Portal, token: str) -> Session:
    return sessions.current(portal.database, portal.settings, SessionRequest(session_token=token), NOW)


def answer(portal: Portal, request: SloRequest) -> Slo:
    return slo.answer(portal.database, portal.settings, portal.registry, request, NOW)


def test_nothing_in_use_is_deleted(portal: Portal) -> None:
    token = portal.token()
    assert not any(upkeep.delete_expired(portal.database, NOW + timedelta(minutes=1)).values())
    assert current(portal, token)


def test_traces_are_retained_for_twenty_four_months_and_no_longer(portal: Portal) -> None:
    portal.token()
    upkeep.delete_expired(portal.database, NOW + timedelta(days=730))
    assert count(portal, models.SamlTrace) == 1
    upkeep.delete_expired(portal.database, NOW + timedelta(days=732))
    assert count(portal, models.SamlTrace) == 0


@pytest.mark.parametrize(
    ("login", "still_there"),
    [
        (datetime(2027, 2, 28, 12, tzinfo=UTC), datetime(2029, 2, 28, 11, 59, 59, tzinfo=UTC)),
        (datetime(2027, 3, 1, 12, tzinfo=UTC), datetime(2029, 3, 1, 11, 59, 59, tzinfo=UTC)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2030, 2, 28, 11, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_trace_is_there_for_whole_twenty_four_months_also_over_a_leap_day(
    portal: Portal, login: datetime, still_there: datetime
) -> None:
    portal.token()
    with portal.database.transaction() as tx:
        tx.session.execute(sa.update(models.SamlTrace).values(received_at=login))
    upkeep.delete_expired(portal.database, still_there)
    assert count(portal, models.SamlTrace) == 1
    upkeep.delete_expired(portal.database, still_there + timedelta(days=2))
    assert count(portal, models.SamlTrace) == 0


def test_why_a_login_was_refused_is_retained_for_a_month_also_where_it_matched_none(portal: Portal) -> None:
    with refused_login(Reason.UNSOLICITED) as params:
        portal.finish(portal.answer("_nobody_asked"))
    found = helpdesk.why_refused(portal.database, params["reference"])
    assert found is not None
    assert (found.reason, found.request_id, found.identity_provider) == (Reason.UNSOLICITED, None, None)
    upkeep.delete_expired(portal.database, NOW + timedelta(days=29))
    assert count(portal, models.RefusedLogin) == 1
    upkeep.delete_expired(portal.database, NOW + timedelta(days=31))
    assert helpdesk.why_refused(portal.database, params["reference"]) is None


def test_an_office_is_told_of_logins_in_its_own_pages_and_of_those_in_nobodys(portal: Portal) -> None:
    with refused_login(Reason.UNSOLICITED) as params:
        portal.finish(portal.answer("_nobody_asked"))
    reference = params["reference"]

    def told(entity_code: str, asked: str = reference) -> RefusedLogin | None:
        request = RefusedLoginRequest(entity_code=entity_code, reference=asked)
        return helpdesk.refused_login(portal.database, request).login

    found = told("PM108", f" {reference.lower()} ")
    assert found is not None
    assert (found.reference, found.reason) == (reference, "unsolicited")
    with portal.database.transaction() as tx:
        tx.session.execute(sa.update(models.RefusedLogin).values(entity_code="PM200"))
    assert told("PM108") is None
    assert told("PM200") is not None
    assert told("PM200", "NOSUCH00") is None


def test_a_citizen_who_never_registered_is_deleted_after_a_day_and_a_registered_one_is_not(portal: Portal) -> None:
    portal.token()
    register(portal, portal.token(GIULIA))
    upkeep.delete_expired(portal.database, NOW + timedelta(days=2))
    with portal.database.reading() as session:
        assert [one.name for one in session.scalars(sa.select(models.Citizen))] == ["Giulia"]
    assert count(portal, models.CitizenSession) == 0
    assert count(portal, models.AuthnRequest) == 0
    assert count(portal, models.UsedAssertion) == 0
    assert count(portal, models.ConsentEvent) == 1


def logout_request(portal: Portal, name_id: str, *, by: str = "prova-1") -> SloRequest:
    idp = portal.idps["prova-1"]
    root = etree.fromstring(
        f'<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_logout" Version="2.0"'
        f' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" IssueInstant="{NOW:%Y-%m-%dT%H:%M:%SZ}"'
        f' Destination="{portal.settings.provider.slo_url}"><saml:Issuer>{idp.entity_id}</saml:Issuer>'
        f"<saml:NameID>{name_id}</saml:NameID></samlp:LogoutRequest>"
    )
    signer = portal.idps[by]
    document = etree.tostring(sign_element(root, signer.private_key, signer.certificate))
    return SloRequest(binding="post", message=b64encode(document).decode(), relay_state="state")


def test_a_logout_request_of_the_provider_ends_that_session_and_is_answered(portal: Portal) -> None:
    token, giulia = portal.token(), portal.token(GIULIA)
    with portal.database.reading() as session:
        statement = sa.select(models.CitizenSession.name_id).where(
            models.CitizenSession.token_sha256 == sessions.digest(token)
        )
        name_id = session.scalars(statement).one()
    answered = answer(portal, logout_request(portal, name_id))
    assert answered.destination == portal.idps["prova-1"].slo_url
    assert answered.relay_state == "state"
    with pytest.raises(Refused, match="session_expired"):
        current(portal, token)
    assert current(portal, giulia)


def test_a_logout_of_a_session_that_is_gone_is_answered_all_the_same(portal: Portal) -> None:
    assert answer(portal, logout_request(portal, "_gone")).saml_response


def test_a_logout_request_signed_by_another_provider_ends_nothing(portal: Portal) -> None:
    with pytest.raises(Refused) as refused:
        answer(portal, logout_request(portal, "_x", by="prova-2"))
    assert refused.value.code is ErrorCode.INVALID_REQUEST
