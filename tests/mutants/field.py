"""A copy of the project in which mutants are tried, one after the other."""

import hashlib
import json
import os
import re
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
OUTPUT: Final = ROOT / "build" / "mutants" / "pytest.log"
COMPILED: Final = ROOT / "build" / "mutants" / "pycache"
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
    shutil.rmtree(COMPILED, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, COPY / name)
    (COPY / "build").symlink_to(ROOT / "build")
    # The official documents beside the project, which some tests compare with.
    beside = COPY.parent / "shared"
    beside.unlink(missing_ok=True)
    beside.symlink_to(ROOT.parent / "shared")


def noticed(mutant: Mutant, *, quick: bool) -> bool:
    """Return whether a test fails with the mutant in place; `quick` asks only those that need no server."""
    before = (COPY / mutant.module).read_text(encoding="utf-8")
    write(mutant.module, mutant.source)
    try:
        return any(not passes(stage) for stage in stages_of(mutant.module, quick=quick))
    finally:
        write(mutant.module, before)


def write(module: str, source: str) -> None:
    """Write a module of the copy, and forget it as it was compiled: within a second no file looks changed."""
    place = COPY / module
    place.write_text(source, encoding="utf-8")
    for compiled in (COMPILED / place.parent.relative_to("/")).glob(f"{place.stem}.*.pyc"):
        compiled.unlink()


def watching(module: str, *, quick: bool) -> list[Sequence[str]]:
    """Return the stages that watch a module; where all of them need servers, `quick` has them all the same."""
    stages = scope_of(module).stages
    return [stage for stage in stages if is_quick(stage)] if quick and is_quick(stages[0]) else list(stages)


def stages_of(module: str, *, quick: bool) -> list[Sequence[str]]:
    """Return the stages that watch a module, before them the tests nearest to it: nearly all mutants fall there."""
    stages = watching(module, quick=quick)
    folders = [folder for stage in stages for folder in stage if is_quick([folder])]
    own = own_tests(module, folders)
    beside = [test for test in tests_of_package(module, folders) if test not in own]
    return [*filter(None, (scope_of(module).first, own, beside)), *stages]


def is_quick(stage: Sequence[str]) -> bool:
    """Return whether tests need neither broker nor database."""
    return not any(folder.startswith("tests/integration") for folder in stage)


def own_tests(module: str, folders: Sequence[str]) -> list[str]:
    """Return the tests in some folders that import a module by its name."""
    dotted = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    package, _, name = dotted.rpartition(".")
    imports = re.compile(
        rf"^\s*(from {re.escape(dotted)} import|from {re.escape(package)} import .*\b{name}\b)", re.MULTILINE
    )
    return _importing(imports, folders)


def tests_of_package(module: str, folders: Sequence[str]) -> list[str]:
    """Return the tests in some folders that import anything from the package a module lies in."""
    package = module.rpartition("/")[0].replace("/", ".")
    return _importing(re.compile(rf"^\s*from {re.escape(package)}[. ]", re.MULTILINE), folders)


def _importing(imports: re.Pattern[str], folders: Sequence[str]) -> list[str]:
    places = [COPY / folder for folder in folders]
    tests = sorted(path for place in places for path in ([place] if place.is_file() else place.glob("**/test_*.py")))
    return [str(path.relative_to(COPY)) for path in tests if imports.search(path.read_text(encoding="utf-8"))]


def passes(stage: Sequence[str]) -> bool:
    """Return whether all tests of a stage pass in the copy as it is. What pytest printed stands in OUTPUT."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *stage]
    environment = {
        **os.environ,
        "PYTHONPATH": str(COPY),
        # What a mutant leaves as it is is compiled once for all of them.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(COMPILED),
    }
    try:
        with OUTPUT.open("wb") as output:
            return not subprocess.run(
                command,
                cwd=COPY,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=STAGE_MAY_TAKE_S,
                check=False,
            ).returncode
    except subprocess.TimeoutExpired:
        return False


class Ledger:
    """What was noticed by earlier runs, as a file: a run that is cut off goes on where it was.

    A mutant that a test noticed is not tried again; one that nobody noticed is, for a test may have been written since.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._noticed = set(place.read_text().splitlines()) if place.exists() else set()

    def knows(self, mutant: Mutant) -> bool:
        """Return whether a test noticed it before."""
        return self._key(mutant) in self._noticed

    def note(self, mutant: Mutant) -> None:
        """Remember that a test noticed it."""
        self._noticed.add(self._key(mutant))
        self._place.parent.mkdir(parents=True, exist_ok=True)
        self._place.write_text("\n".join(sorted(self._noticed)) + "\n")

    @staticmethod
    def _key(mutant: Mutant) -> str:
        return hashlib.sha256(f"{mutant.module}\n{mutant.source}".encode()).hexdigest()
