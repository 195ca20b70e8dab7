"""A release, step by step: `.ci/release COMMAND`.

version              the version of the tag on HEAD, which every file must name as well
changelog VERSION    what the changelog says of it
licences             every package of every image has a licence that is allowed
advisories FOLDER    no locked package is known to be vulnerable, by a list in the OSV format that FOLDER holds; what
                     was decided upon stands in requirements/advisories.toml
digests              write the digests of images of others into Dockerfile and compose; needs Docker and a network
sbom FOLDER          a bill of materials per image (CycloneDX 1.6), from the lock files
chart FOLDER         the Helm chart as a package, with the version of the release
images REGISTRY      build the images, which stand on images named by digest; needs Docker's daemon
push REGISTRY        build and push them; needs the registry
all FOLDER           everything that needs neither, into FOLDER

What cannot be done here is said in one sentence, and the exit code is 1.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import helm_python

from deploy.release import advisories, base_images, bill_of_materials, images, licences, version
from deploy.release.locked_packages import IMAGES, ROOT, packages_of
from dev.problem import ProblemError


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    asked = _parser().parse_args(arguments)
    try:
        _COMMANDS[asked.command](asked)
    except ProblemError as problem:
        sys.stderr.write(f"release: {problem}\n")
        return 1
    return 0


def _version(_asked: argparse.Namespace) -> None:
    found = version.of_tag()
    version.check(found)
    _say(found)


def _changelog(asked: argparse.Namespace) -> None:
    _say(version.changes(asked.version))


def _licences(_asked: argparse.Namespace) -> None:
    packages = {package.name: package for image in IMAGES for package in packages_of(image)}
    wrong = licences.complaints(list(packages.values()))
    if wrong:
        raise ProblemError("Licences that are not allowed, or not known:\n" + "\n".join(wrong))
    _say(f"{len(packages)} packages, all under licences that are allowed")


def _advisories(asked: argparse.Namespace) -> None:
    if not asked.folder.is_dir():
        raise ProblemError(f"{asked.folder} is no folder of advisories.")
    locked = {("PyPI", package.name): package.version for image in IMAGES for package in packages_of(image)}
    today = datetime.now(UTC).date()
    found = advisories.scan(asked.folder, locked | advisories.npm_packages(), advisories.read_decisions(), today)
    _say(f"{len(locked)} packages held against {found.advisories} advisories, the newest of {found.newest or 'no day'}")
    if found.complaints:
        raise ProblemError("Known to be vulnerable:\n" + "\n".join(found.complaints))
    if found.is_old(today):
        raise ProblemError("The list of advisories is old: it proves nothing about what was found since.")


def _digests(_asked: argparse.Namespace) -> None:
    images.require_daemon()
    for name in base_images.write(base_images.asked_of_registry):
        _say(name)


def _sbom(asked: argparse.Namespace) -> None:
    named = version.of_files()["pyproject.toml"]
    for image in IMAGES:
        bill = bill_of_materials.bill_of(image, named)
        file = asked.folder / f"portal-{image}-{named}.cdx.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(bill_of_materials.text_of(bill), encoding="utf-8")
        _say(f"{file}: {len(bill['components'])} components")


def _chart(asked: argparse.Namespace) -> None:
    named = version.of_files()["pyproject.toml"]
    asked.folder.mkdir(parents=True, exist_ok=True)
    chart = ROOT / "deploy" / "helm" / "portal"
    _say(helm_python.package(chart, destination=asked.folder, version=named, app_version=named))


def _images(asked: argparse.Namespace) -> None:
    _build(asked.registry)


def _push(asked: argparse.Namespace) -> None:
    images.push(_build(asked.registry))


def _build(registry: str) -> list[str]:
    images.require_daemon()
    base_images.require_digests()
    found = version.of_tag()
    version.check(found)
    names = images.build(registry, found, revision=version.revision(), commit_time_s=version.commit_time_s())
    for name in names:
        _say(name)
    return names


def _all(asked: argparse.Namespace) -> None:
    found = version.of_tag()
    version.check(found)
    _licences(asked)
    asked.folder.mkdir(parents=True, exist_ok=True)
    (asked.folder / "CHANGES.md").write_text(version.changes(found) + "\n", encoding="utf-8")
    _sbom(asked)
    _chart(asked)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], None]]] = {
    "version": _version,
    "changelog": _changelog,
    "licences": _licences,
    "advisories": _advisories,
    "digests": _digests,
    "sbom": _sbom,
    "chart": _chart,
    "images": _images,
    "push": _push,
    "all": _all,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=".ci/release", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version")
    commands.add_parser("changelog").add_argument("version")
    commands.add_parser("licences")
    commands.add_parser("digests")
    for name in ("advisories", "sbom", "chart", "all"):
        commands.add_parser(name).add_argument("folder", type=Path)
    for name in ("images", "push"):
        commands.add_parser(name).add_argument("registry", help="registry.example/pagamenti")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
