"""The mail to an entity whose webhook is sent nothing any more: once for each event, tried until it has ended."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from chassis.messaging.events import read_event
from contracts.errors import ErrorCode, Unavailable
from contracts.events.payments import WEBHOOK_DISABLED
from services.notices.mail.repository import entity_mails
from services.notices.mail.usecases import entity_mail, retention
from services.notices.mail.usecases.dependencies import MailDependencies
from services.notices.models import EntityMail
from tests.conftest import PROJECT
from tests.integration.notices.mail_world import PUBLIC_URL, MailWorld, open_post_office

SAMPLE = json.loads((PROJECT / "contracts/samples/WebhookDisabled.v1.json").read_text())
WEBHOOK = SAMPLE["data"]["webhook_id"]


@pytest.fixture(name="world")
def entity_world(service_database) -> Iterator[MailWorld]:
    with open_post_office() as office:
        yield MailWorld(service_database("notices"), office)


def hear(world, **data):
    """Let notices hear that a webhook was disabled; the same event when nothing of it is said."""
    body = {**SAMPLE, "data": {**SAMPLE["data"], **data}} | ({"id": str(uuid4())} if data else {})
    with world.database.transaction() as tx:
        entity_mail.queue(tx, [read_event(WEBHOOK_DISABLED, body)], world.now)


def send(world, **later):
    """Send what is due that much later; return how many mails were taken up."""
    world.now += timedelta(**later)
    dependencies = MailDependencies(world.database, world.neighbours, world.settings, PUBLIC_URL)
    taken = 0
    while entity_mail.send_next(dependencies, world.now):
        taken += 1
    return taken


def states(world):
    with world.database.reading() as session:
        return list(session.scalars(sa.select(EntityMail.state).order_by(EntityMail.queued_at, EntityMail.id)))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("failing", ["per tre giorni non ha risposto come dovuto", "has not answered as it should for three days"]),
        ("gone", ["ha risposto 410", "it answered 410"]),
    ],
)
def test_the_entity_is_told_in_both_languages_which_address_why_and_what_to_do(world, reason, words):
    hear(world, reason=reason)
    assert send(world) == 1
    (message,) = world.office.received
    assert message["To"] == "pagamenti@ente.example"
    assert message["Subject"] == ("Webhook disattivato / Webhook disabled: gestionale.conservatorio-jommelli.example")
    body = message.get_content()
    for word in (*words, "Conservatorio di Musica Giovanni Paisiello: il portale", "Nothing is lost"):
        assert word in body
    assert f"PUT {PUBLIC_URL}/api/v1/creditors/PM108/webhooks/{WEBHOOK} con" in body
    assert states(world) == ["sent"]
    assert send(world, days=1) == 0


def test_an_event_that_comes_again_is_one_mail_and_another_is_another(world):
    hear(world)
    hear(world)
    assert send(world) == 1
    hear(world)
    assert send(world) == 0
    hear(world, reason="gone")
    assert send(world) == 1
    assert len(world.office.received) == 2


def test_where_the_mail_server_is_away_it_is_tried_for_most_of_a_day_and_given_up(world):
    world.office.rcpt["pagamenti"] = ["451 4.3.0 try later"] * 7
    hear(world)
    waited = [{}, {"minutes": 1}, {"minutes": 5}, {"minutes": 30}, {"hours": 2}, {"hours": 6}, {"hours": 12}]
    assert [send(world, **later) for later in waited] == [1] * 7
    assert states(world) == ["given_up"]
    assert send(world, days=7) == 0
    assert world.office.received == []


def test_an_attempt_while_practices_is_away_does_not_count(world):
    world.neighbours.failing = Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    hear(world)
    assert [send(world, seconds=15) for _ in range(20)] == [1] * 20
    world.neighbours.failing = None
    assert send(world, seconds=15) == 1
    assert states(world) == ["sent"]


@pytest.mark.parametrize("address", [None, "senza-dominio@x"])
def test_an_entity_without_an_address_is_not_written_to_and_that_is_noted(world, address):
    world.neighbours.entity = replace(world.neighbours.entity, contact_email=address)
    hear(world)
    send(world)
    assert states(world) == ["no_address"]


def test_an_address_that_is_refused_or_a_line_that_breaks_ends_it(world):
    world.office.rcpt["pagamenti"] = ["550 5.1.1 no such mailbox"]
    hear(world)
    send(world)
    assert states(world) == ["refused"]
    world.office.hanging_up = True
    hear(world, reason="gone")
    send(world, minutes=1)
    assert states(world) == ["refused", "unknown"]


def test_a_mail_whose_process_died_is_sent_by_another_after_the_lease(world):
    hear(world)
    with world.database.transaction() as tx:
        assert entity_mails.claim(tx.session, world.now) is not None
    assert send(world, minutes=4) == 0
    assert send(world, minutes=1) == 1


def test_they_are_forgotten_after_400_days(world):
    hear(world)
    send(world)
    retention.purge(world.database, world.now + timedelta(days=400))
    assert states(world) == ["sent"]
    retention.purge(world.database, world.now + timedelta(days=400, seconds=1))
    assert states(world) == []


def test_a_name_with_a_line_break_becomes_no_header(world):
    hear(world, host="a.example\nBcc: altri@ente.example")
    send(world)
    (message,) = world.office.received
    assert "Bcc" not in message
