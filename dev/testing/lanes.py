"""pytest in one lane or in several side by side, each with its own virtual host and databases."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Final

from dev import assets
from dev.console import step
from dev.paths import BUILD, ROOT
from dev.testing import packages, postgres, profiles, rabbitmq, spid_tool
from dev.testing.outcome import Outcome

# What fills the second lane, so that both end at about the same time.
_JOURNEYS: Final = ("tests/integration/identity", "tests/integration/run", "tests/browser", "tests/e2e", "tests/spid")
# Suites that touch neither broker nor database, nor a browser.
_PURE: Final = ("tests/unit", "tests/contract")
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


def fast() -> list[Lane]:
    """Make the two lanes of everything but the profiles."""
    suites = [*_folders("tests"), *_folders("tests/integration")]
    parts = [suite for suite in suites if suite not in {*_JOURNEYS, *profiles.targets(), "tests/integration"}]
    return [Lane("parts", parts), Lane("journeys", _JOURNEYS)]


def _folders(below: str) -> list[str]:
    found = (path.name for path in (ROOT / below).iterdir() if path.is_dir() and path.name[0].isalpha())
    return sorted(f"{below}/{name}" for name in found)


def run(lanes: Sequence[Lane], options: Sequence[str], *, again: bool = False) -> list[Outcome]:
    """Run the lanes at the same time: the first one's output as it comes, the others' when they are done.

    `again`: the few that failed are tried once more, alone, and what passed only then is counted.
    Raises ProblemError when something the tests need cannot be had.
    """
    BUILD.mkdir(exist_ok=True)
    with ExitStack() as servers:
        if any(lane.needs_servers for lane in lanes):
            packages.ensure_tools()
        if any(lane.needs_spid_tool for lane in lanes):
            spid_tool.ensure()
        assets.prepare()
        environments = [_environment(lane, servers) for lane in lanes]
        started = monotonic()
        processes = [
            _start(lane, environment, options, shown=lane is lanes[0])
            for lane, environment in zip(lanes, environments, strict=True)
        ]
        outcomes = []
        for lane, process in zip(lanes, processes, strict=True):
            code = process.wait()
            if lane is not lanes[0]:
                print(lane.output.read_text(errors="replace"), flush=True)
            outcomes.append(_outcome(lane, code, monotonic() - started))
        if not again:
            return outcomes
        return [
            _tried_again(lane, outcome, environment, options) if 0 < outcome.failed <= AGAIN_AT_MOST else outcome
            for lane, outcome, environment in zip(lanes, outcomes, environments, strict=True)
        ]


def _tried_again(lane: Lane, first: Outcome, environment: Mapping[str, str], options: Sequence[str]) -> Outcome:
    """Run what failed once more, with the machine to itself."""
    step(f"once more, alone: the {first.failed} that failed of {lane.name}")
    started = monotonic()
    code = _start(lane, environment, [*options, "--last-failed", "--last-failed-no-failures=none"], shown=True).wait()
    second = _outcome(lane, code, monotonic() - started)
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
    }
    if lane.needs_servers:
        run_name = f"portal_test_{os.getpid()}_{lane.name}"
        environment["AMQP_URL"] = servers.enter_context(rabbitmq.provided(run_name))
        environment["DATABASE_URL"] = servers.enter_context(postgres.provided(run_name))
    return environment


def _start(
    lane: Lane, environment: Mapping[str, str], options: Sequence[str], *, shown: bool
) -> subprocess.Popen[bytes]:
    step(f"pytest {' '.join(lane.targets)}{'' if shown else f' (meanwhile, into {lane.output})'}")
    lane.report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-ra", "--durations=10", f"--junit-xml={lane.report}"]
    command += ["-o", f"cache_dir={BUILD / f'cache-{lane.name}'}"]
    with lane.output.open("wb") as output:
        return subprocess.Popen(
            [*command, *options, *lane.targets],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=None if shown else output,
            stderr=None if shown else subprocess.STDOUT,
        )


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
