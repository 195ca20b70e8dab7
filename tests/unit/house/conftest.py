"""The files of the project, for the tests that read them."""

import ast
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("contracts", "chassis", "services", "gateway")
OURS = (*PRODUCT, "sandbox", "dev", "examples", "benchmarks")


def project_files() -> list[Path]:
    """What is or may be committed; what git ignores is left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def files() -> list[Path]:
    return project_files()


@pytest.fixture(scope="session")
def text_files(files: list[Path]) -> dict[Path, str]:
    """Path under the root to text, for every file that is text."""
    found = {}
    for path in files:
        try:
            found[path.relative_to(ROOT)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.fixture(scope="session")
def modules(text_files: dict[Path, str]) -> Callable[..., dict[Path, ast.Module]]:
    """Parsed Python modules below the given top folders."""
    parsed = {path: ast.parse(text) for path, text in text_files.items() if path.suffix == ".py"}

    def below(*folders: str) -> dict[Path, ast.Module]:
        return {path: tree for path, tree in parsed.items() if path.parts[0] in folders}

    return below
