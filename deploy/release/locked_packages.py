"""The packages of an image, read from its lock file, and their licences."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Final

from packaging.markers import Marker

IMAGES: Final = ("gateway", "identity", "practices", "cart", "payments", "notices")
"""What is released; the stand-ins are for development."""
ROOT: Final = Path(__file__).resolve().parents[2]
_REQUIREMENT: Final = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_OWN_FILE: Final = re.compile(r"-[rc] ")
_BASE_IMAGE: Final = re.compile(
    r"^FROM (?P<name>[\w./-]+):(?P<tag>(?P<python>\d+\.\d+)[\w.-]*)(?:@sha256:[0-9a-f]{64})? AS base$", re.MULTILINE
)


@dataclass(frozen=True)
class LockedPackage:
    """A package as an image gets it. `needed_by`: other packages; none where our own code asks for it."""

    name: str
    version: str
    sha256: tuple[str, ...]
    needed_by: tuple[str, ...] = field(default=())

    @property
    def purl(self) -> str:
        """The package's address in the manner of the Package URL specification."""
        return f"pkg:pypi/{self.name}@{self.version}"

    @property
    def licence(self) -> str | None:
        """What the installed package says of its licence; None where it is not installed or says nothing."""
        return licence_of(self.name)


@dataclass(frozen=True)
class BaseImage:
    """What all images stand on."""

    name: str
    tag: str
    python: str


def base_image() -> BaseImage:
    """Read the Dockerfile. Raises ValueError where it is made otherwise."""
    found = _BASE_IMAGE.search((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError("the Dockerfile has no stage `base` from an image with a version")
    return BaseImage(found["name"], found["tag"], found["python"])


def packages_of(image: str) -> list[LockedPackage]:
    """Return what `requirements/IMAGE.lock` puts into an image: on Linux, with the Python of the Dockerfile."""
    text = (ROOT / "requirements" / f"{image}.lock").read_text(encoding="utf-8")
    return list(_read(text, _environment(base_image().python)))


def _environment(python: str) -> dict[str, str]:
    return {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }


def _read(text: str, environment: Mapping[str, str]) -> Iterator[LockedPackage]:
    starts = list(_REQUIREMENT.finditer(text))
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        if start["marker"] and not Marker(start["marker"]).evaluate(dict(environment)):
            continue
        block = text[start.end() : following.start() if following else len(text)]
        via = re.findall(r"^ +# +(?:via +)?(\S.*)$", block, flags=re.MULTILINE)
        needed_by = tuple(sorted(name for name in via if name != "via" and not _OWN_FILE.match(name)))
        yield LockedPackage(start["name"].lower(), start["version"], tuple(_HASH.findall(block)), needed_by)


def licence_of(package: str) -> str | None:
    """Return the expression, the classifiers, or the first line a package has for its licence."""
    try:
        about = metadata(package)
    except PackageNotFoundError:
        return None
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = [one for one in about.get_all("Classifier", []) if one.startswith("License :: ")]
    named = [one.split(" :: ")[-1] for one in classifiers if one != "License :: OSI Approved"]
    [sentence, *_] = about.get_all("License", [""])
    return " AND ".join(named) or sentence.strip().partition("\n")[0] or None
