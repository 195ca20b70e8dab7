"""Forgetting a copy."""

import shutil

from dev.launcher.copy import held
from dev.paths import Home
from dev.problem import ProblemError


def everything(home: Home) -> None:
    """Delete the copy's folder. Raises ProblemError when the copy runs, or when the folder is not one of ours."""
    if not home.folder.exists():
        return
    if not (home.folder / "secrets.json").exists() and any(home.folder.iterdir()):
        raise ProblemError(f"{home.folder} does not look like the folder of a copy; nothing was deleted.")
    with held(home):
        shutil.rmtree(home.folder)
