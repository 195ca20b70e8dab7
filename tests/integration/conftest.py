"""The gateway as a process, for tests that need it in front of real services.

start_gateway     a factory: `start_gateway(LOGIN_RATE="9/minute")` -> Gateway: gunicorn with 16 threads, answering; its
                  address is `.url`, its output `.process.log()`.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import requests

from tests.conftest import ProcessStarter, Running, wait_until

WORKER = "gateway.edge.worker.ReadAheadWorker"


@dataclass(frozen=True)
class Gateway:
    """A running gateway."""

    url: str
    process: Running


@pytest.fixture
def start_gateway(start_process: ProcessStarter) -> Callable[..., Gateway]:
    def start(*, workers: int = 1, application: str = "gateway.wsgi:application", **env: str) -> Gateway:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        url = f"http://{address}"
        server = ("--worker-class", WORKER, "--threads", "16", "--workers", str(workers), "--bind", address)
        environment = {"SECRET_KEY": "a secret of the tests that is long as a real one", "PUBLIC_URL": url, **env}
        running = start_process("-m", "gunicorn", *server, application, env=environment)

        def answers() -> bool:
            assert running.process.poll() is None, running.log()
            try:
                return requests.get(f"{url}/status/live", timeout=1).ok
            except requests.RequestException:
                return False

        wait_until(answers)
        return Gateway(url, running)

    return start
