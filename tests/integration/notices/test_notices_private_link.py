"""The mail with a private link: sent while somebody waits, stored nowhere."""

from collections.abc import Iterator

import pytest

from contracts.call import Call, Reply, Request
from contracts.errors import ErrorCode, Refused, RpcError, Unavailable
from contracts.rpc.notices import LinkMailRequest
from contracts.rpc.practices import EntityRequest
from contracts.shapes import Empty
from services.notices.mail.settings import MailSettings
from services.notices.mail.usecases import private_link
from tests.integration.notices.mail_world import (
    ENTITY,
    NOON,
    PUBLIC_URL,
    PostOffice,
    mail_settings,
    open_post_office,
)


class EntityRpc:
    """Answers which entity it is."""

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        assert (type(request), correlation_id) == (EntityRequest, None)
        assert isinstance(ENTITY, call.reply_type)
        return ENTITY


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with open_post_office() as opened:
        yield opened


def send(settings: MailSettings | None, email: str = "anna@posta.example", language: str = "it") -> Empty:
    request = LinkMailRequest(entity_code="PM108", email=email, link_token="t0ken", language=language)
    return private_link.mail_link(EntityRpc(), settings, PUBLIC_URL, request, NOON)


@pytest.mark.parametrize(("language", "subject"), [("it", "Il tuo link privato"), ("en", "Your private link")])
def test_the_mail_says_where_the_link_leads_and_nothing_of_what_was_inserted(
    office: PostOffice, language: str, subject: str
) -> None:
    send(mail_settings(office.port), language=language)
    (mail,) = office.received
    assert mail["To"] == "anna@posta.example"
    assert mail["Subject"] == f"{subject}: Conservatorio di Musica Giovanni Paisiello"
    assert "https://portale.example/privato/t0ken" in mail.get_content().splitlines()


@pytest.mark.parametrize("email", ["anna", "anna@posta.example\r\nBcc: altri@posta.example", "nobody@posta.example"])
def test_an_address_that_is_none_is_refused(office: PostOffice, email: str) -> None:
    office.rcpt["nobody"] = ["550 5.1.1 no such user"]
    with pytest.raises(Refused) as refused:
        send(mail_settings(office.port), email)
    assert (refused.value.code, refused.value.params) == (ErrorCode.INVALID_REQUEST, {"fields": ["email"]})
    assert office.received == []


def test_without_a_server_that_takes_it_now_it_is_said(office: PostOffice) -> None:
    office.rcpt["anna"] = ["451 try later"]
    for settings in (None, mail_settings(office.port)):
        with pytest.raises(RpcError) as failed:
            send(settings)
        assert isinstance(failed.value, Unavailable)
