"""Mails that come back, at the door or by a delivery report days later."""

import io
import mailbox
import random
import re
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from chassis.storage.database import Database
from contracts.rpc.notices import MailingRequest
from contracts.rpc.practices import Practice
from services.notices import __main__ as commands
from services.notices.mail.delivery_report import read_report
from services.notices.mail.usecases import bounces
from services.notices.models import Mail, MailBounce
from tests.integration.notices.mail_world import MARIO, MailWorld, make_practice, open_post_office

REPORT = """Return-Path: <>
Delivered-To: {to}
From: MAILER-DAEMON@mx.posta.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="LIMIT"

--LIMIT
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<mario@posta.example>: host mx.posta.example said: 550 5.1.1 User unknown

--LIMIT
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.ente.example
X-Postfix-Sender: rfc822; {to}
Arrival-Date: Fri, 20 Nov 2026 11:00:00 +0000 (UTC)

Final-Recipient: rfc822; mario@posta.example
Action: {action}
Status: {status}
Remote-MTA: dns; mx.posta.example
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--LIMIT
Content-Description: Undelivered Message{headers_only}
Content-Type: {original_type}

From: Portale dei pagamenti <no-reply@ente.example>
To: mario@posta.example
Subject: Nuova pratica da pagare
Message-ID: <{message_id}@ente.example>
Content-Type: text/plain

--LIMIT--
"""


def report(
    mail_id: UUID,
    *,
    verp: bool = True,
    action: str = "failed",
    status: str = "5.1.1",
    original_type: str = "message/rfc822",
    message_id: str | None = None,
) -> bytes:
    filled = REPORT.format(
        to=f"ritorni+{mail_id.hex}@ente.example" if verp else "no-reply@ente.example",
        action=action,
        status=status,
        headers_only=" Headers" if original_type == "text/rfc822-headers" else "",
        original_type=original_type,
        message_id=message_id or mail_id.hex,
    )
    return filled.encode()


@pytest.fixture
def world(service_database: Callable[[str], Database]) -> Iterator[MailWorld]:
    with open_post_office() as office:
        yield MailWorld(service_database("notices"), office)


def noted(world: MailWorld) -> list[tuple[bool, str]]:
    with world.database.reading() as session:
        return [(one.hard, one.status) for one in session.scalars(sa.select(MailBounce).order_by(MailBounce.at))]


def sent(world: MailWorld, number: int = 1) -> Mail:
    practice = world.owe(make_practice(number))
    assert len(world.work()) == 1
    return mail_about(world, practice)


def mail_about(world: MailWorld, practice: Practice) -> Mail:
    (mail,) = (one for one in world.mails() if one.practice_id == practice.id)
    return mail


def is_refused(world: MailWorld, email: str = "mario@posta.example") -> bool:
    return bounces.mailing(world.database, MailingRequest(citizen_id=MARIO, email=email)).address_refused


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"original_type": "text/rfc822-headers"},
        {"verp": False},
        {"verp": False, "original_type": "text/rfc822-headers"},
        {"message_id": "somebody.elses"},
        {"status": "5.1.1 (bad destination mailbox address)"},
    ],
)
def test_a_delivery_report_is_matched_by_the_address_it_came_back_to_or_by_the_id_it_quotes(
    world: MailWorld, form: dict[str, str]
) -> None:
    world.consent()
    mail = sent(world)
    assert bounces.record(world.database, report(mail.id, **form), world.now)  # type: ignore[arg-type]
    assert [(row.state, row.reason) for row in world.mails()] == [("bounced", "5.1.1")]
    assert noted(world) == [(True, "5.1.1")]
    assert bounces.record(world.database, report(mail.id, **form), world.now)  # type: ignore[arg-type]
    assert noted(world) == [(True, "5.1.1")]
    world.now += timedelta(days=1)
    assert world.work() == []


@pytest.mark.parametrize(
    "content",
    [
        report(UUID(int=1)),
        report(UUID(int=1), action="delayed", status="4.4.1"),
        report(UUID(int=1), verp=False, message_id="not.ours"),
        b"From: a@b.example\nTo: ritorni@ente.example\nSubject: Fuori ufficio\n\nTorno lunedi'.\n",
        b"",
        b"\xff\xfe\x00 no mail at all",
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n--x--\n",
    ],
)
def test_what_is_no_failure_of_a_mail_of_ours_changes_nothing(world: MailWorld, content: bytes) -> None:
    world.consent()
    sent(world)
    assert not bounces.record(world.database, content, world.now)
    assert world.states() == [("notice", "sent")]
    assert noted(world) == []


ODD_HEADERS = (
    *("To: =?", "To: =?utf-8?q?=?=", 'To: "', "To: <", "To: a:;", "To: @", "To: =?utf-8?b?//8=?= <a@b>", "To: \\"),
    *("Message-ID: <", "Message-ID: <>", "Message-ID: [", "Date: x", "Content-Type: ;;", "Content-Type: a/b; c*0*="),
    *("Content-Type: multipart/report; boundary", 'Content-Type: multipart/report; boundary="', "MIME-Version: (", ":"),
    *(
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename*=x'y'%",
        "To: \x00",
        "To: \udcff",
    ),
)


