"""Waiting for the portal to answer, and giving it its first debts."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import requests

from dev.console import step
from dev.launcher.copy import ENTITY_CODE, Copy
from dev.launcher.environment import api_key
from dev.paths import ROOT
from dev.problem import ProblemError
from dev.ticks import ticks

DEBT_FILES: Final = tuple(
    ROOT / "sandbox" / "data" / name for name in ("debts_pm108.csv", "debts_changing_amounts.csv")
)
_READY_S: Final = 60
_CALL_S: Final = 70
_SHOWN_REFUSALS: Final = 3


def wait_until_ready(copy: Copy) -> None:
    """Poll /status/ready until every part says yes; raises ProblemError naming what does not."""
    last = "it does not answer"
    for _ in ticks(_READY_S, every_s=0.2):
        try:
            answer = requests.get(f"{copy.local_url}/status/ready", timeout=5)
            if answer.ok:
                return
            last = answer.text.strip()[:300]
        except requests.RequestException:
            continue
    raise ProblemError(f"The portal was not ready within {_READY_S} s: {last} (logs: {copy.home.logs})")


def import_first_debts(copy: Copy) -> None:
    """Send the sample debt files to the import API as the body's software would, once per copy; print the reports."""
    report_file = copy.home.folder / "first-import.json"
    if report_file.exists():
        return
    reports = [_imported(copy, file, report_file) for file in DEBT_FILES]
    report_file.write_text(json.dumps(reports[0], indent=2))


def _imported(copy: Copy, file: Path, report_file: Path) -> dict[str, Any]:
    """Import a file and say what became of it; return the report, which `report_file` will hold."""
    content = file.read_bytes()
    answer = requests.post(
        f"{copy.local_url}/api/v1/creditors/{ENTITY_CODE}/imports",
        data=content,
        headers={
            "Authorization": f"Bearer {api_key(copy.home)}",
            "Content-Type": "text/csv; charset=utf-8",
            "Idempotency-Key": f"first-import-{hashlib.sha256(content).hexdigest()[:32]}",
        },
        timeout=_CALL_S,
    )
    if not answer.ok:
        raise ProblemError(f"The sample debts were not imported: HTTP {answer.status_code} {answer.text[:300]}")
    report: dict[str, Any] = answer.json()
    step(f"imported {file.name}: {report['accepted']} rows accepted, {report['refused']} refused ({report_file})")
    refusals = [row for row in report.get("rows", []) if row["outcome"] == "refused"]
    for row in refusals[:_SHOWN_REFUSALS]:
        step(f"  line {row['line']}: {row['code']} in {row['column']}")
    if len(refusals) > _SHOWN_REFUSALS:
        step(f"  and {len(refusals) - _SHOWN_REFUSALS} more")
    return report
