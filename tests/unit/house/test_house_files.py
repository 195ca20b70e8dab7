"""House rules about files: nothing of the machine they were written on, nothing unexplained."""

import json
import re
import tomllib
from pathlib import Path

from dev.locks import ALONE, NARROWER, WIDEST, lock_of
from dev.testing import lanes, profiles
from tests.unit.house.conftest import ROOT

THIS_FILE = Path("tests/unit/house/test_house_files.py")
REGISTRIES = re.compile(
    r"files\.pythonhosted\.org|pypi\.org/simple|registry\.npmjs\.org|registry\.yarnpkg\.com|deb\.debian\.org",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(r"(?<![\w/.])/(?:work|home/\w+|root|Users/\w+|opt/pypi)/[\w.-]")
EXCEPTION = re.compile(r"#\s*(?:noqa: [A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*|type: ignore\[[\w, -]+\])(?P<reason>.*)$")
HTTP = re.compile(r"https?://")


def test_no_file_names_a_package_registry(text_files: dict[Path, str]) -> None:
    assert not [str(path) for path, text in text_files.items() if path != THIS_FILE and REGISTRIES.search(text)]


def test_no_file_names_a_path_of_the_machine_it_was_written_on(text_files: dict[Path, str]) -> None:
    found = {
        str(path): match.group()
        for path, text in text_files.items()
        if path != THIS_FILE and (match := MACHINE_PATHS.search(text))
    }
    assert not found


def test_python_locks_hold_no_addresses_and_pin_every_package_by_hash(text_files: dict[Path, str]) -> None:
    locks = {path: text for path, text in text_files.items() if path.suffix == ".lock"}
    assert {ROOT / path for path in locks} == {lock_of(name) for name in (WIDEST, *NARROWER, *ALONE)}
    for path, text in locks.items():
        assert not HTTP.search(text), path
        for requirement in re.findall(r"^[a-zA-Z][^\n]*", text, flags=re.MULTILINE):
            assert re.fullmatch(r"\S+==\S+( ; .+)? \\", requirement), path


def test_the_npm_lock_holds_no_download_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")]


def test_every_linter_rule_that_is_switched_off_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    ignored = tomllib.loads(text)["tool"]["ruff"]["lint"]["ignore"]
    assert not [rule for rule in ignored if not re.search(rf'"{rule}",\s*# \S', text)]


def test_every_exception_in_the_product_has_its_reason_beside_it(text_files: dict[Path, str]) -> None:
    bare = [
        f"{path}:{number}"
        for path, text in text_files.items()
        if path.parts[0] not in {"benchmarks", "tests"} and (path.suffix == ".py" or path.name == "portal")
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := EXCEPTION.search(line)) and not re.search(r"[-—] \S", match["reason"])
    ]
    assert not bare, "write `# noqa: RULE -- why`"


def test_every_test_runs_in_exactly_one_lane_or_profile(files: list[Path]) -> None:
    targets = [*(target for lane in lanes.everyday() for target in lane.targets), *profiles.targets()]
    for path in files:
        if path.name.startswith("test_") and path.suffix == ".py":
            name = path.relative_to(ROOT).as_posix()
            assert sum(name.startswith(f"{target}/") for target in targets) == 1, name
