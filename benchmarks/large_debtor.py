"""A debtor with 20,000 practices beside a usual one with 20: lists filtered and ordered, sums, a search by reference.

The use cases are called in this process; of the large debtor's practices none is in the state that is asked for but the
oldest, so that a scan would have to go through all. The ratio is of the times, the wait for PostgreSQL included.
"""

import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any, Final

import sqlalchemy as sa

from benchmarks.harness import filled, program, world
from benchmarks.harness.figures import Figure
from benchmarks.harness.turns import Turn, taken
from chassis import clock, settings
from chassis.storage import answer_limit
from chassis.storage.database import Database
from contracts.codes import FiscalCode
from contracts.rpc.practices import ListRequest, SearchRequest, TotalsRequest
from contracts.shapes import Viewer
from services.practices import models
from services.practices.usecases import debtor_list, search

LARGE: Final = 20_000
USUAL: Final = 20
OTHERS: Final = 200_000
PAID: Final = 5
DEBTORS: Final = {"large": "RSSMRA85T10A562S", "usual": "VRDLCU90A01F839K"}
_REPEATS: Final = 20


def fill(database: Database) -> None:
    """Write both debtors' practices among those of others; the oldest of each are paid."""
    first = 1
    for debtor, count in ((DEBTORS["large"], LARGE), (DEBTORS["usual"], USUAL), ("BNCGPP50A01H501U", OTHERS)):
        filled.add_practices(database, count, debtor=debtor, first=first)
        first += count
    paid = (
        "UPDATE practices SET state = 'paid' WHERE place IN"
        " (SELECT place FROM practices WHERE debtor_fiscal_code = :debtor ORDER BY place LIMIT :paid)"
    )
    with database.transaction() as tx:
        for debtor in DEBTORS.values():
            tx.session.execute(sa.text(paid), {"debtor": debtor, "paid": PAID})
    filled.analyse(database)


def list_paid(database: Database, debtor: str) -> None:
    """List what a debtor has paid."""
    viewer = Viewer(fiscal_code=FiscalCode(debtor))
    request = ListRequest(entity_code=filled.ENTITY, viewer=viewer, states=["paid"], limit=20)
    assert len(debtor_list.list_practices(database, request, clock.now()).practices) == PAID


def list_first(database: Database, debtor: str, **asked: Any) -> None:
    """List the first page as the citizen's page does."""
    viewer = Viewer(fiscal_code=FiscalCode(debtor))
    request = ListRequest(entity_code=filled.ENTITY, viewer=viewer, limit=20, with_plans=True, **asked)
    assert debtor_list.list_practices(database, request, clock.now()).practices


def look_in_vain(database: Database, debtor: str, **asked: Any) -> None:
    """Look for what no practice has."""
    viewer = Viewer(fiscal_code=FiscalCode(debtor))
    request = ListRequest(entity_code=filled.ENTITY, viewer=viewer, limit=20, **asked)
    assert not debtor_list.list_practices(database, request, clock.now()).practices


def sum_up(database: Database, debtor: str) -> None:
    """Sum up what is owed and was paid."""
    request = TotalsRequest(entity_code=filled.ENTITY, viewer=Viewer(fiscal_code=FiscalCode(debtor)), year=2026)
    assert debtor_list.totals(database, request, clock.now()).unpaid.count


def search_reference(database: Database, debtor: str, number: int) -> None:
    """Search one practice by fiscal code and the entity's reference."""
    request = SearchRequest(entity_code=filled.ENTITY, fiscal_code=debtor, reference=f"{debtor}-{number}")
    assert len(search.search(database, request, clock.now()).practices) == 1


def _turn(work: Callable[[], None]) -> Turn:
    """Return the median time of several calls as the time of one."""
    took = []
    used_s = time.process_time()
    for _ in range(_REPEATS):
        started_s = time.perf_counter()
        work()
        took.append(time.perf_counter() - started_s)
    return Turn(1, median(took), (time.process_time() - used_s) / _REPEATS)


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    answer_limit.install_plain()
    with world.environment() as env:
        world.databases_made_anew(env, ("practices",))
        database = Database(settings.database_of("practices", env["DATABASE_URL"]), models)
        fill(database)
        numbers = {"large": LARGE // 2, "usual": LARGE + USUAL // 2}
        figures = []
        for name, works in {
            "state filter": {who: partial(list_paid, database, code) for who, code in DEBTORS.items()},
            "first page": {who: partial(list_first, database, code) for who, code in DEBTORS.items()},
            "by due date": {
                who: partial(list_first, database, code, order="due_soonest") for who, code in DEBTORS.items()
            },
            "by amount": {who: partial(list_first, database, code, order="greatest") for who, code in DEBTORS.items()},
            "a text": {who: partial(list_first, database, code, text="duomo") for who, code in DEBTORS.items()},
            "a text in vain": {
                who: partial(look_in_vain, database, code, text="nowhere") for who, code in DEBTORS.items()
            },
            "a service in vain": {
                who: partial(look_in_vain, database, code, service_code="NONE") for who, code in DEBTORS.items()
            },
            "a year in vain": {who: partial(look_in_vain, database, code, year=2001) for who, code in DEBTORS.items()},
            "totals": {who: partial(sum_up, database, code) for who, code in DEBTORS.items()},
            "search by reference": {
                who: partial(search_reference, database, code, numbers[who]) for who, code in DEBTORS.items()
            },
        }.items():
            sides = taken({who: partial(_turn, work) for who, work in works.items()}, rounds)
            large, usual = sides["large"], sides["usual"]
            figures += [
                Figure(name=name, value=usual.rate / large.rate, unit="of a usual debtor's", at_most=1.5),
                Figure(name=f"{name}, large debtor", value=1_000 / large.rate, unit="ms"),
                Figure(name=f"{name}, usual debtor", value=1_000 / usual.rate, unit="ms"),
                Figure(name=f"{name}, processor", value=large.processor_ms, unit="ms/call"),
            ]
        database.close()
    return figures


if __name__ == "__main__":
    program.main(measure)
