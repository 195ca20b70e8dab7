"""Faults under payments, in a running copy of its own: the fixtures of the end-to-end tests, and the figures seen."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.conftest import broker_line, database_line, portal
from tests.faults.paying import HEAD, Figures

__all__ = ["broker_line", "database_line", "portal"]


@pytest.fixture(scope="session")
def all_figures(request: pytest.FixtureRequest) -> Iterator[list[Figures]]:
    """What was seen, printed as a table once everything has been broken."""
    seen: list[Figures] = []
    yield seen
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\n", HEAD, *seen, sep="\n", flush=True)


@pytest.fixture
def tell(all_figures: list[Figures], capfd: pytest.CaptureFixture[str]) -> Callable[[Figures], None]:
    """Print the figures of one fault, and refuse any loss and any double."""

    def told(figures: Figures) -> None:
        all_figures.append(figures)
        with capfd.disabled():
            print(f"\n{figures}", flush=True)
        assert (figures.lost, figures.doubled) == (0, 0)

    return told
