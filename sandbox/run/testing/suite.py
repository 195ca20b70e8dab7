"""Lint, types and tests in one go, with a summary and an exit code."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from sandbox.run import assets
from sandbox.run.console import step
from sandbox.run.paths import BUILD, ROOT
from sandbox.run.problem import ProblemError
from sandbox.run.testing import packages, postgres, rabbitmq, spid_tool

_REPORT: Final = BUILD / "test-report.xml"
_CHECKS: Final = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports", "--no-logo"],
}
# Suites that touch neither broker nor database, nor a browser.
_PURE: Final = ("tests/unit", "tests/contract")


@dataclass(frozen=True)
class Outcome:
    """What became of one step: how many things passed, failed, were skipped."""

    name: str
    seconds: float
    passed: int
    failed: int
    skipped: int = 0


def run(arguments: Sequence[str]) -> int:
    """Run everything, or what `arguments` name; answer the exit code.

    A word is `lint`, a folder of tests/ (unit, browser), a part in any of them (identity), a path, or a pytest option.
    """
    only_lint = list(arguments) == ["lint"]
    outcomes = [_check(name, command) for name, command in _CHECKS.items()] if not arguments or only_lint else []
    if not only_lint:
        outcomes.append(_test(_targets(arguments), [word for word in arguments if word.startswith("-")]))
    return _summarise(outcomes)


def _check(name: str, command: list[str]) -> Outcome:
    step(name)
    started = monotonic()
    program, *arguments = command
    done = subprocess.run([Path(sys.executable).with_name(program), *arguments], cwd=ROOT, check=False)
    failed = int(done.returncode != 0)
    return Outcome(name, monotonic() - started, passed=1 - failed, failed=failed)


def _test(targets: list[str], options: list[str]) -> Outcome:
    with ExitStack() as servers:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        if not all(target.startswith(_PURE) for target in targets):
            packages.ensure_tools()
            run_name = f"portal_test_{os.getpid()}"
            environment["AMQP_URL"] = servers.enter_context(rabbitmq.provided(run_name))
            environment["DATABASE_URL"] = servers.enter_context(postgres.provided(run_name))
        if any("tests/spid".startswith(target) or target.startswith("tests/spid") for target in targets):
            spid_tool.ensure()
        assets.prepare()
        step(f"pytest {' '.join(targets)}")
        _REPORT.parent.mkdir(exist_ok=True)
        _REPORT.unlink(missing_ok=True)
        started = monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-ra", "--durations=10", f"--junit-xml={_REPORT}", *options, *targets],
            cwd=ROOT,
            env=environment,
            check=False,
        )
        return _outcome_of_pytest(done.returncode, monotonic() - started)


def _outcome_of_pytest(code: int, seconds: float) -> Outcome:
    """Read pytest's own report; a run that broke off, or ran nothing, counts as failed."""
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    if _REPORT.exists():
        for part in ET.parse(_REPORT).getroot().iter("testsuite"):  # noqa: S314 -- pytest has just written it
            counts = {name: count + int(part.get(name, 0)) for name, count in counts.items()}
    failed = counts["failures"] + counts["errors"]
    passed = max(0, counts["tests"] - failed - counts["skipped"])
    if code and not failed:
        failed = 1
    return Outcome("pytest", seconds, passed, failed, counts["skipped"])


def _targets(arguments: Sequence[str]) -> list[str]:
    words = [word for word in arguments if not word.startswith("-")]
    return [target for word in words for target in _targets_of(word)] or ["tests"]


def _targets_of(word: str) -> list[str]:
    path = word.split("::", maxsplit=1)[0]
    if (ROOT / path).exists() and "/" in path:
        return [word]
    if (ROOT / "tests" / word).is_dir():
        return [f"tests/{word}"]
    parts = sorted(str(folder.relative_to(ROOT)) for folder in (ROOT / "tests").glob(f"*/{Path(word).name}"))
    if not parts:
        raise ProblemError(f"There is no suite, part or path {word!r} among the tests.")
    return parts


def _summarise(outcomes: list[Outcome]) -> int:
    print()
    for outcome in outcomes:
        print(f"{outcome.name:<15} {'failed' if outcome.failed else 'ok':<7} {outcome.seconds:7.1f} s")
    passed, failed, skipped = (
        sum(getattr(outcome, kind) for outcome in outcomes) for kind in ("passed", "failed", "skipped")
    )
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0
