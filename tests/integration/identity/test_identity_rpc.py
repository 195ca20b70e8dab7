"""The running service over RabbitMQ, with the sandbox's identity provider over HTTP: the whole way of a login."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests

from chassis.messaging.rpc_client import RpcClient
from contracts.errors import ErrorCode, Refused
from contracts.rpc import identity
from contracts.rpc.identity import MetadataRequest
from contracts.shapes import Empty
from sandbox.spid import app, setup
from sandbox.spid.settings import Settings as SandboxSettings
from tests.integration.identity.conftest import GIULIA, MARIO, form_value

BROWSER = "a-browser-token"


class QuietHandler(WSGIRequestHandler):
    """A request handler that does not write to the terminal."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
        """Write nothing."""


@pytest.fixture
def running(
    rpc: RpcClient, run_service: Callable[..., Any], tmp_path: Path
) -> Iterator[tuple[Callable[..., Any], str, Any]]:
    """Start service, metadata page and identity providers; give `call`, the providers' address, the process."""

    def metadata_page(environ: Any, start_response: Any) -> list[bytes]:
        kind = environ["PATH_INFO"].split("/")[1]
        start_response("200 OK", [("Content-Type", "application/samlmetadata+xml")])
        return [rpc.call(identity.METADATA, MetadataRequest(kind=kind)).xml.encode()]

    portal = make_server("127.0.0.1", 0, metadata_page, handler_class=QuietHandler)
    peer = make_server("127.0.0.1", 0, metadata_page, handler_class=QuietHandler)
    public_url, idp_url = (f"http://localhost:{server.server_port}" for server in (portal, peer))
    environment = {**setup.prepare(tmp_path / "spid", public_url=public_url, idp_url=idp_url), "PUBLIC_URL": public_url}
    service = run_service("identity", relay=False, env=environment)
    sandbox = SandboxSettings(tmp_path / "spid", idp_url, f"{public_url}/spid/metadata")
    peer.set_app(app.create_app(sandbox))
    threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in (portal, peer)]
    for thread in threads:
        thread.start()
    yield (lambda call, **request: rpc.call(call, call.request_type(**request))), idp_url, service
    for server in (portal, peer):
        server.shutdown()
        server.server_close()


def answer_of(
    call: Callable[..., Any], *, citizen: str = MARIO.username, outcome: str = "success", idp: str = "prova-1"
) -> str:
    """Go to the identity provider as a browser without JavaScript does; return the SAMLResponse it sends back."""
    started = call(
        identity.START_LOGIN,
        idp=idp,
        entity_code="PM108",
        return_to="/enti/PM108/pratiche",
        browser_token=BROWSER,
    )
    url, fields = started.redirect_url, started.form_fields
    page = requests.post(url, data=fields, timeout=5) if fields else requests.get(url, timeout=5)
    assert page.status_code == 200, page.text
    carried = {name: form_value(page.text, name) for name in fields or ("request",)}
    answer = requests.post(url.partition("?")[0], data={**carried, "citizen": citizen, "outcome": outcome}, timeout=5)
    assert answer.status_code == 200, answer.text
    assert re.search(r'<form method="post" action="[^"]+/spid/acs"', answer.text)
    return form_value(answer.text, "SAMLResponse")


def test_from_the_choice_of_the_provider_to_a_registered_session_and_out(running: Any) -> None:
    call, _, service = running
    assert {one.key for one in call(identity.PROVIDERS).providers} == {"prova-1", "prova-2", "cie"}
    finished = call(identity.FINISH_LOGIN, saml_response=answer_of(call), browser_token=BROWSER)
    token = {"session_token": finished.session_token}
    assert finished.session.citizen.fiscal_code == MARIO.fiscal_code
    assert call(identity.SESSION, **token).registered is False
    notice = call(identity.PRIVACY, **token).documents[0]
    assert "articolo 13" in notice.text["it"]
    registered = call(identity.REGISTER, **token, document_id=notice.id, email="m@posta.example", purposes=[])
    assert registered.registered is True
    assert call(identity.GRANT, **token, purpose="email_reminders").granted == ["email_reminders", "registration"]
    assert call(identity.EXPORT, **token).data["citizen"]["email"] == "m@posta.example"
    assert call(identity.LOGOUT, **token) == Empty()
    with pytest.raises(Refused) as refused:
        call(identity.SESSION, **token)
    assert refused.value.code is ErrorCode.SESSION_EXPIRED
    log = service.log()
    for secret in (token["session_token"], MARIO.fiscal_code, "Rossi", "m@posta.example", "SAMLRequest"):
        assert secret not in log


def test_a_provider_that_takes_requests_by_post_alone_logs_in_too(running: Any) -> None:
    call, _, _ = running
    answer = answer_of(call, idp="prova-2")
    assert call(identity.FINISH_LOGIN, saml_response=answer, browser_token=BROWSER).session.spid_level == 2


def test_the_card_of_the_sandbox_logs_in_over_http_too(running: Any) -> None:
    call, _, _ = running
    finished = call(identity.FINISH_LOGIN, saml_response=answer_of(call, idp="cie"), browser_token=BROWSER)
    assert finished.session.citizen.fiscal_code == MARIO.fiscal_code


def test_each_outcome_of_the_sandbox_reaches_the_portal_by_its_number(running: Any) -> None:
    call, idp_url, _ = running
    for outcome in ("19", "20", "21", "22", "23", "25", "30", "level_too_low"):
        answer = answer_of(call, outcome=outcome, citizen=GIULIA.username)
        with pytest.raises(Refused) as refused:
            call(identity.FINISH_LOGIN, saml_response=answer, browser_token=BROWSER)
        assert refused.value.code is ErrorCode.LOGIN_REFUSED
        assert refused.value.params.get("anomaly") == (int(outcome) if outcome.isdigit() else None)
    the_sandbox_refuses_a_request_that_was_changed_on_its_way(call, idp_url)


def the_sandbox_refuses_a_request_that_was_changed_on_its_way(call: Callable[..., Any], idp_url: str) -> None:
    request = {"idp": "prova-1", "return_to": "/", "browser_token": BROWSER}
    url = call(identity.START_LOGIN, **request).redirect_url.replace("RelayState=", "RelayState=x")
    page = requests.get(url, timeout=5)
    assert page.status_code == 400
    assert "Codice AgID" in page.text
    assert requests.get(f"{idp_url}/prova-1/sso", timeout=5).status_code == 400
    assert requests.get(f"{idp_url}/", timeout=5).status_code == 200
    assert requests.get(f"{idp_url}/nowhere", timeout=5).status_code == 404


def test_the_service_does_not_start_with_a_test_provider_where_none_is_allowed(
    start_process: Callable[..., Any], tmp_path: Path
) -> None:
    environment = setup.prepare(tmp_path, public_url="https://portale.example", idp_url="http://localhost:8088")
    environment["SPID_ALLOW_TEST_IDPS"] = "false"
    process = start_process("-m", "chassis.run", "identity", env=environment)
    assert process.process.wait(20) != 0
    assert "test identity providers" in process.log()
    assert "prova-1" in process.log()
