"""AgID's conformance tool (spid-sp-test) in its own virtual environment, `.venv-spid`."""

from pathlib import Path
from typing import Final

from dev.console import step
from dev.locks import lock_of
from dev.paths import ROOT
from dev.testing import locked_venv

_VENV: Final = ROOT / ".venv-spid"


def ensure() -> Path:
    """Bring `.venv-spid` to its lock file, once per content of that file, and return the tool's program.

    Raises ProblemError when the packages cannot be installed.
    """
    program = _VENV / "bin" / "spid_sp_test"
    if not program.exists():
        step("making .venv-spid with AgID's conformance tool (the first time takes half a minute)")
    locked_venv.ensure(_VENV, lock_of("spid"))
    return program


def environment() -> dict[str, str]:
    """Return this process's environment without what would make the tool see our packages instead of its own."""
    return {**locked_venv.environment(_VENV), "PYTHONWARNINGS": "ignore"}
