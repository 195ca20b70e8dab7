"""Ricerca pratica: who finds what, and how much of it is shown."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from chassis.storage.database import Database
from contracts.codes import CreditorFiscalCode, FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import PaymentReported
from contracts.rpc import practices
from contracts.rpc.practices import (
    AnnulRequest,
    DueDatesRequest,
    GetManyRequest,
    ListRequest,
    PositionRequest,
    Practice,
    PracticeList,
    SearchRequest,
)
from contracts.shapes import Viewer
from services.practices.models import PracticeRow
from services.practices.usecases import debtor_list, debts, payment_events, queries, search
from tests.integration.practices.test_practices_debts import pay

MARIO = FiscalCode("RSSMRA85T10A562S")
LUCA = FiscalCode("VRDLCU99L14A662K")
Put = Callable[..., Practice]
MakeViewer = Callable[..., Viewer]


def found_by(database: Database, now: datetime, **typed: str) -> Sequence[Practice]:
    reply = search.search(database, SearchRequest(**{"entity_code": "PM108", **typed}), now)
    assert practices.SEARCH.reply.validate(practices.SEARCH.reply.dump(reply)) == {}
    return reply.practices


def refusal(database: Database, now: datetime, **typed: str) -> tuple[ErrorCode, dict[str, Any]]:
    with pytest.raises(Refused) as refused:
        found_by(database, now, **typed)
    return refused.value.code, refused.value.params


def test_a_notice_number_as_printed_finds_its_practice_masked(database: Database, put: Put, now: datetime) -> None:
    number = put().notice_number
    grouped = " ".join(number[i : i + 4] for i in range(0, 18, 4))
    for typed in (number, grouped, f" {number}\t"):
        (practice,) = found_by(database, now, notice_number=typed)
        assert practice.masked
        assert practice.debtor.full_name == "***"
        assert MARIO not in str(practice)


def test_by_notice_number_alone_the_causale_the_reference_and_why_it_was_annulled_are_not_told(
    database: Database, put: Put, now: datetime, viewer: MakeViewer
) -> None:
    causali = (
        "Retta di Mario Rossi CF RSSMRA85T10A562S nato il 10/12/1985",
        "Retta ROSSI MARIO",
        "Retta Dell\u2019Aquila",
    )
    made = [put(f"ROSSI-{number}", description=text) for number, text in enumerate(causali)]
    annulled = AnnulRequest(entity_code="PM108", external_id="ROSSI-0", reason="Mario Rossi ha rinunciato")
    debts.annul_debt(database, annulled, now)
    stranger = viewer(visitor_id="browser-1", granted_practice_ids=[practice.id for practice in made])
    asked = GetManyRequest(viewer=stranger, practice_ids=[practice.id for practice in made])
    by_id = queries.get_many(database, asked, now).practices
    by_number = [found_by(database, now, notice_number=practice.notice_number)[0] for practice in made]
    for practice in (*by_id, *by_number):
        assert practice.description == "TARI - Tassa sui rifiuti 2026"
        for secret in ("mario", "rossi", "rssmra", "1985", "aquila", "rinunciato"):
            assert secret not in str(practice).lower()
    (mine,) = found_by(database, now, fiscal_code=MARIO, reference="ROSSI-0")
    assert (mine.description, mine.state_reason) == (causali[0], "Mario Rossi ha rinunciato")


@pytest.mark.parametrize("wrong", ["301000000000000145", "30100000000000014", "abc", "30100000000000014x"])
def test_a_mistyped_notice_number_is_told_from_an_unknown_one(
    database: Database, put: Put, now: datetime, wrong: str
) -> None:
    put()
    assert refusal(database, now, notice_number=wrong)[0] is ErrorCode.INVALID_NOTICE_NUMBER
    assert refusal(database, now, notice_number="301123456789012316")[0] is ErrorCode.PRACTICE_NOT_FOUND


def test_fiscal_code_with_iuv_notice_number_or_the_entitys_reference_finds_it_whole(
    database: Database, put: Put, now: datetime
) -> None:
    practice = put("TARI-2026-00007")
    number = practice.notice_number
    grouped = " ".join(number[i : i + 4] for i in range(0, 18, 4))
    for reference in (practice.iuv, number, grouped, "TARI-2026-00007", "tari-2026-00007", " TARI-2026-00007 "):
        (found,) = found_by(database, now, fiscal_code="rssmra85t10a562s", reference=reference)
        assert found.id == practice.id
        assert not found.masked
        assert found.debtor.full_name == "Rossi Mario"


def test_both_must_match_and_somebody_elses_practice_is_answered_like_none(
    database: Database, put: Put, now: datetime
) -> None:
    practice = put("TARI-2026-00007")
    theirs = refusal(database, now, fiscal_code=LUCA, reference=practice.iuv)
    nobodys = refusal(database, now, fiscal_code=MARIO, reference="01000000000099999")
    assert theirs == nobodys == (ErrorCode.PRACTICE_NOT_FOUND, {})


def test_a_notice_number_typed_with_a_fiscal_code_must_be_that_persons(
    database: Database, put: Put, now: datetime
) -> None:
    number = put().notice_number
    (practice,) = found_by(database, now, notice_number=number, fiscal_code=MARIO)
    assert not practice.masked
    assert refusal(database, now, notice_number=number, fiscal_code=LUCA)[0] is ErrorCode.PRACTICE_NOT_FOUND
    (blank,) = found_by(database, now, notice_number=number, fiscal_code="  ")
    assert blank.masked


def test_another_entitys_practice_is_not_found(database: Database, put: Put, now: datetime) -> None:
    practice = put(entity_code="PM200")
    assert refusal(database, now, notice_number=practice.notice_number)[0] is ErrorCode.PRACTICE_NOT_FOUND
    assert refusal(database, now, fiscal_code=MARIO, reference="TARI-1")[0] is ErrorCode.PRACTICE_NOT_FOUND


def test_what_is_missing_or_wrong_is_named(database: Database, now: datetime) -> None:
    assert refusal(database, now) == (ErrorCode.INVALID_REQUEST, {"fields": ["fiscal_code", "reference"]})
    assert refusal(database, now, fiscal_code=MARIO)[1] == {"fields": ["reference"]}
    wrong = refusal(database, now, fiscal_code="RSSMRA85T10A562X", reference="1")
    assert wrong[0] is ErrorCode.INVALID_FISCAL_CODE
    mistyped = refusal(database, now, fiscal_code=MARIO, reference="301000000000000145")
    assert mistyped[0] is ErrorCode.INVALID_NOTICE_NUMBER
    assert refusal(database, now, entity_code="PM999", notice_number="1")[0] is ErrorCode.UNKNOWN_ENTITY


@pytest.mark.parametrize("reference", ["x\x00y", "\ud800", "' OR 1=1 --", "%", "x" * 10_000])
def test_strange_references_are_not_found_rather_than_crashed_into(
    database: Database, put: Put, now: datetime, reference: str
) -> None:
    put()
    assert refusal(database, now, fiscal_code=MARIO, reference=reference)[0] in {
        ErrorCode.PRACTICE_NOT_FOUND,
        ErrorCode.INVALID_REQUEST,
    }


def list_page(database: Database, viewer: Viewer, now: datetime, **asked: Any) -> PracticeList:
    return debtor_list.list_practices(database, ListRequest(entity_code="PM108", viewer=viewer, **asked), now)


def test_a_citizens_list_holds_their_practices_only_newest_first_page_by_page(
    database: Database, put: Put, now: datetime, viewer: MakeViewer
) -> None:
    for number in range(7):
        put(f"TARI-{number}")
    put("LUCA-1", fiscal_code=LUCA, full_name="Verdi Luca")
    put("ALTROVE-1", entity_code="PM200")
    mario = viewer(citizen_id=uuid4(), fiscal_code=MARIO)
    seen, cursor = [], None
    while True:
        page = list_page(database, mario, now, cursor=cursor, limit=3)
        seen += [practice.external_id for practice in page.practices]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"TARI-{number}" for number in reversed(range(7))]


def test_a_list_can_be_narrowed_to_states_and_refuses_a_cursor_it_did_not_make(
    database: Database, put: Put, now: datetime, viewer: MakeViewer
) -> None:
    put()
    mario = viewer(citizen_id=uuid4(), fiscal_code=MARIO)
    assert len(list_page(database, mario, now, states=["to_pay", "paid"]).practices) == 1
    assert list_page(database, mario, now, states=["paid"]).practices == []
    for cursor in ("xyz", "é", "LTE", "=" * 50, "OTk5OTk5OTk5OTk5OTk5OTk5OTk"):
        with pytest.raises(Refused) as refused:
            list_page(database, mario, now, cursor=cursor)
        assert refused.value.code is ErrorCode.INVALID_REQUEST


def test_a_visitor_without_login_has_no_list(database: Database, put: Put, now: datetime, viewer: MakeViewer) -> None:
    put()
    assert list_page(database, viewer(visitor_id="browser-1"), now).practices == []


def test_practices_by_id_come_in_the_order_asked_without_those_the_viewer_may_not_see(
    database: Database, put: Put, now: datetime, viewer: MakeViewer
) -> None:
    ids: list[UUID] = [put(f"TARI-{number}").id for number in range(3)]
    luca = put("LUCA-1", fiscal_code=LUCA, full_name="Verdi Luca").id
    asked = [ids[2], luca, uuid4(), ids[0]]
    mario = viewer(citizen_id=uuid4(), fiscal_code=MARIO)
    reply = queries.get_many(database, GetManyRequest(viewer=mario, practice_ids=asked), now)
    assert [practice.id for practice in reply.practices] == [ids[2], ids[0]]
    shown_before = viewer(visitor_id="browser-1", granted_practice_ids=[luca, ids[0]], identified_practice_ids=[luca])
    reply = queries.get_many(database, GetManyRequest(viewer=shown_before, practice_ids=asked), now)
    assert [(practice.id, practice.masked) for practice in reply.practices] == [(luca, False), (ids[0], True)]


def test_payments_asks_by_notice_number_by_id_or_only_whose_domain_it_is(database: Database, put: Put) -> None:
    practice = put(due_date=None)
    ours, others, nobodys = (CreditorFiscalCode(code) for code in ("80012345676", "80184430587", "77777777777"))
    by_number = PositionRequest(creditor_fiscal_code=ours, notice_number=practice.notice_number)
    reply = queries.positions(database, by_number)
    assert practices.POSITIONS.reply.validate(practices.POSITIONS.reply.dump(reply)) == {}
    (position,) = reply.positions
    assert position.practice_id == practice.id
    assert position.transfers[0].iban == "IT66N0999915800000000046108"
    assert position.transfers[0].postal_iban == "IT43A0760115800001012345678"
    assert position.transfers[0].category == "9/0101101IM/"
    assert sum(transfer.amount_cents for transfer in position.transfers) == position.amount_cents
    by_id = queries.positions(database, PositionRequest(practice_ids=[practice.id, uuid4()]))
    assert by_id.positions == reply.positions
    assert by_id.creditor is None
    domain = queries.positions(database, PositionRequest(creditor_fiscal_code=others))
    assert domain.creditor is not None
    assert (domain.creditor.code, domain.positions) == ("PM200", [])
    assert queries.positions(database, PositionRequest(creditor_fiscal_code=nobodys)).creditor is None
    elsewhere = replace(by_number, creditor_fiscal_code=others)
    assert queries.positions(database, elsewhere).positions == []


def test_a_list_of_a_year_holds_what_money_came_for_in_that_year_of_rome(
    database: Database, put: Put, now: datetime, viewer: MakeViewer
) -> None:
    moments = {
        "LAST-SECOND": datetime(2025, 12, 31, 22, 59, 59, tzinfo=UTC),
        "FIRST-SECOND": datetime(2025, 12, 31, 23, tzinfo=UTC),
        "SUMMER": datetime(2026, 7, 1, 10, tzinfo=UTC),
        "NEXT-YEAR": datetime(2026, 12, 31, 23, tzinfo=UTC),
    }
    for name, paid_at in moments.items():
        pay(database, put(name), paid_at)
    put("UNPAID")
    mario = viewer(citizen_id=uuid4(), fiscal_code=MARIO)

    def paid_in(year: int | None, **asked: Any) -> list[tuple[str | None, datetime | None]]:
        found = list_page(database, mario, now, states=["paid", "reported"], paid_year=year, **asked).practices
        return [(one.external_id, one.paid_at) for one in found]

    assert paid_in(2026) == [(name, moments[name]) for name in ("SUMMER", "FIRST-SECOND")]
    assert paid_in(2025) == [("LAST-SECOND", moments["LAST-SECOND"])]
    assert paid_in(2024) == []
    assert len(paid_in(None)) == 4
    page = list_page(database, mario, now, states=["paid"], paid_year=2026, limit=1)
    assert paid_in(2026, cursor=page.next_cursor) == [("FIRST-SECOND", moments["FIRST-SECOND"])]
    assert [one.paid_at for one in list_page(database, mario, now, states=["to_pay"]).practices] == [None]


def test_the_day_of_payment_stays_when_a_settlement_flow_tells_of_it_later(
    database: Database, put: Put, now: datetime, viewer: MakeViewer
) -> None:
    practice, paid_at = put("TARI-1"), datetime(2025, 12, 30, 10, tzinfo=UTC)
    pay(database, practice, paid_at)
    told = PaymentReported(
        practice_id=practice.id,
        entity_code=practice.entity_code,
        iuv=practice.iuv,
        flow_id="2026-01-02AGID_01-1",
        amount_cents=practice.amount_cents,
        settled_on=date(2026, 1, 2),
    )
    with database.transaction() as tx:
        payment_events.payment_reported(tx, told, datetime(2026, 1, 3, tzinfo=UTC))
    mario = viewer(citizen_id=uuid4(), fiscal_code=MARIO)
    (found,) = list_page(database, mario, now, states=["reported"], paid_year=2025).practices
    assert (found.state, found.paid_at) == ("reported", paid_at)
    assert list_page(database, mario, now, states=["reported"], paid_year=2026).practices == []


def test_the_day_that_stands_for_no_due_date_is_shown_to_nobody(
    database: Database, put: Put, now: datetime, viewer: MakeViewer
) -> None:
    far = date(2099, 12, 31)
    new = put("NEW", due_date=far)
    assert (new.due_date, new.payable_until, new.state_until, new.payable) == (None, None, None, True)
    # As a release before stored it.
    old = put("OLD", due_date=date(2099, 12, 30))
    with database.transaction() as tx:
        stored = {"due_date": far, "payable_until": far, "state_until": datetime(2099, 12, 31, 23, tzinfo=UTC)}
        tx.session.execute(update(PracticeRow).where(PracticeRow.id == old.id).values(stored))
    mario = viewer(citizen_id=uuid4(), fiscal_code=MARIO)
    one = GetManyRequest(practice_ids=[old.id], viewer=mario)
    shown = [
        *list_page(database, mario, now).practices,
        *queries.get_many(database, one, now).practices,
        *found_by(database, now, notice_number=old.notice_number),
        *found_by(database, now, fiscal_code=MARIO, reference="OLD"),
        *queries.positions(database, PositionRequest(practice_ids=[old.id])).positions,
    ]
    assert len(shown) == 6
    assert "2099" not in repr(shown)
    calendar = DueDatesRequest(viewer=mario, since=now - timedelta(days=1))
    assert queries.due_dates(database, calendar, now).practices == []
