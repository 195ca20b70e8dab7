"""One running copy for all tests of this folder; it is stopped before other folders' tests use the broker."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from chassis import settings
from tests.conftest import drop_database
from tests.e2e.browser import Browser
from tests.e2e.line import Line
from tests.e2e.running import PortalCopy

HERE = Path(__file__).parent
SERVICES = ("identity", "practices", "cart", "payments", "notices")
_running: list[PortalCopy] = []


@pytest.fixture(scope="session")
def broker_line(amqp_url: str) -> Iterator[Line]:
    """The line between the system and RabbitMQ."""
    line = Line(amqp_url, 5672)
    yield line
    line.cut()


@pytest.fixture(scope="session")
def database_line(database_url: str) -> Iterator[Line]:
    """The line between the system and PostgreSQL."""
    line = Line(database_url, 5432)
    yield line
    line.cut()


@pytest.fixture(scope="session")
def more_environment() -> Mapping[str, str]:
    """What the system is told besides; other folders say otherwise."""
    return {}


@pytest.fixture(scope="session")
def portal(
    tmp_path_factory: pytest.TempPathFactory,
    amqp_url: str,
    database_url: str,
    broker_line: Line,
    database_line: Line,
    more_environment: Mapping[str, str],
) -> Iterator[PortalCopy]:
    """The system, up, with the sample debts."""
    target = sa.make_url(database_url)
    target = target.set(database=f"{(target.database or '').removesuffix('_test')}_e2e")
    url = target.render_as_string(hide_password=False)
    for service in SERVICES:
        drop_database(settings.database_of(service, url))
    environment = {
        "AMQP_URL": broker_line.url_through(amqp_url),
        "DATABASE_URL": database_line.url_through(url),
        **more_environment,
    }
    copy = PortalCopy(tmp_path_factory.mktemp("e2e") / "home", environment)
    _running.append(copy)
    copy.start()
    yield copy
    copy.stop()


@pytest.fixture
def browser(portal: PortalCopy) -> Browser:
    """Somebody who has just opened a browser."""
    return Browser(portal)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the system after the last test of this folder: the others share its queues."""
    if nextitem is None or HERE not in nextitem.path.parents:
        for copy in _running:
            copy.stop()
