"""The first administrator of the office of a copy: a test citizen, invited at each start until they have accepted."""

import os
import subprocess
import sys
from typing import Final

from dev.console import step
from dev.launcher.copy import ENTITY_CODE, Copy
from dev.paths import ROOT
from dev.problem import ProblemError

FILE_NAME: Final = "office-invitation.txt"
_EMAIL: Final = "ufficio@conservatorio.example"
_ALREADY: Final = "already_an_operator"


def invite(copy: Copy) -> None:
    """Write the link of the invitation into the copy's folder. Raises ProblemError."""
    from sandbox.spid.citizens import CITIZENS

    first = CITIZENS[0]
    done = subprocess.run(
        [sys.executable, "-m", "services.identity", "invite-administrator", ENTITY_CODE, _EMAIL],
        input=f"{first.fiscal_code}\n",
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        if _ALREADY in done.stderr:
            return
        raise ProblemError(f"The first operator could not be invited: {done.stderr.strip()[-300:]}")
    link = done.stdout.strip().splitlines()[-1]
    (copy.home.folder / FILE_NAME).write_text(f"{link}\n")
    step(f"{first.name} {first.family_name} may enter the office by {copy.home.folder / FILE_NAME}")
