"""The whole system from its images: each process on its image's files and the packages of its image's lock file.

containers   image name -> Container, installed
system       the System: databases migrated, example loaded, every process of both Procfiles running, the portal ready
"""

import os
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from honcho.environ import parse_procfile

from dev.launcher.copy import ENTITY_CODE, Copy
from dev.launcher.environment import api_key, environment
from dev.paths import BUILD, Home
from tests.conftest import wait_until
from tests.image_contents import IMAGES, ROOT, SERVICES
from tests.images.containers import Container, Process, install

READY_WITHIN_S = 90


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    ports = free_ports(6)
    home = Home(tmp_path_factory.mktemp("images") / "home")
    return Copy(home, "127.0.0.1", *ports)


@pytest.fixture(scope="session")
def containers(copy: Copy, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Container]:
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(install, IMAGES))
    copy.home.create()
    settings = {
        **environment(copy),
        "AMQP_URL": os.environ["AMQP_URL"],
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "FONTS_DIR": str(BUILD / "fonts"),
        "HOST": copy.host,
        "PORT": str(copy.port),
        "NODE_PORT": str(copy.node_port),
        "SPID_PORT": str(copy.spid_port),
        "PAGOPA_PORT": str(copy.pagopa_port),
        "MAIL_PORT": str(copy.mail_port),
        "MAILBOX_PORT": str(copy.smtp_port),
        "PORTAL_HOST": copy.local_host,
        "PORTAL_PORT": str(copy.port),
    }
    found = {}
    for image in IMAGES:
        folder = tmp_path_factory.mktemp(image.name) / "app"
        image.copy_files(folder)
        found[image.name] = Container(image, folder, settings)
    return found


@dataclass(frozen=True)
class System:
    """The running system."""

    copy: Copy
    processes: Mapping[str, Process]

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the JSON API as the entity's own software."""
        headers = {"Authorization": f"Bearer {api_key(self.copy.home)}", **options.pop("headers", {})}
        url = f"{self.copy.local_url}/api/v1/creditors/{ENTITY_CODE}{path}"
        return requests.request(method, url, headers=headers, timeout=60, **options)

    def is_ready(self) -> bool:
        """Return whether the portal says that every part is there."""
        for process in self.processes.values():
            process.check()
        try:
            return requests.get(f"{self.copy.local_url}/status/ready", timeout=5).ok
        except requests.RequestException:
            return False


@pytest.fixture(scope="session")
def system(containers: Mapping[str, Container], copy: Copy) -> Iterator[System]:
    for service in SERVICES:
        succeed(containers[service], "python", "-m", "chassis.migrations", "upgrade", service)
    succeed(containers["sandbox"], "python", "-m", "dev.launcher.jobs", "keys", str(copy.home.folder))
    catalogue = ["load-catalogue", "sandbox/data/catalogue.json"]
    succeed(containers["sandbox"], "python", "-m", "services.practices", *catalogue)
    running: dict[str, Process] = {}
    try:
        for name, line in lines_of_procfiles().items():
            running[name] = containers[image_of(name)].start(name, line)
        found = System(copy, running)
        wait_until(found.is_ready, timeout_s=READY_WITHIN_S, pause_s=0.5)
        yield found
    finally:
        for process in running.values():
            process.popen.terminate()
        for process in running.values():
            process.stop()


def lines_of_procfiles() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in (ROOT / "Procfile", ROOT / "sandbox" / "Procfile"):
        found |= parse_procfile(file.read_text()).processes
    return found


def image_of(process: str) -> str:
    """The image that a process of the Procfiles runs from."""
    name = process.removesuffix("-relay").removesuffix("-outbound").removesuffix("-webhooks")
    if name in {"node", "entity-router"}:
        return "gateway"
    return name if name in {*SERVICES, "gateway"} else "sandbox"


def succeed(container: Container, *command: str) -> str:
    done = container.run(*command)
    assert done.returncode == 0, f"{container.image.name}: {' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
