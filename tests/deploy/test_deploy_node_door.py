"""The node's door of the chart, with the real HAProxy: who gets in, and what the gateway is told of them."""

import contextlib
import hashlib
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPSConnection, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path

import falcon
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from falcon.testing import create_environ

from gateway.edge.client_certificates import client_certificate
from tests.conftest import wait_until
from tests.deploy.debian_programs import DebianProgram, program
from tests.images.conftest import free_ports
from tests.spid.tls import write_certificate
from tests.unit.deploy.rendered_chart import of_kind

DOOR = "/pagopa/pa-for-node"


class Gateway(BaseHTTPRequestHandler):
    """Stands where the gateway does and remembers what it is told."""

    told: list[dict[str, str]] = []  # noqa: RUF012 -- one for all requests of the test

    def do_POST(self) -> None:
        self.told.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the library's name
        """Keep quiet."""


@dataclass(frozen=True)
class Door:
    port: int
    folder: Path

    def knock(self, path: str, headers: dict[str, str] | None = None, *, certificate: str | None) -> int:
        """POST to the door with a client's certificate, or without; return the status."""
        context = ssl.create_default_context(cafile=str(self.folder / "server.pem"))
        if certificate:
            context.load_cert_chain(self.folder / f"{certificate}.pem", self.folder / f"{certificate}.key")
        connection = HTTPSConnection("localhost", self.port, context=context, timeout=10)
        try:
            connection.request("POST", path, body=b"<x/>", headers=headers or {})
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture(scope="module")
def haproxy() -> DebianProgram:
    return program("haproxy", "haproxy")


@pytest.fixture(scope="module")
def door(haproxy: DebianProgram, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    for name in ("server", "node", "stranger"):
        write_certificate(folder / f"{name}.key", folder / f"{name}.pem", name)
    (folder / "server.pem.key").write_bytes((folder / "server.key").read_bytes())
    port, gateway_port, health_port = free_ports(3)
    config = folder / "haproxy.cfg"
    config.write_text(
        of_kind("one-body", "ConfigMap")["portal-node-door"]["data"]["haproxy.cfg"]
        .replace(":8443", f"127.0.0.1:{port}")
        .replace("/tls/server/tls.crt", str(folder / "server.pem"))
        .replace("/tls/clients/ca.crt", str(folder / "node.pem"))
        .replace("portal-node:8080", f"127.0.0.1:{gateway_port}")
        .replace(":8405", f"127.0.0.1:{health_port}")
    )
    server = ThreadingHTTPServer(("127.0.0.1", gateway_port), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    process = haproxy.start("-W", "-db", "-f", str(config))
    found = Door(port, folder)
    try:
        wait_until(lambda: is_open(found), pause_s=0.2)
        yield found
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        server.shutdown()
        server.server_close()


def is_open(door: Door) -> bool:
    try:
        return door.knock("/", certificate="node") == 404
    except OSError:
        return False


def test_haproxy_takes_the_configuration(haproxy: DebianProgram, door: Door) -> None:
    done = haproxy.run("-c", "-f", str(door.folder / "haproxy.cfg"))
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr.upper()


def test_the_node_gets_in_and_the_gateway_reads_its_fingerprint(door: Door) -> None:
    Gateway.told.clear()
    assert door.knock(DOOR, certificate="node") == 200
    [told] = Gateway.told
    environ = create_environ(headers={"Client-Cert": told["client-cert"]}, remote_addr="10.244.0.7")
    certificate = x509.load_pem_x509_certificate((door.folder / "node.pem").read_bytes())
    fingerprint = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    assert client_certificate(falcon.Request(environ), [ip_network("10.244.0.0/16")]) == fingerprint
    assert told["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize("certificate", [None, "stranger"])
def test_who_has_no_certificate_of_the_nodes_is_refused_before_any_request(door: Door, certificate: str | None) -> None:
    Gateway.told.clear()
    with pytest.raises((ssl.SSLError, ConnectionError, RemoteDisconnected)):
        door.knock(DOOR, certificate=certificate)
    assert not Gateway.told


def test_headers_from_outside_do_not_reach_the_gateway(door: Door) -> None:
    Gateway.told.clear()
    forged = {"Client-Cert": ":Zm9yZ2Vk:", "X-Forwarded-For": "192.0.2.1"}
    assert door.knock(DOOR, forged, certificate="node") == 200
    [told] = Gateway.told
    assert "Zm9yZ2Vk" not in told["client-cert"]
    assert re.fullmatch(r":[A-Za-z0-9+/=]+:", told["client-cert"])
    assert told["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/", "/metrics", "/enti/PM108", f"{DOOR}/x", "/status/ready"])
def test_nothing_but_the_nodes_door_is_behind_it(door: Door, path: str) -> None:
    Gateway.told.clear()
    assert door.knock(path, certificate="node") == 404
    assert not Gateway.told
