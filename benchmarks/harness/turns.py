"""Sides that take turns, so that a busy machine slows all alike: A, B, A, B; of each the medians."""

import os
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side did in one turn: units of work, seconds it took, seconds of processor of all its processes."""

    units: float
    took_s: float
    processor_s: float


@dataclass(frozen=True, slots=True)
class Side:
    """Medians of a side's turns: units of work a second, milliseconds of processor a unit."""

    rate: float
    processor_ms: float


def taken(sides: Mapping[str, Callable[[], Turn]], rounds: int) -> dict[str, Side]:
    """Let the sides take turns, `rounds` of each after one that does not count, and return the medians of each."""
    turns: dict[str, list[Turn]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, take in sides.items():
            turn = take()
            if number:  # the first one loads code and fills caches
                turns[name].append(turn)
    return {name: median_of(done) for name, done in turns.items()}


def median_of(turns: Iterable[Turn]) -> Side:
    """Return the medians of some turns."""
    done = list(turns)
    return Side(
        rate=statistics.median(turn.units / turn.took_s for turn in done),
        processor_ms=statistics.median(turn.processor_s / turn.units * 1_000 for turn in done),
    )


def here(work: Callable[[], object], units: int = 1, *, repeats: int = 1) -> Turn:
    """Do work of this one process, `units` each time, and return it as a turn."""
    started_s, used_s = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        work()
    return Turn(units * repeats, time.perf_counter() - started_s, time.process_time() - used_s)


def processor_s(pids: Iterable[int]) -> float:
    """Return the processor time that processes have used, those included that they have started and that live."""
    return sum(_used_s(pid) for pid in _families(pids))


def _families(pids: Iterable[int]) -> set[int]:
    family = set(pids)
    parents = {pid: parent for pid in _living() if (parent := _parent_of(pid)) is not None}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _living() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _fields(pid: int) -> list[str]:
    """Return what /proc says of a process after its name; empty for one that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _parent_of(pid: int) -> int | None:
    fields = _fields(pid)
    return int(fields[1]) if fields else None


def _used_s(pid: int) -> float:
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S if fields else 0.0


def pss_mb(pids: Iterable[int]) -> dict[int, float]:
    """Return the proportional memory of processes and of those they have started, in megabytes (10⁶ bytes)."""
    found = {}
    for pid in _families(pids):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[pid] = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1_024 / 1e6
    return found


def peak_mb(pid: int) -> float:
    """Return the highest resident memory of a process so far, in megabytes; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    _, found, rest = status.partition("VmHWM:")
    return int(rest.split()[0]) * 1_024 / 1e6 if found else 0.0  # one that has ended and is not seen off has none
