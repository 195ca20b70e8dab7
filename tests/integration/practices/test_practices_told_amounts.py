"""Amounts that an entity's software says, in practices: asked when one is opened, remembered, told to payments."""

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest

from chassis.storage.database import Database
from contracts.amounts import ToldAmounts
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode
from contracts.rpc.practices import (
    AnnulRequest,
    AskAmountsRequest,
    GetManyRequest,
    ImportRequest,
    ListRequest,
    Position,
    Practice,
)
from contracts.shapes import Viewer
from services.practices.amount_software import AmountSoftware
from services.practices.settings import Settings
from services.practices.usecases import (
    catalogue,
    catalogue_news,
    debt_import,
    debtor_list,
    debts,
    queries,
    told_amounts,
)
from tests.entity_software import EntitySoftware, says
from tests.integration.practices.conftest import CATALOGUE

Put = Callable[..., Practice]
Emitted = Callable[[], list[tuple[str, int]]]
MARIO = Viewer(citizen_id=UUID(int=1), fiscal_code=FiscalCode("RSSMRA85T10A562S"))
MINUTES = timedelta(minutes=1)


@pytest.fixture
def server() -> Iterator[EntitySoftware]:
    with EntitySoftware.running(says(20_000)) as running:
        yield running


@pytest.fixture
def software() -> AmountSoftware:
    return AmountSoftware(
        Settings(
            question_keys=("a-key-of-this-deployment-with-32-characters",),
            question_timeout_s=2.0,
            question_networks=(ip_network("127.0.0.0/8"),),
            questions_at_once=5,
        )
    )


def with_question(url: str, **changes: Any) -> dict[str, Any]:
    """The catalogue with TARI asked of a software; other amounts than the last known may not be paid by stand-in."""
    document = deepcopy(CATALOGUE)
    [tari] = [one for one in document["entities"][0]["services"] if one["code"] == "TARI"]
    tari |= {"amount_question": {"url": url, "holds_s": 600, **changes}, "archive": {"pay_stand_in": False}}
    tari.pop("schedule", None)
    return document


@pytest.fixture
def asked(database: Database, server: EntitySoftware) -> EntitySoftware:
    catalogue.load_catalogue(database, with_question(server.url))
    return server


def shown(database: Database, software: AmountSoftware | None, practice: Practice, now: datetime) -> Practice:
    request = GetManyRequest(viewer=MARIO, practice_ids=[practice.id])
    return queries.get_many(database, request, now, software).practices[0]


def position(database: Database, software: AmountSoftware, practice: Practice, now: datetime) -> Position:
    request = AskAmountsRequest(practice_ids=[practice.id])
    [found] = told_amounts.ask_amounts(database, software, request, now).positions
    return found


def test_who_opens_a_practice_is_shown_what_the_software_says_now(
    database: Database, software: AmountSoftware, asked: EntitySoftware, put: Put, now: datetime, emitted: Emitted
) -> None:
    practice = put()
    assert (practice.amount_cents, practice.amount_told_at) == (14_850, None)
    page = shown(database, software, practice, now)
    assert (page.amount_cents, page.amount_told_at, page.payable) == (20_000, now, True)
    assert (page.amounts, page.debt_cents, page.amount_last_known) == ((), 14_850, False)
    assert emitted() == [("PracticeCreated.v1", 1), ("PracticeAmended.v1", 2)]
    assert len(asked.asked) == 1


def test_an_answer_is_not_asked_for_again_while_it_holds_and_the_same_again_is_no_news(
    database: Database, software: AmountSoftware, asked: EntitySoftware, put: Put, now: datetime, emitted: Emitted
) -> None:
    practice = put()
    for minutes in (0, 5, 9):
        shown(database, software, practice, now + minutes * MINUTES)
    assert len(asked.asked) == 1
    shown(database, software, practice, now + 10 * MINUTES)
    assert len(asked.asked) == 2
    assert len(emitted()) == 2
    asked.answer = says(21_000)
    again = shown(database, software, practice, now + 20 * MINUTES)
    assert (again.amount_cents, again.amount_told_at) == (21_000, now + 20 * MINUTES)
    assert [one.amount_cents for one in ((again.schedule and again.schedule.told) or ToldAmounts()).answers] == [
        20_000,
        21_000,
    ]
    assert emitted()[-1] == ("PracticeAmended.v1", 3)


def test_payments_is_told_the_same_amount_by_call_and_by_event(
    database: Database, software: AmountSoftware, asked: EntitySoftware, put: Put, now: datetime
) -> None:
    practice = put()
    told = position(database, software, practice, now)
    assert told.schedule is not None
    assert told.schedule.told is not None
    [answer] = told.schedule.told.answers
    assert (answer.amount_cents, answer.told_at, told.amount_cents, told.sequence) == (20_000, now, 14_850, 2)
    # The same again holds longer; so payments learns it by the call, under the sequence that it knows.
    later = position(database, software, practice, now + 10 * MINUTES)
    assert later.schedule is not None
    assert later.schedule.told is not None
    assert (later.sequence, later.schedule.told.answers[0].holds_until) == (2, now + 20 * MINUTES)


def silent(_asked: dict[str, Any]) -> tuple[int, bytes]:
    return 503, b""


