"""The supervisor of `./portal up --processes`: what ends is started again, and everything stops in the end."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from dev.launcher.supervisor import BACK_OFF_S, Program, Supervisor


class Supervised:
    """A supervisor of small programs, ticked by the test."""

    def __init__(self, folder: Path, *programs: Program) -> None:
        self.pids_file = folder / "processes.json"
        self.supervisor = Supervisor(programs, os.environ, folder, self.pids_file)

    def pids(self, name: str) -> list[int]:
        found: list[int] = json.loads(self.pids_file.read_text())[name]
        return found

    def tick_until(self, check: Callable[[], bool], timeout_s: float = 10) -> None:
        end = monotonic() + timeout_s
        self.supervisor.tick()
        while not check():
            assert monotonic() < end, "it did not happen"
            sleep(0.02)
            self.supervisor.tick()


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def make(*programs: Program) -> Supervised:
        started.append(Supervised(tmp_path, *programs))
        started[-1].supervisor.tick()
        return started[-1]

    yield make
    for supervised in started:
        supervised.supervisor.stop()


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_a_killed_process_is_started_again_and_its_id_is_written_down(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise(Program("one", "exec sleep 60"), Program("two", "exec sleep 60"))
    [first], [other] = supervised.pids("one"), supervised.pids("two")
    os.kill(first, signal.SIGKILL)
    supervised.tick_until(lambda: supervised.pids("one") not in ([], [first]))
    assert is_running(supervised.pids("one")[0])
    assert supervised.pids("two") == [other]


def test_a_scaled_program_runs_so_many_times(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise(Program("payments", "exec sleep 60", count=3))
    assert len(set(supervised.pids("payments"))) == 3


def test_a_program_that_ends_at_once_is_started_again_less_and_less_often(
    supervise: Callable[..., Supervised], tmp_path: Path
) -> None:
    supervised = supervise(Program("broken", "echo started; exit 3"))
    started = monotonic()
    log = tmp_path / "broken.log"
    supervised.tick_until(lambda: log.exists() and log.read_text().count("started") == 3)
    assert monotonic() - started > BACK_OFF_S[0] + BACK_OFF_S[1] - 0.1


def test_stopping_ends_every_process(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise(Program("one", "exec sleep 60"), Program("two", "trap '' INT; sleep 60 & wait"))
    pids = supervised.pids("one") + supervised.pids("two")
    supervised.supervisor.stop()
    assert not [pid for pid in pids if is_running(pid)]
    assert not supervised.pids_file.exists()
