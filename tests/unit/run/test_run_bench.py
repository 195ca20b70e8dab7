"""`./portal bench`: rows, the table, the results."""

import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import Side, Turn, median_of, taken
from dev import bench
from dev.problem import ProblemError
from dev.ticks import ticks

MET = Figure(name="ratio", value=0.8, unit="of the baseline", at_least=0.75)
MISSED = Figure(name="processor", value=12.0, unit="ms/list", at_most=10)
PLAIN = Figure(name="rate", value=1234.5, unit="list/s")


def test_sides_take_turns_and_the_first_turn_does_not_count() -> None:
    order: list[str] = []
    took = {"a": iter([100.0, 1.0, 3.0, 2.0]), "b": iter([100.0, 4.0, 4.0, 4.0])}

    def turn(name: str) -> Turn:
        order.append(name)
        return Turn(10, next(took[name]), 0.5)

    sides = taken({name: lambda name=name: turn(name) for name in took}, 3)  # type: ignore[misc]  # -- bound now
    assert order == ["a", "b"] * 4
    assert sides["a"] == Side(rate=5.0, processor_ms=50.0)
    assert sides["b"].rate == 2.5


def test_a_ratio_is_of_rates_or_of_processor_times() -> None:
    ours, baseline = Side(rate=50, processor_ms=4), Side(rate=100, processor_ms=1)
    by_rate = compared(ours, baseline, "call", ratio=0.5)
    by_processor = compared(ours, baseline, "call", ratio=0.5, by_processor=True)
    assert (by_rate[0].value, by_rate[0].is_met) == (0.5, True)
    assert (by_processor[0].value, by_processor[0].is_met) == (0.25, False)
    assert {figure.unit for figure in by_rate} == {"of the baseline", "call/s", "ms/call"}


def test_the_median_of_turns_is_not_moved_by_one_of_them() -> None:
    assert median_of([Turn(1, 1, 1), Turn(1, 1, 1), Turn(1, 90, 90)]) == Side(rate=1, processor_ms=1_000)


def test_the_table_tells_goal_verdict_and_the_ratio_to_the_committed_result() -> None:
    committed = {"api_list": [Figure(name="processor", value=24.0, unit="ms/list", at_most=10)]}
    lines = bench.table({"api_list": [MET, MISSED, PLAIN]}, committed).splitlines()
    assert lines[1].split() == ["api_list", "ratio", "0.8", "of", "the", "baseline", "≥", "0.75", "met"]
    assert lines[2].split() == ["api_list", "processor", "12", "ms/list", "≤", "10", "MISSED", "24", "0.50"]
    assert "1,234" in lines[3]


def test_results_are_written_with_date_and_commit_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "results")
    file = bench.write_results({"api_list": [MET, MISSED]}, "abc123", 0.5)
    written = json.loads(file.read_text())
    assert file.name == f"{written['date']}-abc123.json"
    assert written["processors"] == os.cpu_count()
    assert bench.read_results(file) == {"api_list": [MET, MISSED]}
    assert bench.read_results(tmp_path / "none.json") == {}


def test_a_row_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(ProblemError, match="no benchmark 'api'; there are events, "):
        bench.run(["api"], None)


def test_a_row_runs_in_a_process_group_of_its_own_that_ends_with_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    started = (
        "import os, subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{os.getpgid(child.pid)}} {{child.pid}}')"
    )
    with bench.grouped([sys.executable, "-c", started], os.environ) as process:
        process.wait(60)
    own, group, child = map(int, pids.read_text().split())
    assert own == group == process.pid
    with pytest.raises(ProcessLookupError):
        eventually_gone(child)


def eventually_gone(pid: int) -> None:
    """Ask for a process until it is gone, which raises; killed, it may be a zombie for a moment."""
    for _ in ticks(60, every_s=0.05):
        os.kill(pid, 0)


def test_a_row_tells_its_figures_to_the_command() -> None:
    # What is measured is production's way, which proves no contract while it writes.
    found = bench.measured("reply_trip", {**os.environ, "CHECK_CONTRACTS": "false"}, 1)
    assert found is not None
    assert {"ratio", "rate", "processor", "baseline rate"} <= {figure.name for figure in found}


def test_a_row_whose_script_has_not_come_yet_is_said_and_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.measured("no_such_script", os.environ, 1) == []
    assert "no script" in capsys.readouterr().out