def test_without_an_answer_nobody_pays_unless_the_last_known_amount_may_be_paid(
    database: Database, software: AmountSoftware, asked: EntitySoftware, put: Put, now: datetime, server: EntitySoftware
) -> None:
    practice = put()
    shown(database, software, practice, now)
    asked.answer = silent
    refused = shown(database, software, practice, now + 10 * MINUTES)
    assert (refused.payable, refused.not_payable_code) == (False, ErrorCode.AMOUNT_NOT_KNOWN)
    catalogue.load_catalogue(database, with_question(server.url, use_last_known=True))
    catalogue_news.tell_all(database, now)
    known = shown(database, software, practice, now + 10 * MINUTES)
    assert (known.payable, known.amount_cents, known.amount_last_known) == (True, 20_000, True)


def test_a_list_asks_nobody_and_shows_what_was_told_last(
    database: Database, software: AmountSoftware, asked: EntitySoftware, put: Put, now: datetime
) -> None:
    practice = put()
    shown(database, software, practice, now)
    asked.answer = silent
    listed = debtor_list.list_practices(database, ListRequest(entity_code="PM108", viewer=MARIO), now + 60 * MINUTES)
    assert [(one.amount_cents, one.payable) for one in listed.practices] == [(20_000, True)]
    assert len(asked.asked) == 1


def test_of_which_nothing_is_due_nothing_is_paid_and_nothing_annulled(
    database: Database, software: AmountSoftware, asked: EntitySoftware, put: Put, now: datetime
) -> None:
    practice = put()
    asked.answer = says(0)
    page = shown(database, software, practice, now)
    assert (page.state, page.payable, page.not_payable_code) == ("to_pay", False, ErrorCode.NOTHING_DUE)
    listed = debtor_list.list_practices(database, ListRequest(entity_code="PM108", viewer=MARIO), now + MINUTES)
    assert listed.practices[0].not_payable_code == ErrorCode.NOTHING_DUE
    asked.answer = says(500)
    assert shown(database, software, practice, now + 10 * MINUTES).payable


def test_the_same_debt_put_again_keeps_the_answers_and_another_forgets_them(
    database: Database, software: AmountSoftware, asked: EntitySoftware, put: Put, now: datetime, emitted: Emitted
) -> None:
    practice = put()
    shown(database, software, practice, now)
    assert put(at=now + MINUTES).amount_cents == 20_000
    assert len(emitted()) == 2
    amended = put(at=now + MINUTES, amount_cents=9_000)
    assert (amended.amount_cents, amended.amount_told_at) == (9_000, None)
    assert shown(database, software, practice, now + MINUTES).amount_cents == 20_000
    assert len(asked.asked) == 2


def test_two_who_ask_at_once_are_told_one_amount(
    database: Database, software: AmountSoftware, asked: EntitySoftware, put: Put, now: datetime, emitted: Emitted
) -> None:
    practice = put()
    both = threading.Barrier(2)
    asked.answer = lambda told: (both.wait(60), says(20_000)(told))[1]
    pages: list[Practice] = []
    threads = [
        threading.Thread(target=lambda: pages.append(shown(database, software, practice, now))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [page.amount_cents for page in pages] == [20_000, 20_000]
    assert emitted() == [("PracticeCreated.v1", 1), ("PracticeAmended.v1", 2)]


def test_nobody_is_asked_about_what_is_over_or_about_another_service(
    database: Database, software: AmountSoftware, asked: EntitySoftware, put: Put, now: datetime
) -> None:
    over = put()
    debts_of_others = put("MENSA-1", service_code="MENSA", amount_cents=2_500)
    queries_of = AskAmountsRequest(practice_ids=[over.id, debts_of_others.id])
    debts.annul_debt(database, AnnulRequest(entity_code="PM108", external_id="TARI-1", reason="errore"), now)
    told = told_amounts.ask_amounts(database, software, queries_of, now)
    assert [one.practice_id for one in told.positions] == [debts_of_others.id]
    assert asked.asked == []


def test_practices_issued_before_their_service_was_asked_are_asked_about_too(
    database: Database, software: AmountSoftware, server: EntitySoftware, put: Put, now: datetime
) -> None:
    practice = put()
    assert shown(database, software, practice, now).schedule is None
    catalogue.load_catalogue(database, with_question(server.url))
    assert catalogue_news.tell_all(database, now) == 1
    assert shown(database, software, practice, now).amount_cents == 20_000
    catalogue.load_catalogue(database, CATALOGUE)
    assert catalogue_news.tell_all(database, now) == 1
    after = shown(database, software, practice, now)
    assert (after.amount_cents, after.schedule) == (14_850, None)


def test_the_debts_of_a_file_are_asked_about(
    database: Database, software: AmountSoftware, asked: EntitySoftware, now: datetime
) -> None:
    header = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"
    row = "F-1;TARI;RSSMRA85T10A562S;Rossi Mario;;TARI;100,00;;;"
    content = b64encode(f"{header}\n{row}\n".encode()).decode()
    debt_import.import_debts(
        database, ImportRequest(idempotency_key="a-key-12", entity_code="PM108", content_base64=content), now
    )
    [practice] = debtor_list.list_practices(database, ListRequest(entity_code="PM108", viewer=MARIO), now).practices
    assert shown(database, software, practice, now).amount_cents == 20_000


def test_who_knows_the_notice_number_alone_is_told_the_amount_and_no_more(
    database: Database, software: AmountSoftware, asked: EntitySoftware, put: Put, now: datetime
) -> None:
    practice = put()
    stranger = Viewer(visitor_id="somebody", granted_practice_ids=[practice.id])
    request = GetManyRequest(viewer=stranger, practice_ids=[practice.id])
    [masked] = queries.get_many(database, request, now, software).practices
    assert (masked.masked, masked.amount_cents, masked.amount_told_at) == (True, 20_000, now)
    assert (masked.schedule, masked.debt_cents) == (None, None)
