"""Registration and the consent ledger on a real database."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from contracts.errors import Broken, ErrorCode, Refused
from contracts.events import EVENTS
from contracts.rpc.identity import (
    Mailbox,
    MailboxRequest,
    Privacy,
    PurposeRequest,
    RegisterRequest,
    Session,
    SessionRequest,
    TokenRequest,
)
from services.identity import models
from services.identity.settings import Settings
from services.identity.usecases import own_data, privacy, sessions
from tests.integration.identity.conftest import GIULIA, LUCA, MARIO, NOW, Portal

NOTICE = "registration-1.1"


def register(portal: Portal, token: str, **chosen: Any) -> Session:
    request = RegisterRequest(**{"session_token": token, "document_id": NOTICE, **chosen})
    return privacy.register(portal.database, portal.settings, request, NOW)


def change(portal: Portal, call: Callable[..., Privacy], token: str, purpose: str, email: str | None = None) -> Privacy:
    request = PurposeRequest(session_token=token, purpose=purpose, email=email, channel="api")
    return call(portal.database, portal.settings, request, NOW)


def show(portal: Portal, token: str) -> Privacy:
    return privacy.show(portal.database, portal.settings, TokenRequest(session_token=token), NOW)


def current(portal: Portal, token: str) -> Session:
    return sessions.current(portal.database, portal.settings, SessionRequest(session_token=token), NOW)


def events(portal: Portal) -> list[tuple[str, str]]:
    with portal.database.reading() as session:
        rows = session.scalars(sa.select(models.OutboxMessage).order_by(models.OutboxMessage.id)).all()
    for row in rows:
        assert not EVENTS[row.type].schema.validate(row.body["data"])
    return [(row.type, row.body["sequence"]) for row in rows]


def refused_with(call: Any) -> tuple[ErrorCode, dict[str, Any]]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code, refused.value.params


def test_registering_acknowledges_the_notice_and_tells_the_other_services(portal: Portal) -> None:
    token = portal.token()
    session = register(portal, token, email="mario@posta.example", purposes=["email_reminders"])
    assert session.registered is True
    assert session.citizen.email == "mario@posta.example"
    shown = show(portal, token)
    assert shown.granted == ["email_reminders", "registration"]
    assert [(one.purpose, one.action, one.document_id) for one in shown.history] == [
        ("registration", "acknowledged", NOTICE),
        ("email_reminders", "granted", "email_reminders-1.1"),
    ]
    assert [one.purpose for one in shown.documents] == ["registration", "email_reminders"]
    assert events(portal) == [("CitizenRegistered.v1", "0000000001"), ("ConsentGranted.v1", "0000000002")]


def test_registering_without_choosing_anything_grants_nothing_optional(portal: Portal) -> None:
    token = portal.token(LUCA)
    assert register(portal, token).citizen.email is None
    assert show(portal, token).granted == ["registration"]


def test_registering_again_changes_nothing(portal: Portal) -> None:
    token = portal.token()
    register(portal, token)
    before = events(portal)
    assert register(portal, token).registered is True
    assert events(portal) == before
    assert len(show(portal, token).history) == 1


def test_the_ledger_says_how_each_choice_was_made(portal: Portal) -> None:
    token = portal.token()
    register(portal, token, email="m@posta.example", language="en")
    change(portal, privacy.grant, token, "email_reminders")
    shown = show(portal, token).history
    assert [(one.action, one.channel) for one in shown] == [("acknowledged", "web"), ("granted", "api")]
    with portal.database.reading() as session:
        events = session.scalars(sa.select(models.ConsentEvent).order_by(models.ConsentEvent.id)).all()
        assert [one.language for one in events] == ["en", None]
        assert len({one.session_id for one in events}) == 1


def test_a_double_click_registers_once(portal: Portal) -> None:
    token = portal.token()
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: register(portal, token), range(6)))
    assert all(one.registered for one in results)
    assert events(portal) == [("CitizenRegistered.v1", "0000000001")]


def test_the_document_acknowledged_must_be_the_one_in_force(portal: Portal) -> None:
    token = portal.token()
    code, params = refused_with(lambda: register(portal, token, document_id="registration-0.9"))
    assert (code, params) == (ErrorCode.CONSENT_MISSING, {"document_id": NOTICE})
    assert events(portal) == []


def test_reminders_need_an_address(portal: Portal) -> None:
    token = portal.token(LUCA)
    refused = refused_with(lambda: register(portal, token, purposes=["email_reminders"]))
    assert refused == (ErrorCode.INVALID_REQUEST, {"field": "email"})
    register(portal, token)
    refused = refused_with(lambda: change(portal, privacy.grant, token, "email_reminders"))
    assert refused == (ErrorCode.INVALID_REQUEST, {"field": "email"})
    shown = change(portal, privacy.grant, token, "email_reminders", email="luca@posta.example")
    assert "email_reminders" in shown.granted


def test_the_address_given_at_registration_stays_at_the_next_login(portal: Portal) -> None:
    register(portal, portal.token(), email="altra@posta.example")
    assert portal.log_in().session.citizen.email == "altra@posta.example"
    assert portal.log_in().session.registered is True


def test_nothing_is_granted_before_registration(portal: Portal) -> None:
    token = portal.token()
    assert refused_with(lambda: change(portal, privacy.grant, token, "email_reminders"))[0] is ErrorCode.CONSENT_MISSING
    assert refused_with(lambda: change(portal, privacy.grant, token, "registration"))[0] is ErrorCode.INVALID_REQUEST


def test_a_purpose_is_revoked_at_once_and_granted_again(portal: Portal) -> None:
    token = portal.token()
    register(portal, token, email="m@posta.example", purposes=["email_reminders"])
    assert change(portal, privacy.revoke, token, "email_reminders").granted == ["registration"]
    change(portal, privacy.revoke, token, "email_reminders")
    change(portal, privacy.grant, token, "email_reminders")
    shown = change(portal, privacy.grant, token, "email_reminders")
    assert [one.action for one in shown.history] == ["acknowledged", "granted", "revoked", "granted"]
    assert [kind for kind, _ in events(portal)] == [
        "CitizenRegistered.v1",
        "ConsentGranted.v1",
        "ConsentRevoked.v1",
        "ConsentGranted.v1",
    ]


def mailbox(portal: Portal, citizen_id: UUID) -> Mailbox | None:
    return privacy.mailbox(portal.database, portal.settings, MailboxRequest(citizen_id=citizen_id)).mailbox


def messages(portal: Portal, citizen_id: UUID) -> Sequence[str]:
    found = mailbox(portal, citizen_id)
    assert found is not None
    return found.messages


def test_a_mailbox_is_told_only_while_the_consent_holds(portal: Portal) -> None:
    token = portal.token()
    citizen = register(portal, token, email="m@posta.example", language="en").citizen
    assert mailbox(portal, citizen.id) is None
    change(portal, privacy.grant, token, "email_reminders")
    assert mailbox(portal, citizen.id) == Mailbox(
        fiscal_code=citizen.fiscal_code,
        email="m@posta.example",
        language="en",
        messages=("notice", "reminder", "receipt"),
    )
    change(portal, privacy.revoke, token, "email_reminders")
    assert mailbox(portal, citizen.id) is None
    change(portal, privacy.grant, token, "email_reminders")
    change(portal, privacy.revoke, token, "registration")
    assert mailbox(portal, citizen.id) is None
    assert mailbox(portal, UUID(int=9)) is None


def test_who_agreed_to_reminders_alone_gets_reminders_alone_until_granting_again(portal: Portal) -> None:
    newer = portal.settings
    older = tuple(one for one in newer.documents if one.id != "email_reminders-1.1")
    portal.settings = Settings(**{**vars(newer), "documents": older})
    token = portal.token()
    citizen = register(portal, token, email="m@posta.example", purposes=["email_reminders"]).citizen
    portal.settings = newer
    assert messages(portal, citizen.id) == ("reminder",)
    change(portal, privacy.grant, token, "email_reminders")
    shown = change(portal, privacy.grant, token, "email_reminders")
    agreed = [one.document_id for one in shown.history if one.purpose == "email_reminders"]
    assert agreed == ["email_reminders-1.0", "email_reminders-1.1"]
    assert messages(portal, citizen.id) == ("notice", "reminder", "receipt")


def test_revoking_the_registration_ends_the_sessions_and_erases_the_profile(portal: Portal) -> None:
    here, there = portal.token(), portal.token()
    citizen = register(portal, here, email="m@posta.example", purposes=["email_reminders"]).citizen
    shown = change(portal, privacy.revoke, here, "registration")
    assert shown.granted == []
    assert sorted(one.purpose for one in shown.history if one.action == "revoked") == [
        "email_reminders",
        "registration",
    ]
    for token in (here, there):
        with pytest.raises(Refused, match="session_expired"):
            current(portal, token)
    with portal.database.reading() as session:
        row = session.get_one(models.Citizen, citizen.id)
        assert (row.fiscal_code, row.name, row.family_name, row.email) == (None, None, None, None)
        assert session.scalars(sa.select(sa.func.count()).select_from(models.SamlTrace)).one() == 2
    assert [kind for kind, _ in events(portal)][-2:] == ["ConsentRevoked.v1", "ConsentRevoked.v1"]


def test_after_closing_the_account_one_can_register_again(portal: Portal) -> None:
    token = portal.token()
    old = register(portal, token).citizen.id
    change(portal, privacy.revoke, token, "registration")
    finished = portal.log_in()
    assert finished.session.registered is False
    assert finished.session.citizen.id != old
    assert register(portal, finished.session_token).registered is True
    history = show(portal, finished.session_token).history
    assert [one.action for one in history] == ["acknowledged"]


def test_a_new_notice_is_asked_for_again_and_takes_nothing_away(portal: Portal) -> None:
    token = portal.token()
    register(portal, token, email="m@posta.example", purposes=["email_reminders"])
    notice = next(one for one in portal.settings.documents if one.id == NOTICE)
    newer = type(notice)(
        "registration-2.0", "registration", "2.0", notice.valid_from, notice.title, {"it": "b", "en": "b"}, "b" * 64
    )
    values = {**vars(portal.settings), "documents": (*portal.settings.documents, newer)}
    portal.settings = Settings(**values)
    assert current(portal, token).registered is False
    again = register(portal, token, document_id="registration-2.0")
    assert (again.registered, again.citizen.email) == (True, "m@posta.example")
    assert [kind for kind, _ in events(portal)] == ["CitizenRegistered.v1", "ConsentGranted.v1"]
    assert show(portal, token).granted == ["email_reminders", "registration"]


def test_a_text_edited_under_an_old_version_is_a_bug_and_not_a_consent(portal: Portal) -> None:
    register(portal, portal.token())
    notice = next(one for one in portal.settings.documents if one.id == NOTICE)
    edited = type(notice)(**{**vars(notice), "sha256": "0" * 64})
    portal.settings = Settings(**{**vars(portal.settings), "documents": (edited,)})
    token = portal.token(GIULIA)
    with pytest.raises(Broken):
        register(portal, token)


@pytest.mark.parametrize("statement", ["UPDATE consent_events SET action = 'granted'", "DELETE FROM consent_events"])
def test_the_database_refuses_to_change_the_ledger(portal: Portal, statement: str) -> None:
    register(portal, portal.token())
    with pytest.raises(DBAPIError, match="append-only"), portal.database.transaction() as tx:
        tx.session.execute(sa.text(statement))


def test_the_export_holds_everything_stored_about_the_citizen(portal: Portal) -> None:
    token = portal.token()
    register(portal, token, email="m@posta.example")
    portal.token(GIULIA)
    data = own_data.export(portal.database, TokenRequest(session_token=token), NOW + timedelta(minutes=1)).data
    assert data["citizen"]["fiscal_code"] == MARIO.fiscal_code
    assert data["citizen"]["registered_at"] == NOW.isoformat()
    assert [one["action"] for one in data["consents"]] == ["acknowledged"]
    assert [one["live"] for one in data["sessions"]] == [True]
    assert [one["outcome"] for one in data["logins"]] == ["granted"]
    assert GIULIA.fiscal_code not in str(data)
