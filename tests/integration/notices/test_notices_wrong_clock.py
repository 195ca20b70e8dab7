"""Mails are queued, sent and given up, and what is old is deleted, by the database's time."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from chassis.storage.database import Database
from contracts.calendar import rome_day
from services.notices.mail import domain
from services.notices.mail.repository import mails
from services.notices.models import Mail
from services.notices.service import NoticesService
from tests.integration.notices.mail_world import PUBLIC_URL, MailWorld, make_practice, open_post_office

THREE_DAYS = timedelta(days=3)
Tick = Callable[..., list[str]]


@pytest.fixture
def world(service_database: Callable[[str], Database]) -> Iterator[MailWorld]:
    with open_post_office() as office:
        made = MailWorld(service_database("notices"), office)
        made.now = datetime.now(UTC)
        made.consent()
        yield made


def owed_now(world: MailWorld, due_in_days: int = 60) -> None:
    due_date = rome_day(datetime.now(UTC)) + timedelta(days=due_in_days)
    world.owe(make_practice(due_date=due_date, created_at=world.now))


def provided(world: MailWorld) -> dict[str, Any]:
    settings = SimpleNamespace(
        mail=SimpleNamespace(**{**_fields(world.settings), "hours": range(24)}),
        documents=SimpleNamespace(pdf_retention_days=90),
        public_url=PUBLIC_URL,
    )
    return {"database": world.database, "rpc": world.neighbours, "settings": settings}


def _fields(settings: Any) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in dir(settings) if not name.startswith("__")}


@pytest.mark.parametrize(
    ("timer", "due_in_days", "age"),
    [(NoticesService.queue_news, 60, timedelta()), (NoticesService.queue_reminders, 6, timedelta(days=20))],
)
def test_only_a_process_with_the_right_clock_queues_mail(
    world: MailWorld, tick: Tick, timer: Callable[[Any], None], due_in_days: int, age: timedelta
) -> None:
    world.now -= age
    owed_now(world, due_in_days)
    assert tick(timer, THREE_DAYS, **provided(world)) == ["clock_is_off"]
    assert world.states() == []
    assert tick(timer, timedelta(), **provided(world)) == ["mails_queued"]
    assert len(world.states()) == 1


def test_only_a_process_with_the_right_clock_sends_mail_that_is_put_off(world: MailWorld, tick: Tick) -> None:
    owed_now(world)
    world.queue()
    with world.database.transaction() as tx:
        tx.session.execute(sa.update(Mail).values(not_before=world.now + timedelta(days=1)))
    assert tick(NoticesService.send_mails, THREE_DAYS, **provided(world)) == ["clock_is_off"]
    assert tick(NoticesService.send_mails, timedelta(), **provided(world)) == []
    assert world.states() == [("notice", "queued")]
    with world.database.transaction() as tx:
        tx.session.execute(sa.update(Mail).values(not_before=world.now))
    assert "mail_ended" in tick(NoticesService.send_mails, timedelta(), **provided(world))
    assert world.states() == [("notice", "sent")]


def test_only_a_process_with_the_right_clock_gives_up_a_mail_under_way(world: MailWorld, tick: Tick) -> None:
    owed_now(world)
    world.queue()
    with world.database.transaction() as tx:
        mail = mails.claim(tx.session, world.now)
        assert mail is not None
        mails.begin(tx.session, mail, world.now)
    assert tick(NoticesService.note_lost_mails, THREE_DAYS, **provided(world)) == ["clock_is_off"]
    assert tick(NoticesService.note_lost_mails, timedelta(), **provided(world)) == []
    assert world.states() == [("notice", "sending")]
    with world.database.transaction() as tx:
        tx.session.execute(sa.update(Mail).values(sending_at=world.now - domain.LOST_AFTER * 2))
    assert tick(NoticesService.note_lost_mails, timedelta(), **provided(world)) == ["mail_outcome_unknown"]


def test_only_a_process_with_the_right_clock_deletes_old_mails(world: MailWorld, tick: Tick) -> None:
    owed_now(world)
    world.queue()
    with world.database.transaction() as tx:
        ended_at = world.now - domain.RETENTION + timedelta(days=1)
        tx.session.execute(sa.update(Mail).values(state="sent", queued_at=ended_at, ended_at=ended_at))
    assert tick(NoticesService.purge, THREE_DAYS, **provided(world)) == ["clock_is_off"]
    assert tick(NoticesService.purge, timedelta(), **provided(world)) == []
    assert len(world.mails()) == 1
    with world.database.transaction() as tx:
        tx.session.execute(sa.update(Mail).values(queued_at=ended_at - THREE_DAYS, ended_at=ended_at - THREE_DAYS))
    assert tick(NoticesService.purge, timedelta(), **provided(world)) == []
    assert world.mails() == []
