"""Make the lock files again: `python -m dev.locks`.

Each `requirements*.in` becomes a `.lock` with every version pinned and hashed, good for all Pythons from 3.11 and
all platforms. Versions already in a lock stay unless `--upgrade` is given. No registry address is written.
"""

import argparse
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Final

from dev.paths import ROOT

NAMES: Final = ("requirements", "requirements-run", "requirements-test")
ALONE: Final = ("requirements-spid",)
"""Not constrained by the others: AgID's tool is installed in an environment of its own."""
_COMPILE: Final = (
    "pip",
    "compile",
    "--quiet",
    "--no-config",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--custom-compile-command=python -m dev.locks",
)


def main() -> None:
    """Compile in order: the larger sets take the smaller ones' versions as given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions the .in files allow")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        uv = _install_uv(Path(folder))
        given: list[str] = []
        extra = ["--upgrade"] if options.upgrade else []
        for name in ALONE:
            subprocess.run([str(uv), *_COMPILE, *extra, f"{name}.in", "-o", f"{name}.lock"], cwd=ROOT, check=True)
        for name in NAMES:
            command = [str(uv), *_COMPILE, *extra, *given, f"{name}.in", "-o", f"{name}.lock"]
            subprocess.run(command, cwd=ROOT, check=True)
            given = [f"--constraints={name}.lock"]
            print(f"{name}.lock", file=sys.stderr)


def _install_uv(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "uv"], check=True)
    return folder / "bin" / "uv"


if __name__ == "__main__":
    main()
