"""cosmic-ray, which writes mutants of our modules, in its own virtual environment, `.venv-mutants`."""

from pathlib import Path
from typing import Final

from dev.console import step
from dev.locks import lock_of
from dev.paths import ROOT
from dev.testing import locked_venv

_VENV: Final = ROOT / ".venv-mutants"


def ensure() -> Path:
    """Bring `.venv-mutants` to its lock file, once per content of that file, and return its Python.

    Raises ProblemError when the packages cannot be installed.
    """
    python = _VENV / "bin" / "python"
    if not python.exists():
        step("making .venv-mutants with cosmic-ray (the first time takes half a minute)")
    locked_venv.ensure(_VENV, lock_of("mutants"))
    return python


def environment() -> dict[str, str]:
    """Return this process's environment with the tool's packages and without our own."""
    return locked_venv.environment(_VENV)
