"""Money that nobody expected, from its receipt to its end: cases, refunds, two people, two at once, the payer's side.

On a real database; practices is played by a dict of positions, the node by its own messages.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from lxml import etree

from chassis.audit import verification
from chassis.storage.database import Database
from contracts.actors import Actor
from contracts.codes import Iban
from contracts.error_details import ChangedMeanwhile, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.events.practices import PRACTICE_CANCELLED
from contracts.rpc import money_cases as contract
from contracts.rpc.audit import AuditRequest
from contracts.rpc.money_cases import MoneyCase
from services.payments import models
from services.payments.__main__ import main
from services.payments.domain.positions import PositionStatus
from services.payments.metrics import MONEY_CASES_OLDEST_SECONDS, MONEY_CASES_WAITING
from services.payments.usecases import case_watch, money_cases, payer_refunds, positions, refund_exports, refund_rules
from tests.integration.payments.payments_actors import (
    START,
    Practices,
    activate,
    ask_node,
    emitted,
    ended,
    event,
    position,
    receipt,
)

SAMPLES = Path(__file__).parents[3] / "contracts" / "samples"
SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parents[2] / "unit/payments/credit_transfer.xsd"))
ACCOUNT, OTHER, ENTITYS = "IT60 X054 2811 1010 0000 0123 456", "DE89370400440532013000", "IT60X0542811101000000123456"
MARIA, CARLO = Actor(kind="operator", id=str(UUID(int=0xA))), Actor(kind="operator", id=str(UUID(int=0xB)))
PAYER, CITIZEN = "RSSMRA85T10A562S", UUID(int=0xC)
LATER = START + timedelta(hours=1)
PEOPLE = 8


class Office:
    """The accountants of the entity: what they see and do."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def cases(self, **asked: Any) -> list[MoneyCase]:
        request = contract.MoneyCasesRequest(entity_code="PM108", show_iban=True, **asked)
        return list(money_cases.listed(self.database, request).cases)

    def only(self) -> MoneyCase:
        [case] = self.cases()
        return case

    def move(self, step: str, case: MoneyCase | None = None, *, actor: Actor = MARIA, **said: Any) -> MoneyCase:
        shown = case or self.only()
        defaults: dict[str, Any] = {"iban": ACCOUNT, "holder": "Mario Rossi"} if step == "ask_refund" else {}
        request = contract.MoveCaseRequest(
            entity_code="PM108", case_id=shown.id, version=shown.version, actor=actor, step=step, **defaults | said
        )
        return money_cases.move(self.database, request, LATER)

    def decide(self, case: MoneyCase | None = None, **said: Any) -> MoneyCase:
        return self.move("refund", self.move("ask_refund", case), **said)

    def export(self, key: str = "", *, actor: Actor = MARIA, **said: Any) -> contract.RefundExport:
        request = contract.ExportRefundsRequest(
            idempotency_key=key or uuid4().hex,
            entity_code="PM108",
            actor=actor,
            pay_on=date(2026, 11, 25),
            account_iban=ENTITYS,
        )
        return refund_exports.export(self.database, replace(request, **said), LATER)

    def file(self, export_id: UUID, file_format: str = "xml") -> str:
        request = contract.RefundFileRequest(entity_code="PM108", export_id=export_id, format=file_format)
        return refund_exports.file(self.database, request).content

    def transfers(self, export_id: UUID) -> list[tuple[str, str, str]]:
        """Return reference, amount and account of each transfer of a file, which is valid."""
        document = etree.fromstring(self.file(export_id).encode())
        SCHEMA.assertValid(document)
        told = (".//{*}EndToEndId", ".//{*}InstdAmt", "{*}CdtrAcct//{*}IBAN")
        return [
            (one.findtext(told[0], ""), one.findtext(told[1], ""), one.findtext(told[2], ""))
            for one in document.iter("{*}CdtTrfTxInf")
        ]

    def settle(self, export_id: UUID) -> contract.RefundExport:
        request = contract.SettleExportRequest(entity_code="PM108", export_id=export_id, actor=MARIA)
        return refund_exports.settle(self.database, request, LATER)

    def history(self, case: MoneyCase) -> list[tuple[str, str]]:
        request = contract.MoneyCaseRequest(entity_code="PM108", case_id=case.id)
        found = money_cases.one(self.database, request).history
        return [(one.operation, one.actor.kind) for one in reversed(found)]

    def told(self, case: MoneyCase) -> list[tuple[str, str, str]]:
        """Return step, state and sequence of the events of a case."""
        rows = [row for row in emitted(self.database, "MoneyCaseChanged") if row.subject == str(case.id)]
        return [(row.body["data"]["step"], row.body["data"]["state"], row.body["sequence"].lstrip("0")) for row in rows]


