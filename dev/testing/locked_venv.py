"""Virtual environments that hold the packages of one lock file and nothing else."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from dev.paths import ROOT
from dev.problem import ProblemError

_OURS: Final = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def ensure(folder: Path, lock: Path) -> None:
    """Bring the environment in `folder` to `lock`, once per content of that file.

    Raises ProblemError when the packages cannot be installed.
    """
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = folder / ".lock.sha256"
    if (folder / "bin" / "python").exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    # Our own pip does the work: a second one in each environment costs seconds and is no package of the lock.
    _run([sys.executable, "-m", "venv", "--without-pip", str(folder)], lock)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    _run([*pip, "--disable-pip-version-check", "--no-input", "--require-hashes", "-r", str(lock)], lock)
    stamp.write_text(wanted)


def environment(folder: Path) -> dict[str, str]:
    """Return this process's environment with the programs of `folder` first and without a way to our own packages."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {**kept, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def _run(command: list[str], lock: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    done = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        errors = [line for line in lines if line.startswith("ERROR")] or lines or ["unknown cause"]
        raise ProblemError(f"The packages of {lock.relative_to(ROOT)} could not be installed: {errors[-1]}")
