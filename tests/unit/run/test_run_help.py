"""Help is given before anything is installed, and says what the command line takes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import typer

from dev.cli import app
from dev.testing.profiles import CI, PROFILES
from dev.testing.suite import QUICK

ROOT = Path(__file__).resolve().parents[3]
COMMANDS: dict[str, click.Command] = typer.main.get_command(app).commands  # type: ignore[attr-defined] # a group has them


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder with the launcher alone: whoever needs more than that fails."""
    shutil.copy(ROOT / "portal", tmp_path)
    return tmp_path


def portal(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(folder / "portal"), *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("words", [["{}", "--help"], ["{}", "-h"], ["{}", "something", "--help"], ["help", "{}"]])
def test_the_help_of_a_command_installs_nothing(bare: Path, command: str, words: list[str]) -> None:
    helped = portal(bare, *(word.format(command) for word in words))
    assert helped.returncode == 0, helped.stderr
    assert helped.stdout.startswith(f"usage: ./portal {command}")
    assert [path.name for path in bare.iterdir()] == ["portal"]


@pytest.mark.parametrize("word", ["-h", "--help", "help"])
def test_the_general_help_names_every_command(bare: Path, word: str) -> None:
    helped = portal(bare, word)
    assert helped.returncode == 0
    assert set(re.findall(r"^    ./portal ([\w-]+)", helped.stdout, re.MULTILINE)) == set(COMMANDS)
    assert [path.name for path in bare.iterdir()] == ["portal"]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_names_every_option_and_no_other(bare: Path, command: str) -> None:
    said = set(re.findall(r"(?<!\w)--?[a-z][a-z-]*", portal(bare, command, "--help").stdout))
    parameters = COMMANDS[command].params
    taken = {option for parameter in parameters for option in parameter.opts if option.startswith("-")}
    assert said == taken - {"--help"}


def test_the_help_of_the_tests_names_every_profile(bare: Path) -> None:
    said = portal(bare, "test", "--help").stdout
    for name in (*PROFILES, CI, QUICK):
        assert re.search(rf"^    {name} ", said, re.MULTILINE), name


def test_an_unknown_command_is_refused_before_anything_is_installed(bare: Path) -> None:
    refused = portal(bare, "nonsense")
    assert refused.returncode == 1
    assert re.fullmatch(r"portal: .*'nonsense'.*\n", refused.stderr)
    assert [path.name for path in bare.iterdir()] == ["portal"]
