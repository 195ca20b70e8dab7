"""A running copy behind TLS that trusts the identity provider AgID's conformance tool plays."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from chassis import settings
from dev.testing import spid_tool
from tests.conftest import drop_database
from tests.e2e.conftest import SERVICES
from tests.e2e.running import PortalCopy
from tests.spid.tls import TlsFront, write_certificate

TOOL_TIMEOUT_S = 300
REDIRECT_IDP = "https://localhost:8443"
POST_IDP = "https://localhost:8444"
CIE_IDP = "https://conformance.idserver.servizicie.interno.gov.it"
EIDAS_IDP = "https://localhost:8445"
"""Whom the tool plays: an identity provider with both bindings, one that takes HTTP-POST alone, that of CIE, a node of
eIDAS."""


@dataclass(frozen=True)
class TlsPortal:
    """The portal as browsers see it in production: https, with a certificate to be trusted."""

    url: str
    ca_file: Path
    copy: PortalCopy


@dataclass(frozen=True)
class Tool:
    """spid-sp-test, in a folder of its own: it writes files of fixed names."""

    program: Path
    environment: Mapping[str, str]
    folder: Path

    def playing(self, entity_id: str) -> "Tool":
        """Return the tool as another identity provider."""
        return replace(self, environment={**self.environment, "IDP_ENTITYID": entity_id})

    def metadata(self) -> str:
        """Return the metadata of the identity provider it plays; that of POST_IDP without its other binding."""
        printed = self.run("--idp-metadata")
        if self.environment["IDP_ENTITYID"] != POST_IDP:
            return printed
        with_post_only = re.sub(r"<[^<]*SingleSignOnService[^<]*HTTP-Redirect[^<]*/>", "", printed)
        assert with_post_only != printed
        return with_post_only

    def run(self, *arguments: str) -> str:
        """Run it and return what it printed; its exit code says little (spid.md section 3.1, trap 1)."""
        done = subprocess.run(
            [self.program, *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TOOL_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout

    def check(
        self, portal: TlsPortal, *arguments: str, federation: str = "spid", query: str = ""
    ) -> dict[str, list[dict[str, str]]]:
        """Let it check the portal and return its checks by group, read from its JSON report.

        `query` of the metadata's address says whose.
        """
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        where = [
            "--metadata-url",
            f"{portal.url}/{federation}/metadata{query}",
            "--debug",
            "ERROR",
            "-rf",
            "json",
            "-o",
            str(report),
        ]
        self.run(*where, *arguments)
        groups = json.loads(report.read_text())["test"]["sp"]
        return {group: [check for checks in found.values() for check in checks] for group, found in groups.items()}


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    folder = tmp_path_factory.mktemp("spid-sp-test")
    # Its own bundled certificate has expired, and anybody has its key.
    write_certificate(folder / "private.key", folder / "public.cert", "conformance tool")
    environment = {**spid_tool.environment(), "IDP_CERT_PATH": str(folder), "TMPDIR": str(folder)}
    return Tool(spid_tool.ensure(), environment, folder).playing(REDIRECT_IDP)


@pytest.fixture(scope="module")
def portal(
    tmp_path_factory: pytest.TempPathFactory, tool: Tool, amqp_url: str, database_url: str
) -> Iterator[TlsPortal]:
    """The whole system; the tool is three more identity providers, in its folder of trusted metadata."""
    with running_portal(tmp_path_factory.mktemp("tls"), tool, amqp_url, database_url, {}) as running:
        yield running


@contextmanager
def running_portal(
    folder: Path, tool: Tool, amqp_url: str, database_url: str, environment: Mapping[str, str]
) -> Iterator[TlsPortal]:
    """Run the whole system behind TLS with these settings more, trusting whom the tool plays."""
    key_file, certificate_file = folder / "key.pem", folder / "cert.pem"
    write_certificate(key_file, certificate_file, "localhost")
    target = sa.make_url(database_url)
    target = target.set(database=f"{(target.database or '').removesuffix('_test')}_spid")
    url = target.render_as_string(hide_password=False)
    for service in SERVICES:
        drop_database(settings.database_of(service, url))
    trusted = folder / "home" / "spid" / "idp-metadata"
    trusted.mkdir(parents=True)
    for name, entity_id in (("redirect", REDIRECT_IDP), ("post", POST_IDP), ("card", CIE_IDP)):
        (trusted / f"conformance-{name}.xml").write_text(tool.playing(entity_id).metadata())
    (trusted / "eidas.xml").write_text(tool.playing(EIDAS_IDP).metadata())
    with TlsFront(key_file, certificate_file) as front:
        public_url = f"https://localhost:{front.port}"
        servers = {"AMQP_URL": amqp_url, "DATABASE_URL": url, "PUBLIC_URL": public_url, "TRUSTED_PROXIES": "127.0.0.1"}
        copy = PortalCopy(folder / "home", {**servers, **environment})
        front.target_port = copy.port
        try:
            copy.start()
            # The tool verifies TLS where it posts to the ACS.
            yield TlsPortal(public_url, certificate_file, copy)
        finally:
            copy.stop()
