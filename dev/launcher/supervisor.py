"""A supervisor that starts again what ends: programs of a Procfile, each a process of its own.

What ends twice in the same way soon after its start is told once, with the reason it gave; then it is tried in silence.
"""

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
from dev.launcher.failure import reason_in
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
    has_metrics: bool = False
    """Whether it serves METRICS_PORT, of which each process needs one of its own."""


@dataclass
class _Instance:
    """One process of a program, over its successive lives."""

    program: Program
    label: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = field(default_factory=monotonic)
    environment: dict[str, str] = field(default_factory=dict)
    log_start: int = 0
    last_end: tuple[int, str] | None = None
    same_ends: int = 0


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
        self._give_metrics_ports()
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

    def _give_metrics_ports(self) -> None:
        """Give each process that serves metrics a port of its own, counted up from METRICS_PORT; 0 is any free one."""
        first = self._environment.get("METRICS_PORT", "")
        if not first.isdigit():
            return
        serving = [instance for instance in self._instances if instance.program.has_metrics]
        for place, instance in enumerate(serving):
            instance.environment["METRICS_PORT"] = str(int(first) + place if int(first) else 0)
        if int(first):
            step("metrics: " + ", ".join(f"{one.label} {one.environment['METRICS_PORT']}" for one in serving))

    def _start(self, instance: _Instance) -> None:
        with (self._logs / f"{instance.label}.log").open("ab") as log:
            instance.log_start = log.tell()
            instance.process = subprocess.Popen(
                [*self._guard, "/bin/sh", "-c", instance.program.command],
                cwd=ROOT,
                env={**self._environment, **instance.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the supervisor
            )
        instance.started_at = monotonic()

    def _note_end(self, instance: _Instance, code: int) -> None:
        was_steady = monotonic() - instance.started_at > _STEADY_S
        if was_steady:
            instance.failures, instance.last_end = 0, None
        pause_s = BACK_OFF_S[min(instance.failures, len(BACK_OFF_S) - 1)]
        instance.failures += 1
        instance.process = None
        instance.due_at = monotonic() + pause_s
        log = self._logs / f"{instance.label}.log"
        end = (code, reason_in(log.read_bytes()[instance.log_start :].decode(errors="replace")))
        instance.same_ends = instance.same_ends + 1 if end == instance.last_end else 1
        if instance.same_ends == 1:
            step(f"{instance.label} ended ({_reason(code)}); starting it again in {pause_s:g} s (log: {log})")
        elif instance.same_ends == 2:
            said = end[1] or "it wrote nothing"
            step(f"{instance.label} does not start ({_reason(code)}): {said}")
            step(f"{instance.label} is tried again, at last every {BACK_OFF_S[-1]:g} s, in silence (log: {log})")
        instance.last_end = end

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
