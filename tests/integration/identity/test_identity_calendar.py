"""The secret address of a citizen's calendar, on a real database."""

import pytest
import sqlalchemy as sa

from contracts.errors import ErrorCode, Refused
from contracts.rpc.identity import (
    CalendarFeed,
    CalendarReader,
    CalendarReaderRequest,
    PurposeRequest,
    RenewCalendarFeedRequest,
    TokenRequest,
)
from services.identity import models
from services.identity.settings import Settings
from services.identity.usecases import calendar_feed, own_data, privacy
from tests.integration.identity.conftest import GIULIA, MARIO, NOW, Portal


def renew(portal: Portal, token: str, language: str | None = None) -> str:
    request = RenewCalendarFeedRequest(session_token=token, language=language)
    return calendar_feed.renew(portal.database, request, NOW).feed_token


def reader(portal: Portal, feed_token: str) -> CalendarReader:
    return calendar_feed.reader(portal.database, portal.settings, CalendarReaderRequest(feed_token=feed_token))


def is_void(portal: Portal, feed_token: str) -> bool:
    with pytest.raises(Refused) as refused:
        reader(portal, feed_token)
    return refused.value.code is ErrorCode.NOT_FOUND


def test_an_address_is_made_replaced_and_revoked(portal: Portal) -> None:
    token = portal.token(MARIO)
    request = TokenRequest(session_token=token)
    assert calendar_feed.show(portal.database, request, NOW) == CalendarFeed(created_at=None)
    first = renew(portal, token, "en")
    assert calendar_feed.show(portal.database, request, NOW) == CalendarFeed(created_at=NOW)
    assert reader(portal, first).fiscal_code == MARIO.fiscal_code
    assert reader(portal, first).language == "en"
    second = renew(portal, token)
    assert is_void(portal, first)
    assert reader(portal, second).language == "en"
    calendar_feed.revoke(portal.database, request, NOW)
    calendar_feed.revoke(portal.database, request, NOW)
    assert is_void(portal, second)


def test_each_citizen_has_an_address_of_their_own(portal: Portal) -> None:
    tokens = {citizen: renew(portal, portal.token(citizen)) for citizen in (MARIO, GIULIA)}
    for citizen, feed_token in tokens.items():
        assert reader(portal, feed_token).fiscal_code == citizen.fiscal_code


def test_only_the_hash_of_the_address_is_stored(portal: Portal) -> None:
    feed_token = renew(portal, portal.token())
    with portal.database.reading() as session:
        row = session.execute(sa.select(models.CalendarFeed.__table__)).one()
    assert feed_token not in repr(tuple(row))
    assert feed_token.encode() not in row.token_sha256


def test_the_address_outlives_the_session_but_not_the_account(portal: Portal) -> None:
    token = portal.token()
    feed_token = renew(portal, token)
    exported = own_data.export(portal.database, TokenRequest(session_token=token), NOW).data["calendar_feed"]
    assert exported == {"created_at": NOW.isoformat()}
    other = portal.token()
    request = PurposeRequest(session_token=token, purpose="registration", language="it")
    privacy.revoke(portal.database, portal.settings, request, NOW)
    assert is_void(portal, feed_token)
    with pytest.raises(Refused, match="session_expired"):
        renew(portal, other)


def test_entities_that_want_a_higher_level_are_named(portal: Portal) -> None:
    feed_token = renew(portal, portal.token())
    portal.settings = Settings(**{**vars(portal.settings), "levels": {"PM200": 3, "PM300": 1}})
    assert reader(portal, feed_token).excluded_entity_codes == ["PM200"]
    portal.settings = Settings(**{**vars(portal.settings), "level": 3})
    assert is_void(portal, feed_token)


@pytest.mark.parametrize("token", ["", "x", "x" * 128])
def test_a_token_that_was_never_made_is_not_found(portal: Portal, token: str) -> None:
    assert is_void(portal, token)
