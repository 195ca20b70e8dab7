"""What lies in a cart is deleted by the database's time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa

from chassis.storage.database import Database
from services.cart.models import CartRow
from services.cart.service import CartService


def test_only_a_process_with_the_right_clock_deletes_old_rows(
    service_database: Callable[[str], Database], tick: Callable[..., list[str]]
) -> None:
    database = service_database("cart")

    def left() -> int:
        with database.reading() as session:
            return int(session.scalar(sa.select(sa.func.count()).select_from(CartRow)) or 0)

    with database.transaction() as tx:
        for days in (29, 31):
            added_at = datetime.now(UTC) - timedelta(days=days)
            tx.session.add(CartRow(owner="visitor:1", practice_id=uuid4(), entity_code="PM108", added_at=added_at))
    assert tick(CartService.purge_old_rows, timedelta(days=3), database=database) == ["clock_is_off"]
    assert left() == 2
    assert tick(CartService.purge_old_rows, timedelta(), database=database) == []
    assert left() == 1
