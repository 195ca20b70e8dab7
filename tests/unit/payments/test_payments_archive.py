"""What is to stand in pagoPA's archive of notices, and what follows from each answer (pagopa-obligations.md 1)."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from environs.exceptions import EnvError
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # -- no stubs in the lock

from contracts.codes import AmountCents, CreditorFiscalCode, NoticeNumber
from contracts.events.practices import PAID_ELSEWHERE
from contracts.rpc.practices import ArchiveTerms
from contracts.shapes import Creditor, Stamp, Subject, Transfer
from services.payments import outbound
from services.payments.archive.digest import digest_of
from services.payments.archive.pace import Limit
from services.payments.domain.archive import Archivable, Call, Remote, Wish, due_at, next_call
from services.payments.domain.archive_problems import ALL, NUMBER_BURNT, NUMBER_TAKEN, OUTAGE, Action, problem_of
from services.payments.domain.positions import PaymentTerms, Position, PositionStatus
from services.payments.settings import Settings

ROOT = Path(__file__).parents[3]
OFFICIAL = ROOT.parent / "shared" / "specs" / "pagopa" / "openapi" / "gpd_aca.json"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
CREDITOR = Creditor(
    code="PM108",
    fiscal_code=CreditorFiscalCode("80012345676"),
    company_name="Conservatorio",
    office_name="Segreteria",
    broker_fiscal_code=CreditorFiscalCode("80012345676"),
    station_id="80012345676_01",
)
NUMBER = NoticeNumber("301000000000004285")
TRANSFER = Transfer(
    id_transfer=1,
    amount_cents=AmountCents(12_000),
    fiscal_code=CREDITOR.fiscal_code,
    company_name="Conservatorio",
    iban="IT60X0542811101000000123456",
    postal_iban="IT45R0760103200000000001016",
    remittance_information="Retta",
    category="6/0601101TS/",
)
TERMS = PaymentTerms(
    amount_cents=AmountCents(12_000),
    description="Retta di frequenza",
    due_date=date(2026, 12, 31),
    payable_until=None,
    debtor=Subject(
        entity_type="F", fiscal_code="RSSMRA80A01H501U", full_name="Mario Rossi", email="m.rossi@example.it"
    ),
    transfers=(TRANSFER,),
    created_at=NOW,
    archive=ArchiveTerms(),
)
POSITION = Position(UUID(int=1), "PM108", CREDITOR.fiscal_code, NUMBER, NUMBER.iuv, PositionStatus.OPEN, 1, terms=TERMS)


def archivable(position: Position = POSITION, sent_due_at: datetime | None = None, **terms: Any) -> Archivable:
    changed = replace(position, terms=replace(TERMS, **terms)) if terms else position
    archive = changed.terms.archive if changed.terms else None
    return Archivable(position=changed, archive=archive, creditor=CREDITOR, sent_due_at=sent_due_at)


def official(name: str) -> Draft202012Validator:
    if not OFFICIAL.exists():
        pytest.skip("the official OpenAPI files are not here")
    document = json.loads(OFFICIAL.read_text())
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (POSITION, Wish.OPEN),
        (replace(POSITION, paid_receipt_id="r", paid_at=NOW), Wish.LEFT),
        (replace(POSITION, status=PositionStatus.CANCELLED, status_reason="annulled"), Wish.ENDED),
        (replace(POSITION, status=PositionStatus.CANCELLED, status_reason=PAID_ELSEWHERE), Wish.CLOSED),
        (replace(POSITION, status=PositionStatus.EXPIRED), Wish.LEFT),
        (replace(POSITION, terms=replace(TERMS, archive=None)), Wish.AWAY),
        (replace(POSITION, terms=None), Wish.AWAY),
    ],
)
def test_what_is_wished_of_a_position(position: Position, expected: Wish) -> None:
    assert archivable(position).wish(NOW) is expected


def test_what_is_due_already_and_expires_is_not_sent_and_taken_away_where_a_later_day_was_told() -> None:
    past: dict[str, Any] = {"due_date": date(2026, 11, 1), "archive": ArchiveTerms(switch_to_expired=True)}
    assert archivable(**past).wish(NOW) is Wish.LEFT
    assert archivable(sent_due_at=due_at(date(2026, 12, 31)), **past).wish(NOW) is Wish.AWAY


def test_what_may_be_paid_late_is_sent_with_a_due_date_that_pagopa_takes() -> None:
    late = archivable(due_date=date(2026, 11, 1))
    assert late.wish(NOW) is Wish.OPEN
    assert late.body(NOW)["paymentOption"][0]["dueDate"] == "2026-11-27T22:59:59Z"
    assert late.content(NOW)["paymentOption"][0]["dueDate"] == "2026-11-01T22:59:59Z"


def test_what_is_longer_than_the_archive_takes_is_cut() -> None:
    long = "x" * 200
    parts = ("street_name", "civic_number", "postal_code", "city", "province", "country")
    debtor = Subject(entity_type="F", fiscal_code="ANONIMO", full_name=long, **dict.fromkeys(parts, long))
    transfer = replace(TRANSFER, company_name=long)
    body = replace(
        archivable(debtor=debtor, transfers=(transfer,), public_description=long),
        creditor=replace(CREDITOR, company_name=long, office_name=long),
    ).content(NOW)
    [option] = body["paymentOption"]
    [told] = option["transfer"]
    lengths = {name: len(body[name]) for name in body if isinstance(body[name], str) and body[name].startswith("xx")}
    assert lengths == {
        "companyName": 140,
        "officeName": 140,
        "fullName": 70,
        "streetName": 70,
        "civicNumber": 16,
        "postalCode": 16,
        "city": 35,
        "province": 35,
        "country": 2,
    }
    assert [len(option["description"]), len(told["remittanceInformation"]), len(told["companyName"])] == [140] * 3


def test_what_is_not_known_of_a_debtor_is_left_out_and_a_name_is_always_told() -> None:
    body = archivable(debtor=Subject(entity_type="G", fiscal_code="80012345676", full_name="", email="a@b")).content(
        NOW
    )
    told = {name: body[name] for name in ("type", "fiscalCode", "fullName", "email")}
    assert told == {"type": "G", "fiscalCode": "80012345676", "fullName": "NA", "email": "a@b"}
    left_out = {"streetName", "civicNumber", "postalCode", "city", "province", "country"}
    assert not left_out & body.keys()
    refused = replace(TERMS.debtor, email="not an address")
    assert "email" not in archivable(debtor=refused).content(NOW)


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        (date(2026, 12, 31), "2026-12-31T22:59:59Z"),
        (date(2026, 7, 31), "2026-07-31T21:59:59Z"),
        (date(2026, 10, 25), "2026-10-25T22:59:59Z"),
        (date(2027, 3, 28), "2027-03-28T21:59:59Z"),
        (None, "2099-12-31T22:59:59Z"),
    ],
)
def test_a_due_date_is_the_last_second_of_the_day_in_rome(day: date | None, instant: str) -> None:
    assert archivable(due_date=day).content(NOW)["paymentOption"][0]["dueDate"] == instant


TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1, max_size=200)


@given(
    description=TEXTS,
    name=TEXTS,
    cents=st.lists(st.integers(1, 10**9), min_size=1, max_size=5),
    due=st.none() | st.dates(date(2026, 11, 27), date(2099, 12, 31)),
    stamped=st.booleans(),
)
def test_whatever_we_send_is_valid_by_the_official_file(
    description: str,
    name: str,
    cents: list[int],
    due: date | None,
    stamped: bool,  # noqa: FBT001 -- hypothesis
) -> None:
    stamp = Stamp(document_hash="wHpFSLCGZjIvNSXxqtGbxg7275t446DRTk5ZrsdUQ6E=", province="MI")
    transfers = tuple(
        replace(TRANSFER, id_transfer=number, amount_cents=AmountCents(amount))
        for number, amount in enumerate(cents, start=1)
    )
    if stamped:
        transfers = (*transfers[:-1], replace(transfers[-1], iban=None, postal_iban=None, stamp=stamp))
    ours = archivable(
        description=description,
        due_date=due,
        amount_cents=AmountCents(sum(cents)),
        debtor=replace(TERMS.debtor, full_name=name),
        transfers=transfers,
    )
    body = ours.body(NOW)
    official("PaymentPositionModel").validate(body)
    option = body["paymentOption"][0]
    assert option["amount"] == sum(transfer["amount"] for transfer in option["transfer"])
    assert all(("iban" in transfer) != ("stamp" in transfer) for transfer in option["transfer"])


def test_the_same_position_has_the_same_digest_and_another_another() -> None:
    assert digest_of(archivable().content(NOW)) == digest_of(archivable().content(NOW))
    assert digest_of(archivable(amount_cents=AmountCents(1)).content(NOW)) != digest_of(archivable().content(NOW))
    assert digest_of(archivable(archive=ArchiveTerms(pay_stand_in=False)).content(NOW)) != digest_of(
        archivable().content(NOW)
    )


@pytest.mark.parametrize("wish", Wish)
@pytest.mark.parametrize("remote", Remote)
def test_the_next_call_brings_what_is_there_to_what_is_wished(wish: Wish, remote: Remote) -> None:
    assert next_call(wish, remote, is_same=False) is expected_call(wish, remote)


def expected_call(wish: Wish, remote: Remote) -> Call:
    """Say the table a second time."""
    if wish is Wish.LEFT or remote is Remote.PAID:
        return Call.NONE
    if remote is Remote.CLAIMED:
        return Call.LOOK
    if remote is Remote.UNKNOWN:
        return Call.CLOSE if wish is Wish.CLOSED else Call.LOOK
    if wish is Wish.OPEN:
        return {Remote.ABSENT: Call.CREATE, Remote.INVALID: Call.BURNT}.get(remote, Call.UPDATE)
    if remote in {Remote.ABSENT, Remote.INVALID}:
        return Call.NONE
    if wish is Wish.CLOSED:
        return Call.CLOSE
    if remote is Remote.OPEN:
        return Call.WITHDRAW if wish is Wish.AWAY else Call.INVALIDATE
    return Call.NONE


def test_nothing_is_sent_where_pagopa_has_it_already() -> None:
    assert next_call(Wish.OPEN, Remote.OPEN, is_same=True) is Call.NONE
    # Withdrawn or expired, it is to come back though it says the same.
    assert next_call(Wish.OPEN, Remote.DRAFT, is_same=True) is Call.UPDATE


@pytest.mark.parametrize(
    ("call", "status", "title", "action"),
    [
        (Call.CREATE, 400, "Error in the debt position request data", Action.GIVE_UP),
        (Call.CREATE, 401, "", Action.STOP_ALL),
        (Call.CREATE, 403, "The payment position is forbidden", Action.STOP_CREDITOR),
        (Call.UPDATE, 404, "Not found the debt position", Action.IS_ABSENT),
        (Call.CLOSE, 404, "Not found the payment option", Action.IS_ABSENT),
        (Call.CREATE, 409, "The debt position violated constraints of uniqueness", Action.LOOK),
        (Call.UPDATE, 409, "Existing related payment found or not in updatable state", Action.LOOK),
        (Call.INVALIDATE, 409, "Existing related payment found or not in invalidable state", Action.LOOK),
        (Call.CLOSE, 409, "Existing related payment found", Action.DONE),
        (Call.UPDATE, 409, "Publish request occurred after the validity date began", Action.GIVE_UP),
        (
            Call.UPDATE,
            409,
            "Publish request occurred after the due date of a payment options has expired",
            Action.GIVE_UP,
        ),
        (Call.CREATE, 409, "The due date of a payment option is before the validity date", Action.GIVE_UP),
        (Call.CREATE, 409, "The metadata violated constraints of uniqueness", Action.GIVE_UP),
        (Call.CREATE, 409, "The transfer metadata violated constraints of uniqueness", Action.GIVE_UP),
        (Call.CREATE, 409, "The payment option contains reserved metadata", Action.GIVE_UP),
        (Call.CLOSE, 422, "Not in payable state", Action.GIVE_UP),
        (Call.CREATE, 429, "", Action.SLOW_DOWN),
        (Call.CREATE, 500, "The debt position creation is failed", Action.RETRY),
        (Call.UPDATE, 0, "", Action.RETRY),
        (Call.UPDATE, 503, "", Action.RETRY),
    ],
)
def test_each_error_of_the_specification_has_its_action(call: Call, status: int, title: str, action: Action) -> None:
    assert problem_of(call, status, title).action is action


def test_each_error_says_in_the_runbook_what_an_operator_must_do() -> None:
    page = re.sub(r"\s+", " ", (ROOT / "docs" / "runbooks" / "archive-refused.md").read_text())
    assert len({problem.code for problem in ALL}) == len(ALL) == 14
    assert {NUMBER_TAKEN, NUMBER_BURNT, OUTAGE} <= set(ALL)
    for problem in ALL:
        assert f"`{problem.code}`" in page, problem.code
        assert problem.operator in page, problem.code
    assert problem_of(Call.CREATE, 418, "a teapot") is OUTAGE


def test_the_limits_are_the_published_ones_unless_the_contract_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.load()
    assert (settings.aca_calls_max, settings.aca_calls_window_s) == (300, 10.0)
    assert (settings.aca_bulk_calls_per_s, settings.aca_bulk_rows_max) == (10.0, 100_000)
    assert (settings.biz_events_calls_max, settings.biz_events_window_s) == (10, 3_600.0)
    monkeypatch.setenv("ACA_CALLS_MAX", "100")
    assert Settings.load().aca_calls_max == 100


@pytest.mark.parametrize(
    "name", ["ACA_CALLS_MAX", "ACA_BULK_FROM", "ACA_CALLS_AT_ONCE", "BIZ_EVENTS_CALLS_MAX", "RECEIPT_RECOVERY_DAYS"]
)
def test_a_limit_below_one_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "0")
    with pytest.raises(EnvError, match=name):
        Settings.load()


def test_the_outbound_process_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert outbound.main(["--help"]) == 2
    assert "compare" in capsys.readouterr().err


@pytest.mark.parametrize("limit", [Limit(300, timedelta(seconds=10)), Limit(10, timedelta(hours=1), headroom=1.0)])
def test_turns_are_so_far_apart_that_no_window_has_more(limit: Limit) -> None:
    turns = [limit.interval * number for number in range(2 * limit.calls_max)]
    for first in turns:
        assert sum(first <= turn < first + limit.window for turn in turns) <= limit.calls_max