def odd_reports() -> list[bytes]:
    """Reports with one header that is none at each place a header may have, and reports that were damaged."""
    whole = report(UUID(int=1), status="5.1.1\x00")
    lines = whole.split(b"\n")
    odd = [
        b"\n".join([*lines[:place], header.encode("utf-8", "surrogateescape"), *lines[place:]])
        for header in ODD_HEADERS
        for place in (0, 3, 7, 17, 24, 33)
    ]
    randomly = random.Random(9)
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(randomly.randrange(1, 8)):
            broken[randomly.randrange(len(broken))] = randomly.choice(b'\x00\xff\n\r:;<>"=?()[]@, ')
        odd.append(bytes(broken))
    return odd


def test_whatever_comes_back_raises_nothing_and_says_nothing_that_cannot_be_stored() -> None:
    for content in odd_reports():
        found = read_report(content)
        assert found is None or re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", found.status), content


def test_an_odd_message_of_a_maildir_stops_no_other(
    world: MailWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NOTICES_DATABASE_URL", world.database.engine.url.render_as_string(hide_password=False))
    world.consent()
    box = mailbox.Maildir(tmp_path / "ritorni")
    folder = tmp_path / "ritorni" / "new"
    for number, content in enumerate(odd_reports()):
        (folder / f"1{number:03}.odd").write_bytes(content)
    (folder / "9.good").write_bytes(report(sent(world).id))
    assert commands.main(["record-bounces", "--maildir", str(tmp_path / "ritorni")]) == 0
    assert noted(world) == [(True, "5.1.1")]
    assert list(folder.iterdir()) == []
    assert len(box) == len(odd_reports()) + 1


def test_a_report_of_a_delay_is_no_bounce(world: MailWorld) -> None:
    world.consent()
    mail = sent(world)
    assert not bounces.record(world.database, report(mail.id, action="delayed", status="4.4.1"), world.now)
    assert world.states() == [("notice", "sent")]


def test_an_address_that_refused_three_mails_is_not_used_any_more(world: MailWorld) -> None:
    world.consent()
    for number in (1, 2):
        bounces.record(world.database, report(sent(world, number).id), world.now)
        assert not is_refused(world)
        world.now += timedelta(minutes=1)
    # The third is refused at the door.
    world.office.rcpt["mario"] = ["550 5.1.1 no such user"]
    world.owe(make_practice(3))
    assert world.work() == []
    assert is_refused(world)
    assert not is_refused(world, "altra@posta.example")
    practice = world.owe(make_practice(4))
    assert world.work() == []
    assert mail_about(world, practice).reason == "address_refused"
    assert len(noted(world)) == 3


def test_granting_anew_begins_anew_and_another_address_is_another_matter(world: MailWorld) -> None:
    world.consent()
    for number in range(1, 4):
        bounces.record(world.database, report(sent(world, number).id), world.now)
    assert is_refused(world)
    world.consent(email="altra@posta.example")
    assert not is_refused(world, "altra@posta.example")
    assert sent(world, 4).state == "sent"
    world.revoke()
    world.consent()
    assert not is_refused(world)
    assert sent(world, 5).state == "sent"


@pytest.mark.parametrize("status", ["5.2.2", "5.7.1", "5.3.0", "5.2.1"])
def test_a_full_mailbox_or_a_suspicious_server_does_not_count_against_the_address(
    world: MailWorld, status: str
) -> None:
    world.consent()
    for number in range(1, 5):
        bounces.record(world.database, report(sent(world, number).id, status=status), world.now)
    assert noted(world) == [(False, status)] * 4
    assert not is_refused(world)


def test_a_mail_refused_at_the_door_is_a_bounce_and_only_the_recipient_is_to_blame_for_it(world: MailWorld) -> None:
    world.consent()
    world.office.rcpt["mario"] = ["550 no such user"]
    world.owe(make_practice(1))
    world.work()
    world.now += timedelta(minutes=1)
    world.office.data["mario"] = ["554 5.6.0 what is this"]
    world.owe(make_practice(2))
    world.work()
    assert noted(world) == [(True, "550 no such user"), (False, "554 5.6.0 what is this")]


def test_reports_come_from_a_pipe_or_from_a_maildir(
    world: MailWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NOTICES_DATABASE_URL", world.database.engine.url.render_as_string(hide_password=False))
    world.consent()
    first, second = sent(world, 1), sent(world, 2)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(report(first.id))))
    assert commands.main(["record-bounces"]) == 0
    assert len(noted(world)) == 1
    box = mailbox.Maildir(tmp_path / "ritorni")
    box.add(report(second.id))
    box.add(report(uuid4()))
    for _ in range(2):
        assert commands.main(["record-bounces", "--maildir", str(tmp_path / "ritorni")]) == 0
        assert len(noted(world)) == 2
        assert all(message.get_flags() == "S" for message in mailbox.Maildir(tmp_path / "ritorni"))


def test_ids_in_mails_are_those_that_reports_are_matched_by(world: MailWorld) -> None:
    world.consent()
    mail = sent(world)
    assert world.office.senders == [f"ritorni+{mail.id.hex}@ente.example"]
    assert world.office.ids() == [f"<{mail.id.hex}@ente.example>"]
