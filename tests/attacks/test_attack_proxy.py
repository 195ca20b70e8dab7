"""The proxy's configuration that is shipped, on a real nginx where there is one, in front of real processes."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from dev.paths import ROOT
from tests.attacks.test_attack_slow_clients import NODE, SLOW, UNUSED_BROKER, not_stalled_s, slow_sockets, slowest_of
from tests.conftest import wait_until
from tests.deploy.debian_programs import DebianProgram, program

CONFIGURATION = ROOT / "deploy" / "nginx" / "nginx.conf"


def nginx() -> DebianProgram:
    """The one of the machine, else out of Debian's package, unpacked and not installed: no daemon starts."""
    named = os.environ.get("NGINX") or shutil.which("/usr/sbin/nginx")
    return DebianProgram(named, "") if named else program("nginx", "nginx")


@contextmanager
def proxy(folder: Path, gateway: str, node: str) -> Iterator[str]:
    """Run nginx as compose does, but for the names of the two upstreams and where it may write."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = CONFIGURATION.read_text()
    replaced = {
        "server gateway:8080": f"server {urlsplit(gateway).netloc}",
        "server node:8081": f"server {urlsplit(node).netloc}",
        "listen 8080": f"listen 127.0.0.1:{port}",
        "/tmp/": f"{folder}/",
    }
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    file = folder / "nginx.conf"
    file.write_text(f"daemon off;\n{'user root;' if os.geteuid() == 0 else ''}\n{text}")
    process = nginx().start("-c", str(file), "-p", str(folder), "-e", "/dev/stderr")

    def answers() -> bool:
        assert process.poll() is None
        try:
            return bool(requests.get(f"http://127.0.0.1:{port}/status/live", timeout=10).status_code)
        except requests.RequestException:
            return False

    try:
        wait_until(answers)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(name="portal")
def make_portal(start_gateway: Callable[..., Any], tmp_path: Path) -> Iterator[str]:
    trust = {"TRUSTED_PROXIES": "127.0.0.1/32", "AMQP_URL": UNUSED_BROKER, "METRICS_ALLOWED_NETWORKS": "127.0.0.1/32"}
    gateway = start_gateway(**trust).url
    node = start_gateway(application="gateway.node:application", **trust).url
    with proxy(tmp_path, gateway, node) as url:
        yield url


def test_the_shipped_proxy_leads_to_the_pages_and_to_the_nodes_own_process(portal: str):
    assert requests.get(f"{portal}/status/live", timeout=5).json() == {"status": "live"}
    described = requests.get(f"{portal}{NODE}?wsdl", timeout=5)
    assert described.status_code == HTTPStatus.OK
    assert described.headers["Content-Type"].startswith("text/xml")
    assert requests.get(f"{portal}{NODE}?wsdl", timeout=5).headers["X-Correlation-Id"]
    assert requests.get(f"{portal}/metrics", timeout=5).status_code == HTTPStatus.NOT_FOUND


def test_what_a_client_says_of_its_address_does_not_pass_the_proxy(start_gateway: Callable[..., Any], tmp_path: Path):
    trust = {"TRUSTED_PROXIES": "127.0.0.1/32", "AMQP_URL": UNUSED_BROKER, "NODE_ALLOWED_NETWORKS": "10.9.9.9/32"}
    node = start_gateway(application="gateway.node:application", **trust).url
    with proxy(tmp_path, node, node) as url:
        for name, value in (
            ("X-Forwarded-For", "10.9.9.9"),
            ("Forwarded", "for=10.9.9.9"),
            ("X-Real-IP", "10.9.9.9"),
            ("Client-Cert", ":aGVsbG8=:"),
        ):
            answer = requests.get(f"{url}{NODE}?wsdl", headers={name: value}, timeout=5)
            assert answer.status_code == HTTPStatus.FORBIDDEN, name


def test_slow_clients_do_not_get_past_the_shipped_proxy(portal: str):
    quiet_s = slowest_of(5, lambda: requests.get(f"{portal}{NODE}?wsdl", timeout=60))
    with slow_sockets(portal, SLOW["half a form"]):
        slowest_s = slowest_of(5, lambda: requests.get(f"{portal}{NODE}?wsdl", timeout=60))
    assert slowest_s < not_stalled_s(quiet_s)
