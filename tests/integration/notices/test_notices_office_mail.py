"""The mail that an operator has sent about a practice: at once, to an address that is stored nowhere."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from contracts.actors import Actor
from contracts.call import Call, Reply, Request
from contracts.errors import Refused, Unavailable
from contracts.rpc.notices import PracticeMailRequest
from contracts.rpc.practices import PayLinkRequest, Practice
from services.notices.mail.settings import MailSettings
from services.notices.mail.usecases import office_mail
from tests.integration.notices.mail_world import (
    NOON,
    PUBLIC_URL,
    Neighbours,
    PostOffice,
    mail_settings,
    make_practice,
    make_receipt,
    open_post_office,
)

MARIA = Actor(kind="operator", id="00000000-0000-0000-0000-00000000000a")


class Asked(Neighbours):
    """The neighbours, and the links that were asked of practices."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[PayLinkRequest] = []

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        if isinstance(request, PayLinkRequest):
            self.links.append(request)
        return super().call(call, request, correlation_id=correlation_id)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with open_post_office() as opened:
        yield opened


@pytest.fixture
def rpc() -> Asked:
    return Asked()


@pytest.fixture
def practice(rpc: Asked) -> Practice:
    known = make_practice()
    rpc.practices[known.id] = known
    return known


def send(rpc: Asked, settings: MailSettings | None, practice: Practice, kind: str = "notice", **changes: Any) -> None:
    values = {"entity_code": "PM108", "email": "anna@posta.example", "actor": MARIA, **changes}
    request = PracticeMailRequest(practice_id=practice.id, kind=kind, **values)
    office_mail.mail_practice(rpc, settings, PUBLIC_URL, request, NOON)


def refused_with(attempt: Any) -> str:
    with pytest.raises(Refused) as refused:
        attempt()
    return refused.value.code.value


@pytest.mark.parametrize(("language", "subject"), [("it", "Nuova pratica da pagare"), ("en", "New item to pay")])
def test_a_notice_leads_to_the_practice_and_names_nobody(
    office: PostOffice, rpc: Asked, practice: Practice, language: str, subject: str
) -> None:
    send(rpc, mail_settings(office.port), practice, language=language)
    (mail,) = office.received
    assert mail["To"] == "anna@posta.example"
    assert str(mail["Subject"]).startswith(subject)
    plain = mail.get_body(("plain",))
    assert plain is not None
    text = plain.get_content()
    assert f"{PUBLIC_URL}/paga/pay-{practice.id}" in text
    assert f"{PUBLIC_URL}/informativa-privacy" in text
    for personal in ("Rossi", "RSSMRA85T10A562S", "Lucia Bianchi", "acconsentito", "agreed"):
        assert personal not in text, personal
    assert [(one.practice_id, one.actor, one.mailed) for one in rpc.links] == [(practice.id, MARIA, "notice")]


def test_a_receipt_is_the_first_of_the_payments(office: PostOffice, rpc: Asked, practice: Practice) -> None:
    paid = replace(practice, state="paid", payable=False)
    rpc.practices[paid.id] = paid
    rpc.receipts[paid.id] = [make_receipt(paid, "RT-1"), make_receipt(paid, "RT-2")]
    send(rpc, mail_settings(office.port), paid, "receipt")
    (mail,) = office.received
    assert "RT-1" in mail.as_string()
    assert "RT-2" not in mail.as_string()
    assert rpc.links[0].mailed == "receipt"


def test_what_there_is_nothing_of_is_not_sent(office: PostOffice, rpc: Asked, practice: Practice) -> None:
    settings = mail_settings(office.port)
    assert refused_with(lambda: send(rpc, settings, practice, "receipt")) == "receipt_not_found"
    assert refused_with(lambda: send(rpc, settings, make_practice(2))) == "practice_not_found"
    assert refused_with(lambda: send(rpc, settings, practice, entity_code="PM200")) == "practice_not_found"
    rpc.practices[practice.id] = replace(practice, state="paid", payable=False)
    assert refused_with(lambda: send(rpc, settings, practice)) == "practice_not_found"
    assert (office.received, rpc.links) == ([], [])


def test_an_address_that_is_none_or_a_server_that_is_away_is_told(
    office: PostOffice, rpc: Asked, practice: Practice
) -> None:
    settings = mail_settings(office.port)
    assert refused_with(lambda: send(rpc, settings, practice, email="anna")) == "invalid_request"
    assert rpc.links == []
    office.rcpt["nobody"] = ["550 5.1.1 no such user"]
    assert refused_with(lambda: send(rpc, settings, practice, email="nobody@posta.example")) == "invalid_request"
    office.rcpt["anna"] = ["451 try later"]
    for away in (None, settings):
        with pytest.raises(Unavailable):
            send(rpc, away, practice)
    assert office.received == []
