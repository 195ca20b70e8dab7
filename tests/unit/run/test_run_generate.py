"""One command writes all that is made from the code; each part has a test that compares it with the code."""

import re
import subprocess
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from dev import generate
from dev.paths import ROOT
from dev.problem import ProblemError

PAGES = [ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
# Programs that write nothing into the tree that a test compares with the code.
OTHERS = {"tests.mutants.sowing", "tests.unit.stated_values"}
PROBE = re.compile(r"/probe_\w+\.py$")


def test_every_program_among_the_tests_is_one_of_them() -> None:
    found = set()
    for path in (ROOT / "tests").rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if '\nif __name__ == "__main__":\n' in path.read_text(encoding="utf-8") and not PROBE.search(name):
            found.add(name.removesuffix(".py").replace("/", "."))
    assert found - OTHERS == {program for program in generate.PROGRAMS if program.startswith("tests.")}


def test_every_program_is_there_to_be_run() -> None:
    for program in generate.PROGRAMS:
        source = (ROOT / f"{program.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert '\nif __name__ == "__main__":\n' in source, program


@pytest.mark.parametrize("program", generate.PROGRAMS)
def test_nobody_is_told_to_run_one_of_them_by_itself(program: str) -> None:
    files = [*PAGES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "deploy").rglob("*.py")]
    telling = [str(path) for path in files if f"-m {program}" in path.read_text(encoding="utf-8")]
    assert not telling, "say ./portal generate"


def test_a_program_that_refuses_ends_it_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = "tests.contract.asyncapi_changes"
    ran: list[str] = []

    def run(command: Sequence[str], **_options: Any) -> SimpleNamespace:
        assert command[:2] == [sys.executable, "-m"]
        ran.append(command[2])
        return SimpleNamespace(returncode=int(command[2] == refused))

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ProblemError, match=re.escape(refused)):
        generate.everything()
    assert ran == list(generate.PROGRAMS[: generate.PROGRAMS.index(refused) + 1])
