"""The mail that invites into an office: handed over at once to a real SMTP server, or not, and the caller is told."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contracts.rpc.notices import InvitationMailRequest
from services.notices.mail.usecases import invitation
from tests.integration.notices.mail_world import NOON, PUBLIC_URL, mail_settings, open_post_office

REQUEST = InvitationMailRequest(
    email="collega@ente.example",
    language="it",
    entity_name="Conservatorio\nBcc: altri@ente.example",
    invitation_token="un-segreto",
    expires_at=datetime(2026, 11, 27, 11, 0, tzinfo=UTC),
)


def request(**changes: str) -> InvitationMailRequest:
    return replace(REQUEST, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("language", "until"), [("it", "27 novembre 2026 alle 12:00"), ("en", "27 November 2026 at 12:00")]
)
def test_the_link_goes_to_the_address_alone_and_no_name_becomes_a_header(language: str, until: str) -> None:
    with open_post_office() as office:
        sent = invitation.send(mail_settings(office.port), PUBLIC_URL, request(language=language), NOON)
        assert sent.sent
    (message,) = office.received
    assert message["To"] == "collega@ente.example"
    assert "Bcc" not in message
    body = message.get_content()
    assert f"{PUBLIC_URL}/ufficio/invito/un-segreto" in body.splitlines()
    assert until in body


def test_what_the_server_does_not_take_was_not_sent() -> None:
    with open_post_office() as office:
        office.rcpt["collega"] = ["550 5.1.1 no such mailbox"]
        assert not invitation.send(mail_settings(office.port), PUBLIC_URL, REQUEST, NOON).sent
        port = office.port
    assert not invitation.send(mail_settings(port), PUBLIC_URL, REQUEST, NOON).sent, "the server is gone"
    assert not invitation.send(None, PUBLIC_URL, REQUEST, NOON).sent, "no mail is set up"
    assert not invitation.send(mail_settings(port), PUBLIC_URL, request(email="senza-dominio@x"), NOON).sent
