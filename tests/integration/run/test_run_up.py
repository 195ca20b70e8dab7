"""`./portal up`: from nothing to a portal that answers, and again from what it left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).resolve().parents[3]
READY_WITHIN_S = 60

pytestmark = pytest.mark.timeout(240)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Portal:
    """A `./portal up` of this test's own."""

    home: Path
    ports: list[int] = field(default_factory=lambda: free_ports(4))
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def output(self) -> str:
        return (self.home.parent / f"{self.home.name}.out").read_text()

    def start(self) -> None:
        flags = ["--home", str(self.home), "--port", str(self.ports[0])]
        flags += ["--spid-port", str(self.ports[1]), "--pagopa-port", str(self.ports[2])]
        flags += ["--mail-port", str(self.ports[3])]
        kept = {name: value for name, value in os.environ.items() if name not in {"AMQP_URL", "DATABASE_URL"}}
        with (self.home.parent / f"{self.home.name}.out").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dev.cli", "up", *flags],
                cwd=ROOT,
                env={**kept, "PYTHONPATH": str(ROOT)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(40)

    def is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.output
        return "Ctrl-C stops it" in self.output

    def search(self) -> requests.Response:
        """Look up the debt of the first imported row that was accepted."""
        rows = json.loads((self.home / "first-import.json").read_text())["rows"]
        notice_number = next(row["notice_number"] for row in rows if row["outcome"] == "created")
        address = f"{self.url}/api/v1/creditors/PM108/searches"
        return requests.post(address, json={"notice_number": notice_number}, timeout=10)


@pytest.fixture
def start_portal(tmp_path: Path, eventually: Callable[..., Any]) -> Iterator[Callable[..., Portal]]:
    started: list[Portal] = []

    def start(name: str = "home", portal: Portal | None = None) -> Portal:
        portal = portal or Portal(tmp_path / name)
        portal.start()
        started.append(portal)
        eventually(portal.is_up, timeout_s=READY_WITHIN_S)
        return portal

    yield start
    for portal in started:
        if portal.process is not None and portal.process.poll() is None:
            portal.process.kill()
            portal.process.wait()


def test_the_first_start_brings_a_portal_with_the_bodys_debts(start_portal: Callable[..., Portal]) -> None:
    portal = start_portal()
    assert requests.get(f"{portal.url}/status/ready", timeout=10).json()["status"] == "ready"
    assert requests.get(f"{portal.url}/enti/PM108", timeout=10).status_code == 200
    old_link = requests.get(f"{portal.url}/pmPortal/directSearch?codCompany=PM108", timeout=10, allow_redirects=False)
    assert (old_link.status_code, old_link.headers["Location"]) == (302, "/enti/PM108")
    assert requests.get(f"http://127.0.0.1:{portal.ports[1]}/", timeout=10).status_code == 200
    assert requests.get(f"http://127.0.0.1:{portal.ports[2]}/", timeout=10).status_code == 200
    assert requests.get(f"http://127.0.0.1:{portal.ports[3]}/sandbox/messages", timeout=10).json() == []
    report = json.loads((portal.home / "first-import.json").read_text())
    assert report["accepted"] + report["refused"] == 500
    assert f"{report['accepted']} rows accepted, {report['refused']} refused" in portal.output
    assert portal.search().status_code == 200
    assert "Traceback" not in portal.output
    assert portal.end(signal.SIGINT) == 0


def test_the_archive_of_notices_is_fed_in_one_process_too(
    start_portal: Callable[..., Portal], eventually: Callable[..., Any]
) -> None:
    portal = start_portal()

    def archived() -> int:
        count: int = requests.get(f"http://127.0.0.1:{portal.ports[2]}/sandbox/archive", timeout=30).json()["count"]
        return count

    eventually(lambda: archived() > 200, timeout_s=120)
    assert portal.end(signal.SIGTERM) == 0


def test_a_stopped_and_a_killed_portal_start_again_with_their_data(start_portal: Callable[..., Portal]) -> None:
    portal = start_portal()
    before = portal.search().json()
    assert portal.end(signal.SIGTERM) == 0
    start_portal(portal=portal)
    assert "imported" not in portal.output
    assert portal.search().json() == before
    portal.end(signal.SIGKILL)
    start_portal(portal=portal)
    assert portal.search().json() == before
    assert portal.end(signal.SIGTERM) == 0


def test_two_copies_run_side_by_side(start_portal: Callable[..., Portal]) -> None:
    first, second = start_portal("first"), start_portal("second")
    for portal in (first, second):
        assert requests.get(f"{portal.url}/status/ready", timeout=10).json()["status"] == "ready"
    assert first.end(signal.SIGTERM) == 0
    assert requests.get(f"{second.url}/status/ready", timeout=10).json()["status"] == "ready"
    assert second.end(signal.SIGTERM) == 0
