"""What goes wrong at a start is said in one sentence, without a traceback."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.launcher.copy import held
from dev.launcher.ports import listen
from dev.paths import Home
from dev.problem import ProblemError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dev.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1
    assert done.stderr.startswith("portal: ")
    assert done.stderr.count("\n") == 1, done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize(
    ("mode", "flag"),
    [([], "--port"), (["--processes"], "--spid-port"), (["--processes"], "--pagopa-port"), ([], "--mail-port")],
)
def test_a_taken_port_is_named_with_the_flag_that_moves_it(
    mode: list[str], flag: str, taken_port: int, tmp_path: Path
) -> None:
    others = {"--port": "0", "--spid-port": "0", "--pagopa-port": "0", flag: str(taken_port)}
    flags = [word for pair in others.items() for word in pair]
    assert_one_sentence(command("up", *mode, "--home", str(tmp_path), *flags), str(taken_port), flag)


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with held(Home(tmp_path)), pytest.raises(ProblemError, match="already running"), held(Home(tmp_path)):
        pytest.fail("two runs held the same folder")


def test_the_folder_is_free_again_after_a_run(tmp_path: Path) -> None:
    for _ in range(2):
        with held(Home(tmp_path)):
            pass


def test_a_port_can_be_listened_on_again_at_once() -> None:
    with listen("127.0.0.1", 0, "--port") as first:
        port = first.getsockname()[1]
    listen("127.0.0.1", port, "--port").close()


@pytest.mark.parametrize(
    ("setting", "address"),
    [("AMQP_URL", "amqp://guest:guest@127.0.0.1:1//"), ("DATABASE_URL", "postgresql://postgres@127.0.0.1:1/portal")],
)
def test_a_server_that_does_not_answer_is_named_with_its_setting(setting: str, address: str, tmp_path: Path) -> None:
    ports = ["--port", "0", "--spid-port", "0", "--pagopa-port", "0"]
    done = command("up", "--processes", "--home", str(tmp_path), *ports, **{"AMQP_URL": "memory://", setting: address})
    assert_one_sentence(done, setting)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["up", "--scale", "payments=3"], "--processes"),
        (["up", "--processes", "--scale", "payments"], "payments=3"),
        (["up", "--processes", "--scale", "nobody=2"], "nobody"),
        (["test", "no-such-suite"], "no-such-suite"),
    ],
)
def test_a_wrong_option_is_explained(arguments: list[str], word: str) -> None:
    assert_one_sentence(command(*arguments), word)


def test_a_too_old_python_is_told_so_and_a_newer_one_is_taken_where_there_is_one(tmp_path: Path) -> None:
    pretend_old = (
        "import runpy, sys; sys.version_info = (3, 8, 10, 'final', 0); sys.version = '3.8.10 (main)';"
        "sys.argv = ['portal', 'help']; runpy.run_path('portal', run_name='__main__')"
    )
    (tmp_path / "bin").mkdir()
    alone = subprocess.run(
        [sys.executable, "-c", pretend_old],
        cwd=ROOT,
        env={"PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert_one_sentence(alone, "3.11", "3.8.10")
    (tmp_path / "bin" / "python3.12").symlink_to(sys.executable)
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    helped = subprocess.run(
        [sys.executable, "-c", pretend_old],
        cwd=ROOT,
        env={"PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert helped.returncode == 0
    assert "./portal up" in helped.stdout


def test_the_launcher_can_be_read_by_an_old_python() -> None:
    import ast

    ast.parse((ROOT / "portal").read_text(), feature_version=(3, 6))
