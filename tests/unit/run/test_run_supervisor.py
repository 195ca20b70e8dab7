"""The supervisor of `./portal up --processes`: what ends is started again, and everything stops in the end."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from dev.launcher.failure import reason_in
from dev.launcher.processes import _programs
from dev.launcher.supervisor import BACK_OFF_S, Program, Supervisor
from tests.conftest import PATIENCE_S


class Supervised:
    """A supervisor of small programs, ticked by the test."""

    def __init__(self, folder: Path, *programs: Program, **environment: str) -> None:
        self.pids_file = folder / "processes.json"
        self.supervisor = Supervisor(programs, {**os.environ, **environment}, folder, self.pids_file)

    def pids(self, name: str) -> list[int]:
        found: list[int] = json.loads(self.pids_file.read_text())[name]
        return found

    def tick_until(self, check: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        end = monotonic() + timeout_s
        self.supervisor.tick()
        while not check():
            assert monotonic() < end, "it did not happen"
            sleep(0.02)
            self.supervisor.tick()


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def make(*programs: Program, **environment: str) -> Supervised:
        started.append(Supervised(tmp_path, *programs, **environment))
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


def test_a_start_that_fails_twice_the_same_way_is_told_once_in_words(
    supervise: Callable[..., Supervised], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = "echo started; echo 'identity: Environment variable \"SECRET_KEY\" not set' >&2; exit 78"
    supervised = supervise(Program("identity", broken))
    log = tmp_path / "identity.log"
    supervised.tick_until(lambda: log.read_text().count("started") == 4)
    said = capfd.readouterr().out
    assert said.count("identity ended (exit code 78)") == 1
    assert (
        said.count('identity does not start (exit code 78): identity: Environment variable "SECRET_KEY" not set') == 1
    )
    assert said.count("is tried again") == 1


def test_a_start_that_fails_in_another_way_is_told_anew(
    supervise: Callable[..., Supervised], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # The first two and the last two starts fail alike.
    count = tmp_path / "count"
    program = f"echo x >> {count}; n=$(wc -l < {count}); [ $n -le 2 ] && exit 3; echo 'OSError: other'; exit 4"
    supervised = supervise(Program("one", program))
    supervised.tick_until(lambda: count.exists() and count.read_text().count("x") == 5)
    said = capfd.readouterr().out
    assert said.count("one does not start (exit code 3): it wrote nothing") == 1
    assert said.count("one does not start (exit code 4): OSError: other") == 1


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("", ""),
        ("one\ntwo\n", "two"),
        ("Traceback (most recent call last):\n  x\nenviron.EnvError: SECRET_KEY\n", "environ.EnvError: SECRET_KEY"),
        ('{"level": "info", "event": "service_started"}\n{"level": "critical", "event": "stuck"}\n', "stuck"),
        ('{"level": "error", "event": "broken", "exception": "Traceback\\n  x\\nKeyError: 1"}\n', "KeyError: 1"),
        ('gateway: set SECRET_KEY\n{"level": "info", "event": "over"}\n', "gateway: set SECRET_KEY"),
    ],
)
def test_the_reason_is_the_line_that_names_it(output: str, reason: str) -> None:
    assert reason_in(output) == reason


def test_with_a_metrics_port_each_process_gets_one_of_its_own(
    supervise: Callable[..., Supervised], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = "echo port $METRICS_PORT; exec sleep 60"
    programs = [
        Program("identity", shown, has_metrics=True),
        Program("gateway", shown),
        Program("payments", shown, count=2, has_metrics=True),
    ]
    supervised = supervise(*programs, METRICS_PORT="9100")
    logs = {name: tmp_path / f"{name}.log" for name in ("identity", "gateway", "payments.1", "payments.2")}
    supervised.tick_until(lambda: all("port" in log.read_text() for log in logs.values()))
    ports = {name: log.read_text().split()[1] for name, log in logs.items()}
    assert ports == {"identity": "9100", "gateway": "9100", "payments.1": "9101", "payments.2": "9102"}
    assert "metrics: identity 9100, payments.1 9101, payments.2 9102" in capfd.readouterr().out


def test_a_metrics_port_of_0_stays_any_free_one(supervise: Callable[..., Supervised], tmp_path: Path) -> None:
    shown = Program("payments", "echo port $METRICS_PORT; exec sleep 60", count=2, has_metrics=True)
    supervised = supervise(shown, METRICS_PORT="0")
    logs = [tmp_path / f"payments.{number}.log" for number in (1, 2)]
    supervised.tick_until(lambda: all("port 0" in log.read_text() for log in logs))


def test_every_process_of_the_procfile_but_the_doors_serves_metrics() -> None:
    serving = {program.name for program in _programs({}) if program.has_metrics}
    services = {"identity", "practices", "cart", "payments", "notices"}
    relays = {f"{name}-relay" for name in services - {"cart"}}
    assert serving == services | relays | {"payments-webhooks", "entity-router"}
