"""Reads: one statement each, on a connection that is not tried first, and no more rows than are shown."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from chassis.storage.database import Database
from contracts.amounts import AmountSchedule
from contracts.codes import AmountCents, FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import (
    DebtsRequest,
    DueDatesRequest,
    GetManyRequest,
    ListRequest,
    Practice,
    PracticeList,
    SearchRequest,
    TotalsRequest,
)
from contracts.shapes import Viewer
from services.practices.repository import practices
from services.practices.usecases import debtor_list, queries, search

MANY = FiscalCode("RSSMRA85T10A562S")
USUAL = FiscalCode("VRDLCU99L14A662K")
# What a page of 20 rows may have to look at: itself with entity and service, and as much again per state asked for.
# Of four states up to 84 are found, and whether all of them or the page alone is looked up is the planner's choice.
ROWS_READ_MAX = 250
ROWS_READ_MAX_OF_FOUR_STATES = 2 * ROWS_READ_MAX
# What may be looked at for a page that no index finds; each state of an order is begun.
LOOKED_AT_MAX = 2_500
# Without this an index of 20,000 entries would be gone through, which has some 150 pages.
PAGES_READ_MAX = 600


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Collect what is sent to the database."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.fixture
def many(database: Database) -> Database:
    """A debtor of 20,000 practices, of which 20 are paid, a usual one of 20, and 3,000 of others."""
    seed = text(
        """
        INSERT INTO practices (id, entity_code, service_code, creditor_fiscal_code, origin, external_id, notice_number,
                               iuv, debtor, debtor_fiscal_code, description, amount_cents, due_date, state, state_since,
                               needs_attention, facts, sequence, created_at)
        SELECT gen_random_uuid(), 'PM108', 'TARI', entities.creditor_fiscal_code, 'issued', CAST(:stem AS text) || n,
               CAST(:digit AS text) || lpad(n::text, 17, '0'), CAST(:digit AS text) || lpad(n::text, 16, '0'),
               jsonb_build_object('entity_type', 'F', 'fiscal_code', CAST(:code AS text), 'full_name', 'Rossi Mario'),
               CASE WHEN CAST(:code AS text) = 'other' THEN 'C' || n / 20 ELSE :code END, 'TARI', 1000 + n,
               '2026-12-02',
               CASE WHEN n % 1000 = 7 OR CAST(:count AS int) = 20 THEN 'paid' ELSE 'to_pay' END, now(), false, '{}', 1,
               now()
          FROM entities, generate_series(1, CAST(:count AS int)) n WHERE code = 'PM108'
        """
    )
    with database.transaction() as tx:
        for code, count, stem, digit in (
            (MANY, 20_000, "MANY-", "1"),
            (USUAL, 20, "FEW-", "2"),
            ("other", 3_000, "O", "4"),
        ):
            tx.session.execute(seed, {"code": code, "count": count, "stem": stem, "digit": digit})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # The catalogue too: what the planner knows of it must not depend on when the server last came by.
        connection.execute(text("VACUUM ANALYZE practices, entities, catalogue_services"))
    return database


def listed(
    database: Database, now: datetime, code: FiscalCode, *states: str, entity_code: str = "PM108", **asked: Any
) -> PracticeList:
    request = ListRequest(
        entity_code=entity_code, viewer=Viewer(fiscal_code=code), states=list(states), limit=20, **asked
    )
    return debtor_list.list_practices(database, request, now)


def found(database: Database, now: datetime, code: str, reference: str) -> PracticeList:
    return search.search(database, SearchRequest(entity_code="PM108", fiscal_code=code, reference=reference), now)


def rows_read(plan: dict[str, Any]) -> int:
    """Return how many rows the scans of a plan looked at, those thrown away included."""
    below = sum(rows_read(part) for part in plan.get("Plans", ()))
    # A scan of a subquery reads what was read below it.
    if "Scan" not in plan["Node Type"] or plan["Node Type"] == "Subquery Scan":
        return below
    seen = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    return below + int(seen * plan["Actual Loops"])


# Each on a debtor of 20,000 practices, which it takes seconds to make.
ASKED: dict[str, Callable[[Database, datetime], PracticeList]] = {
    "all": lambda database, now: listed(database, now, MANY),
    "a rare state": lambda database, now: listed(database, now, MANY, "paid"),
    "no such state": lambda database, now: listed(database, now, MANY, "expired"),
    "states": lambda database, now: listed(database, now, MANY, "to_pay", "paid", "expired", "cancelled"),
    "a later page": lambda database, now: listed(
        database, now, MANY, "paid", cursor=listed(database, now, MANY).next_cursor
    ),
    "reference": lambda database, now: found(database, now, MANY, "MANY-7000"),
    "as typed": lambda database, now: found(database, now, MANY, "many-7000"),
    "notice": lambda database, now: found(database, now, MANY, "1" + "7000".zfill(17)),
    "IUV": lambda database, now: found(database, now, MANY, "1" + "7000".zfill(16)),
}


def test_a_debtor_of_20000_practices_costs_what_a_usual_one_does(many: Database, now: datetime) -> None:
    for name, ask in ASKED.items():
        with statements(many) as sent:
            shown = ask(many, now)
        assert len(shown.practices) <= 20
        with many.engine.connect() as connection:
            for statement, parameters in sent:
                explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
                (explanation,) = explained.scalar_one()
                most = ROWS_READ_MAX_OF_FOUR_STATES if name == "states" else ROWS_READ_MAX
                assert rows_read(explanation["Plan"]) <= most, (name, explanation)


def test_orders_and_plans_cost_no_more_and_what_no_index_finds_is_looked_for_among_so_many(
    many: Database, now: datetime
) -> None:
    second = listed(many, now, MANY, order="smallest").next_cursor
    asked: list[tuple[dict[str, Any], int]] = [
        ({"order": "due_soonest"}, 2 * ROWS_READ_MAX),
        ({"order": "due_latest", "due_from": now.date()}, 2 * ROWS_READ_MAX),
        ({"order": "greatest", "states": ["paid"]}, ROWS_READ_MAX),
        ({"order": "smallest", "cursor": second}, 2 * ROWS_READ_MAX),
        ({"with_plans": True}, ROWS_READ_MAX),
        ({"text": "nowhere"}, LOOKED_AT_MAX),
        ({"text": "nowhere", "order": "due_soonest"}, LOOKED_AT_MAX),
        ({"service_code": "BOLLO_IT"}, LOOKED_AT_MAX),
        ({"year": 2001}, LOOKED_AT_MAX),
        ({"states": ["paid"], "text": "tari", "order": "greatest"}, ROWS_READ_MAX),
        ({"paid_year": 2025, "with_plans": True}, LOOKED_AT_MAX),
    ]
    for wanted, rows in asked:
        with statements(many) as sent:
            listed(many, now, MANY, *wanted.pop("states", ()), **wanted)
        assert total_rows_read(many, sent) <= rows, wanted
    with statements(many) as sent:
        debtor_list.totals(many, TotalsRequest(entity_code="PM108", viewer=Viewer(fiscal_code=MANY), year=2026), now)
    assert total_rows_read(many, sent) <= LOOKED_AT_MAX


def test_a_state_that_no_practice_is_in_is_not_looked_for_among_those_in_others(many: Database, now: datetime) -> None:
    """Behind `to_pay`, of which there are thousands, an index has `unconfirmed` and `underpaid`."""
    with statements(many) as sent:
        listed(many, now, MANY, "unconfirmed")
        listed(many, now, MANY, "unconfirmed", "underpaid", text="nowhere")
        totals = TotalsRequest(entity_code="PM108", viewer=Viewer(fiscal_code=MANY), year=2026)
        debtor_list.totals(many, totals, now)
    assert pages_read(many, sent) <= PAGES_READ_MAX


def test_of_the_sums_what_depends_on_the_day_or_on_other_options_is_read_alone(
    database: Database, put: Callable[..., Practice], now: datetime
) -> None:
    put("TARI-1", due_date=now.date() - timedelta(days=1), amount_cents=100)
    put("TARI-2", amount_cents=200)
    surcharge = AmountSchedule(surcharge_cents=AmountCents(50))
    put("TARI-3", due_date=now.date() - timedelta(days=1), amount_cents=1_000, schedule=surcharge)
    put("TARI-4", amount_cents=5_000, debt_position="P", option="unica")
    put("TARI-5", amount_cents=4_000, debt_position="P", option="ridotta")
    viewer = Viewer(fiscal_code=MANY)
    with statements(database) as sent:
        sums = debtor_list.totals(database, TotalsRequest(entity_code="PM108", viewer=viewer, year=2026), now)
    assert (sums.unpaid.count, sums.unpaid.cents) == (4, 100 + 200 + 1_050 + 4_000)
    assert (sums.overdue.count, sums.overdue.cents) == (2, 100 + 1_050)
    assert len(sent) == 3


def pages_read(database: Database, sent: list[tuple[str, Any]]) -> int:
    """Return how many pages of tables and indexes were read for all of the statements together."""
    total = 0
    with database.engine.connect() as connection:
        for statement, parameters in sent:
            explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
            (explanation,) = explained.scalar_one()
            total += explanation["Plan"]["Shared Hit Blocks"] + explanation["Plan"]["Shared Read Blocks"]
    return total


def total_rows_read(database: Database, sent: list[tuple[str, Any]]) -> int:
    """Return how many rows were read for all of the statements together."""
    total = 0
    with database.engine.connect() as connection:
        for statement, parameters in sent:
            explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            (explanation,) = explained.scalar_one()
            total += rows_read(explanation["Plan"])
    return total


def test_states_together_are_listed_newest_first_and_page_after_page(many: Database, now: datetime) -> None:
    paid = listed(many, now, MANY, "paid")
    assert [practice.external_id for practice in paid.practices] == [f"MANY-{n}" for n in range(19_007, 0, -1_000)]
    both, cursor = [], None
    for _ in range(3):
        page = listed(many, now, MANY, "paid", "to_pay", cursor=cursor)
        both += [practice.external_id for practice in page.practices]
        cursor = page.next_cursor
    assert both == [f"MANY-{n}" for n in range(20_000, 19_940, -1)]


@pytest.mark.parametrize(
    ("mine", "not_there", "somebody_elses"),
    [
        (USUAL, "NESSUNO-7000", "MANY-7000"),
        (USUAL, f"3{7000:016}", f"1{7000:016}"),
        (MANY, "X-7", "FEW-7"),
    ],
    ids=["reference", "IUV", "of a debtor of thousands"],
)
def test_a_search_asks_the_same_of_what_is_not_there_and_of_what_is_somebody_elses(
    many: Database, now: datetime, mine: str, not_there: str, somebody_elses: str
) -> None:
    asked: list[tuple[list[str], int]] = []
    for reference in (not_there, somebody_elses):
        with statements(many) as sent, pytest.raises(Refused) as refused:
            found(many, now, mine, reference)
        assert refused.value.code is ErrorCode.PRACTICE_NOT_FOUND
        assert refused.value.params == {}
        asked.append(([statement for statement, _ in sent], pages_read(many, sent)))
    (statements_of_none, pages_of_none), (statements_of_other, pages_of_other) = asked
    assert statements_of_none == statements_of_other
    # The one row that is somebody else's, and its page: far below what a network lets through.
    assert abs(pages_of_none - pages_of_other) <= 6


def test_what_is_read_takes_one_statement_and_no_question_whether_the_connection_lives(
    database: Database, now: datetime, put: Callable[..., Practice], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("TARI-1")
    viewer = Viewer(fiscal_code=MANY)
    practice_id = listed(database, now, MANY).practices[0].id
    pings: list[Any] = []
    monkeypatch.setattr("chassis.storage.database._RESTED_S", 60)
    monkeypatch.setattr(database.engine.dialect, "do_ping", pings.append)
    with statements(database) as sent:
        listed(database, now, MANY)
        found(database, now, MANY, "TARI-1")
        queries.get_many(database, GetManyRequest(viewer=viewer, practice_ids=[practice_id]), now)
        queries.debts(database, DebtsRequest(entity_code="PM108", external_ids=["TARI-1"]), now)
        queries.due_dates(database, DueDatesRequest(viewer=viewer, since=now), now)
    assert len(sent) == 5
    assert pings == []


def test_a_read_on_a_dead_connection_is_asked_once_more(
    database: Database, now: datetime, put: Callable[..., Practice], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("TARI-1")
    monkeypatch.setattr("chassis.storage.database._RESTED_S", 60)
    with database.reading() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    end_connection(database, pid)
    assert len(listed(database, now, MANY).practices) == 1


def test_a_connection_that_has_rested_is_tried_before_it_is_used(
    database: Database, put: Callable[..., Practice], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("TARI-1")
    with database.reading() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    end_connection(database, pid)
    monkeypatch.setattr("chassis.storage.database._RESTED_S", 0)
    with database.transaction() as tx:
        assert tx.session.scalar(text("SELECT count(*) FROM practices")) == 1


def end_connection(database: Database, pid: int | None) -> None:
    """End a connection of the pool from outside of it, and wait until it is gone."""
    other = Database(database.engine.url.render_as_string(hide_password=False), database.models, pool_size=1)
    with other.reading() as session:
        session.scalar(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
    other.close()


@pytest.mark.parametrize("code", ["PM999", "P\x00"])
def test_an_entity_that_is_not_there_is_said_so_before_anything_else(
    database: Database, now: datetime, code: str
) -> None:
    asked = (
        lambda: search.search(database, SearchRequest(entity_code=code, notice_number="1"), now),
        lambda: search.search(database, SearchRequest(entity_code=code, fiscal_code=MANY, reference="x"), now),
        lambda: listed(database, now, MANY, entity_code=code),
        lambda: debtor_list.list_practices(database, ListRequest(entity_code=code, viewer=Viewer()), now),
    )
    for ask in asked:
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.code is ErrorCode.UNKNOWN_ENTITY


@pytest.mark.parametrize("lookup", [practices.known_external_ids, practices.debts_by_reference, practices.locked_debts])
def test_the_references_of_a_file_are_found_by_the_index_in_a_table_nobody_has_analysed_yet(
    many: Database, lookup: Callable[..., Any]
) -> None:
    with many.transaction() as tx:
        tx.session.execute(text("DELETE FROM pg_statistic WHERE starelid = 'practices'::regclass"))
        with statements(many) as sent:
            assert set(lookup(tx.session, "PM108", ["MANY-7", "MANY-8", "NONE-1"])) == {"MANY-7", "MANY-8"}
    ((statement, parameters),) = sent
    with many.engine.connect() as connection:
        explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        (explanation,) = explained.scalar_one()
    assert rows_read(explanation["Plan"]) <= 10, explanation
