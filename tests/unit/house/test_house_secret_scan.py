"""No secret is in a file of the repository; what looks like one and is none has its reason recorded."""

import base64
import secrets
import subprocess
from pathlib import Path

import pytest

from tests.unit.house.conftest import ROOT
from tests.unit.house.secret_scan import DECISIONS, Finding, scan

HASHES = (".lock", "package-lock.json")
OF_ITSELF = "tests/unit/house/secret_scan.py"


def findings() -> set[Finding]:
    found: set[Finding] = set()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for file in filter(None, listed.split("\0")):
        if file.endswith(HASHES) or file == OF_ITSELF or not (ROOT / file).is_file():
            continue
        try:
            text = Path(ROOT / file).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found |= set(scan(file, text))
    return found


def test_no_file_holds_a_secret_but_those_decided_upon() -> None:
    assert [one for one in findings() if (one.file, one.text) not in DECISIONS] == []


def test_every_decision_is_about_something_that_is_there() -> None:
    assert set(DECISIONS) == {(one.file, one.text) for one in findings()}


@pytest.mark.parametrize(
    "text",
    [
        f"SECRET_KEY={secrets.token_urlsafe(32)}0a",
        f'password: "{base64.b64encode(secrets.token_bytes(30)).decode()}1z"',
        f"api_key = '{secrets.token_hex(20)}'",
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        "-----BEGIN " + "PRIVATE KEY-----",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "a1" * 18,
        "postgresql://portal:" + "Tr0ub4dor3xx" + "@db/portal",
    ],
)
def test_the_scan_finds_a_secret(text: str) -> None:
    assert list(scan("x", text))


@pytest.mark.parametrize(
    "text",
    ["password = environment().str(name)", "SECRET_KEY: ${SECRET_KEY:?}", "amqp://guest:guest@127.0.0.1", "token: str"],
)
def test_the_scan_leaves_names_and_references_alone(text: str) -> None:
    assert not list(scan("x", text))
