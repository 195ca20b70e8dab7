"""Ricerca pratica: who finds what, and how much of it is shown."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.storage.database import Database
from contracts.codes import CreditorFiscalCode, FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import (
    GetManyRequest,
    ListRequest,
    PositionRequest,
    Practice,
    PracticeList,
    SearchRequest,
)
from contracts.shapes import Viewer
from services.practices.usecases import queries, search

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
        assert practice.debtor.full_name == "R*** M***"
        assert MARIO not in str(practice)


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
    return queries.list_practices(database, ListRequest(entity_code="PM108", viewer=viewer, **asked), now)


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
