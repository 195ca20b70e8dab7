"""Building the images with Docker, reproducibly: times are the commit's, packages the lock files'."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

from deploy.release.locked_packages import IMAGES, ROOT
from dev.problem import ProblemError

LARGEST_BYTES: Final = 150 * 1_000_000
SERVICES: Final = tuple(image for image in IMAGES if image != "gateway")


def name_of(registry: str, image: str, version: str) -> str:
    """Return an image's full name."""
    return f"{registry}/portal-{image}:{version}"


def build_command(image: str, name: str, *, revision: str, version: str, commit_time_s: int) -> list[str]:
    """Return the command that builds one image."""
    labels = {
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.revision": revision,
        "org.opencontainers.image.licenses": "EUPL-1.2",
    }
    kind = ["--target=service", f"--build-arg=SERVICE={image}"] if image in SERVICES else [f"--target={image}"]
    labelled = [f"--label={label}={value}" for label, value in labels.items()]
    return ["docker", "build", *kind, f"--build-arg=SOURCE_DATE_EPOCH={commit_time_s}", *labelled, f"--tag={name}", "."]


def build(registry: str, version: str, *, revision: str, commit_time_s: int) -> list[str]:
    """Build every image and return their names.

    Raises ProblemError without a daemon, where a build fails, and where an image is too large.
    """
    require_daemon()
    names = []
    for image in IMAGES:
        name = name_of(registry, image, version)
        command = build_command(image, name, revision=revision, version=version, commit_time_s=commit_time_s)
        _run(command, {"SOURCE_DATE_EPOCH": str(commit_time_s), "DOCKER_BUILDKIT": "1"})
        check_size(name, int(_read(["docker", "image", "inspect", "--format={{.Size}}", name])))
        names.append(name)
    return names


def push(names: Sequence[str]) -> None:
    """Push images. Raises ProblemError where the registry does not take them."""
    require_daemon()
    for name in names:
        _run(["docker", "push", name], {})


def check_size(name: str, size_bytes: int) -> None:
    """Raise ProblemError for an image that takes too long to pull."""
    if size_bytes > LARGEST_BYTES:
        raise ProblemError(
            f"{name} has {size_bytes / 1_000_000:.0f} MB; at most {LARGEST_BYTES // 1_000_000} are allowed."
        )


def require_daemon() -> None:
    """Raise ProblemError where Docker cannot be asked."""
    if shutil.which("docker") is None:
        raise ProblemError("Images are built with Docker, which is not here. Nothing was built.")
    command = ["docker", "info", "--format={{.ServerVersion}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- a fixed command
    if done.returncode:
        raise ProblemError("Docker's daemon does not answer (docker info). Nothing was built.")


def _run(command: Sequence[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False)  # noqa: S603 -- made above
    if done.returncode:
        raise ProblemError(f"{' '.join(command[:2])} failed for {command[-2]}.")


def _read(command: Sequence[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 -- made above
    return done.stdout.strip()