@pytest.fixture
def practices() -> Practices:
    played = Practices()
    played.issued = {1: position(1), 2: position(2)}
    return played


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.fixture
def pay(database: Database, practices: Practices) -> Callable[..., None]:
    def paid(number: int, receipt_id: str, amount_cents: int = 1000, payer: str = PAYER) -> None:
        envelope = receipt(number, receipt_id, amount_cents, None).replace("ANONIMO", payer)
        assert "<outcome>OK</outcome>" in ask_node(database, practices, START, envelope)

    return paid


@pytest.fixture
def twice(pay: Callable[..., None]) -> None:
    """One practice paid twice."""
    pay(1, "R1")
    pay(1, "R2")


def code_of(attempt: Callable[[], Any]) -> ErrorCode:
    with pytest.raises(Refused) as refusal:
        attempt()
    return refusal.value.code


# ---- a case is opened


@pytest.fixture
def prepare(database: Database, practices: Practices, pay: Callable[..., None]) -> Callable[[str], None]:
    """Let the first practice be asked about, paid or cancelled."""

    def prepared(how: str) -> None:
        if how == "paid":
            pay(1, "R1")
            return
        ask_node(database, practices, START, activate(1))
        if how == "cancelled":
            with database.transaction() as tx:
                told = event(PRACTICE_CANCELLED, ended(1, 2), START)
                positions.project_ends(tx, [told], PositionStatus.CANCELLED, START)

    return prepared


@pytest.mark.parametrize(
    ("before", "amount_cents", "reason", "unexpected_cents"),
    [
        ("paid", 1000, "already_paid", 1000),
        ("cancelled", 1000, "cancelled", 1000),
        ("activated", 1500, "other_amount", 500),
        ("activated", 400, "underpaid", 400),
        ("of nobody", 700, "unknown_notice", 700),
    ],
)
def test_money_that_nobody_expected_is_a_case_with_its_receipt(
    office: Office,
    pay: Callable[..., None],
    prepare: Callable[[str], None],
    before: str,
    amount_cents: int,
    reason: str,
    unexpected_cents: int,
) -> None:
    prepare(before)
    assert office.cases() == []
    is_known = reason != "unknown_notice"
    for _ in range(2):
        pay(1 if is_known else 99, "R2", amount_cents)
    case = office.only()
    assert (case.state, case.version, case.reason, case.receipt_id) == ("open", 1, reason, "R2")
    assert (case.amount_cents, case.unexpected_cents) == (amount_cents, unexpected_cents)
    assert case.first_receipt_id == ("R1" if reason == "already_paid" else None)
    assert (case.practice_id, case.service_code) == ((UUID(int=1), "TARI") if is_known else (None, None))
    [duplicated] = emitted(office.database, "PaymentDuplicated")
    assert duplicated.body["data"]["case_id"] == str(case.id)


def test_what_was_paid_as_asked_for_is_no_case(office: Office, pay: Callable[..., None]) -> None:
    pay(1, "R1")
    pay(2, "R2")
    assert office.cases() == []


def test_receipts_of_the_release_before_get_their_case_late_and_once(
    database: Database, office: Office, twice: None, pay: Callable[..., None]
) -> None:
    pay(99, "R9", 700)
    known = [(one.receipt_id, one.reason, one.unexpected_cents, one.first_receipt_id) for one in office.cases()]
    with database.transaction() as tx:
        tx.session.execute(sa.delete(models.MoneyCase))
    assert case_watch.open_missing(database, LATER) == 2
    assert case_watch.open_missing(database, LATER) == 0
    assert [(one.receipt_id, one.reason, one.unexpected_cents, one.first_receipt_id) for one in office.cases()] == known


