"""Spectral finds no error in the OpenAPI document by the ruleset of the national API catalogue.

The ruleset is italia/api-oas-checker-rules, "Italian Guidelines Full + Extra Security Checks". It has a licence of its
own and is not part of the project: ITALIAN_RULESET names a copy, else it is looked for beside the project.
tests/unit/api/openapi_rules.py says its rules in our own words and runs always.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.api.openapi_documents import DOCUMENTS

BESIDE = Path(__file__).parents[3] / "shared" / "specs" / "italian-api-rules" / "spectral-full.yml"
RULESET = Path(os.environ.get("ITALIAN_RULESET", BESIDE))
SPECTRAL = "@stoplight/spectral-cli@6.16.3"
ERROR = 0


@pytest.mark.timeout(300)  # npm fetches Spectral where it is not here yet
@pytest.mark.skipif(not RULESET.exists(), reason="the Italian ruleset is not beside the project (ITALIAN_RULESET)")
@pytest.mark.skipif(shutil.which("npx") is None, reason="npx is not installed")
@pytest.mark.parametrize("public_url", DOCUMENTS)
def test_spectral_finds_no_error_by_the_italian_ruleset(public_url: str, tmp_path: Path) -> None:
    written = tmp_path / "openapi.json"
    written.write_text(json.dumps(DOCUMENTS[public_url]), encoding="utf-8")
    command = ["npx", "--yes", "-p", SPECTRAL, "spectral", "lint", "-r", str(RULESET), "-f", "json", str(written)]
    report = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert report.stdout.startswith("["), report.stderr
    findings = [(one["code"], one["path"]) for one in json.loads(report.stdout) if one["severity"] == ERROR]
    assert findings == []
