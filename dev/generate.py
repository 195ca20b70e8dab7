"""What is made from the code and kept beside it: frozen promises, the tables of docs/, dashboards.

A test compares each with the code, so whoever changes the code runs this. Promises are only added to: one that is to be
taken back is changed by hand.
"""

import subprocess
import sys
from typing import Final

from dev.console import step
from dev.paths import ROOT
from dev.problem import ProblemError

PROGRAMS: Final = (
    "tests.contract.frozen_calls",
    "tests.contract.frozen_messages",
    "tests.contract.frozen_values",
    "tests.contract.asyncapi_changes",
    "tests.unit.house.doc_tables",
    "tests.unit.deploy.connection_table",
    "deploy.grafana.dashboards",
    "benchmarks.harness.capacity",
)
"""Each writes its own files when it is run as a program."""


def everything() -> None:
    """Run each program. Raises ProblemError when one refuses; it has said why."""
    for program in PROGRAMS:
        step(program)
        if subprocess.run([sys.executable, "-m", program], cwd=ROOT, check=False).returncode:
            raise ProblemError(f"{program} wrote nothing.")
