"""A debt position with several ways of paying it, in practices: put, shown, and closed once money has come."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.storage.database import Database
from contracts.codes import CreditorFiscalCode, FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import CheckoutAbandoned, CheckoutStarted, PaymentConfirmed
from contracts.rpc.practices import GetManyRequest, ImportRequest, PlanRequest, PositionRequest, Practice
from contracts.shapes import Instalment, OptionPart, Viewer
from services.practices.usecases import closed_options, debt_import, payment_events, queries

Put = Callable[..., Practice]
Emitted = Callable[[], list[tuple[str, int]]]
MARIO = Viewer(citizen_id=UUID(int=1), fiscal_code=FiscalCode("RSSMRA85T10A562S"))
GIULIA = "BNCGLI82D63L049K"
HEADER = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"


@pytest.fixture
def ways(put: Put) -> Callable[[], dict[str, Practice]]:
    """Put a single sum, and plans of two and of three instalments; return them by their references."""

    def make() -> dict[str, Practice]:
        mark = uuid4().hex[:6]
        found = {"unica": put(f"{mark}-u", debt_position=mark, option="unica")}
        for count in (2, 3):
            for number in range(1, count + 1):
                instalment = Instalment(number=number, total=count)
                name = f"{count}.{number}"
                found[name] = put(f"{mark}-{name}", debt_position=mark, option=f"in-{count}", instalment=instalment)
        return found

    return make


def pay(database: Database, practice: Practice, at: datetime) -> None:
    told = PaymentConfirmed(
        receipt_id=f"R-{practice.notice_number}",
        practice_id=practice.id,
        entity_code="PM108",
        creditor_fiscal_code=CreditorFiscalCode("80012345676"),
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        amount_cents=practice.amount_cents,
        paid_at=at,
        psp_id="ABI12345",
        psp_name="Banca Esempio",
    )
    with database.transaction() as tx:
        payment_events.payment_confirmed(tx, told)


def shown(database: Database, made: dict[str, Practice], now: datetime) -> dict[str, tuple[str, str | None]]:
    request = GetManyRequest(viewer=MARIO, practice_ids=[one.id for one in made.values()])
    found = {one.id: one for one in queries.get_many(database, request, now).practices}
    return {name: (found[one.id].state, found[one.id].state_reason) for name, one in made.items()}


def open_ones(database: Database, made: dict[str, Practice], now: datetime) -> set[str]:
    return {name for name, (state, _) in shown(database, made, now).items() if state == "to_pay"}


def test_the_single_sum_closes_every_plan(
    database: Database, ways: Callable[[], dict[str, Practice]], now: datetime
) -> None:
    made = ways()
    pay(database, made["unica"], now)
    assert closed_options.close_options(database, now) == 5
    states = shown(database, made, now)
    assert states.pop("unica")[0] == "paid"
    assert set(states.values()) == {("cancelled", "other_option")}
    assert closed_options.close_options(database, now) == 0


def test_an_instalment_closes_the_single_sum_and_the_other_plan(
    database: Database, ways: Callable[[], dict[str, Practice]], now: datetime, emitted: Emitted
) -> None:
    made = ways()
    pay(database, made["2.2"], now)
    assert closed_options.close_options(database, now) == 4
    assert open_ones(database, made, now) == {"2.1"}
    assert [kind for kind, _ in emitted()].count("PracticeCancelled.v1") == 4


def test_what_is_being_paid_is_closed_once_that_has_ended(
    database: Database, ways: Callable[[], dict[str, Practice]], now: datetime
) -> None:
    made = ways()
    checkout_id = uuid4()
    started = CheckoutStarted(
        checkout_id=checkout_id,
        entity_code="PM108",
        practice_ids=[made["unica"].id],
        total_cents=made["unica"].amount_cents,
        started_at=now,
        open_until=now + timedelta(hours=1),
    )
    with database.transaction() as tx:
        payment_events.checkout_started(tx, started)
    pay(database, made["2.1"], now)
    closed_options.close_options(database, now)
    assert shown(database, made, now)["unica"][0] == "unconfirmed"
    ended = CheckoutAbandoned(
        checkout_id=checkout_id, entity_code="PM108", practice_ids=[made["unica"].id], reason="timed_out", at=now
    )
    with database.transaction() as tx:
        payment_events.checkout_abandoned(tx, ended)
    assert closed_options.close_options(database, now) == 1
    assert shown(database, made, now)["unica"] == ("cancelled", "other_option")
    assert closed_options.close_options(database, now) == 0


def test_a_debt_added_to_a_position_that_is_paid_is_closed_too(
    database: Database, put: Put, ways: Callable[[], dict[str, Practice]], now: datetime
) -> None:
    made = ways()
    pay(database, made["unica"], now)
    closed_options.close_options(database, now)
    late = put("late", debt_position=made["unica"].debt_position, option="in-9")
    assert closed_options.close_options(database, now) == 1
    assert shown(database, {"late": late}, now)["late"] == ("cancelled", "other_option")


def test_the_first_of_two_debtors_who_pays_closes_the_others(database: Database, put: Put, now: datetime) -> None:
    mine = put("mine", debt_position="P", option="unica")
    theirs = put("theirs", debt_position="P", option="unica", fiscal_code=GIULIA, full_name="Bianchi Giulia")
    pay(database, theirs, now)
    assert closed_options.close_options(database, now) == 1
    assert shown(database, {"mine": mine}, now)["mine"] == ("cancelled", "other_option")


def test_debts_without_a_position_close_nothing(database: Database, put: Put, now: datetime) -> None:
    one, other = put("one"), put("other")
    pay(database, one, now)
    assert closed_options.close_options(database, now) == 0
    assert shown(database, {"other": other}, now)["other"][0] == "to_pay"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(["unica", "2.1", "2.2", "3.1", "3.2"]), count=st.integers(1, 4), data=st.data())
def test_under_any_interleaving_of_payments_and_closings_the_same_ways_end_open(
    database: Database,
    ways: Callable[[], dict[str, Practice]],
    now: datetime,
    order: Sequence[str],
    count: int,
    data: st.DataObject,
) -> None:
    """Payments are told late, twice and in any order; the timer comes by at any time in between."""
    made = ways()
    paid = list(order)[:count]
    told = data.draw(st.permutations([*paid, data.draw(st.sampled_from(paid))]))
    for name in told:
        pay(database, made[name], now + timedelta(minutes=paid.index(name)))
        if data.draw(st.booleans()):
            closed_options.close_options(database, now)
    closed_options.close_options(database, now)
    first = paid[0].partition(".")[0]
    chosen = {name for name in made if name.partition(".")[0] == first} if "unica" not in paid else set()
    left = open_ones(database, made, now)
    assert left <= chosen - set(paid), (paid, told)
    states = shown(database, made, now)
    assert all(states[name][0] == "paid" for name in paid)


def test_a_plan_is_found_by_its_position_and_all_options_on_request(
    database: Database, ways: Callable[[], dict[str, Practice]], now: datetime
) -> None:
    made = ways()
    asked = PlanRequest(viewer=MARIO, practice_id=made["2.2"].id)
    assert [one.id for one in queries.plan(database, asked, now).practices] == [made["2.1"].id, made["2.2"].id]
    everything = PlanRequest(viewer=MARIO, practice_id=made["2.2"].id, all_options=True)
    found = queries.plan(database, everything, now).practices
    assert [one.option for one in found] == ["in-2", "in-2", "in-3", "in-3", "in-3", "unica"]


def test_payments_is_told_the_part_and_the_rest_of_the_position(
    database: Database, ways: Callable[[], dict[str, Practice]]
) -> None:
    made = ways()
    reply = queries.positions(database, PositionRequest(practice_ids=[made["2.1"].id]))
    assert {one.practice_id for one in reply.positions} == {one.id for one in made.values()}
    part = OptionPart(
        debt_position=made["2.1"].debt_position or "", option="in-2", instalment=Instalment(number=1, total=2)
    )
    assert part in [one.part for one in reply.positions]


def test_a_plan_known_by_its_references_is_told_as_one_option(database: Database, put: Put) -> None:
    one = put("RETTA-1-2", instalment=Instalment(number=2, total=7))
    [position] = queries.positions(database, PositionRequest(practice_ids=[one.id])).positions
    assert position.part == OptionPart(
        debt_position="RETTA-1-*", option="rate", instalment=Instalment(number=2, total=7)
    )


@pytest.mark.parametrize(
    "changes", [{"debt_position": "P"}, {"option": "unica"}, {"debt_position": "P-*", "option": "unica"}]
)
def test_a_position_without_option_or_the_other_way_round_is_refused(put: Put, changes: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        put("P-1", **changes)
    assert refusal.value.code is ErrorCode.INVALID_REQUEST


def test_a_debt_file_names_positions_and_options(database: Database, now: datetime) -> None:
    rows = [
        f"{HEADER};posizione;opzione",
        "F-1;TARI;RSSMRA85T10A562S;Rossi Mario;;TARI;100,00;;;;F;unica",
        "F-2;TARI;RSSMRA85T10A562S;Rossi Mario;;TARI;50,00;;1;2;F;rate",
        "F-3;TARI;RSSMRA85T10A562S;Rossi Mario;;TARI;50,00;;2;2;F;",
    ]
    request = ImportRequest(
        idempotency_key=uuid4().hex, entity_code="PM108", content_base64=b64encode("\n".join(rows).encode()).decode()
    )
    report = debt_import.import_debts(database, request, now)
    assert (report.accepted, report.refused) == (2, 1)
    [wrong] = [row for row in report.rows if row.outcome == "refused"]
    assert (wrong.code, wrong.column) == ("invalid_request", "posizione")
