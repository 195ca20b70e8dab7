"""pytest in one lane or in several side by side, each with its own virtual host and databases."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Final

from dev import assets
from dev.console import step
from dev.paths import BUILD, ROOT
from dev.testing import packages, postgres, profiles, rabbitmq, spid_tool
from dev.testing.outcome import Outcome

# What stands first begins first: the longest, so that nothing long is left over at the end.
_LONG: Final[Mapping[str, Sequence[str]]] = {
    "browser": ("tests/browser",),
    "payments": ("tests/integration/payments",),
    "chassis": ("tests/integration/chassis",),
    "login": ("tests/integration/identity", "tests/spid"),
    "journeys": ("tests/e2e", "tests/integration/run"),
    "debts": ("tests/integration/practices", "tests/integration/notices"),
}
_PAGES: Final = ("tests/unit/gateway", "tests/unit/api", "tests/contract")
# Suites that touch neither broker nor database, nor a browser.
_PURE: Final = ("tests/unit", "tests/contract")
_AT_ONCE: Final = min(4, (os.cpu_count() or 1) + 1)
"""Lanes wait for servers, timers and children: one more than there are cores keeps all cores busy."""
AGAIN_AT_MOST: Final = 5
"""How many failures of a lane are tried a second time: more are no accident."""


@dataclass(frozen=True)
class Lane:
    """One run of pytest. Its report and its output stand in `build/`."""

    name: str
    targets: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def report(self) -> Path:
        """JUnit XML."""
        return BUILD / f"test-{self.name}.xml"

    @property
    def output(self) -> Path:
        """What pytest printed, where that is not shown as it comes."""
        return BUILD / f"test-{self.name}.log"

    @property
    def needs_servers(self) -> bool:
        """Return whether anything in it needs more than Python."""
        return not all(target.startswith(_PURE) for target in self.targets)

    @property
    def needs_spid_tool(self) -> bool:
        """Return whether the conformance tests are among the targets."""
        return any(target.startswith("tests/spid") for target in self.targets)


def everyday() -> list[Lane]:
    """Make the lanes of everything but the profiles."""
    long = [Lane(name, targets) for name, targets in _LONG.items()]
    suites = {*_folders("tests"), *_folders("tests/integration")} - {"tests/unit", "tests/integration"}
    others = suites - {target for lane in long for target in lane.targets} - profiles.targets() - {*_PAGES}
    return [*long, Lane("parts", sorted(others)), *quick()]


def quick() -> list[Lane]:
    """Make the lanes that need nothing but Python."""
    return [Lane("rules", [suite for suite in _folders("tests/unit") if suite not in _PAGES]), Lane("pages", _PAGES)]


def _folders(below: str) -> list[str]:
    found = (path.name for path in (ROOT / below).iterdir() if path.is_dir() and path.name[0].isalpha())
    return sorted(f"{below}/{name}" for name in found)


def run(
    lanes: Sequence[Lane],
    options: Sequence[str],
    *,
    again: bool = False,
    beside: Sequence[Callable[[], Outcome]] = (),
) -> list[Outcome]:
    """Run `beside` and the lanes, as many at the same time as the machine has work for; each in the order given.

    A lane that is alone prints as it goes, of several each when it is done. `again`: the few that failed are tried once
    more, alone, and what passed only then is counted. Raises ProblemError when something the tests need cannot be had.
    """
    BUILD.mkdir(exist_ok=True)
    with ExitStack() as servers:
        if any(lane.needs_servers for lane in lanes):
            packages.ensure_tools()
        if any(lane.needs_spid_tool for lane in lanes):
            spid_tool.ensure()
        assets.prepare()
        environments: dict[str, Mapping[str, str]] = {}
        preparing, printing = Lock(), Lock()
        is_alone = len(lanes) + len(beside) == 1

        def outcome_of(lane: Lane) -> Outcome:
            with preparing:  # whoever comes first may start a server, which then ends last
                environments[lane.name] = _environment(lane, servers)
            outcome = _run(lane, environments[lane.name], options, shown=is_alone)
            if not is_alone:
                with printing:
                    print(lane.output.read_text(errors="replace"), flush=True)
            return outcome

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            first = [pool.submit(check) for check in beside]
            outcomes = list(pool.map(outcome_of, lanes))
        if again:
            outcomes = [
                _tried_again(lane, outcome, environments[lane.name], options)
                if 0 < outcome.failed <= AGAIN_AT_MOST
                else outcome
                for lane, outcome in zip(lanes, outcomes, strict=True)
            ]
        return [*(check.result() for check in first), *outcomes]


def _tried_again(lane: Lane, first: Outcome, environment: Mapping[str, str], options: Sequence[str]) -> Outcome:
    """Run what failed once more, with the machine to itself."""
    step(f"once more, alone: the {first.failed} that failed of {lane.name}")
    second = _run(lane, environment, [*options, "--last-failed", "--last-failed-no-failures=none"], shown=True)
    if second.passed + second.failed != first.failed:
        return first
    return replace(
        first,
        seconds=first.seconds + second.seconds,
        passed=first.passed + second.passed,
        failed=second.failed,
        second_try=second.passed,
    )


def _environment(lane: Lane, servers: ExitStack) -> dict[str, str]:
    # The Node that Playwright brings along needs libatomic, which a bare Debian has not.
    environment = {
        "PLAYWRIGHT_NODEJS_PATH": str(assets.NODE),
        **os.environ,
        **lane.environment,
        "PYTHONPATH": str(ROOT),
        # Hundreds of processes begin: where nothing is kept, each compiles the project anew.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    if lane.needs_servers:
        run_name = f"portal_test_{os.getpid()}_{lane.name}".replace("-", "_")
        environment["AMQP_URL"] = servers.enter_context(rabbitmq.provided(run_name))
        environment["DATABASE_URL"] = servers.enter_context(postgres.provided(run_name))
    return environment


def _run(lane: Lane, environment: Mapping[str, str], options: Sequence[str], *, shown: bool) -> Outcome:
    step(f"pytest {' '.join(lane.targets)}{'' if shown else f' (into {lane.output})'}")
    lane.report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-ra", "--durations=10", f"--junit-xml={lane.report}"]
    command += ["-o", f"cache_dir={BUILD / f'cache-{lane.name}'}"]
    started = monotonic()
    with lane.output.open("wb") as output:
        done = subprocess.run(
            [*command, *options, *lane.targets],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=None if shown else output,
            stderr=None if shown else subprocess.STDOUT,
            check=False,
        )
    return _outcome(lane, done.returncode, monotonic() - started)


def _outcome(lane: Lane, code: int, seconds: float) -> Outcome:
    """Read pytest's own report; a run that broke off, or ran nothing, counts as failed."""
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    if lane.report.exists():
        for part in ET.parse(lane.report).getroot().iter("testsuite"):  # noqa: S314 -- pytest has just written it
            counts = {name: count + int(part.get(name, 0)) for name, count in counts.items()}
    failed = counts["failures"] + counts["errors"]
    passed = max(0, counts["tests"] - failed - counts["skipped"])
    if code and not failed:
        failed = 1
    return Outcome(f"pytest {lane.name}", seconds, passed, failed, counts["skipped"])
