"""The version of a release: the tag on the commit, and the same in every file that has one."""

import re
import subprocess
import tomllib
from collections.abc import Mapping

import yaml

from deploy.release.locked_packages import ROOT
from dev.problem import ProblemError


def of_tag() -> str:
    """Return the version that HEAD is tagged with. Raises ProblemError without a tag `v1.2.3`, or with changes."""
    if _git("status", "--porcelain", "--untracked-files=no"):
        raise ProblemError("There are changes that are not committed: a release is made from a commit.")
    tags = [tag for tag in _git("tag", "--points-at", "HEAD").split() if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]
    if len(tags) != 1:
        raise ProblemError("HEAD has no tag of the form v1.2.3, or more than one: git tag -a v1.2.3")
    return tags[0].removeprefix("v")


def of_files() -> Mapping[str, str]:
    """Return the version each file names."""
    chart = yaml.safe_load((ROOT / "deploy/helm/portal/Chart.yaml").read_text(encoding="utf-8"))
    return {
        "pyproject.toml": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
        "publiccode.yml": yaml.safe_load((ROOT / "publiccode.yml").read_text())["softwareVersion"],
        "CHANGELOG.md": re.findall(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0],
        "deploy/helm/portal/Chart.yaml": chart["appVersion"],
    }


def check(version: str) -> None:
    """Raise ProblemError naming the files that say another version."""
    others = {file: found for file, found in of_files().items() if found != version}
    if others:
        said = ", ".join(f"{file} says {found}" for file, found in others.items())
        raise ProblemError(f"The release is {version}, but {said}.")


def changes(version: str) -> str:
    """Return what CHANGELOG.md says of a version, without its heading. Raises ProblemError where it says nothing."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    for section in sections:
        heading, _, body = section.partition("\n")
        if heading.startswith(f"[{version}]") and body.strip():
            return body.strip()
    raise ProblemError(f"CHANGELOG.md says nothing of {version}.")


def commit_time_s() -> int:
    """Return when the commit was made, in seconds since 1970: the time of everything that is built."""
    return int(_git("log", "-1", "--format=%ct"))


def revision() -> str:
    """Return the full id of the commit."""
    return _git("rev-parse", "HEAD")


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- git, no input
    if done.returncode:
        raise ProblemError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
