"""The commands of the README run as they are written, from a clone or in an image."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import click
import pytest
import typer

from dev.cli import app
from tests.conftest import PROJECT, Running

README = (PROJECT / "README.md").read_text()
IN_TEXT = re.findall(r"`((?:\./portal|python -m) [^`…]+)`", README)
IN_BLOCKS = re.findall(r"^((?:\./portal|python -m) [^#\n]*[^#\s])", README, re.MULTILINE)
WRITTEN = sorted({*IN_TEXT, *IN_BLOCKS})
COMMANDS: dict[str, click.Command] = typer.main.get_command(app).commands  # type: ignore[attr-defined] # a group has them
# They start everything, all tests or an hour of measuring: what they take is looked at here, that they work where they
# are tried.
TRIED_ELSEWHERE = ("up", "test", "bench")


def test_the_readme_has_the_commands_that_everybody_needs() -> None:
    assert {"./portal up", "./portal test", "./portal migrate", "./portal dead-letters list"} <= set(WRITTEN)


@pytest.mark.parametrize("written", [one for one in WRITTEN if one.startswith("./portal ")])
def test_a_portal_command_takes_what_is_written(written: str) -> None:
    _, name, *arguments = shlex.split(written)
    COMMANDS[name].make_context(name, arguments)


@pytest.mark.parametrize(
    "written", [one for one in WRITTEN if one.startswith("./portal ") and one.split()[1] not in TRIED_ELSEWHERE]
)
def test_a_portal_command_of_the_readme_ends_well(
    written: str, environment: dict[str, str], service_database: Callable[[str], Any], tmp_path: Any
) -> None:
    for service in ("identity", "practices", "cart", "payments", "notices"):
        service_database(service)
    words = [str(tmp_path / "second") if word == "../second" else word for word in shlex.split(written)[1:]]
    words += ["--yes"] if words[0] == "reset" else []
    env = {**environment, "PORTAL_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "dev.cli", *words], cwd=PROJECT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("written", [one for one in WRITTEN if one.startswith("python -m ")])
def test_a_command_of_an_image_ends_well(
    written: str,
    environment: dict[str, str],
    service_database: Callable[[str], Any],
    run_service: Callable[..., Running],
) -> None:
    for service in ("identity", "practices", "cart", "payments", "notices"):
        service_database(service)
    run_service("payments")
    command = [sys.executable, *shlex.split(written)[1:]]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
