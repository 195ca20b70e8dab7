"""AgID's conformance tool (spid-sp-test) in its own virtual environment, `.venv-spid`."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from dev.console import step
from dev.paths import ROOT
from dev.problem import ProblemError

_LOCK: Final = ROOT / "requirements-spid.lock"
_VENV: Final = ROOT / ".venv-spid"
_STAMP: Final = _VENV / ".lock.sha256"
_BIN: Final = _VENV / "bin"


def ensure() -> Path:
    """Bring `.venv-spid` to its lock file, once per content of that file, and return the tool's program.

    Raises ProblemError when the packages cannot be installed.
    """
    wanted = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    program = _BIN / "spid_sp_test"
    if program.exists() and _STAMP.exists() and _STAMP.read_text() == wanted:
        return program
    step("making .venv-spid with AgID's conformance tool (the first time takes half a minute)")
    shutil.rmtree(_VENV, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(_VENV)])
    pip = [str(_BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    _run([*pip, "--require-hashes", "-r", str(_LOCK)])
    _STAMP.write_text(wanted)
    return program


def environment() -> dict[str, str]:
    """Return this process's environment without what would make the tool see our packages instead of its own."""
    ours = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "PYTHONWARNINGS": "ignore", "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        errors = [line for line in lines if line.startswith("ERROR")] or lines or ["unknown cause"]
        raise ProblemError(f"AgID's conformance tool could not be installed: {errors[-1]}")
