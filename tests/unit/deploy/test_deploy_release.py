"""A release: bills of materials, licences, version, changelog, and what is said where Docker is missing."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy.release import bill_of_materials, images, licences, version
from deploy.release.__main__ import main
from deploy.release.locked_packages import IMAGES, ROOT, LockedPackage, base_image, packages_of
from dev import locks
from dev.problem import ProblemError
from tests.image_contents import stages

each_image = pytest.mark.parametrize("image", IMAGES)


def test_what_is_released_is_every_image_of_the_product() -> None:
    assert set(IMAGES) == set(locks.IMAGES) - {"sandbox", "assets"}


@each_image
def test_a_bill_of_materials_keeps_the_standard(image: str) -> None:
    text = bill_of_materials.text_of(bill_of_materials.bill_of(image, "1.2.3"))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@each_image
def test_it_names_every_package_of_the_lock_file_with_its_hashes(image: str) -> None:
    bill = bill_of_materials.bill_of(image, "1.2.3")
    listed = {one["purl"]: one for one in bill["components"]}
    lock = (ROOT / "requirements" / f"{image}.lock").read_text()
    # What is for older Pythons than the image's is not in it.
    pinned = set(re.findall(r"^([\w.-]+==\S+)(?=\s)(?! ; python_full_version <)", lock, flags=re.MULTILINE))
    found = {f"{package.name}=={package.version}" for package in packages_of(image)}
    assert found <= pinned
    assert {pin.partition("==")[0] for pin in pinned} == {pin.partition("==")[0] for pin in found}
    for package in packages_of(image):
        assert package.sha256
        assert [one["content"] for one in listed[package.purl]["hashes"]] == list(package.sha256)
        assert all(content in lock for content in package.sha256)
    base = base_image()
    assert f"pkg:docker/{base.name}@{base.tag}" in listed
    assert any(purl.startswith("pkg:npm/bootstrap-italia@") for purl in listed)


@each_image
def test_what_stands_on_what_is_complete(image: str) -> None:
    bill = bill_of_materials.bill_of(image, "1.2.3")
    own = bill["metadata"]["component"]["bom-ref"]
    references = {own, *(one["bom-ref"] for one in bill["components"])}
    needs = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    assert set(needs) == references
    reached, waiting = {own}, [own]
    while waiting:
        for reference in needs[waiting.pop()]:
            if reference not in reached:
                reached.add(reference)
                waiting.append(reference)
    assert reached == references, "everything is there because something needs it"


def test_the_same_release_gives_the_same_bytes() -> None:
    first, second, other = (bill_of_materials.bill_of("cart", found) for found in ("1.2.3", "1.2.3", "1.2.4"))
    assert bill_of_materials.text_of(first) == bill_of_materials.text_of(second)
    assert first["serialNumber"] != other["serialNumber"]


def test_of_packages_for_other_pythons_none_is_listed() -> None:
    """`deprecated` is locked twice: for Pythons before 3.12 and since."""
    lock = (ROOT / "requirements" / "gateway.lock").read_text()
    assert len(re.findall(r"^deprecated==", lock, flags=re.MULTILINE)) == 2
    assert len([package for package in packages_of("gateway") if package.name == "deprecated"]) == 1
    assert base_image().python >= "3.12"


@each_image
def test_every_licence_is_allowed(image: str) -> None:
    assert not licences.complaints(packages_of(image))


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("MIT AND PSF-2.0", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", False),
        ("Proprietary", False),
    ],
)
def test_which_licences_may_be_in_an_image(licence: str, *, allowed: bool) -> None:
    assert licences.is_allowed(licence) is allowed


def test_a_package_nobody_knows_the_licence_of_is_named() -> None:
    [line] = licences.complaints([LockedPackage("no-such-package-of-ours", "1.0", ())])
    assert line.startswith("no-such-package-of-ours 1.0: no licence known")


def test_every_file_names_the_same_version() -> None:
    assert len(set(version.of_files().values())) == 1, version.of_files()


def test_a_file_that_names_another_version_is_named() -> None:
    with pytest.raises(ProblemError, match=r"pyproject\.toml says"):
        version.check("99.0.0")


def test_the_changelog_of_a_version() -> None:
    assert "The first release." in version.changes("0.1.0")
    assert "## [" not in version.changes("0.1.0")
    with pytest.raises(ProblemError, match=r"nothing of 99\.0\.0"):
        version.changes("99.0.0")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one commit, in the place of ours."""
    monkeypatch.setattr(version, "ROOT", tmp_path)
    (tmp_path / "file").write_text("one\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "file")
    git(tmp_path, "-c", "user.name=n", "-c", "user.email=n@x.example", "commit", "--quiet", "-m", "One")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def test_the_version_is_that_of_the_tag(repository: Path) -> None:
    git(repository, "tag", "v1.2.3")
    git(repository, "tag", "looked-at")
    assert version.of_tag() == "1.2.3"


def test_without_a_tag_there_is_no_release(repository: Path) -> None:
    with pytest.raises(ProblemError, match="no tag"):
        version.of_tag()


def test_two_versions_of_one_commit_are_none(repository: Path) -> None:
    git(repository, "tag", "v1.2.3")
    git(repository, "tag", "v1.2.4")
    with pytest.raises(ProblemError, match="more than one"):
        version.of_tag()


def test_what_is_not_committed_is_not_released(repository: Path) -> None:
    git(repository, "tag", "v1.2.3")
    (repository / "file").write_text("two\n")
    with pytest.raises(ProblemError, match="not committed"):
        version.of_tag()


@each_image
def test_an_image_is_built_from_its_stage(image: str) -> None:
    command = images.build_command(image, "r/portal-x:1", revision="abc", version="1.2.3", commit_time_s=1_700_000_000)
    [target] = [word.partition("=")[2] for word in command if word.startswith("--target=")]
    assert target in stages(image)
    assert (f"--build-arg=SERVICE={image}" in command) == (target == "service")
    assert "--build-arg=SOURCE_DATE_EPOCH=1700000000" in command
    assert "--label=org.opencontainers.image.revision=abc" in command


def test_an_image_that_is_too_large_is_refused() -> None:
    images.check_size("x", images.LARGEST_BYTES)
    with pytest.raises(ProblemError, match="at most 150"):
        images.check_size("x", images.LARGEST_BYTES + 1)


@pytest.mark.parametrize("command", ["images", "push"])
def test_without_docker_nothing_is_built_and_that_is_said(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([command, "registry.example/x"]) == 1
    assert "Nothing was built." in capsys.readouterr().err


def test_without_its_daemon_as_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert main(["images", "registry.example/x"]) == 1
    assert "daemon does not answer" in capsys.readouterr().err


def test_bills_and_chart_are_written(tmp_path: Path) -> None:
    assert main(["sbom", str(tmp_path)]) == 0
    assert main(["chart", str(tmp_path)]) == 0
    named = version.of_files()["pyproject.toml"]
    wanted = {f"portal-{image}-{named}.cdx.json" for image in IMAGES} | {f"portal-{named}.tgz"}
    assert {file.name for file in tmp_path.iterdir()} == wanted
    bill: dict[str, Any] = json.loads((tmp_path / f"portal-gateway-{named}.cdx.json").read_text())
    assert bill["metadata"]["component"]["version"] == named
