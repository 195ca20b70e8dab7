"""What must be in place before the services start: databases and catalogue."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from dev.console import step
from dev.paths import ROOT
from dev.problem import ProblemError

CATALOGUE: Final = ROOT / "sandbox" / "data" / "catalogue"


def prepare(log: Path) -> None:
    """Migrate, then load the catalogue; both change nothing where it is done already. Raises ProblemError."""
    step("bringing the databases to their newest revision")
    _run("The databases could not be migrated", ["-m", "chassis.migrations", "upgrade", "all"], log)
    _run("The catalogue could not be loaded", ["-m", "services.practices", "load-catalogue", str(CATALOGUE)], log)


def _run(failure: str, arguments: list[str], log: Path) -> None:
    with log.open("ab") as output:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        last = log.read_text(errors="replace").strip().splitlines() or ["no output"]
        raise ProblemError(f"{failure}: {last[-1][:300]} (log: {log})")
