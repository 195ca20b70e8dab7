"""Lint, types and tests in one go, with a summary and an exit code."""

import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

from dev.console import step
from dev.paths import ROOT
from dev.problem import ProblemError
from dev.testing import lanes
from dev.testing.lanes import Lane
from dev.testing.outcome import Outcome
from dev.testing.profiles import CI, PROFILES

_WITH_VALUE: Final = ("-k", "-m", "-o", "-p", "--maxfail", "--timeout", "--durations", "--hypothesis-seed")
"""Options of pytest whose value may be a word of its own."""
QUICK: Final = "quick"
"""The word for what needs nothing but Python: the checks, unit and contract tests."""
_CHECKS: Final = {
    "mypy": ["mypy"],
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "import-linter": ["lint-imports", "--no-logo"],
    "migrations": ["python", "-m", "dev.migration_risks"],
}


def run(arguments: Sequence[str]) -> int:
    """Run the fast part, or what `arguments` name; answer the exit code.

    A word is `lint`, `quick`, `ci`, a profile, a folder of tests/ (unit, browser), a part in any of them (identity), a
    path or a pytest option.
    """
    options, words = _sorted_out(arguments)
    side_by_side = _lanes(words)
    checks = _CHECKS if not words or {"lint", QUICK, CI} & set(words) else {}
    if not side_by_side:
        return _summarise([_check(name, command, shown=True) for name, command in checks.items()])
    beside = [partial(_check, name, command, shown=False) for name, command in checks.items()]
    return _summarise(lanes.run(side_by_side, options, again=CI in words, beside=beside))


def _sorted_out(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return pytest's options, each with the value that follows it, and our own words."""
    options: list[str] = []
    words: list[str] = []
    for place, word in enumerate(arguments):
        is_value = place > 0 and arguments[place - 1] in _WITH_VALUE
        (options if word.startswith("-") or is_value else words).append(word)
    return options, words


def _lanes(words: Sequence[str]) -> list[Lane]:
    """Say what pytest is to do for these words."""
    if not words:
        return lanes.everyday()
    if CI in words:
        # Those of the profiles are long, and begin first.
        in_ci = [Lane(name, profile.targets) for name, profile in PROFILES.items() if profile.in_ci]
        return [*in_ci, *lanes.everyday()]
    if QUICK in words:
        return lanes.quick()
    targets = [target for word in words if word != "lint" for target in _targets_of(word)]
    environment = {
        name: value for word in words if word in PROFILES for name, value in PROFILES[word].environment.items()
    }
    return [Lane("tests", targets, environment)] if targets else []


def _check(name: str, command: Sequence[str], *, shown: bool) -> Outcome:
    """Run a check; what it says is `shown` as it comes, or else only where it is not content."""
    step(name)
    started = monotonic()
    program, *arguments = command
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        cwd=ROOT,
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.stdout and done.returncode:
        print(done.stdout, flush=True)
    failed = int(done.returncode != 0)
    return Outcome(name, monotonic() - started, passed=1 - failed, failed=failed)


def _targets_of(word: str) -> list[str]:
    if word in PROFILES:
        return list(PROFILES[word].targets)
    path = word.split("::", maxsplit=1)[0]
    if (ROOT / path).exists() and "/" in path:
        return [word]
    if (ROOT / "tests" / word).is_dir():
        return [f"tests/{word}"]
    parts = sorted(str(folder.relative_to(ROOT)) for folder in (ROOT / "tests").glob(f"*/{Path(word).name}"))
    if not parts:
        raise ProblemError(f"There is no suite, part or path {word!r} among the tests.")
    return parts


def _summarise(outcomes: Sequence[Outcome]) -> int:
    print()
    for outcome in outcomes:
        print(f"{outcome.name:<16} {'failed' if outcome.failed else 'ok':<7} {outcome.seconds:7.1f} s")
    passed, failed, skipped, second_try = (
        sum(getattr(outcome, kind) for outcome in outcomes) for kind in ("passed", "failed", "skipped", "second_try")
    )
    if second_try:
        print(f"{second_try} of those that passed did so only alone: their first failure stands above; mend them")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0
