"""Mail to citizens: a real SMTP server and a real database; the clock is the test's."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from chassis.storage.database import Database
from contracts.calendar import ROME
from contracts.errors import Unavailable
from contracts.shapes import Subject
from services.notices import __main__ as commands
from services.notices.mail import domain
from services.notices.mail.repository import mails
from services.notices.mail.usecases import delivery
from tests.integration.notices.mail_world import (
    MARIO,
    MARIO_CODE,
    NOON,
    MailWorld,
    PostOffice,
    mail_settings,
    make_practice,
    open_post_office,
)

DAY = timedelta(days=1)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with open_post_office() as opened:
        yield opened


@pytest.fixture
def world(service_database: Callable[[str], Database], office: PostOffice) -> MailWorld:
    return MailWorld(service_database("notices"), office)


def test_a_new_practice_is_announced_once_to_who_agreed(world: MailWorld) -> None:
    world.consent()
    practice = world.owe(make_practice())
    (mail,) = world.work()
    assert world.work() == []
    assert world.states() == [("notice", "sent")]
    (row,) = world.mails()
    assert mail["To"] == "mario@posta.example"
    assert mail["From"] == "Portale dei pagamenti <no-reply@ente.example>"
    assert mail["Subject"] == "Nuova pratica da pagare: Tassa rifiuti (TARI)"
    assert mail["Message-ID"] == f"<{row.id.hex}@ente.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<https://portale.example/profilo/privacy>"
    assert mail["Date"].datetime == NOON
    assert world.office.senders == [f"ritorni+{row.id.hex}@ente.example"]
    for subtype in ("plain", "html"):
        body = mail.get_body((subtype,))
        assert body is not None
        text = body.get_content()
        assert f"https://portale.example/paga/pay-{practice.id}" in text
        assert "1.234,56" in text
        assert "31 dicembre 2026" in text
        assert "3010 0000 0000 0000 01" in text
        for personal in (MARIO_CODE, "Rossi", "Lucia", "Bianchi"):
            assert personal not in text


def test_somebody_without_consent_is_not_written_to(world: MailWorld) -> None:
    world.owe(make_practice())
    world.owe(make_practice(debtor=Subject(entity_type="F", fiscal_code="ANONIMO", full_name="Anon")))
    assert world.work() == []
    assert world.mails() == []


def test_the_same_event_again_and_an_older_one_change_nothing(world: MailWorld) -> None:
    world.consent()
    practice = make_practice()
    world.cancel(practice, sequence=2)
    cancelled = replace(practice, state="cancelled")
    world.owe(cancelled, sequence=1)
    assert world.work() == []
    world.owe(cancelled, sequence=3)
    world.becomes(practice, state="to_pay")
    assert len(world.work()) == 1
    world.owe(practice, sequence=3)
    assert world.work() == []


def test_what_was_owed_before_the_consent_is_no_news(world: MailWorld) -> None:
    world.owe(make_practice())
    world.consent(at=world.now + timedelta(minutes=1))
    assert world.work() == []


def test_a_consent_that_comes_after_its_practice_but_was_given_before_still_counts(world: MailWorld) -> None:
    world.owe(make_practice())
    world.consent(at=world.now - timedelta(minutes=1))
    assert len(world.work()) == 1


def test_after_a_long_stop_nobody_gets_stale_news(world: MailWorld) -> None:
    world.consent()
    practice = world.owe(make_practice(due_date=None))
    world.pay(practice)
    world.now += domain.FRESH + timedelta(minutes=1)
    assert world.work() == []
    assert world.mails() == []


def test_a_revoked_consent_stops_what_is_queued_already(world: MailWorld) -> None:
    world.consent()
    world.owe(make_practice())
    world.queue()
    # identity knows at once, the event comes later.
    world.neighbours.mailboxes[MARIO] = None
    assert world.work() == []
    assert [(mail.state, mail.reason) for mail in world.mails()] == [("dropped", "revoked")]
    world.owe(make_practice(2))
    world.queue()
    world.revoke()
    assert [mail.state for mail in world.mails()] == ["dropped", "dropped"]
    world.owe(make_practice(3))
    assert world.work() == []
    assert len(world.mails()) == 2


def test_a_consent_to_reminders_alone_is_for_reminders_alone(world: MailWorld) -> None:
    world.consent(messages=["reminder"])
    practice = world.owe(make_practice(created_at=NOON - DAY, due_date=date(2026, 11, 27)))
    world.pay(world.owe(make_practice(2, due_date=None)))
    (mail,) = world.work()
    assert mail["Subject"] == "Promemoria: Tassa rifiuti (TARI) scade tra 7 giorni"
    assert [(row.kind, row.practice_id) for row in world.mails()] == [("reminder_7", practice.id)]


def test_in_english_to_who_reads_english(world: MailWorld) -> None:
    world.consent(language="en")
    world.owe(make_practice())
    (mail,) = world.work()
    assert mail["Subject"] == "New item to pay: Waste tax (TARI)"
    assert mail["Content-Language"] == "en"
    html = mail.get_body(("html",))
    assert html is not None
    assert '<html lang="en">' in html.get_content()
    assert "€1,234.56" in html.get_content()


@pytest.mark.parametrize(
    ("days_left", "kinds"),
    [
        *[(days, []) for days in (9, 8, 4, 3, 2, 0, -1)],
        *[(days, ["reminder_7"]) for days in (7, 6, 5)],
        (1, ["reminder_1"]),
    ],
)
def test_reminders_are_for_seven_days_before_and_the_day_before(
    world: MailWorld, days_left: int, kinds: list[str]
) -> None:
    world.consent()
    world.owe(make_practice(created_at=NOON - 30 * DAY, due_date=NOON.date() + days_left * DAY))
    assert len(world.work()) == len(kinds)
    assert [mail.kind for mail in world.mails()] == kinds


def test_both_reminders_come_once_each_whatever_the_days_between(world: MailWorld) -> None:
    world.consent()
    world.owe(make_practice(created_at=NOON - 30 * DAY, due_date=date(2026, 11, 29)))
    arrived = []
    for hours in range(0, 24 * 12, 3):
        world.now = NOON + timedelta(hours=hours)
        arrived += [(str(mail["Subject"]).rpartition(") ")[2], world.now) for mail in world.work()]
    assert [subject for subject, _ in arrived] == ["scade tra 7 giorni", "scade domani"]
    for (_, at), day in zip(arrived, (22, 28), strict=True):
        local = at.astimezone(ROME)
        assert local.day == day
        assert 8 <= local.hour < 20


def test_days_are_those_of_rome(world: MailWorld) -> None:
    world.settings = mail_settings(world.office.port, hours=range(24))
    world.consent()
    world.owe(make_practice(created_at=NOON - 30 * DAY, due_date=date(2026, 11, 29)))
    world.now = datetime(2026, 11, 21, 22, 59, tzinfo=UTC)
    assert world.work() == []
    world.now = datetime(2026, 11, 21, 23, 1, tzinfo=UTC)
    assert len(world.work()) == 1


def test_what_became_known_today_is_not_reminded_of_today(world: MailWorld) -> None:
    world.consent()
    world.owe(make_practice(created_at=NOON, due_date=date(2026, 11, 27)))
    (mail,) = world.work()
    assert str(mail["Subject"]).startswith("Nuova pratica")
    world.now += DAY
    (mail,) = world.work()
    assert mail["Subject"] == "Promemoria: Tassa rifiuti (TARI) scade tra 6 giorni"


@pytest.mark.parametrize("state", ["paid", "reported", "cancelled", "expired"])
def test_what_is_not_owed_any_more_when_it_is_sent_is_not_reminded_of(world: MailWorld, state: str) -> None:
    world.consent()
    practice = world.owe(make_practice(created_at=NOON - 30 * DAY, due_date=date(2026, 11, 27)))
    world.queue()
    world.becomes(practice, state=state)
    assert world.work() == []
    assert [(mail.state, mail.reason) for mail in world.mails()] == [("dropped", "over")]


def test_a_payment_under_way_is_waited_for(world: MailWorld) -> None:
    world.consent()
    practice = world.owe(make_practice(created_at=NOON - 30 * DAY, due_date=date(2026, 11, 27)))
    world.becomes(practice, state="unconfirmed")
    assert world.work() == []
    world.becomes(practice, state="to_pay")
    assert world.work() == []
    world.now += domain.BUSY_PAUSE
    assert len(world.work()) == 1


def test_another_due_date_makes_another_reminder_and_the_old_one_does_not_leave(world: MailWorld) -> None:
    world.consent()
    practice = world.owe(make_practice(created_at=NOON - 30 * DAY, due_date=date(2026, 11, 27)))
    world.queue()
    world.owe(replace(practice, due_date=date(2026, 11, 26)), sequence=2)
    (mail,) = world.work()
    assert mail["Subject"] == "Promemoria: Tassa rifiuti (TARI) scade tra 6 giorni"
    assert world.states() == [("reminder_7", "dropped"), ("reminder_7", "sent")]


def test_what_became_somebody_elses_is_not_told(world: MailWorld) -> None:
    world.consent()
    practice = world.owe(make_practice())
    world.queue()
    world.becomes(practice, debtor=replace(practice.debtor, fiscal_code="VRDLCU80A01F205X"))
    assert world.work() == []
    assert [mail.reason for mail in world.mails()] == ["not_theirs"]


def test_a_payment_is_confirmed_once_per_receipt_also_when_it_is_known_before_its_practice(world: MailWorld) -> None:
    world.consent(messages=["receipt"])
    practice = make_practice()
    receipt_id = world.pay(practice)
    assert world.work() == []
    world.owe(replace(practice, state="paid"))
    (mail,) = world.work()
    assert mail["Subject"] == "Pagamento confermato: Tassa rifiuti (TARI)"
    text = mail.get_body(("plain",))
    assert text is not None
    assert receipt_id in text.get_content()
    assert "20 novembre 2026 alle 12:00" in text.get_content()
    world.pay(practice)
    assert len(world.work()) == 1
    assert world.work() == []


def test_a_server_that_is_busy_is_tried_again_until_the_table_ends(world: MailWorld) -> None:
    world.consent()
    world.owe(make_practice())
    world.office.rcpt["mario"] = ["451 4.7.1 greylisted"] * 100
    tries = 0
    while world.mails() == [] or world.mails()[0].state == "queued":
        assert world.work() == []
        tries += 1
        world.now = max(world.now, world.mails()[0].not_before)
    assert tries == 7
    assert [(mail.state, mail.reason) for mail in world.mails()] == [("given_up", "451 4.7.1 greylisted")]
    world.office.rcpt.clear()
    assert world.work() == []


@pytest.mark.parametrize("answers", [{"rcpt": "450 later"}, {"data": "452 4.3.1 no room"}, {"data": "421 going down"}])
def test_a_mail_that_was_not_taken_comes_later_with_the_same_id(world: MailWorld, answers: dict[str, str]) -> None:
    world.consent()
    world.owe(make_practice())
    for step, answer in answers.items():
        getattr(world.office, step)["mario"] = [answer]
    assert world.work() == []
    world.now += timedelta(minutes=1)
    (mail,) = world.work()
    (row,) = world.mails()
    assert (row.state, row.attempts) == ("sent", 2)
    assert mail["Message-ID"] == f"<{row.id.hex}@ente.example>"


def test_without_a_server_mails_wait(world: MailWorld) -> None:
    world.consent()
    world.owe(make_practice())
    open_port = world.settings
    world.settings = mail_settings(1)
    assert world.work() == []
    assert [(mail.state, mail.reason) for mail in world.mails()] == [("queued", "ConnectionRefusedError")]
    world.settings = open_port
    world.now += timedelta(minutes=1)
    assert len(world.work()) == 1


def test_while_a_neighbour_is_down_mails_wait_and_no_attempt_is_counted(world: MailWorld) -> None:
    world.consent()
    world.owe(make_practice())
    for _ in range(20):
        world.neighbours.failing = Unavailable()
        assert world.work() == []
        world.now += domain.OUTAGE_PAUSE
    assert [(mail.state, mail.attempts) for mail in world.mails()] == [("queued", 0)]
    world.neighbours.failing = None
    assert len(world.work()) == 1


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_a_mail_refused_for_good_is_not_tried_again(world: MailWorld, step: str) -> None:
    world.consent()
    world.owe(make_practice())
    getattr(world.office, step)["mario"] = ["550 5.1.1 mario@posta.example no such user"]
    assert world.work() == []
    assert [(mail.state, mail.reason) for mail in world.mails()] == [("bounced", "550 5.1.1 no such user")]
    world.now += DAY
    assert world.work() == []


def test_an_answer_that_never_comes_leaves_it_unknown_and_it_is_not_sent_again(world: MailWorld) -> None:
    world.consent()
    world.owe(make_practice())
    world.office.hanging_up = True
    assert len(world.work()) == 1
    assert [mail.state for mail in world.mails()] == ["unknown"]
    world.office.hanging_up = False
    world.now += DAY
    assert world.work() == []
    (row,) = world.mails()
    with world.database.transaction() as tx:
        assert mails.send_again(tx.session, row.id, world.now)
    (mail,) = world.work()
    assert world.office.ids()[0] == mail["Message-ID"]
    with world.database.transaction() as tx:
        assert not mails.send_again(tx.session, row.id, world.now)


@pytest.mark.parametrize("has_practices_heard", [True, False])
@pytest.mark.parametrize(
    ("language", "subject", "advice", "missing"),
    [
        ("it", "Pagamento parziale: Tassa rifiuti (TARI)", "Non pagare di nuovo", "Importo che manca: 34,56"),
        ("en", "Part payment: Waste tax (TARI)", "Do not pay again", "Amount missing: €34.56"),
    ],
)
def test_less_than_is_due_is_told_as_a_part_payment_and_not_to_pay_the_rest(
    world: MailWorld, language: str, subject: str, advice: str, missing: str, *, has_practices_heard: bool
) -> None:
    world.consent(messages=["receipt"], language=language)
    practice = world.owe(make_practice())
    world.pay(practice)
    receipts = world.neighbours.receipts[practice.id]
    receipts[0] = replace(receipts[0], flags=["underpaid"])
    heard = {"state": "underpaid", "payable": False, "received_cents": 120_000, "missing_cents": 3_456}
    world.becomes(practice, **(heard if has_practices_heard else {"state": "to_pay"}))
    (mail,) = world.work()
    body = mail.get_body(("plain",))
    assert body is not None
    text = " ".join(body.get_content().split())
    assert mail["Subject"] == subject
    assert advice in text
    assert (missing in text) is has_practices_heard
    assert "nothing else to do" not in text
    assert "non devi fare altro" not in text


def test_a_process_that_died_while_handing_over_leaves_it_unknown(world: MailWorld) -> None:
    world.consent()
    world.owe(make_practice())
    world.queue()
    with world.database.transaction() as tx:
        mail = mails.claim(tx.session, world.now)
        assert mail is not None
        assert mails.begin(tx.session, mail, world.now)
    world.now += domain.LEASE * 2
    assert world.work() == []
    delivery.note_lost(world.database, world.now)
    assert world.states() == [("notice", "sending")]
    world.now += domain.LOST_AFTER
    delivery.note_lost(world.database, world.now)
    assert world.states() == [("notice", "unknown")]
    assert world.work() == []


def test_a_process_that_died_before_handing_over_leaves_it_to_the_next(world: MailWorld) -> None:
    world.consent()
    world.owe(make_practice())
    world.queue()
    with world.database.transaction() as tx:
        slow = mails.claim(tx.session, world.now)
        assert slow is not None
    assert world.work() == []
    world.now += domain.LEASE + timedelta(seconds=1)
    assert len(world.work()) == 1
    # It was not dead, only slow: what it had claimed is not its own any more.
    with world.database.transaction() as tx:
        assert not mails.begin(tx.session, slow, world.now)


def test_many_processes_at_once_send_each_mail_once(world: MailWorld) -> None:
    world.consent()
    for number in range(1, 31):
        world.owe(make_practice(number))

    def work() -> None:
        world.queue()
        while delivery.send_next(world.dependencies, world.now):
            pass

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.office.ids()) == 30
    assert len(set(world.office.ids())) == 30
    assert {state for _, state in world.states()} == {"sent"}


@pytest.mark.parametrize(
    "email", ["mario", "mario@posta", "màrio@posta.example", "a b@posta.example", "a@b.example\nBcc: x@y.example"]
)
def test_an_address_that_cannot_be_written_to_is_left_alone(world: MailWorld, email: str) -> None:
    world.consent(email=email)
    world.owe(make_practice())
    assert world.work() == []
    assert [(mail.state, mail.reason) for mail in world.mails()] == [("dropped", "address")]


def test_what_is_long_over_is_forgotten_and_not_sent_again(world: MailWorld) -> None:
    world.consent()
    world.pay(world.owe(make_practice()))
    world.work()
    assert world.mails()
    world.now += domain.RETENTION + DAY
    with world.database.transaction() as tx:
        mails.purge(tx.session, world.now)
    assert world.mails() == []
    assert world.work() == []


def test_one_of_two_citizens_of_the_same_debtor_code_who_closed_the_account_gets_nothing(world: MailWorld) -> None:
    old = UUID(int=6)
    world.consent(old)
    world.revoke(old)
    world.consent(MARIO)
    world.owe(make_practice())
    assert len(world.work()) == 1
    assert [mail.citizen_id for mail in world.mails()] == [MARIO]


def test_ops_see_what_is_unknown_and_send_it_again(
    world: MailWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTICES_DATABASE_URL", world.database.engine.url.render_as_string(hide_password=False))
    world.consent()
    practice = world.owe(make_practice())
    world.office.hanging_up = True
    world.work()
    assert commands.main(["mails"]) == 0
    assert capsys.readouterr().out.endswith("notice\tunknown\t1\n")
    assert commands.main(["mails", "unknown"]) == 0
    mail_id, kind, practice_id, *_ = capsys.readouterr().out.splitlines()[-1].split("\t")
    assert (kind, practice_id) == ("notice", str(practice.id))
    assert commands.main(["send-again", mail_id]) == 0
    assert world.states() == [("notice", "queued")]
    assert commands.main(["send-again", mail_id]) == 1
