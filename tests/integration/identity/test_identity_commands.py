"""The commands of `python -m services.identity`."""

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding

from contracts.errors import Refused
from services.identity.saml.idp_registry import RegistryError
from services.identity.saml.refusal import Reason
from services.identity.saml.signer import SigningKey
from services.identity.settings import Settings
from tests.conftest import PROJECT
from tests.integration.identity.conftest import GIULIA, LUCA, MARIO, Portal, refused_login
from tests.integration.identity.test_identity_operators import Office
from tests.unit.identity.spid_world import signer
from tests.unit.identity.test_identity_registry import aggregate, descriptor

COMMAND = ("-m", "services.identity")


def test_make_certificate_makes_a_pair_that_can_be_used_and_never_overwrites_one(
    start_process: Callable[..., Any], tmp_path: Path
) -> None:
    arguments = [*COMMAND, "make-certificate", str(tmp_path / "sp"), "--name", "Comune di Prova", "--city", "Roma"]
    arguments += ["--ipa-code", "c_h501", "--entity-id", "https://portale.example/spid/metadata"]
    assert start_process(*arguments).process.wait(30) == 0
    key, certificate = tmp_path / "sp" / "key.pem", tmp_path / "sp" / "cert.pem"
    assert SigningKey.from_pem(key.read_bytes(), [certificate.read_bytes()])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    again = start_process(*arguments)
    assert again.process.wait(30) == 1
    assert "is there already" in again.log()
    assert key.read_bytes() == before


def test_extract_trace_prints_both_messages_of_a_login(
    portal: Portal, spid_environment: dict[str, str], start_process: Callable[..., Any]
) -> None:
    citizen_id = portal.log_in().session.citizen.id
    extracted = start_process(*COMMAND, "extract-trace", str(citizen_id), env=spid_environment)
    assert extracted.process.wait(30) == 0
    (trace,) = json.loads(extracted.log())
    assert trace["outcome"] == "granted"
    assert trace["AuthnRequest"].startswith("<samlp:AuthnRequest")
    assert MARIO.fiscal_code in trace["Response"]
    assert start_process(*COMMAND, "extract-trace", "NOSUCH00", env=spid_environment).process.wait(30) == 1


def test_the_help_desk_finds_why_a_login_was_refused_without_anything_personal(
    portal: Portal, spid_environment: dict[str, str], start_process: Callable[..., Any]
) -> None:
    with refused_login(Reason.REQUEST_CONSUMED) as params:
        answer = portal.answer(portal.begin())
        portal.finish(answer)
        portal.finish(answer)
    found = start_process(*COMMAND, "why-refused", params["reference"].lower(), env=spid_environment)
    assert found.process.wait(30) == 0
    shown = json.loads(found.log())
    assert (shown["reason"], shown["entity_code"]) == ("request_consumed", "PM108")
    assert "reloaded" in shown["meaning"]
    assert MARIO.fiscal_code not in found.log()
    assert start_process(*COMMAND, "why-refused", "NOSUCH00", env=spid_environment).process.wait(30) == 1


def test_delete_expired_runs_by_hand_too(
    portal: Portal, spid_environment: dict[str, str], start_process: Callable[..., Any]
) -> None:
    portal.log_in()
    assert start_process(*COMMAND, "delete-expired", env=spid_environment).process.wait(30) == 0


def test_a_command_ends_the_sessions_of_one_person_or_of_everybody(
    portal: Portal, spid_environment: dict[str, str], environment: dict[str, str]
) -> None:
    def end(*options: str, typed: str = "") -> str:
        done = subprocess.run(
            [sys.executable, *COMMAND, "end-sessions", *options],
            env={**environment, **spid_environment},
            cwd=PROJECT,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == (0 if "ended" in done.stdout else 1)
        assert MARIO.fiscal_code not in done.stdout + done.stderr
        return done.stdout.splitlines()[-1] if done.stdout else done.stderr

    def live() -> int:
        with portal.database.reading() as session:
            return int(session.scalar(sa.text("SELECT count(*) FROM sessions WHERE revoked_at IS NULL")) or 0)

    for citizen in (MARIO, MARIO, GIULIA):
        portal.log_in(citizen)
    office = Office(portal)
    office_token = office.first_administrator(LUCA)
    assert live() == 3
    assert "invalid_fiscal_code" in end(typed="nobody\n")
    assert end(typed=f"{MARIO.fiscal_code.lower()}\n") == "2 sessions ended"
    assert live() == 1
    assert end(typed=f"{MARIO.fiscal_code}\n") == "0 sessions ended"
    assert office.session(office_token)
    assert end("--everybody") == "2 sessions ended"
    assert live() == 0
    with pytest.raises(Refused):
        office.session(office_token)


def test_refresh_idps_takes_a_signed_registry_and_nothing_else(
    start_process: Callable[..., Any], tmp_path: Path
) -> None:
    pinned, good, bad = tmp_path / "registry.pem", tmp_path / "good.xml", tmp_path / "bad.xml"
    pinned.write_bytes(signer("registry").certificate.public_bytes(Encoding.PEM))
    good.write_bytes(aggregate(descriptor("https://idp.a.it", "idp-1")))
    bad.write_bytes(aggregate(descriptor("https://idp.b.it", "idp-2"), by="stranger"))
    stored = tmp_path / "stored.xml"
    environment = {"SPID_REGISTRY_FILE": str(stored), "SPID_REGISTRY_CERT_FILE": str(pinned)}
    refused = start_process(*COMMAND, "refresh-idps", "--from", str(bad), env=environment)
    assert refused.process.wait(30) == 1
    assert not stored.exists()
    taken = start_process(*COMMAND, "refresh-idps", "--from", str(good), env=environment)
    assert taken.process.wait(30) == 0
    assert taken.lines("idp_registry_refreshed")[0]["providers"] == ["https://idp.a.it"]
    assert stored.read_bytes() == good.read_bytes()
    unreachable = {**environment, "SPID_REGISTRY_URL": "http://127.0.0.1:9/entities"}
    failed = start_process(*COMMAND, "refresh-idps", env=unreachable)
    assert failed.process.wait(30) == 1
    assert stored.read_bytes() == good.read_bytes()


def test_a_key_anybody_can_download_stops_a_production_start(
    spid_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**spid_environment, "SPID_ALLOW_TEST_IDPS": "false"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RegistryError, match="test identity providers"):
        Settings.load()
    monkeypatch.setattr("services.identity.settings.is_public_test_key", lambda _: True)
    with pytest.raises(RegistryError, match="SPID_SP_KEY_FILE"):
        Settings.load()


def test_delete_expired_deletes_traces_after_twenty_four_months(
    portal: Portal, spid_environment: dict[str, str], start_process: Callable[..., Any]
) -> None:
    portal.log_in()
    portal.log_in()
    with portal.database.transaction() as tx:
        tx.session.execute(
            sa.text(
                "UPDATE saml_traces SET received_at = received_at - interval '732 days'"
                " WHERE id = (SELECT min(id) FROM saml_traces)"
            )
        )
    deleted = start_process(*COMMAND, "delete-expired", env=spid_environment)
    assert deleted.process.wait(30) == 0
    with portal.database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM saml_traces")) == 1
