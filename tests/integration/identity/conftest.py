"""A portal with keys, two identity providers, and an empty database."""

import html
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zlib import decompress

import pytest
from lxml import etree
from structlog.testing import capture_logs

from chassis.storage.database import Database
from contracts.errors import Refused
from contracts.rpc.identity import FinishLogin, FinishLoginRequest, StartLogin, StartLoginRequest
from sandbox.spid import providers, setup
from sandbox.spid.citizens import CITIZENS, TestCitizen
from sandbox.spid.responses import Answer, build, sign
from services.identity.registry_watcher import RegistryWatcher
from services.identity.saml.idp_registry import IdpRegistry
from services.identity.settings import Settings
from services.identity.usecases import login

PUBLIC_URL = "http://localhost:18200"
IDP_URL = "http://localhost:18201"
NOW = datetime.now(UTC).replace(microsecond=250_000)
MARIO, GIULIA, LUCA = CITIZENS

Edit = Callable[[etree._Element], None]


@dataclass
class Portal:
    """The portal's side of a login, short of HTTP and RPC, and the identity providers' keys."""

    database: Database
    settings: Settings
    registry: IdpRegistry
    idps: dict[str, providers.Provider]

    def begin(self, *, browser: str = "browser", idp: str = "prova-1", now: datetime = NOW) -> str:
        """Begin a login and return the AuthnRequest's id."""
        request = StartLoginRequest(
            idp=idp, entity_code="PM108", return_to="/enti/PM108/pratiche", browser_token=browser
        )
        started = self.start(request, now)
        if started.form_fields:
            document = b64decode(started.form_fields["SAMLRequest"])
        else:
            query = parse_qs(urlsplit(started.redirect_url).query)
            document = decompress(b64decode(query["SAMLRequest"][0]), wbits=-15)
        return str(etree.fromstring(document).get("ID"))

    def start(self, request: StartLoginRequest, now: datetime = NOW) -> StartLogin:
        """Ask where to send the browser."""
        return login.start(self.database, self.settings, self.registry, request, now)

    def answer(
        self,
        request_id: str,
        citizen: TestCitizen = MARIO,
        *edits: Edit,
        idp: str = "prova-1",
        level: int = 2,
        error: int | None = None,
        now: datetime = NOW,
    ) -> str:
        """Return the identity provider's signed answer as the form value it is sent as."""
        provider = self.idps[idp]
        answer = Answer(
            request_id=request_id,
            acs_url=self.settings.provider.acs_url,
            audience=(self.settings.cie_provider if provider.is_cie else self.settings.provider).entity_id,
            issuer=provider.entity_id,
            level=level,
            attributes=citizen.attributes,
            error=error,
            with_issuer_format=not provider.is_cie,
        )
        response = build(answer, now)
        for edit in edits:
            edit(response)
        return b64encode(sign(response, provider.private_key, provider.certificate)).decode()

    def finish(self, saml_response: str, *, browser: str = "browser", now: datetime = NOW) -> FinishLogin:
        """Hand the answer in."""
        request = FinishLoginRequest(saml_response=saml_response, browser_token=browser)
        return login.finish(self.database, self.settings, self.registry, request, now)

    def log_in(self, citizen: TestCitizen = MARIO, *, now: datetime = NOW, level: int = 2) -> FinishLogin:
        """Log somebody in and return what the gateway gets."""
        return self.finish(self.answer(self.begin(now=now), citizen, now=now, level=level), now=now)

    def token(self, citizen: TestCitizen = MARIO, *, now: datetime = NOW) -> str:
        """Log somebody in and return the session token."""
        return self.log_in(citizen, now=now).session_token


@contextmanager
def refused_login(reason: str) -> Iterator[dict[str, Any]]:
    """Expect a refused login for `reason`, which stands in the log only; gives the error's parameters."""
    params: dict[str, Any] = {}
    with capture_logs() as lines, pytest.raises(Refused) as refused:
        yield params
    params |= refused.value.params
    assert [line["reason"] for line in lines if line["event"] == "login_refused"] == [reason]
    assert refused.value.code.value == "login_refused"
    assert reason not in str(refused.value.params)


@pytest.fixture(scope="session")
def spid_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("spid")
    prepared = setup.prepare(folder, public_url=PUBLIC_URL, idp_url=IDP_URL)
    return {**prepared, "PUBLIC_URL": PUBLIC_URL, "SANDBOX_SPID_URL": IDP_URL}


@pytest.fixture(scope="session")
def settings(spid_environment: dict[str, str]) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in spid_environment.items():
            patch.setenv(name, value)
        return Settings.load()


@pytest.fixture
def portal(settings: Settings, spid_environment: dict[str, str], service_database: Callable[[str], Database]) -> Portal:
    folder = Path(spid_environment["SANDBOX_SPID_HOME"])
    idps = {provider.key: provider for provider in providers.load(folder, IDP_URL)}
    registry = RegistryWatcher(settings.registry_source, NOW).registry
    return Portal(service_database("identity"), settings, registry, idps)


def form_value(page: str, name: str) -> str:
    """Return the value of a hidden field of an HTML page."""
    match = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert match, page
    return html.unescape(match[1])
