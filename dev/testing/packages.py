"""Debian packages the tests need: installed where that is allowed, named where it is not."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from dev.console import step
from dev.problem import ProblemError

# A command the tests run, and the package it comes in.
TOOLS: Final = {
    "chromium": "chromium",
    "git": "git",
    "openssl": "openssl",
    "xmlsec1": "xmlsec1",
    "pdftoppm": "poppler-utils",
    "qpdf": "qpdf",
    "zbarimg": "zbar-tools",
    "dmtxread": "dmtx-utils",
}


def ensure_tools(tools: Mapping[str, str] = TOOLS) -> None:
    """Have every tool on the PATH (command to package), installing what is missing. Raises ProblemError."""
    missing = sorted(package for command, package in tools.items() if shutil.which(command) is None)
    if missing:
        install(missing)


def install(packages: Sequence[str]) -> None:
    """Install Debian packages, as root or through sudo without a password.

    Raises ProblemError naming them where this machine has no apt-get or does not let us.
    """
    names = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise ProblemError(f"The tests need what Debian calls {names}; install them, then run this again.")
    prefix = as_root()
    if prefix is None:
        raise ProblemError(f"The tests need {names}: run 'sudo apt-get install {names}', then this again.")
    step(f"installing {names}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [*prefix, "apt-get", *arguments], env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["apt-get failed"])[-1]
        raise ProblemError(f"The tests need {names}, and apt-get could not install them: {reason}")


def as_root() -> list[str] | None:
    """Command prefix that runs something as root; None where we may not."""
    if os.geteuid() == 0:
        return []
    allowed = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if allowed and allowed.returncode == 0 else None
