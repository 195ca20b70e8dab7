"""What gets into a cart, stays in it and leaves it; practices answers from its own real database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.storage.database import Database
from contracts.call import Call, Reply, Request
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc import cart
from contracts.rpc.cart import AdoptRequest, CartItemRequest, CartRequest, Count, CountRequest
from contracts.rpc.practices import Practice
from contracts.shapes import Viewer
from services.cart import usecases
from services.practices.usecases import queries

OWNER = "citizen:mario-0001"
BROWSER = "visitor:browser-0001"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
MARIO = Viewer(citizen_id=UUID(int=1), fiscal_code=FiscalCode("RSSMRA85T10A562S"))
Put = Callable[..., Practice]


class PracticesNextDoor:
    """Answers as practices does, through the schemas of the wire but without one."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        assert correlation_id is None
        loaded = call.request.load(call.request.dump(request))
        reply = getattr(queries, call.method)(self.database, loaded, NOW)
        answer: Reply = call.reply.load(call.reply.dump(reply))
        return answer


class Cart:
    """One owner's cart and the viewer who looks at it."""

    def __init__(self, database: Database, rpc: PracticesNextDoor) -> None:
        self.database = database
        self.rpc = rpc

    def add(self, practice_id: UUID, owner: str = OWNER, viewer: Viewer = MARIO) -> int:
        request = CartItemRequest(owner=owner, viewer=viewer, practice_id=practice_id)
        return usecases.add(self.database, self.rpc, request, NOW).count

    def refusal(self, practice_id: UUID) -> tuple[ErrorCode, dict[str, Any]]:
        with pytest.raises(Refused) as refused:
            self.add(practice_id)
        return refused.value.code, refused.value.params

    def remove(self, practice_id: UUID) -> Count:
        return usecases.remove(self.database, CartItemRequest(owner=OWNER, viewer=MARIO, practice_id=practice_id))

    def show(self, owner: str = OWNER, viewer: Viewer = MARIO) -> cart.Cart:
        reply = usecases.show(self.database, self.rpc, CartRequest(owner=owner, viewer=viewer))
        assert cart.SHOW.reply.validate(cart.SHOW.reply.dump(reply)) == {}
        return reply

    def count(self, owner: str = OWNER) -> int:
        return usecases.count(self.database, CountRequest(owner=owner)).count


@pytest.fixture
def the_cart(service_database: Callable[[str], Database], practices_database: Database) -> Cart:
    return Cart(service_database("cart"), PracticesNextDoor(practices_database))


def test_five_fit_the_sixth_is_explained_and_room_is_made_again(put: Put, the_cart: Cart) -> None:
    made = [put(f"TARI-{number}").id for number in range(6)]
    assert [the_cart.add(practice_id) for practice_id in made[:5]] == [1, 2, 3, 4, 5]
    assert the_cart.refusal(made[5]) == (ErrorCode.CART_FULL, {"max": 5})
    assert the_cart.add(made[0]) == 5
    shown = the_cart.show()
    assert {practice.id for practice in shown.practices} == set(made[:5])
    assert (shown.entity_code, shown.total_cents) == ("PM108", 5_000)
    for _ in range(2):
        assert the_cart.remove(made[0]) == Count(count=4)
    assert the_cart.add(made[5]) == 5
    assert usecases.clear(the_cart.database, CountRequest(owner=OWNER)) == Count(count=0)
    assert the_cart.show() == cart.Cart(entity_code=None, practices=[], total_cents=0)


def test_of_twelve_added_at_once_exactly_five_get_in(put: Put, the_cart: Cart) -> None:
    made = [put(f"TARI-{number}").id for number in range(12)]

    def outcome(practice_id: UUID) -> int | ErrorCode:
        try:
            return the_cart.add(practice_id)
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(outcome, made))
    assert sorted(total for total in outcomes if isinstance(total, int)) == [1, 2, 3, 4, 5]
    assert [code for code in outcomes if not isinstance(code, int)] == [ErrorCode.CART_FULL] * 7
    assert the_cart.count() == 5


def test_what_the_viewer_cannot_see_or_pay_does_not_get_in(
    put: Put, annul: Callable[[str], None], the_cart: Cart
) -> None:
    theirs = put("LUCA-1", fiscal_code="VRDLCU99L14A662K", full_name="Verdi Luca").id
    cancelled = put("TARI-1").id
    annul("TARI-1")
    late = put("MENSA-1", service_code="MENSA", due_date=date(2026, 1, 15)).id
    assert the_cart.refusal(theirs) == the_cart.refusal(uuid4()) == (ErrorCode.PRACTICE_NOT_FOUND, {})
    assert the_cart.refusal(cancelled)[0] is ErrorCode.PRACTICE_CANCELLED
    assert the_cart.refusal(late)[0] is ErrorCode.PRACTICE_EXPIRED
    assert the_cart.count() == 0


def test_an_overdue_practice_gets_in_while_its_service_still_takes_it(put: Put, the_cart: Cart) -> None:
    overdue = put("TARI-1", due_date=date(2026, 1, 15))
    assert overdue.overdue
    assert the_cart.add(overdue.id) == 1


def test_a_cart_holds_practices_of_one_entity(put: Put, the_cart: Cart) -> None:
    the_cart.add(put("TARI-1").id)
    assert the_cart.refusal(put("TARI-1", entity_code="PM200").id)[0] is ErrorCode.CART_OTHER_ENTITY


def test_rows_that_are_no_longer_payable_are_shown_as_such_and_not_counted_in_the_total(
    put: Put, annul: Callable[[str], None], the_cart: Cart
) -> None:
    made = [put(f"TARI-{number}").id for number in range(2)]
    for practice_id in made:
        the_cart.add(practice_id)
    annul("TARI-0")
    shown = the_cart.show()
    assert {practice.id: practice.payable for practice in shown.practices} == {made[0]: False, made[1]: True}
    assert shown.total_cents == 1_000


def test_rows_the_viewer_can_no_longer_see_leave_the_cart(put: Put, the_cart: Cart) -> None:
    practice_id = put("TARI-1").id
    granted = Viewer(visitor_id="browser-0001", granted_practice_ids=[practice_id])
    assert the_cart.add(practice_id, BROWSER, granted) == 1
    (practice,) = the_cart.show(BROWSER, granted).practices
    assert practice.masked
    assert the_cart.show(BROWSER, Viewer(visitor_id="browser-0001")).practices == []
    assert the_cart.count(BROWSER) == 0


def test_at_login_the_visitors_cart_becomes_the_citizens_as_far_as_it_fits(put: Put, the_cart: Cart) -> None:
    made = [put(f"TARI-{number}").id for number in range(7)]
    granted = Viewer(visitor_id="browser-0001", granted_practice_ids=made)
    for practice_id in made[:3]:
        the_cart.add(practice_id)
    for practice_id in made[2:7]:
        the_cart.add(practice_id, BROWSER, granted)
    for _ in range(2):
        assert usecases.adopt(the_cart.database, AdoptRequest(visitor=BROWSER, citizen=OWNER)) == Count(count=5)
    assert set(made[:3]) < {practice.id for practice in the_cart.show().practices}
    assert the_cart.count(BROWSER) == 0


def test_rows_are_deleted_after_30_days(put: Put, the_cart: Cart) -> None:
    the_cart.add(put("TARI-1").id)
    assert usecases.purge(the_cart.database, NOW + timedelta(days=30)) == 0
    assert usecases.purge(the_cart.database, NOW + timedelta(days=30, seconds=1)) == 1
    assert the_cart.count() == 0
