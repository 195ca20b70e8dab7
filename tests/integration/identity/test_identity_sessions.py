"""Sessions on a real database: used, idle, over, revoked."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from contracts.errors import ErrorCode, Refused
from contracts.rpc.identity import EndSessionRequest, OwnSession, OwnSessions, Session, SessionRequest, TokenRequest
from services.identity import models
from services.identity.saml.refusal import Reason
from services.identity.usecases import sessions
from tests.integration.identity.conftest import GIULIA, NOW, Portal, refused_login


def expired(call: Callable[[], object]) -> bool:
    try:
        call()
    except Refused as refused:
        return refused.code is ErrorCode.SESSION_EXPIRED
    return False


def current(portal: Portal, token: str, now: datetime = NOW, entity_code: str | None = None) -> Session:
    request = SessionRequest(session_token=token, entity_code=entity_code)
    return sessions.current(portal.database, portal.settings, request, now)


def by(token: str) -> TokenRequest:
    return TokenRequest(session_token=token)


def own_sessions(portal: Portal, token: str, now: datetime = NOW) -> Sequence[OwnSession]:
    return sessions.show(portal.database, portal.registry, by(token), now).sessions


def end_session(portal: Portal, token: str, session_id: UUID) -> OwnSessions:
    request = EndSessionRequest(session_token=token, session_id=session_id)
    return sessions.end_one(portal.database, portal.registry, request, NOW)


def test_using_a_session_puts_its_idle_end_off(portal: Portal) -> None:
    token = portal.token()
    later = NOW + timedelta(minutes=19)
    assert current(portal, token, later).idle_until == later + timedelta(minutes=20)
    assert current(portal, token, later + timedelta(minutes=19)).citizen.name == "Mario"


def test_a_session_unused_for_twenty_minutes_is_over(portal: Portal) -> None:
    token = portal.token()
    assert expired(lambda: current(portal, token, NOW + timedelta(minutes=20)))


def test_a_session_is_over_after_eight_hours_however_much_it_is_used(portal: Portal) -> None:
    token = portal.token()
    for minutes in range(15, 8 * 60, 15):
        shown = current(portal, token, NOW + timedelta(minutes=minutes))
    assert shown.idle_until == shown.expires_at == NOW + timedelta(hours=8)
    assert expired(lambda: current(portal, token, NOW + timedelta(hours=8)))


def test_many_uses_within_seconds_are_one_write(portal: Portal) -> None:
    token = portal.token()
    current(portal, token, NOW + timedelta(seconds=20))
    shown = current(portal, token, NOW + timedelta(seconds=30))
    with portal.database.reading() as session:
        seen_at = session.scalars(sa.select(models.CitizenSession.seen_at)).one()
    assert seen_at == NOW + timedelta(seconds=20)
    assert shown.idle_until == seen_at + timedelta(minutes=20)


def test_a_logged_out_session_is_over_at_once_and_logging_out_again_is_no_error(portal: Portal) -> None:
    token, other = portal.token(), portal.token()
    sessions.logout(portal.database, by(token), NOW)
    sessions.logout(portal.database, by(token), NOW)
    sessions.logout(portal.database, by("never existed"), NOW)
    assert expired(lambda: current(portal, token))
    assert current(portal, other)


def test_logging_out_everywhere_ends_all_sessions_of_the_citizen_and_of_nobody_else(portal: Portal) -> None:
    here, there, giulia = portal.token(), portal.token(), portal.token(GIULIA)
    sessions.logout_everywhere(portal.database, by(here), NOW)
    assert expired(lambda: current(portal, here))
    assert expired(lambda: current(portal, there))
    assert expired(lambda: sessions.logout_everywhere(portal.database, by(here), NOW))
    assert current(portal, giulia)


@pytest.mark.parametrize("token", ["", "x", "ü" * 50, "a" * 10_000])
def test_a_token_that_was_never_made_is_an_expired_session(portal: Portal, token: str) -> None:
    assert expired(lambda: current(portal, token))


def test_the_citizen_sees_every_live_session_with_its_level_and_which_is_this_one(portal: Portal) -> None:
    phone = portal.log_in(now=NOW, level=3).session_token
    here = portal.token(now=NOW + timedelta(minutes=5))
    portal.token(GIULIA)
    sessions.logout(portal.database, by(portal.token()), NOW)
    shown = own_sessions(portal, here, NOW + timedelta(minutes=6))
    assert [(one.current, one.spid_level, one.identity_provider) for one in shown] == [
        (True, 2, "SPID di prova 1"),
        (False, 3, "SPID di prova 1"),
    ]
    assert own_sessions(portal, phone, NOW + timedelta(minutes=6))[1].current


def test_ending_one_session_leaves_the_others_and_nobody_ends_somebody_elses(portal: Portal) -> None:
    phone, here, stranger = portal.token(), portal.token(), portal.token(GIULIA)
    shown = own_sessions(portal, here)
    other = next(one.id for one in shown if not one.current)
    end_session(portal, stranger, other)
    assert current(portal, phone)
    left = end_session(portal, here, other)
    assert [one.current for one in left.sessions] == [True]
    assert expired(lambda: current(portal, phone))
    assert current(portal, here)


def test_an_entity_may_want_another_level_and_a_weaker_session_is_refused_there(portal: Portal) -> None:
    portal.settings = replace(portal.settings, levels={"PM108": 3, "PM200": 1})
    token = portal.log_in(level=3).session_token
    assert current(portal, token, entity_code="PM108").spid_level == 3
    with refused_login(Reason.LEVEL_TOO_LOW):
        portal.log_in(level=2)
    portal.settings = replace(portal.settings, levels={})
    weaker = portal.token()
    portal.settings = replace(portal.settings, levels={"PM108": 3})
    with pytest.raises(Refused) as refused:
        current(portal, weaker, entity_code="PM108")
    assert refused.value.code is ErrorCode.SPID_LEVEL_TOO_LOW
    assert refused.value.params == {"entity_code": "PM108", "spid_level": 2, "spid_level_wanted": 3}
    assert current(portal, weaker, entity_code="PM200")
    assert current(portal, weaker)
