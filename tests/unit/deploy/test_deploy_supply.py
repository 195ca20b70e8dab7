"""What comes from others: no package known to be vulnerable, no image that a tag may be moved away from."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deploy.release import advisories, base_images
from deploy.release.__main__ import main
from deploy.release.advisories import Decision, Scan
from deploy.release.locked_packages import IMAGES, ROOT, base_image, packages_of
from dev.problem import ProblemError

TODAY = date(2026, 11, 27)
DIGEST = f"sha256:{'a1' * 32}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A list of advisories as it comes from outside, one file each."""
    made = tmp_path / "advisories"
    made.mkdir()
    return made


def write(folder: Path, name: str, package: str, *events: dict[str, str], ecosystem: str = "PyPI", **more: Any) -> None:
    affected = {
        "package": {"ecosystem": ecosystem, "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
    }
    told = {"id": name, "modified": "2026-11-20T10:00:00Z", "affected": [affected | more.pop("affected", {})], **more}
    (folder / f"{name}.json").write_text(json.dumps(told))


def scanned(folder: Path, *decisions: Decision, **locked: str) -> Scan:
    return advisories.scan(folder, {("PyPI", name): version for name, version in locked.items()}, decisions, TODAY)


@pytest.mark.parametrize(
    ("version", "events", "is_hit"),
    [
        ("2.0", [{"introduced": "0"}, {"fixed": "2.1"}], True),
        ("2.1", [{"introduced": "0"}, {"fixed": "2.1"}], False),
        ("2.10", [{"introduced": "0"}, {"fixed": "2.9"}], False),
        ("1.9", [{"introduced": "2.0"}, {"fixed": "2.1"}], False),
        ("3.0", [{"introduced": "0"}, {"fixed": "2.1"}, {"introduced": "3.0"}], True),
        ("3.0", [{"introduced": "3.0"}, {"fixed": "2.1"}, {"introduced": "0"}], True),
        ("2.1", [{"introduced": "0"}, {"last_affected": "2.1"}], True),
        ("2.2", [{"introduced": "0"}, {"last_affected": "2.1"}], False),
        ("2.1rc1", [{"introduced": "0"}, {"fixed": "2.1"}], True),
        ("of-no-order", [{"introduced": "0"}, {"fixed": "2.1"}], True),
    ],
)
def test_a_package_known_to_be_vulnerable_is_refused_by_its_versions(
    folder: Path, version: str, events: list[dict[str, str]], *, is_hit: bool
) -> None:
    write(folder, "PYSEC-1", "Lxml", *events)
    assert scanned(folder, lxml=version, other="1").complaints == ([f"lxml {version}: PYSEC-1"] if is_hit else [])


def test_an_advisory_may_list_versions_be_yaml_or_of_npm_and_a_withdrawn_one_says_nothing(folder: Path) -> None:
    write(folder, "PYSEC-1", "lxml", affected={"ranges": [], "versions": ["5.0"]})
    write(folder, "PYSEC-2", "lxml", {"introduced": "0"}, withdrawn="2026-01-01T00:00:00Z")
    write(folder, "GHSA-1", "bootstrap-italia", {"introduced": "0"}, ecosystem="npm")
    (folder / "PYSEC-3.yaml").write_text(
        "id: PYSEC-3\nmodified: '2026-11-25T00:00:00Z'\naffected:\n- package: {name: lxml, ecosystem: PyPI}\n"
        "  ranges:\n  - {type: ECOSYSTEM, events: [{introduced: '0'}]}\n"
    )
    (folder / "index.json").write_text("[]")
    found = advisories.scan(folder, {("PyPI", "lxml"): "5.0", ("npm", "bootstrap-italia"): "2.0.0"}, [], TODAY)
    assert found.complaints == ["bootstrap-italia 2.0.0: GHSA-1", "lxml 5.0: PYSEC-1", "lxml 5.0: PYSEC-3"]
    assert (found.advisories, found.newest) == (3, "2026-11-25")


def test_what_was_decided_upon_is_accepted_until_its_day(folder: Path) -> None:
    write(folder, "PYSEC-1", "lxml", {"introduced": "0"})
    decided = Decision("PYSEC-1", "lxml", "never called", until=TODAY)
    assert scanned(folder, decided, lxml="5.0").complaints == []
    other = Decision("PYSEC-2", "lxml", "never called", until=TODAY)
    assert scanned(folder, other, lxml="5.0").complaints == ["lxml 5.0: PYSEC-1"]
    past = Decision("PYSEC-1", "lxml", "never called", until=date(2026, 11, 26))
    assert scanned(folder, past, lxml="5.0").complaints == ["lxml 5.0: PYSEC-1, decided upon until 2026-11-26 only"]


def test_every_decision_upon_an_advisory_is_about_a_package_that_is_locked_and_has_a_reason() -> None:
    locked = {package.name for image in IMAGES for package in packages_of(image)}
    locked |= {name for _, name in advisories.npm_packages()}
    for decision in advisories.read_decisions():
        assert decision.package in locked, "the package is gone: so is the decision"
        assert len(decision.reason) > 20, decision.id


def test_the_command_refuses_what_is_vulnerable_and_an_old_list(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advisories", str(folder / "none")]) == 1
    write(folder, "PYSEC-1", "falcon", {"introduced": "999"}, modified="2020-01-01T00:00:00Z")
    assert main(["advisories", str(folder)]) == 1
    assert "is old" in capsys.readouterr().err
    write(folder, "PYSEC-2", "falcon", {"introduced": "0"}, modified="2999-01-01T00:00:00Z")
    assert main(["advisories", str(folder)]) == 1
    assert "PYSEC-2" in capsys.readouterr().err
    (folder / "PYSEC-2.json").unlink()
    write(folder, "PYSEC-3", "falcon", {"introduced": "999"}, modified="2999-01-01T00:00:00Z")
    assert main(["advisories", str(folder)]) == 0
    assert "held against 2 advisories, the newest of 2999-01-01" in capsys.readouterr().out


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Our files that name images of others."""
    for file in base_images.FILES:
        (tmp_path / file).write_text((ROOT / file).read_text())
    return tmp_path


def test_digests_are_written_wherever_an_image_of_others_is_named(copy: Path) -> None:
    asked: list[str] = []

    def digest_of(name: str) -> str:
        asked.append(name)
        return DIGEST

    written = base_images.write(digest_of, copy)
    assert base_images.without_digest(copy) == []
    assert len(asked) == len(set(asked)) == len(written) >= 5
    again = base_images.write(digest_of, copy)
    assert again == written, "a newer digest takes the place of the older"
    compose = (copy / "docker-compose.yml").read_text()
    assert f"${{NGINX_IMAGE:-nginxinc/nginx-unprivileged:1.28-alpine@{DIGEST}}}" in compose
    assert f"FROM python:{base_image().tag}@{DIGEST} AS base" in (copy / "Dockerfile").read_text()


def test_no_image_is_released_that_stands_on_one_named_by_a_tag_alone(copy: Path) -> None:
    (copy / "Dockerfile").write_text("FROM python:3.13-slim-bookworm AS base\n")
    with pytest.raises(ProblemError, match=r"python:3\.13-slim-bookworm.*digests"):
        base_images.require_digests(copy)
    base_images.write(lambda _: DIGEST, copy)
    base_images.require_digests(copy)
