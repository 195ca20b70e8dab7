"""Less than the amount due is a state of its own, which says what came, what is missing, and that it is not payable."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.storage.database import Database
from contracts.codes import AmountCents, CreditorFiscalCode, FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import PaymentConfirmed, PaymentDuplicated, PaymentReported
from contracts.rpc.practices import (
    AnnulRequest,
    DueDatesRequest,
    GetManyRequest,
    ImportRequest,
    ListRequest,
    Practice,
    SearchRequest,
)
from contracts.shapes import Viewer
from services.practices.usecases import debt_import, debtor_list, debts, expiry, payment_events, queries, search

Put = Callable[..., Practice]
Emitted = Callable[[], list[tuple[str, int]]]
MARIO = Viewer(citizen_id=UUID(int=1), fiscal_code=FiscalCode("RSSMRA85T10A562S"))
DUE_CENTS = 14_850
CAME_CENTS = 10_000


@pytest.fixture
def shown(database: Database, now: datetime) -> Callable[[Practice], Practice]:
    def show(practice: Practice, viewer: Viewer = MARIO) -> Practice:
        return queries.get_many(database, GetManyRequest(viewer=viewer, practice_ids=[practice.id]), now).practices[0]

    return show


@pytest.fixture
def receive(database: Database, now: datetime) -> Callable[..., None]:
    def money(practice: Practice, amount_cents: int, receipt_id: str = "R1", missing_cents: int | None = None) -> None:
        told = PaymentConfirmed(
            receipt_id=receipt_id,
            practice_id=practice.id,
            entity_code="PM108",
            creditor_fiscal_code=CreditorFiscalCode("80012345676"),
            notice_number=practice.notice_number,
            iuv=practice.iuv,
            amount_cents=AmountCents(amount_cents),
            paid_at=now,
            psp_id="ABI12345",
            psp_name="Banca Esempio",
            missing_cents=missing_cents,
        )
        with database.transaction() as tx:
            payment_events.payment_confirmed(tx, told)

    return money


@pytest.fixture
def short(database: Database, put: Put, receive: Callable[..., None], now: datetime) -> Practice:
    """A practice for which 100 of 148.50 euro came, and what payments said of it."""
    practice = put()
    receive(practice, CAME_CENTS, missing_cents=DUE_CENTS - CAME_CENTS)
    flagged = PaymentDuplicated(
        receipt_id="R1",
        practice_id=practice.id,
        entity_code="PM108",
        notice_number=practice.notice_number,
        amount_cents=AmountCents(CAME_CENTS),
        reason="underpaid",
        at=now,
    )
    with database.transaction() as tx:
        payment_events.payment_duplicated(tx, flagged)
    return practice


def refusal(attempt: Callable[[], Any]) -> tuple[ErrorCode, dict[str, Any]]:
    with pytest.raises(Refused) as refused:
        attempt()
    return refused.value.code, refused.value.params


def test_less_than_the_amount_due_is_underpaid_and_says_what_came_and_what_is_missing(
    short: Practice, shown: Callable[..., Practice]
) -> None:
    practice = shown(short)
    assert (practice.state, practice.state_reason, practice.needs_attention) == ("underpaid", "less_than_due", True)
    assert (practice.received_cents, practice.missing_cents) == (CAME_CENTS, DUE_CENTS - CAME_CENTS)
    assert (practice.payable, practice.not_payable_code) == (False, "practice_underpaid")


def test_who_knows_only_the_notice_number_sees_the_state_and_no_amount_that_came(
    database: Database, short: Practice, now: datetime
) -> None:
    request = SearchRequest(entity_code="PM108", notice_number=short.notice_number)
    found = search.search(database, request, now).practices[0]
    assert (found.masked, found.state) == (True, "underpaid")
    assert (found.received_cents, found.missing_cents) == (None, None)


def test_receipts_that_sum_to_what_is_due_are_paid_and_ask_for_no_human(
    short: Practice, receive: Callable[..., None], shown: Callable[..., Practice]
) -> None:
    receive(short, DUE_CENTS - CAME_CENTS, "R2")
    practice = shown(short)
    assert (practice.state, practice.needs_attention, practice.not_payable_code) == ("paid", False, "practice_paid")
    assert (practice.received_cents, practice.missing_cents) == (None, None)


def test_the_same_two_receipts_in_the_other_order_end_the_same(
    put: Put, receive: Callable[..., None], shown: Callable[..., Practice]
) -> None:
    practice = put()
    receive(practice, DUE_CENTS - CAME_CENTS, "R2", CAME_CENTS)
    assert shown(practice).state == "underpaid"
    receive(practice, CAME_CENTS, "R1")
    receive(practice, CAME_CENTS, "R1")
    assert shown(practice).state == "paid"


def test_a_settlement_flow_does_not_move_it(
    database: Database, short: Practice, shown: Callable[..., Practice], now: datetime
) -> None:
    told = PaymentReported(
        practice_id=short.id,
        entity_code="PM108",
        iuv=short.iuv,
        receipt_id="R1",
        flow_id="2026-11-25ABI12345-1",
        amount_cents=AmountCents(CAME_CENTS),
        settled_on=now.date(),
    )
    with database.transaction() as tx:
        payment_events.payment_reported(tx, told, now)
    assert shown(short).state == "underpaid"


def test_a_debt_amended_down_to_what_came_is_paid_and_payments_is_told(
    short: Practice, put: Put, emitted: Emitted
) -> None:
    practice = put(amount_cents=CAME_CENTS)
    assert (practice.state, practice.needs_attention) == ("paid", False)
    assert emitted()[-1] == ("PracticeAmended.v1", 2)


def test_a_debt_amended_a_little_down_misses_less(short: Practice, put: Put) -> None:
    practice = put(amount_cents=CAME_CENTS + 500)
    assert (practice.state, practice.missing_cents) == ("underpaid", 500)


def test_a_debt_amended_up_is_refused_with_the_state(short: Practice, put: Put) -> None:
    code, params = refusal(lambda: put(amount_cents=DUE_CENTS + 1))
    assert (code, params["state"]) == (ErrorCode.PRACTICE_NOT_AMENDABLE, "underpaid")


def test_the_same_debt_sent_again_as_every_night_changes_nothing(short: Practice, put: Put, emitted: Emitted) -> None:
    assert put().state == "underpaid"
    assert emitted() == [("PracticeCreated.v1", 1)]


def test_a_file_amends_it_down_too(database: Database, short: Practice, shown: Any, now: datetime) -> None:
    header = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"
    content = b64encode(f"{header}\nTARI-1;TARI;RSSMRA85T10A562S;Rossi Mario;;TARI 2026;100,00;;;".encode()).decode()
    request = ImportRequest(idempotency_key="import-0001", entity_code="PM108", content_base64=content)
    assert [row.outcome for row in debt_import.import_debts(database, request, now).rows] == ["amended"]
    assert shown(short).state == "paid"


def test_it_cannot_be_annulled_because_money_came(database: Database, short: Practice, now: datetime) -> None:
    request = AnnulRequest(entity_code="PM108", external_id="TARI-1", reason="Sgravio")
    assert refusal(lambda: debts.annul_debt(database, request, now))[0] is ErrorCode.PRACTICE_UNDERPAID


def test_it_does_not_expire(database: Database, put: Put, receive: Any, shown: Any, now: datetime) -> None:
    practice = put("MENSA-1", service_code="MENSA", due_date=date(2026, 11, 24))
    receive(practice, CAME_CENTS)
    assert expiry.expire_overdue(database, now + timedelta(days=3)) == 0
    assert shown(practice).state == "underpaid"


def test_less_for_a_practice_that_expired_is_underpaid_too(
    database: Database, put: Put, receive: Any, shown: Any, now: datetime
) -> None:
    practice = put("MENSA-1", service_code="MENSA", due_date=date(2026, 11, 22))
    assert expiry.expire_overdue(database, now) == 1
    receive(practice, CAME_CENTS)
    assert shown(practice).state == "underpaid"


def test_less_for_an_annulled_practice_is_unexpected_money_of_which_nothing_is_missing(
    database: Database, put: Put, receive: Any, shown: Any, now: datetime
) -> None:
    practice = put()
    debts.annul_debt(database, AnnulRequest(entity_code="PM108", external_id="TARI-1", reason="Sgravio"), now)
    receive(practice, CAME_CENTS)
    assert (shown(practice).state, shown(practice).needs_attention) == ("paid", True)


def test_it_is_found_by_its_state(database: Database, short: Practice, put: Put, now: datetime) -> None:
    put("TARI-2")
    request = ListRequest(entity_code="PM108", viewer=MARIO, states=["underpaid"])
    assert [one.id for one in debtor_list.list_practices(database, request, now).practices] == [short.id]


def test_its_revision_in_a_calendar_grows_with_each_receipt(
    database: Database, put: Put, receive: Any, now: datetime
) -> None:
    practice = put(due_date=date(2026, 12, 31))

    def revision() -> int:
        request = DueDatesRequest(viewer=MARIO, since=now - timedelta(days=1))
        return queries.due_dates(database, request, now).practices[0].revision

    seen = [revision()]
    for receipt_id, amount_cents in (("R1", CAME_CENTS), ("R2", DUE_CENTS - CAME_CENTS)):
        receive(practice, amount_cents, receipt_id)
        seen.append(revision())
    assert seen == sorted(set(seen))


def test_a_receipt_of_more_than_is_due_stays_paid_and_asks_for_a_human(put: Put, receive: Any, shown: Any) -> None:
    practice = put()
    receive(practice, DUE_CENTS + 1)
    assert (shown(practice).state, shown(practice).needs_attention) == ("paid", True)
    assert replace(shown(practice), missing_cents=None) == shown(practice)
