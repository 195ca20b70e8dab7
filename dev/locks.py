"""Make the lock files again: `python -m dev.locks`.

Each `requirements/NAME.in` that an environment is made from becomes a `NAME.lock` with every version pinned and
hashed, good for all Pythons from 3.11 and all platforms. Versions already locked stay unless `--upgrade` is given. No
registry address is written.
"""

import argparse
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Final

from dev.paths import REQUIREMENTS, ROOT

WIDEST: Final = "test"
"""It contains all the others but those of ALONE, and decides the versions of all of them."""
IMAGES: Final = ("gateway", "identity", "practices", "cart", "payments", "notices", "sandbox", "assets")
NARROWER: Final = ("run", *IMAGES)
ALONE: Final = ("spid", "mutants")
"""Not constrained by the others: tools that are installed in an environment of their own."""
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
    """Compile the widest set first: the narrower ones take their versions from it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions the .in files allow")
    options = parser.parse_args()
    extra = ["--upgrade"] if options.upgrade else []
    with tempfile.TemporaryDirectory() as folder:
        uv = _install_uv(Path(folder))
        for name in (*ALONE, WIDEST):
            _compile(uv, name, extra)
        for name in NARROWER:
            # Their own old versions do not count, or the two sets could drift apart.
            lock_of(name).unlink(missing_ok=True)
            _compile(uv, name, [f"--constraints={lock_of(WIDEST).relative_to(ROOT)}"])


def lock_of(name: str) -> Path:
    """The lock file of `requirements/NAME.in`."""
    return REQUIREMENTS / f"{name}.lock"


def _compile(uv: Path, name: str, options: list[str]) -> None:
    target = lock_of(name).relative_to(ROOT)
    command = [str(uv), *_COMPILE, *options, str(target.with_suffix(".in")), "-o", str(target)]
    subprocess.run(command, cwd=ROOT, check=True)
    print(target, file=sys.stderr)


def _install_uv(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "uv"], check=True)
    return folder / "bin" / "uv"


if __name__ == "__main__":
    main()
