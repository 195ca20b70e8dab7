"""Faults under payments, in a running copy of its own: the fixtures of the end-to-end tests, and the figures seen."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.conftest import broker_line, database_line, portal
from tests.e2e.running import ENTITY
from tests.faults.paying import HEAD, Figures
from tests.integration.chassis.tls import certificate_for

__all__ = ["broker_line", "database_line", "portal"]
# What is proven every five minutes in life.
_PARITY_EVERY_S = 20


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By which the body's software proves itself; with its key, in PEM."""
    return Path(certificate_for("127.0.0.1", tmp_path_factory.mktemp("tls")))


@pytest.fixture(scope="session")
def more_environment(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Mapping[str, str]:
    """A body that listens on the broker and at an address of this machine; projections that are proven often."""
    consumers = tmp_path_factory.mktemp("consumers") / "consumers.json"
    consumers.write_text(json.dumps([{"entity_code": ENTITY}]))
    return {
        "ENTITY_CONSUMERS_FILE": str(consumers),
        "WEBHOOK_PRIVATE_NETWORKS": "127.0.0.0/8",
        "SSL_CERT_FILE": str(certificate),
        "PARITY_EVERY_S": str(_PARITY_EVERY_S),
    }


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