# ---- the way of a refund


def test_a_refund_goes_from_the_account_to_the_bank_and_each_step_is_told_and_audited(
    database: Database, office: Office, twice: None
) -> None:
    case = office.decide(refund_cents=900)
    assert (case.state, case.refund_cents, case.iban, case.decided_by) == ("decided", 900, ENTITYS, MARIA)
    made = office.export()
    assert (made.count, made.total_cents, made.open_count) == (1, 900, 1)
    assert office.transfers(made.id) == [(f"{case.id.hex}-1", "9.00", ENTITYS)]
    assert "Mario Rossi;IT60X0542811101000000123456;9,00" in office.file(made.id, "csv")
    assert office.settle(made.id).open_count == 0
    assert office.settle(made.id).open_count == 0
    assert office.only().state == "done"
    assert office.told(case) == [
        ("ask_refund", "refund_asked", "2"),
        ("refund", "decided", "3"),
        ("export", "exported", "4"),
        ("refund_done", "done", "5"),
    ]
    steps = ["money.ask_refund", "money.refund", "money.export", "money.refund_done"]
    assert office.history(case) == [(step, "operator") for step in steps]
    [chain] = verification.verify(database)
    assert (chain.entity_code, chain.number, chain.problems) == ("PM108", 4, ())


def test_the_event_of_a_case_has_the_fields_of_its_golden_sample_and_nothing_of_the_payer(
    database: Database, office: Office, twice: None
) -> None:
    office.decide()
    office.export()
    sample = json.loads((SAMPLES / "MoneyCaseChanged.v1.json").read_text())
    rows = emitted(database, "MoneyCaseChanged")
    assert rows
    for row in rows:
        assert set(row.body) == set(sample)
        assert set(row.body["data"]) == set(sample["data"])
        assert not any(secret in json.dumps(row.body) for secret in (ENTITYS, "Rossi", PAYER))
    audit = money_cases.audit(database, AuditRequest(entity_code="PM108"))
    assert not any(secret in str(audit) for secret in (ENTITYS, "Rossi", PAYER))
    assert "IT60…3456" in str(audit)


def test_a_refund_that_the_bank_returns_wants_another_account_and_is_another_transfer(
    office: Office, twice: None
) -> None:
    first = office.decide()
    made = office.export()
    office.settle(made.id)
    returned = office.move("refund_returned", reason="Conto estinto")
    assert (returned.state, returned.iban, returned.refund_cents, returned.note) == (
        "open",
        None,
        None,
        "Conto estinto",
    )
    office.move("refund", office.move("ask_refund", iban=OTHER))
    again = office.export()
    assert office.transfers(again.id) == [(f"{first.id.hex}-2", "10.00", OTHER)]
    assert office.transfers(made.id) == [(f"{first.id.hex}-1", "10.00", ENTITYS)]
    assert office.only().export_id == again.id


def test_another_account_or_a_withdrawal_ends_a_decision(office: Office, twice: None) -> None:
    decided = office.decide(refund_cents=700)
    changed = office.move("ask_refund", decided, iban=OTHER)
    assert (changed.state, changed.iban, changed.refund_cents, changed.decided_by) == (
        "refund_asked",
        OTHER,
        None,
        None,
    )
    assert code_of(office.export) is ErrorCode.NO_REFUNDS_TO_EXPORT
    decided = office.move("refund", changed)
    withdrawn = office.move("withdraw", decided, reason="Importo da rivedere")
    assert (withdrawn.state, withdrawn.iban, withdrawn.refund_cents) == ("refund_asked", OTHER, None)


