"""What the type checker refuses where a service, a call or an event is used wrongly.

Each program stands alone and is checked by mypy --strict with the project's own settings. A wrong line says in a
comment which error it must have; a line without one must have none.
"""

import re
import sys
from pathlib import Path
from subprocess import run

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
EXPECTED = re.compile(r"# error: \[([\w-]+)\]")
FOUND = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: .* \[(?P<code>[\w-]+)\]$")


def expected_errors() -> set[tuple[str, int, str]]:
    return {
        (path.name, number, code)
        for path in PROGRAMS
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        for code in EXPECTED.findall(line)
    }


@pytest.mark.timeout(600)
def test_mypy_finds_exactly_the_wrong_lines() -> None:
    command = [sys.executable, "-m", "mypy", "--hide-error-context", "--no-error-summary", "--no-pretty"]
    done = run([*command, *map(str, PROGRAMS)], cwd=ROOT, capture_output=True, text=True, check=False)
    found = {
        (Path(match["file"]).name, int(match["line"]), match["code"])
        for match in map(FOUND.match, done.stdout.splitlines())
        if match
    }
    assert len(expected_errors()) >= 12, done.stderr
    assert found == expected_errors(), done.stdout
