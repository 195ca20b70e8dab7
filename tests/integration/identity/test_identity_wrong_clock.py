"""Sessions, traces and requests are deleted by the database's time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from services.identity.models import RefusedLogin
from services.identity.saml.refusal import Reason
from services.identity.service import IdentityService
from tests.integration.identity.conftest import Portal, refused_login


def test_only_a_process_with_the_right_clock_deletes_what_is_over(
    portal: Portal, tick: Callable[..., list[str]]
) -> None:
    def left() -> int:
        with portal.database.reading() as session:
            return int(session.scalar(sa.select(sa.func.count()).select_from(RefusedLogin)) or 0)

    def happened(days_ago: int) -> None:
        with portal.database.transaction() as tx:
            tx.session.execute(sa.update(RefusedLogin).values(at=datetime.now(UTC) - timedelta(days=days_ago)))

    with refused_login(Reason.UNSOLICITED):
        portal.finish(portal.answer("_nobody_asked"))
    happened(29)
    assert tick(IdentityService.delete_expired, timedelta(days=3), database=portal.database) == ["clock_is_off"]
    assert left() == 1
    assert tick(IdentityService.delete_expired, timedelta(), database=portal.database) == []
    assert left() == 1
    happened(31)
    assert tick(IdentityService.delete_expired, timedelta(), database=portal.database) == ["expired_deleted"]
    assert left() == 0
