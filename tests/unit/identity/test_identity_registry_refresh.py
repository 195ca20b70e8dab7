"""AgID's list of identity providers is fetched by the service itself; the last good one stays."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.identity.registry_source import RegistrySource
from services.identity.usecases import registry_refresh

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def source(tmp_path: Path) -> RegistrySource:
    aggregate = tmp_path / "entities.xml"
    aggregate.write_bytes(b"the last good one")
    return RegistrySource(
        folder=None,
        aggregate=aggregate,
        certificates=(),
        url="https://registry.example",
        max_age=timedelta(days=7),
        allow_test=False,
    )


@pytest.mark.parametrize("failure", [OSError("no way there"), TimeoutError()])
def test_a_registry_out_of_reach_leaves_the_last_good_list(source: RegistrySource, failure: Exception) -> None:
    def fetch() -> bytes:
        raise failure

    assert registry_refresh.refresh(source, fetch, NOW) is False
    assert source.aggregate is not None
    assert source.aggregate.read_bytes() == b"the last good one"


def test_a_list_that_is_not_to_be_believed_leaves_the_last_good_one(source: RegistrySource) -> None:
    assert registry_refresh.refresh(source, lambda: b"<html>maintenance</html>", NOW) is False
    assert source.aggregate is not None
    assert source.aggregate.read_bytes() == b"the last good one"
