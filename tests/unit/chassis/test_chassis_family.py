"""Services as one family of processes: each a child, started anew when it ends, all stopped by one signal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.ticks import ticks

# Each child writes its process id under its name, then waits to be ended, or ends as its name says.
PROGRAM = """
import json, os, signal, sys, threading
from pathlib import Path
import chassis.runtime.green
from chassis import logs
from chassis.runtime.family import Family

folder = Path(sys.argv[1])

def serve(name):
    (folder / f"{name}.{os.getpid()}").touch()
    if name == "misconfigured":
        return os.EX_CONFIG
    if name == "raising":
        raise RuntimeError("as services do")
    while True:
        signal.pause()

logs.configure("family")
(folder / "parent").write_text(str(os.getpid()))
sys.exit(Family(sys.argv[2:], serve).run())
"""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def started(*names: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(tmp_path), *names]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield started
    for process in running:
        process.kill()
        process.communicate()


def pids(folder: Path, name: str) -> set[int]:
    return {int(path.suffix[1:]) for path in folder.glob(f"{name}.*")}


def eventually(what: Callable[[], Any]) -> Any:
    for _ in ticks(60, every_s=0.05):
        if found := what():
            return found
    raise AssertionError("it never came")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_is_killed_is_started_anew_and_the_others_are_not_touched(tmp_path: Path, start: Start) -> None:
    start("cart", "payments")
    eventually(lambda: pids(tmp_path, "cart") and pids(tmp_path, "payments"))
    (first,), others = pids(tmp_path, "cart"), pids(tmp_path, "payments")
    os.kill(first, signal.SIGKILL)
    (second,) = eventually(lambda: pids(tmp_path, "cart") - {first})
    assert is_alive(second)
    assert pids(tmp_path, "payments") == others
    assert all(map(is_alive, others))


def test_a_child_that_raises_is_started_anew_and_says_so(tmp_path: Path, start: Start) -> None:
    family = start("raising")
    eventually(lambda: len(pids(tmp_path, "raising")) > 1)
    family.send_signal(signal.SIGTERM)
    said = [json.loads(line) for line in family.communicate(timeout=60)[0].splitlines()]
    assert {"service_broken", "service_ended"} <= {line["event"] for line in said}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_the_family(tmp_path: Path, start: Start, number: signal.Signals) -> None:
    family = start("cart", "payments")
    eventually(lambda: pids(tmp_path, "cart") and pids(tmp_path, "payments"))
    family.send_signal(number)
    family.communicate(timeout=60)
    assert family.returncode == 0
    assert not any(map(is_alive, pids(tmp_path, "cart") | pids(tmp_path, "payments")))


def test_a_wrong_setting_of_one_ends_the_family(tmp_path: Path, start: Start) -> None:
    family = start("cart", "misconfigured")
    family.communicate(timeout=60)
    assert family.returncode == os.EX_CONFIG
    assert not any(map(is_alive, pids(tmp_path, "cart")))


def test_children_do_not_outlive_a_parent_that_is_killed(tmp_path: Path, start: Start) -> None:
    family = start("cart")
    (child,) = eventually(lambda: pids(tmp_path, "cart"))
    family.kill()
    family.wait(60)
    eventually(lambda: not is_alive(child))