def test_what_was_not_due_is_refunded_where_nobody_says_how_much(
    database: Database, practices: Practices, office: Office, pay: Callable[..., None]
) -> None:
    ask_node(database, practices, START, activate(1))
    pay(1, "R1", 1500)
    assert office.decide().refund_cents == 500
    office.move("withdraw", reason="Tutto")
    assert code_of(lambda: office.move("refund", refund_cents=1501)) is ErrorCode.REFUND_TOO_LARGE
    assert office.move("refund", refund_cents=1500).refund_cents == 1500


@pytest.mark.parametrize(
    ("step", "said", "code"),
    [
        ("ask_refund", {"iban": "IT60X0542811101000000123457"}, ErrorCode.INVALID_IBAN),
        ("ask_refund", {"iban": None}, ErrorCode.INVALID_IBAN),
        ("ask_refund", {"holder": "  "}, ErrorCode.NAME_REQUIRED),
        ("explain", {"reason": "  "}, ErrorCode.REASON_REQUIRED),
        ("offset", {"offset_notice_number": "3"}, ErrorCode.REASON_REQUIRED),
        ("offset", {"offset_notice_number": "3", "reason": "Per la TARI"}, ErrorCode.INVALID_NOTICE_NUMBER),
        ("refund", {}, ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED),
        ("export", {}, ErrorCode.INVALID_REQUEST),
    ],
)
def test_a_step_that_lacks_something_is_refused_and_changes_nothing(
    database: Database, office: Office, twice: None, step: str, said: dict[str, Any], code: ErrorCode
) -> None:
    before = office.only()
    assert code_of(lambda: office.move(step, **said)) is code
    assert office.only() == before
    assert emitted(database, "MoneyCaseChanged") == []
    assert money_cases.audit(database, AuditRequest(entity_code="PM108")).entries == []


@pytest.mark.parametrize("said", [{"pay_on": date(2026, 11, 22)}, {"account_iban": "IT00"}])
def test_a_file_for_a_day_that_is_past_or_from_no_account_is_not_made(
    office: Office, twice: None, said: dict[str, Any]
) -> None:
    office.decide()
    assert code_of(lambda: office.export(**said)) in (ErrorCode.INVALID_DATE, ErrorCode.INVALID_IBAN)
    assert office.only().state == "decided"


def test_the_same_key_is_the_same_file(office: Office, twice: None) -> None:
    office.decide()
    first = office.export("the-same-key")
    assert office.export("the-same-key") == first
    assert code_of(lambda: office.export("the-same-key", account_iban=OTHER)) is ErrorCode.IDEMPOTENCY_CONFLICT


# ---- two people, and two at once


def test_a_refund_waits_for_a_second_person_where_the_entity_wants_one(
    database: Database, office: Office, twice: None
) -> None:
    refund_rules.change(database, "PM108", second_person=True, now=START)
    refund_rules.change(database, "PM108", second_person=True, now=START)
    waiting = office.decide()
    assert (waiting.state, waiting.decided_by) == ("to_confirm", MARIA)
    assert code_of(office.export) is ErrorCode.NO_REFUNDS_TO_EXPORT
    assert code_of(lambda: office.move("confirm", actor=MARIA)) is ErrorCode.SECOND_PERSON_REQUIRED
    changed = office.move("ask_refund", waiting, iban=OTHER, actor=CARLO)
    assert changed.state == "refund_asked"
    decided = office.move("refund", changed, actor=CARLO)
    assert code_of(lambda: office.move("confirm", actor=CARLO)) is ErrorCode.SECOND_PERSON_REQUIRED
    assert office.move("confirm", decided, actor=MARIA).state == "decided"
    assert len(office.transfers(office.export().id)) == 1
    assert [name for name, _ in office.history(decided)][-2:] == ["money.confirm", "money.export"]


def test_the_command_says_and_changes_whether_two_people_are_wanted(
    database: Database,
    office: Office,
    twice: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    amqp_url: str,
    database_url: str,
) -> None:
    monkeypatch.setenv("AMQP_URL", amqp_url)
    monkeypatch.setenv("DATABASE_URL", database_url)
    for arguments in (["PM108"], ["PM108", "two-people"], ["PM108"], ["PM108", "two-people"]):
        assert main(["refund-rules", *arguments]) == 0
    assert main(["refund-rules", "PM108", "three-people"]) == 2
    assert capsys.readouterr().out.splitlines() == ["PM108: one-person", *["PM108: two-people"] * 3]
    assert office.decide().state == "to_confirm"
    rules = AuditRequest(entity_code="PM108", operation="money.change_rules")
    [entry] = money_cases.audit(database, rules).entries
    assert (entry.actor.kind, dict(entry.after)) == ("command", {"second_person": True})


