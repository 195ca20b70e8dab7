"""Images of others, by their digests: those our own stand on, and those that compose runs.

A tag can be moved to another image, a digest cannot. Which digest a tag has now only its registry says: `write` asks it
through Docker and writes it into the Dockerfile and docker-compose.yml; a release is not built without.
"""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.release.locked_packages import ROOT
from dev.problem import ProblemError

FILES: Final = ("Dockerfile", "docker-compose.yml")
_NAMED: Final = re.compile(
    r"(?P<before>^FROM |\$\{[A-Z]+_IMAGE:-)(?P<name>[\w./-]+:\d[\w.-]*)(?P<digest>@sha256:[0-9a-f]{64})?", re.MULTILINE
)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def without_digest(root: Path = ROOT) -> list[str]:
    """Return the images of others that are named by a tag alone."""
    found = [match for file in FILES for match in _NAMED.finditer((root / file).read_text(encoding="utf-8"))]
    return sorted({match["name"] for match in found if not match["digest"]})


def require_digests(root: Path = ROOT) -> None:
    """Raise ProblemError where an image of others is named by a tag alone."""
    if names := without_digest(root):
        raise ProblemError(f"Not named by digest: {', '.join(names)}. `.ci/release digests` asks for them.")


def write(digest_of: Callable[[str], str], root: Path = ROOT) -> list[str]:
    """Write the digest that each image has now into the files; return the names with their digests."""
    known: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        name = match["name"]
        known[name] = known.get(name) or digest_of(name)
        return f"{match['before']}{name}@{known[name]}"

    for file in FILES:
        path = root / file
        path.write_text(_NAMED.sub(named, path.read_text(encoding="utf-8")), encoding="utf-8")
    return [f"{name}@{digest}" for name, digest in sorted(known.items())]


def asked_of_registry(name: str) -> str:
    """Return the digest of an image, all its platforms together. Raises ProblemError where its registry says none."""
    command = ["docker", "buildx", "imagetools", "inspect", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- names of our own files
    found = _DIGEST.search(done.stdout)
    if done.returncode or found is None:
        raise ProblemError(f"The registry says no digest of {name}: {done.stderr.strip() or 'no answer'}")
    return found[0]
