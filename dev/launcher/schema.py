"""What must be in place before the services start: databases and catalogue."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from dev.console import step
from dev.paths import ROOT
from dev.problem import ProblemError

CATALOGUE: Final = ROOT / "sandbox" / "data" / "catalogue"
# Where the stand-in of an entity's software is under docker compose; elsewhere it has the address of the copy.
_COMPOSE_URL: Final = "http://sandbox-pagopa:8089"


def prepare(log: Path) -> None:
    """Migrate, then load the catalogue; both change nothing where it is done already. Raises ProblemError."""
    step("bringing the databases to their newest revision")
    _run("The databases could not be migrated", ["-m", "chassis.migrations", "upgrade", "all"], log)
    folder = _catalogue(log.parent / "catalogue")
    _run("The catalogue could not be loaded", ["-m", "services.practices", "load-catalogue", str(folder)], log)


def _catalogue(folder: Path) -> Path:
    """Write the catalogue of the sandbox as it is for this copy, and return where."""
    here = os.environ.get("SANDBOX_PAGOPA_URL", _COMPOSE_URL)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in CATALOGUE.glob("*.yaml"):
        (folder / file.name).write_text(file.read_text().replace(_COMPOSE_URL, here))
    return folder


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
