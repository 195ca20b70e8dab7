"""A copy of the project in which mutants are tried, one after the other."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Final

from dev.testing import mutants_tool
from tests.mutants.scopes import SCOPES, modules_of, scope_of

ROOT: Final = Path(__file__).parents[2]
COPY: Final = ROOT / "build" / "mutants" / "portal"
STAGE_MAY_TAKE_S: Final = 900
"""A mutant that takes longer hangs, and is noticed by that."""


@dataclass(frozen=True)
class Mutant:
    """One small change. `module`: its path in the project; `line`: where; `kind`: the operator that made it."""

    module: str
    line: int
    kind: str
    source: str

    @property
    def change(self) -> list[str]:
        """The lines it takes out and puts in, each after its sign."""
        before = (ROOT / self.module).read_text(encoding="utf-8").splitlines()
        lines = list(unified_diff(before, self.source.splitlines(), n=0, lineterm=""))[2:]
        return [f"{line[0]} {line[1:].strip()}" for line in lines if not line.startswith("@@")]


def sown(seed: str, count: int, below: str) -> tuple[int, list[Mutant]]:
    """Return how many mutants there are of the modules below a path, and those that were drawn."""
    modules = [name for scope in SCOPES for name in modules_of(scope, ROOT) if name.startswith(below)]
    program = [str(mutants_tool.ensure()), str(Path(__file__).with_name("sowing.py")), seed, str(count), *modules]
    done = subprocess.run(
        program, cwd=ROOT, env=mutants_tool.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return found["of"], [Mutant(**one) for one in found["drawn"]]


def make_copy() -> None:
    """Lay a new copy of what git knows, with what was built for it."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, COPY / name)
    (COPY / "build").symlink_to(ROOT / "build")


def noticed(mutant: Mutant) -> bool:
    """Return whether a test fails with the mutant in place."""
    place = COPY / mutant.module
    before = place.read_text(encoding="utf-8")
    place.write_text(mutant.source, encoding="utf-8")
    try:
        return any(not passes(stage) for stage in scope_of(mutant.module).stages)
    finally:
        place.write_text(before, encoding="utf-8")


def passes(stage: Sequence[str]) -> bool:
    """Return whether all tests of a stage pass in the copy as it is."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *stage]
    environment = {**os.environ, "PYTHONPATH": str(COPY), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=COPY, env=environment, capture_output=True, timeout=STAGE_MAY_TAKE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
