"""`./portal bench`: every row of benchmarks/ on a broker and databases of its own, and a table of what was found.

A row runs in a process group of its own, baseline included. Results are written to
`benchmarks/results/<date>-<commit>.json`; `benchmarks/results/baseline.json` is the one that was committed.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.harness.figures import Figure
from benchmarks.rows import ROWS
from dev import assets
from dev.console import step
from dev.paths import ROOT
from dev.problem import ProblemError
from dev.testing import packages, postgres, rabbitmq

RESULTS: Final = ROOT / "benchmarks" / "results"
BASELINE: Final = RESULTS / "baseline.json"
TOOLS: Final = {"wrk": "wrk", "git": "git"}
_HEADER: Final = ("row", "figure", "found", "unit", "goal", "", "committed", "of it")

Found = Mapping[str, Sequence[Figure]]
"""Row to what it found."""


def run(names: Sequence[str], rounds: int | None) -> int:
    """Measure the rows that are named, or all; print the table; answer 1 where a goal is missed or a row failed."""
    rows = _chosen(names)
    commit = _commit()
    with ExitStack() as servers:
        packages.ensure_tools(TOOLS)
        assets.prepare()
        run_name = f"portal_bench_{os.getpid()}"
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "AMQP_URL": servers.enter_context(rabbitmq.provided(run_name)),
            "DATABASE_URL": servers.enter_context(postgres.provided(run_name)),
        }
        load = os.getloadavg()[0]
        found: dict[str, list[Figure]] = {}
        failed = []
        for row in rows:
            figures = measured(row, environment, rounds)
            if figures is None:
                failed.append(row)
            elif figures:
                found[row] = figures
    file = write_results(found, commit, load)
    print(table(found, read_results(BASELINE)))
    missed = [f"{row}: {figure.name}" for row, figures in found.items() for figure in figures if figure.is_met is False]
    step(f"written to {file}; {len(missed)} goals missed; rows that failed: {', '.join(failed) or 'none'}")
    return 1 if missed or failed else 0


def _chosen(names: Sequence[str]) -> list[str]:
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        raise ProblemError(f"There is no benchmark {unknown[0]!r}; there are {', '.join(ROWS)}.")
    return [row for row in ROWS if not names or row in names]


def measured(row: str, environment: Mapping[str, str], rounds: int | None) -> list[Figure] | None:
    """Run a row; None where it failed, nothing where its script has not come yet."""
    if not (ROOT / "benchmarks" / f"{row}.py").exists():
        step(f"{row}: there is no script of this name yet")
        return []
    step(f"{row}: {described(row)}")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        command = [sys.executable, "-m", f"benchmarks.{row}", "--json", str(file)]
        command += [] if rounds is None else ["--rounds", str(rounds)]
        with grouped(command, environment) as process:
            process.wait()
        if process.returncode:
            return None
        return [Figure.of_json(values) for values in json.loads(file.read_text())]


@contextmanager
def grouped(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a process group of its own, of which nothing is left afterwards."""
    process = subprocess.Popen(command, cwd=ROOT, env=dict(environment), process_group=0)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def described(row: str) -> str:
    """Return what a row measures: the first line of its module."""
    return (ROOT / "benchmarks" / f"{row}.py").read_text().splitlines()[0].strip('"')


def _commit() -> str:
    """Return what is measured, by git's word."""
    asked = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def write_results(found: Found, commit: str, load: float) -> Path:
    """Write what was found, with the date, the commit and what the machine was doing; return the file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    file = RESULTS / f"{now:%Y-%m-%d}-{commit}.json"
    result: dict[str, Any] = {
        "date": f"{now:%Y-%m-%d}",
        "commit": commit,
        "processors": os.cpu_count(),
        "load_before": round(load, 1),
        "rows": {row: [figure.as_json() for figure in figures] for row, figures in found.items()},
    }
    file.write_text(json.dumps(result, indent=1) + "\n")
    return file


def read_results(file: Path) -> dict[str, list[Figure]]:
    """Read what was written; nothing where there is no such file."""
    if not file.exists():
        return {}
    rows = json.loads(file.read_text())["rows"]
    return {row: [Figure.of_json(values) for values in figures] for row, figures in rows.items()}


def table(found: Found, committed: Found) -> str:
    """Return the figures beside their goals and those of the committed results, with the ratio to them."""
    lines = [_HEADER]
    for row, figures in found.items():
        before = {figure.name: figure.value for figure in committed.get(row, ())}
        for figure in figures:
            earlier = before.get(figure.name)
            verdict = {None: "", True: "met", False: "MISSED"}[figure.is_met]
            ratio = f"{figure.value / earlier:.2f}" if earlier else ""
            shown = "" if earlier is None else number(earlier)
            lines.append((row, figure.name, number(figure.value), figure.unit, figure.goal, verdict, shown, ratio))
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def number(value: float) -> str:
    """Return a number with as many digits as tell something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
