"""The commands of `python -m services.identity`."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.identity.saml.signing import SigningKey
from tests.integration.identity.conftest import MARIO, Portal

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
    citizen_id = portal.log_in()["session"]["citizen"]["id"]
    extracted = start_process(*COMMAND, "extract-trace", str(citizen_id), env=spid_environment)
    assert extracted.process.wait(30) == 0
    (trace,) = json.loads(extracted.log())
    assert trace["outcome"] == "granted"
    assert trace["AuthnRequest"].startswith("<samlp:AuthnRequest")
    assert MARIO.fiscal_code in trace["Response"]
    assert start_process(*COMMAND, "extract-trace", "NOSUCH00", env=spid_environment).process.wait(30) == 1


def test_delete_expired_runs_by_hand_too(
    portal: Portal, spid_environment: dict[str, str], start_process: Callable[..., Any]
) -> None:
    portal.log_in()
    assert start_process(*COMMAND, "delete-expired", env=spid_environment).process.wait(30) == 0
