"""Programs of Debian's packages, unpacked into build/ and not installed: no daemon starts, nothing needs root.

Where a program is on the PATH, that one is taken. Where it can be had neither way the test is skipped and says so.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.paths import BUILD

FOLDER = BUILD / "debian"
NO_OTHERS = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]


@dataclass(frozen=True)
class DebianProgram:
    """A program and where its libraries are."""

    path: str
    libraries: str

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "LD_LIBRARY_PATH": self.libraries} if self.libraries else dict(os.environ)

    def run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            [self.path, *arguments], cwd=cwd, env=self.environment, capture_output=True, text=True, check=False
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start it; whoever does ends it."""
        return subprocess.Popen([self.path, *arguments], env=self.environment)


def program(command: str, package: str) -> DebianProgram:
    """Return a program, from the PATH or out of its package; skip the test where it cannot be had."""
    installed = shutil.which(command)
    if installed:
        return DebianProgram(installed, "")
    folder = FOLDER / package
    if not (folder / "unpacked").exists():
        unpack(package, folder)
    found = next(folder.glob(f"usr/*bin/{command}"), None)
    if found is None:
        pytest.skip(f"{package} has no {command}")
    return DebianProgram(str(found), ":".join(map(str, folder.glob("usr/lib/*-linux-gnu"))))


def unpack(package: str, folder: Path) -> None:
    """Download a package and those of its libraries that are missing here, and unpack them."""
    if not all(map(shutil.which, ("apt-get", "apt-cache", "dpkg", "dpkg-query"))):
        pytest.skip(f"the test needs what Debian calls {package}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        run_in(folder, "apt-get", "download", package, *missing_libraries(package))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"the test needs what Debian calls {package}, which cannot be downloaded: {error.stderr[-200:]}")
    for archive in folder.glob("*.deb"):
        run_in(folder, "dpkg", "-x", str(archive), ".")
        archive.unlink()
    (folder / "unpacked").touch()


def missing_libraries(package: str) -> Iterator[str]:
    listed = run_in(FOLDER, "apt-cache", "depends", "--recurse", *NO_OTHERS, package)
    installed = set(run_in(FOLDER, "dpkg-query", "-W", "-f", "${Package}\n").split())
    for name in {line.strip() for line in listed.splitlines() if line.startswith("lib")}:
        if name.split(":")[0] not in installed and name != package:
            yield name


def run_in(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout
