"""A supervisor that starts again what ends: programs of a Procfile, each a process of its own."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from dev.console import step
from dev.paths import ROOT

BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_S: Final = 30
_POLL_S: Final = 0.1
# Longer than a service lets its work under way finish (chassis STOP_GRACE_S).
_STOP_S: Final = 30


@dataclass(frozen=True)
class Program:
    """A line of a Procfile, `count` times."""

    name: str
    command: str
    count: int = 1


@dataclass
class _Instance:
    """One process of a program, over its successive lives."""

    program: Program
    label: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = field(default_factory=monotonic)


class Supervisor:
    """Runs programs until `stop`. Process ids stand in `pids_file` (JSON, program name to list of ids)."""

    def __init__(
        self, programs: Sequence[Program], environment: Mapping[str, str], logs: Path, pids_file: Path
    ) -> None:
        self._instances = [
            _Instance(program, program.name if program.count == 1 else f"{program.name}.{number}")
            for program in programs
            for number in range(1, program.count + 1)
        ]
        self._environment = dict(environment)
        self._logs = logs
        self._pids_file = pids_file
        self._guard = ["setpriv", "--pdeathsig=TERM"] if shutil.which("setpriv") else []

    def tick(self) -> None:
        """Start what is due; note what has ended and when it is due again."""
        changed = False
        for instance in self._instances:
            if instance.process is not None and instance.process.poll() is not None:
                self._note_end(instance, instance.process.returncode)
                changed = True
            if instance.process is None and monotonic() >= instance.due_at:
                self._start(instance)
                changed = True
        if changed:
            self._write_pids()

    def run_until(self, stopping: "StopFlag") -> None:
        """Tick until asked to stop."""
        while not stopping.asked:
            self.tick()
            sleep(_POLL_S)

    def stop(self) -> None:
        """Ask every process to finish, wait, then end those that did not."""
        living = [instance.process for instance in self._instances if instance.process is not None]
        for process in living:
            process.send_signal(signal.SIGTERM)
        end = monotonic() + _STOP_S
        for process in living:
            try:
                process.wait(max(0.0, end - monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._pids_file.unlink(missing_ok=True)

    def _start(self, instance: _Instance) -> None:
        with (self._logs / f"{instance.label}.log").open("ab") as log:
            instance.process = subprocess.Popen(
                [*self._guard, "/bin/sh", "-c", instance.program.command],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the supervisor
            )
        instance.started_at = monotonic()

    def _note_end(self, instance: _Instance, code: int) -> None:
        if monotonic() - instance.started_at > _STEADY_S:
            instance.failures = 0
        pause_s = BACK_OFF_S[min(instance.failures, len(BACK_OFF_S) - 1)]
        instance.failures += 1
        instance.process = None
        instance.due_at = monotonic() + pause_s
        log = self._logs / f"{instance.label}.log"
        step(f"{instance.label} ended ({_reason(code)}); starting it again in {pause_s:g} s (log: {log})")

    def _write_pids(self) -> None:
        pids: dict[str, list[int]] = {}
        for instance in self._instances:
            living = [instance.process.pid] if instance.process is not None else []
            pids.setdefault(instance.program.name, []).extend(living)
        draft = self._pids_file.with_name(f"{self._pids_file.name}.new")
        draft.write_text(json.dumps(pids, indent=2))
        draft.replace(self._pids_file)


class StopFlag:
    """A wish to stop: Ctrl-C or SIGTERM, noted instead of raised (a second one raises), or a failure."""

    def __init__(self) -> None:
        self.asked = False
        self.failure = ""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def fail(self, reason: str) -> None:
        """Stop because of `reason`."""
        self.failure = reason
        self.asked = True

    def _note(self, _number: int, _frame: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
