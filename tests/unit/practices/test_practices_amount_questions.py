"""Amounts asked of an entity's software: what an answer is worth, who is asked, how it is signed, and for how long."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest
from environs import EnvError
from standardwebhooks import Webhook, WebhookVerificationError

from contracts.amounts import AmountSchedule, ToldAmounts
from contracts.error_details import ScheduleNotAllowed, detail_of
from contracts.errors import ErrorCode, Refused
from services.practices import __main__ as commands
from services.practices import amount_software
from services.practices.amount_software import Addressed, AmountSoftware, Question
from services.practices.domain import amount_questions
from services.practices.domain.amount_questions import AmountAnswer, AmountQuestion, told_by
from services.practices.domain.debt_rules import ServiceRules
from services.practices.domain.question_secrets import secret_of, signature
from services.practices.settings import Settings
from tests.entity_software import EntitySoftware, says

KEY = "a-key-of-this-deployment-with-32-characters"
# An hour before midnight in Rome.
EVENING = datetime(2026, 11, 28, 22, tzinfo=UTC)
SETTINGS = Settings(
    question_keys=(KEY,),
    question_timeout_s=2.0,
    question_networks=(ip_network("127.0.0.0/8"),),
    questions_at_once=5,
)


@pytest.mark.parametrize(
    ("seconds", "until", "holds"),
    [
        (600, None, timedelta(seconds=600)),
        (86_400, None, timedelta(hours=1)),
        (600, EVENING + timedelta(seconds=90), timedelta(seconds=90)),
        (600, EVENING + timedelta(days=9), timedelta(seconds=600)),
        (600, EVENING - timedelta(days=1), timedelta(seconds=10)),
    ],
)
def test_an_answer_holds_as_the_catalogue_says_or_shorter_and_to_midnight_in_rome_at_most(
    seconds: int, until: datetime | None, holds: timedelta
) -> None:
    question = AmountQuestion(url="https://ente.example/", holds_s=seconds)
    told = told_by(AmountAnswer(amount_cents=100, until=until), question, 0, EVENING)
    assert told is not None
    assert (told.amount_cents, told.told_at, told.holds_until) == (100, EVENING, EVENING + holds)


def test_who_asks_a_second_before_midnight_gets_to_use_the_answer() -> None:
    late = EVENING + timedelta(seconds=3_599)
    told = told_by(AmountAnswer(amount_cents=100), AmountQuestion(url="https://ente.example/"), 0, late)
    assert told is not None
    assert told.holds_until == late + timedelta(seconds=10)


def test_an_answer_of_which_nothing_would_be_the_entitys_own_is_none() -> None:
    question = AmountQuestion(url="https://ente.example/")
    assert told_by(AmountAnswer(amount_cents=300), question, 300, EVENING) is None
    assert told_by(AmountAnswer(amount_cents=301), question, 300, EVENING) is not None
    assert told_by(AmountAnswer(amount_cents=0), question, 300, EVENING) is not None


def test_the_constants_are_what_is_stated() -> None:
    assert (amount_questions.HOLDS_MIN_S, amount_questions.HOLDS_MAX_S) == (10, 86_400)
    assert amount_software.AT_ONCE_MAX == 20


def test_a_debt_whose_amount_the_software_says_may_say_its_printed_date_and_no_more() -> None:
    rules = ServiceRules(code="IMU", question=AmountQuestion(url="https://ente.example/", use_last_known=True))
    printed = EVENING.date()
    assert rules.checked_schedule(AmountSchedule(printed_date=printed), 100, None) == AmountSchedule(
        printed_date=printed, told=ToldAmounts(use_last_known=True)
    )
    for wrong in (AmountSchedule(valid_until=printed), AmountSchedule(told=ToldAmounts())):
        with pytest.raises(Refused) as refusal:
            rules.checked_schedule(wrong, 100, None)
        assert refusal.value.code is ErrorCode.SCHEDULE_NOT_ALLOWED


def test_nobody_puts_the_answers_of_a_software_that_is_not_asked() -> None:
    with pytest.raises(Refused) as refusal:
        ServiceRules(code="TARI").checked_schedule(AmountSchedule(told=ToldAmounts()), 100, None)
    detail = detail_of(refusal.value, ScheduleNotAllowed)
    assert detail is not None
    assert detail.field == "told"


@pytest.fixture
def running() -> Iterator[Callable[..., EntitySoftware]]:
    with ExitStack() as servers:
        yield lambda answer: servers.enter_context(EntitySoftware.running(answer))


def asking(url: str, number: int = 1) -> Addressed:
    question = Question(
        entity_code="BORGO",
        service_code="IMU",
        external_id=f"IMU-{number}",
        notice_number=f"3{number:017d}",
        iuv=f"{number:017d}",
        at=datetime.now(UTC),
    )
    return Addressed(UUID(int=number), url, question)


def test_it_is_asked_by_a_signed_post_without_a_name_or_a_fiscal_code(running: Callable[..., EntitySoftware]) -> None:
    server = running(says(12_300))
    answers = AmountSoftware(SETTINGS).ask([asking(server.url)], datetime.now(UTC))
    assert answers == {UUID(int=1): AmountAnswer(amount_cents=12_300)}
    [(headers, body)] = server.asked
    assert set(json.loads(body)) == {"entity_code", "service_code", "external_id", "notice_number", "iuv", "at"}
    small = {name.lower(): value for name, value in headers.items()}
    assert Webhook(secret_of(KEY, "BORGO")).verify(body, small)["external_id"] == "IMU-1"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(KEY, "PM108")).verify(body, small)


def test_while_a_key_is_changed_questions_are_signed_by_both(running: Callable[..., EntitySoftware]) -> None:
    server = running(says(100))
    both = replace(SETTINGS, question_keys=("the-next-key-of-this-deployment-32-chars", KEY))
    AmountSoftware(both).ask([asking(server.url)], datetime.now(UTC))
    [(headers, body)] = server.asked
    small = {name.lower(): value for name, value in headers.items()}
    for key in both.question_keys:
        assert Webhook(secret_of(key, "BORGO")).verify(body, small)


def test_a_signature_is_that_of_standard_webhooks() -> None:
    at = datetime(2026, 11, 28, 12, tzinfo=UTC)
    secret = secret_of(KEY, "BORGO")
    assert signature(secret, "msg_1", at, b"{}") == Webhook(secret).sign("msg_1", at, "{}")


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"),
        (404, b'{"amount_cents": 100}'),
        (302, b""),
        (200, b"no JSON"),
        (200, b"[]"),
        (200, b"\xff\xfe"),
        (200, b'{"amount_cents": 5, "until": "\xff"}'),
        (200, b'{"amount_cents": 5, "until": "2026-11-28T10:00:00"}'),
        (200, b'{"amount_cents": 5, "until": "tomorrow"}'),
        (200, b'{"amount_cents": "100,00"}'),
        (200, b'{"amount_cents": -1}'),
        (200, b'{"amount_cents": 1.5}'),
        (200, b'{"amount_cents": 99999999999999}'),
        (200, b"{}"),
        (204, b""),
    ],
)
def test_what_is_no_answer_is_none(running: Callable[..., EntitySoftware], answer: tuple[int, bytes]) -> None:
    server = running(lambda _asked: answer)
    assert AmountSoftware(SETTINGS).ask([asking(server.url)], datetime.now(UTC)) == {}
    assert len(server.asked) == 1


def test_an_answer_may_say_until_when_and_more_than_we_know(running: Callable[..., EntitySoftware]) -> None:
    body = b'{"amount_cents": 5, "until": "2026-11-28T10:00:00Z", "note": "x"}'
    server = running(lambda _asked: (200, body))
    [answer] = AmountSoftware(SETTINGS).ask([asking(server.url)], datetime.now(UTC)).values()
    assert answer == AmountAnswer(amount_cents=5, until=datetime(2026, 11, 28, 10, tzinfo=UTC))


def test_nobody_waits_longer_than_the_time_and_who_let_one_wait_is_left_alone(
    running: Callable[..., EntitySoftware],
) -> None:
    released = threading.Event()

    def slow(_asked: dict[str, Any]) -> tuple[int, bytes]:
        released.wait(60)
        return 200, b'{"amount_cents": 100}'

    server = running(slow)
    software = AmountSoftware(replace(SETTINGS, question_timeout_s=0.5))
    began = time.monotonic()
    assert software.ask([asking(server.url, number) for number in range(1, 6)], datetime.now(UTC)) == {}
    assert time.monotonic() - began < 30
    released.set()
    assert len(server.asked) == 5
    assert software.ask([asking(server.url, 9)], datetime.now(UTC)) == {}
    assert len(server.asked) == 5


def test_an_answer_in_time_counts_beside_one_that_is_late(running: Callable[..., EntitySoftware]) -> None:
    released = threading.Event()

    def slow(_asked: dict[str, Any]) -> tuple[int, bytes]:
        released.wait(60)
        return 200, b"{}"

    quick, late = running(says(700)), running(slow)
    software = AmountSoftware(replace(SETTINGS, question_timeout_s=3.0))
    answers = software.ask([asking(late.url, 1), asking(quick.url, 2)], datetime.now(UTC))
    released.set()
    assert answers == {UUID(int=2): AmountAnswer(amount_cents=700)}


def test_a_private_address_is_asked_nothing_unless_it_is_allowed(running: Callable[..., EntitySoftware]) -> None:
    server = running(says(100))
    closed = AmountSoftware(replace(SETTINGS, question_networks=()))
    assert closed.ask([asking(server.url)], datetime.now(UTC)) == {}
    assert server.asked == []


def test_outside_of_the_networks_allowed_nothing_is_asked_without_tls() -> None:
    elsewhere = replace(SETTINGS, question_networks=(ip_network("10.0.0.0/8"),))
    assert AmountSoftware(elsewhere).ask([asking("http://93.184.215.14/")], datetime.now(UTC)) == {}


def test_without_a_key_nobody_is_asked(running: Callable[..., EntitySoftware]) -> None:
    server = running(says(100))
    assert AmountSoftware(replace(SETTINGS, question_keys=())).ask([asking(server.url)], datetime.now(UTC)) == {}
    assert server.asked == []


def test_twenty_questions_are_put_at_once_and_no_more(running: Callable[..., EntitySoftware]) -> None:
    server = running(says(100))
    patient = AmountSoftware(replace(SETTINGS, question_timeout_s=60.0))  # however busy the machine is
    answers = patient.ask([asking(server.url, number) for number in range(25)], datetime.now(UTC))
    assert len(answers) == len(server.asked) == 20


def test_the_settings_and_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AMOUNT_QUESTION_KEYS", "AMOUNT_TIMEOUT_S", "AMOUNT_PRIVATE_NETWORKS"):
        monkeypatch.delenv(name, raising=False)
    assert Settings.load() == Settings((), 2.0, (), 5)
    monkeypatch.setenv("AMOUNT_QUESTION_KEYS", "one,two")
    monkeypatch.setenv("AMOUNT_TIMEOUT_S", "1.5")
    monkeypatch.setenv("AMOUNT_PRIVATE_NETWORKS", "10.1.0.0/16")
    monkeypatch.setenv("MAX_WORKERS", "4")
    assert Settings.load() == Settings(("one", "two"), 1.5, (ip_network("10.1.0.0/16"),), 2)


@pytest.mark.parametrize(("name", "wrong"), [("AMOUNT_TIMEOUT_S", "9"), ("AMOUNT_PRIVATE_NETWORKS", "ente.example")])
def test_a_wrong_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    monkeypatch.setenv(name, wrong)
    with pytest.raises(EnvError, match=name):
        Settings.load()


def test_a_command_writes_the_secret_of_an_entity(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AMOUNT_QUESTION_KEYS", KEY)
    assert commands.main(["question-secret", "BORGO"]) == 0
    assert capsys.readouterr().out == f"{secret_of(KEY, 'BORGO')}\n"
    monkeypatch.delenv("AMOUNT_QUESTION_KEYS")
    assert commands.main(["question-secret", "BORGO"]) == 1
    assert "AMOUNT_QUESTION_KEYS" in capsys.readouterr().err
