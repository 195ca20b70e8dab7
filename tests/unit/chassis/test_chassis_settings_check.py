"""`python -m chassis.settings check`: what is wrong with an environment, before anything is started with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chassis import settings_check
from tests.unit.house.conftest import ROOT
from tests.unit.house.test_house_secrets import READERS

KEY = "Zk3vQ9pXw7Lr2Tn8Hb5Yc1Md6Gf4Js0Ua"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name not in {"PATH", "HOME", "PYTHONPATH"}:
            monkeypatch.delenv(name)


def told(capsys: pytest.CaptureFixture[str], *parts: str) -> tuple[int, str]:
    code = settings_check.main(["check", *parts])
    return code, capsys.readouterr().out


def test_every_wrong_value_of_a_part_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHECKOUT_TIMEOUT_S", "soon")
    monkeypatch.setenv("ACA_CALLS_MAX", "0")
    monkeypatch.setenv("MAX_WORKERS", "many")
    code, out = told(capsys, "payments")
    assert code == 1
    wrong = [line for line in out.splitlines() if line.startswith("WRONG in payments")]
    assert [next(name for name in ("MAX_", "CHECKOUT_T", "ACA_") if name in line) for line in wrong] == [
        "MAX_",
        "CHECKOUT_T",
        "ACA_",
    ]
    assert os.environ["CHECKOUT_TIMEOUT_S"] == "soon"
    assert out.endswith("Not all of it would start.\n")


def test_what_is_required_and_missing_is_told_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = told(capsys, "identity", "gateway")
    assert code == 1
    assert 'WRONG in identity: Environment variable "SPID_SP_CERT_FILES" not set' in out
    assert 'WRONG in gateway: Environment variable "SECRET_KEY" not set' in out


def test_values_are_shown_with_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    secret = tmp_path / "key"
    secret.write_text(KEY)
    monkeypatch.setenv("FDR_SUBSCRIPTION_KEY_FILE", str(secret))
    monkeypatch.setenv("FDR_TIMEOUT_S", "7")
    code, out = told(capsys, "payments")
    assert code == 0
    assert "  FDR_TIMEOUT_S = 7.0  [environment]" in out
    assert "  FDR_SUBSCRIPTION_KEY = (secret)  [file]" in out
    assert "  CHECKOUT_SUBSCRIPTION_KEY = (none)  [default]" in out
    assert "  MAX_WORKERS = 10  [default]" in out
    assert out.endswith("All of it would start.\n")


@pytest.mark.parametrize("name", READERS)
def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str) -> None:
    value, _ = READERS[name]
    monkeypatch.setenv("SMTP_HOST", "mail.example")
    monkeypatch.setenv("MAIL_FROM", "no-reply@ente.example")
    monkeypatch.setenv(name, value)
    _, out = told(capsys)
    assert value not in out
    assert ":two@" not in out
    assert KEY not in out


def test_of_a_clusters_addresses_no_password_is_shown() -> None:
    addresses = f"amqp://one:{KEY}@a:5672//;amqp://one@b:5672//;amqp://one:{KEY}@c:5672//"
    told = settings_check.shown("AMQP_URL", addresses)
    assert told == "amqp://one:(secret)@a:5672//;amqp://one@b:5672//;amqp://one:(secret)@c:5672//"


def test_a_misspelt_name_is_told_with_the_one_that_is_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHECKOUT_SUBSCRIPTON_KEY", KEY)
    monkeypatch.setenv("ACA_SUBSCRIPTION_KEYS_FILE", "/nowhere")
    code, out = told(capsys, "payments")
    assert code == 0
    assert "warning: CHECKOUT_SUBSCRIPTON_KEY is read by nobody; CHECKOUT_SUBSCRIPTION_KEY is" in out
    assert "warning: ACA_SUBSCRIPTION_KEYS_FILE is read by nobody; ACA_SUBSCRIPTION_KEY is" in out


def test_the_sandbox_behind_a_public_address_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://pagamenti.ente.example")
    monkeypatch.setenv("CHECKOUT_URL", "https://api.platform.pagopa.it/checkout/ec/v2")
    monkeypatch.setenv("FDR_URL", "http://[::1]:8089/fdr")
    _, out = told(capsys, "payments", "notices")
    warned = {line.split()[1] for line in out.splitlines() if line.startswith("warning:")}
    assert warned == {"ACA_URL", "ACA_BULK_URL", "BIZ_EVENTS_URL", "FDR_URL"}


def test_it_runs_as_written_and_refuses_a_part_that_is_none(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "chassis.settings", *arguments]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    done = run("check", "cart")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "cart:")
    wrong = run("check", "card")
    assert wrong.returncode == 2
    assert "usage: python -m chassis.settings check" in wrong.stderr