def at_once(*attempts: Callable[[], Any]) -> list[Any]:
    """Let everybody do something at the same moment; return what came of it, or the code of the refusal."""
    together = Barrier(len(attempts))

    def one(attempt: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return attempt()
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(len(attempts)) as people:
        return list(people.map(one, attempts))


def codes(answers: list[Any]) -> list[ErrorCode]:
    return [answer.code for answer in answers if isinstance(answer, Refused)]


def test_of_operators_who_decide_at_once_one_decides_and_the_others_are_told(
    database: Database, office: Office, twice: None
) -> None:
    asked = office.move("ask_refund")
    answers = at_once(
        *[lambda: office.move("refund", asked, actor=MARIA, refund_cents=1000)] * (PEOPLE // 2),
        *[lambda: office.move("explain", asked, actor=CARLO, reason="Resta")] * (PEOPLE // 2),
    )
    assert codes(answers) == [ErrorCode.CHANGED_MEANWHILE] * (PEOPLE - 1)
    told = [detail_of(one, ChangedMeanwhile) for one in answers if isinstance(one, Refused)]
    [decided] = [one for one in answers if not isinstance(one, Refused)]
    assert {(one.version, one.actor_kind) for one in told if one} == {(3, "operator")}
    assert office.only() == decided
    assert len(office.told(decided)) == 2
    [chain] = verification.verify(database)
    assert (chain.number, chain.problems) == (2, ())


def test_of_operators_who_export_at_once_one_gets_the_refunds_and_nothing_is_paid_twice(
    database: Database, office: Office, pay: Callable[..., None]
) -> None:
    for number in (1, 2):
        for receipt_id in ("A", "B", "C"):
            pay(number, f"{receipt_id}{number}")
    for case in office.cases():
        office.decide(case)
    answers = at_once(*[office.export] * PEOPLE)
    assert codes(answers) == [ErrorCode.NO_REFUNDS_TO_EXPORT] * (PEOPLE - 1)
    [made] = [one for one in answers if not isinstance(one, Refused)]
    assert (made.count, made.total_cents) == (4, 4_000)
    with database.reading() as session:
        items = session.scalars(sa.select(models.RefundExportItem.case_id)).all()
    assert sorted(items) == sorted(case.id for case in office.cases())


def test_an_export_and_a_change_of_the_account_at_once_never_pay_the_old_account_unseen(
    office: Office, pay: Callable[..., None], twice: None
) -> None:
    for turn in range(6):
        pay(2, f"T{turn}")
    for case in office.cases():
        office.decide(case)
    shown = office.cases()
    changes = [partial(office.move, "ask_refund", case, iban=OTHER, actor=CARLO) for case in shown]
    answers = at_once(office.export, *changes)
    paid = set() if isinstance(answers[0], Refused) else {one[0][:32] for one in office.transfers(answers[0].id)}
    for case in office.cases():
        assert case.state == ("exported" if case.id.hex in paid else "refund_asked")
        assert case.iban == (ENTITYS if case.id.hex in paid else OTHER)


# ---- offset and explained


def checked_number(base: int) -> int:
    """Return a number whose notice number has its check digits: operators type it in."""
    return base * 100 + int(f"3{base:015d}") % 93


def test_money_counts_for_another_practice_of_the_entity_that_is_to_be_paid(
    database: Database, practices: Practices, office: Office, twice: None, pay: Callable[..., None]
) -> None:
    to_pay, paid, gone, unknown = (checked_number(base) for base in (7, 8, 9, 10))
    practices.issued |= {number: position(number) for number in (to_pay, paid, gone)}
    for number in (to_pay, gone):
        ask_node(database, practices, START, activate(number))
    pay(paid, "R8")
    with database.transaction() as tx:
        positions.project_ends(tx, [event(PRACTICE_CANCELLED, ended(gone, 2), START)], PositionStatus.CANCELLED, START)
    for number, code in (
        (paid, ErrorCode.PRACTICE_PAID),
        (gone, ErrorCode.PRACTICE_CANCELLED),
        (unknown, ErrorCode.PRACTICE_NOT_FOUND),
    ):
        said: dict[str, Any] = {"offset_notice_number": f"3{number:017d}", "reason": "Per la seconda rata"}
        assert code_of(partial(office.move, "offset", **said)) is code
    office.move("ask_refund")
    case = office.move("offset", offset_notice_number=f"3{to_pay:017d}", reason="Per la seconda rata")
    assert (case.state, case.offset_practice_id, case.iban) == ("offset", UUID(int=to_pay), None)
    assert emitted(database, "MoneyCaseChanged")[-1].body["data"]["offset_practice_id"] == str(UUID(int=to_pay))
    assert office.move("reopen", reason="Era per un'altra").offset_practice_id is None


def test_a_case_is_explained_and_can_be_reopened(office: Office, twice: None) -> None:
    closed = office.move("explain", reason="Donazione")
    assert (closed.state, closed.note) == ("explained", "Donazione")
    assert code_of(lambda: office.move("ask_refund", closed)) is ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED
    assert office.move("reopen", closed, reason="Non era una donazione").state == "open"


# ---- who sees what


def test_a_case_of_another_entity_or_service_does_not_exist(database: Database, office: Office, twice: None) -> None:
    case = office.only()
    for entity_code, services in (("PM200", None), ("PM108", ["MENSA"]), ("PM108", [])):
        asked = contract.MoneyCasesRequest(entity_code=entity_code, service_codes=services)
        found = money_cases.listed(database, asked)
        assert (list(found.cases), list(found.totals)) == ([], [])
        one = contract.MoneyCaseRequest(entity_code=entity_code, service_codes=services, case_id=case.id)
        assert code_of(partial(money_cases.one, database, one)) is ErrorCode.MONEY_CASE_NOT_FOUND
        step = contract.MoveCaseRequest(
            entity_code=entity_code,
            service_codes=services,
            case_id=case.id,
            version=1,
            actor=MARIA,
            step="explain",
            reason="x",
        )
        refused = code_of(partial(money_cases.move, database, step, LATER))
        assert refused is ErrorCode.MONEY_CASE_NOT_FOUND
    assert len(office.cases(service_codes=["TARI"])) == 1


def test_the_list_goes_on_where_it_stopped_and_adds_up(
    database: Database, office: Office, pay: Callable[..., None]
) -> None:
    for turn in range(6):
        pay(1, f"R{turn}")
    first = money_cases.listed(database, contract.MoneyCasesRequest(entity_code="PM108", limit=3))
    rest = contract.MoneyCasesRequest(entity_code="PM108", limit=3, cursor=first.next_cursor)
    second = money_cases.listed(database, rest)
    assert [one.receipt_id for one in (*first.cases, *second.cases)] == [f"R{turn}" for turn in range(1, 6)]
    assert second.next_cursor is None
    office.decide(first.cases[0], refund_cents=300)
    totals = money_cases.listed(database, contract.MoneyCasesRequest(entity_code="PM108", states=["done"])).totals
    assert [(one.state, one.count, one.amount_cents) for one in totals] == [("decided", 1, 300), ("open", 4, 4_000)]
    wrong = contract.MoneyCasesRequest(entity_code="PM108", cursor="nobody's")
    assert code_of(lambda: money_cases.listed(database, wrong)) is ErrorCode.INVALID_REQUEST


def test_an_account_is_shown_whole_only_to_who_pays_refunds(database: Database, office: Office, twice: None) -> None:
    case = office.move("ask_refund")
    for show_iban, shown in ((True, ENTITYS), (False, "IT60…3456")):
        request = contract.MoneyCaseRequest(entity_code="PM108", case_id=case.id, show_iban=show_iban)
        assert money_cases.one(database, request).case.iban == shown


# ---- whoever paid


def payers(database: Database, fiscal_code: str = PAYER) -> list[contract.PayerCase]:
    request = contract.PayerCasesRequest(entity_code="PM108", practice_id=UUID(int=1), fiscal_code=fiscal_code)
    return list(payer_refunds.of_payer(database, request).cases)


def ask_back(database: Database, case: contract.PayerCase, **said: Any) -> contract.PayerCase:
    request = contract.AskRefundRequest(
        entity_code="PM108",
        practice_id=UUID(int=1),
        fiscal_code=PAYER,
        case_id=case.id,
        version=case.version,
        citizen_id=CITIZEN,
        iban=ACCOUNT,
        holder="Mario Rossi",
    )
    return payer_refunds.ask(database, replace(request, **said), LATER)


def test_whoever_paid_twice_sees_it_is_known_and_says_where_the_money_shall_go(
    database: Database, office: Office, twice: None
) -> None:
    [case] = payers(database)
    assert (case.receipt_id, case.state, case.unexpected_cents, case.may_ask) == ("R2", "open", 1000, True)
    asked = ask_back(database, case)
    assert (asked.state, asked.iban, asked.may_ask) == ("refund_asked", "IT60…3456", True)
    changed = ask_back(database, asked, iban=OTHER)
    assert office.only().iban == Iban(OTHER)
    assert code_of(lambda: ask_back(database, asked)) is ErrorCode.CHANGED_MEANWHILE
    decided = office.move("refund")
    [told] = payers(database)
    assert (told.state, told.refund_cents, told.may_ask) == ("decided", 1000, False)
    refused = code_of(lambda: ask_back(database, replace(changed, version=decided.version)))
    assert refused is ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED
    assert office.history(decided)[:2] == [("money.ask_refund", "citizen")] * 2
    entries = money_cases.audit(database, AuditRequest(entity_code="PM108")).entries
    assert {one.actor.id for one in entries if one.actor.kind == "citizen"} == {str(CITIZEN)}


def test_nobody_else_sees_or_asks_and_who_paid_anonymously_asks_the_office(
    database: Database, office: Office, pay: Callable[..., None], twice: None
) -> None:
    [case] = payers(database)
    assert payers(database, "BNCGLI82D63L049K") == []
    stolen = code_of(lambda: ask_back(database, case, fiscal_code="BNCGLI82D63L049K"))
    assert stolen is ErrorCode.MONEY_CASE_NOT_FOUND
    assert code_of(lambda: ask_back(database, case, entity_code="PM200")) is ErrorCode.MONEY_CASE_NOT_FOUND
    assert code_of(lambda: ask_back(database, case, iban="IT00")) is ErrorCode.INVALID_IBAN
    pay(1, "R3", payer="ANONIMO")
    assert payers(database, "ANONIMO") == []
    assert office.cases()[0].state == "open"


def test_for_a_part_that_came_nobody_is_offered_their_money_back(
    database: Database, practices: Practices, pay: Callable[..., None]
) -> None:
    ask_node(database, practices, START, activate(1))
    pay(1, "R1", 400)
    [case] = payers(database)
    assert (case.reason, case.may_ask) == ("underpaid", False)
    assert code_of(lambda: ask_back(database, case)) is ErrorCode.MONEY_CASE_STEP_NOT_ALLOWED


# ---- what waits


def test_cases_that_wait_are_counted_with_the_age_of_the_oldest(
    database: Database, office: Office, twice: None, pay: Callable[..., None]
) -> None:
    pay(1, "R3")
    case_watch.watch_waiting(database, START + timedelta(days=20))
    assert MONEY_CASES_WAITING.labels("PM108")._value.get() == 2
    assert MONEY_CASES_OLDEST_SECONDS.labels("PM108")._value.get() == timedelta(days=20).total_seconds()
    for case in office.cases():
        office.move("explain", case, reason="Resta")
    case_watch.watch_waiting(database, START + timedelta(days=20))
    assert next(iter(MONEY_CASES_WAITING.collect())).samples == []
