"""Known vulnerabilities of what an image holds, from a copy of a list of advisories in the OSV format.

The list comes from outside, as a folder: an export of osv.dev, or a checkout of the advisory database of the Python
Packaging Authority. What was looked at and does not concern us stands in `requirements/advisories.toml` with its reason
and a day until which that holds.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from deploy.release.locked_packages import ROOT

DECISIONS: Final = ROOT / "requirements" / "advisories.toml"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OLD_AFTER_DAYS: Final = 14

Package = tuple[str, str]
"""Ecosystem (`PyPI` or `npm`) and name."""


@dataclass(frozen=True)
class Advisory:
    """One vulnerability, as the OSV format has it. `modified` is the day of its last change."""

    id: str
    modified: str
    affected: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Decision:
    """Why an advisory about a package does not concern us, and until when that was decided."""

    id: str
    package: str
    reason: str
    until: date


@dataclass(frozen=True)
class Scan:
    """What was found: a line for each complaint, and how many advisories there were to look at."""

    complaints: Sequence[str]
    advisories: int
    newest: str

    def is_old(self, today: date) -> bool:
        """Return whether the list itself has not changed for so long that it says little."""
        return not self.newest or (today - date.fromisoformat(self.newest)).days > _OLD_AFTER_DAYS


def scan(folder: Path, locked: Mapping[Package, str], decisions: Sequence[Decision], today: date) -> Scan:
    """Hold every locked package, with its version, against every advisory below a folder."""
    found = list(_read(folder))
    told = {(decision.id, decision.package): decision for decision in decisions}
    complaints = []
    for advisory in found:
        for package, version in _hit(advisory, locked):
            decision = told.get((advisory.id, package))
            if decision is None:
                complaints.append(f"{package} {version}: {advisory.id}")
            elif decision.until < today:
                complaints.append(f"{package} {version}: {advisory.id}, decided upon until {decision.until} only")
    return Scan(sorted(set(complaints)), len(found), max((one.modified for one in found), default=""))


def read_decisions(file: Path = DECISIONS) -> list[Decision]:
    """Read what was decided. Raises KeyError and ValueError where something of it is missing."""
    entries = tomllib.loads(file.read_text(encoding="utf-8")).get("decision", [])
    return [Decision(one["id"], one["package"], one["reason"], one["until"]) for one in entries]


def npm_packages() -> dict[Package, str]:
    """Return what the pages take from npm, with its versions."""
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    named = {path.rpartition("node_modules/")[2]: one for path, one in locked.items() if path}
    return {("npm", name): one["version"] for name, one in named.items()}


def _read(folder: Path) -> Iterator[Advisory]:
    for file in sorted(folder.rglob("*")):
        if file.suffix not in (".json", ".yaml") or not file.is_file():
            continue
        text = file.read_text(encoding="utf-8")
        told = json.loads(text) if file.suffix == ".json" else yaml.load(text, _LOADER)  # noqa: S506 -- a safe loader
        if isinstance(told, dict) and "affected" in told and not told.get("withdrawn"):
            yield Advisory(str(told["id"]), str(told.get("modified", ""))[:10], told["affected"])


def _hit(advisory: Advisory, locked: Mapping[Package, str]) -> Iterator[tuple[str, str]]:
    for affected in advisory.affected:
        ecosystem, name = affected["package"]["ecosystem"], affected["package"]["name"]
        name = canonicalize_name(name) if ecosystem == "PyPI" else name
        version = locked.get((ecosystem, name))
        if version is not None and _is_affected(version, affected):
            yield name, version


def _is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    if version in (str(one) for one in affected.get("versions", ())):
        return True
    ranges = (one for one in affected.get("ranges", ()) if one["type"] in ("ECOSYSTEM", "SEMVER"))
    return any(_is_within(version, one["events"]) for one in ranges)


def _is_within(version: str, events: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether the last event before a version left it affected. What cannot be compared counts as affected."""
    try:
        asked = Version(version)
        within = False
        for event in sorted(events, key=_begins):
            [(kind, at)] = event.items()
            if kind == "introduced" and Version(str(at)) <= asked:
                within = True
            elif (kind == "fixed" and Version(str(at)) <= asked) or (
                kind == "last_affected" and Version(str(at)) < asked
            ):
                within = False
    except InvalidVersion:
        return True
    return within


def _begins(event: Mapping[str, Any]) -> Version:
    [(_, at)] = event.items()
    return Version(str(at))
