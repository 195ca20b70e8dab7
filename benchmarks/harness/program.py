"""The command line of every benchmark: `python -m benchmarks.NAME`, alone or as a row of `./portal bench`."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.figures import Figure
from benchmarks.harness.turns import Turn
from chassis import logs
from dev.paths import ROOT

_ROLE_S: Final = 300

Measure = Callable[[int], Sequence[Figure]]
"""Measures in so many rounds."""


def main(measure: Measure, *, rounds: int = 5, roles: Mapping[str, Callable[[], Any]] | None = None) -> None:
    """Measure and print; with --json into a file as well. `roles` are the other processes that this module starts."""
    module: Any = sys.modules["__main__"]
    parser = argparse.ArgumentParser(
        prog=module.__spec__.name if module.__spec__ else None,
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=rounds, help="turns of each side that count")
    parser.add_argument("--json", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--role", choices=sorted(roles or {}), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.role:
        _play((roles or {})[asked.role])
        return
    logs.configure("bench", "ERROR")
    figures = measure(asked.rounds)
    for figure in figures:
        print(described(figure))
    if asked.json:
        asked.json.write_text(json.dumps([figure.as_json() for figure in figures]))


def _play(role: Callable[[], Any]) -> None:
    """Be another process; a turn that it took is told on its last line."""
    turn = role()
    if isinstance(turn, Turn):
        print(json.dumps(asdict(turn)))


def turn_of(env: Mapping[str, str], module: str, role: str) -> Turn:
    """Let another process of a benchmark take a turn. Raises RuntimeError with what it said where it fails."""
    command = [sys.executable, "-m", module, "--role", role]
    done = subprocess.run(command, cwd=ROOT, env={**env}, capture_output=True, text=True, check=False, timeout=_ROLE_S)
    if done.returncode:
        raise RuntimeError(f"{role}: {done.stderr[-2000:]}")
    return Turn(**json.loads(done.stdout.splitlines()[-1]))


def described(figure: Figure) -> str:
    """Return a figure as a line."""
    verdict = {None: "", True: "met", False: "MISSED"}[figure.is_met]
    return f"{figure.name:34} {figure.value:12,.3f} {figure.unit:20} {figure.goal:10} {verdict}".rstrip()
