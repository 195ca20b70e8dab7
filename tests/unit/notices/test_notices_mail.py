"""The rules of mail, its settings and its words, without a server."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from environs import EnvError
from lxml import html

from contracts.shapes import LocalisedText
from services.notices.mail import domain, texts
from services.notices.mail.domain import Kind, Verdict
from services.notices.mail.settings import MailSettings
from tests.integration.notices.mail_world import CREDITOR, make_practice, make_receipt

DUE = date(2026, 12, 31)
NAMES = ("SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY", "SMTP_USER", "SMTP_PASSWORD", "SMTP_PASSWORD_FILE", "SMTP_CA_FILE")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "SMTP_TIMEOUT_S", "MAIL_FROM", "MAIL_BOUNCE_ADDRESS", "MAIL_REMINDER_HOURS"):
        monkeypatch.delenv(name, raising=False)


def loaded(monkeypatch: pytest.MonkeyPatch, **values: str) -> MailSettings:
    for name, value in {"SMTP_HOST": "smtp.ente.example", "MAIL_FROM": "no-reply@ente.example", **values}.items():
        monkeypatch.setenv(name, value)
    settings = MailSettings.load()
    assert settings is not None
    return settings


# --- settings ---


@pytest.mark.parametrize("host", [None, ""])
def test_without_a_server_there_is_no_mail(monkeypatch: pytest.MonkeyPatch, host: str | None) -> None:
    if host is not None:
        monkeypatch.setenv("SMTP_HOST", host)
    assert MailSettings.load() is None


def test_what_is_not_said_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch)
    assert (settings.port, settings.security, settings.user, settings.password) == (587, "starttls", None, None)
    assert (settings.hours.start, settings.hours.stop) == (8, 20)
    assert settings.envelope_sender("a" * 32) == "no-reply@ente.example"


def test_the_password_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("segreta\n")
    assert loaded(monkeypatch, SMTP_PASSWORD_FILE=str(tmp_path / "password")).password == "segreta"


def test_delivery_reports_carry_the_id_in_their_address(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, MAIL_BOUNCE_ADDRESS="ritorni@mail.ente.example", MAIL_FROM="Città <a@ente.example>")
    assert settings.envelope_sender("b" * 32) == f"ritorni+{'b' * 32}@mail.ente.example"
    assert settings.sender.display_name == "Città"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_SECURITY", "ssl"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", ""),
        ("MAIL_REMINDER_HOURS", "20-8"),
        ("MAIL_REMINDER_HOURS", "8"),
        ("MAIL_REMINDER_HOURS", "8-25"),
        ("SMTP_PORT", "twenty-five"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(EnvError, match=name):
        loaded(monkeypatch, **{name: value})


# --- rules ---


def test_each_kind_has_a_message_that_a_consent_can_be_for() -> None:
    assert {kind.message for kind in Kind} == {"notice", "reminder", "receipt"}


@pytest.mark.parametrize("days_left", range(-3, 12))
def test_a_reminder_that_may_be_queued_may_also_leave(days_left: int) -> None:
    today = DUE - timedelta(days=days_left)
    for kind, first, last in domain.windows(today):
        if first <= DUE <= last:
            assert domain.verdict(kind, "to_pay", DUE, DUE.isoformat(), today) is Verdict.SEND


def test_no_day_has_both_reminders_and_each_has_its_days() -> None:
    days: dict[Kind, list[int]] = {Kind.REMINDER_7: [], Kind.REMINDER_1: []}
    for days_left in range(-30, 60):
        due = [kind for kind, first, last in domain.windows(DUE - timedelta(days=days_left)) if first <= DUE <= last]
        assert len(due) <= 1
        for kind in due:
            days[kind].append(days_left)
    assert days == {Kind.REMINDER_7: [5, 6, 7], Kind.REMINDER_1: [1]}


@pytest.mark.parametrize("state", ["underpaid", "paid", "reported", "cancelled", "expired"])
def test_only_a_confirmation_is_for_what_is_over(state: str) -> None:
    for kind in Kind:
        judged = domain.verdict(kind, state, DUE, DUE.isoformat(), DUE - timedelta(days=7))
        assert judged is (Verdict.SEND if kind is Kind.RECEIPT else Verdict.DROP)


def test_a_reminder_leaves_within_its_days_and_not_a_day_before_or_after() -> None:
    def days(kind: Kind) -> list[int]:
        judged = {
            left: domain.verdict(kind, "to_pay", DUE, DUE.isoformat(), DUE - timedelta(left)) for left in range(-5, 15)
        }
        assert set(judged.values()) == {Verdict.SEND, Verdict.DROP}
        return [left for left, verdict in judged.items() if verdict is Verdict.SEND]

    assert days(Kind.REMINDER_7) == [2, 3, 4, 5, 6, 7]
    assert days(Kind.REMINDER_1) == [0, 1]


def test_a_reminder_of_another_due_date_or_of_none_is_dropped_and_one_of_what_is_being_paid_waits() -> None:
    today, other = DUE - timedelta(days=7), DUE + timedelta(days=1)
    assert domain.verdict(Kind.REMINDER_7, "to_pay", DUE, other.isoformat(), today) is Verdict.DROP
    assert domain.verdict(Kind.REMINDER_7, "to_pay", None, DUE.isoformat(), today) is Verdict.DROP
    assert domain.verdict(Kind.REMINDER_7, "unconfirmed", DUE, DUE.isoformat(), today) is Verdict.WAIT
    assert domain.verdict(Kind.REMINDER_7, "unconfirmed", DUE, other.isoformat(), today) is Verdict.DROP


def test_the_windows_of_a_day_are_whole_days_ahead() -> None:
    assert domain.windows(date(2026, 2, 26)) == [
        (Kind.REMINDER_7, date(2026, 3, 3), date(2026, 3, 5)),
        (Kind.REMINDER_1, date(2026, 2, 27), date(2026, 2, 27)),
    ]
    assert domain.start_of_day(date(2026, 3, 29)).astimezone(UTC) == datetime(2026, 3, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("email", "sendable"),
    [
        ("mario@posta.example", True),
        ("mario+tasse@a-b.posta.example", True),
        ("mario@posta", False),
        ("mario rossi@posta.example", False),
        ("niccolò@posta.example", False),
        ("mario@posta.example ", False),
        ("@posta.example", False),
        ("mario@posta.", False),
    ],
)
def test_plain_smtp_takes_ascii_without_spaces_and_a_domain_with_a_dot(email: str, *, sendable: bool) -> None:
    assert domain.is_sendable(email) is sendable


def test_people_and_addresses_are_recognised_however_they_are_written() -> None:
    assert domain.debtor_sha256("rssmra85t10a562s") == domain.debtor_sha256("RSSMRA85T10A562S") is not None
    assert domain.debtor_sha256("ANONIMO") is None
    assert domain.address_sha256(" Mario@Posta.example") == domain.address_sha256("mario@posta.example")
    assert domain.address_sha256("luca@posta.example") != domain.address_sha256("mario@posta.example")


def test_retries_get_longer_and_end() -> None:
    delays = [domain.retry_delay(attempt) for attempt in range(1, 8)]
    assert delays[-1] is None
    waits = [delay for delay in delays if delay is not None]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert len(waits) == 6
    assert sum(waits, timedelta()) < timedelta(days=1)


@pytest.mark.parametrize(
    ("answer", "hard"),
    [
        ("550 5.1.1 no such user", True),
        ("5.1.2", True),
        ("550 no such user", True),
        ("552 5.2.2 mailbox full", False),
        ("550 5.2.1 mailbox disabled", False),
        ("550 5.2.0 something about the mailbox", True),
        ("554 5.7.1 looks like spam", False),
        ("5.3.0", False),
    ],
)
def test_only_an_address_that_is_none_counts_against_it(answer: str, hard: bool) -> None:  # noqa: FBT001
    assert domain.is_hard(answer) is hard


def test_hours_are_those_of_rome_in_summer_and_winter() -> None:
    hours = range(8, 20)
    assert not domain.is_reminding_time(datetime(2026, 1, 15, 6, 59, tzinfo=UTC), hours)
    assert domain.is_reminding_time(datetime(2026, 1, 15, 7, 0, tzinfo=UTC), hours)
    assert domain.is_reminding_time(datetime(2026, 7, 15, 6, 0, tzinfo=UTC), hours)
    assert not domain.is_reminding_time(datetime(2026, 7, 15, 18, 0, tzinfo=UTC), hours)


# --- words ---


def content_of(kind: Kind, **changes: Any) -> texts.MailFacts:
    practice = make_practice(**changes)
    receipt = make_receipt(practice, "R" * 32) if kind is Kind.RECEIPT else None
    return texts.MailFacts(kind, practice, CREDITOR, receipt, 7 if kind is Kind.REMINDER_7 else 1)


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("kind", Kind)
def test_every_mail_says_the_same_in_both_forms_and_can_be_read_by_anybody(kind: Kind, language: str) -> None:
    content = content_of(kind)
    mail = texts.mail_text(content, language, "https://portale.example")
    page: Any = html.fromstring(mail.html)
    assert page.get("lang") == language
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("//table//th/@scope") == ["row"] * len(page.xpath("//tr"))
    words = " ".join(page.text_content().split())
    for row in page.xpath("//tr"):
        assert f"{row[0].text_content()}: {row[1].text_content()}" in mail.plain
    for url in page.xpath("//a/@href"):
        assert url.startswith("https://portale.example/")
        assert url in mail.plain
    assert page.xpath("//*[@src or local-name()='link' or local-name()='script' or local-name()='style']") == []
    for text in (mail.subject, mail.plain, words):
        assert "{" not in text
        assert "None" not in text


@pytest.mark.parametrize(
    ("days_left", "it", "en"),
    [
        (7, "scade tra 7 giorni", "is due in 7 days"),
        (1, "scade domani", "is due tomorrow"),
        (0, "scade oggi", "is due today"),
    ],
)
def test_a_reminder_says_how_many_days_are_left(days_left: int, it: str, en: str) -> None:
    content = texts.MailFacts(Kind.REMINDER_1, make_practice(), CREDITOR, None, days_left)
    assert texts.mail_text(content, "it", "https://p.example").subject.endswith(it)
    assert texts.mail_text(content, "en", "https://p.example").subject.endswith(en)


def test_what_a_body_calls_its_service_cannot_break_the_page() -> None:
    title = LocalisedText(it="<b>Tassa</b> & più", en="x")
    mail = texts.mail_text(content_of(Kind.NOTICE, service_title=title), "it", "https://p.example")
    assert "<b>Tassa" not in mail.html
    assert "&lt;b&gt;Tassa&lt;/b&gt; &amp; più" in mail.html
    assert "<b>Tassa</b> & più" in mail.plain


@pytest.mark.parametrize(
    ("origin", "language", "lead"),
    [
        ("spontaneous", "it", "l'hai inserita tu"),
        ("spontaneous", "en", "You entered this item"),
        ("issued", "it", "ha registrato a tuo nome"),
        ("issued", "en", "has registered this item in your name"),
    ],
)
def test_the_mail_about_what_the_citizen_inserted_says_so(origin: str, language: str, lead: str) -> None:
    mail = texts.mail_text(content_of(Kind.NOTICE, origin=origin), language, "https://portale.example")
    assert lead in mail.plain
    assert lead in str(html.fromstring(mail.html).xpath("string()"))


def test_what_a_service_says_besides_stands_in_the_mail_in_its_language() -> None:
    said = LocalisedText(it="Il ricorso è <possibile>.", en="An appeal is possible.", de="Ein Rekurs.")
    facts = replace(content_of(Kind.NOTICE), service_text=said)
    for language, text in (("it", said.it), ("en", said.en)):
        mail = texts.mail_text(facts, language, "https://p.example")
        assert text in mail.plain
        assert text in str(html.fromstring(mail.html).xpath("string()"))
    assert (said.in_language("de"), said.in_language("sl")) == ("Ein Rekurs.", said.it)
