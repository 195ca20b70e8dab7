"""Containers without Docker: an image's files in a folder of their own, its packages in an environment of their own."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dev.testing import locked_venv
from tests.image_contents import ROOT, Image

STOPS_WITHIN_S: Final = 30
JOB_ENDS_WITHIN_S: Final = 120
# Of this process's environment a container gets nothing but these.
KEPT: Final = ("LANG", "LC_ALL", "TMPDIR", "TZ")


def venv_of(image: Image) -> Path:
    """Where an image's environment is kept from run to run."""
    return ROOT / ".venv-images" / image.name


def install(image: Image) -> None:
    """Make an image's environment from its lock file, once per content of that file."""
    locked_venv.ensure(venv_of(image), image.lock)


@dataclass(frozen=True)
class Container:
    """An image's files in `folder` and its environment; `settings` are all that its processes find in theirs."""

    image: Image
    folder: Path
    settings: Mapping[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [self._program(command[0]), *command[1:]],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=JOB_ENDS_WITHIN_S,
            check=False,
        )

    def start(self, name: str, line: str) -> "Process":
        """Start a line of a Procfile; its output goes to `name`.log beside the folder."""
        log = self.folder.parent / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["/bin/sh", "-c", line],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return Process(name, process, log)

    def _program(self, name: str) -> str:
        """The program in the environment: Popen would look it up on our own PATH."""
        return str(venv_of(self.image) / "bin" / name)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        path = f"{venv_of(self.image) / 'bin'}:{os.defpath}"
        return {**kept, **self.settings, "PATH": path, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Process:
    """A process of a container, that runs until it is stopped."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Fail when it has ended."""
        code = self.popen.poll()
        assert code is None, f"{self.name} ended with {code}:\n{self.log.read_text(errors='replace')[-4000:]}"

    def stop(self) -> int:
        """Stop it as `docker stop` does; return the exit code."""
        self.popen.send_signal(signal.SIGTERM)
        try:
            return self.popen.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()
